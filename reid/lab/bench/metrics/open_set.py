"""Is somebody who is known found, and somebody who is not left alone? The open-set protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.bench.metrics.figures import Ends, Figures, Fraction
from reid.lab.bench.metrics.intervals import bootstrap_share, wilson

Float = NDArray[np.float64]
Labels = NDArray[np.int64]

FPIR: Final = 0.01
"""The share of unknown people for whom an alarm may be raised."""

CMC_REACH: Final = 10


class OpenSet(Figures):
    """Figures after ISO/IEC 19795-1; what could not be acquired counts as a miss.

    Attributes:
        rank1: share of probes of enrolled people whose person ranks first.
        fnir_at_1_fpir: false negative identification rate: their share that is not first, or is
            below the threshold that keeps the false positive rate at `FPIR`.
        failure_to_acquire: over all probes.
        fpir: the false positive identification rate reached.
        cmc: rank-1 to rank-10.
        n_mated, n_nonmated: probes of enrolled people and of others.
        intervals: of rank1 and FNIR (people resampled) and failure to acquire (Wilson).
    """

    rank1: Fraction
    fnir_at_1_fpir: Fraction
    failure_to_acquire: Fraction
    fpir: Fraction
    cmc: tuple[Fraction, ...]
    n_mated: int
    n_nonmated: int
    intervals: dict[str, Ends]


@dataclass(frozen=True, slots=True)
class Samples:
    """Vectors of images: (N, D), whose they are (N,), and which could be acquired (N,)."""

    vectors: Float
    person: Labels
    acquired: NDArray[np.bool_]


def open_set(enrolled: Samples, probes: Samples, seed: int) -> OpenSet:
    """Score probes against enrolled people by cosine similarity, the best image a person.

    People are split in two halves; each half is enrolled once, and the other half's probes are the
    unknown people. Distances of one kind order as cosine does when vectors have equal length.
    """
    people = np.unique(enrolled.person)
    halves = [people[::2], people[1::2]]
    mated_ranks, mated_scores, owners, strangers = [], [], [], []
    for half in halves:
        similarity = _to_people(probes, enrolled, half)
        known = np.isin(probes.person, half)
        column = np.searchsorted(half, probes.person[known])
        own = similarity[known, column]
        mated_ranks.append(1 + (similarity[known] > own[:, None]).sum(axis=1))
        mated_scores.append(own)
        owners.append(probes.person[known])
        strangers.append(similarity[~known].max(axis=1))
    return _summary(
        np.concatenate(mated_ranks),
        np.concatenate(mated_scores),
        np.concatenate(owners),
        np.concatenate(strangers),
        probes,
        seed,
    )


def threshold_at(strangers: Float, fpir: float = FPIR) -> float:
    """Return the lowest threshold at which at most a share `fpir` of strangers' scores reach it."""
    allowed = int(np.floor(fpir * len(strangers)))
    ordered = np.sort(strangers)[::-1]
    if allowed >= len(ordered):
        return float("-inf")
    return float(np.nextafter(ordered[allowed], np.inf))


def _to_people(probes: Samples, enrolled: Samples, half: Labels) -> Float:
    """Return the similarity of every probe to every person of `half`; -inf if not acquired."""
    similarity = np.full((len(probes.vectors), len(half)), -np.inf)
    for column, person in enumerate(half):
        rows = (enrolled.person == person) & enrolled.acquired
        if rows.any():
            similarity[:, column] = (probes.vectors @ enrolled.vectors[rows].T).max(axis=1)
    similarity[~probes.acquired] = -np.inf
    return similarity


def _summary(
    ranks: Labels, scores: Float, owners: Labels, strangers: Float, probes: Samples, seed: int
) -> OpenSet:
    ranks = np.where(np.isfinite(scores), ranks, np.iinfo(np.int64).max)
    limit = threshold_at(strangers)
    first = (ranks == 1).astype(np.float64)
    missed = 1 - first * (scores >= limit)
    lost = int((~probes.acquired).sum())
    named: Sequence[str] = [str(owner) for owner in owners]
    return OpenSet(
        rank1=float(first.mean()),
        fnir_at_1_fpir=float(missed.mean()),
        failure_to_acquire=lost / len(probes.acquired),
        fpir=float((strangers >= limit).mean()),
        cmc=tuple(float((ranks <= k).mean()) for k in range(1, CMC_REACH + 1)),
        n_mated=len(ranks),
        n_nonmated=len(strangers),
        intervals={
            "rank1": bootstrap_share(first, named, seed),
            "fnir_at_1_fpir": bootstrap_share(missed, named, seed),
            "failure_to_acquire": wilson(lost, len(probes.acquired)),
        },
    )
