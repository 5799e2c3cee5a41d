"""Erasure beside a reader and two writers: nobody loses anything, nothing erased stays."""

import threading
from pathlib import Path

from reid.desk.desk import Desk
from reid.store import Filter, Store
from tests.venues import filled, sightings


def test_erasing_beside_a_reader_and_two_writers(tmp_path: Path) -> None:
    filled(tmp_path, 20)
    erased = {f"s{i:023d}" for i in range(0, 20, 2)}
    written: set[str] = set()
    problems: list[BaseException] = []
    done = threading.Event()

    def write(offset: int) -> None:
        try:
            store = Store.open(tmp_path)
            for i in range(6):
                batch = sightings(3, offset=offset + 3 * i)
                store.add(batch)
                written.update(key.id for key in batch.keys)
        except BaseException as error:
            problems.append(error)

    def read() -> None:
        try:
            store = Store.open(tmp_path)
            while not done.is_set():
                assert len(store.read(vectors=True)) >= 10
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=write, args=(offset,)) for offset in (1000, 2000)]
    reader = threading.Thread(target=read)
    for thread in (*threads, reader):
        thread.start()
    desk = Desk.open(tmp_path)
    for sighting in sorted(erased):
        assert desk.erase(Filter(ids=[sighting]), "anna") == 1
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    assert problems == []
    assert len(written) == 36
    assert desk.store.ids() == written | ({f"s{i:023d}" for i in range(20)} - erased)
    desk.erase(Filter(ids=[f"s{1:023d}"]), "anna")
    data = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert [name for name in erased if name.encode() in data] == []
    assert desk.records.trail.verify().problem is None
