"""k-reciprocal re-ranking on vectors at known angles, and against the published code's loops."""

import numpy as np

from reid.rank.rerank import rerank


def at(*degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def reference(query, gallery, k1, k2, weight):
    """Zhong et al.'s published loops, with Euclidean distances squared as there."""
    together = np.concatenate([query, gallery])
    n, asked = len(together), len(query)
    original = ((together[:, None] - together[None]) ** 2).sum(-1)
    original = np.transpose(original / np.max(original, axis=0))
    v = np.zeros_like(original)
    ranks = np.argsort(original, kind="stable")
    for i in range(n):
        forward = ranks[i, : k1 + 1]
        backward = ranks[forward, : k1 + 1]
        near = forward[np.where(backward == i)[0]]
        grown = near
        for candidate in near:
            half = round(k1 / 2)
            f = ranks[candidate, : half + 1]
            b = ranks[f, : half + 1]
            other = f[np.where(b == candidate)[0]]
            if len(np.intersect1d(other, near)) > 2 / 3 * len(other):
                grown = np.append(grown, other)
        grown = np.unique(grown)
        weights = np.exp(-original[i, grown])
        v[i, grown] = weights / weights.sum()
    v = np.stack([v[ranks[i, :k2]].mean(axis=0) for i in range(n)])
    jaccard = np.zeros((asked, n))
    for i in range(asked):
        shared = np.minimum(v[i], v).sum(axis=1)
        jaccard[i] = 1 - shared / (2 - shared)
    return (jaccard * (1 - weight) + original[:asked] * weight)[:, asked:]


def test_equals_the_published_loops() -> None:
    rng = np.random.default_rng(0)
    everything = rng.normal(size=(40, 8)).astype(np.float32)
    everything /= np.linalg.norm(everything, axis=1, keepdims=True)
    ours = rerank(everything[:9], everything[9:], k1=6, k2=3, weight=0.3)
    theirs = reference(everything[:9], everything[9:], 6, 3, 0.3)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_shared_neighbour_pulls_near() -> None:
    """A gallery image at 20° is nearer to 0° than one at -22°, but others lie beside the latter."""
    query = at(0)
    gallery = at(20, -22, -18, -14, -10, 90, 94, 98)
    plain = 1 - query @ gallery.T
    again = rerank(query, gallery, k1=4, k2=1, weight=0.0)
    assert plain[0, 0] < plain[0, 1]
    assert again[0, 0] > again[0, 2]


def test_more_neighbours_asked_than_there_are() -> None:
    again = rerank(at(0), at(1, 90))
    assert again.shape == (1, 2)
    assert again[0, 0] < again[0, 1]
