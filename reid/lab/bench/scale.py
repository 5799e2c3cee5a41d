"""`reid bench scale`: growth of a table, pace of a fleet, and what large fleets need on paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from reid.lab.bench.fleets import Assumed, Pace, costs, fleet_json, race
from reid.lab.bench.growth import Grown, grow
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.rivals.fabricated_rows import MODEL
from reid.loading import IndexOptions
from reid.storage.venue_path import Folder

_TELLING: Final = 50_000  # fewer sightings are hidden by what the program itself takes
_ROW: Final = 2500.0  # bytes in memory, where no size was measured that tells

UNMEASURED: Final = 15.0
"""Frames a second a core, where no clip is given: stated in the result as assumed."""


@dataclass(frozen=True, slots=True)
class Race:
    """A clip to index on a cluster as so many cameras at once."""

    cluster: str
    clip: Path
    cameras: Sequence[int]
    options: IndexOptions


def run_scale(
    folder: Folder,
    sizes: Sequence[int],
    run: Race | None,
    assumed: Assumed,
    seed: int,
    progress: Callable[[int], None],
) -> dict[str, Any]:
    """Measure and return all as JSON."""
    where = "s3" if str(folder).startswith("s3:") else "disk"
    recorder = Recorder("scale", seed, {"sizes": list(sizes), "storage": where})
    paces = race(run.cluster, run.clip, run.cameras, run.options, progress) if run else []
    before = len(paces)
    grown = grow(folder, sizes, seed, lambda done: progress(before + done))
    per_core = _per_core(paces) or UNMEASURED
    priced = costs(per_core, grown[-1], partial(memory_row, grown), assumed)
    return {
        "model_id": MODEL,
        "storage": where,
        "table": [at.to_json() for at in grown],
        "frames_per_core": round(per_core, 2),
        "frames_per_core_measured": bool(paces),
        **fleet_json(paces, priced, assumed),
        "run": recorder.finish({}, [run.clip] if run else []).to_json(),
    }


def _per_core(paces: Sequence[Pace]) -> float:
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
