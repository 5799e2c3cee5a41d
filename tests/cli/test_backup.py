"""`reid backup` and `reid restore`: one command each, and they say what may have come back."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from reid.cli import main
from tests.venues import filled


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["reid", *map(str, arguments)])
        code = 0
        try:
            main.main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_lost_and_restored_by_one_command_each(run, tmp_path: Path) -> None:
    park, backups = tmp_path / "park", tmp_path / "backups"
    filled(park)
    backups.mkdir()
    code, out, _ = run("backup", backups, "--venue", park)
    assert code == 0
    (file,) = backups.iterdir()
    assert "30 sightings" in out.replace("\n", " ")
    trail = tmp_path / "trail.jsonl"
    trail.write_text(run("audit", "show", "--venue", park, "--json")[1])
    shutil.rmtree(park)
    code, out, err = run("restore", file, "--venue", park)
    assert code == 0
    assert "everybody has to sign in anew" in out
    assert "nobody outside tells of it" in err.replace("\n", " ")
    assert run("audit", "verify", "--venue", park)[0] == 0
    code, _, err = run("restore", file, "--venue", park)
    assert (code, err.count("\n")) == (2, 1)
    assert "nothing is overwritten" in err
    shutil.rmtree(park)
    code, out, _ = run("restore", file, "--venue", park, "--trail", trail, "--json")
    said = json.loads(out)
    assert (code, said["lost"], said["erased_again"]) == (0, None, [])


@pytest.mark.parametrize("text", ["hello\n", '{"seq": "1"}\n', "[1]\n"])
def test_a_trail_that_is_none_is_one_line(run, tmp_path: Path, text: str) -> None:
    (tmp_path / "trail").write_text(text)
    code, _, err = run("restore", tmp_path / "x", "--venue", tmp_path / "v", "--trail",
                       tmp_path / "trail")  # fmt: skip
    assert (code, err.count("\n")) == (2, 1)
    assert "audit show --json" in err
