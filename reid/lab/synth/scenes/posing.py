"""Who lies, crawls or turns upside down, and who carries whom."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.dress import figure_of
from reid.lab.synth.makehuman import BONE
from reid.lab.synth.motion import pose_of, world_frame
from reid.lab.synth.outfits import GarmentSampler
from reid.lab.synth.person import Person, Prop
from reid.lab.synth.population import Population, pick, sample_person
from reid.lab.synth.postures import GROUNDED
from reid.lab.synth.props import FIRST_OF_BUGGY
from reid.lab.synth.scene import RIDING, Actor

Array = NDArray[np.float64]
Rng = np.random.Generator

CARRYING: Final = ("on shoulders", "in arms", "in pushchair")
"""Ways to carry a child."""

_YOUNG: Final = {"on shoulders": (1.8, 6.0), "in arms": (1.6, 3.6), "in pushchair": (1.6, 3.0)}
"""Years of who is carried."""

_LYING_ROOM: Final = 1.3
"""Metres that who lies keeps to others, from hips to feet."""
_CARRIED_SHARE: Final = 0.4
"""Share of the adults with free hands, among those in hard poses, who carry a child."""
_SEATED_IN_BUGGY: Final = 0.7
"""Share of pushchairs, among hard poses, in which a child is seen."""


def on_ground(actor: Actor, posture: str, rng: Rng) -> Actor:
    """Put somebody, without their things, into a posture of `GROUNDED`."""
    person = actor.person
    if person.props:
        person = replace(person, key=f"{person.key}/bare", props=())
    seed = int(rng.integers(2**31))
    return replace(actor, person=person, gait=posture, pose_seed=seed, props=())


def young(rng: Rng, population: Population, key: str, years: tuple[float, float]) -> Person:
    """Draw a child of so many years, who carries nothing."""
    while True:
        person = sample_person(rng, population, key=key, band="child")
        if years[0] <= person.shape.years <= years[1]:
            return replace(person, props=())


def carrying(carrier: Actor, how: str, population: Population, rng: Rng) -> tuple[Actor, Actor]:
    """Give somebody a child to carry.

    Args:
        carrier: a grown person on their feet; what they carry is left away.
        how: of `CARRYING`.
        population: of which the child is.
        rng: draws the child, its pose, a pushchair.

    Returns:
        Who carries, and the child.
    """
    key = f"{carrier.person.key}/child{rng.integers(2**31)}"
    child = young(rng, population, key, _YOUNG[how])
    if how == "in pushchair":
        return _pushed(carrier, child, population, rng)
    person = replace(carrier.person, key=f"{carrier.person.key}/bare", props=())
    arms = "ankles" if how == "on shoulders" else "in-arms"
    carrier = replace(carrier, person=person, props=(), arms=arms)
    if carrier.gait == "push":
        carrier = replace(carrier, gait="stroll")
    if how == "on shoulders":
        return carrier, _on_shoulders(carrier, child, rng)
    return carrier, _in_arms(carrier, child, rng)


def _joint(carrier: Actor, *names: str) -> Array:
    """Return the mean of joints in metres, before the actor's yaw and place."""
    figure = figure_of(carrier.person)
    pose = pose_of(figure, carrier)
    places = [pose.place[BONE[name]] for name in names]
    return np.asarray(np.mean(places, axis=0) * figure.scale, np.float64)


def _child(carrier: Actor, child: Person, gait: str, at: Array, yaw: float, rng: Rng) -> Actor:
    x, y, z = (world_frame(carrier) @ at + np.asarray(carrier.position)).tolist()
    seed = int(rng.integers(2**31))
    return Actor(child, (x, y, z), carrier.yaw + yaw, gait, 0.0, seed, props=())


def _on_shoulders(carrier: Actor, child: Person, rng: Rng) -> Actor:
    at = np.add(_joint(carrier, "neck01"), (0.0, 0.07, -0.09))
    return _child(carrier, child, "shoulders", at, float(rng.normal(0, 0.06)), rng)


def _in_arms(carrier: Actor, child: Person, rng: Rng) -> Actor:
    wrists, chest = _joint(carrier, "wrist.L", "wrist.R"), _joint(carrier, "spine02")
    deep = 0.11 * carrier.person.shape.stature
    if rng.random() < 0.3:
        side = float(rng.choice([-1, 1]))
        at = np.array([side * 0.1, wrists[1] + 0.1, chest[2] + deep + 0.1])
        return _child(carrier, child, "cradled", at, side * np.pi / 2, rng)
    yaw = float(rng.choice([np.pi, np.pi, 0.0]) + rng.normal(0, 0.3))
    side = float(rng.choice([-0.09, 0.09]))
    at = np.array([side, wrists[1] + 0.09, chest[2] + deep + 0.09])
    return _child(carrier, child, "held", at, yaw, rng)


def _pushed(carrier: Actor, child: Person, population: Population, rng: Rng) -> tuple[Actor, Actor]:
    buggy = next((p for p in carrier.person.props if p.kind == "pushchair"), None)
    empty = replace(buggy or _buggy(population, rng), variant=_empty_variant(rng))
    person = replace(carrier.person, key=f"{carrier.person.key}/buggy", props=(empty,))
    gait = "push" if carrier.gait != "stand" else "stand"
    carrier = replace(carrier, person=person, gait=gait, props=None)
    hands = _joint(carrier, "finger3-1.L", "finger3-1.R")
    at = np.array([hands[0], 0.5, hands[2] + 0.6])
    return carrier, _child(carrier, child, "pushed", at, float(rng.normal(0, 0.05)), rng)


def _buggy(population: Population, rng: Rng) -> Prop:
    sampler = GarmentSampler(rng, population.domain)
    return sampler.prop("pushchair", pick(population.thing_colour, rng), 1)


def _empty_variant(rng: Rng) -> int:
    """Draw a pushchair in which nothing lies yet."""
    while True:
        variant = int(rng.integers(2**31))
        if np.random.default_rng(variant).random() >= FIRST_OF_BUGGY:
            return variant


def with_hard_poses(
    actors: list[Actor], population: Population, rng: Rng, share: float
) -> list[Actor]:
    """Let a share of people lie, crawl, turn upside down, bend, or carry a child."""
    out: list[Actor] = []
    for number, actor in enumerate(actors):
        if actor.gait in ("sit", *RIDING) or rng.random() >= share:
            out.append(actor)
        elif actor.gait == "push":
            seen = rng.random() < _SEATED_IN_BUGGY
            out += carrying(actor, "in pushchair", population, rng) if seen else (actor,)
        elif actor.person.shape.years > 18 and rng.random() < _CARRIED_SHARE:
            out += carrying(actor, str(rng.choice(CARRYING)), population, rng)
        else:
            others = [*actors[:number], *actors[number + 1 :]]
            posture = str(rng.choice(GROUNDED if _alone(actor, others) else ("bent",)))
            out.append(on_ground(actor, posture, rng))
    return out


def _alone(actor: Actor, others: list[Actor]) -> bool:
    """Whether there is room to lie."""
    x, _, z = actor.position
    return all(float(np.hypot(o.position[0] - x, o.position[2] - z)) > _LYING_ROOM for o in others)
