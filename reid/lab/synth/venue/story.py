"""Who is in a venue and where they go, which children get lost, and what is said of them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from reid.core.vocabulary import YEARS_SLOT
from reid.lab.synth.labels import attributes_of
from reid.lab.synth.person import Person
from reid.lab.synth.population import Population, sample_group
from reid.lab.synth.scenes.director import CHILD_YEARS
from reid.lab.synth.speakers import Context, Fact, Version, describe
from reid.lab.synth.speakers.words import REFUSED_REMARKS
from reid.lab.synth.venue.plan import Venue
from reid.lab.synth.venue.routes import Party, plan_legs, wander

Rng = np.random.Generator
_SPEED: Final = (1.0, 1.4)
_VERSIONS: Final[tuple[Version, ...]] = ("true", "true", "wrong", "vague")
_LOST_SHARE: Final = 0.5
"""Share of families with children one of whom gets lost."""


@dataclass(frozen=True, slots=True)
class LostChild:
    """A child who left the group.

    Attributes:
        person: key. seconds: when. zone: where they were last together.
    """

    person: str
    seconds: float
    zone: int


def populate(
    venue: Venue, people: int, seconds: float, rng: Rng, *, domain: str = "train"
) -> tuple[tuple[Party, ...], tuple[LostChild, ...]]:
    """Send about `people` people through a venue for `seconds`; some children get lost.

    Returns:
        Parties (a lost child is one of its own) and the lost children.
    """
    population = Population(domain=domain)
    parties: list[Party] = []
    lost_children: list[LostChild] = []
    count = 0
    while count < people:
        members = sample_group(rng, population, key=f"g{len(parties):03d}")
        slowest = min(m.person.shape.years for m in members)
        speed = float(rng.uniform(*_SPEED)) * (0.8 if slowest < CHILD_YEARS else 1.0)
        start = float(rng.uniform(-40, seconds * 0.8))
        legs = plan_legs(venue, wander(venue, rng, int(rng.integers(1, 5))), start, speed, rng)
        party = Party(f"g{len(parties):03d}", members, legs, int(rng.integers(2**20)))
        lost = _lose(venue, party, seconds, rng) if rng.random() < _LOST_SHARE else None
        if lost:
            rest, alone, child_lost = lost
            parties += [rest, alone]
            lost_children.append(child_lost)
        else:
            parties.append(party)
        count += len(members)
    return tuple(parties), tuple(lost_children)


def _lose(
    venue: Venue, party: Party, seconds: float, rng: Rng
) -> tuple[Party, Party, LostChild] | None:
    """Split a child off a family in the middle of its visit; None where that is not possible."""
    children = [i for i, m in enumerate(party.members) if m.person.shape.years < CHILD_YEARS]
    middle = [
        i for i, leg in enumerate(party.legs)
        if i > 0 and seconds * 0.15 < leg.start < seconds * 0.75
    ]  # fmt: skip
    if not children or len(party.members) < 2 or not middle:
        return None
    child, cut = children[int(rng.integers(len(children)))], middle[0]
    before = party.legs[cut - 1]
    onward = [before.zone, *wander_from(venue, before.zone, rng)]
    legs = plan_legs(venue, onward, before.end + 2.0, 0.9, rng, stops=1.2)
    member = party.members[child]
    rest = replace(party, members=tuple(m for m in party.members if m is not member))
    alone = Party(f"{party.name}-lost", (member,), (*party.legs[:cut], *legs), party.seed + 1)
    return rest, alone, LostChild(member.person.key, before.end, before.zone)


def wander_from(venue: Venue, zone: int, rng: Rng) -> list[int]:
    """Choose up to two zones that a lost child goes on to."""
    way: list[int] = []
    for _ in range(int(rng.integers(1, 3))):
        options = venue.neighbours(way[-1] if way else zone)
        if not options:
            break
        way.append(options[int(rng.integers(len(options)))])
    return way


def facts_of(person: Person) -> tuple[Fact, ...]:
    """Return a person's labels as (slot, value) pairs, the age in years among them."""
    words = attributes_of(person)
    listed = [(slot, value) for slot, found in words.items() for value in found if value]
    return (*listed, (YEARS_SLOT, float(person.shape.years)))


def tell(
    venue: Venue,
    parties: tuple[Party, ...],
    lost_children: tuple[LostChild, ...],
    start: datetime,
    rng: Rng,
) -> list[dict[str, Any]]:
    """Have people described: each lost child by several speakers, everybody else once.

    Returns:
        JSON-ready records: person, lost (bool), since (ISO time of the loss or None), and the
        fields of `reid.lab.synth.speakers.Description.as_dict`.
    """
    people = {m.person.key: m.person for p in parties for m in p.members}
    told = []
    for child_lost in lost_children:
        when = start + timedelta(seconds=child_lost.seconds)
        child = people[child_lost.person]
        for version in _VERSIONS:
            remark = REFUSED_REMARKS[int(rng.integers(len(REFUSED_REMARKS)))]
            context = Context(
                place=venue.zones[child_lost.zone].name,
                time=when.strftime("%H:%M"),
                companion=_companion(parties, child_lost),
                remark=remark if rng.random() < 0.15 else None,
            )
            said = describe(facts_of(child), rng, version=version, context=context)
            told.append(
                {
                    "person": child_lost.person,
                    "lost": True,
                    "since": when.isoformat(),
                    **said.as_dict(),
                }
            )
    for key, person in people.items():
        said = describe(facts_of(person), rng)
        told.append({"person": key, "lost": False, "since": None, **said.as_dict()})
    return told


def _companion(parties: tuple[Party, ...], child_lost: LostChild) -> str | None:
    """Name who the child was with, by a grown-up of the family."""
    family = next((p for p in parties if p.name == child_lost.person.rsplit("-", 1)[0]), None)
    adult = next((m.person for m in family.members if m.adult), None) if family else None
    if adult is None:
        return None
    older = adult.shape.years >= 60
    if adult.shape.sex < 0.5:
        return "her grandmother" if older else "her mum"
    return "his grandfather" if older else "his dad"
