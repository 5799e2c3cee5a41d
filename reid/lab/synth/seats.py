"""Who sits, and on what."""

from dataclasses import replace
from typing import Final

import numpy as np

from reid.lab.synth.figure import plain_textile
from reid.lab.synth.person import Person, Prop
from reid.lab.synth.population import thing_colour
from reid.lab.synth.scene import RIDING, Actor

Rng = np.random.Generator

_CHAIRS: Final = ("black", "grey", "brown", "white", "red", "blue", "beige")


def on_wheels(person: Person) -> bool:
    """Return whether somebody sits in a wheelchair, wherever they go."""
    return any(prop.kind == "wheelchair" for prop in person.props)


def seated(actor: Actor, rng: Rng) -> Actor:
    """Give somebody a chair to sit on, often at a table."""
    person = actor.person
    variant, colour = int(rng.integers(2**31)), str(rng.choice(_CHAIRS))
    cushion, table = thing_colour(colour, rng), thing_colour(str(rng.choice(_CHAIRS)), rng)
    seat = Prop(
        "chair",
        variant,
        replace(plain_textile(cushion), colours=(cushion, table, table)),
        (colour,),
    )
    person = replace(person, key=f"{person.key}/seated", props=(seat,))
    return replace(actor, person=person, gait="sit", props=None)


def livelier(actor: Actor, rng: Rng, active: float, sitting: float) -> Actor:
    """Let shares of those with free hands play, reach, bend or crouch, or sit."""
    roll = rng.random()
    if actor.person.props or actor.gait in RIDING or roll > active + sitting:
        return actor
    return replace(actor, gait="active") if roll < active else seated(actor, rng)
