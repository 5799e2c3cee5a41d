"""Sightings of noise, and processes that start at the same moment."""

import multiprocessing as mp
from datetime import timedelta

import numpy as np

from reid.core.records import SightingKey, Sightings
from reid.embed.features import Features
from tests.making import NOON
from tests.making import redacted_noise as crop

DIM = 8


def sightings(
    names: list[str],
    camera: str = "gate",
    source: str = "s1",
    model: str = "m-1",
    minute: int = 0,
    dim: int = DIM,
) -> Sightings:
    n = len(names)
    features = Features.unestimated(n, dim)
    random = np.random.default_rng(sum(map(ord, "".join(names))))
    vectors = random.normal(size=(n, dim)).astype(np.float32)
    start = NOON + timedelta(minutes=minute)
    return Sightings(
        keys=tuple(
            SightingKey(
                i, f"{source}.mp4", source, camera, start, start + timedelta(seconds=30), row
            )
            for row, i in enumerate(names)
        ),
        vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        attributes=features.attributes,
        body=features.body,
        visible=features.visible,
        crops=tuple(crop(row) for row in range(n)),
        model_id=model,
    )


def run_together(*jobs) -> None:
    """Start processes at the same moment and wait for them."""
    context = mp.get_context("spawn")
    start = context.Event()
    workers = [context.Process(target=job, args=(*args, start)) for job, *args in jobs]
    for worker in workers:
        worker.start()
    start.set()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * len(workers)
