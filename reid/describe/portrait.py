"""What the reading has made of one person, finished: things, what they look like, the body.

These are the values between the second and the third step: nothing in them changes any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from reid.core.records import Modifier
from reid.describe.frames import Frame, Mod, Person, Values, region

ELSEWHERE = -1
"""The number of a thing that is not among those of the person."""


@dataclass(frozen=True, slots=True)
class Look:
    """Something said of a thing; the fields are those of `reid.describe.frames.Mod`."""

    kind: str
    values: Values
    hair: Values = ()
    shade: Modifier | None = None
    unsure: bool = False
    negated: bool = False
    either: bool = False
    legs: bool = False


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing worn or carried.

    Attributes:
        number: tells the things of one person apart.
        slots: slot → alternatives; a bare region has none.
        name: the words for it.
        layer: how far out it is worn; `order` its place among the things said.
        looks: what it looks like.
        alternative: the number of the thing that this is an alternative to, `ELSEWHERE`, or None.
        outermost, innermost: it was said to be worn over or under the others.
    """

    number: int
    slots: Mapping[str, Values]
    name: str
    layer: int
    order: int
    looks: tuple[Look, ...]
    unsure: bool
    negated: bool
    alternative: int | None
    outermost: bool
    innermost: bool

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that it covers, e.g. ("upper",) or ("carry.backpack",)."""
        return tuple(dict.fromkeys(region(slot) for slot in self.slots))

    def colours(self) -> tuple[Look, ...]:
        """Return the colours said of it."""
        return tuple(look for look in self.looks if look.kind == "colour")


@dataclass(frozen=True, slots=True)
class BodyTrait:
    """One thing said of the body; the fields are those of `reid.describe.frames.Trait`."""

    slot: str
    values: tuple[str | float, ...]
    unsure: bool
    negated: bool
    exact: bool
    weak: bool


@dataclass(frozen=True, slots=True)
class Portrait:
    """One person: things in the order said, traits, and the token span of what was said."""

    things: tuple[Thing, ...]
    traits: tuple[BodyTrait, ...]
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: the person described, their companions, and what was not understood."""

    main: Portrait
    companions: tuple[Portrait, ...]
    refused: tuple[str, ...]
    unparsed: tuple[str, ...]


def finish(person: Person) -> Portrait:
    """Return what was said of a person, without the things that are none after all."""
    kept = [frame for frame in person.frames if not frame.gone()]
    numbers = {id(frame): number for number, frame in enumerate(kept)}
    return Portrait(
        things=tuple(_thing(frame, numbers) for frame in kept),
        traits=tuple(
            BodyTrait(t.slot, t.values, t.unsure, t.negated, t.exact, t.weak) for t in person.traits
        ),
        start=person.start,
        stop=person.stop,
    )


def _thing(frame: Frame, numbers: Mapping[int, int]) -> Thing:
    other = frame.alternative
    return Thing(
        number=numbers[id(frame)],
        slots=dict(frame.slots),
        name=frame.text,
        layer=frame.layer,
        order=frame.order,
        looks=tuple(map(_look, frame.mods)),
        unsure=frame.unsure,
        negated=frame.negated,
        alternative=None if other is None else numbers.get(id(other), ELSEWHERE),
        outermost=frame.outermost,
        innermost=frame.innermost,
    )


def _look(mod: Mod) -> Look:
    return Look(
        mod.kind, mod.values, mod.hair, mod.shade, mod.unsure, mod.negated, mod.either, mod.legs
    )
