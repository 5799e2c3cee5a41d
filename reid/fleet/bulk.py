"""Archives and galleries as shards on all nodes: resumable, each exactly once."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from reid.capture.addresses import is_stream
from reid.capture.folders import contents_of
from reid.capture.images import image_paths
from reid.capture.sources import Source, open_crops, open_sources
from reid.capture.times import check_times
from reid.core.errors import SourceError, UsageError
from reid.core.memory_dumps import forbid_memory_dumps
from reid.desk.policy import Policy, find_policy
from reid.fleet.messages import Indexed, Resources, Shard
from reid.fleet.ray_client import Failed, RayClient, this_node
from reid.loading import (
    IndexOptions,
    load_crop_tracker,
    load_embedder,
    load_tracker,
    options_for,
)
from reid.pipeline import Indexer
from reid.storage.venue_path import folder_at
from reid.store import CompletedWork, Store
from reid.store.completed_work import work_of
from reid.venue import views_kept
from reid.weights.adapted import base_of

SHARD: Final = 1000
"""Person crops in one shard."""

TRIES: Final = 5
PAUSE: Final = 2.0
"""How often a shard is begun whose storage does not answer, and seconds before each."""

_AHEAD: Final = 2.0  # tasks waiting a core: enough that none is idle, few enough to forget


def plan(
    addresses: Sequence[str], camera: str | None, start: datetime | None, *, crops: bool
) -> list[Shard]:
    """Return the shards: one a source, and a folder of person crops in parts.

    Paths are made absolute: a node's processes have working directories of their own.

    Raises:
        SourceError: a folder of crops that holds none.
        UsageError: a stream, whose address may hold a password that must not be passed around.
    """
    if any(is_stream(address) for address in addresses):
        raise UsageError("streams are for `reid watch`: declare them in venue.toml, with their url")
    absolute = [str(Path(address).absolute()) for address in addresses]
    if not crops:
        return [shard for address in absolute for shard in _parts(Path(address), camera, start)]
    shards = []
    for address in absolute:
        paths = [str(path) for path in image_paths(Path(address))]
        if not paths:
            raise SourceError(f"{address} holds no images: name a folder with .jpg or .png files")
        parts = (tuple(paths[i : i + SHARD]) for i in range(0, len(paths), SHARD))
        shards += [Shard(part, camera or Path(address).stem, start, True) for part in parts]
    return shards


def _parts(path: Path, camera: str | None, start: datetime | None) -> Iterator[Shard]:
    """Yield a file, or a folder's images and each of its videos."""
    inside = contents_of(path) if path.is_dir() else None
    if inside is None or inside.images or not inside.videos:
        yield Shard((str(path),), camera, start)
    for video in inside.videos if inside else ():
        yield Shard((str(video),), camera or path.stem, start)


def index_all(
    client: RayClient,
    venue: str,
    shards: Sequence[Shard],
    options: IndexOptions,
    resources: Resources,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Indexed]:
    """Index shards on the cluster; yields each as it is done. Begun again, it does only the rest.

    No more tasks are under way than there are cores for, and a few. A shard whose storage or
    database was away is begun again later, a few times.
    """
    most = max(2, round(client.cpus() / max(resources.cpus, 0.1) * _AHEAD))
    left, done = list(reversed(shards)), 0
    under_way: dict[Any, Shard] = {}
    again: dict[Shard, int] = {}
    while left or under_way:
        while left and len(under_way) < most:
            shard = left.pop()
            under_way[client.task(index_shard, resources, venue, shard, options)] = shard
        for question in client.ready(list(under_way), 5.0):
            shard, answer = under_way.pop(question), client.answer(question)
            again[shard] = again.get(shard, 0) + 1
            if isinstance(answer, Failed) and answer.passing and again[shard] < TRIES:
                left.insert(0, shard)
                time.sleep(PAUSE)
                continue
            done += 1
            progress(done)
            yield _result(shard, answer)


def index_shard(venue: str, shard: Shard, options: IndexOptions) -> Indexed:
    """Index one shard, on whatever node; skipped if it was finished before."""
    forbid_memory_dumps()
    folder, node = folder_at(venue), this_node()
    policy = find_policy(folder)
    source = _open(shard, policy.zone if policy else None)
    old = _check_times(source, policy)
    embedder = _embedder(options_for(folder, options))
    how = (source.camera, shard.start, shard.crops, options.detector, options.heads)
    twice = ("careful",) if options.careful else ()  # else named as before there was a choice
    model = base_of(embedder.model_id)  # else `reid adapt` would bring back what was erased
    work = work_of(source.key, (*how, options.every, model, *twice))
    completed = CompletedWork(folder)
    if completed.finished(work):
        return Indexed(shard, skipped=True, node=node)
    tracker = _tracker(options, shard.crops)
    begun = time.process_time()
    store = Store.create(folder, embedder.model_id, embedder.dim)
    indexer = Indexer(
        store, embedder, tracker, options.every, careful=options.careful, rotate=options.rotate,
        views=views_kept(folder, options),
    )  # fmt: skip
    report = indexer.index(source)
    report.problems += [old] if old else []
    processor = time.process_time() - begun
    if not report.stopped:
        completed.finish(work)
    return Indexed(shard, report=report, node=node, processor=processor)


def _check_times(source: Source, policy: Policy | None) -> str:
    """Return a warning if a source is older than the venue keeps sightings; refuse the future."""
    if policy is None:
        return check_times(source, None)
    return check_times(source, timedelta(hours=policy.venue.retention_hours), policy.zone)


def _open(shard: Shard, zone: tzinfo | None) -> Source:
    if shard.crops:
        camera = shard.camera or Path(shard.paths[0]).parent.stem
        return open_crops([Path(path) for path in shard.paths], camera, shard.start)
    return next(open_sources(shard.paths[0], camera=shard.camera, start=shard.start, zone=zone))


def _result(shard: Shard, answer: Any) -> Indexed:
    if isinstance(answer, Indexed):
        return answer
    why = answer.why if isinstance(answer, Failed) else "its node died too often"
    return Indexed(shard, problem=why)


@lru_cache(maxsize=1)
def _embedder(options: IndexOptions) -> Any:
    return load_embedder(options)


@lru_cache(maxsize=1)
def _tracker(options: IndexOptions, crops: bool) -> Any:
    return (load_crop_tracker if crops else load_tracker)(options)
