"""Heads of people who are not upright: in a turned copy of the picture they may be.

People are found best as they stand. So somebody whom a model sees surer in a turned copy than in
the picture as it is lies, hangs or leans, and the head is at the end that is the top of the copy.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, as_boxes, empty_boxes, iou, turned_boxes
from reid.detect.detections import Detections, sure_head_heights
from reid.detect.head_regions import closed_tops

TILT: Final = 45
"""Degrees by which a still is turned, and then by quarters again: for heads of people who lean."""

SURER: Final = 1.2
"""Times the score of whom the picture shows as it is, from which somebody is upright in a copy."""

LEAST_TURNED: Final = 0.3
"""Score from which somebody in a turned copy counts whom the picture as it is shows too."""

UNSEEN_FROM: Final = 0.7
"""The same of somebody whom it does not show: all eight such boxes in ten rendered pictures were
nobody, with scores up to .63."""

_SAME_PERSON: Final = 0.3  # IoU; a box round half a picture is not whoever stands in it
_ROOM: Final = 0.2  # of a head's sides, added on every side: nobody knows where the chin is


def with_room(heads: Boxes) -> Boxes:
    """Return head boxes (M, 4) with room on every side."""
    room = (heads[:, 2:] - heads[:, :2]) * _ROOM
    return as_boxes(np.concatenate([heads[:, :2] - room, heads[:, 2:] + room], axis=1))


def head_ends(quarters: Sequence[Detections], size: tuple[int, int]) -> Boxes:
    """Return the head ends (K, 4), px, of people who are surer in a turned copy, headless there.

    Args:
        quarters: what a model sees in a picture as it is, and turned counter-clockwise by one, two
            and three quarters; px of the picture as it is.
        size: of the picture, width and height in px.
    """
    upright, *turned = quarters
    ends = [empty_boxes()]
    for turn, seen in enumerate(turned, start=1):
        people, heads = (turned_boxes(some, turn, *size) for some in (seen.people, seen.heads))
        standing = replace(seen, people=people, heads=heads)
        headless = _surer(seen, upright) & np.isnan(sure_head_heights(standing))
        width, height = size if turn % 2 == 0 else size[::-1]
        ends.append(turned_boxes(closed_tops(people[headless]), -turn, width, height))
    return as_boxes(np.concatenate(ends))


def _surer(seen: Detections, upright: Detections) -> NDArray[np.bool_]:
    """Return which people (N,) are surer than whoever is seen in their place otherwise."""
    same = iou(seen.people, upright.people) > _SAME_PERSON
    known = np.where(same, upright.scores[None], 0).max(axis=1, initial=0)
    least = np.where(known > 0, LEAST_TURNED, UNSEEN_FROM)
    return np.asarray((seen.scores >= least) & (seen.scores > SURER * known), np.bool_)
