"""Whole venues: a map, people on routes, clips with ground truth: ``reid synth venue``."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from reid.core.errors import UsageError
from reid.lab.synth.labels import attributes_of
from reid.lab.synth.shards import Progress, Tally, run_shards
from reid.lab.synth.venue.film import Shoot, film, visits, write_truth
from reid.lab.synth.venue.plan import Venue, draw, lay_out
from reid.lab.synth.venue.routes import Party
from reid.lab.synth.venue.story import LostChild, populate, tell

__all__ = ["VenueJob", "make_venue"]

OPENING: Final = datetime(2026, 5, 2, 14, 0, tzinfo=UTC)
"""Time of the first frame unless a job says otherwise."""


@dataclass(frozen=True, slots=True)
class VenueJob:
    """What to make.

    Attributes:
        out: folder. seed: of everything. domain: "train" or "held-out".
        cameras, people: how many. seconds: of each clip. fps: frames a second.
        size: frame width, height. start: time of the first frame.
    """

    out: Path
    seed: int = 0
    domain: str = "train"
    cameras: int = 4
    people: int = 30
    seconds: float = 120.0
    fps: int = 8
    size: tuple[int, int] = (1280, 720)
    start: datetime = OPENING


def _script(job: VenueJob) -> tuple[Venue, tuple[Party, ...], tuple[LostChild, ...]]:
    """Invent map, people and routes; the same in every process."""
    venue = lay_out(job.seed, job.cameras, domain=job.domain, size=job.size)
    rng = np.random.default_rng([job.seed, 4242])
    return venue, *populate(venue, job.people, job.seconds, rng, domain=job.domain)


def _numbers(parties: tuple[Party, ...]) -> dict[str, int]:
    """Return MOT's id, from 1, of each person."""
    keys = sorted({m.person.key for p in parties for m in p.members})
    return {key: i for i, key in enumerate(keys, start=1)}


def _film_camera(job: VenueJob, camera: int, result: Path, deadline: float) -> None:
    """Film one camera of a job; its visits are the shard's result. Clips are never cut short."""
    venue, parties, _ = _script(job)
    watch = venue.cameras[camera]
    shoot = Shoot(job.seconds, job.fps, job.start, seed=job.seed)
    records = film(venue, watch, parties, shoot, job.out / f"{watch.id}.mp4")
    write_truth(job.out, watch, records, _numbers(parties), job.fps)
    part = result.with_suffix(".part")
    part.write_text(json.dumps(visits(records, watch.id)))
    part.rename(result)


def make_venue(
    job: VenueJob,
    *,
    workers: int = 2,
    minutes: float | None = None,
    progress: Progress | None = None,
) -> Tally:
    """Make a venue under `job.out`: map, clips, truth, descriptions; goes on where it stopped.

    Writes ``venue.json`` and ``plan.png`` (the map), ``people.json``, ``CAMERA.mp4`` and
    ``CAMERA.jsonl`` (every frame's truth), ``mot/CAMERA``, ``visits.jsonl`` (who was before which
    camera when) and ``descriptions.jsonl``.

    Raises:
        UsageError: the folder holds another job.
    """
    (job.out / "shards").mkdir(parents=True, exist_ok=True)
    note = job.out / "job.json"
    wanted = json.dumps({name: str(getattr(job, name)) for name in job.__slots__ if name != "out"})
    if note.exists() and note.read_text() != wanted:
        raise UsageError(f"{job.out} holds another venue; choose another folder")
    note.write_text(wanted)
    venue, parties, lost_children = _script(job)
    _write_script(job, venue, parties, lost_children)
    results = [job.out / "shards" / f"{watch.id}.json" for watch in venue.cameras]
    tally = run_shards(
        partial(_film_camera, job), results, workers=workers, minutes=minutes, progress=progress
    )
    stays = [stay for path in results if path.exists() for stay in json.loads(path.read_text())]
    stays.sort(key=lambda stay: (stay["start"], stay["camera"], stay["person"]))
    (job.out / "visits.jsonl").write_text("".join(json.dumps(stay) + "\n" for stay in stays))
    return tally


def _write_script(
    job: VenueJob, venue: Venue, parties: tuple[Party, ...], lost_children: tuple[LostChild, ...]
) -> None:
    """Write the map, the people and what is said of them."""
    (job.out / "venue.json").write_text(json.dumps(venue.as_dict(), indent=1))
    cv2.imwrite(str(job.out / "plan.png"), cv2.cvtColor(draw(venue), cv2.COLOR_RGB2BGR))
    numbers = _numbers(parties)
    lost = {one.person: one for one in lost_children}
    people: dict[str, Any] = {}
    for party in parties:
        for member in party.members:
            key = member.person.key
            people[key] = {
                "number": numbers[key], "group": party.name.removesuffix("-lost"),
                "years": round(member.person.shape.years, 1),
                "attributes": attributes_of(member.person),
                "lost_at_second": lost[key].seconds if key in lost else None,
            }  # fmt: skip
    (job.out / "people.json").write_text(json.dumps(people, indent=1))
    told = tell(venue, parties, lost_children, job.start, np.random.default_rng([job.seed, 99]))
    (job.out / "descriptions.jsonl").write_text("".join(json.dumps(t) + "\n" for t in told))
