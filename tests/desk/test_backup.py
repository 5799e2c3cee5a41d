"""A venue copied while it is used, lost, and made again: whole, and erased as it should be."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reid.core.errors import DatabaseError, StoreError, UsageError
from reid.core.records import SearchWindow
from reid.desk.backup import Backup, back_up
from reid.desk.cases import NewCase
from reid.desk.cases.audit_sinks import seals_in
from reid.desk.desk import Desk
from reid.desk.parsed_description import ParsedDescription
from reid.desk.restore import Restored, Since, restore
from reid.storage.venue_path import Bucket
from reid.store import Filter, Store, copies
from tests.desk.test_desk import RED, TEXT, case_of
from tests.fast import cheap_hashes  # noqa: F401
from tests.servers import PostgreSQL, needs_postgresql, needs_s3
from tests.venues import DIM, MODEL, filled, sightings, write_rules

PASSWORD = "correct horse battery staple"


@pytest.fixture
def park(tmp_path: Path) -> Path:
    filled(tmp_path / "park")
    (tmp_path / "backups").mkdir()
    return tmp_path / "park"


def used(folder: Path) -> Desk:
    """Open a venue and work in it: staff, a case, a search, a confirmed sighting."""
    desk = Desk.open(folder)
    desk.records.accounts.add("anna", PASSWORD, "supervisor", "test")
    case = case_of(desk)
    desk.search(case, ParsedDescription.of_sentence(TEXT), SearchWindow(), "anna")
    desk.decide(case, RED, "confirmed", "anna")
    return desk


def copied(desk: Desk) -> Backup:
    return back_up(desk.folder, desk, desk.folder.parent / "backups", "test")


def lose(desk: Desk) -> None:
    desk.records.database.close()
    shutil.rmtree(desk.folder)


def again(backup: Backup, folder: Path, since: Since | None = None) -> tuple[Restored, Desk]:
    done = restore(backup.path, folder, "test", since=since)
    return done, Desk.open(folder)


def test_a_lost_venue_comes_back_with_everything_and_a_trail_that_holds(park: Path) -> None:
    desk = used(park)
    before = desk.records.trail.lines()
    rows = desk.store.read(vectors=True)
    backup = copied(desk)
    lose(desk)
    done, back = again(backup, park)
    assert done.rows == {"sightings": 30}
    lines = back.records.trail.lines()
    assert lines[: len(before)] == before
    assert [line.action for line in lines[len(before) :]] == ["backup", "restore"]
    found = back.records.trail.verify()
    assert (found.problem, found.lost, found.lines) == (None, (), len(before) + 2)
    now = back.store.read(vectors=True)
    assert list(now.keys) == list(rows.keys)
    assert now.vectors is not None
    assert rows.vectors is not None
    assert now.vectors.tobytes() == rows.vectors.tobytes()
    assert {d.sighting for d in back.records.book.decisions(1, "confirmed")} == {RED}
    answer = back.search(1, ParsedDescription.of_sentence(TEXT), SearchWindow(), "anna").answer
    assert answer.matches[0].key.id == RED
    assert back.store.pictures([RED])[RED][:2] == b"\xff\xd8"
    assert back.records.accounts.sign_in("anna", PASSWORD)


def test_only_its_owner_can_read_a_backup_and_what_comes_of_it(park: Path) -> None:
    backup = copied(desk := used(park))
    assert backup.path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in backup.path.parent.iterdir()] == [backup.path.name]
    lose(desk)
    again(backup, park)
    assert park.stat().st_mode & 0o777 == 0o700
    for name in ("audit.key", "venue.toml", "desk.sqlite", "audit.head"):
        assert (park / name).stat().st_mode & 0o777 == 0o600, name


def test_who_was_signed_in_signs_in_anew(park: Path) -> None:
    desk = used(park)
    token = desk.records.accounts.sign_in("anna", PASSWORD)
    backup = copied(desk)
    assert token.encode() not in backup.path.read_bytes()
    lose(desk)
    _, back = again(backup, park)
    assert back.records.accounts.session(token) is None


def test_no_erased_sighting_is_in_a_backup(park: Path) -> None:
    desk = used(park)
    gone = "s" + "7".zfill(23)
    desk.store._table.delete(f"id = '{gone}'")  # a file still holds it
    assert any(gone.encode() in p.read_bytes() for p in park.rglob("*") if p.is_file())
    with zipfile.ZipFile(copied(desk).path) as archive:
        rows = archive.read("sightings.arrow")
    assert gone.encode() not in rows
    assert RED.encode() in rows


def test_new_cases_get_no_number_that_was_given_out(park: Path) -> None:
    desk = used(park)
    new = NewCase("missing-child", TEXT, "{}")
    last = max(desk.records.book.open(new, "anna", 24).id for _ in range(2))
    backup = copied(desk)
    lose(desk)
    _, back = again(backup, park)
    assert back.records.book.open(new, "anna", 24).id == last + 1


@pytest.mark.parametrize("there", ["venue", "file", "link"])
def test_nothing_is_overwritten(park: Path, there: str) -> None:
    backup = copied(desk := used(park))
    target = park
    if there == "file":
        target = park.parent / "other"
        target.write_text("mine")
    elif there == "link":
        target = park.parent / "other"
        target.symlink_to(park)
    with pytest.raises(UsageError, match="is there already: nothing is overwritten"):
        restore(backup.path, target, "test")
    assert desk.store.count() == 30
    with pytest.raises(UsageError, match="is there already: name another file"):
        back_up(park, desk, backup.path, "test")
    with pytest.raises(UsageError, match="lies in the venue"):
        back_up(park, desk, park, "test")


def damaged(path: Path, how: str) -> Path:
    content = path.read_bytes()
    other = path.with_name("damaged")
    if how == "cut":
        other.write_bytes(content[: len(content) // 2])
    elif how == "no zip":
        other.write_bytes(b"hello")
    elif how == "flipped":
        middle = content.index(b"cases.jsonl") + 200
        other.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    else:
        old, new = {"changed": (b"anna", b"emma"), "outside": (b"venue/venue", b"venue/../../v")}[
            how
        ]
        with zipfile.ZipFile(path) as whole, zipfile.ZipFile(other, "w") as changed:
            for name in whole.namelist():
                at = name.encode().replace(old, new).decode()
                changed.writestr(at, whole.read(name).replace(old, new))
    return other


@pytest.mark.parametrize("how", ["cut", "no zip", "flipped", "changed", "outside"])
def test_a_damaged_backup_makes_nothing(park: Path, how: str) -> None:
    backup = copied(used(park))
    with pytest.raises(StoreError, match="damaged, or no backup: use another"):
        restore(damaged(backup.path, how), park.parent / "new", "test")
    assert sorted(p.name for p in park.parent.iterdir()) == ["backups", "park"]


def test_what_is_over_its_time_is_gone_at_once(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    park = write_rules(tmp_path / "park")
    store = Store.create(park, MODEL, DIM)
    soon = timedelta(hours=72) - timedelta(seconds=4)
    store.add(sightings(5, datetime.now(UTC) - soon + timedelta(minutes=1)))
    store.add(sightings(5, offset=100))
    desk = Desk.open(park)
    backup = copied(desk)
    assert backup.rows["sightings"] == 10
    lose(desk)
    rules = "[venue]\nretention_hours = 1\n"
    changed = backup.path.with_name("shorter")
    with zipfile.ZipFile(backup.path) as old:
        texts = {name: old.read(name) for name in old.namelist()}
    rules = texts["venue/venue.toml"].replace(b"[venue]\n", rules.encode())
    texts["venue/venue.toml"] = rules
    manifest = json.loads(texts["manifest.json"])
    manifest["files"]["venue/venue.toml"]["sha256"] = hashlib.sha256(rules).hexdigest()
    texts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(changed, "w") as new:
        for name, text in texts.items():
            new.writestr(name, text)
    done = restore(changed, park, "test")
    assert done.expired.sightings == 5
    assert Store.open(park).count() == 5


def test_lines_that_were_lost_are_told_and_the_trail_goes_on_after_them(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    seals = tmp_path / "seals.log"
    park = write_rules(tmp_path / "park", f'\n[audit]\nfile = "{seals}"\n')
    Store.create(park, MODEL, DIM).add(sightings(30))
    desk = used(park)
    backup = copied(desk)
    last = desk.records.trail.lines(newest=1)[0].seq
    desk.records.book.close(1, "found-safe", "anna")
    desk.erase_case(1, "anna")
    lines = desk.records.trail.since(0)
    head = lines[-1].hash
    lose(desk)
    done, back = again(backup, park)
    assert (done.line, done.lost) == (last, len(lines) - last)
    found = back.records.trail.verify(received=seals_in(seals.read_text()))
    assert (found.problem, found.lost) == (None, ((last + 1, len(lines)),))
    assert back.records.trail.lines(newest=1)[0].previous == head
    assert back.records.book.get(1).state == "open"  # it is back: nobody outside says what went


def test_a_gap_that_no_genuine_line_tells_of_is_still_told(park: Path) -> None:
    desk = used(park)
    with desk.records.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_delete")
        connection.exec_driver_sql("DELETE FROM audit WHERE seq = 3")
        connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        forged = ("restore", json.dumps({"line": 2}))
        connection.exec_driver_sql("UPDATE audit SET action = ?, detail = ? WHERE seq = 4", forged)
    found = desk.records.trail.verify()
    assert "line 3 is missing" in (found.problem or "")
    assert found.lost == ()


def test_with_a_copy_of_the_lost_lines_erased_cases_are_erased_again(park: Path) -> None:
    desk = used(park)
    backup = copied(desk)
    desk.records.book.close(1, "found-safe", "anna")
    desk.erase_case(1, "anna")
    desk.erase(Filter(cameras=("shop",)), "anna")
    lines = desk.records.trail.since(0)
    lose(desk)
    forged = [*lines, type(lines[0])(99, lines[0].at, "eve", "erase.case", 1, "{}", "", "0" * 64)]
    done, back = again(backup, park, Since(lines=forged))
    assert done.cases == (1,)
    assert [line.action for line in done.erasures] == ["erase.sightings"]
    assert back.records.book.get(1).state == "erased"
    assert RED not in back.store.ids()
    found = back.records.trail.verify()
    assert found.problem is None
    assert found.lost == ((done.line + 1, lines[-1].seq),)


def test_a_copy_is_of_one_moment_while_others_index_and_erase(park: Path) -> None:
    desk, stop = used(park), threading.Event()

    def work() -> None:
        offset = 1000
        mine = Desk.open(park)
        while not stop.is_set():
            mine.store.add(sightings(3, offset=offset))
            mine.erase(Filter(ids=[f"s{offset:023d}"]), "anna")
            offset += 3

    worker = threading.Thread(target=work)
    worker.start()
    try:
        backups = []
        for number in range(2):
            target = park.parent / f"copy-{number}"
            backups.append(back_up(park, desk, target, "test"))
    finally:
        stop.set()
        worker.join()
    for number, backup in enumerate(backups):
        folder = park.parent / f"again-{number}"
        done, back = again(backup, folder)
        assert back.store.count() == done.rows["sightings"]
        assert RED in back.store.ids()
        assert back.records.trail.verify().problem is None
        back.records.database.close()


def test_a_version_that_is_gone_while_it_is_copied_is_noticed(park: Path) -> None:
    store = Store.open(park)
    version = copies.versions(park)["sightings"]
    store.erase(Filter(ids=[RED]))
    with (park.parent / "rows").open("wb") as out, pytest.raises(copies.Overtaken):
        copies.write_rows(park, "sightings", version, out)


def killed(what: str, folder: Path, other: Path, seconds: float) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.desk.backup_worker", what, str(folder), str(other)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=[pytest.mark.slow])])
def test_killed_at_random_there_is_a_whole_backup_or_none_and_a_whole_venue_or_none(
    park: Path, kills: int
) -> None:
    used(park).records.database.close()
    rng = random.Random(kills)
    target, new = park.parent / "backups" / "copy", park.parent / "new"
    for _ in range(kills):
        killed("backup", park, target, rng.uniform(0, 0.7))
        target.unlink(missing_ok=True) if target.exists() and _is_whole(target, park) else None
        assert not target.exists()
    desk = Desk.open(park)
    assert desk.records.trail.verify().problem is None
    back_up(park, desk, target, "test")
    for _ in range(kills):
        killed("restore", new, target, rng.uniform(0, 0.7))
        if new.exists():
            back = Desk.open(new)
            assert (back.store.count(), back.records.trail.verify().problem) == (30, None)
            back.records.database.close()
            shutil.rmtree(new)
    restore(target, new, "test")
    assert {p.name for p in new.parent.iterdir()} == {"park", "backups", "new"}
    assert {p.name for p in target.parent.iterdir()} <= {"copy", ".copy.part"}


def _is_whole(target: Path, park: Path) -> bool:
    trial = park.parent / "trial"
    restore(target, trial, "test")
    shutil.rmtree(trial)
    return True


def test_a_venue_without_rules_is_copied_too(tmp_path: Path) -> None:
    venue = tmp_path / "research"
    Store.create(venue, MODEL, DIM).add(sightings(4))
    backup = back_up(venue, None, tmp_path / "copy", "test")
    restore(backup.path, tmp_path / "again", "test")
    assert Store.open(tmp_path / "again").ids() == Store.open(venue).ids()
    with pytest.raises(UsageError, match="there is nothing to copy"):
        back_up(tmp_path / "none", None, tmp_path / "other", "test")


@needs_postgresql
def test_cases_go_from_sqlite_to_postgresql_and_back(park: Path, database: PostgreSQL) -> None:
    url = database.database("restored")
    desk = used(park)
    backup = copied(desk)
    restore(backup.path, park.parent / "second", "test", url)
    second = Desk.open(park.parent / "second", url)
    assert second.records.trail.verify().problem is None
    assert second.records.book.open(NewCase("missing-child", TEXT, "{}"), "anna", 24).id == 2
    with pytest.raises(DatabaseError, match="is not empty: name an empty database"):
        restore(backup.path, park.parent / "third", "test", url)
    assert not (park.parent / "third").exists()
    back_up(second.folder, second, park.parent / "copy", "test")
    restore(park.parent / "copy", park.parent / "third", "test")
    third = Desk.open(park.parent / "third")
    assert [case.id for case in third.records.book.all()] == [2, 1]
    assert third.records.trail.verify().problem is None


@needs_s3
@needs_postgresql
def test_a_venue_in_a_bucket_goes_to_a_disk_and_back(
    tmp_path: Path, bucket: Bucket, database: PostgreSQL
) -> None:
    filled(bucket)
    desk = Desk.open(bucket, database.database("bucket"))
    backup = back_up(bucket, desk, tmp_path, "test")
    restore(backup.path, tmp_path / "disk", "test")
    assert Desk.open(tmp_path / "disk").store.count() == 30
    with pytest.raises(UsageError, match="is there already"):
        restore(backup.path, bucket, "test")
    second = bucket / "second"
    url = database.database("second")
    restore(backup.path, second, "test", url)
    again = Desk.open(second, url)
    assert again.store.count() == 30
    assert again.records.trail.verify().problem is None
    assert not (second / "restoring").exists()
