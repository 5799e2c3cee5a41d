"""Things carried, as rounded shapes with straps, panels and wheels. Metres.

Worn things (backpack, shoulder bag) are built on the body at rest and follow its bones. Held things
are built about their grip, hang upright from the hand after posing, and ride on free bones. What
builds the shapes that rows of the catalogue name is in `SHAPES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.catalogue import Size, within
from reid.lab.synth.makehuman import BODY_END, BONE
from reid.lab.synth.person import Prop
from reid.lab.synth.pose import about
from reid.lab.synth.shapes import Shape, arc, ball, joined, lathe, superellipsoid, tube

Float = NDArray[np.float32]
Array = NDArray[np.float64]

MAIN, TRIM, METAL = range(3)
"""Materials of a prop: its textile, straps and details, hard dark parts."""


@dataclass(frozen=True, eq=False)
class Part:
    """One piece of a prop: a shape, its material, and the bone it follows ("" = the grip)."""

    shape: Shape
    material: int
    bone: str = ""


@dataclass(frozen=True, eq=False)
class Torso:
    """Measures of a body at rest, metres: what worn things lie on."""

    back: float
    chest: float
    shoulder: Array
    hip: Array
    width: float
    height: float
    lean: float


@dataclass(frozen=True, eq=False)
class Owner:
    """Who has a thing: standing height and height of the grip in metres, and the trunk."""

    height: float
    torso: Torso
    grip: float


USUAL_HEIGHT: Final = 1.7
"""Metres that the people are tall whose things have the sizes of the catalogue."""


def _grown(prop: Prop, size: Size, owner: Owner) -> float:
    """Return how much larger than usual this thing is."""
    return prop.size * (1 - size.grows + size.grows * owner.height / USUAL_HEIGHT)


def _half_sizes(
    prop: Prop, size: Size, owner: Owner, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Draw half of the width, height and depth in metres."""
    k = _grown(prop, size, owner)
    wide, tall, deep = (within(r, rng) * k for r in (size.wide_m, size.tall_m, size.deep_m))
    return wide, tall, deep


def torso_of(base: Float, joints: Float, scale: float, height: float) -> Torso:
    """Measure the trunk of a morphed base mesh."""
    points = base[:BODY_END]
    neck, hip = joints[BONE["neck01"]], joints[BONE["upperleg01.L"]]
    upper = points[(np.abs(points[:, 1] - (neck[1] * 0.7 + hip[1] * 0.3)) < 0.4)]
    upper = upper[np.abs(upper[:, 0]) < 1.2]
    belly = points[np.abs(points[:, 1] - hip[1] - 0.5) < 0.4]
    belly = belly[np.abs(belly[:, 0]) < 2.2]
    shoulder = np.array(
        [abs(joints[BONE["shoulder01.L"], 0]) * 0.72, neck[1] - 0.25, neck[2] + 0.1]
    )
    side = np.array([np.abs(belly[:, 0]).max(), hip[1] + 0.3, belly[:, 2].mean()])
    return Torso(
        float(upper[:, 2].min()) * scale,
        float(upper[:, 2].max()) * scale,
        shoulder * scale,
        side * scale,
        float(np.abs(upper[:, 0]).max()) * scale,
        height,
        0.0,
    )


def _strap(points: NDArray[np.floating], width: float) -> Shape:
    return tube(points, width, 6, flat=0.3)


def backpack(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """A rucksack: body, lid, front pocket, side pockets, two shoulder straps, a loop."""
    rng = np.random.default_rng(prop.variant)
    torso, k = owner.torso, _grown(prop, size, owner)
    wide, tall, deep = _half_sizes(prop, size, owner, rng)
    roundness = float(rng.choice([0.35, 0.5, 0.75]))
    y = torso.shoulder[1] - tall * 0.92
    z = torso.back - deep * 0.85 - 0.012
    body = superellipsoid((wide, tall, deep), roundness, roundness, 10)
    squeeze = 1 - 0.16 * np.clip(body.points[:, 1:2] / tall, -1, 1)
    body = Shape(
        (body.points * (squeeze * (1, 0, 1) + (0, 1, 0))).astype(np.float32),
        body.normals,
        body.faces,
    )
    parts = [Part(body.moved((0, y, z)), MAIN, "spine02")]
    pocket = superellipsoid((wide * 0.82, tall * rng.uniform(0.3, 0.42), deep * 0.4), 0.4, 0.4, 7)
    where = (0, y - tall * 0.45, z - deep * 0.92)
    parts.append(Part(pocket.moved(where), MAIN if rng.random() < 0.6 else TRIM, "spine02"))
    seam = arc(
        np.array([-wide * 0.8, 0, 0]), np.array([wide * 0.8, 0, 0]), np.array([0, tall * 0.5, 0])
    )
    parts.append(
        Part(tube(seam, 0.006, 4).moved((0, y + tall * 0.25, z - deep * 0.93)), TRIM, "spine02")
    )
    if rng.random() < 0.5:
        for side in (-1, 1):
            can = superellipsoid((0.035 * k, tall * 0.38, 0.045 * k), 0.6, 0.8, 6)
            parts.append(Part(can.moved((side * wide * 0.98, y - tall * 0.45, z)), MAIN, "spine02"))
    straps = (_shoulder_strap(torso, side, y, tall, z) for side in (-1, 1))
    return [*parts, *(Part(strap, TRIM, "spine02") for strap in straps)]


def _shoulder_strap(torso: Torso, side: int, y: float, tall: float, z: float) -> Shape:
    x, top, _ = torso.shoulder
    x *= 0.92
    bottom = y - tall * 0.55
    path = np.array(
        [
            [side * x * 0.7, y + tall * 0.8, z + 0.05],
            [side * x * 0.9, top + 0.045, torso.back + 0.05],
            [side * x, top + 0.065, (torso.back + torso.chest) / 2],
            [side * x, top + 0.0, torso.chest - 0.01],
            [side * x * 1.02, (top * 2 + bottom) / 3, torso.chest + 0.022],
            [side * x * 1.15, (top + bottom * 2) / 3, torso.chest + 0.012],
            [side * torso.width * 1.05, bottom + 0.02, (torso.back + torso.chest) / 2],
            [side * torso.width * 0.8, bottom, z + 0.06],
        ]
    )
    return _strap(_smooth_path(path), 0.027)


def _smooth_path(path: Array, n: int = 15) -> Array:
    from scipy.interpolate import PchipInterpolator

    t = np.linspace(0, 1, len(path))
    out: Array = PchipInterpolator(t, path)(np.linspace(0, 1, n))
    return out


def _bag(rng: np.random.Generator, wide: float, tall: float, deep: float) -> list[Part]:
    """A soft bag about its middle: body, flap or zip, sometimes a buckle."""
    roundness = float(rng.choice([0.3, 0.45, 0.7]))
    body = superellipsoid((wide, tall, deep), roundness, 0.45, 9)
    swell = 1 + 0.2 * np.clip(-body.points[:, 1:2] / tall, -1, 1)
    body = Shape(
        (body.points * (swell * (0.4, 0, 1) + (0.6, 1, 0))).astype(np.float32),
        body.normals,
        body.faces,
    )
    parts = [Part(body, MAIN)]
    style = rng.integers(3)
    if style == 0:
        flap = superellipsoid((wide * 0.98, tall * 0.5, deep * 0.5), 0.4, 0.4, 7)
        parts.append(Part(flap.moved((0, tall * 0.45, deep * 0.6)), MAIN))
        parts.append(
            Part(superellipsoid((0.02, 0.015, 0.01), 0.5, 0.5, 4).moved((0, 0, deep * 1.1)), METAL)
        )
    elif style == 1:
        line = np.array(
            [[-wide * 0.9, tall * 0.8, 0], [0, tall * 0.95, 0], [wide * 0.9, tall * 0.8, 0]]
        )
        parts.append(Part(tube(line, 0.01, 4), TRIM))
    return parts


def shoulder_bag(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """A bag at the hip on a strap over the same or the other shoulder."""
    rng = np.random.default_rng(prop.variant)
    torso, side = owner.torso, prop.side
    wide, tall, deep = _half_sizes(prop, size, owner, rng)
    crossed = rng.random() < 0.5
    drop = rng.uniform(-0.04, 0.1)
    x = torso.hip[0] + deep * 0.9 + 0.02
    y = torso.hip[1] - drop + (0.1 if not crossed else 0)
    z = torso.hip[2] + rng.uniform(-0.08, 0.06)
    turn = about(1, 90.0 * side + float(rng.normal(0, 10)))
    parts = [
        Part(p.shape.turned(turn).moved((side * x, y, z)), p.material, "spine05")
        for p in _bag(rng, wide, tall, deep)
    ]
    from_side = -side if crossed else side
    top = torso.shoulder * (from_side * (1.0 if crossed else 1.2), 1, 1) + (0, 0.065, 0)
    end = y + tall * 0.85
    middle_y = (top[1] + end) / 2
    across = 0.25 * (top[0] + side * x)
    near, far = side * (x - 0.01), wide * 0.75
    front = [
        top, (top[0] * 0.95, top[1] - 0.05, torso.chest),
        (across * 1.3, middle_y, torso.chest + 0.03),
        (near * 0.9, end + 0.1, max(torso.chest * 0.75, z + far)), (near, end, z + far * 0.9),
    ]  # fmt: skip
    back = [
        top, (top[0] * 0.95, top[1] - 0.05, torso.back),
        (across * 1.3, middle_y, torso.back - 0.03),
        (near * 0.9, end + 0.1, min(torso.back * 0.75, z - far)), (near, end, z - far * 0.9),
    ]  # fmt: skip
    halves = (_smooth_path(np.asarray(path, float)) for path in (front, back))
    return [*parts, *(Part(_strap(half, 0.018), TRIM, "spine03") for half in halves)]


def handbag(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """A bag below the hand on two handles."""
    rng = np.random.default_rng(prop.variant)
    wide, tall, deep = _half_sizes(prop, size, owner, rng)
    drop = rng.uniform(0.08, 0.2) * _grown(prop, size, owner)
    turn = about(1, 90)
    parts = [
        Part(p.shape.moved((0, -drop - tall, 0)), p.material) for p in _bag(rng, wide, tall, deep)
    ]
    for z in (-deep * 0.5, deep * 0.5):
        ends = (
            np.array([-wide * 0.5, -drop - tall * 0.2, z]),
            np.array([wide * 0.5, -drop - tall * 0.2, z]),
        )
        parts.append(
            Part(tube(arc(*ends, np.array([0, drop + tall * 0.25, -z * 0.8])), 0.009, 5), TRIM)
        )
    return [Part(p.shape.turned(turn), p.material) for p in parts]


def plastic_bag(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """A thin crumpled carrier bag."""
    rng = np.random.default_rng(prop.variant)
    k = _grown(prop, size, owner)
    wide, tall, deep = _half_sizes(prop, size, owner, rng)
    body = superellipsoid((wide, tall, deep), 0.55, 0.6, 12)
    p = body.points.copy()
    low = np.clip(-p[:, 1:2] / tall, -1, 1)
    p[:, [0, 2]] *= 0.8 + 0.25 * low
    p += 0.013 * np.sin(p[:, [1, 2, 0]] * rng.uniform(40, 90, 3) + rng.uniform(0, 6, 3)).astype(
        np.float32
    )
    from reid.lab.synth.meshes import vertex_normals

    body = Shape(p, vertex_normals(p, body.faces), body.faces)
    parts = [Part(body.moved((0, -tall - 0.13 * k, 0)), MAIN)]
    for x in (-wide * 0.35, wide * 0.35):
        ends = np.array([x - 0.03, -0.15 * k, 0]), np.array([x * 0.2, 0, 0])
        parts.append(Part(_strap(arc(*ends, np.array([0, 0.0, 0.01])), 0.02), MAIN))
    return [Part(q.shape.turned(about(1, 90)), q.material) for q in parts]


def suitcase(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """A trolley case, tilted on its wheels behind the hand."""
    rng = np.random.default_rng(prop.variant)
    wide, tall, deep = _half_sizes(prop, size, owner, rng)
    handle_top = max(owner.grip / np.cos(np.radians(25)), 2 * tall + 0.12)
    parts = [
        Part(superellipsoid((wide, tall, deep), 0.25, 0.3, 9).moved((0, tall + 0.05, 0)), MAIN)
    ]
    for y in (0.55, 1.0, 1.45):
        if rng.random() < 0.6:
            rib = superellipsoid((wide * 1.02, 0.012, deep * 1.03), 0.3, 0.3, 5)
            parts.append(Part(rib.moved((0, tall * y + 0.05, 0)), TRIM))
    for x in (-wide * 0.55, wide * 0.55):
        rod = np.array([[x, 2 * tall, -deep * 0.6], [x, handle_top, -deep * 0.6]])
        parts.append(Part(tube(rod, 0.01, 5), METAL))
        parts.append(Part(ball(0.032, 5).moved((x * 1.4, 0.03, 0)), METAL))
    bar = np.array(
        [[-wide * 0.55, handle_top, -deep * 0.6], [wide * 0.55, handle_top, -deep * 0.6]]
    )
    parts.append(Part(tube(bar, 0.016, 6), METAL))
    tilt = about(0, 25.0)
    at = tilt @ np.array([0, handle_top, -deep * 0.6])
    return [Part(p.shape.turned(tilt).moved(tuple(-at)), p.material) for p in parts]


def umbrella(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """An open umbrella over the head: ribbed canopy, shaft, handle."""
    rng = np.random.default_rng(prop.variant)
    radius = within(size.wide_m, rng) * _grown(prop, size, owner)
    ribs, rows = 8, 7
    a = np.linspace(0, 2 * np.pi, ribs * 2, endpoint=False)
    t = np.linspace(0.02, 1, rows)[:, None]
    scallop = 1 - 0.07 * (np.arange(ribs * 2) % 2) * t**2
    dome = 0.38 * radius * (1 - t**2)
    points = np.stack(
        [radius * t * scallop * np.sin(a), dome + 0 * a, radius * t * scallop * np.cos(a)], -1
    ).reshape(-1, 3)
    from reid.lab.synth.meshes import vertex_normals
    from reid.lab.synth.shapes import grid_faces

    faces = grid_faces(rows, ribs * 2, closed=True)
    p = points.astype(np.float32)
    top = 0.32 * owner.height
    canopy = Shape(p, vertex_normals(p, faces), faces).moved((0, top, 0))
    shaft = tube(np.array([[0, -0.12, 0], [0, top + 0.45 * radius, 0]]), 0.008, 5)
    grip = tube(np.array([[0, -0.16, 0], [0, -0.02, 0]]), 0.015, 6)
    lean = about(0, float(rng.uniform(-12, 8)))
    parts = [Part(canopy, MAIN), Part(shaft, METAL), Part(grip, TRIM)]
    return [Part(q.shape.turned(lean), q.material) for q in parts]


def toy(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """A soft animal, or a ball."""
    rng = np.random.default_rng(prop.variant)
    k = rng.uniform(0.8, 1.3) * _grown(prop, size, owner)
    if rng.random() < 0.2:
        return [Part(ball(0.11 * k, 9).moved((0, 0, 0.08)), MAIN)]
    shapes = [
        superellipsoid((0.09, 0.11, 0.08), 1, 1, 8), ball(0.085, 8).moved((0, 0.17, 0.01)),
    ]  # fmt: skip
    for side in (-1, 1):
        shapes.append(ball(0.034, 5).moved((side * 0.065, 0.25, 0)))
        shapes.append(superellipsoid((0.035, 0.07, 0.035), 1, 1, 5).moved((side * 0.1, 0.04, 0.04)))
        shapes.append(
            superellipsoid((0.042, 0.06, 0.06), 1, 1, 5).moved((side * 0.065, -0.11, 0.05))
        )
    body = joined(shapes)
    snout = ball(0.038, 5).moved((0, 0.15, 0.085))
    out = [Part(body, MAIN), Part(snout, TRIM), Part(ball(0.012, 4).moved((0, 0.16, 0.12)), METAL)]
    return [
        Part(
            Shape((p.shape.points * k).astype(np.float32), p.shape.normals, p.shape.faces).moved(
                (0, 0.02, 0.05)
            ),
            p.material,
        )
        for p in out
    ]


_BALLOON: Final = (
    (0.0, 0.17), (0.08, 0.155), (0.13, 0.09), (0.14, 0.02),
    (0.11, -0.08), (0.04, -0.16), (0.012, -0.18), (0.03, -0.2),
)  # fmt: skip
"""Outline of a balloon from its top to its knot: metres from the axis, metres up."""


def balloon(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """One to three balloons on strings; three in three colours where the label says so."""
    rng = np.random.default_rng(prop.variant)
    parts = []
    many = "multicolour" in prop.colours
    for i in range(3 if many else int(rng.choice([1, 1, 1, 2, 3]))):
        up = rng.uniform(0.55, 1.0) * _grown(prop, size, owner) / prop.size
        at = np.array([rng.normal(0, 0.12), up, rng.normal(0, 0.12)])
        shape = lathe(np.asarray(_BALLOON) * prop.size * rng.uniform(0.85, 1.15), 12)
        parts.append(Part(shape.moved(at + np.array([0, 0.18, 0])), i if many else MAIN))
        parts.append(Part(tube(arc(np.zeros(3), at, np.array([0.03, 0, 0.02])), 0.003, 3), TRIM))
    return parts


FIRST_OF_BUGGY: Final = 0.5
"""Something lies in a pushchair whose variant draws less than this first."""


def pushchair(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """A buggy before the hands: seat, hood, frame, wheels; the grip is its handle bar."""
    rng = np.random.default_rng(prop.variant)
    del size
    g, ahead = owner.grip, 0.28
    parts: list[Part] = []
    hub = superellipsoid((0.19, 0.05, 0.18), 0.5, 0.5, 7).turned(about(0, -12))
    parts.append(Part(hub.moved((0, 0.42 - g, ahead + 0.3)), MAIN))
    back = superellipsoid((0.19, 0.24, 0.045), 0.5, 0.5, 8).turned(about(0, -22))
    parts.append(Part(back.moved((0, 0.63 - g, ahead + 0.1)), MAIN))
    parts.append(Part(_buggy_hood(rng).moved((0, 0.78 - g, ahead + 0.12)), MAIN))
    parts.append(
        Part(superellipsoid((0.15, 0.1, 0.2), 0.5, 0.5, 6).moved((0, 0.24 - g, ahead + 0.22)), TRIM)
    )
    if rng.random() < FIRST_OF_BUGGY:
        parts.append(
            Part(
                superellipsoid((0.1, 0.14, 0.09), 0.9, 0.9, 6).moved((0, 0.55 - g, ahead + 0.24)),
                TRIM,
            )
        )
    for x in (-0.22, 0.22):
        frame = np.array([[x, 0, 0], [x, 0.55 - g, ahead + 0.1], [x, 0.14 - g, ahead + 0.52]])
        parts.append(Part(tube(frame, 0.013, 5), METAL))
        leg = np.array([[x, 0.55 - g, ahead + 0.1], [x, 0.12 - g, ahead - 0.02]])
        parts.append(Part(tube(leg, 0.013, 5), METAL))
        for z, r in ((ahead + 0.53, 0.09), (ahead - 0.03, 0.11)):
            wheel = superellipsoid((0.022, r, r), 0.9, 0.9, 8)
            parts.append(Part(wheel.moved((x, r - g, z)), METAL))
    bar = np.array([[-0.22, 0, 0], [0.22, 0, 0]])
    parts.append(Part(tube(bar, 0.017, 6), METAL))
    return parts


def _buggy_hood(rng: np.random.Generator) -> Shape:
    hood = superellipsoid((0.21, 0.2, 0.24), 1, 1, 11)
    keep = hood.points[:, 1] > -0.02 + 0.25 * np.clip(hood.points[:, 2], 0, 1)
    faces = hood.faces[keep[hood.faces].all(1)]
    del rng
    return Shape(hood.points, hood.normals, faces)


FOOTREST: Final = 0.09
"""Metres above the floor at which the feet of somebody in a wheelchair rest."""

SEAT: Final = 0.245
"""Height of a seat above the feet of who sits on it, in heights of that person."""


def wheelchair(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """A chair on wheels that fits its owner; the grip is the floor below the hips."""
    del size
    rng, height = np.random.default_rng(prop.variant), owner.height
    seat = FOOTREST + SEAT * height
    wide, deep = 0.12 * height + 0.02, 0.13 * height
    parts = [
        Part(superellipsoid((wide, 0.03, deep), 0.3, 0.3, 7).moved((0, seat - 0.04, 0.05)), MAIN),
        Part(_chair_back(wide, seat, height, deep), MAIN),
    ]
    for side in (-1, 1):
        parts += _chair_side(side * (wide + 0.03), seat, height, deep, rng.random() < 0.7)
    plate = superellipsoid((wide * 0.8, 0.012, 0.09), 0.3, 0.3, 5)
    parts.append(Part(plate.moved((0, FOOTREST - 0.02, 0.29 * height)), METAL))
    return parts


def chair(prop: Prop, size: Size, owner: Owner) -> list[Part]:
    """A chair or stool, often at a table; the grip is the floor below its owner's hips."""
    del size
    rng, height = np.random.default_rng(prop.variant), owner.height
    seat, wide, deep = SEAT * height, 0.12 * height + 0.02, 0.13 * height
    cushion = superellipsoid((wide, 0.025, deep), 0.3, 0.3, 7).moved((0, seat - 0.04, 0.05))
    parts = [Part(cushion, MAIN)]
    if rng.random() < 0.75:
        parts.append(Part(_chair_back(wide, seat + 0.05, height, deep), MAIN))
    for x in (-wide * 0.9, wide * 0.9):
        for z in (0.05 - deep * 0.9, 0.05 + deep * 0.9):
            leg = np.array([[x, seat - 0.05, z], [x * 1.08, 0, z * 1.08]])
            parts.append(Part(tube(leg, 0.016, 5), METAL))
    return parts + (_table(rng, seat, height) if rng.random() < 0.5 else [])


def _table(rng: np.random.Generator, seat: float, height: float) -> list[Part]:
    """A table before somebody on a chair: a top on legs, now and then closed in front."""
    top, wide, deep = seat + 0.13 * height, rng.uniform(0.35, 0.9), rng.uniform(0.22, 0.4)
    ahead, aside = 0.16 * height + deep, rng.uniform(-0.25, 0.25)
    plate = superellipsoid((wide, 0.018, deep), 0.15, 0.15, 7).moved((aside, top, ahead))
    parts = [Part(plate, TRIM)]
    if rng.random() < 0.3:
        front = superellipsoid((wide * 0.97, top / 2, 0.015), 0.1, 0.1, 5)
        parts.append(Part(front.moved((aside, top / 2, ahead + deep * 0.9)), TRIM))
    corners = [(aside + x * wide, ahead + z * deep) for x in (-0.9, 0.9) for z in (-0.85, 0.85)]
    legs = [tube(np.array([[x, 0, z], [x, top, z]]), 0.02, 5) for x, z in corners]
    return parts + [Part(leg, METAL) for leg in legs]


def _chair_back(wide: float, seat: float, height: float, deep: float) -> Shape:
    tall = 0.13 * height
    back = superellipsoid((wide, tall, 0.025), 0.3, 0.3, 8).turned(about(0, -6))
    return back.moved((0, seat + tall, -deep - 0.02))


def _chair_side(x: float, seat: float, height: float, deep: float, arms: bool) -> list[Part]:
    """A large wheel with its rim, a small one, frame and push handle, perhaps an arm rest."""
    radius = float(np.clip(0.18 * height, 0.24, 0.31))
    turn = np.linspace(0, 2 * np.pi, 25)
    ring = np.stack([0 * turn, radius * np.cos(turn), radius * np.sin(turn)], 1)
    out = float(np.sign(x))
    paths = [
        (ring * 0.97 + (x + 0.03 * out, radius, -0.06), 0.018),
        (ring * 0.84 + (x + 0.055 * out, radius, -0.06), 0.008),
        (np.array([[x, seat, -deep], [x, seat, deep], [x, FOOTREST, 0.29 * height]]), 0.014),
        (np.array([[x, radius, -0.06], [x, seat, -deep], [x, seat + 0.3 * height, -deep - 0.06],
                   [x, seat + 0.31 * height, -deep - 0.18]]), 0.014),
        (np.array([[x, seat, deep], [x, 0.08, deep + 0.02]]), 0.014),
    ]  # fmt: skip
    for spoke in range(4):
        end = ring[spoke * 3 :: 12][:2] * 0.95 + (x + 0.03 * out, radius, -0.06)
        paths.append((end, 0.004))
    parts = [Part(tube(np.asarray(path, float), width, 6), METAL) for path, width in paths]
    small = superellipsoid((0.02, 0.07, 0.07), 0.9, 0.9, 8)
    parts.append(Part(small.moved((x, 0.07, deep + 0.02)), METAL))
    if arms:
        rest = superellipsoid((0.025, 0.02, deep * 0.8), 0.4, 0.4, 6)
        parts.append(Part(rest.moved((x, seat + 0.12 * height, -0.02)), TRIM))
    return parts


SHAPES: Final[dict[str, Callable[[Prop, Size, Owner], list[Part]]]] = {
    "backpack": backpack, "shoulder bag": shoulder_bag, "handbag": handbag,
    "plastic bag": plastic_bag, "suitcase": suitcase, "umbrella": umbrella, "toy": toy,
    "balloon": balloon, "pushchair": pushchair, "wheelchair": wheelchair, "chair": chair,
}  # fmt: skip
"""Names of shapes in the catalogue → what builds them."""
