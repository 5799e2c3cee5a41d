"""Pairs that `reid synth counterfactual` rendered, and which of a pair belongs to which arm."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import SourceError
from reid.lab.synth.counterfactual import CHANGES, changed
from reid.lab.synth.crops import CropJob, person_of
from reid.lab.synth.person import Person

Bytes = NDArray[np.uint8]

ARMS: Final[dict[str, tuple[str, str]]] = {
    "skin": ("darker", "lighter"),
    "age": ("older", "younger"),
    "childhood": ("child", "adult"),
    "sex": ("female", "male"),
    "build": ("heavy", "slim"),
    "covering": ("head covered", "not covered"),
    "pushchair": ("with pushchair", "without"),
    "wheelchair": ("in a wheelchair", "on foot"),
    "face": ("one face", "another"),
    "hair": ("one cut", "another"),
}
"""The two arms of each property."""

_MANIFEST: Final = "manifest.json"
_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rendered pairs, N of them.

    Attributes:
        before, after: uint8 RGB (N, H, W, 3).
        before_parts, after_parts: uint8 (N, H, W), the part each pixel shows.
        identity: int64 (N,).
        change: N names.
        first: bool (N,), whether `before` belongs to the first arm.
        files: what was read.
    """

    before: Bytes
    after: Bytes
    before_parts: Bytes
    after_parts: Bytes
    identity: NDArray[np.int64]
    change: tuple[str, ...]
    first: NDArray[np.bool_]
    files: tuple[Path, ...]

    @property
    def changes(self) -> tuple[str, ...]:
        """The properties that there are pairs of, in fixed order."""
        return tuple(change for change in ARMS if change in self.change)

    def rows(self, change: str) -> NDArray[np.intp]:
        """Return which pairs differ in `change`."""
        return np.flatnonzero(np.array(self.change) == change)

    def arm(self, change: str, name: str) -> tuple[Bytes, Bytes]:
        """Return images (n, H, W, 3) and parts (n, H, W) of one arm, in the order of `rows`."""
        rows = self.rows(change)
        first = name == ARMS[change][0]
        mine = (self.first[rows] == first)[:, None, None]
        images = np.where(mine[..., None], self.before[rows], self.after[rows])
        return images, np.where(mine, self.before_parts[rows], self.after_parts[rows])


def read_pairs(data: Path) -> Pairs:
    """Read the folder that `reid synth counterfactual` wrote.

    Raises:
        SourceError: missing, or not such a folder.
    """
    folders = sorted(data.glob("shard-*")) if data.is_dir() else []
    if not folders or not (data / _MANIFEST).is_file():
        raise SourceError(f"{data} holds no pairs: run `reid synth counterfactual {data}`")
    try:
        job = CropJob(**json.loads((data / _MANIFEST).read_text())["job"])
        names = ("before", "after", "before_parts", "after_parts", "identity", "change")
        arrays = {n: np.concatenate([np.load(f / f"{n}.npy") for f in folders]) for n in names}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{data} is damaged ({type(error).__name__}): render it again") from None
    kinds = tuple(CHANGES)
    change = tuple(kinds[int(i)] for i in arrays["change"])
    identity = arrays["identity"].astype(np.int64)
    return Pairs(
        arrays["before"],
        arrays["after"],
        arrays["before_parts"],
        arrays["after_parts"],
        identity,
        change,
        _first_arm(job, identity, change),
        tuple(sorted(p for f in folders for p in f.glob("*.npy"))),
    )


def _first_arm(
    job: CropJob, identity: NDArray[np.int64], change: Sequence[str]
) -> NDArray[np.bool_]:
    """Return for each pair whether the person before the change belongs to the first arm."""
    known: dict[tuple[int, str], bool] = {}
    for who, what in zip(identity.tolist(), change, strict=True):
        if (who, what) not in known:
            before = person_of(job, who)
            kind = list(CHANGES).index(what)
            dice = np.random.default_rng((job.seed, who, 8, kind))
            after = changed(before, what, dice, job.population)
            known[who, what] = belongs_first(what, before, after)
    return np.array([known[key] for key in zip(identity.tolist(), change, strict=True)], bool)


def belongs_first(change: str, before: Person, after: Person) -> bool:
    """Whether `before` is of the first arm in `ARMS`; the unchanged one where neither is."""
    if change == "skin":
        tones = [float(_LUMINANCE @ np.asarray(p.looks.skin)) for p in (before, after)]
        return tones[0] <= tones[1]
    if change == "age":
        return before.shape.years >= after.shape.years
    if change == "childhood":
        return before.shape.years <= after.shape.years
    if change == "sex":
        return before.shape.sex <= after.shape.sex
    if change == "build":
        return before.shape.weight >= after.shape.weight
    if change == "covering":
        worn = before.wearing("head")
        return worn is not None and worn.kind == "covering"
    if change in ("pushchair", "wheelchair"):
        return any(prop.kind == change for prop in before.props)
    return True
