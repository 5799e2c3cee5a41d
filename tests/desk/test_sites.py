"""No venue sees another's table, cases or audit, but by the one way that both their rules allow."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reid.cli.main import app
from reid.core.errors import AccessError, CaseError, PolicyError
from reid.desk.cases import NewCase, User
from reid.desk.desk import Desk
from reid.desk.parsed_description import ParsedDescription
from reid.desk.sites import SiteQuestion, search_sites
from tests.desk.test_desk import RED, TEXT
from tests.venues import RULES, filled

ANNA = User("anna", "supervisor")
PASSWORD = "correct horse battery"

HOME = RULES.replace("Sunny Park", "Sunny Park West").replace(
    'label = "Missing child"\nbody = true', 'label = "Missing child"\nbody = true\nsites = true'
)
EAST = RULES.replace('name = "Sunny Park"\n', 'name = "East"\naccepts = ["Sunny Park West"]\n')

Made = Callable[[str, str], Desk]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Made]:
    opened = []

    def venue(name: str, rules: str) -> Desk:
        folder = tmp_path / name
        filled(folder)
        (folder / "venue.toml").write_text(rules)
        opened.append(Desk.open(folder))
        return opened[-1]

    yield venue
    for desk in opened:
        desk.records.database.close()


def ask(home: Desk, east: Desk, purpose: str = "missing-child", user: User = ANNA) -> list:
    asked = ParsedDescription.of_sentence(TEXT)
    new = NewCase(purpose, TEXT, asked.to_text(), child_name="Zebedee")
    case = home.records.book.open(new, "anna", 24)
    return search_sites(home, {"east": east}, user, case.id, SiteQuestion(asked))


def lines(desk: Desk) -> list[str]:
    return [line.action for line in desk.records.trail.lines() if "search" in line.action]


def test_what_both_rules_allow_is_answered_and_audited_at_both(make: Made) -> None:
    home, east = make("west", HOME), make("east", EAST)
    (found,) = ask(home, east)
    assert found.site == "east"
    assert found.answer.matches[0].key.id == RED
    assert (lines(home), lines(east)) == (["search.site"], ["search.site"])
    there = east.records.trail.lines()[-1]
    assert there.actor == "Sunny Park West: anna"
    assert json.loads(there.detail)["case"] == "C-1"
    for desk in (home, east):
        assert desk.records.trail.verify().problem is None
        for line in desk.records.trail.lines():
            for secret in ("red", "Zebedee", RED):
                assert secret not in line.detail


def test_a_site_that_does_not_name_the_asker_answers_nothing_and_keeps_a_line(make: Made) -> None:
    home, east = make("west", HOME), make("east", EAST.replace("Sunny Park West", "Somebody"))
    with pytest.raises(PolicyError, match="does not answer Sunny Park West"):
        ask(home, east)
    assert (lines(home), lines(east)) == ([], ["search.site.refused"])


def test_one_site_that_refuses_stops_the_search_of_all(make: Made) -> None:
    home, east = make("west", HOME), make("east", EAST)
    strict = make("strict", RULES)
    asked = ParsedDescription.of_sentence(TEXT)
    case = home.records.book.open(NewCase("missing-child", TEXT, asked.to_text()), "anna", 24)
    with pytest.raises(PolicyError, match="strict"):
        search_sites(home, {"east": east, "strict": strict}, ANNA, case.id, SiteQuestion(asked))
    assert lines(east) == []


@pytest.mark.parametrize("role", ["viewer", "operator", "auditor"])
def test_a_role_that_may_not(make: Made, role: str) -> None:
    home, east = make("west", HOME), make("east", EAST)
    with pytest.raises(AccessError, match="may not search other sites"):
        ask(home, east, user=User("bert", role))  # type: ignore[arg-type]
    assert lines(east) == []


def test_a_case_whose_purpose_is_for_this_venue_alone(make: Made) -> None:
    home, east = make("west", HOME), make("east", EAST)
    with pytest.raises(PolicyError, match="for this venue alone"):
        ask(home, east, "lost-bag")
    assert lines(east) == []


def test_a_case_of_another_venue_is_no_case_here(make: Made) -> None:
    home, east = make("west", HOME), make("east", EAST)
    asked = ParsedDescription.of_sentence(TEXT)
    there = east.records.book.open(NewCase("missing-child", TEXT, asked.to_text()), "eve", 24)
    with pytest.raises(CaseError, match="no case"):
        search_sites(home, {"east": east}, ANNA, there.id, SiteQuestion(asked))
    assert lines(east) == []


def test_each_site_leaves_out_what_its_own_rules_withhold(make: Made) -> None:
    home = make("west", HOME)
    east = make("east", EAST.replace("body = true", "body = false"))
    (found,) = ask(home, east)
    assert "body.age" in found.withheld
    assert not any(r.slot.startswith("body.") for r in found.answer.matches[0].why)


def test_a_site_has_its_own_limit_for_those_who_ask(make: Made) -> None:
    home = make("west", HOME)
    east = make("east", EAST + "\n[moderation]\nsearches_per_hour = 2\n")
    for _ in range(2):
        ask(home, east)
    with pytest.raises(AccessError, match="in an hour"):
        ask(home, east)


def test_the_command_asks_for_a_password(make: Made, tmp_path: Path) -> None:
    rules = HOME + f'\n[sites.east]\naddress = "{tmp_path / "east"}"\n'
    home = make("west", rules)
    make("east", EAST)
    home.records.accounts.add("anna", PASSWORD, "supervisor", "setup")
    home.records.accounts.add("bert", PASSWORD, "operator", "setup")
    asked = ParsedDescription.of_sentence(TEXT)
    home.records.book.open(NewCase("missing-child", TEXT, asked.to_text()), "anna", 24)

    def reid(name: str, password: str):
        words = ["sites", TEXT, "--venue", str(tmp_path / "west"), "--case", "C-1", "--as", name]
        return CliRunner().invoke(app, [*words, "--password-stdin", "--json"], input=password)

    found = json.loads(reid("anna", PASSWORD).stdout)
    assert found[0]["site"] == "east"
    assert found[0]["matches"][0]["sighting"] == RED
    assert "wrong name or password" in str(reid("anna", "wrong").exception)
    assert "may not search other sites" in str(reid("bert", PASSWORD).exception)
