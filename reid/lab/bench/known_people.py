"""Sightings of people of whom it is known who they are and what is true of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.records import Query, Wish
from reid.rank import Gallery, ScoreConfig
from reid.rank.score import score, terms

DRAWS: Final = 3
"""Times that random fields of everybody are drawn."""

Labels = Mapping[str, frozenset[str]]
"""Slot → the values that are true of a person."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Sightings of known people: a gallery, who each sighting is (N,), and what is true of them."""

    gallery: Gallery
    who: NDArray[np.str_]
    labels: dict[str, Labels]

    def without(self, identity: str) -> NDArray[np.intp]:
        """Return the rows of everybody else."""
        return np.flatnonzero(self.who != identity)


def rank_of(known: Known, query: Query, who: str, config: ScoreConfig) -> float:
    """Return the rank of the best sighting of a person; half of its equals come before it."""
    scores = score(known.gallery, terms(query, config), config)
    own = known.who == who
    best = scores[own].max()
    equals = ((scores == best) & ~own).sum()
    return float(1 + ((scores > best) & ~own).sum() + equals / 2)


def random_fields(true: Labels, n: int, rng: np.random.Generator) -> Query:
    """Say `n` random fields of a person as they are."""
    slots = [slot for slot in sorted(true) if slot in vocabulary.SLOTS]
    chosen = [slots[i] for i in rng.permutation(len(slots))[:n]]
    return Query("", tuple(Wish(slot, sorted(true[slot])[0]) for slot in chosen))
