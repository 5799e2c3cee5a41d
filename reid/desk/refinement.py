"""What staff's decisions on a case say of the other sightings."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reid.core.records import Query
from reid.desk.cases import Decision
from reid.rank import Refinement, refine_rows
from reid.search.snapshot import Snapshot


def refined(query: Query, snapshot: Snapshot, decisions: Sequence[Decision]) -> Refinement:
    """Return how the list changes by what was confirmed and rejected."""
    yes, no = _rows(snapshot, decisions, "confirmed"), _rows(snapshot, decisions, "rejected")
    if not len(yes) and not len(no):
        return snapshot.unrefined()
    return refine_rows(query, snapshot.gallery, yes, no, snapshot.config)


def _rows(snapshot: Snapshot, decisions: Sequence[Decision], verdict: str) -> NDArray[np.intp]:
    named = (snapshot.row(d.sighting) for d in decisions if d.verdict == verdict)
    return np.array([row for row in named if row is not None], np.intp)
