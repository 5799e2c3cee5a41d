"""Raw pixels stay inside their files: read off the syntax tree of the whole package."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "reid"
MAY_EXPOSE = {"pixels.py", "people.py", "heads.py"}
FILES = sorted(PACKAGE.rglob("*.py"))


def names_used(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    strings = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return attributes | names | imported | {s for s in strings if len(s) < 60}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_raw_pixels_are_exposed_in_three_files_only(path: Path) -> None:
    used = names_used(path)
    if path.parent == PACKAGE and path.name in MAY_EXPOSE:
        return
    assert "expose_unredacted" not in used
    assert "_RawFrame__pixels" not in used


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_seal_of_redacted_pixels_stays_in_its_file(path: Path) -> None:
    if path.parent == PACKAGE and path.name == "pixels.py":
        return
    assert "_SEAL" not in names_used(path)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_ultralytics_is_imported_by_people_and_training_only(path: Path) -> None:
    tree = ast.parse(path.read_text())
    modules = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
    }
    relative = path.relative_to(PACKAGE)
    if relative == Path("people.py") or relative.parts[0] in {"train", "bench"}:
        return
    assert not any(module.split(".")[0] == "ultralytics" for module in modules)
