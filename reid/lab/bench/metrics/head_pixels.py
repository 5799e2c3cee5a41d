"""How many heads are painted over, pixel by pixel: by situation, size and age."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes
from reid.core.painting import mask_of, snap
from reid.lab.bench.data.head_maps import HeadMap, TrueHead
from reid.lab.bench.metrics.figures import Figures, FiveDigits
from reid.lab.bench.metrics.summary import Share
from reid.lab.bench.report.tables import Table, figure

COVERED: Final = 0.95
"""Share of a head's pixels from which it counts as covered."""

LEAST_HEAD: Final = 16.0
"""Pixels: longer side of the heads that are counted."""

LEAST_VISIBLE: Final = 0.25
"""Seen share of a head from which there is something to cover."""

_SIZES: Final = ((8, 16), (16, 32), (32, 64), (64, 128), (128, 10**9))


class HeadPixels(Figures):
    """Shares of rendered heads whose pixels are painted, profile "head".

    Attributes:
        heads: of at least 16 px.
        children, adults: of these.
        by_kind: of these, by situation.
        by_size: all from 8 px, by their longer side.
        faces_left: of the faces that look this way, those of whose seen nose and eyes no point is
            painted: a whole face.
        children_faces_left, faces_left_by_kind: of these.
        area_left: share of all head pixels that is left.
    """

    heads: Share
    children: Share
    adults: Share
    by_kind: dict[str, Share]
    by_size: dict[str, Share]
    faces_left: Share
    children_faces_left: Share
    faces_left_by_kind: dict[str, Share]
    area_left: FiveDigits

    def headline(self) -> str:
        """Return heads covered, and whole faces left."""
        return (
            f"rendered heads covered {figure(self.heads.share, self.heads.interval)} of "
            f"{self.heads.n}, whole faces left {self.faces_left.hits} of {self.faces_left.n}"
        )

    def tables(self) -> list[Table]:
        """Return heads covered and faces left: in all, by age, by size, by situation."""
        rows = {
            f"heads from {LEAST_HEAD:.0f} px": self.heads,
            "  of children": self.children,
            "  of adults": self.adults,
        }
        rows |= {f"  of {size}": share for size, share in self.by_size.items()}
        shown = tuple((name, figure(s.share, s.interval), str(s.n)) for name, s in rows.items())
        note = f"at least {COVERED * 100:.0f} % of a head's pixels; {self.area_left * 100:.2f} %"
        return [
            Table(("% of rendered heads covered", "figure", "n"), shown, f"{note} of all are left"),
            self._by_kind(),
        ]

    def _by_kind(self) -> Table:
        rows = [
            (
                kind, figure(share.share, share.interval), str(share.n),
                f"{self.faces_left_by_kind[kind].hits} of {self.faces_left_by_kind[kind].n}",
            )
            for kind, share in self.by_kind.items()
        ]  # fmt: skip
        left, young = self.faces_left, self.children_faces_left
        rows.append(
            ("all", figure(self.heads.share), str(self.heads.n), f"{left.hits} of {left.n}")
        )
        note = f"whole faces left of children: {young.hits} of {young.n}"
        return Table(("situation", "% covered", "n", "whole faces left"), tuple(rows), note)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A head, whether it is covered, and whether its whole face is left."""

    head: TrueHead
    covered: bool
    face_left: bool


@dataclass(slots=True)
class PixelCoverage:
    """Heads covered and left, over any number of pictures."""

    _judged: list[_Judged] = field(default_factory=list)
    _left: int = 0
    _pixels: int = 0

    def see(self, truth: HeadMap, painted: Boxes) -> None:
        """Count one picture: its heads, and what is painted, (M, 4) px."""
        numbers = truth.pixels()
        height, width = numbers.shape
        mask = mask_of(snap(painted, width, height), width, height)
        size = int(numbers.max()) + 1
        shown = np.bincount(numbers.ravel(), minlength=size)
        gone = np.bincount(numbers[mask], minlength=size)
        self._pixels += int(shown[1:].sum())
        self._left += int((shown - gone)[1:].sum())
        for head in truth.heads:
            if head.visible < LEAST_VISIBLE or head.number >= size:
                continue
            covered = bool(gone[head.number] >= COVERED * shown[head.number])
            self._judged.append(_Judged(head, covered, _whole_face_left(head, mask)))

    def figures(self) -> HeadPixels:
        """Return the shares."""
        large = [one for one in self._judged if one.head.size >= LEAST_HEAD]
        kinds: dict[str, list[_Judged]] = defaultdict(list)
        for one in large:
            kinds[one.head.kind].append(one)
        return HeadPixels(
            heads=_covered(large),
            children=_covered(one for one in large if one.head.child),
            adults=_covered(one for one in large if not one.head.child),
            by_kind={kind: _covered(some) for kind, some in sorted(kinds.items())},
            by_size=self._by_size(),
            faces_left=_faces_left(large),
            children_faces_left=_faces_left(one for one in large if one.head.child),
            faces_left_by_kind={kind: _faces_left(some) for kind, some in sorted(kinds.items())},
            area_left=self._left / max(self._pixels, 1),
        )

    def _by_size(self) -> dict[str, Share]:
        shares = {}
        for low, high in _SIZES:
            name = f"{low}-{high} px" if high < 10**9 else f"from {low} px"
            shares[name] = _covered(one for one in self._judged if low <= one.head.size < high)
        return shares


def _whole_face_left(head: TrueHead, mask: NDArray[np.bool_]) -> bool:
    x, y = np.floor(head.face).astype(int).T if len(head.face) else (np.zeros(0, int),) * 2
    return bool(len(x)) and not bool(mask[y, x].any())


def _covered(some: Iterable[_Judged]) -> Share:
    flags = [one.covered for one in some]
    return Share.of(sum(flags), len(flags))


def _faces_left(some: Iterable[_Judged]) -> Share:
    flags = [one.face_left for one in some if len(one.head.face)]
    return Share.of(sum(flags), len(flags)) if flags else _NONE


_NONE: Final = Share(share=0.0, hits=0, n=0, interval=(0.0, 1.0))
