"""Results are kept with what measured them, read again, and written for papers and programs."""

import csv
import json
from pathlib import Path

import pytest

from reid.core.errors import SourceError
from reid.lab.bench.registry import BENCHMARKS
from reid.lab.bench.report.exports import CSV_COLUMNS, write_csv, write_latex, write_queries
from reid.lab.bench.report.freshness import newest, title
from reid.lab.bench.report.record import SCHEMA, Recorder, hash_of
from reid.lab.bench.report.stored import read_results, save_result
from reid.lab.bench.report.tables import Shown, figure
from reid.weights import registry
from tests.lab.bench.test_bench_command import bench  # noqa: F401
from tests.lab.bench.test_description import three_described  # noqa: F401
from tests.lab.bench.test_results import RECORDED


def recorded(benchmark: str):
    (stored,) = read_results([RECORDED / f"{benchmark}.json"])
    return stored.result


def test_a_saved_result_says_how_it_was_measured_without_folders(
    three_described: Path,  # noqa: F811
    tmp_path: Path,
    bench,  # noqa: F811
) -> None:
    wanted = tmp_path / "results"
    given = ("--data", str(three_described), "--embedder", "regions", "--seed", "3")
    code, out, err = bench("retrieval", *given, "--save", str(wanted), "--json")
    assert code == 0, err
    (path,) = wanted.iterdir()
    name = three_described.name
    assert path.name == f"retrieval-{name}-embedder-regions-seed-3.json"
    run = json.loads(path.read_text())["run"]
    assert run["command"] == f"reid bench retrieval --data {name} --embedder regions --seed 3"
    assert run["data_name"] == name
    assert run["schema_version"] == SCHEMA
    assert set(run["models"]) == {"heads"}, "the baseline has no weights"
    assert str(tmp_path) not in path.read_text()
    (stored,) = read_results([wanted])
    assert stored.result.to_json() == json.loads(out)


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_results_of_every_version_are_read_and_exported(benchmark: str, tmp_path: Path) -> None:
    """Most were recorded before results said of which version they are."""
    result = recorded(benchmark)
    assert (result.run.command is None) == (result.run.schema_version == 1)
    again = save_result(result, tmp_path)
    assert read_results([again])[0].result == result
    write_csv({benchmark: result}, tmp_path / "x.csv")
    rows = list(csv.DictReader((tmp_path / "x.csv").open()))
    cells = sum(len(row) - 1 for table in result.tables() for row in table.rows)
    assert tuple(rows[0]) == CSV_COLUMNS
    assert len(rows) == cells
    write_latex({benchmark: result}, tmp_path / "x.tex")
    text = (tmp_path / "x.tex").read_text()
    assert text.count(r"\toprule") == len(result.tables())


def test_csv_has_the_stored_digits_and_both_ends(tmp_path: Path) -> None:
    result = recorded("retrieval")
    write_csv({"retrieval": result}, tmp_path / "x.csv")
    rows = list(csv.DictReader((tmp_path / "x.csv").open()))
    row = next(r for r in rows if (r["row"], r["column"]) == ("mAP", "plain"))
    assert (row["shown"], row["value"]) == ("87.4 [83, 92]", "87.44")
    assert (row["low"], row["high"]) == ("82.86", "91.62")
    shown = figure(0.12345, (0.1, 0.2))
    assert isinstance(shown, Shown)
    assert (str(shown), shown.value, shown.ends) == ("12.3 [10, 20]", 12.345, (10.0, 20.0))


def test_latex_escapes_what_latex_reads(tmp_path: Path) -> None:
    write_latex({"retrieval": recorded("retrieval")}, tmp_path / "x.tex")
    text = (tmp_path / "x.tex").read_text()
    assert r"\% & plain & - camera mean & sightings \\" in text
    assert r"mAP & 87.4 [83, 92] & 90.9 [88, 94] & 100.0 [100, 100] \\" in text


@pytest.mark.parametrize(
    ("benchmark", "columns", "rows"),
    [
        ("retrieval", ["image", "person", "camera", "rank of first right", "average precision"], 3),
        ("description", ["person", "style", "camera", "description", "rank"], 12),
    ],
)
def test_every_query_has_a_row(
    benchmark: str,
    columns: list[str],
    rows: int,
    three_described: Path,  # noqa: F811
    tmp_path: Path,
    bench,  # noqa: F811
) -> None:
    to = tmp_path / "queries.csv"
    given = ("--data", str(three_described), "--embedder", "regions", "--queries", str(to))
    code, _, err = bench(benchmark, *given)
    assert code == 0, err
    head, *found = list(csv.reader(to.open()))
    assert head == columns
    assert len(found) == rows
    rank = columns.index("rank" if benchmark == "description" else "rank of first right")
    assert {row[rank] for row in found} == {"1"}


def test_queries_of_a_benchmark_without_any_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="single queries"):
        write_queries({"agreement": recorded("agreement")}, tmp_path / "x.csv")


def test_all_of_them_are_saved_under_names_of_their_own(
    tmp_path: Path,
    bench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"retrieval: ours": "retrieval", "retrieval: with heads": "retrieval", "speed": "speed"}
    results = [(name, recorded(benchmark)) for name, benchmark in found.items()]
    monkeypatch.setattr("reid.lab.bench.suite.run_all", lambda *_: iter(results))
    folder = tmp_path / "results"
    code, out, err = bench(
        "all", "--data", str(tmp_path), "--quick", "--save", str(folder), "--json"
    )
    assert code == 0, err
    assert list(json.loads(out)) == list(found)
    command = f"all-{tmp_path.name}-quick"
    assert {path.name for path in folder.iterdir()} == {
        f"{command}-retrieval-ours.json",
        f"{command}-retrieval-with-heads.json",
        f"{command}-speed.json",
    }
    shown = newest(read_results([folder]))
    assert {title(one).partition(",")[0] for one in shown} == set(found)


def test_several_results_in_one_file_are_all_read(tmp_path: Path) -> None:
    names = ("agreement", "speed")
    both = {f"{name}: x": recorded(name).to_json() for name in names}
    (tmp_path / "all.json").write_text(json.dumps(both))
    found = read_results([tmp_path / "all.json"])
    assert [one.result.run.benchmark for one in found] == list(names)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "it is not JSON"),
        ("[]", "is no result"),
        ('{"run": {"benchmark": "walk"}}', "is no result of `reid bench NAME"),
        ('{"run": {"benchmark": "speed", "schema_version": 99}}', "newer than this program"),
        (
            '{"run": {"benchmark": "speed", "command": "reid bench speed --frames 9"}}',
            "renew it, `reid bench speed --frames 9`",
        ),
    ],
)
def test_what_is_no_result_is_told_in_a_line(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(SourceError, match=r"x\.json") as caught:
        read_results([tmp_path / "x.json"])
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_results([Path("nowhere.json")])


def test_weights_are_named_and_a_card_may_be_edited(tmp_path: Path) -> None:
    (detector,) = (m for m in registry.shipped() if m.kind == "detector")
    (embedder,) = (m for m in registry.shipped() if m.kind == "embedder")
    foreign = tmp_path / "m.bin"
    foreign.write_bytes(b"1")
    used = {"heads": detector.path, "mine": embedder.folder, "theirs": foreign}
    record = Recorder("x", 0).finish(used)
    assert record.models == {"heads": detector.model_id, "mine": embedder.model_id}
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "model.toml").write_text('[files]\n"a.bin" = "0"\n')
    (folder / "a.bin").write_bytes(b"1")
    before = hash_of(folder)
    (folder / "README.md").write_text("card")
    assert hash_of(folder) == before
    (folder / "a.bin").write_bytes(b"2")
    assert hash_of(folder) != before


def test_a_shipped_models_thresholds_count_with_its_weights() -> None:
    (detector,) = (m for m in registry.shipped() if m.kind == "detector")
    by_file = Recorder("x", 0).finish({"heads": detector.path}).weights["heads"]
    assert by_file == hash_of(detector.folder)


def test_the_commit_is_that_of_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid.lab.bench.report.record.code_commit", lambda: "before")
    recorder = Recorder("x", 0)
    monkeypatch.setattr("reid.lab.bench.report.record.code_commit", lambda: "after")
    assert recorder.finish({}).commit == "before"
