"""Procedural clothed bodies under real faces, their clothes new in every image.

A recogniser that is attacked with cut-out faces proves little, and one that sees the same clothes
twice learns those. Here a face is set onto a drawn body of random clothes, pose, light and
background, none of which tell who it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes
from reid.core.pixels import Image

WIDTH: Final = 64
HEIGHT: Final = 160
"""Size of a composed person, px."""

Cover = Literal["none", "mask", "behind"]
"""What is before a face: nothing, a mask over mouth and nose, or the back of the head."""

HAT_COLOURS: Final = ("none", "red", "blue", "yellow", "black", "white")

_HAT_RGB: Final = {
    "red": (190, 30, 30),
    "blue": (30, 50, 170),
    "yellow": (230, 200, 40),
    "black": (25, 25, 28),
    "white": (235, 235, 230),
}
_TINT: Final = np.array([1.0, 0.86, 0.76], np.float32)  # a grey photo in the colours of skin
_BOX_NOISE: Final = 0.06  # of a head's side: how far a detector's box is off, standard deviation
_HAT_DEPTH: Final = 0.3  # share of the head above the brow
_MASK_RGB: Final = (170, 205, 220)
_MASK_FROM: Final = 0.52  # of a head's height, from its top: below the eyes
_HEAD_SHARE: Final = 0.175  # of the person's height


@dataclass(frozen=True, slots=True, eq=False)
class Composed:
    """A person made of a real face and a drawn body.

    Attributes:
        pixels: uint8 RGB (160, 64, 3).
        head: float32 (4,), xyxy px, where the head really is.
        found: float32 (4,), the same as a detector would say it.
    """

    pixels: Image
    head: Boxes
    found: Boxes


def compose(
    face: NDArray[np.uint8],
    rng: np.random.Generator,
    hat: str = "none",
    wardrobe: np.random.Generator | None = None,
    cover: Cover = "none",
) -> Composed:
    """Set a grey face (h, w) onto a body of random clothes, with a hat or a mask if asked.

    The clothes are drawn with `wardrobe` where it is given: from the same state, the same clothes.
    """
    canvas = _background(rng)
    head = _head_box(face, rng)
    middle = (head[0] + head[2]) / 2
    skin = rng.uniform(90, 220)
    garments = [_cloth(rng if wardrobe is None else wardrobe) for _ in range(3)]
    _draw_body(canvas, float(middle), float(head[3]), skin, rng, garments)
    _paste_face(canvas, face, head, rng)
    if cover == "mask":
        _draw_mask(canvas, head, rng)
    elif cover == "behind":
        _draw_hair(canvas, head, rng)
    if hat != "none":
        _draw_hat(canvas, head, _HAT_RGB[hat])
    light = rng.uniform(0.75, 1.2) * rng.uniform(0.93, 1.07, 3)
    noisy = canvas * light + rng.normal(0, 3, canvas.shape)
    return Composed(np.clip(noisy, 0, 255).astype(np.uint8), head, _as_found(head, rng))


def _head_box(face: NDArray[np.uint8], rng: np.random.Generator) -> Boxes:
    tall = HEIGHT * _HEAD_SHARE * rng.uniform(0.93, 1.07)
    wide = tall * face.shape[1] / face.shape[0]
    left = (WIDTH - wide) / 2 + rng.uniform(-3, 3)
    top = rng.uniform(1, 5)
    return np.array([left, top, left + wide, top + tall], np.float32)


def _as_found(head: Boxes, rng: np.random.Generator) -> Boxes:
    sides = np.tile(head[2:] - head[:2], 2)
    return np.asarray(head + rng.normal(0, _BOX_NOISE, 4) * sides, np.float32)


def _background(rng: np.random.Generator) -> NDArray[np.float32]:
    coarse = rng.uniform(60, 210, (4, 3, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth + rng.normal(0, 6, smooth.shape), np.float32)


def _draw_body(
    canvas: NDArray[np.float32],
    x: float,
    neck: float,
    skin: float,
    rng: np.random.Generator,
    garments: Sequence[NDArray[np.float32]],
) -> None:
    """Draw neck, arms, legs and shoes below `neck` (px) around column `x`.

    `garments` are the cloths of lower garment, shoes and upper garment.
    """
    half = rng.uniform(15, 21)
    hips = neck + rng.uniform(50, 58)
    stride = rng.uniform(0, 5)
    lower, shoes, upper = garments
    for side in (-1, 1):
        foot = x + side * (half * 0.45 + stride)
        leg = [[x, hips - 4], [x + side * half * 0.85, hips - 4], [foot + 4, 152], [foot - 4, 152]]
        _fill(canvas, leg, lower)
        _fill(canvas, [[foot - 5, 150], [foot + 5, 150], [foot + 6, 158], [foot - 6, 158]], shoes)
    for side in (-1, 1):
        hand = x + side * (half + rng.uniform(1, 4))
        sleeve = [[x + side * half * 0.6, neck + 6], [x + side * half, neck + 8],
                  [hand + 3, hips], [hand - 3, hips]]  # fmt: skip
        _fill(canvas, sleeve, upper)
    throat = [[x - 5, neck - 5], [x + 5, neck - 5], [x + 6, neck + 8], [x - 6, neck + 8]]
    _fill(canvas, throat, np.broadcast_to(skin * _TINT, canvas.shape))
    shoulder = neck + rng.uniform(4, 7)
    torso = [
        [x - half, shoulder + 4],
        [x - 6, shoulder],
        [x + 6, shoulder],
        [x + half, shoulder + 4],
        [x + half * 0.9, hips],
        [x - half * 0.9, hips],
    ]
    _fill(canvas, torso, upper)


def _cloth(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a cloth as large as the canvas: plain, striped across or along, or plaid."""
    first, second = rng.uniform(15, 240, (2, 3)).astype(np.float32)
    kind = rng.choice(["plain", "plain", "across", "along", "plaid"])
    period = rng.uniform(5, 11)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    across, along = (y // (period / 2)) % 2 > 0, (x // (period / 2)) % 2 > 0
    mixed = {"plain": across & False, "across": across, "along": along, "plaid": across ^ along}
    folds = rng.normal(0, 1, (20, 8)).astype(np.float32)
    shade = 1 + 0.07 * cv2.resize(folds, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.where(mixed[str(kind)][..., None], second, first) * shade[..., None])


def _fill(
    canvas: NDArray[np.float32], corners: list[list[float]], cloth: NDArray[np.float32]
) -> None:
    mask = np.zeros(canvas.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(np.array(corners)).astype(np.int32)], 1)
    canvas[mask > 0] = cloth[mask > 0]


def _paste_face(
    canvas: NDArray[np.float32],
    face: NDArray[np.uint8],
    head: Boxes,
    rng: np.random.Generator,
) -> None:
    """Warp the face into the head's box (to a fraction of a pixel), inside an ellipse."""
    tall, wide = face.shape
    source = np.array([[0, 0], [wide, 0], [0, tall]], np.float32)
    target = np.array([[head[0], head[1]], [head[2], head[1]], [head[0], head[3]]], np.float32)
    matrix = cv2.getAffineTransform(source, target)
    warped = cv2.warpAffine(
        face.astype(np.float32), matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR
    )
    inside = _inside(head)
    contrast = rng.uniform(0.85, 1.15)
    tinted = (128 + (warped - 128) * contrast)[..., None] * _TINT
    canvas[inside] = tinted[inside]


def _inside(head: Boxes) -> NDArray[np.bool_]:
    """Return which pixels (160, 64) lie in the ellipse of a head's box."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32) + 0.5
    cx, cy = (head[0] + head[2]) / 2, (head[1] + head[3]) / 2
    rx, ry = (head[2] - head[0]) / 2, (head[3] - head[1]) / 2
    return np.asarray(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1)


def _draw_mask(canvas: NDArray[np.float32], head: Boxes, rng: np.random.Generator) -> None:
    """Cover the face from below the eyes down, as a surgical mask does."""
    below = np.arange(HEIGHT)[:, None] + 0.5 > head[1] + _MASK_FROM * (head[3] - head[1])
    canvas[_inside(head) & below] = rng.uniform(0.85, 1.0) * np.array(_MASK_RGB, np.float32)


def _draw_hair(canvas: NDArray[np.float32], head: Boxes, rng: np.random.Generator) -> None:
    """Fill the head with hair: strands of one tone, as seen from behind."""
    tone = rng.uniform(20, 130) * np.array([1.0, 0.85, 0.7], np.float32)
    strands = 1 + 0.15 * rng.standard_normal(WIDTH).astype(np.float32)
    hair = np.broadcast_to(strands[None, :, None] * tone, canvas.shape)
    inside = _inside(head)
    canvas[inside] = hair[inside]


def _draw_hat(canvas: NDArray[np.float32], head: Boxes, colour: tuple[int, int, int]) -> None:
    """Draw a cap: crown down to the brow, and a brim a little wider than the head."""
    left, top, right, bottom = head.tolist()
    brow = top + (bottom - top) * _HAT_DEPTH
    crown = ((left + right) / 2, brow)
    axes = ((right - left) * 0.52, brow - top + 1.5)
    mask = np.zeros(canvas.shape[:2], np.uint8)
    cv2.ellipse(mask, _ints(*crown), _ints(*axes), 0, 180, 360, 1, -1)
    cv2.rectangle(mask, _ints(left - 1, brow - 1), _ints(right + 1, brow + 1), 1, -1)
    canvas[mask > 0] = colour


def _ints(x: float, y: float) -> tuple[int, int]:
    return round(x), round(y)
