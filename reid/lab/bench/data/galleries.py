"""Labelled images → sightings, camera by camera, as the product would store them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from reid.core.records import SightingKey, Sightings
from reid.embed import CropEmbedder, pool
from reid.lab.bench.data.person_images import crop_of
from reid.lab.bench.data.reid_sets import Labelled
from reid.lab.bench.retrieval import light_of

_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class CameraGallery:
    """What one camera saw: sightings, and who each of them is."""

    camera: str
    sightings: Sightings
    identities: tuple[str, ...]


def camera_galleries(
    images: Sequence[Labelled],
    embedder: CropEmbedder,
    pooled: bool,
    progress: Callable[[int], None],
) -> tuple[CameraGallery, ...]:
    """Describe images, heads redacted.

    Args:
        images: in any order.
        embedder: one of the product's.
        pooled: all images of a person before a camera are one sighting, else each is one.
        progress: told the number of images done.
    """
    tracklets: dict[str, dict[tuple[str, int], list[int]]] = {}
    for i, image in enumerate(images):
        key = (image.identity, -1 if pooled else i)
        tracklets.setdefault(image.camera, {}).setdefault(key, []).append(i)
    galleries, done = [], 0
    for camera, groups in sorted(tracklets.items()):
        rows = list(groups.values())
        batches = []
        for start in range(0, len(rows), _BATCH):
            chosen = rows[start : start + _BATCH]
            batches.append(_sightings(images, chosen, embedder))
            done += sum(len(group) for group in chosen)
            progress(done)
        people = tuple(identity for identity, _ in groups)
        galleries.append(CameraGallery(camera, Sightings.concatenate(batches), people))
    return tuple(galleries)


def _sightings(
    images: Sequence[Labelled], groups: Sequence[Sequence[int]], embedder: CropEmbedder
) -> Sightings:
    crops = [[crop_of(images[i], i) for i in group] for group in groups]
    light = light_of([crop for tracklet in crops for crop in tracklet])
    keys = [key_of(images[group[0]], group[0]) for group in groups]
    return pool(keys, crops, embedder, light)


def key_of(image: Labelled, index: int) -> SightingKey:
    """Return the key of an image, the `index`-th."""
    name = f"{image.path.parent.name}/{image.path.name}"
    return SightingKey(f"{index:08d}", name, "", image.camera, _NO_TIME, _NO_TIME, index)
