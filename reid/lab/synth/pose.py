"""Skeletons in motion: procedural gaits with individual variety, natural arms and hands.

At rest every bone's rotation is the identity. A pose gives global rotations `G` and joint places
`p`; a vertex moves by `G·(v − rest joint) + p`. Units are those of the joints given (decimetres);
y up, face to +z, left is +x.
"""

import cmath
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.makehuman import BONE, BONES, load
from reid.lab.synth.scene import RIDING

Float = NDArray[np.float32]
Array = NDArray[np.float64]

# Joint angles of level walking by 8ths of the cycle from heel strike, degrees of flexion
# (rounded from the normative curves in Winter, "Biomechanics and Motor Control", 2009).
HIP: Final = (30.0, 22.0, 8.0, -5.0, -11.0, 3.0, 24.0, 32.0)
KNEE: Final = (4.0, 17.0, 9.0, 6.0, 14.0, 45.0, 62.0, 24.0)
ANKLE: Final = (0.0, -4.0, 6.0, 11.0, 2.0, -18.0, -4.0, 2.0)


@dataclass(frozen=True)
class Skeleton:
    """Joints of one body at rest, decimetres: `joints` float32 (B, 3), tails by bone."""

    joints: Float
    tails: dict[str, Float]


@dataclass(frozen=True, eq=False)
class Pose:
    """Global rotations float32 (B, 3, 3), joint places float32 (B, 3), root at its rest place."""

    rotation: Float
    place: Float


@dataclass(frozen=True)
class Style:
    """How one person moves at one moment: amplitudes (1 = average) and angles in degrees.

    `limber` is the amplitude of limbs that go anywhere: play, sport, reaching, crouching.
    """

    stride: float = 1.0
    swing: float = 1.0
    knees: float = 1.0
    lean: float = 3.0
    splay: float = 4.0
    abduct: float = 9.0
    elbow: float = 18.0
    head_turn: float = 0.0
    head_nod: float = 4.0
    torso_turn: float = 5.0
    sway: float = 2.0
    curl: float = 35.0
    weight_shift: float = 0.0
    limber: float = 0.0


STYLES: Final = {
    "stroll": Style(stride=0.72, swing=0.6, elbow=14, lean=1),
    "walk": Style(),
    "hurry": Style(stride=1.28, swing=1.5, elbow=38, lean=8, knees=1.15),
    "child": Style(stride=1.1, swing=1.5, elbow=34, lean=4, knees=1.3, sway=4, abduct=15),
    "carry": Style(stride=0.85, swing=0.5, lean=4),
    "push": Style(stride=0.9, swing=0.0, lean=10),
    "stand": Style(stride=0.0, swing=0.0, elbow=16, lean=0),
    "sit": Style(stride=0.0, swing=0.0, lean=6),
    "cycle": Style(stride=0.0, swing=0.0, lean=26),
    "ride": Style(stride=0.0, swing=0.0, lean=2),
    "active": Style(stride=0.0, swing=0.0, lean=10, limber=1.0),
}


def style_for(gait: str, rng: np.random.Generator) -> Style:
    """Draw how a person moves in this gait."""
    base = STYLES[gait]

    def vary(x: float, spread: float) -> float:
        return float(x + rng.normal(0, spread))

    loose = base.limber  # those who play, reach or crouch bend and look anywhere
    lean = 2.5 + 24 * loose + (9 if gait in ("sit", *RIDING) else 0)
    style = Style(
        stride=max(vary(base.stride, 0.12), 0.0) if base.stride else 0.0,
        swing=max(vary(base.swing, 0.3), 0.0) if base.swing else 0.0,
        knees=vary(base.knees, 0.1),
        lean=float(np.clip(vary(base.lean, lean), -18, 80)),
        splay=vary(base.splay, 4),
        abduct=max(vary(base.abduct, 3), 4.0),
        elbow=max(vary(base.elbow, 10), 4.0),
        head_turn=vary(0, 22 + 14 * loose),
        head_nod=vary(6, 9 + 12 * loose) + _looking_down(rng),
        torso_turn=vary(base.torso_turn, 2),
        sway=vary(base.sway, 1),
        curl=float(rng.uniform(20, 70)),
        weight_shift=float(rng.normal(0, 1)),
        limber=base.limber,
    )
    if gait == "cycle":  # eyes on the road
        return replace(style, head_nod=style.head_nod - 0.6 * max(style.lean, 0.0))
    return style


def _looking_down(rng: np.random.Generator) -> float:
    """Draw the degrees by which one person in four bends the head: to a phone, a child, a shelf."""
    return float(np.clip(rng.normal(-20, 30), 0, 42))


# --- rotations ----------------------------------------------------------------------------------


def about(axis: int, degrees: float) -> Array:
    """Return the rotation about coordinate axis 0, 1 or 2."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    if axis == 0:
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    if axis == 1:
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def about_axis(axis: Array, degrees: float) -> Array:
    """Return the rotation about a unit vector (Rodrigues)."""
    x, y, z = axis.tolist()
    s, c = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    d = 1 - c
    return np.array([
        [c + d * x * x, d * x * y - s * z, d * x * z + s * y],
        [d * x * y + s * z, c + d * y * y, d * y * z - s * x],
        [d * x * z - s * y, d * y * z + s * x, c + d * z * z],
    ])  # fmt: skip


def aim(start: Array, end: Array) -> Array:
    """Return the smallest rotation that turns direction `start` into `end`."""
    # plain numbers: thousands of these are made for a picture, and NumPy takes its time for three
    (a, b, c), (d, e, f) = start.tolist(), end.tolist()
    x, y, z = b * f - c * e, c * d - a * f, a * e - b * d
    sine, cosine = math.sqrt(x * x + y * y + z * z), a * d + b * e + c * f
    if sine < 1e-6 * math.hypot(a, b, c) * math.hypot(d, e, f):
        return np.eye(3)
    axis = np.array([x / sine, y / sine, z / sine])
    return about_axis(axis, math.degrees(math.atan2(sine, cosine)))


def _cycle(table: tuple[float, ...], phase: float) -> float:
    """Smooth periodic interpolation of a table of 8 values."""
    turn = 2j * math.pi * phase
    return sum((c * cmath.exp(k * turn)).real for k, c in enumerate(_spectrum(table)))


@lru_cache(maxsize=8)
def _spectrum(table: tuple[float, ...]) -> tuple[complex, ...]:
    """Return the Fourier coefficients whose real parts sum to the table's values."""
    spectrum = np.fft.rfft(table)
    weight = np.full(len(spectrum), 2.0)
    weight[[0, len(table) // 2]] = 1.0
    return tuple((spectrum * weight / len(table)).tolist())


# --- building a pose ----------------------------------------------------------------------------


class Poser:
    """Accumulates local rotations and solves the global ones."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.rest = skeleton.joints.astype(np.float64)
        self.tails = skeleton.tails
        self.parent = load().parent
        self.local: list[Array] = [np.eye(3) for _ in BONES]

    def turn(self, name: str, rotation: Array) -> None:
        """Compose a rotation onto a bone, in its parent's frame."""
        self.local[BONE[name]] = rotation @ self.local[BONE[name]]

    def global_of(self, name: str) -> Array:
        """Return the present global rotation of a bone."""
        at, out = BONE[name], np.eye(3)
        while at >= 0:
            out = self.local[at] @ out
            at = int(self.parent[at])
        return out

    def direction(self, first: str, second: str) -> Array:
        """Return the rest direction from one joint to another."""
        out: Array = self.rest[BONE[second]] - self.rest[BONE[first]]
        return out / np.linalg.norm(out)

    def point(self, name: str, toward: str, direction: Array, twist: float = 0.0) -> None:
        """Aim bone `name` (to joint `toward`) along a global direction, then twist about it."""
        parent = BONES[int(self.parent[BONE[name]])]
        frame = self.global_of(parent)
        local = frame.T @ np.asarray(direction, np.float64)
        rotation = aim(self.direction(name, toward), local)
        if twist:
            rotation = about_axis(local / np.linalg.norm(local), twist) @ rotation
        self.local[BONE[name]] = rotation

    def solve(self) -> Pose:
        """Return the pose, with the root where it rests."""
        count = len(BONES)
        turned, place = np.zeros((count, 3, 3)), np.zeros((count, 3))
        for b in range(count):
            up = int(self.parent[b])
            if up < 0:
                turned[b], place[b] = self.local[b], self.rest[b]
            else:
                turned[b] = turned[up] @ self.local[b]
                place[b] = place[up] + turned[up] @ (self.rest[b] - self.rest[up])
        return Pose(turned.astype(np.float32), place.astype(np.float32))


def _leg(
    poser: Poser, side: str, hip: float, knee: float, ankle: float, splay: float,
    apart: float = 0.0,
) -> None:  # fmt: skip
    sign = 1.0 if side == "L" else -1.0
    spread = np.radians(2.0 + 0.25 * abs(splay) + apart)
    h = np.radians(hip)
    thigh = np.array([sign * np.sin(spread) * 0.6, -np.cos(h), np.sin(h)])
    poser.point(f"upperleg01.{side}", f"lowerleg01.{side}", thigh, twist=-sign * splay)
    k = np.radians(hip - knee)
    shin = np.array([sign * np.sin(spread) * 0.25, -np.cos(k), np.sin(k)])
    poser.point(f"lowerleg01.{side}", f"foot.{side}", shin)
    pitch = hip - knee + ankle
    frame = poser.global_of(f"lowerleg02.{side}")
    wanted = about(1, sign * (splay + 5)) @ about(0, -pitch)
    poser.local[BONE[f"foot.{side}"]] = frame.T @ wanted
    if pitch < -12:  # toes stay on the ground while the heel rises
        poser.turn(f"toe2-1.{side}", about(0, max(pitch + 8, -40)))


@dataclass(frozen=True)
class Arm:
    """Where an arm points: degrees of forward swing, sideways lift, elbow bend and inward turn."""

    swing: float
    abduct: float
    elbow: float
    inward: float = 15.0
    twist: float = 0.0
    curl: float = 35.0


def _arm(poser: Poser, side: str, arm: Arm) -> None:
    sign = 1.0 if side == "L" else -1.0
    body = poser.global_of("spine01")
    f, a = np.radians(arm.swing), np.radians(arm.abduct)
    upper = np.array([sign * np.sin(a), -np.cos(a) * np.cos(f), np.cos(a) * np.sin(f)])
    poser.turn(f"clavicle.{side}", about(2, -sign * (4 + max(arm.abduct - 60, 0) * -0.3)))
    poser.point(f"upperarm01.{side}", f"lowerarm01.{side}", body @ upper, twist=sign * arm.twist)
    e, i = np.radians(arm.swing + arm.elbow), np.radians(arm.inward)
    reach = np.sin(np.radians(min(arm.elbow, 90.0)))
    out = sign * (np.sin(a) * (1 - reach) - np.sin(i) * reach)
    fore = np.array([out, -np.cos(e), np.sin(e)])
    turn = -sign * (55 - 0.4 * arm.elbow)
    poser.point(f"lowerarm01.{side}", f"wrist.{side}", body @ fore)
    forward = poser.direction(f"lowerarm01.{side}", f"wrist.{side}")
    poser.turn(f"lowerarm02.{side}", about_axis(forward, turn))
    bend_fingers(poser, side, arm.curl)


def bend_fingers(poser: Poser, side: str, curl: float) -> None:
    """Bend the fingers about the knuckle line, and the thumb a little."""
    across = poser.rest[BONE[f"finger1-1.{side}"]] - poser.rest[BONE[f"finger3-1.{side}"]]
    along = poser.direction(f"wrist.{side}", f"finger3-1.{side}")
    across -= along * np.dot(across, along)
    axis = across / np.linalg.norm(across)
    sign = 1.0 if side == "L" else -1.0
    poser.turn(f"finger3-1.{side}", about_axis(axis, -sign * curl))
    poser.turn(f"finger3-2.{side}", about_axis(axis, -sign * curl * 1.1))
    poser.turn(f"finger1-1.{side}", about_axis(along, sign * 0.35 * curl))


def _trunk(poser: Poser, style: Style, phase: float) -> None:
    swing = np.cos(2 * np.pi * phase)
    amount = style.torso_turn * min(style.stride, 1.3)
    poser.turn("root", about(1, -amount * swing) @ about(2, style.sway * np.sin(2 * np.pi * phase)))
    bent = 0.6 * style.lean * style.limber  # at the hips; the rest of it along the back
    poser.turn("root", about(0, bent))
    for name in ("spine05", "spine04", "spine03", "spine02"):
        poser.turn(name, about(0, (style.lean - bent) / 4) @ about(1, 0.5 * amount * swing))
    if style.stride == 0:
        poser.turn("root", about(2, 2.0 * style.weight_shift))
        poser.turn("spine04", about(2, -2.2 * style.weight_shift))
    for name, part in (("neck01", 0.3), ("neck03", 0.3), ("head", 0.4)):
        poser.turn(name, about(1, style.head_turn * part) @ about(0, style.head_nod * part))


def _legs(poser: Poser, gait: str, style: Style, phase: float, rng: np.random.Generator) -> None:
    crouch = style.limber * max(float(rng.normal(-10, 45)), 0.0) if style.limber else 0.0
    for side, offset in (("L", 0.0), ("R", 0.5)):
        t = (phase + offset) % 1.0
        if style.limber:
            hip, knee = style.limber * rng.normal((12, 25), (28, 25)) + crouch * np.array([1, 1.7])
            _leg(poser, side, min(hip, 110), float(np.clip(knee, 0, 140)), 0, style.splay + 6)
        elif gait == "sit":
            knee = 84.0 + 6 * style.weight_shift
            if side == "R":  # one foot carries, the other goes where it likes
                knee = float(np.clip(rng.normal(knee, 20), 45, 112))
            _leg(poser, side, 86, knee, -2, style.splay + 4 + abs(float(rng.normal(0, 8))))
        elif gait == "cycle":  # one pedal is up when the other is down
            up = 0.5 - 0.5 * np.cos(2 * np.pi * t)
            _leg(poser, side, 32 + 48 * up, 42 + 66 * up, 0, style.splay, 12)
        elif gait == "ride":
            _leg(poser, side, 46 + 6 * style.weight_shift, 62, 4, style.splay + 14, 48)
        elif style.stride == 0:
            shift = style.weight_shift * (1 if side == "L" else -1)
            bend = 10 * max(shift, 0)
            _leg(poser, side, 1 + bend * 0.9, 3 + bend * 1.5, 2 + bend * 0.6, style.splay + 6)
        else:
            scale = style.stride
            hip = _cycle(HIP, t) * scale + 2
            knee = 4 + (_cycle(KNEE, t) - 4) * style.knees * (0.6 + 0.4 * scale)
            _leg(poser, side, hip, knee, _cycle(ANKLE, t) * scale, style.splay)


FOREARM: Final = ":forearm"
"""Ends the name of what an arm does that has something hanging from its forearm."""

HOLDING: Final = {
    "handbag": Arm(2, 10, 8, 5, 0, 85),
    f"handbag{FOREARM}": Arm(8, 12, 95, 20, 0, 70),
    "plastic-bag": Arm(3, 11, 6, 5, 0, 85),
    "suitcase": Arm(-18, 13, 10, 0, 0, 85),
    "umbrella": Arm(28, 14, 105, 18, 0, 85),
    "balloon": Arm(25, 18, 80, 5, 0, 85),
    "toy": Arm(12, 16, 105, 55, 0, 45),
    "pushchair": Arm(32, 12, 42, 0, 0, 85),
    "shoulder-bag": Arm(4, 14, 100, 50, 0, 75),
    "phone": Arm(20, 14, 125, 40, 0, 70),
    "ear": Arm(35, 30, 140, 10, 0, 70),
    "pocket": Arm(-10, 20, 32, 25, 0, 30),
    "up": Arm(120, 30, 30, 10, 0, 10),
    "hip": Arm(-22, 42, 75, 70, 0, 60),
    "behind": Arm(-30, 14, 30, 60, 0, 40),
    "folded": Arm(22, 12, 96, 78, 0, 40),
    "hand-up": Arm(20, 32, 6, 0, 0, 60),
    "hand-high": Arm(80, 25, 25, 0, 0, 50),
    "knees": Arm(22, 8, 50, 8, 0, 25),
    "rim": Arm(-22, 16, 55, -6, 0, 60),
    "bars": Arm(60, 14, 22, 0, 0, 85),
    "reins": Arm(14, 10, 72, 30, 0, 80),
    "in-arms": Arm(14, 6, 88, 58, 0, 40),
    "ankles": Arm(40, 22, 118, 26, 0, 70),
}
"""Arms that hold or do something, by what they do."""


def _arms(
    poser: Poser, style: Style, phase: float, held: dict[str, str], rng: np.random.Generator
) -> None:
    for side, offset in (("L", 0.5), ("R", 0.0)):
        swing = np.cos(2 * np.pi * (phase + offset - 0.02)) * 20 * style.swing
        if action := held.get(side):
            pose = HOLDING[action]
            jitter = rng.normal(0, 5, 3)
            lift = 0.12 * swing
            arm = Arm(
                pose.swing + jitter[0] + lift,
                pose.abduct + abs(jitter[1]) * 0.6,
                pose.elbow + jitter[2],
                pose.inward,
                pose.twist,
                pose.curl,
            )
        elif style.limber:
            swing, abduct, elbow = np.abs(rng.normal((45, 10, 45), (50, 40, 40))) * style.limber
            arm = Arm(min(swing, 165), min(abduct, 110), min(elbow, 140), 12, 0, style.curl)
        else:
            bend = style.elbow + max(swing, 0) * 0.5
            arm = Arm(swing - 2, style.abduct, bend, 12, 0, style.curl)
        _arm(poser, side, arm)


def posed(
    skeleton: Skeleton, gait: str, phase: float, held: dict[str, str], seed: int
) -> tuple[Pose, Style]:
    """Pose a skeleton.

    Args:
        skeleton: joints at rest.
        gait: a key of `STYLES`.
        phase: in [0, 1): 0 is the left heel's strike.
        held: side "L" or "R" → a key of `HOLDING`.
        seed: the moment's individual variation.

    Returns:
        the pose, root at its rest place, and the style drawn.
    """
    rng = np.random.default_rng(seed)
    style = style_for(gait, rng)
    poser = Poser(skeleton)
    _trunk(poser, style, phase)
    _legs(poser, gait, style, phase, rng)
    _arms(poser, style, phase, held, rng)
    return poser.solve(), style
