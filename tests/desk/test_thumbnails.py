"""Pictures in memory follow the table, whichever process changes it."""

import subprocess
import sys
from pathlib import Path

import pytest

from reid.desk.thumbnails import Pictures
from reid.search import snapshot as module
from reid.search.snapshot import Snapshots
from reid.store import Filter, Store
from tests.venues import filled, sightings

IDS = [f"s{number:023d}" for number in range(30)]

ERASE = """
import sys
from pathlib import Path
from reid.store import Filter, Store
Store.open(Path(sys.argv[1])).erase(Filter(ids=sys.argv[2:]))
"""


def erase_elsewhere(folder: Path, ids: list[str]) -> None:
    subprocess.run([sys.executable, "-c", ERASE, str(folder), *ids], check=True, timeout=120)


def test_what_another_process_erased_is_not_shown_again(tmp_path: Path) -> None:
    store = filled(tmp_path / "venue")
    pictures = Pictures(Store.open(store.folder))
    pictures.load(IDS[:24])
    assert all(pictures.get(one) for one in IDS[:24])
    erase_elsewhere(tmp_path / "venue", IDS[:12])
    served = [one for one in IDS[:24] if pictures.get(one)]
    assert served == IDS[12:24]
    pictures.load(IDS[:24])
    assert not any(pictures.get(one) for one in IDS[:12])


def test_what_is_stored_still_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "venue")
    pictures = Pictures(store)
    pictures.load(IDS[:24])
    store.add(sightings(3, offset=100))
    looked: list[int] = []
    ids = store.ids

    def counted(which: Filter | None = None) -> set[str]:
        looked.append(1)
        return ids(which)

    monkeypatch.setattr(store, "ids", counted)
    monkeypatch.setattr(store, "pictures", lambda _: pytest.fail("they are in memory"))
    assert all(pictures.get(one) for one in IDS[:24])
    assert len(looked) == 1, "a page is looked up at once"


def test_a_search_does_not_show_what_another_process_erased(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH", 0.0)
    store = filled(tmp_path / "venue")
    snapshots = Snapshots(store)
    snapshots.get()
    Store.open(store.folder).erase(Filter(ids=IDS[:5]))
    assert snapshots.get().row(IDS[0]) is None
