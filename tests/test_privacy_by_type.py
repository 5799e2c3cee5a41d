"""Raw pixels stay inside their files: read off the syntax tree, and off its types."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "reid"
FILES = sorted(PACKAGE.rglob("*.py"))

LAB = ("lab/bench/", "lab/train/", "lab/synth/")
KEPT = {
    "expose_unredacted": ("core/pixels.py", "detect/yolo.py", "detect/faces.py"),
    "_RawFrame__pixels": ("core/pixels.py",),
    "_SEAL": ("core/pixels.py",),
    "of_head_finder": ("core/pixels.py", "detect/head_regions.py"),
    "of_known_boxes": ("core/pixels.py", *LAB),
    "regions_left": ("detect/head_regions.py", "detect/last_check.py"),
    "redact_again": ("core/pixels.py", "detect/last_check.py"),
    "regions_to_redact": ("detect/head_regions.py", "pipeline.py", *LAB),
    "crop_regions_to_redact": ("detect/head_regions.py", "detect/person_crops.py", *LAB),
    "keep_head_for_research": ("core/pixels.py", "lab/research_image.py"),
    "with_head": ("lab/research_image.py", *LAB),
    "ResearchImage": ("lab/research_image.py", *LAB),
    "ResearchCrop": ("core/pixels.py", "lab/research_image.py", *LAB),
}
"""What opens or fakes a seal, and the files and folders that may name it."""


def names_used(source: str) -> set[str]:
    """Return every name that a source says: used, imported, defined, or spelt in a short string."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            spelt = [alias.name for alias in node.names]
            spelt += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found.update(part for name in spelt for part in name.split("."))
        elif isinstance(node, ast.Constant | ast.BinOp) and len(text := _text(node)) < 60:
            found.update(re.findall(r"\w+", text))
    return found


def _text(node: ast.AST) -> str:
    """Return a constant string, put together from pieces or not."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    return ""


def imported(source: str) -> set[str]:
    """Return the dotted names that a source imports, from modules with the name itself."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found.update(f"{node.module or ''}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("name", KEPT)
def test_what_opens_a_seal_is_named_where_it_may_be(name: str) -> None:
    naming = {relative(path) for path in FILES if name in names_used(path.read_text())}
    assert naming, f"{name} is gone: strike it from the list"
    assert [path for path in sorted(naming) if not path.startswith(KEPT[name])] == []


@pytest.mark.parametrize(
    "source",
    [
        "HeadRegions.of_known_boxes(ref, boxes)",
        "import reid.core.pixels as p\nmake = p.HeadRegions.of_known_boxes\nmake(ref, boxes)",
        "from reid.other import of_known_boxes as innocent",
        "import reid.of_known_boxes",
        "getattr(HeadRegions, 'of_known_boxes')",
        "getattr(HeadRegions, 'of_' + 'known' + '_boxes')",
        "operator.attrgetter('HeadRegions.of_known_boxes')(pixels)",
        "vars(HeadRegions)['of_known_boxes']",
        "def f():\n    of_known_boxes",
    ],
)
def test_a_name_is_seen_however_it_is_reached(source: str) -> None:
    assert "of_known_boxes" in names_used(source)


def test_the_product_imports_nothing_of_the_laboratorys_raw_images() -> None:
    for path in FILES:
        if not relative(path).startswith(("lab/research_image.py", *LAB)):
            names = imported(path.read_text())
            assert not any(name.startswith("reid.lab.research_image") for name in names), path


def test_what_was_seen_in_a_frame_is_said_by_the_pipeline_alone() -> None:
    """So that `empty regions` always means: looked for in this frame, and nobody there."""
    for path in FILES:
        source = path.read_text()
        if relative(path).startswith(("detect/head_regions.py", "pipeline.py", *LAB)):
            continue
        of_heads = {
            name for name in imported(source) if name.startswith("reid.detect.head_regions")
        }
        assert not of_heads or "FrameDetections" not in names_used(source), path


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_ultralytics_is_imported_by_detection_and_training_only(path: Path) -> None:
    if relative(path).startswith(
        ("detect/yolo.py", "detect/tracker.py", "lab/train/", "lab/bench/")
    ):
        return
    modules = {name.split(".")[0] for name in imported(path.read_text())}
    assert "ultralytics" not in modules


LEAKS = """
import numpy as np

from reid.embed import CropEmbedder, Light, pool
from reid.core.pixels import EmbeddableCrop, HeadRegions, RawFrame, RedactedCrop, ResearchCrop
from reid.core.pixels import redact
from reid.core.records import Answer, SightingKey, Sightings
from reid.cli.contact_sheet import contact_sheet
from reid.core.boxes import empty_boxes


def described(kept: ResearchCrop, crop: RedactedCrop, embedder: CropEmbedder) -> None:
    embedder.describe([kept], Light.neutral())
    embedder.describe([crop], Light.neutral())


def leaks(
    kept: ResearchCrop, either: EmbeddableCrop, raw: RawFrame, embedder: CropEmbedder
) -> None:
    kept.encode()  # refused
    either.encode()  # refused
    embedder.describe([raw], Light.neutral())  # refused
    redact(raw, empty_boxes())  # refused
    redact(raw, [])  # refused
    HeadRegions(raw.ref, empty_boxes(), "head")  # refused


def stored(kept: ResearchCrop, key: SightingKey, embedder: CropEmbedder, answer: Answer) -> None:
    none = np.zeros((1, 2), np.float32)
    pool([key], [[kept]], embedder, Light.neutral())  # refused
    Sightings((key,), none, none, none, none, (kept,), "model")  # refused
    contact_sheet(answer, {"id": kept})  # refused
"""


@pytest.mark.timeout(600)
def test_the_type_checker_refuses_to_store_or_show_what_may_hold_a_head(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "mypy"
    if not program.exists():
        pytest.skip("mypy is not installed: pip install -e '.[test]'")
    source = tmp_path / "leaks.py"
    source.write_text(LEAKS)
    done = subprocess.run(
        [program, source], cwd=PACKAGE.parent, capture_output=True, text=True, check=False
    )
    reported = {int(line) for line in re.findall(r"leaks\.py:(\d+): error", done.stdout)}
    refused = {n for n, line in enumerate(LEAKS.splitlines(), 1) if line.endswith("# refused")}
    assert reported == refused, done.stdout + done.stderr
