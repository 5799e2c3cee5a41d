"""Images of one person lose their heads, wherever in the image those are."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

import numpy as np
import pytest

from reid.capture.sources import open_source
from reid.core.boxes import Boxes, as_boxes, clip
from reid.core.pixels import RawFrame
from reid.detect.detections import Detections
from reid.detect.head_regions import TOP_OF_CROP, TOP_WITHOUT_HEAD
from reid.detect.person_crops import heads_in_crop, redacted_crop
from reid.detect.tracker import Tracker
from reid.detect.yolo import YoloDetector
from reid.lab.bench.data.venue_sets import demo_folder, read_venue
from reid.loading import load_crop_tracker

CLEAR = 12  # px: a head of which a detector can see that it is one
SEATED = 0.6  # of a person's height: what is cut off is as if they sat behind a table
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def tracker() -> Tracker:
    return load_crop_tracker()


def cut_outs(share: float = 1.0, every: int = 12) -> list[tuple[RawFrame, Boxes]]:
    """Cut people out of the bundled clips, their upper `share`; each with its head's box (4,)."""
    found = []
    for film in read_venue(demo_folder()).clips:
        frames = open_source(str(film.path)).frames()
        for raw, shown in islice(zip(frames, film.frames, strict=False), 0, None, every):
            pixels = raw.expose_unredacted()
            for one in shown:
                head, box = one.head, np.rint(one.box).astype(int)
                if min(one.visible, one.head_visible) < 0.9 or head[3] - head[1] < CLEAR:
                    continue
                box[3] = box[1] + round((box[3] - box[1]) * share)
                crop = np.ascontiguousarray(pixels[box[1] : box[3], box[0] : box[2]])
                corner = np.tile(box[:2], 2).astype(np.float32)
                found.append((RawFrame(crop, "gate", len(found), NOON), head - corner))
    return found


def left(raw: RawFrame, head: Boxes, painted: Boxes) -> float:
    """Return the share of a head's box that is not painted."""
    there = np.zeros((raw.height, raw.width), bool)
    for mark, boxes in ((True, as_boxes([head])), (False, painted)):
        for x0, y0, x1, y1 in np.rint(clip(boxes, raw.width, raw.height)).astype(int):
            there[y0:y1, x0:x1] = mark
    return float(there.sum() / max(1, (head[2] - head[0]) * (head[3] - head[1])))


@pytest.mark.parametrize("share", [1.0, SEATED], ids=["whole", "cut off below"])
def test_heads_go_whatever_share_of_the_image_they_are(tracker: Tracker, share: float) -> None:
    cut = cut_outs(share)
    assert len(cut) > 20
    remains = [left(raw, head, heads_in_crop(raw, tracker).boxes) for raw, head in cut]
    assert np.mean([share_left > 0.05 for share_left in remains]) <= 0.05
    if share == SEATED:
        top = [left(r, h, as_boxes([[0, 0, r.width, TOP_OF_CROP * r.height]])) for r, h in cut]
        assert np.mean([t > 0.05 for t in top]) > 0.5, "the top alone would not do"


def test_the_top_goes_in_any_case(tracker: Tracker) -> None:
    for raw, _ in cut_outs(every=40):
        top = heads_in_crop(raw, tracker).boxes[0]
        assert top[:3].tolist() == [0, 0, raw.width]
        assert top[3] >= TOP_OF_CROP * raw.height - 1e-3


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (900, 700)])
def test_images_of_any_shape_are_redacted(tracker: Tracker, size: tuple[int, int]) -> None:
    raw = RawFrame(np.full((*size, 3), 120, np.uint8), "gate", 0, NOON)
    crop = redacted_crop(raw, heads_in_crop(raw, tracker))
    assert crop.pixels.shape == (*size, 3)


def test_where_nobody_looks_more_goes() -> None:
    raw = RawFrame(np.zeros((100, 40, 3), np.uint8), "gate", 0, NOON)
    (top,) = heads_in_crop(raw, None).boxes.tolist()
    assert top == pytest.approx([0, 0, 40, 100 * TOP_WITHOUT_HEAD])


def test_a_crop_in_which_no_head_is_seen_is_looked_at_once_more_larger(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    (raw, _), *_ = cut_outs()
    looked: list[int] = []
    look = YoloDetector._detect_at_side

    def blind_at_first(self: YoloDetector, crop: RawFrame, side: int) -> Detections:
        looked.append(side)
        seen = look(self, crop, side)
        return replace(seen, heads=seen.heads[:0]) if len(looked) == 1 else seen

    monkeypatch.setattr(YoloDetector, "_detect_at_side", blind_at_first)
    assert len(tracker.heads_of_crop(raw).boxes)
    assert looked == sorted(looked)
    assert len(looked) == 2
    looked.extend([0])
    assert tracker.heads_of_crop(raw).sure
    assert len(looked) == 4, "one look is enough where a head is seen"
