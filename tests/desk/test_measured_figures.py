"""The report tells measured figures, says when there are none, and refuses what is no result."""

import json
from pathlib import Path

import pytest

from reid.core.errors import PolicyError
from reid.desk import measured_figures as module
from reid.desk.desk import Desk
from reid.desk.impact_report import report, report_text
from reid.desk.measured_figures import measured_figures
from reid.lab.bench.detection import DetectionResult
from reid.lab.bench.fairness import Differential, FairnessResult
from reid.lab.bench.metrics.summary import Share
from reid.lab.bench.privacy import Attacked, PrivacyResult
from reid.lab.bench.report.record import Record, machine
from reid.weights.registry import Shipped
from tests.venues import MODEL, filled

RULES = '\n[measured]\nprivacy = "privacy.json"\nfairness = "fair.json"\ndetection = "seen.json"\n'


def run_of(benchmark: str) -> Record:
    return Record(
        benchmark=benchmark, settings={}, version="0", commit=None, weights={}, data=None, seed=0,
        machine=machine(), started="2026-05-01T12:00:00+00:00", seconds=1.0,
    )  # fmt: skip


def attacked(accuracy: float) -> Attacked:
    return Attacked(
        accuracy=accuracy, interval=(0.02, 0.05), n=400, chance=0.025, chance_interval=(0.01, 0.04),
        at_chance=accuracy <= 0.04,
    )  # fmt: skip


def by_arm(first: float, second: float) -> dict[str, float]:
    return {"darker": first, "lighter": second}


def results(model: str = MODEL) -> dict[str, dict]:
    privacy = PrivacyResult(
        attacks={"nothing": attacked(0.94), "as shipped, head": attacked(0.033)},
        probes={"linear": attacked(0.2)}, recovered={}, faces_recovered={}, linked={}, hats={},
        people=40, model_id=model, run=run_of("privacy"),
    )  # fmt: skip
    skin = Differential(
        false_match=by_arm(0.011, 0.009), miss=by_arm(0.2, 0.21),
        redaction_failure=by_arm(0.0, 0.004), skin_left=by_arm(0.05, 0.06),
        found=by_arm(0.9, 0.91), worst_to_best_false_match=1.2, worst_to_best={},
        miss_difference=-0.01, found_difference=-0.01, told_from_vector=attacked(0.5),
        intervals={"false_match_ratio": (1.0, 1.5)}, n_people=60,
    )  # fmt: skip
    fairness = FairnessResult(
        changes={"skin": skin}, faces={}, model_id=model, face_model=None, run=run_of("fairness")
    )
    detection = DetectionResult(
        AP50=0.6, AP=0.4, recall=0.83, recall_index=0.7, head_coverage=1.0, intervals={},
        coverage={"head": Share.of(24, 24), "face": Share.of(20, 24)}, coverage_by_size={},
        painted={}, n_images=30, n_people=37, model_id="yolo", heads_model=None,
        run=run_of("detection"),
    )  # fmt: skip
    return {
        "privacy": privacy.to_json(), "fairness": fairness.to_json(),
        "detection": detection.to_json(),
    }  # fmt: skip


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    filled(tmp_path, 3)
    with (tmp_path / "venue.toml").open("a") as rules:
        rules.write(RULES)
    write(tmp_path, results())
    return tmp_path


def write(folder: Path, found: dict[str, dict]) -> None:
    for name, file in (("privacy", "privacy"), ("fairness", "fair"), ("detection", "seen")):
        (folder / f"{file}.json").write_text(json.dumps(found[name]))


def test_leak_heads_and_groups_are_told_with_their_intervals(venue: Path) -> None:
    found = report(Desk.open(venue), "anna")["measured"]
    stored = found["privacy"]["figures"]["recogniser retrained on stored pictures"]
    assert stored["accuracy"] == 0.033
    assert found["detection"]["figures"]["head_coverage"]["hits"] == 24
    assert found["fairness"]["figures"]["skin"]["miss"] == {"darker": 0.2, "lighter": 0.21}
    text = report_text(report(Desk.open(venue), "anna"))
    for line in (
        "right in 3.3 % [2.0, 5.0], guessing 2.5 %: no better than guessing",
        "probe on stored vectors, linear: right in 20.0 % [2.0, 5.0], guessing 2.5 %: LEAK",
        "faces wholly covered: 24 of 24 (100.0 %",
        "skin: false matches darker 1.1 % / lighter 0.9 %; misses darker 20.0 % / lighter 21.0 %",
        "of them with skin darker 5.0 % / lighter 6.0 %",
    ):
        assert line in text, line
    assert "CAREFUL" not in text


def test_figures_of_another_model_are_marked(venue: Path) -> None:
    write(venue, results("other-1"))
    found = report(Desk.open(venue), "anna")
    assert not found["measured"]["privacy"]["of_the_model_in_use"]
    assert report_text(found).count("CAREFUL") == 2, "leak and groups; the detector is another's"


def test_nothing_measured_is_said(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    desk = Desk.open(tmp_path)
    assert not any(m["measured"] for m in report(desk, "anna")["measured"].values())
    assert report_text(report(desk, "anna")).count("NOT MEASURED; run `reid bench") == 3


def test_figures_beside_the_weights_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path / "venue", 3)
    folder = tmp_path / "models" / "ours"
    folder.mkdir(parents=True)
    (folder / "figures.json").write_text(json.dumps({"privacy": results()["privacy"]}))
    weights = Shipped("ours", "embedder", MODEL, folder, {}, "x", "", "AGPL-3.0")
    monkeypatch.setattr(module.registry, "shipped", lambda: [weights])
    desk = Desk.open(tmp_path / "venue")
    leak, heads, groups = measured_figures(desk.folder, desk.policy, MODEL)
    assert leak.origin == "models/ours/figures.json"
    assert leak.figures is not None
    assert heads.figures is groups.figures is None
    assert measured_figures(desk.folder, desk.policy, "another")[0].figures is None


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"run": 3}', '{"run": {"benchmark": "speed"}}', None]
)
def test_what_is_no_result_is_refused_in_one_line(venue: Path, content: str | None) -> None:
    path = venue / "privacy.json"
    path.unlink() if content is None else path.write_text(content)
    desk = Desk.open(venue)
    with pytest.raises(PolicyError) as refused:
        measured_figures(desk.folder, desk.policy, MODEL)
    assert "\n" not in str(refused.value)
    assert "privacy.json" in str(refused.value)


def test_a_result_of_another_benchmark_is_refused(venue: Path) -> None:
    (venue / "privacy.json").write_text(json.dumps(results()["fairness"]))
    desk = Desk.open(venue)
    with pytest.raises(PolicyError, match="is no result of `reid bench privacy"):
        measured_figures(desk.folder, desk.policy, MODEL)
