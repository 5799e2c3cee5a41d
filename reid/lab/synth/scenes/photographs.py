"""Pictures as cameras take them, and what is true of the people in them."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import clip
from reid.lab.synth.camera import (
    CameraLook,
    develop,
    distort_image,
    h264_round_trip,
    metered,
    vary,
)
from reid.lab.synth.scene import Lens
from reid.lab.synth.scenes.truth import Seen

Rng = np.random.Generator

_H264_SHARE: Final = 0.3

LEAST_HEAD: Final = 0.28

LEAST_PLAIN: Final = 0.012
"""Who shows less of themselves is marked to be ignored, unless they cover so much of the frame."""

LEAST_VISIBLE: Final = 0.12

LEAST_ROWS: Final = 14


def photograph(ideal: NDArray[np.uint8], look: CameraLook, rng: Rng) -> NDArray[np.uint8]:
    """Take an ideal picture through a camera: distortion, exposure, faults, compression."""
    varied = vary(metered(look, ideal), rng)
    image = distort_image(ideal, look.optics.k1, look.optics.k2)
    if rng.random() < _H264_SHARE:
        varied = replace(varied, transport=replace(varied.transport, jpeg=100))
        return h264_round_trip(develop(image, varied, rng), look.transport.crf)
    return develop(image, varied, rng)


def person_record(one: Seen, lens: Lens, keys: list[str]) -> dict[str, object]:
    """Return what is true of a person in a frame, JSON-ready; boxes xyxy px, cut at the frame."""
    size = lens.width, lens.height
    boxes = clip(np.stack([one.box, one.head, one.full_box]), *size)
    box, head, full = (b.round(1).tolist() for b in boxes)
    head_seen = one.head_visible >= LEAST_HEAD and head[2] - head[0] >= 3 and head[3] - head[1] >= 4
    if head_seen:
        box = [*np.minimum(box[:2], head[:2]).tolist(), *np.maximum(box[2:], head[2:]).tolist()]
    plain = one.pixels >= LEAST_PLAIN * lens.width * lens.height
    seen = one.visible >= LEAST_VISIBLE or plain
    ignored = not seen or box[3] - box[1] < LEAST_ROWS
    return {
        "person": keys[one.index], "box": box, "head": head, "full_box": full,
        "visible": round(one.visible, 3), "head_visible": round(one.head_visible, 3),
        "head_labelled": head_seen, "ignored": ignored, "pixels": one.pixels,
        "keypoints": one.joints.round(1).ravel().tolist(), "metres": round(one.metres, 2),
    }  # fmt: skip
