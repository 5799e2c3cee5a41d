"""Questions: the same answer with rules and without; each counts, and leaves its line, at the desk.

`KINDS` lists every kind of question by every way to ask it. One that is added has to be added here
(`test_no_question_passes_by_the_desk` finds it), and is then held to the venue's rules.
"""

import ast
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from reid.cli import main
from reid.cli.answers import similar_json
from reid.core.errors import AccessError, UsageError
from reid.core.records import SearchWindow, SimilarMatch
from reid.desk.cases import NewCase, User
from reid.desk.desk import QUESTIONS, Desk
from reid.desk.parsed_description import ParsedDescription
from reid.desk.sites import SiteQuestion, search_sites
from reid.search import snapshot
from reid.venue import open_venue
from reid.web.app import create_app
from tests.desk.test_desk import RED, TEXT
from tests.desk.test_sites import EAST, HOME
from tests.fast import cheap_hashes  # noqa: F401
from tests.venues import filled
from tests.web.conftest import PASSWORD, Browser

ANNA = User("anna", "supervisor")
ANYWHERE = SearchWindow()


@dataclass
class Asker:
    """Somebody at a venue that allows two questions an hour, with an open case."""

    desk: Desk
    east: Desk
    browser: Browser
    monkeypatch: pytest.MonkeyPatch

    def cli(self, *words: str) -> None:
        """Run a command as anna; raise what it says where it fails."""
        said = io.StringIO()
        arguments = ["reid", *words, "--venue", str(self.desk.folder), "--case", "C-1", "--json"]
        self.monkeypatch.setattr(sys, "argv", arguments)
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))
        self.monkeypatch.setattr(main, "complain", said.write)
        try:
            main.main()
        except SystemExit as leaving:
            raise AccessError(said.getvalue()) from leaving

    def web(self, path: str, part: bool = True, **data: object) -> None:
        """Send a form as anna; raise what the page says where it is refused."""
        answer = self.browser.fill(f"/case/1{path}", part=part, **data)
        if answer.status_code == 303:
            answer = self.browser.get(answer.headers["location"], headers={"accept": "text/html"})
        if answer.status_code != 200:
            raise AccessError(answer.text)

    def page(self) -> None:
        """Open the case's page, which searches."""
        answer = self.browser.get("/case/1", headers={"accept": "text/html"})
        if answer.status_code != 200:
            raise AccessError(answer.text)

    def questions(self) -> list[str]:
        """Return the audit lines of questions at home."""
        return [one.action for one in self.desk.records.trail.lines() if one.action in QUESTIONS]


def understood() -> ParsedDescription:
    return ParsedDescription.of_sentence(TEXT)


KINDS: dict[str, tuple[str, Callable[[Asker], object]]] = {
    "desk search": ("search", lambda a: a.desk.search(1, understood(), ANYWHERE, "anna")),
    "desk similar": ("similar", lambda a: a.desk.similar(1, RED, ANYWHERE, "anna")),
    "desk journey": ("journey", lambda a: a.desk.journey(1, RED, ANYWHERE, "anna")),
    "desk sites": (
        "search.site",
        lambda a: search_sites(a.desk, {"east": a.east}, ANNA, 1, SiteQuestion(understood())),
    ),
    "cli search": ("search", lambda a: a.cli("search", TEXT)),
    "cli similar": ("similar", lambda a: a.cli("similar", RED)),
    "cli journey": ("journey", lambda a: a.cli("journey", RED)),
    "cli sites": (
        "search.site", lambda a: a.cli("sites", TEXT, "--as", "anna", "--password-stdin")
    ),
    "web page": ("search", lambda a: a.page()),
    "web search": ("search", lambda a: a.web("/search")),
    "web search, then its page": ("search", lambda a: a.web("/search", part=False)),
    "web decide": ("search", lambda a: a.web("/decide", sighting=RED, verdict="confirmed")),
    "web similar": ("similar", lambda a: a.web("/similar", sighting=RED)),
}  # fmt: skip


@pytest.fixture
def asker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asker]:
    monkeypatch.setattr("reid.venue.actor", lambda: "anna")
    rules = HOME + f'\n[sites.east]\naddress = "{tmp_path / "east"}"\n'
    desks = []
    for name, text in (("west", rules + "\n[moderation]\nsearches_per_hour = 2\n"), ("east", EAST)):
        filled(tmp_path / name)
        (tmp_path / name / "venue.toml").write_text(text)
        desks.append(Desk.open(tmp_path / name))
    home, east = desks
    home.records.accounts.add("anna", PASSWORD, "supervisor", "setup")
    home.records.book.open(NewCase("missing-child", TEXT, understood().to_text()), "setup", 24)
    browser = Browser(create_app(home), follow_redirects=False, raise_server_exceptions=False)
    yield Asker(home, east, browser.sign_in("anna"), monkeypatch)
    for desk in desks:
        desk.records.database.close()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_leaves_exactly_one_line(asker: Asker, kind: str) -> None:
    action, ask = KINDS[kind]
    ask(asker)
    assert asker.questions() == [action], kind


@pytest.mark.parametrize("third", KINDS)
@pytest.mark.parametrize(
    "before", [("search", "similar"), ("journey", "sites"), ("similar", "similar")]
)
def test_the_third_of_any_mixture_is_refused(
    asker: Asker, before: Sequence[str], third: str
) -> None:
    for kind in before:
        KINDS[f"desk {kind}"][1](asker)
    with pytest.raises(AccessError, match="more than 2 searches in an hour: ask a supervisor"):
        KINDS[third][1](asker)
    assert len(asker.questions()) == 2, f"{third} left a line though it was refused"


@pytest.mark.parametrize("first", [k for k in KINDS if not k.startswith("desk")])
def test_what_is_asked_by_command_or_page_counts_at_the_desk(asker: Asker, first: str) -> None:
    KINDS[first][1](asker)
    asker.desk.journey(1, RED, ANYWHERE, "anna")
    with pytest.raises(AccessError, match="more than 2"):
        asker.desk.similar(1, RED, ANYWHERE, "anna")


def test_questions_at_the_same_moment_do_not_slip_by(asker: Asker) -> None:
    asker.desk.snapshots.get()

    def ask(number: int) -> bool:
        try:
            KINDS[f"desk {('search', 'similar', 'journey')[number % 3]}"][1](asker)
        except AccessError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        answered = list(pool.map(ask, range(12)))
    assert sum(answered) == len(asker.questions()) == 2


def test_several_sites_are_several_questions(asker: Asker) -> None:
    sites = dict.fromkeys(("east", "again", "once more"), asker.east)
    with pytest.raises(AccessError, match="more than 2"):
        search_sites(asker.desk, sites, ANNA, 1, SiteQuestion(understood()))
    assert [one.action for one in asker.east.records.trail.lines()] == []


def test_looking_and_exporting_are_audited_but_ask_nothing(asker: Asker) -> None:
    asker.desk.view(1, RED, "anna")
    asker.desk.note_export(1, "sheet", 3, "anna")
    asker.browser.get("/case/1/map", headers={"accept": "text/html"})
    asker.browser.get("/case/1/sheet", headers={"accept": "text/html"})
    actions = [line.action for line in asker.desk.records.trail.lines(1)]
    assert actions == ["case.open", "view", "export", "export"]
    for _ in range(2):
        asker.desk.journey(1, RED, ANYWHERE, "anna")


def test_a_question_that_cannot_be_answered_leaves_no_line(asker: Asker) -> None:
    for ask in (asker.desk.similar, asker.desk.journey):
        with pytest.raises(UsageError, match="not stored"):
            ask(1, "nobody", ANYWHERE, "anna")
    assert asker.questions() == []


def answers(folder: Path, window: SearchWindow) -> list[list[SimilarMatch]]:
    """Return what is said to be similar to, and on the way of, some sightings."""
    venue = open_venue(folder, "C-1")
    named = ["s" + f"{i:023d}" for i in (0, 7, 29)]
    return [
        *(venue.similar(sighting, window, top) for sighting, top in product(named, (1, 10, 99))),
        *(venue.journey(sighting, window) for sighting in named),
    ]


@pytest.mark.parametrize("limit", [snapshot.VECTORS_UP_TO, 0], ids=["in memory", "from the table"])
@pytest.mark.parametrize("cameras", [(), ("gate", "shop")])
def test_answers_are_the_same_with_rules_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, cameras: Sequence[str]
) -> None:
    monkeypatch.setattr(snapshot, "VECTORS_UP_TO", limit)
    filled(tmp_path)
    desk = Desk.open(tmp_path)
    desk.records.book.open(NewCase("missing-child", TEXT, understood().to_text()), "anna", 24)
    window = SearchWindow(cameras=tuple(cameras))
    ruled = answers(tmp_path, window)
    desk.records.database.close()
    (tmp_path / "venue.toml").unlink()
    plain = answers(tmp_path, window)
    assert [similar_json(one) for one in ruled] == [similar_json(one) for one in plain]
    assert all(plain), "every question has an answer"
    assert [len(one) for one in plain[:2]] == [1, 10]


QUESTION_NAMES = {"search", "search_snapshot", "similar", "journey", "rank"}
ABOVE_THE_DESK = ["cli", "fleet", "watch", "web"]


def sources() -> list[Path]:
    root = Path(main.__file__).parents[1]
    found = [root / name for name in ABOVE_THE_DESK]
    return [path for one in found for path in ([one] if one.is_file() else one.rglob("*.py"))]


@pytest.mark.parametrize("path", sources(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_question_passes_by_the_desk(path: Path) -> None:
    """No page or command takes a question to the store, or writes an audit line of its own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module in {
            "reid.search.questions",
            "reid.rank",
        }:
            taken = QUESTION_NAMES & {name.name for name in node.names}
            assert not taken, f"{path.name} asks the store itself: {taken}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            at = ast.unparse(node.func)
            assert not at.endswith("book.note"), f"{path.name} writes an audit line: {at}"
            assert at != "desk.store.similar", f"{path.name} asks the store itself"


def test_nobody_asks_twice_whether_a_venue_has_rules() -> None:
    for path in Path(main.__file__).parents[1].rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for fork in ("if desk is None", "desk is not None"):
            assert fork not in text, f"{path.name} forks on rules: ask `open_venue`"
