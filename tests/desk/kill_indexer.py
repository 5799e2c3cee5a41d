"""Indexes a clip again and again, with a real detector, until it is killed.

Says on standard output what is done for good: ``ready``, ``stored ID``. Every stay is
a commit of its own, so that many kills fall into one.
"""

import sys
from pathlib import Path

from reid import pipeline
from reid.capture.sources import open_source
from reid.core.records import Sightings
from reid.desk.desk import Desk
from reid.loading import IndexOptions, load_embedder, load_tracker
from reid.store import Store
from tests.desk.kill_worker import say

EVERY = 3


class Telling(Store):
    """A store that says what it has stored."""

    def add(self, sightings: Sightings) -> None:
        super().add(sightings)
        for key in sightings.keys:
            say("stored", key.id)


def main(folder: Path, clip: str, detector: Path, rounds: int) -> None:
    pipeline._BATCH = 1  # type: ignore[misc]
    options = IndexOptions(detector, embedder="regions", every=EVERY)
    embedder, tracker = load_embedder(options), load_tracker(options)
    desk = Desk.open(folder)
    desk.expire()
    store = Telling.create(folder, embedder.model_id, embedder.dim)
    say("ready", "")
    for _ in range(rounds):
        source = open_source(clip, camera="gate")
        pipeline.Indexer(store, embedder, tracker, EVERY).index(source)
        desk.records.book.note("system", "index", None, {"sightings": store.count()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
