"""Finished work is known by content and manner, whoever did it, and holds nothing of people."""

from pathlib import Path

import pytest

from reid.store import Ledger
from reid.store import ledger as ledger_of
from reid.store.ledger import work_of
from tests.store.made import run_together

WORKS = [work_of("content", (number,)) for number in range(12)]


def test_work_is_finished_once_it_is_noted(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert not ledger.finished(WORKS[0])
    ledger.finish(WORKS[0])
    ledger.finish(WORKS[0])
    assert Ledger(tmp_path).finished(WORKS[0])
    assert not ledger.finished(WORKS[1])


def test_a_long_ledger_lies_in_few_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_of, "JOINED_EVERY", 4)
    ledger = Ledger(tmp_path)
    for work in WORKS:
        ledger.finish(work)
    assert len(ledger._table().to_lance().get_fragments()) <= 4
    assert all(ledger.finished(work) for work in WORKS)


def test_the_same_content_looked_at_otherwise_is_other_work() -> None:
    assert work_of("content", ("gate", 2)) == work_of("content", ("gate", 2))
    others = [("content", ("gate", 3)), ("content", ("shop", 2)), ("other", ("gate", 2))]
    names = {work_of(key, how) for key, how in others} | {work_of("content", ("gate", 2))}
    assert len(names) == 4
    assert all("gate" not in name for name in names)


def _finish(folder: str, works: list[str], start) -> None:
    start.wait()
    for work in works:
        Ledger(Path(folder)).finish(work)


def test_many_may_finish_at_once(tmp_path: Path) -> None:
    folder = str(tmp_path)
    run_together((_finish, folder, WORKS[:8]), (_finish, folder, WORKS[4:]))
    ledger = Ledger(tmp_path)
    assert all(ledger.finished(work) for work in WORKS)
    table = ledger._table()
    assert table.count_rows() == len(WORKS)
