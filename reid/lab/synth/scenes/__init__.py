"""Crowded frames for detectors, with boxes of people and heads: ``reid synth scenes``."""

from functools import partial

from reid.lab.synth.scenes.formats import write_all
from reid.lab.synth.scenes.frames import ScenesJob, make_shard
from reid.lab.synth.shards import Progress, Tally, note_job, run_shards

__all__ = ["ScenesJob", "make_scenes"]


def make_scenes(
    job: ScenesJob,
    *,
    workers: int = 2,
    minutes: float | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, int], Tally]:
    """Make frames, YOLO and COCO files under `job.out`; go on where an earlier run stopped.

    Args:
        job: what to make; the same job always makes the same files.
        workers: processes.
        minutes: budget, None for as long as it takes.
        progress: called with (places done, places in all).

    Returns:
        Counts of labelled images, people and heads under `job.out`, and what this run did.

    Raises:
        UsageError: the folder holds another job.
    """
    for folder in ("shards", "annotations"):
        (job.out / folder).mkdir(parents=True, exist_ok=True)
    for split in ("train", "val"):
        (job.out / "images" / split).mkdir(parents=True, exist_ok=True)
        (job.out / "labels" / split).mkdir(parents=True, exist_ok=True)
    note_job(job.out, job, growing="places")
    shards = [job.out / "shards" / f"{i:05d}.json" for i in range(job.places)]
    tally = run_shards(
        partial(make_shard, job), shards, workers=workers, minutes=minutes, progress=progress
    )
    return write_all(job.out, shards), tally
