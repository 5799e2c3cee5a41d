"""Postures in which no side of a person's box is the top: lying, crawling, upside down, carried.

Angles are degrees. Directions of limbs are given in the frame of the trunk (x left, y towards the
head, z ahead) unless a limb reaches for the floor: then they are the world's.
"""

import itertools
import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.makehuman import BONE
from reid.lab.synth.pose import Pose, Poser, Skeleton, about, bend_fingers

Array = NDArray[np.float64]
Rng = np.random.Generator

CARRIED_POSTURES: Final = ("shoulders", "held", "cradled", "pushed")
"""Of who sits on somebody or in something; the hips are where the actor is."""

GROUNDED: Final = (
    "lie-back", "lie-side", "lie-front", "crawl", "upside-down", "bent", "sit-floor",
)  # fmt: skip
"""Of who touches the floor with whatever is lowest."""

_SIDES: Final = (("L", 1.0), ("R", -1.0))


def in_posture(skeleton: Skeleton, posture: str, seed: int) -> Pose:
    """Return a pose of `GROUNDED` or `CARRIED_POSTURES`, root at its rest place.

    Args:
        skeleton: joints at rest.
        posture: its name.
        seed: the moment's individual variation.
    """
    rng = np.random.default_rng((seed, 31))
    poser = Poser(skeleton)
    _POSTURES[posture](poser, rng)
    return poser.solve()


# --- parts of the body --------------------------------------------------------------------------


def _bend(poser: Poser, forward: float, sideways: float = 0.0, twist: float = 0.0) -> None:
    """Bend the back, evenly along it."""
    for name in ("spine05", "spine04", "spine03", "spine02"):
        one = about(0, forward / 4) @ about(1, twist / 4) @ about(2, sideways / 4)
        poser.turn(name, one)


def _look(poser: Poser, nod: float, turn: float = 0.0, tilt: float = 0.0) -> None:
    """Move the head: nod is downwards, turn to the left, tilt to the right shoulder."""
    for name, part in (("neck01", 0.3), ("neck03", 0.3), ("head", 0.4)):
        poser.turn(name, about(1, turn * part) @ about(0, nod * part) @ about(2, -tilt * part))


def _leg(poser: Poser, side: str, thigh: Array, shin: Array, toes: float = 0.0) -> None:
    """Aim a leg along two world directions; `toes` stretches the foot."""
    poser.point(f"upperleg01.{side}", f"lowerleg01.{side}", thigh)
    poser.point(f"lowerleg01.{side}", f"foot.{side}", shin)
    poser.turn(f"foot.{side}", about(0, toes))


def _legs_of_trunk(
    poser: Poser, hips: tuple[float, float], knees: tuple[float, float],
    apart: tuple[float, float], toes: float = 25.0,
) -> None:  # fmt: skip
    """Bend both legs (left, right) relative to the trunk: hips ahead, knees back, legs apart."""
    frame = poser.global_of("root")
    for (side, sign), hip, knee, wide in zip(_SIDES, hips, knees, apart, strict=True):
        _leg(
            poser, side, frame @ _swung(hip, sign * wide), frame @ _swung(hip - knee, sign * wide),
            toes,
        )  # fmt: skip


def _swung(ahead: float, sideways: float) -> Array:
    """Return the direction of a limb that hangs down, swung ahead and then sideways."""
    a, s = math.radians(ahead), math.radians(sideways)
    return np.array([math.sin(s), -math.cos(a) * math.cos(s), math.sin(a) * math.cos(s)])


def _arm(poser: Poser, side: str, upper: Array, fore: Array, curl: float = 30.0) -> None:
    """Aim an arm along two world directions."""
    poser.point(f"upperarm01.{side}", f"lowerarm01.{side}", upper)
    poser.point(f"lowerarm01.{side}", f"wrist.{side}", fore)
    bend_fingers(poser, side, curl)


def _arms_of_trunk(
    poser: Poser, swing: tuple[float, float], wide: tuple[float, float],
    elbow: tuple[float, float],
) -> None:  # fmt: skip
    """Swing both arms (left, right) ahead and sideways relative to the trunk, bend the elbows."""
    frame = poser.global_of("spine01")
    for (side, sign), ahead, apart, bent in zip(_SIDES, swing, wide, elbow, strict=True):
        upper, fore = _swung(ahead, sign * apart), _swung(ahead + bent, sign * apart * 0.6)
        _arm(poser, side, frame @ upper, frame @ fore)


def _pair(rng: Rng, middle: float, spread: float, least: float, most: float) -> tuple[float, float]:
    left, right = np.clip(rng.normal(middle, spread, 2), least, most).tolist()
    return left, right


def _length(poser: Poser, *names: str) -> float:
    """Length of a chain of joints at rest."""
    places = [poser.rest[BONE[name]] for name in names]
    return float(sum(np.linalg.norm(b - a) for a, b in itertools.pairwise(places)))


# --- postures -----------------------------------------------------------------------------------


def _on_back(poser: Poser, rng: Rng) -> None:
    poser.turn("root", about(0, -90 + float(rng.normal(0, 2))))
    _bend(poser, float(rng.uniform(0, 10)), float(rng.normal(0, 6)))
    _look(poser, float(rng.normal(12, 8)), float(rng.normal(0, 35)), float(rng.normal(0, 8)))
    hips = (0.0, 0.0)
    if rng.random() < 0.5:  # knees up, the feet on the floor
        hips = _pair(rng, 45, 12, 15, 65)
    _legs_of_trunk(poser, hips, (hips[0] * 1.95, hips[1] * 1.95), _pair(rng, 9, 6, 2, 25), 30)
    raised = rng.random(2) < 0.3
    wide = np.where(raised, rng.uniform(130, 165, 2), rng.uniform(15, 80, 2)).tolist()
    _arms_of_trunk(poser, (-12, -12), (wide[0], wide[1]), _pair(rng, 12, 10, 0, 40))


def _on_side(poser: Poser, rng: Rng) -> None:
    left = 1.0 if rng.random() < 0.5 else -1.0  # which side is below
    poser.turn("root", about(2, -90 * left) @ about(1, float(rng.normal(0, 8))))
    _bend(poser, float(rng.uniform(5, 35)))
    _look(poser, float(rng.normal(10, 10)), float(rng.normal(0, 14)), -left * rng.uniform(-18, -6))
    hips, knees = _pair(rng, 50, 20, 5, 95), _pair(rng, 65, 20, 15, 110)
    _legs_of_trunk(poser, hips, knees, (2, 2), 25)
    _arms_of_trunk(poser, _pair(rng, 65, 20, 25, 110), (4, 4), _pair(rng, 45, 25, 5, 110))


def _on_front(poser: Poser, rng: Rng) -> None:
    if rng.random() < 0.55:
        _on_elbows(poser, rng)
        return
    poser.turn("root", about(0, 90))
    turned = float(rng.choice([-1, 1]) * rng.uniform(55, 80))
    _look(poser, float(rng.normal(-4, 4)), turned)
    _legs_of_trunk(poser, (0, 0), _pair(rng, 8, 8, 0, 30), _pair(rng, 10, 5, 3, 25), 45)
    wide = _pair(rng, 95, 45, 15, 165)
    _arms_of_trunk(poser, (8, 8), wide, _pair(rng, 10, 10, 0, 40))


def _on_elbows(poser: Poser, rng: Rng) -> None:
    """Prone with the chest raised, as who plays or reads on the floor."""
    poser.turn("root", about(0, 84))
    _bend(poser, -46 + float(rng.normal(0, 5)))
    _look(poser, float(rng.normal(-14, 12)), float(rng.normal(0, 22)))
    kicks = _pair(rng, 40, 40, 0, 110)
    _legs_of_trunk(poser, (-4, -4), kicks, _pair(rng, 8, 4, 2, 20), 45)
    for side, sign in _SIDES:
        out = sign * float(rng.uniform(0.05, 0.3))
        _arm(poser, side, np.array([out, -0.95, 0.15]), np.array([-out, -0.1, 0.95]))


def _crawl(poser: Poser, rng: Rng) -> None:
    """Hands and knees on the floor: the trunk rises by what arms are longer than thighs."""
    arm = _length(poser, "upperarm01.L", "lowerarm01.L", "wrist.L", "finger3-1.L")
    thigh = _length(poser, "upperleg01.L", "lowerleg01.L")
    trunk = _length(poser, "upperleg01.L", "upperarm01.L")
    rise = math.degrees(math.asin(float(np.clip((arm * 0.95 - thigh) / trunk, -0.5, 0.7))))
    poser.turn("root", about(0, 90 - rise))
    _look(poser, float(rng.normal(-42, 16)), float(rng.normal(0, 22)))
    for side, sign in _SIDES:
        step = float(rng.normal(0, 14))
        _leg(poser, side, _swung(step, sign * 4), np.array([0, -0.06, -1.0]), 40)
        reach = float(rng.normal(4, 10))
        _arm(poser, side, _swung(reach, sign * 6), _swung(reach + 4, sign * 2), 0)
        _flat_hand(poser, side)


def _flat_hand(poser: Poser, side: str) -> None:
    poser.point(f"wrist.{side}", f"finger3-1.{side}", np.array([0, -0.35, 0.94]))


def _upside_down(poser: Poser, rng: Rng) -> None:
    """A cartwheel or handstand: on the hands, legs anywhere above."""
    if rng.random() < 0.6:
        turn = about(2, float(rng.choice([-1, 1]) * rng.uniform(125, 180)))
        apart = _pair(rng, 42, 14, 10, 65)
    else:
        turn, apart = about(0, 180 + float(rng.normal(0, 12))), _pair(rng, 6, 6, 0, 25)
    poser.turn("root", turn)
    _bend(poser, float(rng.normal(-4, 6)))
    _look(poser, float(rng.normal(-25, 14)), float(rng.normal(0, 12)))
    _legs_of_trunk(poser, _pair(rng, 5, 14, -25, 40), _pair(rng, 12, 14, 0, 60), apart, 40)
    frame = poser.global_of("spine01")
    for side, sign in _SIDES:
        up = frame @ _swung(172, sign * float(rng.uniform(4, 16)))
        _arm(poser, side, up, up, 5)


def _bent(poser: Poser, rng: Rng) -> None:
    """Bent over towards the floor: the head below the hips or level with them."""
    poser.turn("root", about(0, float(rng.uniform(50, 85))))
    _bend(poser, float(rng.uniform(20, 55)), float(rng.normal(0, 5)))
    _look(poser, float(rng.normal(0, 24)), float(rng.normal(0, 18)))
    knee = float(np.clip(rng.normal(18, 16), 0, 60))
    back = -8 + 0.5 * knee
    for side, sign in _SIDES:
        thigh, shin = _swung(back, sign * 7), _swung(back - knee, sign * 4)
        _leg(poser, side, thigh, shin)
        flat = poser.global_of(f"lowerleg02.{side}")
        poser.local[BONE[f"foot.{side}"]] = flat.T @ about(1, sign * 10)
        hang = float(rng.normal(12, 14))
        _arm(poser, side, _swung(hang, sign * 8), _swung(hang + 10, sign * 2))


def _on_floor(poser: Poser, rng: Rng) -> None:
    """Seated on the floor, legs crossed or stretched out."""
    poser.turn("root", about(0, float(rng.normal(-4, 5))))
    _bend(poser, float(rng.uniform(8, 40)), float(rng.normal(0, 5)))
    _look(poser, float(rng.normal(4, 16)), float(rng.normal(0, 24)))
    crossed = rng.random() < 0.5
    for side, sign in _SIDES:
        if crossed:
            thigh, shin = np.array([sign * 0.75, -0.12, 0.65]), np.array([-sign * 0.85, -0.1, 0.35])
        else:
            wide = sign * float(rng.uniform(0.1, 0.45))
            thigh, shin = np.array([wide, 0.05, 0.95]), np.array([wide, -0.1, 0.95])
        _leg(poser, side, thigh, shin, 15)
        reach = float(rng.normal(30, 16))
        frame = poser.global_of("spine01")
        _arm(poser, side, frame @ _swung(reach, sign * 12), frame @ _swung(reach + 50, -sign * 8))


def _on_shoulders(poser: Poser, rng: Rng) -> None:
    poser.turn("root", about(0, float(rng.normal(6, 5))))
    _bend(poser, float(rng.uniform(0, 14)))
    _look(poser, float(rng.normal(8, 10)), float(rng.normal(0, 24)))
    for side, sign in _SIDES:
        _leg(
            poser, side, np.array([sign * 0.42, -0.22, 0.88]), np.array([-sign * 0.12, -0.97, 0.2])
        )
    swing, elbow = (
        ((150.0, 150.0), (10.0, 10.0)) if rng.random() < 0.2 else ((38.0, 38.0), (48.0, 48.0))
    )
    _arms_of_trunk(poser, swing, (10, 10), elbow)


def _in_arms(poser: Poser, rng: Rng) -> None:
    """Upright before somebody's chest, legs apart."""
    poser.turn("root", about(0, float(rng.normal(4, 6))))
    _restful(poser, rng)
    _legs_of_trunk(poser, (62, 62), (88, 88), (32, 32), 20)


def _cradled(poser: Poser, rng: Rng) -> None:
    """Lying back across somebody's arms."""
    poser.turn("root", about(0, -62 + float(rng.normal(0, 8))))
    _restful(poser, rng)
    _legs_of_trunk(poser, (38, 30), (55, 48), (6, 6), 20)


def _restful(poser: Poser, rng: Rng) -> None:
    _bend(poser, float(rng.uniform(4, 18)))
    _look(poser, float(rng.normal(8, 10)), float(rng.normal(0, 30)), float(rng.normal(0, 10)))
    _arms_of_trunk(poser, _pair(rng, 40, 18, 5, 90), (16, 16), _pair(rng, 60, 20, 20, 110))


def _in_pushchair(poser: Poser, rng: Rng) -> None:
    poser.turn("root", about(0, -14 + float(rng.normal(0, 4))))
    _bend(poser, float(rng.uniform(4, 18)), float(rng.normal(0, 5)))
    asleep = rng.random() < 0.25
    nod = rng.normal(18, 6) if asleep else rng.normal(6, 10)
    _look(poser, float(nod), float(rng.normal(0, 20)), float(rng.normal(0, 16 if asleep else 5)))
    for side, sign in _SIDES:
        low = float(rng.uniform(-0.75, -0.35))
        _leg(poser, side, np.array([sign * 0.22, 0.1, 0.95]), np.array([sign * 0.05, low, 0.7]), 10)
    _arms_of_trunk(poser, _pair(rng, 22, 12, 0, 60), (14, 14), _pair(rng, 60, 20, 15, 100))


_POSTURES: Final[dict[str, Callable[[Poser, Rng], None]]] = {
    "lie-back": _on_back, "lie-side": _on_side, "lie-front": _on_front, "crawl": _crawl,
    "upside-down": _upside_down, "bent": _bent, "sit-floor": _on_floor,
    "shoulders": _on_shoulders, "held": _in_arms, "cradled": _cradled, "pushed": _in_pushchair,
}  # fmt: skip
