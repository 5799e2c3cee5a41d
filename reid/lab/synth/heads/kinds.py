"""The kinds of picture in which detectors miss heads, each staged once a round."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from reid.lab.synth.camera import metered, sample_look
from reid.lab.synth.heads.panels import in_mirror, shown_on, stand_in_view, upright
from reid.lab.synth.heads.shot import Shot
from reid.lab.synth.heads.stand import full_stand
from reid.lab.synth.heads.studio import BYSTANDER, SIZES, Framing, Studio, take, through
from reid.lab.synth.person import Person
from reid.lab.synth.population import sample_person, wheelchair
from reid.lab.synth.scene import Actor, Lens
from reid.lab.synth.scenes.photographs import photograph
from reid.lab.synth.scenes.posing import carrying, on_ground
from reid.lab.synth.seats import seated

Rng = np.random.Generator

SMALLEST, LARGEST = 14.0, 240.0
"""Pixels: longer side of the heads that matter, in pictures that are not of a kind of their own."""
_SMALL_STANDS: Final = (300, 800, 2000)
_PASTED: Final = (4, 4)
"""Columns and rows of small pictures in a large one."""
_LARGE: Final = (3840, 2160)
_POSTURES: Final = {
    "lying on the back": "lie-back", "lying on the side": "lie-side",
    "lying on the front": "lie-front", "crawling": "crawl", "upside down": "upside-down",
    "bent over": "bent",
}  # fmt: skip
_STANDING: Final = ("stand", "walk", "stroll", "child", "active")
_TILTS: Final = (20, 45, 70)


def _size(rng: Rng, low: float = SMALLEST, high: float = LARGEST) -> float:
    """Draw a size, evenly by its logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _framing(rng: Rng, size: float | None = None) -> Framing:
    return Framing(
        pixels=SIZES[int(rng.integers(len(SIZES)))],
        size=size or _size(rng),
        at=(float(rng.uniform(0.25, 0.75)), float(rng.uniform(0.25, 0.7))),
        fov_y=float(rng.uniform(32, 60)),
        others=int(rng.integers(0, 5)),
    )


def _person(studio: Studio, band: str | None = None) -> Person:
    """Draw somebody with empty hands; every second one is a child."""
    rng = studio.rng
    age = band or ("child" if rng.random() < 0.5 else None)
    key = f"{studio.key}/{rng.integers(2**31)}"
    return replace(sample_person(rng, studio.population, key=key, band=age), props=())


def _actor(studio: Studio, person: Person | None = None, gait: str = "stand") -> Actor:
    rng = studio.rng
    yaw, seed = float(rng.uniform(0, 2 * np.pi)), int(rng.integers(2**31))
    someone = person or _person(studio)
    return Actor(someone, studio.spot(), yaw, gait, float(rng.random()), seed, props=())


def _upright(studio: Studio, framing: Framing, kind: str) -> Shot:
    actor = _actor(studio, gait=str(studio.rng.choice(_STANDING)))
    return take(studio, [actor], [kind], framing)[0]


def _posture(studio: Studio, framing: Framing, kind: str) -> Shot:
    actor = on_ground(_actor(studio), _POSTURES[kind], studio.rng)
    return take(studio, [actor], [kind], framing)[0]


def _seated(studio: Studio, framing: Framing, kind: str) -> Shot:
    """On a chair, in a wheelchair, or on the floor."""
    rng, actor = studio.rng, _actor(studio)
    roll = rng.random()
    if roll < 0.4:
        actor = seated(actor, rng)
    elif roll < 0.6:
        person = replace(actor.person, props=(wheelchair(rng, studio.population),))
        actor = replace(actor, person=person, gait="sit", props=None)
    else:
        actor = on_ground(actor, "sit-floor", rng)
    return take(studio, [actor], [kind], framing)[0]


def _carried(studio: Studio, framing: Framing, kind: str) -> Shot:
    """The child's head is framed; who carries it counts as the same kind."""
    gait = str(studio.rng.choice(("stand", "walk", "stroll")))
    adult = _actor(studio, _person(studio, "adult"), gait)
    carrier, child = carrying(adult, kind, studio.population, studio.rng)
    return take(studio, [child, carrier], [kind, kind], framing)[0]


def _near(studio: Studio, framing: Framing, kind: str) -> Shot:
    """A face of .3 to .7 of the picture's width."""
    rng, actor = studio.rng, _actor(studio)
    if rng.random() < 0.4:
        actor = on_ground(actor, str(rng.choice(("lie-back", "sit-floor", "crawl"))), rng)
    wide, tall = framing.pixels
    size = min(float(rng.uniform(0.3, 0.7)) * wide * 1.3, tall * 1.4)
    at = (float(rng.uniform(0.4, 0.6)), float(rng.uniform(0.4, 0.6)))
    closer = replace(framing, size=size, at=at, frontal=True, fov_y=float(rng.uniform(30, 48)))
    return take(studio, [actor], [kind], closer)[0]


def _cut(studio: Studio, framing: Framing, kind: str) -> Shot:
    """A head that the picture's border cuts: about half of it is seen."""
    rng = studio.rng
    size = _size(rng, 40, LARGEST)
    wide, tall = framing.pixels
    inward = float(rng.uniform(-0.1, 0.35)) * size
    along = float(rng.uniform(0.2, 0.8))
    at = (
        (along, inward / tall), (along, 1 - inward / tall),
        (inward / wide, along), (1 - inward / wide, along),
    )[int(rng.integers(4))]  # fmt: skip
    actor = _actor(studio, gait=str(rng.choice(_STANDING)))
    if rng.random() < 0.4:
        actor = on_ground(actor, str(rng.choice(list(_POSTURES.values()))), rng)
    return take(studio, [actor], [kind], replace(framing, size=size, at=at))[0]


def _group(studio: Studio, framing: Framing, kind: str) -> Shot:
    """One to three people on their feet and whoever is by, all of one kind."""
    rng = studio.rng
    first = _actor(studio, gait=str(rng.choice(_STANDING)))
    actors = [first]
    for side in (-0.7, 0.7)[: int(rng.integers(0, 3))]:
        x, _, z = first.position
        at = (x + side * float(np.cos(first.yaw)), 0.0, z - side * float(np.sin(first.yaw)))
        beside = _actor(studio, gait=str(rng.choice(_STANDING)))
        yaw = first.yaw + float(rng.normal(0, 0.5))
        actors.append(replace(beside, position=at, yaw=yaw))
    size = min(framing.size, 150.0)
    shot = take(studio, actors, [kind] * len(actors), replace(framing, size=size, others=5))[0]
    return replace(shot, heads=tuple(replace(head, kind=kind) for head in shot.heads))


def _turned(studio: Studio, framing: Framing, kind: str) -> Shot:
    quarters = 2 if kind.endswith("180") else int(studio.rng.choice((1, 3)))
    return _group(studio, framing, kind).turned(quarters)


def _tilted(studio: Studio, framing: Framing, kind: str) -> Shot:
    roll = float(kind.rsplit(" ", 1)[1]) * float(studio.rng.choice((-1, 1)))
    middle = (float(studio.rng.uniform(0.4, 0.6)), float(studio.rng.uniform(0.4, 0.6)))
    return _group(studio, replace(framing, roll=roll, at=middle), kind)


def _brightness(studio: Studio, kind: str) -> float:
    """Return how bright a poster is in the light of a place; screens have their own."""
    place = studio.site.place
    light = float(np.mean(place.ambient_sky) + 0.5 * np.mean(place.sun_colour))
    return 1.0 if kind == "screen" else float(np.clip(light**0.45, 0.35, 1.0))


def _pictured(studio: Studio, framing: Framing, kind: str) -> Shot:
    """A poster or a screen that shows a face, beside people."""
    rng = studio.rng
    for _ in range(12):
        actor = _actor(studio, gait=str(rng.choice(_STANDING)))
        base, lens, _ = take(
            studio, [actor], [BYSTANDER], replace(framing, size=_size(rng, 20, 90))
        )
        panel = stand_in_view(kind, studio.site, lens, rng)
        if panel is not None:
            break
    else:
        return _upright(studio, framing, BYSTANDER)
    corners = panel.pixels(lens)
    wide = float(np.linalg.norm(corners[1] - corners[0]))
    tall = float(np.linalg.norm(corners[3] - corners[0]))
    pixels = (int(np.clip(wide, 32, 1000)), int(np.clip(tall, 32, 1000)))
    face = replace(
        framing, pixels=pixels, size=float(rng.uniform(0.2, 0.65)) * min(pixels) * 1.2,
        at=(0.5, 0.42), frontal=True, fov_y=38.0, others=2,
    )  # fmt: skip
    shown = take(studio, [_actor(studio)], [kind], face)[0]
    shown = replace(shown, heads=tuple(replace(head, kind=kind) for head in shown.heads))
    return shown_on(panel, shown, base, lens, _brightness(studio, kind))


def _mirror(studio: Studio, framing: Framing, kind: str) -> Shot:
    """Somebody before a mirror, seen with their reflection or by it alone."""
    rng, site = studio.rng, studio.site
    for _ in range(40):
        x, _, z = studio.spot(margin=0.6)
        yaw = float(rng.uniform(0, 2 * np.pi))
        panel = upright("mirror", (x, z), yaw, rng)
        near, side = float(rng.uniform(0.5, 1.6)), float(rng.uniform(-0.5, 0.5))
        at = panel.middle + panel.normal * near + (panel.corners[1] - panel.corners[0]) * side
        slant = yaw + float(rng.choice((-1, 1)) * rng.uniform(0.25, 0.9))
        away = float(rng.uniform(2.0, 5.0))
        eye = panel.middle + away * np.array([np.sin(slant), 0, np.cos(slant)])
        eye[1] = float(rng.uniform(1.2, 2.2))
        points = np.stack([at, eye])[:, [0, 2]].astype(np.float32)
        if not site.taken(points, 0.2).any() and site.sees(
            (float(eye[0]), float(eye[1]), float(eye[2])), panel.corners.astype(np.float32) * 0.97
            + panel.middle.astype(np.float32) * 0.03,
        ).all():  # fmt: skip
            break
    facing = yaw + np.pi + float(rng.normal(0, 0.5))
    gait = str(rng.choice(("stand", "stroll", "active")))
    actor = replace(
        _actor(studio, gait=gait), position=(float(at[0]), 0.0, float(at[2])), yaw=facing
    )
    wide, tall = framing.pixels
    lens = Lens(
        (float(eye[0]), float(eye[1]), float(eye[2])),
        (float(panel.middle[0]), float(panel.middle[1]) + 0.2, float(panel.middle[2])),
        float(rng.uniform(32, 55)), wide, tall,
    )  # fmt: skip
    base, staged = through(studio, lens, [actor], [BYSTANDER])
    return in_mirror(panel, site.place, base, lens, staged)


def _stand(studio: Studio, framing: Framing, kind: str) -> Shot:
    rng = studio.rng
    count = int(rng.choice(_SMALL_STANDS))
    size = (1920, 1080) if count > 500 else framing.pixels
    head = float(rng.uniform(9, 14) if count > 500 else rng.uniform(10, 30))
    return full_stand(rng, studio.population, f"{studio.key}/stand", count, size, head)[0]


def _pasted(studio: Studio, framing: Framing, kind: str) -> Shot:
    """Small pictures pasted into a large one, each with a camera of its own."""
    rng = studio.rng
    wide, tall = _LARGE
    plain = np.full((tall, wide, 3), rng.integers(8, 70), np.uint8)
    whole = Shot(plain, np.zeros((tall, wide), np.uint16), ())
    cell = np.array([wide // _PASTED[0], tall // _PASTED[1]])
    for number in range(_PASTED[0] * _PASTED[1]):
        small = replace(framing, pixels=(320, 240), size=_size(rng, 16, 90), others=4)
        kinds = ("upright", "seated", *_POSTURES)
        some = str(rng.choice(kinds))
        shot = developed(studio, STAGED[some](studio, replace(small, others=4), some))
        share = float(rng.uniform(1.0, 2.0))
        corner = cell * (number % _PASTED[0], number // _PASTED[0])
        free = cell - np.array(shot.size) * share
        x, y = corner + rng.uniform(0, 1, 2) * free
        to = np.array([[share, 0, x], [0, share, y], [0, 0, 1.0]])
        where = cv2.warpPerspective(np.ones(shot.map.shape, np.uint8), to, _LARGE) > 0
        moved = shot.warped(to, _LARGE)
        people = moved.people
        whole = whole.over(replace(moved, people=()), where)
        whole = replace(whole, people=whole.people + people)
    heads = tuple(replace(head, kind=kind) for head in whole.heads)
    return replace(whole, heads=heads)


STAGED: Final[dict[str, Callable[[Studio, Framing, str], Shot]]] = {
    "upright": _upright, **dict.fromkeys(_POSTURES, _posture), "seated": _seated,
    "on shoulders": _carried, "in arms": _carried, "in pushchair": _carried, "near": _near,
    "cut by the border": _cut, "turned 90": _turned, "turned 180": _turned,
    **{f"tilted {degrees}": _tilted for degrees in _TILTS},
    "mirror": _mirror, "poster": _pictured, "screen": _pictured,
    "stand": _stand, "pasted": _pasted,
}  # fmt: skip
"""How each kind of picture is staged."""

RARE: Final = ("stand", "pasted")
"""Kinds whose pictures hold many heads: one is made every few rounds."""

_RARE_SHARE: Final = 0.01
"""Of frames drawn at random: a full stand takes as long as ten others."""

_DEVELOPED: Final = ("pasted",)


def draw_kind(rng: Rng) -> str:
    """Draw a kind, all as often but for the rare ones."""
    if rng.random() < _RARE_SHARE:
        return str(rng.choice(RARE))
    return str(rng.choice([kind for kind in STAGED if kind not in RARE]))


def shoot(kind: str, studio: Studio) -> Shot:
    """Return a picture of a kind as a camera delivers it."""
    shot = STAGED[kind](studio, _framing(studio.rng), kind)
    return shot if kind in _DEVELOPED else developed(studio, shot)


def developed(studio: Studio, shot: Shot) -> Shot:
    """Return an ideal picture through a camera without distortion, which would move the truth."""
    look = sample_look(studio.rng, studio.domain)
    straight = replace(look, optics=replace(look.optics, k1=0.0, k2=0.0))
    return shot.developed(photograph(shot.image, metered(straight, shot.image), studio.rng))
