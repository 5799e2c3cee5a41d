"""The desk: no case, no search; what the purpose forbids; erasure to the byte."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import AccessError, CaseError, PolicyError, UsageError
from reid.core.records import SearchWindow
from reid.desk.cases import NewCase
from reid.desk.desk import Desk, mountings
from reid.desk.erasure import TOGETHER
from reid.desk.impact_report import report
from reid.desk.parsed_description import ParsedDescription
from reid.desk.policy import load_policy
from reid.rank.camera_geometry import ANY_CAMERA, CameraPrior
from reid.store import Filter
from tests.rank.test_camera_geometry import Pinhole
from tests.rank.test_stature import measures_of
from tests.venues import filled, sightings, write_rules

TEXT = "boy about six in a red top and blue trousers"
RED = "s" + "0" * 23


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    filled(tmp_path / "venue")
    opened = Desk.open(tmp_path / "venue")
    yield opened
    opened.records.database.close()


def case_of(desk: Desk, purpose: str = "missing-child") -> int:
    new = NewCase(
        purpose, TEXT, ParsedDescription.of_sentence(TEXT).to_text(), child_name="Zebedee"
    )
    return desk.records.book.open(new, "anna", 24).id


def test_the_right_sighting_comes_first_and_leaves_a_line(desk: Desk) -> None:
    case = case_of(desk)
    found = desk.search(case, ParsedDescription.of_sentence(TEXT), SearchWindow(), "anna")
    assert found.answer.matches[0].key.id == RED
    assert found.searched == 30
    line = desk.records.trail.lines(case)[-1]
    assert (line.action, line.actor) == ("search", "anna")
    for secret in ("red", "Zebedee", RED):
        assert secret not in line.detail


def test_no_open_case_no_search(desk: Desk) -> None:
    asked = ParsedDescription.of_sentence(TEXT)
    with pytest.raises(CaseError, match="no case"):
        desk.search(1, asked, SearchWindow(), "anna")
    case = case_of(desk)
    desk.records.book.close(case, "withdrawn", "anna")
    with pytest.raises(CaseError, match="closed"):
        desk.search(case, asked, SearchWindow(), "anna")


def test_body_derived_slots_only_where_the_purpose_allows(desk: Desk) -> None:
    asked = ParsedDescription.of_sentence(TEXT)
    child = desk.search(case_of(desk), asked, SearchWindow(), "anna")
    bag = desk.search(case_of(desk, "lost-bag"), asked, SearchWindow(), "anna")
    assert child.withheld == ()
    assert "body.age" in bag.withheld
    assert not any(r.slot.startswith("body.") for r in bag.answer.matches[0].why)


def test_heights_are_used_only_where_the_purpose_allows(desk: Desk, tmp_path: Path) -> None:
    """One of thirty stands as tall as a child, in clothes that fit nobody's description."""
    tall = np.where(np.arange(30) == 7, 1.1, 1.7)
    desk.store.add(replace(sightings(30), measures=measures_of(Pinhole(), tall)))
    small = sightings(30).keys[7].id
    asked = ParsedDescription.of_sentence("a child")
    child = desk.search(case_of(desk), asked, SearchWindow(), "anna").answer
    assert child.matches[0].key.id == small
    assert [r.verdict for r in child.matches[0].why if r.slot == "body.age"] == ["match"]
    assert desk.snapshots.get().gallery.tall

    other = Desk.open(desk.folder)
    bag = other.search(case_of(other, "lost-bag"), asked, SearchWindow(), "anna")
    assert bag.withheld == ("body.age",)
    assert len({m.score for m in bag.answer.matches}) <= 1
    assert not other.snapshots.get().gallery.tall, "heights were worked out all the same"
    other.records.database.close()


def test_mountings_come_from_the_rules(tmp_path: Path) -> None:
    write_rules(tmp_path / "venue", "[cameras.hall]\nplace = 'shop'\nheight_m = 3\n")
    found = mountings(load_policy(tmp_path / "venue"))
    assert found["gate"] == ANY_CAMERA
    assert found["hall"] == CameraPrior.of_mounting(3)


def test_unknown_fields_are_kept_but_not_searched(desk: Desk) -> None:
    asked = ParsedDescription.of_sentence(TEXT)
    slots = [{**s, "certainty": "unknown"} if "colour" in s["slot"] else s for s in asked.slots]
    unsure = ParsedDescription({**asked.data, "slots": slots})
    assert len(unsure.slots) == len(asked.slots)
    assert not any("colour" in w.slot for w in unsure.query().wishes)
    assert ParsedDescription.of_text(unsure.to_text()).data == unsure.data


@pytest.mark.parametrize("text", ["", "[]", "{", '{"slots":[3]}', '{"slots":[{"slot":"x"}]}', "9"])
def test_bad_fields(text: str) -> None:
    with pytest.raises(UsageError):
        ParsedDescription.of_text(text)


def test_filters(desk: Desk) -> None:
    case, asked = case_of(desk), ParsedDescription.of_sentence(TEXT)
    gate = desk.search(case, asked, SearchWindow(cameras=("gate",)), "anna")
    assert {m.key.camera for m in gate.answer.matches} == {"gate"}
    recent = SearchWindow(since=datetime.now(UTC) - timedelta(minutes=5, seconds=-1))
    assert desk.search(case, asked, recent, "anna").searched == 5
    with pytest.raises(UsageError, match="does not have"):
        desk.search(case, asked, SearchWindow(cameras=("x' OR 1=1",)), "anna")
    assert SearchWindow.of_text(recent.to_text()) == recent


def test_new_sightings_are_seen(desk: Desk) -> None:
    case, asked = case_of(desk), ParsedDescription.of_sentence(TEXT)
    desk.search(case, asked, SearchWindow(), "anna")
    desk.store.add(sightings(5, offset=100))
    assert desk.snapshots.refresh().row("s" + f"{100:023d}") is not None
    assert desk.search(case, asked, SearchWindow(), "anna").searched == 35


def test_rejecting_moves_a_sighting_to_the_end(desk: Desk) -> None:
    case, asked = case_of(desk), ParsedDescription.of_sentence(TEXT)
    desk.decide(case, RED, "rejected", "anna")
    found = desk.search(case, asked, SearchWindow(), "anna", top=30)
    assert found.answer.matches[-1].key.id == RED
    desk.decide(case, RED, "undo", "anna")
    assert desk.search(case, asked, SearchWindow(), "anna").answer.matches[0].key.id == RED


def test_moderation_is_audited_without_the_words(tmp_path: Path) -> None:
    write_rules(tmp_path, '\n[moderation]\nrefuse = ["my ex"]\n')
    desk = Desk.open(tmp_path)
    with pytest.raises(PolicyError, match="rules refuse"):
        desk.understand("where is my ex in a red coat", "anna")
    assert desk.records.trail.lines()[-1].action == "refused"
    assert "coat" not in desk.records.trail.lines()[-1].detail


def test_searches_an_hour(tmp_path: Path) -> None:
    filled(tmp_path)
    write_rules(tmp_path, "\n[moderation]\nsearches_per_hour = 2\n")
    desk = Desk.open(tmp_path)
    case, asked = case_of(desk), ParsedDescription.of_sentence(TEXT)
    for _ in range(2):
        desk.search(case, asked, SearchWindow(), "anna")
    with pytest.raises(AccessError, match="more than 2"):
        desk.search(case, asked, SearchWindow(), "anna")
    desk.search(case, asked, SearchWindow(), "bob")


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_erasing_a_case_leaves_no_byte(desk: Desk) -> None:
    case, asked = case_of(desk), ParsedDescription.of_sentence(TEXT)
    desk.search(case, asked, SearchWindow(), "anna")
    desk.decide(case, RED, "confirmed", "anna")
    vector = desk.store.read(Filter(ids=[RED]), vectors=True).vectors
    jpeg = desk.store._select(["crop"], Filter(ids=[RED])).column("crop")[0].as_py()
    assert vector is not None
    secrets = [RED.encode(), vector.tobytes(), jpeg, b"Zebedee", TEXT.encode()]
    before = everything(desk.folder)
    assert all(secret in before for secret in secrets), "the control must find them"
    desk.records.book.close(case, "found-safe", "anna")
    assert desk.erase_case(case, "anna") == 1
    after = everything(desk.folder)
    assert [secret[:12] for secret in secrets if secret in after] == []
    assert desk.store.count() == 29
    assert desk.pictures.get(RED) is None
    assert desk.records.trail.verify().problem is None


def test_retention_spares_confirmed_sightings_of_open_cases(desk: Desk) -> None:
    case = case_of(desk)
    desk.decide(case, RED, "confirmed", "anna")
    desk.decide(case, "s" + f"{5:023d}", "rejected", "anna")
    later = datetime.now(UTC) + timedelta(hours=71, minutes=45)
    desk.records.book.extend(case, 100, "anna")
    done = desk.expire(later)
    assert done.sightings == 14
    assert RED in desk.store.ids()
    assert [d.sighting for d in desk.records.book.decisions(case)] == [RED]
    assert not desk.expire(later).anything


def test_nothing_expires_before_its_time_nor_ten_minutes_after(desk: Desk) -> None:
    ends = sorted(key.end for key in desk.store.read().keys)
    kept = timedelta(hours=desk.policy.venue.retention_hours)
    second = timedelta(seconds=1)
    assert not desk.expire(ends[0] + kept + TOGETHER).anything, "it waits for others"
    now = ends[0] + kept + TOGETHER + second
    done = desk.expire(now)
    assert done.sightings == sum(end < now - kept for end in ends) > 5
    left = sorted(key.end for key in desk.store.read().keys)
    assert left[0] >= now - kept, "all that is over its time goes"
    assert left == ends[done.sightings :], "and nothing else"
    assert not desk.expire(left[0] + kept + TOGETHER).anything
    assert desk.expire(left[0] + kept + TOGETHER + second).anything


def test_views_go_by_their_own_time_and_all_where_learning_is_not_allowed(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    store = filled(tmp_path, 3, now)
    given = sightings(3, now)
    store.add(replace(given, views=tuple((crop, crop) for crop in given.crops)))
    write_rules(tmp_path, '\n[adaptation]\npurpose = "to learn"\nretention_hours = 1\nviews = 2\n')
    desk = Desk.open(tmp_path)
    assert report(desk, "anna")["adaptation"]["views_stored"] == 6
    assert not desk.expire(now + timedelta(minutes=30)).anything
    assert desk.store.count_views() == 6
    first = min(key.end for key in given.keys)
    desk.expire(first + timedelta(hours=1, minutes=1, seconds=15))
    assert (desk.store.count_views(), desk.store.count()) == (2, 3), "two are over their time"
    line = desk.records.trail.lines()[-1]
    assert (line.action, line.detail) == ("erase.views", '{"views":4}')
    write_rules(tmp_path)
    again = Desk.open(tmp_path)
    again.expire(now)
    assert (again.store.count_views(), again.store.count()) == (0, 3)
    told = report(again, "anna")["adaptation"]
    assert (told["allowed"], told["weights_learnt_from_people"]) == (False, False)
    again.store.reembed("test-1+own", lambda some: np.eye(16, dtype=np.float32)[: len(some)])
    assert report(again, "anna")["adaptation"]["weights_learnt_from_people"] is True
    for opened in (desk, again):
        opened.records.database.close()


def test_a_short_time_is_kept_to_a_fiftieth(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    rules = (tmp_path / "venue.toml").read_text()
    (tmp_path / "venue.toml").write_text(
        rules.replace("[venue]", "[venue]\nretention_hours = 1", 1)
    )
    desk = Desk.open(tmp_path)
    end = min(key.end for key in desk.store.read().keys)
    over = end + timedelta(hours=1, seconds=72)
    assert not desk.expire(over).anything
    assert desk.expire(over + timedelta(seconds=1)).sightings == 2


def test_expired_cases_are_erased_by_themselves(desk: Desk) -> None:
    case = case_of(desk)
    done = desk.expire(datetime.now(UTC) + timedelta(hours=25))
    assert done.cases == (case,)
    assert desk.records.book.get(case).outcome == "expired"
    assert desk.records.book.get(case).about is None


def test_an_erasure_cut_short_is_finished(desk: Desk) -> None:
    case = case_of(desk)
    desk.decide(case, RED, "rejected", "anna")
    desk.store.erase(Filter(ids=[RED]))  # and then the power fails
    (desk.folder / "erasing").touch()
    assert desk.expire().resumed
    assert RED.encode() not in everything(desk.folder)
    assert not (desk.folder / "erasing").exists()


def test_picture_addresses_belong_to_their_case(desk: Desk) -> None:
    first, second = case_of(desk), case_of(desk)
    one, other = desk.picture_keys(first), desk.picture_keys(second)
    assert one.of(RED) != other.of(RED)
    assert one.of(RED) == desk.picture_keys(first).of(RED)
    assert "hidden" in repr(one)


def test_the_folder_is_private(desk: Desk) -> None:
    assert desk.folder.stat().st_mode & 0o077 == 0
