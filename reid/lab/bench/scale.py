"""`reid bench scale`: growth of a table, pace of a fleet, and what large fleets need on paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from reid.lab.bench.fleets import Assumed, Cost, FleetPace, costs, race
from reid.lab.bench.growth import Grown, grow
from reid.lab.bench.metrics.figures import TwoDigits
from reid.lab.bench.report.plots import CHANCE, Plot, finish
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Table
from reid.lab.bench.rivals.fabricated_rows import MODEL
from reid.loading import IndexOptions
from reid.storage.venue_path import Folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TELLING: Final = 50_000  # fewer sightings are hidden by what the program itself takes
_ROW: Final = 2500.0  # bytes in memory, where no size was measured that tells

_GROWN: Final = (
    "sightings", "appended/s", "commit p50/p95 ms", "index s, MB", "erasure s", "load s, MB",
)  # fmt: skip
_SEARCH: Final = ("sightings", "search", "p50 ms", "p95 ms", "processor ms", "recall@10")
_PROCESSOR: Final = "processor: time of all threads, what it takes whatever else the machine does"

UNMEASURED: Final = 15.0
"""Frames a second a core, where no clip is given: stated in the result as assumed."""


@dataclass(frozen=True, slots=True)
class Race:
    """A clip to index on a cluster as so many cameras at once."""

    cluster: str
    clip: Path
    cameras: Sequence[int]
    options: IndexOptions


class ScaleResult(Result):
    """Growth of a table, pace of a fleet, and what large fleets need on paper.

    Attributes:
        model_id: of the made-up rows.
        storage: disk or s3.
        table: by size.
        frames_per_core: looked at in a second; `frames_per_core_measured`, else assumed.
        pace: by number of cameras; empty without a clip.
        assumed, costs: what large fleets need, by multiplication.
    """

    question: ClassVar[str] = "How does a table grow, and what would 300 or 5,000 cameras need?"

    model_id: str
    storage: str
    table: list[Grown]
    frames_per_core: TwoDigits
    frames_per_core_measured: bool
    pace: list[FleetPace]
    assumed: Assumed
    costs: list[Cost]

    def tables(self) -> list[Table]:
        """Return a table's growth, a fleet's pace, and what large fleets need on paper."""
        grown = tuple(at.row() for at in self.table)
        searches = tuple(row for at in self.table for row in at.searches())
        paces = [self._paces()] if self.pace else []
        return [
            Table(_GROWN, grown, f"on {self.storage}"),
            Table(_SEARCH, searches, _PROCESSOR),
            *paces,
            self._paper(),
        ]

    def _paces(self) -> Table:
        rows = tuple(
            (
                str(p.nodes),
                f"{p.cores:g}",
                str(p.cameras),
                f"{p.frames_per_second:.1f}",
                f"{p.frames_per_core:.1f}",
            )
            for p in self.pace
        )
        return Table(("nodes", "cores", "cameras", "frames/s", "a core's second"), rows)

    def _paper(self) -> Table:
        """Return what large fleets need, by multiplication."""
        rows = tuple(
            (
                f"{c.cameras:,} × {c.hours:g} h",
                f"{c.cores:,.0f}",
                f"{c.core_hours:,}",
                f"{c.storage_gb:,.0f}",
                f"{c.sightings / 1e6:.1f}",
                c.limit,
            )
            for c in self.costs
        )
        said = "measured" if self.frames_per_core_measured else "assumed"
        note = (
            f"{self.frames_per_core:.1f} frames/s a core ({said}); assumed: "
            f"{self.assumed.looks_per_second:g} frames looked at a second and "
            f"{self.assumed.sightings_per_hour:g} sightings an hour, a camera"
        )
        heads = ("fleet", "cores", "core-hours", "GB", "million sightings", "limit")
        return Table(heads, rows, note)

    def plots(self) -> list[Plot]:
        """Return latency by number of sightings."""
        return [self._plot_growth]

    def _plot_growth(self, axes: "Axes") -> None:
        """Median latency of each way to search, and of a commit, by number of sightings."""
        for way in dict.fromkeys(way for at in self.table for way in at.search):
            found = {at.sightings: at.search[way] for at in self.table if way in at.search}
            middle = [timed.p50_ms for timed in found.values()]
            axes.plot(list(found), middle, marker="o", label=way)
            slow = [timed.p95_ms for timed in found.values()]
            axes.fill_between(list(found), middle, slow, alpha=0.15)
        commits = {at.sightings: at.commit.p50_ms for at in self.table if at.commit}
        sizes, times = list(commits), list(commits.values())
        axes.plot(sizes, times, "--", color=CHANCE, marker="s", label="a commit of 32")
        axes.set(xscale="log", yscale="log", xlabel="sightings", ylabel="ms, median to p95")
        axes.set_title(f"on {self.storage}")
        finish(axes)


def run_scale(
    folder: Folder,
    sizes: Sequence[int],
    run: Race | None,
    assumed: Assumed,
    seed: int,
    progress: Callable[[int], None],
) -> ScaleResult:
    """Measure; `progress` is told the steps done: fleets, then sizes."""
    where = "s3" if str(folder).startswith("s3:") else "disk"
    recorder = Recorder("scale", seed, {"sizes": list(sizes), "storage": where})
    paces = race(run.cluster, run.clip, run.cameras, run.options, progress) if run else []
    before = len(paces)
    grown = grow(folder, sizes, seed, lambda done: progress(before + done))
    per_core = _per_core(paces) or UNMEASURED
    return ScaleResult(
        model_id=MODEL,
        storage=where,
        table=grown,
        frames_per_core=per_core,
        frames_per_core_measured=bool(paces),
        pace=paces,
        assumed=assumed,
        costs=costs(per_core, grown[-1], partial(memory_row, grown), assumed),
        run=recorder.finish({}, [run.clip] if run else []),
    )


def _per_core(paces: Sequence[FleetPace]) -> float:
    """Return the frames that a core kept busy looks at in a second, with the most cameras."""
    return paces[-1].frames_per_core if paces else 0.0


def memory_row(grown: Sequence[Grown], sightings: int) -> float:
    """Return the bytes that one of so many takes in memory: as measured at the next larger size.

    They differ: of very many sightings the vectors stay in the table.
    """
    fit = [at for at in grown if at.load_mb is not None and at.sightings >= _TELLING]
    if not fit:
        return _ROW
    nearest = next((at for at in fit if at.sightings >= sightings), fit[-1])
    assert nearest.load_mb is not None
    return 1e6 * nearest.load_mb / nearest.sightings
