"""What else is where people go: animals, bicycles, motorcycles, buses, stacks of chairs."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.places.builder import Builder, RideSeat
from reid.lab.synth.places.furniture import Maker, Spot
from reid.lab.synth.places.kinds import Counts
from reid.lab.synth.places.texture_painting import (
    Colour,
    Image,
    fill,
    glyphs,
    grain,
    muted,
    near,
    noise,
    rectangle,
    rgb,
    sign,
    vivid,
)
from reid.lab.synth.shapes import tube

Points = NDArray[np.floating] | list[list[float]]

_TYRE: Final = (24, 24, 26)
_GLASS: Final = (44, 52, 58)


def _tube(
    b: Builder, at: Spot, yaw: float, path: Points, radii: list[float], texture: int, sides: int = 8
) -> None:
    """Add a round thing along a path (k, 3): metres ahead, up and to the side of `at`."""
    local = np.asarray(path, np.float64)
    crosswise = np.abs(local[-1] - local[0]).argmax() == 2
    beside = (0.0, 1.0, 0.0) if crosswise else (0.0, 0.0, 1.0)
    flat = tube(local, np.asarray(radii), sides, beside=beside).points
    places = b.turned(at, yaw, [(float(x), float(z)) for x, z in flat[:, [0, 2]]])
    world = [[x, y, z] for (x, z), y in zip(places, flat[:, 1], strict=True)]
    rings = np.array(world).reshape(len(local), sides, 3)
    for i in range(len(local) - 1):
        for j in range(sides):
            k = (j + 1) % sides
            u0, u1 = j / sides, (j + 1) / sides
            v0, v1 = i / (len(local) - 1), (i + 1) / (len(local) - 1)
            uv = np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]], np.float32)
            b.quad([rings[i, j], rings[i, k], rings[i + 1, k], rings[i + 1, j]], texture, uv)


def _take_floor(
    b: Builder, at: Spot, yaw: float, low: tuple[float, float], high: tuple[float, float]
) -> None:
    """Mark the floor between two corners, (ahead, aside) of `at`, as taken, however turned."""
    (x0, z0), (x1, z1) = low, high
    b.block(b.turned(at, yaw, [(x0, z0), (x1, z0), (x1, z1), (x0, z1)]))


def _add_ride_seat(b: Builder, at: Spot, yaw: float, gait: str, ahead: float, up: float) -> None:
    """Let somebody ride, so many metres ahead of and above `at`, facing ahead."""
    ((x, z),) = b.turned(at, yaw, [(ahead, 0.0)])
    b.ride_seats.append(RideSeat(gait, (x, up, z), yaw + np.pi / 2))


@dataclass(frozen=True, slots=True)
class Species:
    """Proportions of a four-legged animal, in heights of its back.

    Attributes:
        back: from–to, metres: how high the back is.
        length, girth: of the body; leg: thickness.
        neck: how far its head is (ahead, up) of the shoulder; muzzle: length of the head.
        coats: colours.
    """

    back: tuple[float, float]
    length: float
    girth: float
    leg: float
    neck: tuple[float, float]
    muzzle: float
    coats: tuple[Colour, ...]


SPECIES: Final = {
    "dog": Species(
        (0.3, 0.7), 1.15, 0.2, 0.055, (0.28, 0.3), 0.34,
        ((40, 34, 30), (150, 108, 66), (214, 204, 190), (104, 74, 50)),
    ),
    "horse": Species(
        (1.1, 1.6), 1.05, 0.2, 0.05, (0.42, 0.42), 0.38,
        ((84, 52, 34), (40, 32, 28), (206, 200, 192), (128, 82, 48)),
    ),
    "sheep": Species(
        (0.6, 0.8), 1.2, 0.3, 0.055, (0.3, 0.14), 0.3,
        ((222, 216, 202), (60, 54, 50), (176, 164, 146)),
    ),
    "cow": Species(
        (1.2, 1.4), 1.25, 0.25, 0.055, (0.45, 0.05), 0.36,
        ((60, 44, 36), (216, 210, 202), (132, 82, 50)),
    ),
    "elephant": Species(
        (2.0, 2.6), 1.05, 0.3, 0.09, (0.35, 0.02), 0.36, ((112, 106, 102), (134, 124, 114)),
    ),
}  # fmt: skip


def _coat(b: Builder, species: Species) -> int:
    tone = near(b.rng, species.coats[int(b.rng.integers(len(species.coats)))], 10)
    image = fill(128, 128, tone)
    if b.rng.random() < 0.35:  # pied
        spots = noise(b.rng, 128, 3, 3) > 1.1
        image[spots] = species.coats[int(b.rng.integers(len(species.coats)))]
    return b.paint(grain(b.rng, image, 0.12))


def animal(b: Builder, at: Spot, yaw: float) -> None:
    """A dog, horse, sheep, cow or, rarely, an elephant, that stands or grazes."""
    name = str(b.rng.choice(list(SPECIES), p=(0.4, 0.3, 0.12, 0.12, 0.06)))
    s = SPECIES[name]
    unit = float(b.rng.uniform(*s.back))
    coat = _coat(b, s)
    half, girth = s.length * unit / 2, s.girth * unit * float(b.rng.uniform(0.85, 1.2))
    middle = unit - girth
    _tube(
        b, at, yaw,
        [[-half, middle + girth * 0.3, 0], [-half * 0.85, middle, 0], [0, middle - girth * 0.1, 0],
         [half * 0.8, middle, 0], [half, middle + girth * 0.3, 0]],
        [girth * 0.3, girth * 0.95, girth, girth * 0.95, girth * 0.4], coat, 10,
    )  # fmt: skip
    for x in (-half * 0.82, half * 0.78):
        for z in (-girth * 0.55, girth * 0.55):
            stride = float(b.rng.normal(0, 0.09)) * unit
            knee = [x + stride * 0.6, middle * 0.48, z]
            foot, thick = [x + stride, 0.0, z], s.leg * unit
            _tube(b, at, yaw, [[x, middle, z], knee, foot],
                  [thick * 1.7, thick, thick * 0.9], coat, 6)  # fmt: skip
    ahead, up = s.neck
    if name not in ("dog", "elephant") and b.rng.random() < 0.4:
        up = -0.45  # grazes
    poll = np.array([half + ahead * unit, middle + up * unit, 0.0])
    root = np.array([half * 0.8, middle + girth * 0.3, 0.0])
    bent = (root + poll) / 2 + [0.0, 0.04 * unit, 0.0]
    _tube(b, at, yaw, np.array([root, bent, poll]),
          [girth * 0.75, girth * 0.5, girth * 0.45], coat)  # fmt: skip
    drop = -0.9 if name == "elephant" else float(b.rng.uniform(-0.75, -0.2))
    nose = poll + np.array([s.muzzle * unit * 0.8, s.muzzle * unit * drop, 0.0])
    nape = poll - [0.05 * unit, 0, 0]
    skull = girth * (0.75 if name == "elephant" else 0.5)
    face = np.array([nape, poll * 0.6 + nose * 0.4, nose])
    _tube(b, at, yaw, face, [skull * 0.7, skull, skull * 0.45], coat)
    if name == "elephant":
        tip = np.array([nose[0] + 0.1, 0.1, 0.0])
        _tube(b, at, yaw, np.array([nose, tip]), [skull * 0.4, skull * 0.15], coat, 6)
    ear = unit * (0.3 if name == "elephant" else 0.07)
    for z in (-1, 1):
        start = poll + np.array([0, skull * 0.5, z * skull * 0.5])
        end = start + np.array([-ear * 0.3, -ear if name == "elephant" else ear, z * ear * 0.7])
        _tube(b, at, yaw, np.array([start, end]), [ear * 0.5, ear * 0.25], coat, 5)
    end = np.array([-half - 0.12 * unit, middle * float(b.rng.uniform(0.45, 1.3)), 0.0])
    _tube(b, at, yaw, np.array([[-half, middle + girth * 0.3, 0], end]),
          [s.leg * unit * 0.7, s.leg * unit * 0.4], coat, 5)  # fmt: skip
    _take_floor(b, at, yaw, (-half, -girth), (half + ahead * unit, girth))
    if name == "horse":
        _add_ride_seat(b, at, yaw, "ride", 0.12 * half, middle + 0.92 * girth)


def _wheel(
    b: Builder, at: Spot, yaw: float, x: float, z: float, radius: float, wide: float
) -> None:
    """Add a wheel whose axle lies across, and the disc of its outer side."""
    ends = [[x, radius, z - wide / 2], [x, radius, z + wide / 2]]
    _tube(b, at, yaw, ends, [radius, radius], b.flat(_TYRE), 12)
    if "wheel" not in b.named:
        image = np.zeros((64, 64, 3), np.uint8)
        cv2.circle(image, (32, 32), 31, _TYRE, -1, cv2.LINE_AA)
        cv2.circle(image, (32, 32), 19, (128, 130, 134), -1, cv2.LINE_AA)
        cv2.circle(image, (32, 32), 6, (60, 60, 64), -1, cv2.LINE_AA)
        b.named["wheel"] = b.paint(image, cutout=True)
    for side in (z - wide / 2, z + wide / 2):
        (one, two) = b.turned(at, yaw, [(x - radius, side), (x + radius, side)])
        b.wall(one, two, 2 * radius, b.named["wheel"])


def _coach_side(b: Builder, tone: Colour, length: float, height: float, panes: bool) -> Image:
    """The side of a bus or van: windows, doors, a stripe, perhaps lettering."""
    wide, tall = round(length * 48), round(height * 48)
    image = fill(tall, wide, tone)
    if b.rng.random() < 0.6:
        low = float(b.rng.uniform(0.55, 0.8))
        rectangle(image, 0, tall * low, wide, tall * (low + 0.12), vivid(b.rng))
    pane, gap = int(b.rng.integers(44, 70)), 6
    for x in range(gap, wide - pane, pane + gap):
        if panes or x > wide - 2 * pane:
            rectangle(image, x, tall * 0.14, x + pane - gap, tall * 0.48, near(b.rng, _GLASS, 8))
    for _ in range(int(b.rng.integers(1, 3))):
        door = int(b.rng.uniform(0.05, 0.85) * wide)
        cv2.rectangle(image, (door, int(tall * 0.1)), (door + 44, tall - 6), (40, 40, 44), 2)
    if not panes and b.rng.random() < 0.6:
        glyphs(b.rng, image, (wide // 8, int(tall * 0.25), wide // 2, int(tall * 0.45)))
    return image


def _coach_end(b: Builder, tone: Colour, width: float, height: float) -> Image:
    wide, tall = round(width * 48), round(height * 48)
    image = fill(tall, wide, tone)
    rectangle(image, 5, tall * 0.12, wide - 6, tall * 0.52, near(b.rng, _GLASS, 8))
    lamp = near(b.rng, (236, 232, 214) if b.rng.random() < 0.6 else (170, 30, 26), 8)
    for x in (10, wide - 26):
        rectangle(image, x, tall * 0.68, x + 16, tall * 0.78, lamp)
    rectangle(image, wide / 2 - 16, tall * 0.82, wide / 2 + 16, tall * 0.9, (224, 222, 210))
    return image


def coach(b: Builder, at: Spot, yaw: float) -> None:
    """A bus, or a delivery van."""
    bus = b.rng.random() < 0.45
    length, height, width = (
        (float(b.rng.uniform(7, 9.5)), float(b.rng.uniform(2.3, 3.2)), 2.4)
        if bus
        else (float(b.rng.uniform(4.2, 5.6)), float(b.rng.uniform(1.5, 2.1)), 1.9)
    )
    tone = vivid(b.rng) if b.rng.random() < 0.5 else muted(b.rng, 40, 240)
    side = b.paint(_coach_side(b, tone, length, height, bus))
    end = b.paint(_coach_end(b, tone, width, height))
    x, z, base = length / 2, width / 2, 0.32
    corners = b.turned(at, yaw, [(-x, z), (x, z), (x, -z), (-x, -z)])
    for i in range(4):
        b.wall(corners[i], corners[(i + 1) % 4], height, end if i % 2 else side, base=base)
    top = base + height
    b.quad([[cx, top, cz] for cx, cz in corners], b.flat(tone))
    if bus and b.rng.random() < 0.7:
        lit = b.paint(sign(b.rng, 24, 96))
        (one, two) = b.turned(at, yaw, [(x + 0.02, 0.7), (x + 0.02, -0.7)])
        b.wall(one, two, 0.3, lit, base=top - 0.34)
    for along in (-x * 0.62, x * 0.66):
        for across in (-z + 0.1, z - 0.1):
            _wheel(b, at, yaw, along, across, 0.46 if bus else 0.34, 0.26)
    b.block(corners)


def _frame_of_bicycle(b: Builder) -> Image:
    image = np.zeros((176, 280, 3), np.uint8)
    tone = vivid(b.rng) if b.rng.random() < 0.6 else muted(b.rng, 24, 220)
    hubs, crank = ((58, 118), (222, 118)), (132, 122)
    for hub in hubs:
        for turn in np.linspace(0, np.pi, 7)[:-1]:
            arm = np.array([np.cos(turn), np.sin(turn)]) * 50
            ends = [tuple(int(v) for v in np.array(hub) + sign * arm) for sign in (-1, 1)]
            cv2.line(image, ends[0], ends[1], (96, 96, 100), 1, cv2.LINE_AA)
        cv2.circle(image, hub, 52, (26, 26, 28), 5, cv2.LINE_AA)
    saddle, head = (106, 46), (196, 42)
    for one, two in (
        (hubs[0], crank), (hubs[0], saddle), (saddle, crank), (crank, head), (saddle, head),
        (head, hubs[1]),
    ):  # fmt: skip
        cv2.line(image, one, two, tone, 6, cv2.LINE_AA)
    cv2.line(image, (88, 40), (126, 40), (28, 26, 26), 9, cv2.LINE_AA)
    cv2.line(image, head, (190, 20), (90, 90, 94), 5, cv2.LINE_AA)
    cv2.line(image, (190, 20), (208, 16), (30, 30, 32), 7, cv2.LINE_AA)
    if b.rng.random() < 0.4:  # a basket
        cv2.rectangle(image, (206, 22), (250, 52), near(b.rng, (120, 96, 70), 20), -1)
    return image


def bicycle(b: Builder, at: Spot, yaw: float) -> None:
    """One or a few bicycles side by side."""
    across = float(b.rng.uniform(0.45, 0.75))
    count = int(b.rng.choice([1, 1, 2, 4]))
    for i in range(count):
        z = (i - (count - 1) / 2) * across
        (place,) = b.turned(at, yaw, [(float(b.rng.normal(0, 0.06)), z)])
        turn = yaw + float(b.rng.normal(0, 0.06))
        b.board(place, (1.75, 1.1), b.paint(_frame_of_bicycle(b), cutout=True), yaw=turn)
        (bar,) = b.turned(place, turn, [(0.33, 0.0)])
        b.box(bar, (0.04, 0.04, 0.56), (b.flat((70, 70, 74)),), yaw=turn, base=0.98, solid=False)
        if count == 1:
            _add_ride_seat(b, place, turn, "cycle", -0.21, 0.85)
    wide = 0.3 + across * (count - 1) / 2
    _take_floor(b, at, yaw, (-0.85, -wide), (0.85, wide))


def motorcycle(b: Builder, at: Spot, yaw: float) -> None:
    """A motorcycle or scooter on its stand, its lamp perhaps on."""
    tone = vivid(b.rng) if b.rng.random() < 0.6 else muted(b.rng, 20, 200)
    paint, dark = b.flat(tone), b.flat((34, 34, 36))
    steel = b.flat(rgb(np.full(3, float(b.rng.uniform(90, 170)))))
    for x in (-0.68, 0.7):
        _wheel(b, at, yaw, x, 0.0, 0.31, 0.13)
    _tube(b, at, yaw, [[-0.8, 0.74, 0], [-0.3, 0.72, 0], [0.02, 0.74, 0]], [0.08, 0.16, 0.12], dark)
    _tube(b, at, yaw, [[0, 0.76, 0], [0.2, 0.82, 0], [0.48, 0.84, 0]], [0.12, 0.19, 0.1], paint)
    _tube(b, at, yaw, [[-0.3, 0.42, 0], [0.0, 0.42, 0], [0.3, 0.45, 0]], [0.14, 0.21, 0.15], steel)
    for z in (-0.09, 0.09):
        _tube(b, at, yaw, [[0.7, 0.31, z], [0.52, 0.96, z]], [0.035, 0.035], steel, 5)
    _tube(b, at, yaw, [[-0.1, 0.3, 0.2], [-0.85, 0.36, 0.2]], [0.05, 0.07], steel, 6)
    _tube(
        b, at, yaw, [[0.46, 1.02, -0.4], [0.52, 0.98, 0], [0.46, 1.02, 0.4]], [0.025] * 3, dark, 5
    )
    lamp = b.flat((250, 248, 226) if b.rng.random() < 0.5 else (150, 150, 152))
    _tube(b, at, yaw, [[0.56, 0.88, 0], [0.68, 0.88, 0], [0.681, 0.88, 0]], [0.08, 0.11, 0.0], lamp)
    _take_floor(b, at, yaw, (-1.0, -0.4), (1.0, 0.4))
    _add_ride_seat(b, at, yaw, "cycle", -0.22, 0.86)


def _chair(b: Builder, at: Spot, yaw: float, base: float, looks: tuple[int, int, float]) -> None:
    """One chair, `base` metres above the floor; looks: its seat's, its legs', its back's height."""
    seat, metal, back = looks
    b.box(at, (0.42, 0.035, 0.42), (seat,), yaw=yaw, base=base + 0.43, solid=False)
    (rear,) = b.turned(at, yaw, [(0.0, -0.21)])
    b.box(rear, (0.4, 0.3, 0.03), (seat,), yaw=yaw, base=base + 0.45 + back - 0.3, solid=False)
    for x, z in ((-0.19, -0.21), (0.19, -0.21), (-0.19, 0.19), (0.19, 0.19)):
        tall = 0.43 + (back if z < 0 else 0.0)
        (leg,) = b.turned(at, yaw, [(x, z)])
        b.box(leg, (0.028, tall, 0.028), (metal,), yaw=yaw, base=base, solid=False)


def chairs(b: Builder, at: Spot, yaw: float) -> None:
    """Chairs in a row, some of them stacked, some with a coat or a bag on the back."""
    seat = b.flat(vivid(b.rng) if b.rng.random() < 0.45 else muted(b.rng, 24, 220), 0.08)
    metal = b.flat(rgb(np.full(3, float(b.rng.uniform(30, 190)))))
    looks = seat, metal, float(b.rng.uniform(0.34, 0.5))
    high, lean = float(b.rng.uniform(0.09, 0.16)), float(b.rng.uniform(0.0, 0.035))
    count, stacked = int(b.rng.integers(1, 5)), b.rng.random() < 0.6
    for i in range(count):
        turn = yaw + float(b.rng.normal(0, 0.12))
        x = (i - (count - 1) / 2) * 0.62
        for j in range(int(b.rng.integers(3, 10)) if stacked else 1):
            (place,) = b.turned(at, turn, [(x, j * lean)])
            _chair(b, place, turn, j * high, looks)
        if not stacked and b.rng.random() < 0.3:
            coat = b.flat(vivid(b.rng) if b.rng.random() < 0.4 else muted(b.rng, 20, 200), 0.1)
            (back,) = b.turned(at, turn, [(x, -0.24)])
            b.box(back, (0.46, 0.6, 0.1), (coat,), yaw=turn, base=0.35, solid=False)
    _take_floor(b, at, yaw, (-0.31 * count, -0.35), (0.31 * count, 0.5))


PASSING: Final[dict[str, Counts]] = {
    "plaza": (("coach", 0, 2), ("bicycle", 1, 4), ("animal", 1, 5), ("chairs", 0, 3)),
    "park": (("animal", 2, 7), ("bicycle", 0, 4)),
    "playground": (("animal", 0, 4), ("bicycle", 0, 3)),
    "amusement park": (("coach", 0, 1), ("animal", 1, 6), ("bicycle", 0, 3)),
    "car park": (("coach", 0, 2), ("motorcycle", 1, 5), ("bicycle", 0, 3)),
    "street": (("coach", 1, 2), ("motorcycle", 0, 4), ("bicycle", 0, 4), ("animal", 0, 4)),
    "metro": (("bicycle", 0, 2), ("animal", 0, 1), ("chairs", 0, 2)),
    "mall": (("animal", 0, 2), ("motorcycle", 0, 2), ("chairs", 0, 3)),
    "corridor": (("bicycle", 0, 2), ("chairs", 1, 4)), "food court": (("chairs", 1, 5),),
    "queue": (("chairs", 1, 5),), "supermarket": (("chairs", 0, 2),),
}  # fmt: skip
"""Kind of place → what comes along there; name, from, to how many: more than in life."""

MAKERS: Final[dict[str, Maker]] = {
    "animal": animal, "coach": coach, "bicycle": bicycle, "motorcycle": motorcycle,
    "chairs": chairs,
}  # fmt: skip
