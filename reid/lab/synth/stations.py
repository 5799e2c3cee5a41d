"""Where crops are taken: cameras in places, each with a metered look and good floor spots."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.camera import CameraLook, Domain, metered, sample_look
from reid.lab.synth.person import Person
from reid.lab.synth.places import Site, build_site, hang_camera, hold_camera, person_spans
from reid.lab.synth.render import render_staged
from reid.lab.synth.scene import Actor, Lens
from reid.lab.synth.seats import on_wheels

Float = NDArray[np.float32]
Rng = np.random.Generator

TALLEST: Final = 620.0
SHORTEST: Final = 42.0
"""Pixels (in a frame of 720 rows) that an adult is tall at the spots used."""
_LOW_SHARE: Final = 0.25
"""Share of cameras that look from eye level."""


@dataclass(frozen=True, eq=False)
class Station:
    """One camera.

    Attributes:
        number: of the camera. site: where it hangs. lens: its geometry. look: its image formation.
        spots: float32 (n, 2): floor points x, z in metres that it sees well.
        heights: float32 (n,): px that an adult is tall there.
    """

    number: int
    site: Site
    lens: Lens
    look: CameraLook
    spots: Float
    heights: Float

    def draw_spot(self, rng: Rng) -> Float:
        """Draw a floor point (2,); near ones more often than their share of the floor."""
        some = rng.integers(len(self.spots), size=3)
        return np.asarray(self.spots[some[int(self.heights[some].argmax())]], np.float32)


def make_station(number: int, seed: int, domain: Domain) -> Station:
    """Build a camera and its place; the same arguments give the same one."""
    for attempt in range(8):
        rng = np.random.default_rng((seed, number, attempt, 17))
        site = build_site(int(rng.integers(2**31)), domain)
        lens = (hold_camera if rng.random() < _LOW_SHARE else hang_camera)(site, rng)
        spots = _good_spots(site, lens, rng)
        if len(spots) >= 12:
            break
    look = sample_look(rng, domain)
    small = replace(lens, size=(160, 90))
    empty = render_staged(site.place, small, [], supersample=1).image
    heights = person_spans(lens, spots)[1]
    return Station(number, site, lens, metered(look, np.repeat(empty, 2, 0)), spots, heights)


def _good_spots(site: Site, lens: Lens, rng: Rng) -> Float:
    spots = site.free_spots(rng, 300, margin=0.3)
    foot, height = person_spans(lens, spots)
    inside = (foot[:, 0] > 40) & (foot[:, 0] < lens.width - 40)
    inside &= (foot[:, 1] < lens.height + 20) & (foot[:, 1] - height > -10)
    spots = spots[inside & (height > SHORTEST) & (height < TALLEST)]
    chest = np.insert(spots, 1, 1.1, axis=1).astype(np.float32)
    return spots[site.sees(lens.position, chest)] if len(spots) else spots


def draw_gait(person: Person, rng: Rng) -> str:
    """Draw how a person moves, by age and by what they carry."""
    if on_wheels(person):
        return "sit"
    kinds = {prop.kind for prop in person.props}
    if "pushchair" in kinds:
        return "push" if rng.random() < 0.8 else "stand"
    if kinds & {"suitcase", "plastic-bag"} and rng.random() < 0.5:
        return "carry"
    if person.shape.years < 10 and rng.random() < 0.6:
        return "child"
    return str(rng.choice(["walk", "stroll", "stand", "hurry"], p=[0.46, 0.22, 0.25, 0.07]))


def place_actor(person: Person, at: tuple[float, float], rng: Rng, props: tuple[str, ...]) -> Actor:
    """Stand a person at a floor point, in any direction and phase."""
    return Actor(
        person=person,
        position=(float(at[0]), 0.0, float(at[1])),
        yaw=float(rng.uniform(0, 2 * np.pi)),
        gait=draw_gait(person, rng),
        phase=float(rng.random()),
        pose_seed=int(rng.integers(2**31)),
        props=props,
    )
