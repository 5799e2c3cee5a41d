"""The report is one file that needs nothing else, and says how each figure was measured."""

import re

import pytest

from reid.core.errors import ReidError, SourceError
from reid.lab.bench.data.reid_sets import read_split
from reid.lab.bench.report.html import write_report
from reid.lab.bench.report.record import Recorder, hash_files, hash_of
from reid.lab.bench.report.tables import figure
from reid.lab.bench.retrieval import RetrievalSettings, run_retrieval
from reid.lab.bench.suite import Suite, run_all
from tests.lab.bench.test_retrieval import MeanColour, three_people  # noqa: F401


@pytest.fixture
def result(three_people):  # noqa: F811
    split = read_split(three_people, "folders")
    return run_retrieval(split, MeanColour(), RetrievalSettings(), lambda _: None)


def test_a_report_is_self_contained(result, tmp_path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "new" / "report.html"
    write_report({"retrieval: <b>ours</b>": result}, path)
    page = path.read_text()
    fetched = r"(?:src|href)=['\"](?!#)"
    assert not re.findall(fetched, page), "nothing is fetched"
    assert "<svg role=" in page, "plots are vector graphics"
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), "plots do not share ids"
    assert "&lt;b&gt;ours&lt;/b&gt;" in page, "text is escaped"
    assert result.run.data in page
    assert "100.0 [44, 100]" in page
    with pytest.raises(SourceError, match="cannot be written"):
        write_report({}, tmp_path)


def test_tables_show_shares_in_per_cent(result) -> None:
    (table,) = result.tables()
    assert table.columns == ("%", "plain", "- camera mean", "sightings")
    assert table.rows[0] == ("rank1", *["100.0 [44, 100]"] * 3)
    assert figure(0.9333, [0.901, 0.96]) == "93.3 [90, 96]"
    assert figure(None) == "-"


def test_the_record_names_what_was_used(tmp_path) -> None:
    one, other = tmp_path / "a.png", tmp_path / "b.png"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    record = Recorder("x", 7, {"k": 1}).finish({"m": one, "none": None}, [other, one])
    assert record.seed == 7
    assert list(record.weights) == ["m"]
    assert record.data == hash_files([one, other]), "the order of reading does not matter"
    other.write_bytes(b"3")
    assert record.data != hash_files([one, other])
    assert record.machine.cores >= 1


def test_weights_of_two_files_are_hashed_together(tmp_path) -> None:
    (tmp_path / "m.xml").write_bytes(b"net")
    (tmp_path / "m.bin").write_bytes(b"weights")
    before = hash_of(tmp_path / "m.xml")
    (tmp_path / "m.bin").write_bytes(b"other weights")
    assert hash_of(tmp_path / "m.xml") != before
    assert hash_of(tmp_path) != before


def test_what_cannot_run_is_named_and_the_rest_goes_on(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("reid.lab.bench.suite._QUICK_SIZES", (2000,))
    (tmp_path / "data").mkdir()
    suite = Suite(tmp_path / "data", None, "regions", True, 0)
    (suite.data / "pku-reid-dev").mkdir()
    need_none = {"description: filmed venue", "tracking", "venue", "speed"}
    left_out: list[str] = []
    ran = {name for name, _ in run_all(suite, left_out.append)}
    assert ran == need_none, "bundled clips and search need no data"
    for name in ("retrieval: ours", "description: photos", "privacy", "faces", "detection"):
        assert any(why.startswith(name) for why in left_out), f"{name} is not named"
    with pytest.raises(ReidError, match="--data"):
        next(run_all(Suite(tmp_path / "nowhere", None, None, True, 0), left_out.append))
