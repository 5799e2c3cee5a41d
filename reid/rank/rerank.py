"""Re-ranking by shared neighbours: k-reciprocal encoding (Zhong et al., CVPR 2017)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

K1: Final = 10
"""Neighbours that have to name each other. The paper's 20, 6 and .3 are for galleries with a dozen
pictures of each; who walks through a venue is seen a few times."""

K2: Final = 3
"""Neighbours whose encodings are averaged (local query expansion)."""

LAMBDA: Final = 0.5
"""Weight of the original distance; the rest is the Jaccard distance of the encodings."""


def rerank(
    query: Float, gallery: Float, k1: int = K1, k2: int = K2, weight: float = LAMBDA
) -> Float:
    """Return distances (Q, G) that take the neighbourhoods of both sides into account.

    Args:
        query: unit vectors (Q, D).
        gallery: unit vectors (G, D).
        k1, k2, weight: as in the paper.
    """
    together = np.concatenate([query, gallery])
    n, asked = len(together), len(query)
    distance = np.maximum(2 - 2 * together @ together.T, 0)
    distance = (distance / np.maximum(distance.max(axis=0), 1e-12)).T
    k1, k2 = min(k1, n - 1), min(k2, n)
    order = np.argsort(distance, axis=1, kind="stable")[:, : k1 + 1]
    encoded = _encode(distance, order, k1)
    if k2 > 1:
        encoded = np.stack([encoded[order[i, :k2]].mean(axis=0) for i in range(n)])
    jaccard = _jaccard(encoded[:asked], encoded)[:, asked:]
    mixed = jaccard * (1 - weight) + distance[:asked, asked:] * weight
    return np.asarray(mixed, np.float32)


def _encode(distance: Float, order: NDArray[np.int64], k1: int) -> Float:
    """Return for each item the Gaussian weights of its expanded reciprocal neighbours, (N, N)."""
    n = len(distance)
    half = max(1, round(k1 / 2))
    near = [_reciprocal(order, i, k1) for i in range(n)]
    nearer = [_reciprocal(order, i, half) for i in range(n)]
    encoded = np.zeros((n, n), np.float32)
    for i in range(n):
        grown = near[i]
        for j in near[i]:
            shared = np.intersect1d(nearer[j], near[i], assume_unique=True)
            if 3 * len(shared) > 2 * len(nearer[j]):
                grown = np.union1d(grown, nearer[j])
        weights = np.exp(-distance[i, grown])
        encoded[i, grown] = weights / weights.sum()
    return encoded


def _reciprocal(order: NDArray[np.int64], i: int, k: int) -> NDArray[np.int64]:
    """Return those of the k nearest neighbours of `i` (itself included) that have `i` in theirs."""
    forward = order[i, : k + 1]
    return np.sort(forward[(order[forward, : k + 1] == i).any(axis=1)])


def _jaccard(a: Float, b: Float) -> Float:
    """Return 1 - Σ min / Σ max of every pair of encodings that sum to one, (len(a), len(b))."""
    result = np.empty((len(a), len(b)), np.float32)
    for row, one in enumerate(a):
        used = np.flatnonzero(one)
        shared = np.minimum(b[:, used], one[used]).sum(axis=1)
        result[row] = 1 - shared / (2 - shared)
    return result
