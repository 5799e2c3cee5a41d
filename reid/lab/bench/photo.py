"""Starting from a photo: one picture before a camera, searched for among the others' sightings.

Each picture of a person is handed over as a parent's photo would be: its vector, and the clothes
that are read off it. It is looked for among everybody whom the other cameras saw, alone and with a
sentence, by the ranking of the product.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import SourceError
from reid.core.records import PhotoQuery, Query, SightingKey, Sightings, Wish
from reid.describe import describe
from reid.embed import CropEmbedder
from reid.embed.clothes import worn
from reid.lab.bench.data.description_sets import DESCRIPTIONS, read_described
from reid.lab.bench.data.field_sets import MARKET_LABELS, read_fields
from reid.lab.bench.data.galleries import CameraGallery, camera_galleries
from reid.lab.bench.data.person_images import finder_weights
from reid.lab.bench.data.reid_sets import Labelled, read_split
from reid.lab.bench.metrics.calibration import Reliability, ReliabilityBin
from reid.lab.bench.metrics.figures import Figures, Fraction
from reid.lab.bench.metrics.intervals import bootstrap_share
from reid.lab.bench.metrics.ranking import average_precision
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.rank import Gallery, ScoreConfig, rank
from reid.search.snapshot import less_camera_means, score_config_of

WAYS: Final = ("photo", "photo_vector", "sentence", "photo_and_sentence")
"""What is searched with: the photo's vector and clothes, the vector alone, what is said or
labelled of the person, and photo and sentence together."""

MOST_A_PERSON: Final = 2
"""Pictures of a person before a camera: two say nearly what more would."""


class WayFigures(Figures):
    """One way to search.

    Attributes:
        rank1, rank5: share of photos whose person comes first, or among the first five.
        mAP: mean average precision.
        ECE: expected calibration error of the probabilities shown.
        found, found_right: share of answers that are "found", and of these whose first is right.
        bins: what was said, and what was true.
        intervals: of rank1, rank5 and mAP; people are resampled.
    """

    rank1: Fraction
    rank5: Fraction
    mAP: Fraction
    ECE: Fraction
    found: Fraction
    found_right: Fraction
    n_query: int
    bins: list[ReliabilityBin]
    intervals: dict[str, tuple[float, float]]


class PhotoResult(Result):
    """How well a photo finds its person before other cameras, alone and with a sentence.

    Attributes:
        ways: by the names of `WAYS`; those with a sentence only where people are described.
        n_people, n_gallery: people, and sightings of the largest gallery.
    """

    question: ClassVar[str] = "Does a photo find its person, alone and with a sentence?"

    model_id: str
    redacted: bool = True
    ways: dict[str, WayFigures]
    n_people: int
    n_gallery: int

    def tables(self) -> list[Table]:
        """Return one row a way."""
        rows: list[Row] = [
            (
                name.replace("_", " "),
                *(figure(getattr(one, f), one.intervals[f]) for f in ("rank1", "rank5", "mAP")),
                figure(one.ECE),
                figure(one.found),
                figure(one.found_right),
                str(one.n_query),
            )
            for name, one in self.ways.items()
        ]
        heads = ("%", "rank-1", "rank-5", "mAP", "ECE", "found", "right of found", "photos")
        note = f"{self.model_id}, heads redacted: {self.n_people} people, up to {self.n_gallery}"
        return [Table(heads, tuple(rows), f"{note} sightings before other cameras")]


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """Pictures of people before several cameras, and what is said of some of them.

    Attributes:
        said: identity → wishes, in a witness's words where there are any, else as labelled.
    """

    images: tuple[Labelled, ...]
    said: Mapping[str, tuple[Wish, ...]]
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What one question came to, its gallery's sightings in the order of the answer."""

    person: str
    probability: NDArray[np.float64]
    right: NDArray[np.bool_]
    found: bool


def read_photos(data: Path) -> PhotoSet:
    """Read labelled pictures, with descriptions or labels where there are any.

    Raises:
        SourceError: the folder cannot be read, or knows one camera only.
    """
    split = read_split(data)
    every = [image for image in split.images() if image.subject == "person"]
    images = tuple(_few_each(every))
    if len({image.camera for image in images}) < 2:
        raise SourceError(f"{data} knows one camera only: a photo is looked for before another")
    if (data / DESCRIPTIONS).is_file():
        described = read_described(data)
        said = {one.identity: describe(one.text).wishes for one in reversed(described.descriptions)}
        return PhotoSet(images, said, described.files)
    if (data / MARKET_LABELS).is_file():
        fields = read_fields(data)
        return PhotoSet(images, {i: fields.asked_of(i) for i in fields.fields}, fields.files)
    return PhotoSet(images, {})


def run_photo(
    photos: PhotoSet,
    embedder: CropEmbedder,
    weights: Path | None,
    seed: int,
    progress: Callable[[int], None],
) -> PhotoResult:
    """Hand every picture over as a photo, and look for its person before the other cameras."""
    recorder = Recorder("photo", seed)
    single = camera_galleries(photos.images, embedder, False, progress)
    pooled = camera_galleries(photos.images, embedder, True, lambda _: None)
    config = score_config_of(embedder.model_id)
    asked = {way: ask_all(way, single, pooled, photos.said, config) for way in WAYS}
    sizes = [len(one.sightings) for one in pooled]
    files = (*photos.files, *(image.path for image in photos.images))
    return PhotoResult(
        model_id=embedder.model_id,
        ways={way: figures_of(mine, seed) for way, mine in asked.items() if mine},
        n_people=len({image.identity for image in photos.images}),
        n_gallery=sum(sizes) - min(sizes),
        run=recorder.finish({embedder.model_id: weights, **finder_weights()}, files),
    )


def ask_all(
    way: str,
    single: Sequence[CameraGallery],
    pooled: Sequence[CameraGallery],
    said: Mapping[str, tuple[Wish, ...]],
    config: ScoreConfig,
) -> list[Asked]:
    """Ask for the person of every picture among what the other cameras saw."""
    found: list[Asked] = []
    for mine in single:
        others = [one for one in pooled if one.camera != mine.camera]
        gallery, who = _together(others), np.array([i for one in others for i in one.identities])
        for row, person in enumerate(mine.identities):
            words = said.get(person, ())
            if person not in who or ("sentence" in way and not words):
                continue
            query = query_of(way, mine.sightings, row, words)
            answer = rank(query, gallery, top=None, config=config)
            rows = np.array([int(match.key.id) for match in answer.matches])
            chances = np.array([match.probability for match in answer.matches])
            found.append(Asked(person, chances, who[rows] == person, answer.outcome == "found"))
    return found


def query_of(way: str, seen: Sightings, row: int, words: tuple[Wish, ...]) -> Query:
    """Return what is asked for of one picture; words overrule what was read off it."""
    if way == "sentence":
        return Query("", words)
    photo = PhotoQuery(seen.vectors[row], seen.model_id)
    words = words if way == "photo_and_sentence" else ()
    spoken = {wish.slot for wish in words}
    read = () if way == "photo_vector" else worn(seen.attributes[row], seen.visible[row])
    return Query("", (*words, *(w for w in read if w.slot not in spoken)), photo=photo)


def figures_of(asked: Sequence[Asked], seed: int) -> WayFigures:
    """Summarise answers."""
    people = [one.person for one in asked]
    values = {
        "rank1": np.array([one.right[0] for one in asked], np.float64),
        "rank5": np.array([one.right[:5].any() for one in asked], np.float64),
        "mAP": np.array([average_precision(np.flatnonzero(one.right) + 1) for one in asked]),
    }
    said = Reliability.of(
        np.concatenate([one.probability for one in asked]),
        np.concatenate([one.right for one in asked]),
    )
    told = np.array([one.found for one in asked])
    return WayFigures(
        **{name: float(value.mean()) for name, value in values.items()},
        ECE=said.ece,
        found=float(told.mean()),
        found_right=float(values["rank1"][told].mean()) if told.any() else 1.0,
        n_query=len(asked),
        bins=said.bins(),
        intervals={name: bootstrap_share(value, people, seed) for name, value in values.items()},
    )


def _together(galleries: Sequence[CameraGallery]) -> Gallery:
    """Return what several cameras saw as a venue keeps it: vectors less their cameras' means."""
    seen = Sightings.concatenate([one.sightings for one in galleries])
    keys = [_numbered(key, i) for i, key in enumerate(seen.keys)]
    cameras = np.repeat(np.arange(len(galleries)), [len(one.identities) for one in galleries])
    vectors = less_camera_means(seen.vectors.copy(), cameras)
    return replace(Gallery.of(seen), keys=keys, vectors=vectors)


def _numbered(key: SightingKey, number: int) -> SightingKey:
    return replace(key, id=str(number))


def _few_each(images: Sequence[Labelled]) -> list[Labelled]:
    counts: dict[tuple[str, str], int] = {}
    few = []
    for image in sorted(images, key=lambda one: str(one.path)):
        key = (image.identity, image.camera)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= MOST_A_PERSON:
            few.append(image)
    return few
