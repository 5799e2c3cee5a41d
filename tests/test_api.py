"""What `import reid` gives a notebook: quick to import, heads gone first, worth printing."""

import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image as PillowImage

import reid
from reid.core.errors import ReidError, SourceError, UsageError
from reid.core.records import Answer, Companion, Match, Query, Sightings, Wish
from tests.making import write_video
from tests.venues import sightings

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "lancedb", "openvino", "ultralytics", "cv2", "numpy", "pydantic")
CLIP = ROOT / "reid" / "demo" / "camera1.mp4"


def loaded_by(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {program}; print(*sys.modules)"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    """Frames of the demo's first camera, from when people are in view."""
    with av.open(str(CLIP)) as container:
        decoded = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    return decoded[60:90]


@pytest.fixture(scope="module")
def embedder() -> reid.Embedder:
    return reid.Embedder.load()


def test_import_reid_loads_nothing_heavy() -> None:
    modules = loaded_by("import reid; dir(reid); reid.__all__").split()
    assert [name for name in HEAVY if name in modules] == []


def test_a_sentence_is_understood_without_models_and_tables() -> None:
    modules = loaded_by("import reid; assert reid.describe('red hoodie').wishes").split()
    assert [name for name in ("torch", "lancedb", "openvino") if name in modules] == []


@pytest.mark.parametrize("name", sorted(set(reid.__all__) - {"__version__"}))
def test_every_public_name_is_there_documented_and_listed(name: str) -> None:
    assert inspect.getdoc(getattr(reid, name))
    assert name in dir(reid)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        reid.nothing  # noqa: B018


@pytest.mark.parametrize(
    "first", ["import reid.describe", "from reid.describe import describe", "import reid"]
)
def test_describe_is_called_whatever_was_imported_first(first: str) -> None:
    program = (
        f"{first}; import reid; from reid.describe import LANGUAGES, describe; "
        "assert reid.describe('red hoodie') == describe('red hoodie'); "
        "assert reid.describe.LANGUAGES == LANGUAGES; "
        "assert reid.describe('sudadera roja', 'es').language == 'es'"
    )
    loaded_by(program)


def test_arrays_become_one_sighting_each(embedder: reid.Embedder, frames: list[np.ndarray]) -> None:
    images = [frames[0][100:260, 100:180], frames[0][100:260, 300:380], frames[0][100:260, 100:180]]
    found = embedder.embed(images, camera="door")
    assert found.vectors.shape == (3, embedder.dim)
    assert np.allclose(found.vectors[0], found.vectors[2])
    assert found.keys[0].id != found.keys[1].id
    assert {key.camera for key in found.keys} == {"door"}
    assert all(len(crop.place.painted) for crop in found.crops), "no top was painted over"
    assert repr(embedder) == f"Embedder({embedder.model_id!r}, dim={embedder.dim})"


def test_files_become_the_sightings_that_indexing_them_gives(
    embedder: reid.Embedder, frames: list[np.ndarray], tmp_path: Path
) -> None:
    paths = [tmp_path / "people" / f"{i}.png" for i in range(2)]
    paths[0].parent.mkdir()
    for i, path in enumerate(paths):
        PillowImage.fromarray(frames[0][100:260, 100 + i : 180 + i]).save(path)
    found = embedder.embed(paths)
    assert np.array_equal(found.vectors, embedder.embed(str(paths[0].parent)).vectors)
    venue = reid.Venue.open(tmp_path / "venue")
    (report,) = venue.index(paths[0].parent, crops=True)
    assert report.sightings == 2
    assert set(venue.store.keys([key.id for key in found.keys])) == {key.id for key in found.keys}


def test_what_is_no_image_is_one_line(embedder: reid.Embedder, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    image = np.zeros((8, 8, 3), np.uint8)
    for images, error, says in (
        ([], UsageError, "no images"),
        ([tmp_path / "none.png"], SourceError, "does not exist"),
        ([broken], SourceError, "not a readable image"),
        ([image.astype(float)], SourceError, "uint8"),
        ([image, broken], UsageError, "either paths or"),
    ):
        with pytest.raises(error, match=says):
            embedder.embed(images)


def test_a_picture_in_memory_is_redacted(frames: list[np.ndarray]) -> None:
    done = reid.redact(frames[0])
    assert done.pixels.shape == frames[0].shape
    assert len(done.painted)
    outside = np.ones(frames[0].shape[:2], bool)
    for x0, y0, x1, y1 in done.painted.astype(int):
        outside[y0:y1, x0:x1] = False
    assert np.array_equal(done.pixels[outside], frames[0][outside])


def test_a_file_is_redacted_into_a_named_one(frames: list[np.ndarray], tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    PillowImage.fromarray(frames[0]).save(source)
    with pytest.raises(UsageError, match="name the file"):
        reid.redact(source)  # type: ignore[call-overload]
    assert reid.redact(source, tmp_path / "safe.png").written == 1


def test_a_table_has_a_row_a_sighting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=dict))
    table = sightings(4).to_pandas()
    assert {len(column) for column in table.values()} == {4}
    assert float(table["upper.colour=red"][0]) == pytest.approx(0.95)
    assert {"id", "camera", "start", "visible.upper", "body.age=child"} <= set(table)


def test_without_pandas_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ReidError, match=re.escape("pip install 'pandas>=2'")):
        sightings(1).to_pandas()


def test_objects_print_short_and_without_pixels() -> None:
    some: Sightings = sightings(30)
    assert repr(some) == "Sightings(30 of carousel, gate, shop, vectors (30, 16), model='test-1')"
    query = Query(
        "boy in a dark red coat, no cap, maybe jeans " * 9,
        (
            Wish("upper.colour", "red", modifier="dark"),
            Wish("head.type", "cap", negated=True),
            Wish("lower.type", "jeans", "unsure"),
        ),
        (Companion("his mother"),),
        refused=("skin",),
    )
    said = repr(query)
    assert "upper.colour=dark red, not head.type=cap, lower.type=jeans?" in said
    assert "with 'his mother'" in said
    assert "refused=('skin',)" in said
    assert len(said) < 250
    answer = Answer(query, "found", tuple(Match(key, 1.0, 0.5) for key in some.keys))
    lines = repr(answer).splitlines()
    assert lines[0].startswith("Answer(found: 30 for 'boy in")
    assert some.keys[0].id in lines[1]
    assert len(lines) == 12


def test_an_answer_and_a_venue_print(tmp_path: Path) -> None:
    assert repr(reid.Venue.open(str(tmp_path))) == f"ResearchVenue({str(tmp_path)!r})"
    assert repr(Answer(Query("x"), "nobody_fits", ())) == "Answer(nobody_fits: 0 for 'x')"


def test_the_lines_of_the_readme_run(
    frames: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    try:
        import pandas  # noqa: F401
    except ImportError:
        monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=dict))
    for name in ("camera1.mp4", "party.mp4"):
        write_video(tmp_path / name, frames[:12], fps=25)
    for name in ("anna.jpg", "ben.jpg"):
        PillowImage.fromarray(frames[0][100:260, 100:180]).save(name)
    found: dict[str, object] = {}
    exec(compile(lines, "README.md", "exec"), found)
    assert isinstance(found["people"], Sightings)
    assert isinstance(found["answer"], Answer)
    assert Path("safe.mp4").is_file()
