"""Completed work is known by content and options, whoever did it, and holds nothing of people."""

from pathlib import Path

import pytest

from reid.store import CompletedWork, completed_work
from reid.store.completed_work import work_of
from tests.store.made import run_together

WORKS = [work_of("content", (number,)) for number in range(12)]


def test_work_is_finished_once_it_is_noted(tmp_path: Path) -> None:
    completed = CompletedWork(tmp_path)
    assert not completed.finished(WORKS[0])
    completed.finish(WORKS[0])
    completed.finish(WORKS[0])
    assert CompletedWork(tmp_path).finished(WORKS[0])
    assert not completed.finished(WORKS[1])


def test_completed_work_lies_in_few_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completed_work, "COMPACTED_EVERY", 4)
    completed = CompletedWork(tmp_path)
    for work in WORKS:
        completed.finish(work)
    assert len(completed._table().to_lance().get_fragments()) <= 4
    assert all(completed.finished(work) for work in WORKS)


def test_the_same_content_looked_at_otherwise_is_other_work() -> None:
    assert work_of("content", ("gate", 2)) == work_of("content", ("gate", 2))
    others = [("content", ("gate", 3)), ("content", ("shop", 2)), ("other", ("gate", 2))]
    names = {work_of(key, how) for key, how in others} | {work_of("content", ("gate", 2))}
    assert len(names) == 4
    assert all("gate" not in name for name in names)


def _finish(folder: str, works: list[str], start) -> None:
    start.wait()
    for work in works:
        CompletedWork(Path(folder)).finish(work)


def test_many_may_finish_at_once(tmp_path: Path) -> None:
    folder = str(tmp_path)
    run_together((_finish, folder, WORKS[:8]), (_finish, folder, WORKS[4:]))
    completed = CompletedWork(tmp_path)
    assert all(completed.finished(work) for work in WORKS)
    table = completed._table()
    assert table.count_rows() == len(WORKS)
