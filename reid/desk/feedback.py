"""Confirmed and rejected sightings move the others: same clothes up, the rejected ones' down."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.cases import Decision
from reid.desk.snapshot import Snapshot

CONFIRMED_NATS: Final = 5.0
"""What being just like a confirmed sighting is worth."""

REJECTED_NATS: Final = 4.0
"""What being just like a rejected one costs."""

UNLIKE: Final = 0.3
"""Cosine, camera means subtracted, up to which two sightings say nothing about each other."""

GONE_NATS: Final = 40.0
"""What a rejected sighting itself loses: it goes to the end of every list."""


def extra_scores(snapshot: Snapshot, decisions: Sequence[Decision]) -> NDArray[np.float32] | None:
    """Return what staff's decisions add to each score (N,), in nats; None without decisions."""
    rows = {
        verdict: [
            row
            for d in decisions
            if d.verdict == verdict and (row := snapshot.row(d.sighting)) is not None
        ]
        for verdict in ("confirmed", "rejected")
    }
    if not rows["confirmed"] and not rows["rejected"]:
        return None
    vectors = snapshot.vectors()
    up = _likeness(vectors, rows["confirmed"]) * CONFIRMED_NATS
    down = _likeness(vectors, rows["rejected"]) * REJECTED_NATS
    extra = up - np.where(up >= down, 0, down)
    extra[rows["rejected"]] -= GONE_NATS
    return np.asarray(extra, np.float32)


def _likeness(vectors: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float32]:
    """Return the likeness (N,) in [0, 1] of each sighting to the nearest of some rows."""
    if not rows:
        return np.zeros(len(vectors), np.float32)
    nearest = (vectors @ vectors[list(rows)].T).max(axis=1)
    return np.asarray(np.clip((nearest - UNLIKE) / (1 - UNLIKE), 0, 1), np.float32)
