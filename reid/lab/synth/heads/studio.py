"""Somebody before a camera: a head of so many pixels, at a given place of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.camera import Domain
from reid.lab.synth.heads.shot import Shot, shot_of
from reid.lab.synth.makehuman import BONE
from reid.lab.synth.places import Site
from reid.lab.synth.population import Population
from reid.lab.synth.render import Staged, render_staged, stage
from reid.lab.synth.scene import HEAD, Actor, Lens
from reid.lab.synth.scenes.director import Group, direct

Array = NDArray[np.float64]
Rng = np.random.Generator

BYSTANDER: Final = "bystander"
"""Kind of the heads of those who are in the picture by chance."""
SIZES: Final = ((960, 720), (720, 960), (1280, 720), (640, 480))
_TRIES: Final = 40
_CLOSER: Final = 0.93
"""By how much a camera that found no place tries to be nearer each time."""
_APART: Final = 1.2
"""Metres between those who matter and bystanders."""
_LOWEST: Final = 0.2
_HIGHEST: Final = 6.0
"""Metres above the floor between which a camera is held."""


@dataclass(frozen=True, eq=False)
class Studio:
    """Where pictures are taken, of whom, and the source of all chance."""

    site: Site
    population: Population
    bystanders: tuple[Group, ...]
    rng: Rng
    key: str

    @property
    def domain(self) -> Domain:
        """The render domain."""
        return "held-out" if self.population.domain == "held-out" else "train"

    def spot(self, margin: float = 1.0) -> tuple[float, float, float]:
        """Draw a free place on the floor."""
        spots = self.site.free_spots(self.rng, 60, margin)
        if not len(spots):
            spots = self.site.free_spots(self.rng, 60, 0.2)
        x, z = spots[int(self.rng.integers(len(spots)))] if len(spots) else (0.0, 0.0)
        return float(x), 0.0, float(z)


@dataclass(frozen=True)
class Framing:
    """How a camera frames the first head.

    Attributes:
        pixels: of the picture, width and height.
        size: px, the head's longer side.
        at: where its middle is, shares of width and height.
        frontal: whether the camera is before the face.
        elevation: degrees above the head, from and to.
        fov_y: degrees.
        roll: degrees.
        others: bystanders at most.
    """

    pixels: tuple[int, int]
    size: float
    at: tuple[float, float] = (0.5, 0.5)
    frontal: bool = False
    elevation: tuple[float, float] = (-5.0, 40.0)
    fov_y: float = 45.0
    roll: float = 0.0
    others: int = 3


def take(
    studio: Studio, subjects: Sequence[Actor], kinds: Sequence[str], framing: Framing
) -> tuple[Shot, Lens, list[Staged]]:
    """Take an ideal picture of subjects, framed for the head of the first.

    Returns:
        The picture, its lens, and who is there, subjects first.
    """
    first = stage(subjects[:1])[0]
    lens = _lens(studio, first, framing)
    near = float(np.linalg.norm(np.subtract(lens.position, _skull(first)[0])))
    others = _bystanders(studio, lens, subjects, near, framing.others)
    lens = replace(lens, roll=framing.roll)
    shot, staged = through(studio, lens, [*subjects, *others], [*kinds, *[BYSTANDER] * len(others)])
    return shot, lens, staged


def through(
    studio: Studio, lens: Lens, actors: list[Actor], kinds: list[str]
) -> tuple[Shot, list[Staged]]:
    """Return what a lens sees of actors, whose heads are of these kinds, and the actors staged."""
    staged = stage(actors)
    rendering = render_staged(studio.site.place, lens, staged, supersample=2)
    return shot_of(rendering, lens, staged, kinds), staged


def _skull(one: Staged) -> tuple[Array, float]:
    """Return the middle of a head and its longer side, metres."""
    points = one.outline[one.figure.outline.parts == HEAD].astype(np.float64)
    low, high = points.min(0), points.max(0)
    return (low + high) / 2, float((high - low).max())


def _lens(studio: Studio, subject: Staged, framing: Framing) -> Lens:
    """Find a camera that sees the head as it should; the nearest to that, where nothing fits."""
    centre, tall = _skull(subject)
    width, height = framing.pixels
    lens = Lens((0, 0, 0), (0, 0, 1), framing.fov_y, width, height)
    away = lens.focal * tall / framing.size
    ahead = subject.bones[BONE["head"], :, 2].astype(np.float64)
    for _ in range(_TRIES):
        eye = centre + away * _direction(studio.rng, ahead, framing)
        if _usable(studio.site, eye, centre):
            break
        away *= _CLOSER
    offset = (np.array(framing.at) - 0.5) * (width, height) * np.linalg.norm(centre - eye)
    right, up = _across(centre - eye)
    look_at = centre - (right * offset[0] - up * offset[1]) / lens.focal
    return replace(lens, position=_triple(eye), look_at=_triple(look_at))


def _triple(point: Array) -> tuple[float, float, float]:
    x, y, z = point.tolist()
    return x, y, z


def _direction(rng: Rng, ahead: Array, framing: Framing) -> Array:
    """Draw the unit vector from the head to the camera."""
    if framing.frontal:
        drawn = ahead / np.linalg.norm(ahead) + rng.normal(0, 0.22, 3)
        return np.asarray(drawn / np.linalg.norm(drawn))
    low, high = framing.elevation
    turn, rise = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(low, high))
    level = np.array([np.sin(turn), 0.0, np.cos(turn)])
    if rng.random() < 0.5 and float(level @ ahead) < 0:  # faces are seen more often than backs
        level = -level
    return np.asarray(level * np.cos(rise) + (0.0, np.sin(rise), 0.0))


def _across(ahead: Array) -> tuple[Array, Array]:
    """Return the picture's right and up for a view direction."""
    right = np.cross(ahead, (0.0, 1.0, 0.0))
    right /= max(float(np.linalg.norm(right)), 1e-9)
    up = np.cross(right, ahead)
    return right, up / np.linalg.norm(up)


def _usable(site: Site, eye: Array, centre: Array) -> bool:
    ceiling = (site.ceiling or _HIGHEST + 0.2) - 0.2
    if not _LOWEST <= eye[1] <= ceiling:
        return False
    inside = abs(eye[0]) < site.width / 2 - 0.2 and abs(eye[2]) < site.depth / 2 - 0.2
    return inside and bool(site.sees(_triple(eye), centre[None].astype(np.float32))[0])


def _bystanders(
    studio: Studio, lens: Lens, subjects: Sequence[Actor], near: float, limit: int
) -> list[Actor]:
    """Return others behind the subjects, apart from them."""
    if not limit:
        return []
    groups = list(studio.bystanders)
    studio.rng.shuffle(groups)
    crowd = direct(studio.site, lens, groups, studio.rng, limit, held=True)
    taken = np.array([s.position for s in subjects])[:, [0, 2]]
    eye = np.asarray(lens.position)[[0, 2]]
    kept = []
    for actor in crowd:
        at = np.asarray(actor.position)[[0, 2]]
        apart = float(np.linalg.norm(taken - at, axis=1).min()) > _APART
        if apart and float(np.linalg.norm(at - eye)) > max(near, _APART):
            kept.append(actor)
    return kept
