"""Image re-identification: is the same person found among another camera's images?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import SourceError
from reid.core.pixels import EmbeddableCrop
from reid.embed import Light
from reid.embed.light import borders
from reid.lab.bench.data.person_images import crop_of, crop_with_head, finder_weights
from reid.lab.bench.data.reid_sets import DISTRACTOR, JUNK, Labelled, Split, same_person
from reid.lab.bench.metrics.ranking import RankingScores, score_ranking
from reid.lab.bench.metrics.summary import Ranking
from reid.lab.bench.report.record import Record, Recorder
from reid.lab.bench.rivals.extractors import Extractor, unit
from reid.rank.rerank import rerank

Float = NDArray[np.float32]
Progress = Callable[[int], None]

_BATCH = 256


@dataclass(frozen=True, slots=True)
class RetrievalResult:
    """What one model reaches on one data set.

    Attributes:
        plain: ranked by cosine similarity, every image by itself.
        minus_camera_mean: each camera's mean vector taken off first.
        pooled: sightings, all images of a person before a camera pooled, minus camera mean.
        reranked: as `plain`, by k-reciprocal encoding, where asked.
        model_id: names the model.
        redacted: whether heads were gone.
        run: how it was measured.
        cmc: rank-1 to rank-50 of `plain`.
    """

    plain: Ranking
    minus_camera_mean: Ranking
    pooled: Ranking
    reranked: Ranking | None
    model_id: str
    redacted: bool
    run: Record
    cmc: list[float]

    def to_json(self) -> dict[str, Any]:
        """Return the plain figures at the top level, everything else beside them."""
        return {
            **self.plain.to_json(),
            "model_id": self.model_id,
            "redacted": self.redacted,
            "minus_camera_mean": self.minus_camera_mean.to_json(),
            "pooled": self.pooled.to_json(),
            "reranked": None if self.reranked is None else self.reranked.to_json(),
            "cmc": [round(share, 4) for share in self.cmc],
            "run": self.run.to_json(),
        }


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """How to measure.

    Attributes:
        with_heads: leave the heads on, for comparison.
        rerank: re-rank as well.
        seed: of the bootstrap.
    """

    with_heads: bool = False
    rerank: bool = False
    seed: int = 0


def run_retrieval(
    split: Split, extractor: Extractor, settings: RetrievalSettings, progress: Progress
) -> RetrievalResult:
    """Measure retrieval; `progress` is told the number of images done.

    Raises:
        SourceError: an image that cannot be read, or nobody who is asked for is in the gallery.
    """
    right = same_person(split.query, split.gallery)
    if not right[0].any():
        raise SourceError("no query has a right answer in the gallery: is it the right --layout?")
    recorder = Recorder("retrieval", settings.seed, {"with_heads": settings.with_heads})
    images = split.images()
    vectors = extract(images, extractor, settings.with_heads, progress)
    row = {image: i for i, image in enumerate(images)}
    asked = np.array([row[image] for image in split.query])
    among = np.array([row[image] for image in split.gallery])
    people = [image.identity for image in split.query]

    def ranked(values: Float) -> RankingScores:
        return score_ranking(1 - values[asked] @ values[among].T, *right)

    plain = ranked(vectors)
    centred = minus_camera_mean(vectors, [image.camera for image in images])
    again = None
    if settings.rerank:
        again = score_ranking(rerank(vectors[asked], vectors[among]), *right)
    seed = settings.seed
    weights = {extractor.model_id: extractor.weights}
    weights |= {} if settings.with_heads else finder_weights()
    return RetrievalResult(
        Ranking.of(plain, people, seed),
        Ranking.of(ranked(centred), people, seed),
        pooled_ranking(split, images, vectors, seed),
        None if again is None else Ranking.of(again, people, seed),
        extractor.model_id,
        not settings.with_heads,
        recorder.finish(weights, [i.path for i in images]),
        plain.cmc(min(50, max(1, plain.n_gallery))).tolist(),
    )


def extract(
    images: Sequence[Labelled], extractor: Extractor, with_heads: bool, progress: Progress
) -> Float:
    """Return unit vectors (N, D), read camera by camera in batches, heads redacted by default."""
    read: Callable[[Labelled, int], EmbeddableCrop] = crop_with_head if with_heads else crop_of
    rows: dict[int, Float] = {}
    cameras = np.array([image.camera for image in images])
    for camera in np.unique(cameras):
        members = np.flatnonzero(cameras == camera)
        for start in range(0, len(members), _BATCH):
            chosen = members[start : start + _BATCH]
            crops = [read(images[int(i)], int(i)) for i in chosen]
            found = extractor.vectors(crops, light_of(crops))
            rows.update(zip((int(i) for i in chosen), found, strict=True))
            progress(len(rows))
    return np.stack([rows[i] for i in range(len(images))])


def light_of(crops: Sequence[EmbeddableCrop]) -> Light:
    """Return the light of the camera that took these crops, from their borders."""
    return Light.of([borders(crop) for crop in crops])


def minus_camera_mean(vectors: Float, cameras: Sequence[str]) -> Float:
    """Return unit vectors, each less the mean vector of its camera (over what is given here)."""
    named = np.asarray(cameras)
    centred = vectors.copy()
    for camera in np.unique(named):
        centred[named == camera] -= vectors[named == camera].mean(axis=0)
    return unit(centred)


def pooled_ranking(split: Split, images: Sequence[Labelled], vectors: Float, seed: int) -> Ranking:
    """Score sightings: a person's images before a camera are one, as in a venue's store."""
    row = {image: i for i, image in enumerate(images)}
    query, asked = _pool(split.query, vectors, row)
    gallery, among = _pool(split.gallery, vectors, row)
    everything = list(dict.fromkeys((*query, *gallery)))
    by_key = {**dict(zip(query, asked, strict=True)), **dict(zip(gallery, among, strict=True))}
    cameras = [sighting.camera for sighting in everything]
    centred = minus_camera_mean(np.stack([by_key[s] for s in everything]), cameras)
    place = {sighting: i for i, sighting in enumerate(everything)}
    left = centred[[place[s] for s in query]]
    right = centred[[place[s] for s in gallery]]
    scores = score_ranking(1 - left @ right.T, *same_person(query, gallery))
    return Ranking.of(scores, [s.identity for s in query], seed)


def _pool(
    images: Sequence[Labelled], vectors: Float, row: dict[Labelled, int]
) -> tuple[list[Labelled], list[Float]]:
    """Return one entry a (person, camera), and its mean unit vector.

    Junk is left out; a distractor, being nobody in particular, is a sighting of its own.
    """
    groups: dict[Labelled, list[Labelled]] = {}
    for image in images:
        if image.identity == DISTRACTOR:
            groups[image] = [image]
        elif image.identity != JUNK:
            stay = Labelled(image.path.parent, image.identity, image.camera)
            groups.setdefault(stay, []).append(image)
    means = [vectors[[row[i] for i in group]].mean(axis=0) for group in groups.values()]
    return list(groups), list(unit(np.stack(means)))
