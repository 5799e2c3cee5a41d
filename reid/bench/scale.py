"""`reid bench scale`: growth of a table, pace of a fleet, and what large fleets need on paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reid.address import Folder
from reid.bench.fabricated import MODEL
from reid.bench.fleets import Assumed, Pace, costs, fleet_json, race
from reid.bench.growth import ROW_IN_MEMORY, Grown, grow
from reid.bench.record import Recorder
from reid.cluster.work import Looking

_TELLING: Final = 50_000  # fewer sightings are hidden by what the program itself takes

UNMEASURED: Final = 15.0
"""Frames a second a core, where no clip is given: stated in the result as assumed."""


@dataclass(frozen=True, slots=True)
class Race:
    """A clip to index on a cluster as so many cameras at once."""

    cluster: str
    clip: Path
    cameras: Sequence[int]
    looking: Looking


def run_scale(
    folder: Folder,
    sizes: Sequence[int],
    run: Race | None,
    assumed: Assumed,
    seed: int,
    told: Callable[[int], None],
) -> dict[str, Any]:
    """Measure and return all as JSON."""
    where = "s3" if str(folder).startswith("s3:") else "disk"
    recorder = Recorder("scale", seed, {"sizes": list(sizes), "storage": where})
    paces = race(run.cluster, run.clip, run.cameras, run.looking, told) if run else []
    before = len(paces)
    grown = grow(folder, sizes, seed, lambda done: told(before + done))
    per_core = _per_core(paces) or UNMEASURED
    row = _row(grown) or ROW_IN_MEMORY
    return {
        "model_id": MODEL,
        "storage": where,
        "table": [at.to_json() for at in grown],
        "frames_per_core": round(per_core, 2),
        "frames_per_core_measured": bool(paces),
        "memory_row": round(row),
        **fleet_json(paces, costs(per_core, grown[-1], row, assumed), assumed),
        "run": recorder.finish({}, [run.clip] if run else []).to_json(),
    }


def _per_core(paces: Sequence[Pace]) -> float:
    return max((p.frames_per_second / min(p.cores, p.cameras) for p in paces), default=0.0)


def _row(grown: Sequence[Grown]) -> float:
    """Return the bytes that a sighting takes in memory, from the two largest sizes that fit."""
    fit = [at for at in grown if at.load_mb is not None and at.sightings >= _TELLING]
    if len(fit) < 2:
        return 0.0
    small, large = fit[-2:]
    assert small.load_mb is not None
    assert large.load_mb is not None
    return 1e6 * (large.load_mb - small.load_mb) / (large.sightings - small.sightings)
