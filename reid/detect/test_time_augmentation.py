"""One still, looked at several times: what each look saw, joined.

A network is at home with people of the sizes it was trained on, and sees a mirrored picture afresh.
A video shows everybody again in its next frame; a photo shows them once, and has the time.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, as_boxes, iou
from reid.detect.detections import Detections


class Look(NamedTuple):
    """How a picture is shown to the network.

    Attributes:
        side: px of its longer side; None = as the model is used to.
        mirrored: left and right exchanged.
    """

    side: int | None = None
    mirrored: bool = False


ONCE: Final = (Look(),)
STILL: Final = (Look(512, True), Look(640), Look(832, True), Look(1280))
"""Looks at a still: of twelve sets the best at telling persons on unseen synthetic frames."""

AGAIN: Final = (Look(1024),)
"""A second look at every frame of a video that is copied without heads: there is time for it."""

_SAME: Final = 0.55  # IoU from which boxes of two looks are the same
_RAISED: Final = 0.8
"""Power of a mean score with which nineteen in twenty of the boxes from .4 on are people, on unseen
synthetic frames, as among those of one look."""

Scores = NDArray[np.float32]


def unmirrored(boxes: Boxes, width: int) -> Boxes:
    """Return boxes (N, 4) of a mirrored picture of `width` px as they lie in the picture."""
    turned = boxes.copy()
    turned[:, [0, 2]] = width - boxes[:, [2, 0]]
    return turned


def joined(looks: Sequence[Detections]) -> Detections:
    """Join what one or more looks at a picture saw: boxes of the same are averaged.

    Weighted boxes fusion (Solovyev et al. 2021): each box joins the box of other looks that it
    overlaps most, and a joined box is the mean of its own, by their scores. A person's score is the
    mean over all looks, raised to where one look's would be: what one alone sees is seldom a
    person. A head's is half the highest of its own and half the mean, so that what one look alone
    is sure of is still painted.
    """
    people, mean, _ = _joined([(look.people, look.scores) for look in looks])
    heads, head_mean, highest = _joined([(look.heads, look.head_scores) for look in looks])
    raised = mean if len(looks) == 1 else np.power(mean, _RAISED, dtype=np.float32)
    known = (highest + head_mean) / np.float32(2)
    return Detections(people, raised, heads, np.asarray(known, np.float32))


def _joined(
    looks: Sequence[tuple[Boxes, Scores]],
) -> tuple[Boxes, Scores, Scores]:
    """Return joined boxes (N, 4), the mean of each one's scores over all looks, and the highest."""
    boxes = np.concatenate([found for found, _ in looks])
    scores = np.concatenate([score for _, score in looks])
    seen_by = np.repeat(np.arange(len(looks)), [len(found) for found, _ in looks])
    group = _groups(boxes, scores, seen_by)
    count = int(group.max(initial=-1)) + 1
    total, highest = np.zeros(count, np.float32), np.zeros(count, np.float32)
    np.add.at(total, group, scores)
    np.maximum.at(highest, group, scores)
    weighted = np.zeros((count, 4))
    np.add.at(weighted, group, boxes * scores[:, None])
    means = weighted / np.maximum(total, 1e-9)[:, None]
    return as_boxes(means), total / np.float32(len(looks)), highest


def _groups(boxes: Boxes, scores: Scores, seen_by: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return for each box (N, 4) the number of the joined box that it is part of."""
    count = len(boxes)
    group = np.zeros(count, np.intp)
    means, weights = np.zeros((count, 4)), np.zeros(count)
    holds = np.zeros((count, int(seen_by.max(initial=-1)) + 1), bool)  # group × look
    groups = 0
    for i in np.argsort(-scores, kind="stable"):
        overlap = iou(as_boxes([boxes[i]]), as_boxes(means[:groups]))[0]
        overlap[holds[:groups, seen_by[i]]] = 0  # a look tells apart what it saw as two
        g = int(overlap.argmax()) if groups else 0
        if not groups or overlap[g] < _SAME:
            g, groups = groups, groups + 1
        weight = weights[g] + scores[i]
        means[g] += (boxes[i] - means[g]) * (scores[i] / max(weight, 1e-9))
        weights[g], holds[g, seen_by[i]], group[i] = weight, True, g
    return group
