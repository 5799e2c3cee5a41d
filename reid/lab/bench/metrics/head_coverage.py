"""Head coverage on film: how much of each visible head is left unpainted, a frame and a track."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes
from reid.lab.bench.data.venue_sets import Shown
from reid.lab.bench.fairness import LEFT_OVER
from reid.lab.bench.metrics.figures import Figures, FiveDigits
from reid.lab.bench.metrics.summary import Share
from reid.lab.bench.report.tables import Table, figure

LEAST_HEAD_VISIBLE: Final = 0.3
"""Seen share of a head from which there is something to cover."""

SIZES: Final = ((0, 12), (12, 24), (24, 10**9))
"""Heights of a head, px."""

_UNTOUCHED: Final = 0.95
_GRID: Final = 15


class HeadCoverage(Figures):
    """Shares of heads, frames and tracks covered.

    Attributes:
        by_height: of heads, by their height.
        untouched: heads of which next to nothing is painted.
        area_left: share of all head area that is left.
    """

    heads: Share
    frames: Share
    tracks: Share
    by_height: dict[str, Share]
    untouched: Share
    area_left: FiveDigits

    def table(self) -> Table:
        """Return one row a figure."""
        rows = {"heads": self.heads}
        rows |= {f"  heads of {size}": share for size, share in self.by_height.items()}
        rows |= {"frames without any head left": self.frames}
        rows |= {"tracks without any head left": self.tracks}
        rows |= {"heads of people not found": self.untouched}
        shown = tuple((n, figure(s.share, s.interval), str(s.n)) for n, s in rows.items())
        note = f"of all head area {self.area_left * 100:.2f} % is left"
        return Table(("% covered", "figure", "n"), shown, note)


@dataclass(slots=True)
class Coverage:
    """Heads seen and left uncovered, over any number of films.

    A head counts as covered where at most `LEFT_OVER` of the ellipse in its box stays unpainted.
    """

    left: list[float] = field(default_factory=list)
    height: list[float] = field(default_factory=list)
    frames: list[bool] = field(default_factory=list)
    tracks: dict[tuple[str, str], bool] = field(default_factory=dict)

    def see(self, film: str, shown: Sequence[Shown], painted: Boxes) -> None:
        """Count one frame of a film: who is shown, and what is painted, (M, 4) px."""
        heads = [one for one in shown if one.head_visible >= LEAST_HEAD_VISIBLE]
        gone = []
        for one in heads:
            left = uncovered(one.head, painted)
            self.left.append(left)
            self.height.append(float(one.head[3] - one.head[1]))
            gone.append(left <= LEFT_OVER)
            key = (film, one.person)
            self.tracks[key] = self.tracks.get(key, True) and gone[-1]
        if heads:
            self.frames.append(all(gone))

    def figures(self) -> HeadCoverage:
        """Return shares of heads, frames and tracks covered, and of head area left."""
        gone = [left <= LEFT_OVER for left in self.left]
        by_size: dict[str, list[bool]] = defaultdict(list)
        for covered, height in zip(gone, self.height, strict=True):
            low, high = next(s for s in SIZES if s[0] <= height < s[1])
            by_size[f"{low}-{high} px" if high < 10**9 else f"from {low} px"].append(covered)
        return HeadCoverage(
            heads=Share.of(sum(gone), len(gone)),
            frames=Share.of(sum(self.frames), len(self.frames)),
            tracks=Share.of(sum(self.tracks.values()), len(self.tracks)),
            by_height={size: Share.of(sum(v), len(v)) for size, v in sorted(by_size.items())},
            untouched=Share.of(sum(left > _UNTOUCHED for left in self.left), len(gone)),
            area_left=float(np.mean(self.left)) if self.left else 0.0,
        )


def uncovered(head: Boxes, painted: Boxes) -> float:
    """Return the share of the ellipse in a head's box (4,) that lies outside all boxes (M, 4)."""
    points = _ellipse() * ((head[2:] - head[:2]) / 2) + (head[:2] + head[2:]) / 2
    low = np.all(points[:, None] >= painted[None, :, :2], axis=2)
    high = np.all(points[:, None] <= painted[None, :, 2:], axis=2)
    return 1.0 - float(np.any(low & high, axis=1).mean())


def _ellipse() -> NDArray[np.float32]:
    """Return points (P, 2) of a grid within the unit circle."""
    steps = (np.arange(_GRID) + 0.5) / _GRID * 2 - 1
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return np.asarray(grid[(grid**2).sum(axis=1) <= 1], np.float32)
