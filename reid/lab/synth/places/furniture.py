"""Things that stand in places: seats, plants, barriers, kiosks, cars, rides, hard negatives."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import cv2
import numpy as np

from reid.lab.synth.places.builder import Builder
from reid.lab.synth.places.texture_painting import (
    Image,
    figure,
    fill,
    glyphs,
    goods,
    grain,
    muted,
    near,
    poster,
    rectangle,
    rgb,
    sign,
    vivid,
)

Spot = tuple[float, float]
Maker = Callable[[Builder, Spot, float], None]
TURN: Final = np.pi / 2


def _metal(b: Builder) -> int:
    return b.flat(((120, 122, 124), (60, 62, 64), (176, 178, 180))[int(b.rng.integers(3))])


def bench(b: Builder, at: Spot, yaw: float) -> None:
    """A seat with or without a back."""
    wood = b.flat(near(b.rng, (134, 98, 62), 18), 0.12)
    for side in (-0.65, 0.65):
        (leg,) = b.turned(at, yaw, [(side, 0.0)])
        b.box(leg, (0.08, 0.42, 0.4), (_metal(b),), yaw=yaw)
    for slat in (-0.16, 0.0, 0.16):
        (place,) = b.turned(at, yaw, [(0.0, slat)])
        b.box(place, (1.7, 0.05, 0.13), (wood,), yaw=yaw, base=0.42)
    if b.rng.random() < 0.6:
        (back,) = b.turned(at, yaw, [(0.0, -0.24)])
        b.box(back, (1.7, 0.12, 0.05), (wood,), yaw=yaw, base=0.6, solid=False)
        b.box(back, (1.7, 0.12, 0.05), (wood,), yaw=yaw, base=0.78, solid=False)


def table(b: Builder, at: Spot, yaw: float) -> None:
    """A round or square table with chairs, perhaps a parasol."""
    b.cylinder(at, 0.05, 0.72, _metal(b), sides=6)
    top = b.flat(muted(b.rng, 60, 235))
    b.cylinder(at, 0.42, 0.03, top, base=0.72, sides=12)
    b.slab((at[0] - 0.3, at[1] - 0.3, at[0] + 0.3, at[1] + 0.3), 0.752, top)
    seat = b.flat(vivid(b.rng) if b.rng.random() < 0.4 else muted(b.rng, 30, 220))
    for i in range(int(b.rng.integers(2, 5))):
        turn = yaw + i * TURN
        (place,) = b.turned(at, turn, [(0.0, 0.75)])
        b.box(place, (0.42, 0.04, 0.42), (seat,), yaw=turn, base=0.44)
        (back,) = b.turned(at, turn, [(0.0, 0.95)])
        b.box(back, (0.42, 0.42, 0.03), (seat,), yaw=turn, base=0.46)
        for sx, sz in ((-0.18, 0.57), (0.18, 0.57), (-0.18, 0.93), (0.18, 0.93)):
            (leg,) = b.turned(at, turn, [(sx, sz)])
            b.box(leg, (0.03, 0.44, 0.03), (_metal(b),), yaw=turn, solid=False)


def parasol(b: Builder, at: Spot, yaw: float) -> None:
    """A large sunshade over a table."""
    table(b, at, yaw)
    b.cylinder(at, 0.04, 2.3, _metal(b), sides=6)
    cloth = b.flat(vivid(b.rng))
    b.cylinder(at, 1.5, 0.5, cloth, base=2.2, sides=8, taper=0.05)


def column(b: Builder, at: Spot, yaw: float) -> None:
    """A round or square pillar up to the ceiling."""
    tone = b.flat(muted(b.rng, 90, 225), 0.05)
    if b.rng.random() < 0.5:
        b.cylinder(at, float(b.rng.uniform(0.2, 0.45)), 6.0, tone, sides=14)
        return
    size = float(b.rng.uniform(0.4, 0.8))
    b.box(at, (size, 6.0, size), (tone,), yaw=0.0)
    if b.rng.random() < 0.5:
        shown = b.paint(poster(b.rng, 180, 120))
        (face,) = b.turned(at, yaw, [(0.0, size / 2 + 0.02)])
        b.board(face, (min(size, 0.7), 1.05), shown, base=1.0)


def _foliage(b: Builder, autumn: float = 0.15) -> int:
    """A cut-out clump of leaves, three variants a place."""
    key = f"foliage {int(b.rng.integers(3))}"
    if key in b.named:
        return b.named[key]
    size = 192
    image = np.zeros((size, size, 3), np.uint8)
    bare = ((66, 96, 40), (86, 110, 52), (48, 80, 44), (150, 100, 36))
    tone = bare[3 if b.rng.random() < autumn else int(b.rng.integers(3))]
    for layer in range(700):
        angle, radius = b.rng.uniform(0, 2 * np.pi), size * 0.46 * np.sqrt(b.rng.random())
        wobble = 0.75 + 0.25 * np.sin(3 * angle + layer % 3)
        x = int(size / 2 + radius * wobble * np.cos(angle))
        y = int(size / 2 + radius * wobble * np.sin(angle))
        lit = 0.45 + 0.5 * layer / 700 + 0.25 * (1 - y / size)
        axes = (int(b.rng.integers(4, 11)), int(b.rng.integers(2, 6)))
        leaf = near(b.rng, rgb(np.array(tone) * lit * 1.25 + 4), 7)
        cv2.ellipse(image, (x, y), axes, float(b.rng.uniform(0, 180)), 0, 360, leaf, -1)
    b.named[key] = b.paint(image, cutout=True)
    return b.named[key]


def _clump(b: Builder, at: Spot, low: float, size: float, boards: int) -> None:
    """Crossed and scattered boards of foliage around a centre above `at`."""
    leaves = _foliage(b)
    for i in range(boards):
        yaw = float(i * np.pi / boards + b.rng.normal(0, 0.2))
        spread = b.rng.normal(0, size * 0.12, 2)
        place = (at[0] + float(spread[0]), at[1] + float(spread[1]))
        scale = float(size * b.rng.uniform(0.75, 1.1))
        b.board(
            place, (scale, scale), leaves, yaw=yaw, base=low + float(b.rng.normal(0, size * 0.08))
        )


def tree(b: Builder, at: Spot, yaw: float) -> None:
    """A trunk and a crown of leaves, sometimes in a grating or a box."""
    bark = b.flat(near(b.rng, (86, 70, 56), 12), 0.2)
    trunk = float(b.rng.uniform(1.8, 3.0))
    b.cylinder(at, float(b.rng.uniform(0.08, 0.2)), trunk + 0.6, bark, sides=8, taper=0.7)
    for _ in range(int(b.rng.integers(2, 5))):
        shift = b.rng.normal(0, 0.55, 2)
        place = (at[0] + float(shift[0]), at[1] + float(shift[1]))
        _clump(
            b, place, trunk - 0.4 + float(b.rng.uniform(0, 1.2)), float(b.rng.uniform(1.6, 2.8)), 4
        )


def bush(b: Builder, at: Spot, yaw: float) -> None:
    """Low foliage."""
    for _ in range(int(b.rng.integers(2, 5))):
        (place,) = b.turned(at, yaw, [(float(b.rng.normal(0, 0.6)), float(b.rng.normal(0, 0.2)))])
        _clump(b, place, -0.1, float(b.rng.uniform(0.8, 1.4)), 4)
    b.block(b.turned(at, yaw, [(-0.8, -0.4), (0.8, -0.4), (0.8, 0.4), (-0.8, 0.4)]))


def planter(b: Builder, at: Spot, yaw: float) -> None:
    """A tub with a plant."""
    tub = b.flat(muted(b.rng, 40, 200))
    b.box(at, (0.6, 0.55, 0.6), (tub, b.flat((50, 40, 32))), yaw=yaw)
    _clump(b, at, 0.35, float(b.rng.uniform(0.7, 1.5)), 5)


def litter_bin(b: Builder, at: Spot, yaw: float) -> None:
    """A bin, about as tall as a small child."""
    tone = b.flat(muted(b.rng, 30, 150) if b.rng.random() < 0.6 else vivid(b.rng))
    b.cylinder(at, 0.26, float(b.rng.uniform(0.75, 1.05)), tone, sides=12)
    b.cylinder(at, 0.2, 0.08, b.flat((30, 30, 32)), base=0.9, sides=10)


def post(b: Builder, at: Spot, yaw: float) -> None:
    """A bollard, or a lamp post with its lamp."""
    metal = _metal(b)
    if b.rng.random() < 0.5:
        b.cylinder(at, 0.09, 1.0, metal, sides=8)
        return
    b.cylinder(at, 0.07, 4.2, metal, sides=8)
    b.box(at, (0.5, 0.16, 0.22), (b.flat((240, 238, 226), 0.0),), base=4.1, yaw=yaw)


def notice(b: Builder, at: Spot, yaw: float) -> None:
    """A free-standing poster or a screen, as tall as a person."""
    frame = b.flat(muted(b.rng, 20, 120))
    shown = b.paint(poster(b.rng, 256, 128))
    b.box(at, (0.9, 1.9, 0.16), (frame, frame, shown), yaw=yaw)
    (back,) = b.turned(at, yaw, [(0.0, -0.09)])
    b.board(back, (0.86, 1.8), shown, yaw=yaw + np.pi)


def wet_floor_sign(b: Builder, at: Spot, yaw: float) -> None:
    """A yellow A-board."""
    face = fill(96, 64, near(b.rng, (236, 196, 30), 8))
    glyphs(b.rng, face, (8, 20, 56, 36))
    panel = b.paint(face)
    for turn in (0.0, np.pi):
        corners = b.turned(at, yaw + turn, [(-0.16, 0.2), (0.16, 0.2), (0.16, 0.02), (-0.16, 0.02)])
        heights = (0.0, 0.0, 0.65, 0.65)
        b.quad([[x, y, z] for (x, z), y in zip(corners, heights, strict=True)], panel)
    b.block(b.turned(at, yaw, [(-0.2, -0.2), (0.2, 0.2)]))


def vending(b: Builder, at: Spot, yaw: float) -> None:
    """A vending machine with a lit front."""
    face = fill(256, 128, vivid(b.rng))
    rectangle(face, 8, 20, 92, 200, (226, 230, 232))
    goods(b.rng, face, (10, 24, 90, 198), 5)
    rectangle(face, 98, 60, 120, 120, (40, 42, 46))
    rectangle(face, 20, 214, 84, 240, (24, 24, 26))
    side = b.flat(vivid(b.rng))
    b.box(at, (0.95, 1.85, 0.8), (side, side, b.paint(face)), yaw=yaw)


def kiosk(b: Builder, at: Spot, yaw: float) -> None:
    """A counter with goods, a canopy and a sign."""
    body = b.flat(vivid(b.rng) if b.rng.random() < 0.5 else muted(b.rng, 90, 220))
    face = fill(160, 320, near(b.rng, (100, 84, 70), 20))
    goods(b.rng, face, (4, 6, 316, 104), 2)
    rectangle(face, 0, 106, 320, 160, vivid(b.rng))
    b.box(at, (2.6, 2.1, 1.6), (body, body, b.paint(face)), yaw=yaw)
    b.box(at, (3.0, 0.12, 2.2), (b.flat(vivid(b.rng)),), yaw=yaw, base=2.25, solid=False)
    (front,) = b.turned(at, yaw, [(0.0, 0.9)])
    b.board(front, (2.4, 0.45), b.paint(sign(b.rng, 60, 320)), yaw=yaw, base=2.4)


def shelf(b: Builder, at: Spot, yaw: float) -> None:
    """A double-sided shop shelf."""
    face = fill(192, 384, near(b.rng, (92, 88, 82), 14))
    goods(b.rng, face, (4, 6, 380, 190), int(b.rng.integers(3, 6)))
    shown = b.paint(face)
    tall = float(b.rng.uniform(1.2, 2.1))
    b.box(at, (3.2, tall, 0.7), (shown, b.flat((150, 148, 142))), yaw=yaw)


def heap(b: Builder, at: Spot, yaw: float) -> None:
    """A low display of stacked goods."""
    face = fill(96, 192, near(b.rng, (140, 120, 96), 20))
    goods(b.rng, face, (2, 2, 190, 94), 2)
    shown = b.paint(face)
    b.box(at, (1.6, 0.8, 0.9), (shown, shown), yaw=yaw)
    for _ in range(5):
        (place,) = b.turned(
            at, yaw, [(float(b.rng.uniform(-0.6, 0.6)), float(b.rng.uniform(-0.3, 0.3)))]
        )
        size = float(b.rng.uniform(0.12, 0.35))
        b.box(place, (size, size, size), (b.flat(vivid(b.rng)),), yaw=yaw + 0.3, base=0.8)


def barrier(b: Builder, at: Spot, yaw: float) -> None:
    """A row of belt posts as in queues."""
    metal, belt = _metal(b), b.flat(vivid(b.rng))
    count = int(b.rng.integers(2, 5))
    spots = b.turned(at, yaw, [((i - (count - 1) / 2) * 1.5, 0.0) for i in range(count)])
    for spot in spots:
        b.cylinder(spot, 0.035, 0.98, metal, sides=6)
        b.cylinder(spot, 0.16, 0.03, metal, sides=8)
    for one, two in pairwise(spots):
        b.wall(one, two, 0.06, belt, base=0.86)


def railing(b: Builder, at: Spot, yaw: float) -> None:
    """A crowd barrier or fence of bars: a cut-out."""
    if "railing" not in b.named:
        image = np.zeros((96, 192, 3), np.uint8)
        tone = muted(b.rng, 90, 200)
        for x in range(4, 192, 12):
            rectangle(image, x, 8, x + 2, 88, tone)
        for y in (6, 86):
            rectangle(image, 0, y, 191, y + 4, tone)
        b.named["railing"] = b.paint(image, cutout=True)
    b.board(at, (2.2, 1.1), b.named["railing"], yaw=yaw)
    b.block(b.turned(at, yaw, [(-1.1, -0.15), (1.1, 0.15)]))


def coat_rack(b: Builder, at: Spot, yaw: float) -> None:
    """Clothes on a rail: looks like people, is none."""
    metal = _metal(b)
    for side in (-0.7, 0.7):
        (leg,) = b.turned(at, yaw, [(side, 0.0)])
        b.cylinder(leg, 0.025, 1.6, metal, sides=6)
    b.box(at, (1.4, 0.04, 0.04), (metal,), yaw=yaw, base=1.58, solid=False)
    for x in np.arange(-0.6, 0.61, 0.17):
        image = np.zeros((128, 64, 3), np.uint8)
        tone = vivid(b.rng) if b.rng.random() < 0.5 else muted(b.rng, 25, 210)
        shape = np.array(
            [[22, 6], [42, 6], [62, 22], [54, int(b.rng.integers(90, 126))], [10, 120], [2, 22]]
        )
        cv2.fillPoly(image, [shape.astype(np.int32)], tone)
        cloth = b.paint(
            np.where(image > 0, grain(b.rng, fill(128, 128, tone), 0.08)[:, :64], 0), cutout=True
        )
        (place,) = b.turned(at, yaw, [(float(x), 0.0)])
        b.board(place, (0.5, 1.0), cloth, yaw=yaw + float(b.rng.normal(1.0, 0.3)), base=0.55)
    b.block(b.turned(at, yaw, [(-0.7, -0.25), (0.7, 0.25)]))


def dummy(b: Builder, at: Spot, yaw: float) -> None:
    """A flat cardboard figure, as in front of cinemas: a person to a careless detector."""
    image = np.zeros((256, 112, 3), np.uint8)
    figure(b.rng, image, (56, 252), 244)
    shown = b.paint(image, cutout=True)
    b.board(at, (0.72, 1.65), shown, yaw=yaw)
    b.block(b.turned(at, yaw, [(-0.3, -0.15), (0.3, 0.15)]))


_PROFILE: Final = np.array(
    [[-2.1, 0.3], [-2.1, 0.75], [-1.95, 0.95], [-0.95, 1.02], [-0.35, 1.45], [1.05, 1.47],
     [1.75, 1.02], [2.05, 0.9], [2.1, 0.3]]
)  # fmt: skip
"""Outline of a car from nose to tail, metres (length, height)."""


def _car_side(b: Builder, tone: tuple[int, int, int]) -> Image:
    image = np.zeros((128, 320, 3), np.uint8)

    def to_px(points: object) -> np.ndarray:
        p = np.asarray(points, np.float64)
        return np.stack([160 + p[:, 0] * 74, 126 - p[:, 1] * 80], axis=1).astype(np.int32)

    cv2.fillPoly(image, [to_px(_PROFILE)], tone)
    glass = (36, 42, 48)
    cv2.fillPoly(image, [to_px([[-0.8, 1.0], [-0.3, 1.38], [0.3, 1.4], [0.3, 1.0]])], glass)
    cv2.fillPoly(image, [to_px([[0.38, 1.0], [0.38, 1.4], [1.0, 1.4], [1.55, 1.02]])], glass)
    shadow = rgb(np.array(tone) * 0.6)
    for x in (-0.85, 0.34, 1.3):
        cv2.polylines(image, [to_px([[x, 0.35], [x, 0.98]])], False, shadow, 1)
    for x in (-1.35, 1.3):
        (centre,) = to_px([[x, 0.31]])
        cv2.circle(image, (int(centre[0]), int(centre[1])), 25, (22, 22, 24), -1, cv2.LINE_AA)
        cv2.circle(image, (int(centre[0]), int(centre[1])), 14, (140, 142, 146), -1, cv2.LINE_AA)
    return image


def car(b: Builder, at: Spot, yaw: float) -> None:
    """A parked car: its side view pulled across its width."""
    rng = b.rng
    tone = vivid(rng) if rng.random() < 0.35 else muted(rng, 20, 230)
    side = b.paint(_car_side(b, tone), cutout=True)
    skin, glass = b.flat(tone, 0.02), b.flat((48, 56, 62), 0.1)
    half = 0.86
    for z in (-half, half):
        ends = b.turned(at, yaw, [(-160 / 74, z), (160 / 74, z)])
        b.wall(ends[0], ends[1], 1.6, side, base=0.0)
    for i in range(len(_PROFILE) - 1):
        (xa, ya), (xb, yb) = _PROFILE[i], _PROFILE[i + 1]
        (p, q, r, s) = b.turned(at, yaw, [(xa, half), (xa, -half), (xb, -half), (xb, half)])
        corners = [[p[0], ya, p[1]], [s[0], yb, s[1]], [r[0], yb, r[1]], [q[0], ya, q[1]]]
        b.quad(corners, glass if i in (3, 5) else skin)
    b.block(b.turned(at, yaw, [(-2.2, -0.95), (2.2, -0.95), (2.2, 0.95), (-2.2, 0.95)]))


def slide(b: Builder, at: Spot, yaw: float) -> None:
    """A playground slide with a tower."""
    frame, chute = b.flat(vivid(b.rng)), b.flat(vivid(b.rng))
    b.box(at, (1.2, 0.1, 1.2), (frame,), yaw=yaw, base=1.3, solid=False)
    for sx in (-0.55, 0.55):
        for sz in (-0.55, 0.55):
            (leg,) = b.turned(at, yaw, [(sx, sz)])
            b.cylinder(leg, 0.06, 2.4, frame, sides=6)
    b.box(at, (1.4, 0.1, 1.4), (b.flat(vivid(b.rng)),), yaw=yaw, base=2.4, solid=False)
    low = b.turned(at, yaw, [(-0.3, 0.6), (0.3, 0.6), (0.3, 2.9), (-0.3, 2.9)])
    heights = (1.35, 1.35, 0.25, 0.25)
    corners = [[x, y, z] for (x, z), y in zip(low, heights, strict=True)]
    b.quad([corners[3], corners[2], corners[1], corners[0]], chute)
    b.block(b.turned(at, yaw, [(-0.7, -0.7), (0.7, -0.7), (0.7, 3.0), (-0.7, 3.0)]))


def swings(b: Builder, at: Spot, yaw: float) -> None:
    """A swing frame."""
    frame = b.flat(vivid(b.rng))
    for side in (-1.6, 1.6):
        for lean in (-0.7, 0.7):
            (foot,) = b.turned(at, yaw, [(side, lean)])
            (head,) = b.turned(at, yaw, [(side, 0.0)])
            low = [[foot[0] - 0.05, 0, foot[1]], [foot[0] + 0.05, 0, foot[1]]]
            high = [[head[0] + 0.05, 2.2, head[1]], [head[0] - 0.05, 2.2, head[1]]]
            b.quad([*low, *high], frame)
    b.box(at, (3.3, 0.1, 0.1), (frame,), yaw=yaw, base=2.15, solid=False)
    for x in (-0.7, 0.7):
        (seat,) = b.turned(at, yaw, [(x, 0.0)])
        b.box(seat, (0.02, 1.65, 0.02), (_metal(b),), yaw=yaw, base=0.5)
        b.box(seat, (0.45, 0.04, 0.2), (b.flat((30, 30, 32)),), yaw=yaw, base=0.46)
    b.block(b.turned(at, yaw, [(-1.7, -0.7), (1.7, -0.7), (1.7, 0.7), (-1.7, 0.7)]))


def carousel(b: Builder, at: Spot, yaw: float) -> None:
    """A roundabout: platform, centre, poles, striped roof."""
    stripes = fill(64, 256, (240, 232, 216))
    tone = vivid(b.rng)
    for x in range(0, 256, 32):
        rectangle(stripes, x, 0, x + 15, 63, tone)
    cloth = b.paint(stripes)
    b.cylinder(at, 2.6, 0.3, b.flat(vivid(b.rng)), sides=16)
    b.cylinder(at, 0.6, 2.8, b.paint(poster(b.rng, 128, 256)), sides=10)
    b.cylinder(at, 2.8, 0.5, cloth, base=2.6, sides=16)
    b.cylinder(at, 2.8, 1.2, cloth, base=3.1, sides=16, taper=0.05)
    for i in range(8):
        (pole,) = b.turned(at, yaw + i * np.pi / 4, [(0.0, 2.0)])
        b.cylinder(pole, 0.03, 2.4, b.flat((214, 180, 90)), base=0.3, sides=6)
        b.box(pole, (0.3, 0.5, 0.9), (b.flat(vivid(b.rng)),), yaw=yaw + i * np.pi / 4, base=0.8)


def flags(b: Builder, at: Spot, yaw: float) -> None:
    """A string of pennants overhead."""
    if "flags" not in b.named:
        image = np.zeros((48, 512, 3), np.uint8)
        for x in range(0, 512, 32):
            triangle = np.array([[x, 2], [x + 26, 2], [x + 13, 44]], np.int32)
            cv2.fillConvexPoly(image, triangle, vivid(b.rng))
        b.named["flags"] = b.paint(image, cutout=True)
    b.board(at, (7.0, 0.45), b.named["flags"], yaw=yaw, base=float(b.rng.uniform(2.7, 3.6)))


MAKERS: Final[dict[str, Maker]] = {
    "bench": bench, "table": table, "parasol": parasol, "column": column, "tree": tree,
    "bush": bush, "planter": planter, "bin": litter_bin, "post": post, "notice": notice,
    "wet floor": wet_floor_sign, "vending": vending, "kiosk": kiosk, "shelf": shelf, "heap": heap,
    "barrier": barrier, "railing": railing, "coat rack": coat_rack, "dummy": dummy, "car": car,
    "slide": slide, "swings": swings, "carousel": carousel, "flags": flags,
}  # fmt: skip
"""Everything that can stand somewhere: name → maker(builder, (x, z), yaw)."""
