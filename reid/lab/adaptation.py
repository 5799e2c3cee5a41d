"""`reid adapt`: a venue's embedding learns from its own redacted pictures, if its rules allow it.

Each run begins with the shipped weights: what an earlier one learnt from people who were erased
since is gone with it. A fifth of the tracks is held back and decides: unless they are told apart
better, everything stays as it was. What is kept gets a model id of its own, and every stored
sighting a vector of it, in one commit.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ModelError, ReidError, StoreError, UsageError
from reid.core.pixels import RedactedCrop
from reid.core.records import SightingKey
from reid.embed import pooled_vectors
from reid.embed.learned import LearnedEmbedder, fitted
from reid.lab.train.adapt import (
    AdaptConfig,
    Adapter,
    Progress,
    TrackCrops,
    digest_of,
    pack_adapted,
)
from reid.lab.train.held_back import HeldBack
from reid.lab.train.pseudo_labels import Tracks
from reid.lab.train.unpack_appearance import sizes_of
from reid.storage.locks import lock_of
from reid.store import Store
from reid.venue import Venue
from reid.weights.adapted import FOLDER, adapted_id, forget_others, is_adapted
from reid.weights.registry import Shipped, find_embedder

HELD_BACK: Final = 5
"""One track of so many is held back, by its id, so that it is the same one when a run goes on."""

MOST_CROPS: Final = 20_000
"""Crops that are learnt from; of more, those of the newest tracks."""

_CHECKPOINT: Final = "run.pt"
_SAVED_EVERY: Final = 0.05  # share of the work
_READ_AT_ONCE: Final = 256  # sightings
_WAIT: Final = 1.0  # seconds for another adaptation to end: it takes much longer


@dataclass(frozen=True, slots=True)
class Adapted:
    """What a run came to.

    Attributes:
        kept: whether the venue uses its weights now.
        model_id: theirs; of what is in use otherwise.
        crops, tracks: what was learnt from.
        held_back: tracks that decided.
        before, after: how well the held-back tracks were told apart, in [0, 1].
        sightings: that were given new vectors.
    """

    kept: bool
    model_id: str
    crops: int
    tracks: int
    held_back: int
    before: float
    after: float
    sightings: int

    def to_json(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {name: getattr(self, name) for name in self.__slots__}


def adapt_venue(
    venue: Venue, config: AdaptConfig, minutes: float | None, progress: Progress
) -> Adapted:
    """Adapt a venue's embedding, or go on with a run that was interrupted.

    Args:
        venue: opened, so that what is over its time is gone.
        config: how.
        minutes: that training may take, over all runs until it is done; None: as long as it takes.
        progress: told the share of the training that is done.

    Raises:
        PolicyError: its rules do not allow it.
        UsageError: it lies on S3, or its vectors are not of the shipped embedder.
        ReidError: too few tracks, or another adaptation is going on.
    """
    allowed = venue.require_adaptation()
    folder, shipped = _place(venue), _shipped(venue.store)
    with _alone(folder):
        sizes = sizes_of(shipped.folder)
        keys, crops = read_tracks(venue.store, (sizes.height, sizes.width), allowed.since)
        held = held_back([key.id for key in keys])
        learnt, test = crops.take(np.flatnonzero(~held)), crops.take(np.flatnonzero(held))
        adapter = Adapter(shipped.folder, learnt, config)
        checkpoint = folder / FOLDER / _CHECKPOINT
        _forget_if_old(checkpoint, allowed.since)
        _train(adapter, checkpoint, minutes, progress)
        judged = HeldBack(test)
        before, after = judged.score(adapter.shipped), judged.score(adapter.ema)
        about = _About(allowed.purpose, learnt, keys, before, after)
        kept, model_id, count = after > before, venue.store.model_id, 0
        if kept:
            model_id = adapted_id(shipped.model_id, digest_of(adapter.ema))
        venue.note_adaptation("adapt", {**about.figures(), "kept": kept, "model": model_id})
        if kept:
            count = _use(venue.store, adapter, folder / FOLDER / model_id, shipped, about)
        checkpoint.unlink(missing_ok=True)
    return Adapted(
        kept, model_id, len(learnt), len(learnt.tracks), len(test.tracks), before, after, count
    )


def go_back(venue: Venue) -> int:
    """Give every sighting a vector of the shipped weights again; returns how many there are.

    Raises:
        UsageError: the venue uses the shipped weights.
        StoreError: nothing is indexed.
    """
    folder, store = _place(venue), venue.store
    if not is_adapted(store.model_id):
        raise UsageError(f"{folder} uses the shipped weights: there is nothing to go back from")
    shipped = _shipped(store)
    with _alone(folder):
        venue.note_adaptation("adapt.back", {"model": shipped.model_id})
        count = _reembed(store, shipped.folder, shipped.model_id)
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
    return count


def held_back(ids: list[str]) -> NDArray[np.bool_]:
    """Return which tracks (T,) are held back."""
    digests = [hashlib.blake2b(i.encode(), digest_size=4).digest() for i in ids]
    return np.array([int.from_bytes(d, "big") % HELD_BACK == 0 for d in digests], np.bool_)


def read_tracks(
    store: Store, size: tuple[int, int], since: datetime | None = None, most: int = MOST_CROPS
) -> tuple[list[SightingKey], TrackCrops]:
    """Read the redacted crops of a venue's tracks, newest first, with what it knows of each.

    Args:
        store: the venue's.
        size: height and width that crops are brought to, px.
        since: tracks that ended before are left out.
        most: crops that are read.

    Raises:
        ReidError: there are none.
    """
    keys = sorted(store.read().keys, key=lambda key: key.end, reverse=True)
    cameras = {name: number for number, name in enumerate(store.cameras())}
    images: list[NDArray[np.uint8]] = []
    track: list[int] = []
    used: list[SightingKey] = []
    for key, crops in _crops_of(store, [k for k in keys if since is None or k.end >= since]):
        if len(images) + len(crops) > most:
            break
        images += [fitted(crop, *size) for crop in crops]
        track += [len(used)] * len(crops)
        used.append(key)
    if not used:
        raise ReidError("there is nothing to learn from: index something first")
    camera = np.array([cameras[key.camera] for key in used], np.intp)
    tracks = Tracks(camera, *(np.array(times, np.float64) for times in _times(used)))
    return used, TrackCrops(np.stack(images), np.array(track, np.intp), tracks)


def _crops_of(
    store: Store, keys: list[SightingKey]
) -> Iterator[tuple[SightingKey, list[RedactedCrop]]]:
    """Yield what is stored of each track; of what was erased this moment nothing."""
    for first in range(0, len(keys), _READ_AT_ONCE):
        some = keys[first : first + _READ_AT_ONCE]
        ids = [key.id for key in some]
        best, views = store.crops(ids), store.views(ids)
        for key in some:
            if key.id in best:
                yield key, [best[key.id], *views.get(key.id, [])]


def _times(keys: list[SightingKey]) -> tuple[list[float], list[float]]:
    """Return when tracks began and ended, in seconds; of single pictures nobody knows it."""
    known = [(key.start.timestamp(), key.end.timestamp()) for key in keys]
    begin = [first if last > first else np.nan for first, last in known]
    return begin, [last if last > first else np.nan for first, last in known]


@dataclass(frozen=True, slots=True)
class _About:
    """What is said of an adaptation on the weights' card and in the audit trail."""

    purpose: str
    learnt: TrackCrops
    keys: list[SightingKey]
    before: float
    after: float

    def figures(self) -> dict[str, int | float]:
        return {
            "crops": len(self.learnt),
            "tracks": len(self.learnt.tracks),
            "before": round(self.before, 4),
            "after": round(self.after, 4),
        }

    def card(self, model_id: str, base: str) -> str:
        """Return the weights' README.md."""
        first, last = min(k.start for k in self.keys), max(k.end for k in self.keys)
        cameras = ", ".join(sorted({key.camera for key in self.keys}))
        return (
            f"# {model_id}\n\n"
            f"Made by `reid adapt` on {datetime.now(UTC):%Y-%m-%d} from {base} for: "
            f"{self.purpose}.\n\n"
            f"**These weights learnt from people.** {len(self.learnt)} redacted crops of "
            f"{len(self.learnt.tracks)} tracks, seen by {cameras} between {first:%Y-%m-%d %H:%M} "
            f"and {last:%Y-%m-%d %H:%M} UTC, without labels and without heads. Erasing a sighting "
            "removes its crops from disk; what these weights learnt from them stays in the weights "
            "until `reid adapt` runs again, which begins with the shipped ones, or until "
            "`reid adapt --back`. They are personal data of this venue: do not pass them on.\n\n"
            f"Held-back tracks told apart: {self.before:.3f} before, {self.after:.3f} after. "
            "Attack them with `reid bench privacy --embedder FOLDER`.\n"
        )


def _use(store: Store, adapter: Adapter, place: Path, shipped: Shipped, about: _About) -> int:
    """Pack weights into a folder of their name, give all sightings their vectors: how many."""
    model_id = place.name
    pack_adapted(adapter.ema, shipped.folder, place, model_id, adapter.crops.images)
    (place / "README.md").write_text(about.card(model_id, shipped.model_id), encoding="utf-8")
    count = _reembed(store, place, model_id)
    forget_others(place.parent.parent, model_id)
    return count


def _reembed(store: Store, weights: Path, model_id: str) -> int:
    embedder = LearnedEmbedder(weights)
    return store.reembed(model_id, lambda tracklets: pooled_vectors(tracklets, embedder))


def _forget_if_old(checkpoint: Path, since: datetime | None) -> None:
    """Remove a run that was interrupted before the pictures began that may be learnt from now."""
    if since is None or not checkpoint.is_file():
        return
    if datetime.fromtimestamp(checkpoint.stat().st_mtime, UTC) < since:
        checkpoint.unlink()


def _train(adapter: Adapter, checkpoint: Path, minutes: float | None, progress: Progress) -> None:
    """Train, keeping the run now and then; a run that was interrupted is gone on with."""
    checkpoint.parent.mkdir(mode=0o700, exist_ok=True)
    if checkpoint.is_file():
        adapter.resume(checkpoint)
    saved = 0.0

    def told(done: float) -> None:
        nonlocal saved
        progress(done)
        if done - saved >= _SAVED_EVERY:
            adapter.save(checkpoint)
            saved = done

    try:
        adapter.train(minutes, told)
    except KeyboardInterrupt:
        adapter.save(checkpoint)
        raise


def _place(venue: Venue) -> Path:
    """Return the venue's folder on this machine's disk."""
    if not isinstance(venue.folder, Path):
        raise UsageError(
            f"{venue.folder} is on S3: weights are adapted in a venue whose folder is on this "
            "machine's disk"
        )
    return venue.folder


def _shipped(store: Store) -> Shipped:
    """Return the shipped embedder, if a venue's sightings are of it or of what it became."""
    shipped = find_embedder()
    if shipped is None:
        raise ModelError("no embedder is shipped: install the package again")
    if store.model_id.partition("+")[0] != shipped.model_id:
        raise UsageError(
            f"this venue holds vectors of {store.model_id}, and only {shipped.model_id} can be "
            "adapted: index its sources again without --embedder"
        )
    return shipped


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one adaptation of a venue run at a time."""
    lock = lock_of(folder, "adapting", _WAIT)
    try:
        lock.__enter__()
    except StoreError:
        raise ReidError(f"{folder} is being adapted already: wait until it is done") from None
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
