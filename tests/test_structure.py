"""Modules import each other in one direction: no circle, not even one that a function closes."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def modules() -> dict[str, Path]:
    """Return the package's modules by name."""
    found = {}
    for path in (ROOT / "reid").rglob("*.py"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def imported(source: str, name: str, known: frozenset[str], is_package: bool) -> set[str]:
    """Return the modules that a module's source imports anywhere, in functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = name.split(".") + ([""] if is_package else [])
                base = ".".join([*above[: -node.level], *filter(None, [node.module])])
            for alias in node.names:
                below = f"{base}.{alias.name}"
                found.add(below if below in known else base)
    return (found & known) - {name}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return modules of which each imports the next and the last the first; none: no circle."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return way[way.index(name) :]
        if name in done:
            return []
        for other in sorted(graph[name]):
            if found := walk(other, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def test_no_modules_import_each_other_in_a_circle() -> None:
    paths = modules()
    graph = {
        name: imported(path.read_text(), name, frozenset(paths), path.name == "__init__.py")
        for name, path in paths.items()
    }
    assert len(graph["reid.cli.main"]) > 5, "imports are not found"
    found = circle(graph)
    assert not found, "imports go round: " + " -> ".join([*found, *found[:1]])


def test_a_circle_is_found_wherever_it_is_closed() -> None:
    known = frozenset({"reid", "reid.a", "reid.a.b", "reid.c"})
    sources = {
        "reid": "",
        "reid.a": "from . import b",
        "reid.a.b": "def f():\n    from reid import c",
        "reid.c": "if TYPE_CHECKING:\n    from .a import f",
    }
    graph = {name: imported(text, name, known, name == "reid.a") for name, text in sources.items()}
    assert graph == {"reid": set(), "reid.a": {"reid.a.b"}, "reid.a.b": {"reid.c"},
                     "reid.c": {"reid.a"}}  # fmt: skip
    assert circle(graph) == ["reid.a", "reid.a.b", "reid.c"]
    assert circle(graph | {"reid.c": set()}) == []


@pytest.mark.parametrize(
    "module",
    [
        "reid.desk.policy",
        "reid.desk.cases",
        "reid.desk.parsed_description",
        "reid.watch.status",
        "reid.web.translations",
    ],
)
def test_what_needs_no_sightings_loads_no_table(module: str) -> None:
    program = f"import sys, {module}; print('lancedb' in sys.modules, 'reid.store' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == ["False", "False"], f"{module} loads the store"
