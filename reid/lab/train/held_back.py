"""Is an adapted network better? Told from tracks that it has not seen, without labels.

Two things are known of tracks without knowing who anybody is. Views of one track are of one person,
and must be found before all others that the same camera saw: that asks for fine differences, and
the place tells nothing. And who is found before another camera must be found back from there.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.bench.metrics.ranking import score_ranking
from reid.lab.train.adapt import TrackCrops
from reid.lab.train.export import run
from reid.lab.train.net import AppearanceNet
from reid.lab.train.pseudo_labels import mean_vectors
from reid.search.snapshot import less_camera_means

LEAST: Final = 4
"""Tracks that have to be held back."""

Float = NDArray[np.float32]


class HeldBack:
    """Tracks that decide whether an adapted network is kept."""

    def __init__(self, crops: TrackCrops) -> None:
        self._crops = crops

    def score(self, net: AppearanceNet) -> float:
        """Return the mean of both figures, in [0, 1]; of what cannot be asked nothing counts."""
        if len(self._crops.tracks) < LEAST:
            return 0.0
        vectors = run(net, self._crops.images)["vector"]
        figures = [*self._views_found(vectors), *self._round_trips(vectors)]
        return float(np.mean(figures)) if figures else 0.0

    def _views_found(self, vectors: Float) -> Iterator[float]:
        """Yield the mAP of views (N, D) of a track among all views of its camera."""
        track = self._crops.track
        camera = self._crops.tracks.camera[track]
        itself = np.eye(len(track), dtype=bool)
        right = (track[:, None] == track[None]) & ~itself
        elsewhere = camera[:, None] != camera[None]
        found = score_ranking(1 - vectors @ vectors.T, right, elsewhere | itself)
        if len(found):
            yield found.mean_ap

    def _round_trips(self, vectors: Float) -> Iterator[float]:
        """Yield the share of tracks that are found back from every other camera."""
        camera = self._crops.tracks.camera
        of_track = less_camera_means(mean_vectors(vectors, self._crops.track), camera)
        back = [
            round_trips(of_track[camera == here], of_track[camera == there])
            for here in np.unique(camera)
            for there in np.unique(camera)
            if here != there
        ]
        if back:
            yield float(np.concatenate(back).mean())


def round_trips(here: Float, there: Float) -> NDArray[np.bool_]:
    """Return which unit vectors (N, D) are the nearest to those (M, D) that are nearest to them."""
    likeness = here @ there.T
    return np.asarray(likeness.argmax(axis=0)[likeness.argmax(axis=1)] == np.arange(len(here)))
