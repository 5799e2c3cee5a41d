"""Heads of rendered pictures are counted by their pixels: by situation, size and age."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.core.boxes import as_boxes
from reid.core.errors import SourceError
from reid.lab.bench.data.head_maps import HeadMap, TrueHead, read_head_maps
from reid.lab.bench.metrics.head_pixels import PixelCoverage

NOWHERE = np.zeros((0, 2), np.float32)


def head(number: int, kind: str = "crawling", *, child: bool = False, size: float = 20.0,
         visible: float = 1.0, face: object = ()) -> TrueHead:  # fmt: skip
    points = np.array(face, np.float32).reshape(-1, 2)
    return TrueHead(number, kind, child, size, visible, points)


def picture(folder: Path, *heads: TrueHead) -> HeadMap:
    """A map of 100 × 40 px: head 1 fills x 0 to 20, head 2 x 20 to 40, and so on."""
    numbers = np.zeros((40, 100), np.uint16)
    for one in heads:
        numbers[:20, 20 * (one.number - 1) : 20 * one.number] = one.number
    cv2.imwrite(str(folder / "map.png"), numbers)
    return HeadMap(folder / "map.png", heads)


def test_a_head_is_covered_from_nineteen_twentieths_of_its_pixels(tmp_path: Path) -> None:
    coverage = PixelCoverage()
    truth = picture(tmp_path, head(1), head(2))
    coverage.see(truth, as_boxes([[0, 0, 19, 20], [20, 0, 38, 20]]))
    found = coverage.figures()
    assert (found.heads.hits, found.heads.n) == (1, 2)
    assert found.area_left == pytest.approx(3 / 40)


def test_paint_covers_whole_pixels(tmp_path: Path) -> None:
    coverage = PixelCoverage()
    coverage.see(picture(tmp_path, head(1)), as_boxes([[0.9, 0.9, 19.1, 19.1]]))
    assert coverage.figures().heads.hits == 1


def test_heads_are_counted_apart_by_situation_size_and_age(tmp_path: Path) -> None:
    coverage = PixelCoverage()
    truth = picture(
        tmp_path, head(1, child=True), head(2, "near", size=150.0), head(3, size=10.0, child=True),
        head(4, visible=0.1),
    )  # fmt: skip
    coverage.see(truth, as_boxes([[0, 0, 20, 20]]))
    found = coverage.figures()
    assert found.heads.n == 2, "small heads and those that are hardly seen are left out"
    assert (found.children.hits, found.children.n) == (1, 1)
    assert (found.adults.hits, found.adults.n) == (0, 1)
    assert {kind: share.hits for kind, share in found.by_kind.items()} == {"crawling": 1, "near": 0}
    assert {size: share.n for size, share in found.by_size.items()} == {
        "8-16 px": 1, "16-32 px": 1, "32-64 px": 0, "64-128 px": 0, "from 128 px": 1,
    }  # fmt: skip


def test_a_whole_face_is_left_where_no_seen_point_is_painted(tmp_path: Path) -> None:
    coverage = PixelCoverage()
    truth = picture(
        tmp_path, head(1, face=[[5, 5], [15, 5]], child=True), head(2, face=[[25, 5], [35, 5]]),
        head(3),
    )  # fmt: skip
    coverage.see(truth, as_boxes([[30, 0, 40, 20]]))
    found = coverage.figures()
    assert (found.faces_left.hits, found.faces_left.n) == (1, 2), "one looks away, one is half left"
    assert (found.children_faces_left.hits, found.children_faces_left.n) == (1, 1)
    assert found.heads.hits == 0


def test_nobody_is_no_face_left() -> None:
    found = PixelCoverage().figures()
    assert (found.faces_left.share, found.faces_left.n, found.area_left) == (0.0, 0, 0.0)


def test_maps_are_read_and_damage_is_said(tmp_path: Path) -> None:
    assert read_head_maps(tmp_path) == {}
    (tmp_path / "heads").mkdir()
    listing = tmp_path / "person_keypoints.json"
    one = {"image_id": 3, "number": 1, "kind": "near", "child": True, "size": 30.5,
           "visible": 0.9, "face": [[1, 2]]}  # fmt: skip
    content = {"images": [{"id": 3, "file_name": "a.jpg"}], "heads": [one]}
    listing.write_text(json.dumps(content))
    (truth,) = read_head_maps(tmp_path).values()
    assert truth.heads[0].kind == "near" and truth.heads[0].face.tolist() == [[1, 2]]
    with pytest.raises(SourceError, match="render it again"):
        truth.pixels()
    listing.write_text(json.dumps({"images": content["images"], "heads": [{}]}))
    with pytest.raises(SourceError, match="render it again"):
        read_head_maps(tmp_path)
