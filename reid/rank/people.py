"""Sightings of the same clothes as one person: what is shown is people, not tracklets.

Somebody who passes three cameras is three sightings of a third of the probability each, and one
person who is likely the one described. Sightings are put together, best first, where their vectors
are alike and nobody would have to be in two places at once.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from reid.core.records import Match, Person, SightingKey
from reid.rank.gallery import Floats

SAME_CLOTHES: Final = 0.65
"""Cosine from which two sightings of an answer are one person's, with or without their cameras'
means: of PKU-Reid's and Market-1501's people 84 and 70 % of the pairs before two cameras reach it,
and .3 and .5 % of different people's."""

GROUPED: Final = 100
"""First matches that are put together; nobody looks for doubles among the others."""


def people_of(
    matches: Sequence[Match], vectors: Floats | None, nobody: float = 0.0
) -> tuple[Person, ...]:
    """Return the people of ranked matches, the likeliest first.

    Args:
        matches: best first.
        vectors: unit vectors (n, D) of the matches; None: each is taken for a person.
        nobody: probability that none of all sightings is the person.
    """
    groups: list[list[int]] = []
    alike = None if vectors is None else vectors[:GROUPED] @ vectors[:GROUPED].T
    for row in range(len(matches)):
        group = None if row >= GROUPED else _group_of(row, matches, alike, groups)
        if group is None:
            groups.append([row])
        else:
            group.append(row)
    people = [
        Person(
            tuple(matches[row].key.id for row in group),
            any_of([matches[row].probability for row in group], nobody),
        )
        for group in groups
    ]
    return tuple(sorted(people, key=lambda person: -person.probability))


def any_of(chances: Sequence[float], nobody: float) -> float:
    """Return the probability that one of several sightings is the person.

    Each has its chance as one of a set of the person's sightings, if there are any at all (see
    `reid.rank.posterior`); one that is known is certain.
    """
    best = max(chances)
    somebody = 1 - nobody
    if best >= somebody or len(chances) == 1:
        return best
    return somebody * (1 - float(np.prod(1 - np.array(chances) / somebody)))


def _group_of(
    row: int, matches: Sequence[Match], alike: Floats | None, groups: Sequence[list[int]]
) -> list[int] | None:
    """Return the group that looks most like a match, or None where no group may be the same.

    `alike` holds the cosine of every two of the first matches.
    """
    if alike is None:
        return None
    cosines = alike[row].tolist()
    means = [sum(cosines[other] for other in group) / len(group) for group in groups]
    for place in sorted(range(len(groups)), key=lambda place: -means[place]):
        if means[place] < SAME_CLOTHES:
            return None
        if not any(at_once(matches[row].key, matches[other].key) for other in groups[place]):
            return groups[place]
    return None


def at_once(a: SightingKey, b: SightingKey) -> bool:
    """Whether two sightings overlap in time, so that they cannot be one person's."""
    return a.start < b.end and b.start < a.end
