"""The same table in a bucket: many writers, erasure to the byte, nothing told of the keys."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from reid.cli.main import app
from reid.core.errors import StoreError, UsageError
from reid.storage.locks import lock_of
from reid.storage.postgresql import DATABASE_VARIABLE
from reid.storage.venue_path import Bucket, folder_at, storage_options
from reid.store import Filter, Store, maintenance
from tests.servers import (
    ACCESS_KEY,
    BUCKET,
    DATABASE_PASSWORD,
    S3,
    SECRET_KEY,
    PostgreSQL,
    needs_postgresql,
    needs_s3,
)
from tests.store.made import DIM, run_together, sightings

pytestmark = [needs_s3, needs_postgresql]


def test_what_goes_in_comes_out(bucket: Bucket) -> None:
    store = Store.create(bucket, "m-1", DIM)
    store.add(sightings(["a", "b"]))
    store.add(sightings(["b", "c"], camera="hall"))
    again = Store.open(bucket)
    assert again.ids() == {"a", "b", "c"}
    assert again.keys(["b"])["b"].camera == "hall"
    assert list(again.crops(["a"])) == ["a"]
    assert store.finish_source("s1", ["b", "c"]) == 1


def test_a_venue_that_is_none_names_the_remedy(bucket: Bucket) -> None:
    with pytest.raises(StoreError, match=r"holds no sightings.*--venue s3://"):
        Store.open(bucket)


def _write(url: str, names: list[str], start) -> None:
    start.wait()
    store = Store.create(Bucket(url), "m-1", DIM)
    for i in range(0, len(names), 5):
        store.add(sightings(names[i : i + 5]))
    store.finish_source("s1", names)


def _erase(url: str, names: list[str], start) -> None:
    start.wait()
    store = Store.create(Bucket(url), "m-1", DIM)
    for name in names:
        store.erase(Filter(ids=[name]))


def test_writers_beside_an_erasure_lose_and_double_nothing(bucket: Bucket) -> None:
    doomed = [f"d{i:02d}" for i in range(4)]
    Store.create(bucket, "m-1", DIM).add(sightings(doomed, source="old"))
    names = [f"n{i:02d}" for i in range(30)]
    run_together(
        (_write, bucket.url, names), (_write, bucket.url, names), (_erase, bucket.url, doomed)
    )
    assert sorted(key.id for key in Store.open(bucket).read().keys) == names


def test_writers_whose_lock_is_lost_still_double_nothing(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    stores = [Store.create(bucket, "m-1", DIM) for _ in range(4)]
    for store in stores:
        monkeypatch.setattr(store, "_lock", contextlib.nullcontext())
    names = [f"n{i:02d}" for i in range(12)]

    def write(store: Store) -> None:
        for name in names:
            store.add(sightings([name]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, stores))
    assert sorted(key.id for key in Store.open(bucket).read().keys) == names


def test_no_object_holds_a_byte_of_an_erased_sighting(bucket: Bucket, storage: S3) -> None:
    names = [f"sighting-{i:03d}" for i in range(40)]
    given = sightings(names)
    store = Store.create(bucket, "m-1", DIM)
    store.add(given)
    store.finish_source("s1", names)
    needles = [
        names[17].encode(),
        given.vectors[17].tobytes(),
        given.crops[17].encode()[-150:-20],
    ]

    def found() -> list[bool]:
        everything = list(storage.objects(bucket.url.removeprefix(f"s3://{BUCKET}/")).values())
        return [any(needle in content for content in everything) for needle in needles]

    assert found() == [True] * 3, "the control must find them"
    assert store.erase(Filter(ids=[names[17]])) == 1
    assert found() == [False] * 3
    assert store.ids() == set(names) - {names[17]}
    assert store.state().old_versions == 0


def test_what_a_commit_reads_does_not_grow_with_the_commits_before(
    bucket: Bucket, storage: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "INDEX_NEW_EVERY", 8)
    store = Store.create(bucket, "m-1", DIM)

    def read(i: int) -> int:
        before = storage.log.read_text().count('"GET ' + f"/{BUCKET}/")
        store.add(sightings([f"{i}-a", f"{i}-b"]))
        return storage.log.read_text().count('"GET ' + f"/{BUCKET}/") - before

    reads = [read(i) for i in range(24)]
    learnt = [i for i, n in enumerate(reads) if n > 12]
    assert 3 <= len(learnt) <= 5, f"after every fifth commit or so the indexes learn: {reads}"
    assert max(n for i, n in enumerate(reads[1:], 1) if i not in learnt) <= 7, str(reads)
    assert store.count() == 48
    store.add(sightings(["3-a", "23-b"]))
    assert store.count() == 48, "those of indexed and of new files are replaced"


def test_a_search_server_fetches_only_what_is_new(bucket: Bucket, storage: S3) -> None:
    def same() -> None:
        cached, plain = server.read(vectors=True), Store.open(bucket)._select(["id"], None)
        assert list(cached.keys.column("id")) == plain.column("id").to_pylist()
        assert len(cached.vectors) == len(cached)

    def fetched() -> int:
        before = storage.log.read_text().count("/data/")
        server.read(vectors=True)
        return storage.log.read_text().count("/data/") - before

    store = Store.create(bucket, "m-1", DIM)
    server = Store.open(bucket)
    assert len(server.read(vectors=True)) == 0
    for i in range(6):
        store.add(sightings([f"a{i}", f"b{i}"]))
    assert fetched() >= 6
    assert fetched() == 0
    same()
    store.add(sightings(["c"]))
    assert 0 < fetched() <= 4, "one new file, not all of them"
    same()
    store.erase(Filter(ids=["a1"]))
    same()
    kept = [name for some in server._cache._kept.values() for name in some["id"].to_pylist()]
    assert "a0" in kept
    assert "a1" not in kept, "what was erased leaves the copy too"
    store.maintain()
    same()


def test_upkeep_joins_files_and_says_what_waits(bucket: Bucket) -> None:
    store = Store.create(bucket, "m-1", DIM)
    for i in range(12):
        store.add(sightings([f"n{i:02d}"]))
    before = store.state()
    assert (before.sightings, before.files) == (12, 12)
    assert before.old_versions >= 12
    assert before.unindexed > 0
    after = store.maintain()
    assert (after.sightings, after.files, after.unindexed) == (12, 1, 0)


def test_a_lock_is_somebody_elses_until_given_back(bucket: Bucket) -> None:
    mine, other = lock_of(bucket, "venue"), lock_of(bucket, "venue", timeout=0.3)
    with mine, mine:
        assert mine.still_held()
        with pytest.raises(StoreError, match="by another process"), other:
            pass
        with lock_of(Bucket(f"{bucket.url}-2"), "venue", timeout=0.3):
            pass
    with other:
        assert not mine.still_held()


def test_locks_leave_no_connection_behind(bucket: Bucket, database: PostgreSQL) -> None:
    def sessions() -> int:
        engine = sa.create_engine(database.url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            found = connection.scalar(
                sa.text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reid'")
            )
        engine.dispose()
        return int(found or 0)

    before = sessions()  # other tests of this process may have left some
    with lock_of(bucket, "venue"):
        for _ in range(20):
            with pytest.raises(StoreError), lock_of(bucket, "venue", timeout=0.01):
                pass
    for _ in range(20):
        with lock_of(bucket, "another"):
            pass
    assert sessions() <= before + 4


def test_writing_without_a_lock_is_refused(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.create(bucket, "m-1", DIM)
    store.add(sightings(["a"]))
    monkeypatch.delenv(DATABASE_VARIABLE)
    assert Store.open(bucket).ids() == {"a"}, "reading needs no lock"
    with pytest.raises(StoreError, match=f"set {DATABASE_VARIABLE}"):
        Store.open(bucket).add(sightings(["b"]))


class TestNothingIsToldOfTheKeys:
    def test_when_they_are_refused(self, bucket: Bucket, storage: S3) -> None:
        from reid.storage.venue_path import storage_fault

        answer = RuntimeError(
            f"Client error with status 403 Forbidden: <Error><Code>InvalidAccessKeyId</Code>"
            f"<AWSAccessKeyId>{ACCESS_KEY}</AWSAccessKeyId></Error>"
        )
        assert storage_fault(answer).startswith("access denied: check AWS_ACCESS_KEY_ID")

    def test_when_the_storage_is_away(
        self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        run = subprocess.run(
            [sys.executable, "-m", "reid.cli", "search", "red hoodie", "--venue", bucket.url],
            capture_output=True, text=True, env=dict(os.environ), cwd=tmp_path, check=False,
        )  # fmt: skip
        told = run.stdout + run.stderr
        assert run.returncode == 1
        assert "the storage does not answer" in told
        assert len(run.stderr.strip().splitlines()) == 1
        for secret in (ACCESS_KEY, SECRET_KEY, DATABASE_PASSWORD):
            assert secret not in told

    def test_when_they_stand_in_the_address(self) -> None:
        for wrong in ("s3://key:password@host/venue", "s3://bucket", "s3://bucket/../other"):
            with pytest.raises(UsageError) as caught:
                folder_at(wrong)
            assert "password" not in str(caught.value)


def test_pictures_never_cross_a_network_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://storage.example:9000")
    monkeypatch.delenv("AWS_ALLOW_HTTP", raising=False)
    with pytest.raises(StoreError, match="speaks no TLS"):
        storage_options()
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    assert storage_options()["allow_http"] == "true"


def test_the_commands_work_there(bucket: Bucket) -> None:
    def reid(*words: str) -> str:
        run = CliRunner().invoke(app, [*words, "--venue", bucket.url])
        assert run.exit_code == 0, run.output
        return run.stdout

    Store.create(bucket, "m-1", DIM).add(sightings(["a", "b"]))
    assert json.loads(reid("search", "red hoodie", "--json"))["outcome"]
    assert json.loads(reid("maintain", "--json"))["files"] == 1
    assert json.loads(reid("erase", "--sighting", "a", "--json")) == {"erased": 1}
    assert Store.open(bucket).ids() == {"b"}
