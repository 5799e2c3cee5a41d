"""A photo of somebody: heads go first, what is kept is what clothes look like."""

import io
import pickle
from dataclasses import fields
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from reid.core.boxes import Tracks, as_boxes, empty_boxes
from reid.core.errors import SourceError
from reid.core.pixels import RedactedCrop
from reid.core.records import PhotoQuery
from reid.detect.faces import Faces
from reid.detect.head_regions import HeadCandidates
from reid.detect.tracker import CropHeads, Seen
from reid.embed import RegionEmbedder
from reid.photo import MOST_PEOPLE, PhotoReader
from tests.doubles import TrackerDouble

PEOPLE = {1: [20, 20, 70, 180], 2: [100, 5, 190, 290], 3: [220, 40, 250, 120]}
HEADS = [[32, 20, 58, 52], [124, 5, 166, 62], [228, 40, 242, 56]]


class Photographed(TrackerDouble):
    """Three people, each with a head."""

    people: ClassVar[dict[int, list[int]]] = PEOPLE

    def track(self, raw):
        boxes = as_boxes(list(self.people.values()))
        n = len(boxes)
        tracks = Tracks(boxes, np.ones(n, np.float32), np.array(list(self.people), np.int64))
        heads = HEADS if n else empty_boxes()
        return Seen(tracks, HeadCandidates.upright(as_boxes(heads)))

    def heads_of_crop(self, raw):
        boxes = as_boxes([[0.3 * raw.width, 0, 0.7 * raw.width, 0.2 * raw.height]])
        return CropHeads(boxes, True, empty_boxes())


class Nobody(Photographed):
    people: ClassVar[dict[int, list[int]]] = {}


def scene(face: int) -> np.ndarray:
    """Red tops, blue below; faces of noise that differ with the seed."""
    pixels = np.full((300, 320, 3), 150, np.uint8)
    noise = np.random.default_rng(face)
    for x0, y0, x1, y1 in PEOPLE.values():
        middle = (y0 + y1) // 2
        pixels[y0:middle, x0:x1] = (200, 20, 20)
        pixels[middle:y1, x0:x1] = (20, 20, 200)
    for x0, y0, x1, y1 in HEADS:
        pixels[y0:y1, x0:x1] = noise.integers(0, 256, (y1 - y0, x1 - x0, 3))
    return pixels


def photo(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


class NoFaceLeft:
    """Stands in for the last look for faces, which takes seconds; tested by itself."""

    def find(self, pixels, views):
        return Faces(empty_boxes(), np.zeros(0, np.float32))


def reading(tracker: TrackerDouble) -> PhotoReader:
    return PhotoReader(tracker, RegionEmbedder(), NoFaceLeft())  # type: ignore[arg-type]


@pytest.fixture
def reader() -> PhotoReader:
    return reading(Photographed())


def test_everybody_is_cut_out_the_largest_first(reader: PhotoReader) -> None:
    people = reader.read(photo(scene(1)))
    sizes = [one.picture.width * one.picture.height for one in people]
    assert len(people) == 3 and sizes == sorted(sizes, reverse=True)
    said = {str(wish) for wish in people[0].clothes}
    assert all(wish.source == "photo" for wish in people[0].clothes)
    assert any(one.startswith("upper.colour=red") for one in said), said


def test_whatever_the_faces_are_the_same_comes_out_to_the_bit(reader: PhotoReader) -> None:
    one, other = (reader.read(photo(scene(face))) for face in (1, 2))
    for a, b in zip(one, other, strict=True):
        assert (a.picture.pixels == b.picture.pixels).all()
        assert (a.query.vector == b.query.vector).all()
        assert a.clothes == b.clothes


def test_what_is_kept_of_a_photo_holds_no_picture(reader: PhotoReader) -> None:
    people = reader.read(photo(scene(1)))
    kept = people[0].query
    assert kept.vector.nbytes < 8192 and kept.model_id == RegionEmbedder.model_id
    assert {field.name for field in fields(PhotoQuery)} == {"vector", "model_id", "worn"}
    assert all(isinstance(one.picture, RedactedCrop) for one in people)


def test_a_crowd_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = {i: [10 * i, 20, 10 * i + 9, 60] for i in range(1, 30)}
    tracker = Photographed()
    tracker.people = crowd  # type: ignore[misc]
    people = reading(tracker).read(photo(scene(1)))
    assert len(people) <= MOST_PEOPLE


def test_somebody_cut_out_already_is_one_person_and_a_wide_picture_is_nobody() -> None:
    reader = reading(Nobody())
    tall = scene(1)[:, 100:190]
    (one,) = reader.read(photo(tall))
    assert one.picture.place.painted.size, "its head goes as well"
    assert not len(reader.read(photo(scene(1))))


def test_a_reader_keeps_nothing_of_a_photo(reader: PhotoReader) -> None:
    def held() -> bytes:
        assert vars(reader).keys() == {"_alone", "_embedder", "_finder", "_tracker"}
        return pickle.dumps(vars(reader._tracker))

    reader.read(photo(scene(2)))
    before = held()
    reader.read(photo(scene(1)))
    assert held() == before


def test_no_photo_no_people(reader: PhotoReader) -> None:
    with pytest.raises(SourceError, match="the photo is not a readable image"):
        reader.read(b"child.jpg")


def test_nothing_is_written(
    reader: PhotoReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    reader.read(photo(scene(3)))
    assert list(tmp_path.rglob("*")) == []
