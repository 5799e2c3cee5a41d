"""The command `reid bench photo`."""

from typing import TYPE_CHECKING

from reid.cli.bench_options import Data, OwnEmbedder, Seed

if TYPE_CHECKING:
    from reid.lab.bench.photo import PhotoResult


def photo(data: Data, embedder: OwnEmbedder = None, seed: Seed = 0) -> "PhotoResult":
    """Does a photo find its person before other cameras, alone and with a sentence?

    Example: reid bench photo --data shared/data/pku-reid-dev
    """
    from reid.cli.bench_output import watched
    from reid.lab.bench.photo import read_photos, run_photo
    from reid.lab.bench.rivals.extractors import own_embedder

    photos, model = read_photos(data), own_embedder(embedder)
    return watched(
        "pictures",
        len(photos.images),
        lambda progress: run_photo(photos, *model, seed, progress),
    )
