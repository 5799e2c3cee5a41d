"""`reid bench`: JSON for programs, one line for failures, a quick --help."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reid.cli.main import main
from tests.lab.bench.test_description import three_described  # noqa: F401

KEYS = {"rank1", "rank5", "rank10", "mAP", "mINP", "n_query", "n_gallery", "model_id", "redacted"}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Run `reid bench …` in this process; returns exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["reid", "bench", *arguments])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        return (code, *capfd.readouterr())

    return run


@pytest.mark.parametrize("name", ["retrieval", "description"])
def test_json_has_the_agreed_keys(name: str, three_described: Path, bench) -> None:  # noqa: F811
    code, out, err = bench(name, "--data", str(three_described), "--json")
    assert code == 0, err
    result = json.loads(out)
    assert set(result) >= KEYS
    assert all(0 <= result[key] <= 1 for key in ("rank1", "rank5", "rank10", "mAP", "mINP"))
    assert set(result["run"]) >= {"version", "commit", "weights", "data", "seed", "machine"}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["retrieval", "--data", "/no/such"], 1, "/no/such does not exist"),
        (["retrieval", "--data", ".", "--layout", "cars"], 2, "no layout cars"),
        (["description", "--data", "."], 1, "holds no descriptions.jsonl"),
        (["evidence", "--data", "."], 1, "has no labels of what people wear"),
        (["evidence", "--data", "/no/such"], 1, "/no/such does not exist"),
        (["detection", "--data", "."], 1, "person_keypoints.json does not exist"),
        (["retrieval"], 2, "--data"),
        (["speed", "--sizes", "5"], 2, "at least 1000 sightings"),
        (["speed", "--sizes", "many"], 2, "write numbers"),
        (["speed", "--cameras", "0"], 2, "1 to 64 at once"),
        (["speed", "--video", "no.mp4", "--detector", "no.pt"], 1, "no.pt does not exist"),
        (["fairness", "--data", "."], 1, "reid synth counterfactual"),
        (["tracking", "--data", "."], 1, "MOTChallenge's format"),
        (["venue", "--data", "."], 1, "reid synth venue"),
        (["faces", "--data", ".", "--recogniser", "no.onnx"], 1, "no.onnx does not exist"),
        (["privacy", "--data", "."], 1, "holds no faces"),
        (["all", "--data", "nowhere"], 1, "nowhere does not exist"),
    ],
)
def test_failures_are_one_line(
    arguments: list[str], code: int, says: str, tmp_path: Path, bench, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = bench(*arguments)
    assert status == code
    assert says in " ".join(err.split())
    assert out == ""
    assert "Traceback" not in err


def test_help_does_not_load_the_benchmarks() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "reid.cli.main", "bench", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "retrieval" in done.stdout
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    heavy = {"torch", "openvino", "ultralytics", "lancedb", "scipy", "matplotlib"}
    assert not loaded & heavy
