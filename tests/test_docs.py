"""What is documented is there, and what is there is documented."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
import typer
from pydantic import BaseModel

from reid.cli.main import app
from reid.desk.policy.rules import Policy
from reid.desk.policy.template import TEMPLATE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = {
    "README.md": README,
    ".github/CONTRIBUTING.md": CONTRIBUTING,
    **{
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("reid/lab", "models")
        for path in (ROOT / folder).rglob("*.md")
    },
}
PROGRAM = typer.main.get_command(app)
GROUPED = {"policy", "audit", "user", "case", "models", "synth", "train", "bench", "service"}


def commands(
    group: click.Command = PROGRAM, path: str = "reid"
) -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its full name."""
    inner = getattr(group, "commands", None)
    if inner is None:
        yield path, group
        return
    for name, command in inner.items():
        yield from commands(command, f"{path} {name}")


COMMANDS = dict(commands())


def examples(command: click.Command) -> list[str]:
    said = f"{command.help or ''}\n{command.epilog or ''}"
    return [line.strip() for line in re.findall(r"Example:\s+(reid .+)", said)]


def spoken(text: str) -> list[str]:
    """Return the command lines of a page: after a prompt, and in backquotes."""
    text = text.replace("\\\n", " ")
    lines = re.findall(r"^(?:    )?\$ (reid .+)$|^(?:    )(reid [a-z].+)$", text, re.MULTILINE)
    quoted = re.findall(r"`(reid [a-z][^`]*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [" ".join(line.split()) for line in [*(a or b for a, b in lines), *quoted]]


def problem(line: str) -> str:
    """Say what is wrong with a command line, "" if nothing is: its command and its options."""
    words = shlex.split(line.replace("…", ""), comments=True)[1:]
    command: click.Command = PROGRAM
    while words and (inner := getattr(command, "commands", None)):
        if words[0] not in inner:
            return "" if not re.fullmatch(r"[a-z-]+", words[0]) else f"no command {words[0]}"
        command = inner[words.pop(0)]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    used = [word.partition("=")[0] for word in words if word.startswith("--")]
    return next((f"no option {name}" for name in used if name not in {*known, "--help"}), "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_an_example_that_parses(name: str) -> None:
    command = COMMANDS[name]
    assert (command.help or "").strip(), f"{name} has no help"
    lines = examples(command)
    assert lines, f"{name} has no line `Example: {name} …`"
    for line in lines:
        assert line.startswith(name), line
        arguments = shlex.split(line)[len(name.split()) :]
        command.make_context(name, arguments)  # raises where it does not parse


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help(name: str) -> None:
    without = [
        each.opts[0] for each in COMMANDS[name].params if not (getattr(each, "help", "") or "")
    ]
    assert without == [], f"{name}: these options say nothing"


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_options_on_a_page_exist(page: str) -> None:
    wrong = [f"{line}: {what}" for line in spoken(PAGES[page]) if (what := problem(line))]
    assert wrong == []


def test_a_page_is_read_and_a_wrong_line_is_told() -> None:
    assert len(spoken(README)) > 25
    assert problem("reid search 'x' --venue park --top 3") == ""
    assert problem("reid seek x") == "no command seek"
    assert problem("reid bench walk") == "no command walk"
    assert problem("reid search x --wher=park") == "no option --wher"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_named_in_the_documentation(name: str) -> None:
    """By itself, or a command of a group by the group."""
    group = " ".join(name.split()[:2])
    said = name if name.split()[1] not in GROUPED else group
    assert said == "reid version" or re.search(rf"{said}(?![\w-])", README), f"README: {said}"


def settings(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Yield every setting of venue.toml, as ``cameras.*.place``."""
    for name, about in model.model_fields.items():
        inner = [a for a in (about.annotation, *get_args(about.annotation)) if isinstance(a, type)]
        parts = [a for a in inner if issubclass(a, BaseModel)]
        if not parts:
            yield f"{path}{name}"
        for part in parts:
            several = "*." if part is not about.annotation else ""
            yield from settings(part, f"{path}{name}.{several}")


def test_every_setting_of_a_venue_is_in_the_template() -> None:
    tables: dict[str, str] = {}
    for part in re.split(r"^(?=(?:# )?\[)", TEMPLATE, flags=re.MULTILINE):
        if head := re.match(r"(?:# )?\[(\w+)", part):
            tables[head.group(1)] = tables.get(head.group(1), "") + part
    found = list(settings(Policy))
    assert len(found) > 30
    missing = [
        name
        for name in found
        if not re.search(
            rf"^(?:# ?)?{name.split('.')[-1]}\s*=", tables.get(name.split(".")[0], ""), re.MULTILINE
        )
    ]
    assert missing == [], "`reid policy init` does not show these"


def test_contributing_names_every_room_and_only_what_exists() -> None:
    folder = ROOT / "reid"
    rooms = {f"reid/{p.name}/" for p in folder.iterdir() if p.is_dir() and p.name[0] not in "_."}
    loose = {f"reid/{p.name}" for p in folder.glob("*.py") if p.name != "__init__.py"}
    named = re.findall(r"^\| `(reid/[\w./]+)` \|", CONTRIBUTING, re.MULTILINE)
    assert sorted(named) == sorted(rooms | loose)
    paths = re.findall(r"`((?:reid|tests|models)/[\w./-]+)`", CONTRIBUTING)
    gone = [path for path in paths if "xx" not in path and not (ROOT / path).exists()]
    assert gone == []


def test_contributing_lists_rooms_in_the_order_of_imports() -> None:
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (layers,) = re.findall(r'containers = \["reid"\]\n.*?layers = \[(.*?)\]', contract, re.DOTALL)
    floors = [re.findall(r"\w+", floor) for floor in re.findall(r'"([^"]+)"', layers)]
    named = re.findall(r"^\| `reid/(\w+)[./]", CONTRIBUTING, re.MULTILINE)
    height = {room: number for number, floor in enumerate(floors) for room in floor}
    listed = [height[room] for room in named if room in height]
    assert listed == sorted(listed)
    assert set(height) <= set(named)


def test_names_said_in_contributing_are_in_the_code() -> None:
    sources = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "reid").rglob("*.py"))
    tests = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("*.py"))
    names = set(re.findall(r"`([A-Za-z_]\w*)(?:\(\))?`", CONTRIBUTING))
    known = {"pytest", "ruff", "mypy", "reid", "unread", "adjectives", "endings", "sounds"}
    assert [n for n in sorted(names - known) if not re.search(rf"\b{n}\b", sources + tests)] == []


def test_links_lead_somewhere() -> None:
    for page, text in PAGES.items():
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text):
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"
