"""The command line: documented, and every failure is one line with an exit code."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from PIL import Image

from reid import __version__
from reid.cli import main
from reid.embed import RegionEmbedder
from reid.store import Store
from reid.weights import registry
from tests.making import write_video


def run(monkeypatch, capsys, *arguments: str) -> tuple[int, str, str]:
    """Run `reid` in this process; returns exit code, standard output and standard error."""
    monkeypatch.setattr(sys, "argv", ["reid", *arguments])
    try:
        main.main()
        code = 0
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def reid(monkeypatch, capsys):
    return lambda *arguments: run(monkeypatch, capsys, *map(str, arguments))


def commands(group: typer.core.TyperGroup, prefix: tuple[str, ...] = ()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*prefix, name))
        else:
            yield (*prefix, name), command


ALL = dict(commands(typer.main.get_command(main.app)))


@pytest.mark.parametrize("name", ALL, ids=" ".join)
def test_every_command_shows_an_example(name: tuple[str, ...]) -> None:
    text = " ".join(f"{ALL[name].help or ''} {ALL[name].epilog or ''}".split())
    assert re.search(r"Example: reid " + " ".join(name), text), text


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    Store.create(tmp_path / "venue", RegionEmbedder.model_id, RegionEmbedder.dim)
    return tmp_path / "venue"


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and "Traceback" not in text


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["search", "red hat", "--venue", "nowhere"], 1, "reid index"),
        (["search", "", "--venue", "{venue}"], 2, "say what the person wears"),
        (["search", "   ", "--venue", "{venue}"], 2, "description"),
        (["search", "a muslim", "--venue", "{venue}"], 2, "religion"),
        (["search", "the quick", "--venue", "{venue}"], 2, "say what the person wears"),
        (["search", "red hat", "--venue", "{venue}", "--since", "noonish"], 2, "is not a time"),
        (
            [
                "search",
                "red hat",
                "--venue",
                "{venue}",
                "--since",
                "2026-02-01",
                "--until",
                "2026-01-01",
            ],
            2,
            "swap",
        ),
        (["search", "red hat", "--venue", "{venue}", "--camera", "x' OR 1=1"], 2, "no camera"),
        (["search", "red hat", "--venue", "{venue}", "--sheet", "a.doc"], 2, ".png"),
        (["search", "red hat", "--venue", "{venue}", "--top", "0"], 2, "top"),
        (["index", "missing.mp4", "--venue", "{venue}", "--crops"], 1, "nothing was indexed"),
        (["index", "a.png", "--venue", "{venue}", "--detector", "none.pt"], 1, "none.pt"),
        (["index", "a.png", "--venue", "{venue}", "--start", "soon"], 2, "is not a time"),
        (["similar", "nobody", "--venue", "{venue}"], 2, "nobody"),
        (["journey", "nobody", "--venue", "{venue}"], 2, "nobody"),
        (["erase", "--venue", "{venue}"], 2, "say what to erase"),
        (["models", "info", "gpt"], 1, "reid models list"),
        (["models", "pull", "gpt"], 2, "choose one of"),
        (["redact", "missing.png", "out.png", "--detector", "none.pt"], 1, "none.pt"),
        (["nonsense"], 2, "nonsense"),
        (["search"], 2, "--venue"),
    ],
)
def test_failures_are_one_line(arguments, code: int, says: str, reid, venue: Path) -> None:
    status, printed, error = reid(*[a.format(venue=venue) for a in arguments])
    assert status == code, error
    assert says.lower() in error.lower()
    assert one_line(error.splitlines()[-1] + "\n")
    assert "Traceback" not in error
    assert printed == ""


def test_without_weights_both_remedies_are_named(reid, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(registry, "models_folder", lambda: tmp_path / "no-models")
    monkeypatch.setattr(registry, "pulled_folder", lambda: tmp_path / "no-cache")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    status, _, error = reid("index", tmp_path / "a.png", "--venue", tmp_path / "v")
    assert status == 1
    assert one_line(error)
    assert "reid models pull" in error
    assert "--detector" in error


def test_a_gallery_is_indexed_and_searched(reid, tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    folder.mkdir()
    for name, upper, lower in [
        ("ann", (200, 20, 30), (30, 40, 150)),
        ("bob", (30, 130, 40), (15, 15, 15)),
    ]:
        image = Image.new("RGB", (40, 100), (205, 205, 210))
        image.paste(upper, (10, 22, 30, 50))
        image.paste(lower, (12, 50, 28, 95))
        image.save(folder / f"{name}.png")
    (folder / "broken.png").write_bytes(b"no")
    status, printed, error = reid("index", folder, "--crops", "--venue", tmp_path / "v", "--json")
    assert status == 0
    assert "broken.png" in error
    assert json.loads(printed)["sightings"] == 2
    status, printed, _ = reid(
        "search", "green top, black trousers", "--venue", tmp_path / "v", "--json"
    )
    answer = json.loads(printed)
    assert Path(answer["matches"][0]["source"]).name == "bob.png"
    sighting = answer["matches"][0]["sighting"]
    status, printed, _ = reid("similar", sighting, "--venue", tmp_path / "v", "--json")
    assert len(json.loads(printed)["matches"]) == 1
    status, printed, _ = reid("erase", "--sighting", sighting, "--venue", tmp_path / "v", "--json")
    assert json.loads(printed) == {"erased": 1}
    status, printed, _ = reid("search", "green top", "--venue", tmp_path / "v", "--json")
    assert [Path(m["source"]).name for m in json.loads(printed)["matches"]] == ["ann.png"]


def test_one_bad_source_does_not_stop_the_others(reid, tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.mkdir()
    Image.new("RGB", (20, 50)).save(good / "a.png")
    status, printed, error = reid(
        "index", tmp_path / "missing", good, "--crops", "--venue", tmp_path / "v", "--json"
    )
    assert status == 1
    assert "missing" in error
    assert json.loads(printed)["sightings"] == 1


def test_describe_reads_lines(reid, monkeypatch) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO("red hoodie\n\nblue jeans, no hat\n"))
    status, printed, _ = reid("describe", "-", "--json")
    lines = [json.loads(line) for line in printed.splitlines()]
    assert status == 0
    assert len(lines) == 3
    assert {"slot": "upper.type", "value": "hoodie"}.items() <= lines[0]["slots"][0].items() or any(
        s["value"] == "hoodie" for s in lines[0]["slots"]
    )
    assert lines[1]["slots"] == []
    assert any(s["negated"] for s in lines[2]["slots"])


def test_a_ten_thousand_word_description_is_answered(reid, venue: Path) -> None:
    status, _, error = reid("search", "red hoodie and " * 5000, "--venue", venue, "--json")
    assert status == 0, error


def test_an_empty_venue_finds_nobody(reid, venue: Path) -> None:
    status, printed, _ = reid("search", "red hoodie", "--venue", venue, "--json")
    assert status == 0
    answer = json.loads(printed)
    assert answer["outcome"] == "nobody_fits"
    assert answer["matches"] == []


def test_markup_in_a_description_is_only_text(reid, venue: Path, tmp_path: Path) -> None:
    text = "red [bold]hoodie[/] '; DROP TABLE sightings; -- <script>"
    status, _, error = reid("search", text, "--venue", venue, "--sheet", tmp_path / "s.png")
    assert status == 0, error
    assert Store.open(venue).count() == 0


def test_a_stream_s_password_is_never_printed(reid, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    address = "rtsp://admin:s3cret@127.0.0.1:9/live"
    status, printed, error = reid("redact", address, tmp_path / "o.mp4", "--detector", "none.pt")
    assert status in {1, 2}
    assert "s3cret" not in printed + error


def test_audio_only_is_no_video(reid, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [], audio=True)
    status, _, error = reid("index", path, "--venue", tmp_path / "v", "--detector", "none.pt")
    assert status == 1
    assert one_line(error.splitlines()[-1] + "\n")


def test_a_command_that_leaves_with_a_code_passes_it_on(monkeypatch, capsys) -> None:
    def leave(code: int, **_: object) -> int:
        return code

    for code in (0, 1, 130):
        monkeypatch.setattr(main, "app", lambda code=code, **_: leave(code))
        assert run(monkeypatch, capsys, "version")[0] == code


def test_the_command_runs_without_its_script() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reid.cli", "version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"{__version__}\n"), done.stderr
