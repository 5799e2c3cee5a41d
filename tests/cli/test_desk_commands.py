"""A venue with rules, from the command line: no case, no search; everything leaves its line."""

import io
import json
import re
import shlex
import socket
import sys
from pathlib import Path

import pytest

from reid.cli import main
from reid.desk.desk import Desk
from reid.web.translations import words
from tests.fast import cheap_hashes  # noqa: F401
from tests.venues import filled, write_rules

RED = "s" + "0" * 23
TEXT = "red top, blue trousers"


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["reid", *map(str, arguments)])
        try:
            main.main()
            code = 0
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    filled(tmp_path / "park")
    return tmp_path / "park"


def open_case(run, venue: Path) -> None:
    code, out, _ = run("case", "open", TEXT, "--purpose", "missing-child", "--venue", venue)
    assert code == 0
    assert "C-1" in out


@pytest.mark.parametrize("command", [("search", TEXT), ("similar", RED), ("journey", RED)])
def test_no_case_no_search(run, venue: Path, command: tuple[str, ...]) -> None:
    code, _, err = run(*command, "--venue", venue)
    assert code == 2
    assert "no case, no search" in err
    code, _, err = run(*command, "--venue", venue, "--case", "C-9")
    assert code == 1
    assert "no case C-9" in err


@pytest.mark.parametrize("command", [("search", TEXT), ("similar", RED), ("journey", RED)])
def test_within_a_case_every_question_leaves_a_line(run, venue: Path, command) -> None:
    open_case(run, venue)
    code, out, _ = run(*command, "--venue", venue, "--case", "C-1", "--json")
    assert code == 0
    assert json.loads(out)
    lines = run("audit", "show", "--venue", venue, "--json")[1].splitlines()
    actions = [json.loads(line)["action"] for line in lines]
    assert actions == ["case.open", command[0]]
    assert RED not in "".join(lines)


def test_a_sheet_is_an_export(run, venue: Path, tmp_path: Path) -> None:
    open_case(run, venue)
    run("search", TEXT, "--venue", venue, "--case", "c-1", "--sheet", tmp_path / "a.png")
    assert '"export"' in run("audit", "show", "--venue", venue, "--json")[1]


def test_case_from_open_to_erased(run, venue: Path) -> None:
    open_case(run, venue)
    assert run("case", "close", "C-1", "--outcome", "found-safe", "--venue", venue)[0] == 0
    assert run("erase", "--case", "C-1", "--venue", venue)[0] == 0
    assert json.loads(run("case", "list", "--venue", venue, "--json")[1])[0]["state"] == "erased"
    assert run("erase", "--case", "C-1", "--venue", venue)[0] == 1
    code, out, _ = run("audit", "verify", "--venue", venue, "--json")
    assert code == 0
    assert json.loads(out)["ok"]


def test_a_changed_trail_fails(run, venue: Path) -> None:
    open_case(run, venue)
    (venue / "audit.head").write_text("9 " + "0" * 64)
    code, _, err = run("audit", "verify", "--venue", venue)
    assert code == 1
    assert "does not hold" in err


def test_expired_is_for_a_timer(run, venue: Path) -> None:
    rules = (venue / "venue.toml").read_text()
    short = rules.replace("[signs]", "retention_hours = 0.25\n\n[signs]")
    (venue / "venue.toml").write_text(short)
    code, out, _ = run("erase", "--expired", "--venue", venue, "--json")
    assert code == 0
    assert json.loads(out)["erased"] == 15


def test_rules_are_checked(run, venue: Path, tmp_path: Path) -> None:
    assert "rules hold" in run("policy", "check", "--venue", venue)[1]
    (venue / "venue.toml").write_text(
        (venue / "venue.toml").read_text().replace('place = "shop"', 'place = "toilet"')
    )
    for command in (("policy", "check"), ("serve",), ("search", TEXT), ("watch",)):
        code, _, err = run(*command, "--venue", venue)
        assert code == 1
        assert "cameras are forbidden in a toilet" in err
    assert run("policy", "check", "--venue", tmp_path / "nowhere")[0] == 1


def test_an_undeclared_camera_is_not_indexed(run, venue: Path, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (40, 90)).save(tmp_path / "roof.png")
    code, _, err = run("index", tmp_path / "roof.png", "--crops", "--venue", venue)
    assert code == 1
    assert "[cameras.roof]" in err


def test_a_template_and_a_sign(run, tmp_path: Path) -> None:
    venue = tmp_path / "new"
    assert run("policy", "init", "--venue", venue)[0] == 0
    assert "warning signs" in run("policy", "check", "--venue", venue)[2]
    assert run("policy", "init", "--venue", venue)[0] == 2
    write_rules(venue)
    assert run("policy", "sign", tmp_path / "sign.html", "--venue", venue)[0] == 0
    assert "No faces are kept" in (tmp_path / "sign.html").read_text()


def hinted(message: str) -> list[str]:
    """Return the command that a message says to run."""
    found = re.search(r"`reid ([^`]+)`", message)
    assert found, message
    return shlex.split(found.group(1))


def test_each_hint_on_the_way_to_rules_leads_on(run, tmp_path: Path, monkeypatch) -> None:
    """From nothing to rules that hold, doing what each message says and nothing else."""
    monkeypatch.chdir(tmp_path)
    said, done = "", []
    for _ in range(6):
        code, _, err = run("policy", "check", "--venue", "park")
        if code == 0:
            break
        assert err != said, "the hint did not help"
        said, hint = err, hinted(err)
        done.append(" ".join(hint[:2]))
        hint = [*hint, *(["--venue", "park"] if "--venue" not in hint else [])]
        assert run(*hint)[0] == 0, f"{hint} fails"
        rules = tmp_path / "park" / "venue.toml"
        if done[-1] == "policy sign":
            rules.write_text(rules.read_text().replace("posted = false", "posted = true"))
    assert code == 0
    assert done == ["policy init", "policy sign"]
    assert "Cameras help us find lost children" in (tmp_path / "sign.html").read_text()


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "zh"])
def test_a_sign_without_a_text_speaks_the_venues_language(
    run, tmp_path: Path, language: str
) -> None:
    rules = write_rules(tmp_path) / "venue.toml"
    text = rules.read_text().replace("[venue]", f'[venue]\nlanguage = "{language}"', 1)
    rules.write_text("\n".join(one for one in text.splitlines() if not one.startswith("text =")))
    assert run("policy", "sign", tmp_path / "sign.html", "--venue", tmp_path)[0] == 0
    page = (tmp_path / "sign.html").read_text()
    assert words().translator(language)("sign.text") in page
    assert f'lang="{language}"' in page


def test_report(run, venue: Path) -> None:
    found = json.loads(run("policy", "report", "--venue", venue, "--json")[1])
    assert found["sightings_stored"] == 30
    assert "race" in found["never_estimated"]
    assert "IMPACT REPORT" in run("policy", "report", "--venue", venue)[1]


def test_staff(run, venue: Path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    code, out, _ = run(
        "user", "add", "anna", "--role", "operator", "--venue", venue, "--password-stdin"
    )
    assert code == 0
    assert "anna" in out
    assert run("user", "disable", "anna", "--venue", venue)[0] == 0
    assert json.loads(run("user", "list", "--venue", venue, "--json")[1])[0]["disabled"]


@pytest.mark.parametrize(
    "options",
    [("--host", "0.0.0.0"), ("--tls-key", "k.pem"), ("--tls-key", "k", "--tls-certificate", "c")],
)
def test_serving_others_needs_tls(run, venue: Path, options: tuple[str, ...]) -> None:
    code, _, err = run("serve", "--venue", venue, *options)
    assert code == 2
    assert err.count("\n") == 1


def test_files_that_are_no_certificate_and_key_are_one_line(run, venue: Path) -> None:
    for name in ("c.pem", "k.pem"):
        (venue / name).write_text("not a key")
    options = ("--tls-certificate", venue / "c.pem", "--tls-key", venue / "k.pem")
    code, _, err = run("serve", "--venue", venue, *options)
    assert (code, err.count("\n")) == (2, 1)
    assert "PEM certificate" in err


def test_a_port_in_use_is_said_and_nothing_is_announced(run, venue: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = run("serve", "--venue", venue, "--port", str(port))
    assert code == 2
    assert f"cannot listen at 127.0.0.1:{port}" in err
    assert "--port" in err
    assert "http" not in out


def test_upkeep_of_a_venue_without_sightings_does_what_there_is_to_do(run, tmp_path: Path) -> None:
    venue = tmp_path / "new"
    venue.mkdir()
    write_rules(venue)
    code, _, _ = run("case", "open", TEXT, "--purpose", "missing-child", "--venue", venue)
    assert code == 0
    code, out, _ = run("maintain", "--venue", venue)
    assert (code, out) == (0, "no sightings are stored yet: nothing else needed it\n")
    code, out, _ = run("maintain", "--venue", venue, "--json")
    assert (code, json.loads(out)["sightings"]) == (0, 0)
    book = Desk.open(venue).records.book
    book.extend(1, -1000, "anna")
    code, out, _ = run("maintain", "--venue", venue)
    assert "erased, over their time: sightings 0, cases 1" in out
    assert book.get(1).outcome == "expired"


def test_upkeep_of_a_venue_that_is_not_there_names_what_is_missing(run, tmp_path: Path) -> None:
    code, _, err = run("maintain", "--venue", tmp_path / "misspelt")
    assert code == 1
    assert "holds no sightings" in err
