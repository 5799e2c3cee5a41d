"""Triangle meshes as arrays: triangulation, normals, components, simplification.

Points are float32 (n, 3), faces int32 (m, 3) counter-clockwise seen from outside.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Bool = NDArray[np.bool_]

LEAST_AREA: Final = 1e-3
"""Part of its area, seen from where it faces, that a face keeps in a collapse beside it."""


def triangulate(polygons: Sequence[Sequence[int]]) -> Int:
    """Return polygons cut into triangle fans, int32 (m, 3)."""
    faces = [(p[0], p[i], p[i + 1]) for p in polygons for i in range(1, len(p) - 1)]
    return np.asarray(faces, np.int32).reshape(-1, 3)


def cross(a: Float, b: Float) -> Float:
    """Return cross products of rows (n, 3), or of rows with one vector (3,).

    `np.cross` spends three times as long on arranging axes.
    """
    x, y, z = a.T
    u, v, w = b.T
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=-1)


def lengths(rows: Float) -> Float:
    """Return the lengths of rows (n, 3) as (n, 1)."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None])


def face_normals(points: Float, faces: Int) -> Float:
    """Return area-weighted face normals, shape (m, 3)."""
    a, b, c = (points.take(faces[:, i], axis=0) for i in range(3))
    return np.asarray(cross(b - a, c - a), np.float32)


def vertex_normals(points: Float, faces: Int) -> Float:
    """Return unit vertex normals, shape (n, 3); a vertex in no face gets (0, 1, 0)."""
    flat, corners = face_normals(points, faces), faces.ravel()
    total = np.empty((len(points), 3), np.float32)
    for axis in range(3):
        weights = np.repeat(flat[:, axis], 3)
        total[:, axis] = np.bincount(corners, weights, minlength=len(points))
    length = lengths(total)
    total /= np.maximum(length, 1e-12)
    total[length[:, 0] <= 1e-12] = 0, 1, 0
    return total


def components(faces: Int, size: int) -> Int:
    """Return the connected component of each vertex, int32 (size,); loose vertices are −1."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows = np.concatenate([faces[:, 0], faces[:, 1]])
    cols = np.concatenate([faces[:, 1], faces[:, 2]])
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, cols)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    used = np.zeros(size, bool)
    used[faces.ravel()] = True
    return np.where(used, label, -1).astype(np.int32)


def edges_of(faces: Int) -> tuple[Int, Int]:
    """Return undirected edges int32 (e, 2) and how many faces share each, int32 (e,)."""
    every = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges, count = np.unique(np.sort(every, axis=1), axis=0, return_counts=True)
    return edges.astype(np.int32), count.astype(np.int32)


def _quadrics(points: Float, faces: Int) -> NDArray[np.float64]:
    """Sum of squared plane distances at each vertex as 4 × 4 forms (Garland & Heckbert 1997)."""
    normal = face_normals(points, faces).astype(np.float64)
    area = np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    plane = np.concatenate(
        [normal / area, -np.sum(normal / area * points[faces[:, 0]], axis=1, keepdims=True)], axis=1
    )
    forms = plane[:, :, None] * plane[:, None, :] * area[:, :, None]
    total = np.zeros((len(points), 16))
    for corner in range(3):
        np.add.at(total, faces[:, corner], forms.reshape(-1, 16))
    return total.reshape(-1, 4, 4)


def _fences(points: Float, faces: Int) -> NDArray[np.float64]:
    """Forms of planes that stand on open borders: collapses there cost what they cut off."""
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    _, first, count = np.unique(
        np.sort(directed, axis=1), axis=0, return_index=True, return_counts=True
    )
    open_ = first[count == 1]
    a, b = directed[open_].T
    along = (points[b] - points[a]).astype(np.float64)
    across = cross(along, face_normals(points, faces)[open_ % len(faces)].astype(np.float64))
    across /= np.maximum(lengths(across), 1e-12)
    plane = np.concatenate([across, -np.sum(across * points[a], axis=1, keepdims=True)], axis=1)
    forms = plane[:, :, None] * plane[:, None, :] * np.sum(along**2, axis=1)[:, None, None]
    total = np.zeros((len(points), 16))
    for end in (a, b):
        np.add.at(total, end, forms.reshape(-1, 16))
    return total.reshape(-1, 4, 4)


def _independent(edges: Int, cost: NDArray[np.float64], faces: Int, size: int, want: int) -> Int:
    """Pick cheap edges so that no face touches the moving ends (column 0) of two of them."""
    cheap = np.argsort(cost, kind="stable")[: max(want * 2, len(edges) // 5)]
    order = np.random.default_rng(len(edges)).permutation(cheap)
    none = np.iinfo(np.int64).max
    rank = np.full(size, none)
    place = np.arange(len(order))
    for end in (0, 1):
        np.minimum.at(rank, edges[order, end], place)
    nearest = rank[faces].min(axis=1)
    reach = np.full(size, none)
    for corner in range(3):
        np.minimum.at(reach, faces[:, corner], nearest)
    picked = order[reach[edges[order, 0]] == place]
    return np.asarray(picked[np.argsort(cost[picked], kind="stable")][:want], np.int32)


def simplify(points: Float, faces: Int, target: float = 0.3, *, borders: bool = False) -> Int:
    """Return about `target` (a fraction) of the faces, on a subset of the same vertices.

    Each round collapses an independent set of the edges that cost least by quadric error, always
    onto one of the edge's own ends, so that any morph of the full mesh also moves the simplified
    one. Vertices of open borders stay, or with `borders` move along the border only.
    """
    goal = max(int(len(faces) * target), 60)
    size = len(points)
    forms = _quadrics(points, faces)
    if borders:
        forms += _fences(points, faces)
    homogeneous = np.concatenate([points, np.ones((size, 1))], axis=1)
    stuck = np.zeros(size)  # collapses undone so far: later rounds try elsewhere first
    for _ in range(60):
        if len(faces) <= goal:
            break
        edges, count = edges_of(faces)
        border = np.zeros(size, bool)
        border[edges[count == 1].ravel()] = True
        directed = np.concatenate([edges, edges[:, ::-1]])  # collapse column 0 onto column 1
        free = ~border[directed[:, 0]]
        if borders:
            free |= np.tile(count == 1, 2)
        directed = directed[free]
        if not len(directed):
            break
        form = forms[directed[:, 0]] + forms[directed[:, 1]]
        at = homogeneous[directed[:, 1]]
        length = np.linalg.norm(points[directed[:, 0]] - points[directed[:, 1]], axis=1)
        cost = np.einsum("ni,nij,nj->n", at, form, at) + 1e-5 * length**2
        cost += 1e-2 * stuck[directed[:, 0]]
        want = max((len(faces) - goal) // 2, 1)
        picked = _independent(directed.astype(np.int32), cost, faces, size, want)
        if not len(picked):
            break
        move = np.arange(size, dtype=np.int32)
        move[directed[picked, 0]] = directed[picked, 1]
        faces, undone = _drop_flipped(points, faces, move)
        stuck[undone] += 1
        np.add.at(forms, directed[picked, 1], forms[directed[picked, 0]])
    return faces


def _drop_flipped(points: Float, faces: Int, move: Int) -> tuple[Int, Int]:
    """Apply vertex moves except those that would turn a face over or flatten it to nothing.

    Collapsed faces are dropped. A face without area has no side: the next move may turn it over.

    Returns:
        the faces left, int32 (m, 3); the vertices whose move was undone.
    """
    undone = np.zeros(0, np.int32)
    moved = move[faces]
    alive = (
        (moved[:, 0] != moved[:, 1]) & (moved[:, 1] != moved[:, 2]) & (moved[:, 2] != moved[:, 0])
    )
    before, after = face_normals(points, faces), face_normals(points, moved)
    kept = np.sum(before * after, axis=1) - LEAST_AREA * np.sum(before**2, axis=1)
    turned = alive & (kept < 0)
    if turned.any():
        undo = np.unique(faces[turned].ravel())
        undone = undo[move[undo] != undo]
        move = move.copy()
        move[undone] = undone
        moved = move[faces]
        alive = (
            (moved[:, 0] != moved[:, 1])
            & (moved[:, 1] != moved[:, 2])
            & (moved[:, 2] != moved[:, 0])
        )
    return np.ascontiguousarray(moved[alive]).astype(np.int32), undone.astype(np.int32)
