"""What does hiding heads cost, and what does it take from a face recogniser? On one gallery.

The same images, four ways: heads left on, heads blurred as is usual, the face painted over, the
head painted over as shipped. Of each, how well appearance is found again, the described are found,
and faces are named.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.pixels import EmbeddableCrop, HeadRegions, Image
from reid.core.records import SightingKey
from reid.detect.person_crops import heads_in_crop
from reid.embed import CropEmbedder
from reid.lab.bench.data.description_sets import DESCRIPTIONS, Described, read_described
from reid.lab.bench.data.galleries import key_of
from reid.lab.bench.data.person_images import crop_of, crop_with_head, finder, finder_weights
from reid.lab.bench.data.reid_sets import Labelled, Split, same_person
from reid.lab.bench.description import query_of
from reid.lab.bench.metrics.figures import Ends, Figures, FourDigits, Fraction
from reid.lab.bench.metrics.intervals import bootstrap_difference, bootstrap_share
from reid.lab.bench.metrics.ranking import score_ranking
from reid.lab.bench.report.plots import CHANCE, OURS, RIVAL, Plot, finish
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.lab.bench.retrieval import light_of
from reid.lab.bench.rivals.dlib_faces import FaceMethod
from reid.lab.bench.rivals.extractors import Extractor, described_extractor
from reid.lab.research_image import ResearchImage
from reid.rank import Gallery
from reid.rank.score import score, terms
from reid.search.snapshot import score_config_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]
Progress = Callable[[int], None]

Way = Literal["heads on", "blur", "face off", "head off"]
WAYS: Final[tuple[Way, ...]] = get_args(Way)
"""In the order of what is left; the last is as shipped."""

_BLUR: Final = 0.1  # σ, of the hidden box's height: as usual where faces are blurred
_TOP: Final = 0.4  # of a person, searched for the face
_FACE_SHARE: Final = 0.14  # of a person's height: how tall a face is taken to be
_COLOURS: Final = dict(zip(WAYS, (CHANCE, "#d9a441", RIVAL, OURS), strict=True))


class Measure(Figures):
    """One figure of one way.

    Attributes:
        share: of `n` queries answered rightly at the first place.
        interval: 95 %, people resampled.
        gains: share less that with heads on, of the same queries; `gains_interval`: 95 %, people
            resampled. Where it holds 0, no cost is shown.
    """

    share: Fraction
    interval: Ends
    gains: FourDigits
    gains_interval: Ends
    n: int

    def cells(self) -> tuple[str, str]:
        """Return the share, and what it gains."""
        return figure(self.share, self.interval), figure(self.gains, self.gains_interval)


class PrivacyCostResult(Result):
    """By way of hiding: what appearance, descriptions and a face recogniser still tell.

    Attributes:
        appearance: the nearest image of another camera shows the same person.
        description: the first of a camera's people is the described one; empty where nobody is
            described.
        face: the nearest face of another camera is the same person's, of all queries; empty
            without a recogniser.
        acquired: by way, share of images in which a face was found.
        people: in the gallery.
        model_id, face_model: what was measured with.
    """

    question: ClassVar[str] = "What does hiding heads cost, and what does it take from faces?"

    appearance: dict[str, Measure]
    description: dict[str, Measure]
    face: dict[str, Measure]
    acquired: dict[str, Fraction]
    people: int
    model_id: str
    face_model: str | None

    def headline(self) -> str:
        """Return what the shipped way costs, in points."""
        parts = (f"{name} {part['head off'].cells()[1]}" for name, part in self._parts())
        return "head off against heads on, points: " + "; ".join(parts)

    def tables(self) -> list[Table]:
        """Return one row a way; beside each share what it gains over heads left on."""
        columns = [f"{name}{more}" for name, _ in self._parts() for more in (", first", ", gain")]
        rows: list[Row] = [(way, *self._cells(way)) for way in WAYS]
        note = (
            f"{self.people} people; {self.model_id}; an interval of a gain that holds 0 shows none"
        )
        if self.face_model:
            found = ", ".join(f"{way} {figure(self.acquired[way])}" for way in WAYS)
            note += f". {self.face_model}: a face is found in {found} %"
        return [Table(("%", *columns), tuple(rows), note)]

    def _cells(self, way: Way) -> Row:
        cells = [part[way].cells() for _, part in self._parts()]
        return tuple(c for share, gain in cells for c in (share, "" if way == WAYS[0] else gain))

    def plots(self) -> list[Plot]:
        """Return the cost of privacy as one chart."""
        return [self._plot_cost]

    def _parts(self) -> list[tuple[str, dict[str, Measure]]]:
        parts = {"appearance": self.appearance, "description": self.description, "face": self.face}
        return [(name, part) for name, part in parts.items() if part]

    def _plot_cost(self, axes: "Axes") -> None:
        """What each method finds at the first place, by way of hiding, with 95 % intervals."""
        width = 0.8 / len(WAYS)
        for shift, way in enumerate(WAYS):
            for place, (_, part) in enumerate(self._parts()):
                one, left = part[way], place + (shift - (len(WAYS) - 1) / 2) * width
                label = way if place == 0 else None
                axes.bar(left, 100 * one.share, width * 0.9, color=_COLOURS[way], label=label)
                ends = [100 * end for end in one.interval]
                axes.plot([left, left], ends, color="black", linewidth=1)
        names = [name for name, _ in self._parts()]
        axes.set(xticks=range(len(names)), ylim=(0, 101), ylabel="right at the first place, %")
        axes.set_xticklabels(names)
        finish(axes)


@dataclass(frozen=True, slots=True)
class CostModels:
    """What is measured with.

    Attributes:
        appearance: compares people's images.
        describes: the product's embedder, where descriptions are asked.
        face: a face recogniser, where one is there.
    """

    appearance: Extractor
    describes: CropEmbedder | None
    face: FaceMethod | None


def run_privacy_cost(
    split: Split,
    descriptions: Sequence[Described],
    models: CostModels,
    seed: int,
    progress: Progress,
) -> PrivacyCostResult:
    """Measure; `progress` is told the number of images done, of all `WAYS` together.

    Raises:
        SourceError: an image cannot be read.
    """
    recorder = Recorder(
        "privacy-cost", seed, {"blur": _BLUR, **described_extractor(models.appearance)}
    )
    images = split.images()
    answers: dict[Way, _Answers] = {}
    acquired: dict[str, float] = {}
    for number, way in enumerate(WAYS):
        crops = []
        for index, image in enumerate(images):
            crops.append(_crop(image, index, way))
            progress(number * len(images) + index + 1)
        seen = _Seen(split, images, crops)
        answers[way] = {"appearance": seen.appearance(models.appearance)}
        if models.describes is not None and descriptions:
            answers[way]["description"] = seen.described(models.describes, descriptions)
        if models.face is not None:
            answers[way]["face"], acquired[way] = seen.faces(models.face)
    weights = {models.appearance.model_id: models.appearance.weights, **finder_weights()}
    return PrivacyCostResult(
        appearance=_measures(answers, "appearance", seed),
        description=_measures(answers, "description", seed),
        face=_measures(answers, "face", seed),
        acquired=acquired,
        people=len({image.identity for image in images if image.subject == "person"}),
        model_id=models.appearance.model_id,
        face_model=models.face.model_id if models.face else None,
        run=recorder.finish(
            weights | (dict(models.face.files) if models.face else {}), [i.path for i in images]
        ),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whether each of Q queries is answered rightly, and whom it is about."""

    right: Float
    people: Sequence[str]


_Answers = dict[str, _Answer]


def _measures(answers: Mapping[Way, _Answers], name: str, seed: int) -> dict[str, Measure]:
    """Return a part's figure by way, each compared with heads left on."""
    if name not in answers["heads on"]:
        return {}
    before = answers["heads on"][name].right
    measured = {}
    for way, found in answers.items():
        right, people = found[name].right, found[name].people
        measured[str(way)] = Measure(
            share=float(right.mean()),
            interval=bootstrap_share(right, people, seed),
            gains=float((right - before).mean()),
            gains_interval=bootstrap_difference(right - before, people, seed),
            n=len(right),
        )
    return measured


def _crop(image: Labelled, index: int, way: Way) -> EmbeddableCrop:
    """Read one image with its head hidden in a way."""
    if way == "heads on":
        return crop_with_head(image, index)
    if way == "head off":
        return crop_of(image, index)
    research = ResearchImage.read(image.path, image.camera, index)
    frame = research.frame()
    if way == "face off":
        return research.redacted(heads_in_crop(frame, finder(), "face"))
    hidden = crop_of(image, index).place.painted
    heads = HeadRegions.of_known_boxes(frame.ref, hidden)
    return ResearchImage(_blurred(research.pixels, heads), image.camera, index).with_head()


def _blurred(pixels: Image, heads: HeadRegions) -> Image:
    """Return pixels whose head regions are blurred, as strongly as is usual for their height."""
    boxes, mask = heads.rasterise()
    if not boxes:
        return pixels
    tallest = max(box[3] - box[1] for box in boxes)
    soft = np.asarray(cv2.GaussianBlur(pixels, (0, 0), _BLUR * max(tallest, 1)), np.uint8)
    return np.where(mask[..., None], soft, pixels)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Images with heads hidden in one way."""

    split: Split
    images: Sequence[Labelled]
    crops: Sequence[EmbeddableCrop]

    def appearance(self, model: Extractor) -> _Answer:
        """Ask with every query for the nearest image of another camera."""
        vectors = self._by_camera(model.vectors)
        return self._nearest(vectors.astype(np.float64), np.ones(len(vectors), bool))

    def faces(self, method: FaceMethod) -> tuple[_Answer, float]:
        """Ask by face; returns also the share of images in which one was found."""
        tall = float(np.median([crop.pixels.shape[0] for crop in self.crops])) * _FACE_SHARE
        tops = [crop.pixels[: round(crop.pixels.shape[0] * _TOP)] for crop in self.crops]
        vectors, found = method.vectors(tops, tall)
        return self._nearest(vectors, found), float(found.mean())

    def described(self, embedder: CropEmbedder, descriptions: Sequence[Described]) -> _Answer:
        """Ask every camera's people, each pooled from all their images, for every description."""
        config = score_config_of(embedder.model_id)
        asked = [(terms(query_of(one.text), config), one.identity) for one in descriptions]
        right: list[float] = []
        people: list[str] = []
        for rows in self._cameras():
            gallery, who = self._pooled(embedder, rows)
            for wanted, identity in asked:
                if identity in who:
                    best = int(np.argmax(score(gallery, wanted, config)))
                    right.append(float(who[best] == identity))
                    people.append(identity)
        return _Answer(np.array(right, np.float64), people)

    def _nearest(self, vectors: Float, found: NDArray[np.bool_]) -> _Answer:
        """Rank by cosine; who was not found in an image is neither asked for nor found there."""
        row = {image: i for i, image in enumerate(self.images)}
        asked = [row[image] for image in self.split.query]
        among = [row[image] for image in self.split.gallery]
        distance = 1 - vectors[asked] @ vectors[among].T
        distance[:, ~found[among]] = np.inf
        scores = score_ranking(
            distance.astype(np.float32), *same_person(self.split.query, self.split.gallery)
        )
        able = found[asked][scores.rows] & bool(found[among].any())
        people = [self.split.query[int(i)].identity for i in scores.rows]
        return _Answer(scores.hits(1) * able, people)

    def _cameras(self) -> list[list[int]]:
        """Return the rows of each camera's images of people."""
        cameras: dict[str, list[int]] = {}
        for row, image in enumerate(self.images):
            if image.subject == "person":
                cameras.setdefault(image.camera, []).append(row)
        return list(cameras.values())

    def _by_camera(self, vectors: Callable[..., NDArray[np.float32]]) -> NDArray[np.float32]:
        """Describe camera by camera, each under its own light; (N, D)."""
        cameras = np.array([image.camera for image in self.images])
        rows: dict[int, NDArray[np.float32]] = {}
        for camera in np.unique(cameras):
            members = [int(i) for i in np.flatnonzero(cameras == camera)]
            crops = [self.crops[i] for i in members]
            rows.update(zip(members, vectors(crops, light_of(crops)), strict=True))
        return np.stack([rows[i] for i in range(len(self.images))])

    def _pooled(self, embedder: CropEmbedder, rows: Sequence[int]) -> tuple[Gallery, list[str]]:
        """Return one camera's people, each the plain mean of their images, and their names."""
        crops = [self.crops[i] for i in rows]
        found = embedder.describe(crops, light_of(crops))
        names = [self.images[i].identity for i in rows]
        who = list(dict.fromkeys(names))
        groups = [np.flatnonzero(np.array(names) == name) for name in who]
        keys: list[SightingKey] = [
            key_of(self.images[rows[int(group[0])]], int(group[0])) for group in groups
        ]

        def means(values: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.stack([values[group].mean(axis=0) for group in groups])

        gallery = Gallery(keys, means(found.attributes), means(found.body), means(found.visible))
        return gallery, who


def descriptions_in(data: Path) -> tuple[Described, ...]:
    """Return the descriptions that lie beside images; none where there are none."""
    return read_described(data).descriptions if (data / DESCRIPTIONS).is_file() else ()
