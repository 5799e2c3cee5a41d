"""The command `reid bench adapt`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid.cli.bench_options import Data, Seed
from reid.core.errors import ModelError

if TYPE_CHECKING:
    from reid.lab.bench.adapt import Lesson, Progress
    from reid.lab.bench.report.result import Result

PARTS = 1000  # of the progress bar


def adapt(
    data: Data,
    both: Annotated[
        bool, typer.Option("--both", help="The other way round as well: twice as long.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="One adaptation may take so long.")
    ] = None,
    seed: Seed = 0,
) -> "Result":
    """What does adapting to a venue's own cameras gain, without labels, on other people there?

    Every second person is learnt from, as tracks; the others are asked for before and after. The
    adapted weights are thrown away.

    Example: reid bench adapt --data market-dev --minutes 10
    """
    from reid.cli.bench_output import watched
    from reid.lab.bench.adapt import AdaptSettings, run_adapt
    from reid.lab.bench.data.reid_sets import read_split
    from reid.weights.registry import find_embedder

    shipped = find_embedder()
    if shipped is None:
        raise ModelError("no embedder is shipped: install the package again")
    split = read_split(data)
    settings = AdaptSettings(both, minutes, seed)

    def learn(lesson: "Lesson", folder: Path, progress: "Progress") -> None:
        from reid.lab.train.adapt import AdaptConfig, Adapter, TrackCrops, digest_of, pack_adapted
        from reid.lab.train.pseudo_labels import Tracks
        from reid.weights.adapted import adapted_id

        tracks = Tracks(lesson.camera, lesson.begin, lesson.end)
        crops = TrackCrops(lesson.images, lesson.track, tracks)
        adapter = Adapter(shipped.folder, crops, AdaptConfig(seed=seed))
        adapter.train(minutes, progress)
        model_id = adapted_id(shipped.model_id, digest_of(adapter.ema))
        pack_adapted(adapter.ema, shipped.folder, folder, model_id, lesson.images)

    return watched(
        "learning",
        PARTS,
        lambda progress: run_adapt(
            data, split, shipped.folder, learn, settings, lambda done: progress(round(done * PARTS))
        ),
    )
