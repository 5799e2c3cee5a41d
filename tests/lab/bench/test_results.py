"""Results as JSON: the shapes that programs rely on, recorded from runs of every benchmark."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from reid.lab.bench.registry import BENCHMARKS, result_type

RECORDED = Path(__file__).parent / "recorded"


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_recorded_json_is_read_and_written_again_key_by_key(benchmark: str) -> None:
    """Names, order, nesting and kinds of numbers (3 or 3.0) are those of the recorded run."""
    recorded = (RECORDED / f"{benchmark}.json").read_text()
    result = result_type(benchmark).model_validate_json(recorded)
    assert json.dumps(result.model_dump(mode="json"), indent=1) == recorded
    assert type(result).model_validate(result.to_json()) == result


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_every_benchmark_says_what_it_answers_and_shows_it(benchmark: str) -> None:
    result = result_type(benchmark).model_validate_json(
        (RECORDED / f"{benchmark}.json").read_text()
    )
    assert result.question.endswith("?")
    assert result.run.benchmark == benchmark
    tables = result.tables()
    assert tables
    for table in tables:
        assert all(len(row) == len(table.columns) for row in table.rows), table.columns
    figures = pytest.importorskip("matplotlib.figure")
    for plot in result.plots():
        plot(figures.Figure().add_subplot())


def test_a_foreign_key_and_a_missing_one_are_refused() -> None:
    kind = result_type("agreement")
    recorded = json.loads((RECORDED / "agreement.json").read_text())
    with pytest.raises(ValidationError, match="surprise"):
        kind.model_validate({**recorded, "surprise": 1})
    del recorded["n_people"]
    with pytest.raises(ValidationError, match="n_people"):
        kind.model_validate(recorded)


def test_results_cannot_be_changed() -> None:
    result = result_type("agreement").model_validate_json((RECORDED / "agreement.json").read_text())
    with pytest.raises(ValidationError, match="frozen"):
        result.run = None
