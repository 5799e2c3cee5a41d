"""A benchmark of heads that detectors miss: ``reid synth heads``.

Every picture has a map of its heads' pixels, so that what is painted can be compared with what had
to be. Places and people are of the render domain that nothing is trained on.
"""

import json
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from reid.lab.synth.camera import Domain
from reid.lab.synth.heads.kinds import RARE, STAGED, shoot
from reid.lab.synth.heads.shot import Head, Shot, seen_share
from reid.lab.synth.heads.studio import Studio
from reid.lab.synth.places import build_site
from reid.lab.synth.population import Population, sample_group
from reid.lab.synth.scenes.formats import coco
from reid.lab.synth.shards import Progress, Tally, note_job, run_shards

__all__ = ["LISTING", "MAPS", "HeadsJob", "make_heads"]

LISTING: Final = "person_keypoints.json"
"""COCO's structure; its extra key ``heads`` lists every head of every picture."""

MAPS: Final = "heads"
"""Folder of maps: 16-bit PNG, 0 or the number of the head whose pixel it is."""

_RARE_EVERY: Final = 4
_QUALITY: Final = 93
_GROUPS: Final = 6


@dataclass(frozen=True, slots=True)
class HeadsJob:
    """What to make.

    Attributes:
        out: folder. seed: of everything. domain: "held-out" for tests, "train" otherwise.
        rounds: pictures of each kind; full stands and pasted pictures in every fourth round.
        kinds: which; empty = all.
    """

    out: Path
    seed: int = 0
    domain: Domain = "held-out"
    rounds: int = 12
    kinds: tuple[str, ...] = ()

    def kinds_of(self, number: int) -> list[str]:
        """Return the kinds of pictures of a round."""
        rare = {kind: 2 * i for i, kind in enumerate(RARE)}
        return [
            kind
            for kind in self.kinds or STAGED
            if number % _RARE_EVERY == rare.get(kind, number % _RARE_EVERY)
        ]


def make_heads(
    job: HeadsJob,
    *,
    workers: int = 2,
    minutes: float | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, int], Tally]:
    """Make the benchmark under `job.out`; go on where an earlier run stopped.

    Args:
        job: what to make; the same job always makes the same files.
        workers: processes.
        minutes: budget, None for as long as it takes.
        progress: called with (rounds done, rounds in all).

    Returns:
        Counts of images and heads under `job.out`, and what this run did.

    Raises:
        UsageError: the folder holds another job.
    """
    for folder in ("shards", "images", MAPS):
        (job.out / folder).mkdir(parents=True, exist_ok=True)
    note_job(job.out, job, growing="rounds")
    shards = [job.out / "shards" / f"{i:05d}.json" for i in range(job.rounds)]
    tally = run_shards(
        partial(_make_round, job), shards, workers=workers, minutes=minutes, progress=progress
    )
    return _gather(job.out, shards), tally


def _make_round(job: HeadsJob, number: int, result: Path, deadline: float) -> None:
    """Take one picture of each kind in one place, then write what is true of them."""
    cv2.setNumThreads(1)
    os.environ.setdefault("LP_NUM_THREADS", "1")
    rng = np.random.default_rng([job.seed, number, 23])
    site = build_site(int(rng.integers(2**31)), job.domain)
    population = Population(domain=job.domain)
    name = f"h{job.seed}r{number}"
    groups = tuple(sample_group(rng, population, key=f"{name}g{i}") for i in range(_GROUPS))
    images = []
    for kind in job.kinds_of(number):
        if time.time() > deadline:
            return
        own = np.random.default_rng([job.seed, number, list(STAGED).index(kind), 29])
        studio = Studio(site, population, groups, own, f"{name}/{kind}")
        file_name = f"{number:03d}_{kind.replace(' ', '-')}"
        images.append(_written(job.out, file_name, kind, site.kind, shoot(kind, studio)))
    part = result.with_suffix(".part")
    part.write_text(json.dumps({"images": images}))
    part.rename(result)


def _written(out: Path, name: str, kind: str, place: str, shot: Shot) -> dict[str, Any]:
    """Save a picture and its map; return its record."""
    bgr = cv2.cvtColor(shot.image, cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(out / "images" / f"{name}.jpg"), bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    cv2.imwrite(str(out / MAPS / f"{name}.png"), shot.map)
    counts = np.bincount(shot.map.ravel(), minlength=len(shot.heads) + 1)
    heads = [
        _head_record(number, head, int(counts[number]))
        for number, head in enumerate(shot.heads, start=1)
        if counts[number]
    ]
    return {
        "file_name": f"{name}.jpg", "width": shot.size[0], "height": shot.size[1], "kind": kind,
        "mood": place, "camera": "", "people": list(shot.people), "heads": heads,
    }  # fmt: skip


def _head_record(number: int, head: Head, pixels: int) -> dict[str, Any]:
    return {
        "number": number, "kind": head.kind, "child": head.child, "size": round(head.size, 1),
        "pixels": pixels, "visible": round(seen_share(head, pixels), 3),
        "box": head.box.round(1).tolist(), "face": head.face.round(1).tolist(),
        "person": head.person,
    }  # fmt: skip


def _gather(out: Path, shards: list[Path]) -> dict[str, int]:
    """Write the listing of all finished rounds; return counts of images and heads."""
    loaded = [json.loads(path.read_text()) for path in shards if path.exists()]
    images = [image for shard in loaded for image in shard["images"]]
    listing = coco(images, {})
    listing["heads"] = [
        {"image_id": number, **head}
        for number, image in enumerate(images, start=1)
        for head in image["heads"]
    ]
    (out / LISTING).write_text(json.dumps(listing))
    return {"images": len(images), "heads": len(listing["heads"])}
