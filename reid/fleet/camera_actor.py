"""One camera in a process of its own: decoded, detected, redacted, described, stored.

Only words and numbers go in and come out. The stream's address, which may hold a password, is read
from the venue's rules here and is not passed around.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

from reid import __version__
from reid.core.errors import UsageError
from reid.core.heap import return_free_memory
from reid.core.memory_dumps import forbid_memory_dumps
from reid.core.supervisor import Loop
from reid.desk.policy import Camera as DeclaredCamera
from reid.desk.policy import load_policy
from reid.fleet.messages import WorkerStatus
from reid.fleet.ray_client import this_node
from reid.loading import IndexOptions, VenueEmbedder, described_again, load_tracker, warm
from reid.pipeline import Indexer
from reid.storage.venue_path import Folder, folder_at
from reid.store import Store
from reid.store.write_buffer import WriteBuffer
from reid.watch.cameras import COMES_ROUND_WITHIN, STORE_WITHIN, CameraLoop
from reid.watch.schedule import MEMORY_EVERY


class CameraActor:
    """What runs on a node for one camera.

    Args:
        venue: address of the venue.
        camera: its id in the venue's rules.
        options: how to index.
        at_once: whether it looks as soon as it is there; else when it is told to `go`.
    """

    def __init__(
        self, venue: str, camera: str, options: IndexOptions, at_once: bool = True
    ) -> None:
        forbid_memory_dumps()
        warm()  # Ray's own threads, and the camera's, come to the models later
        folder = folder_at(venue)
        self._stop = threading.Event()
        embedder = cache(partial(VenueEmbedder, folder, options))
        again = partial(described_again, folder, options)
        write_buffer = WriteBuffer(partial(_store, folder, embedder), again=again)
        declared = declared_camera(folder, camera)
        turned = replace(options, rotate=declared.rotate, views=load_policy(folder).views_kept)
        self._indexer = cache(partial(_indexer, write_buffer, embedder, turned))
        address = address_of(declared, camera)
        self._loop = CameraLoop(
            camera, address, self._indexer, self._stop, write_buffer=write_buffer
        )
        self._node, self._returned = this_node(), time.monotonic()
        name = f"camera {camera}"
        self._supervised = Loop(name, self._loop.run, 1.0, COMES_ROUND_WITHIN, first=0.0)
        self._loop.beat = self._supervised.beat
        if at_once:
            self.go()

    def prepare(self) -> None:
        """Load the models, so that it begins at once when it may."""
        self._indexer()

    def go(self, after: object = None) -> None:
        """Begin to look; Ray calls it when it has `after`, the last word of another process."""
        self._supervised.start(self._stop)

    def leave(self) -> None:
        """Look no more; another process does. Storing what was seen goes on."""
        self._stop.set()

    def look(self) -> WorkerStatus:
        """Say how it goes."""
        if time.monotonic() - self._returned > MEMORY_EVERY:
            self._returned = time.monotonic()
            return_free_memory()
        looks = self._supervised.alive and not self._stop.is_set()
        health = self._loop.look()
        late = self._supervised.status().words
        health = replace(health, problem=health.problem or late)
        return WorkerStatus(health, self._node, __version__, looks)

    def stop(self) -> int:
        """Store what was seen, and end; returns how many sightings could not be stored."""
        self._stop.set()
        self._supervised.join(STORE_WITHIN * 2)
        return self._loop.look().waiting


def declared_camera(folder: Folder, camera: str) -> DeclaredCamera:
    """Return a camera as the venue's rules declare it.

    Raises:
        UsageError: they do not.
    """
    declared = load_policy(folder).cameras.get(camera)
    if declared is None:
        raise UsageError(f"camera {camera} is not in venue.toml")
    return declared


def address_of(declared: DeclaredCamera, camera: str) -> str:
    """Return a camera's stream.

    Raises:
        UsageError: it has none.
    """
    if declared.url is None:
        raise UsageError(f"camera {camera} has no `url` in venue.toml")
    return declared.url.get_secret_value()


def _store(folder: Folder, embedder: Callable[[], VenueEmbedder]) -> Store:
    model = embedder()
    return Store.create(folder, model.model_id, model.dim)


def _indexer(
    write_buffer: WriteBuffer, embedder: Callable[[], VenueEmbedder], options: IndexOptions
) -> Indexer:
    models = embedder(), load_tracker(options)
    return Indexer(write_buffer, *models, options.every, rotate=options.rotate, views=options.views)
