"""Appearance against faces, on the same images by the same protocol.

People are made of real faces on drawn bodies, so that distance, and whether clothes change, can be
set: on the same day clothes help and small faces do not; on another day only the face is left.
Real crops of people at surveillance range stand beside them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.capture.images import image_paths
from reid.core.pixels import Image, RedactedCrop
from reid.embed import Light
from reid.lab.bench.data.reid_sets import Labelled, read_folders
from reid.lab.bench.metrics.figures import Figures, OneDigit
from reid.lab.bench.metrics.open_set import Labels, OpenSet, Samples, open_set
from reid.lab.bench.privacy import Faces, files_of, read_faces
from reid.lab.bench.report.plots import OURS, RIVAL, Plot, finish
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.lab.bench.retrieval import extract, minus_camera_mean
from reid.lab.bench.rivals.composed_bodies import HEIGHT, Composed, Cover, compose
from reid.lab.bench.rivals.dlib_faces import FaceMethod
from reid.lab.bench.rivals.extractors import Extractor, described_extractor
from reid.lab.bench.rivals.weak_redaction import region
from reid.lab.research_image import ResearchImage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Progress = Callable[[int], None]

HEIGHTS: Final = (28, 20, 14, 10)
"""Heights of a head, px, from near to far."""

COVERS: Final[tuple[Cover, ...]] = ("mask", "behind")
"""What is before a face besides distance, on the same day, at the nearest distance."""

HEAD_METRES: Final = 0.24
"""Height of an adult's head."""

FOCAL: Final = 1483.6
"""Of a 1080p camera whose picture spans 40° from top to bottom, px: 540 ÷ tan 20°."""

ENROLLED_PHOTOS: Final = 3
PROBE_PHOTOS: Final = 3
CROP_FACE_SHARE: Final = 0.14
"""Of a person's height: how tall the face of a real crop is taken to be."""

_HEAD_SHARE: Final = 0.175  # of a composed person's height
_TOP: Final = 0.4  # of a person, searched for the face


class Versus(Figures):
    """Both methods on the same images."""

    face: OpenSet
    appearance: OpenSet

    def rows(self, name: str) -> list[Row]:
        """Return one row a method."""
        return [
            (
                name,
                method,
                figure(one.rank1, one.intervals["rank1"]),
                figure(one.fnir_at_1_fpir, one.intervals["fnir_at_1_fpir"]),
                figure(one.failure_to_acquire, one.intervals["failure_to_acquire"]),
            )
            for method, one in (("face", self.face), ("appearance", self.appearance))
        ]


class FacesResult(Result):
    """Where faces win and where appearance does; heads are gone for appearance, never for faces.

    Attributes:
        same_day: by height of the head in pixels, clothes as when enrolled.
        changed_clothes: the same, clothes new.
        covered: by what is before the face: a mask, or the back of the head; same day, near.
        metres: by the same heights, how far away that is.
        crops: real crops across two cameras, same day; None where no data was given.
        face_model, model_id: the two methods.
    """

    question: ClassVar[str] = "How do appearance and a face recogniser compare?"

    same_day: dict[int, Versus]
    changed_clothes: dict[int, Versus]
    covered: dict[Cover, Versus]
    metres: dict[int, OneDigit]
    crops: Versus | None
    face_model: str
    model_id: str

    def headline(self) -> str:
        """Return rank-1 of both methods, near and far, on the same and on another day."""
        said = []
        for day, by_height in self._days():
            for height in (max(by_height), min(by_height)):
                one = by_height[height]
                rates = f"{figure(one.appearance.rank1)}, face {figure(one.face.rank1)}"
                said.append(f"{day}, {height} px: appearance {rates}")
        return "rank-1, " + "; ".join(said)

    def tables(self) -> list[Table]:
        """Return both methods, by distance and day."""
        scenes = [
            (f"{day}, {height} px", versus)
            for day, by_height in self._days()
            for height, versus in by_height.items()
        ]
        covers = {"mask": "masked", "behind": "from behind"}
        scenes += [(covers[cover], versus) for cover, versus in self.covered.items()]
        if self.crops is not None:
            scenes.append(("real crops", self.crops))
        rows = tuple(row for label, versus in scenes for row in versus.rows(label))
        far = ", ".join(f"{h} px: {metres} m" for h, metres in self.metres.items())
        note = (
            f"px: height of the head (before a 1080p camera of 40°: {far}). "
            f"face: {self.face_model}; appearance: {self.model_id}, heads gone"
        )
        return [Table(("%", "method", "rank-1", "FNIR @ 1 %", "not acquired"), rows, note)]

    def _days(self) -> tuple[tuple[str, dict[int, Versus]], tuple[str, dict[int, Versus]]]:
        return ("same day", self.same_day), ("changed clothes", self.changed_clothes)

    def plots(self) -> list[Plot]:
        """Return rank-1 and FNIR by height of the head."""
        return [self._plot_rank1, self._plot_fnir]

    def _plot_rank1(self, axes: "Axes") -> None:
        """Rank-1 by height of the head, both methods, same day and other clothes."""
        self._by_height(axes, lambda one: one.rank1, "rank-1, %")

    def _plot_fnir(self, axes: "Axes") -> None:
        """FNIR at 1 % FPIR by height of the head."""
        self._by_height(axes, lambda one: one.fnir_at_1_fpir, "missed at 1 % false alarms, %")

    def _by_height(self, axes: "Axes", rate: Callable[[OpenSet], float], label: str) -> None:
        for (day, by_height), style in zip(self._days(), ("-", "--"), strict=True):
            faces = [100 * rate(versus.face) for versus in by_height.values()]
            worn = [100 * rate(versus.appearance) for versus in by_height.values()]
            for method, rates, colour in (("face", faces, RIVAL), ("appearance", worn, OURS)):
                name = f"{method}, {day}"
                axes.plot(list(by_height), rates, style, color=colour, marker="o", label=name)
        axes.set(xlabel="height of the head, px", ylabel=label, ylim=(0, 101))
        finish(axes)


@dataclass(frozen=True, slots=True)
class Methods:
    """The two methods compared."""

    face: FaceMethod
    appearance: Extractor


def run_faces(
    photos: Path,
    crops: Path | None,
    methods: Methods,
    heights: Sequence[int],
    seed: int,
    progress: Progress,
) -> FacesResult:
    """Compare; `progress` is told the number of parts done, of `parts(heights)`."""
    recorder = Recorder(
        "faces",
        seed,
        {
            "heights": list(heights),
            "crops": crops is not None,
            **described_extractor(methods.appearance),
        },
    )
    faces = read_faces(photos)
    listed = None if crops is None else read_folders(crops)
    enrolled = _Scene.of(faces, slice(0, ENROLLED_PHOTOS), seed, day=0)
    done = 0
    templates = enrolled.samples(methods, HEIGHTS[0])
    progress(done := done + 1)
    results: dict[int, dict[int, Versus]] = {0: {}, 1: {}}
    probed = slice(ENROLLED_PHOTOS, ENROLLED_PHOTOS + PROBE_PHOTOS)
    for day, by_height in results.items():
        probes = _Scene.of(faces, probed, seed, day=day)
        for height in heights:
            by_height[height] = probes.against(templates, methods, height, seed)
            progress(done := done + 1)
    covered: dict[Cover, Versus] = {}
    for cover in COVERS:
        scene = _Scene.of(faces, probed, seed, day=0, cover=cover)
        covered[cover] = scene.against(templates, methods, heights[0], seed)
        progress(done := done + 1)
    real = None if listed is None else _real_crops(listed, methods, seed)
    progress(done + 1)
    weights = dict(methods.face.files) | {methods.appearance.model_id: methods.appearance.weights}
    files = (*files_of(photos), *(image_paths(crops) if crops else ()))
    return FacesResult(
        same_day=results[0],
        changed_clothes=results[1],
        covered=covered,
        metres={height: HEAD_METRES * FOCAL / height for height in results[0]},
        crops=real,
        face_model=methods.face.model_id,
        model_id=methods.appearance.model_id,
        run=recorder.finish(weights, files),
    )


def parts(heights: Sequence[int]) -> int:
    """Return how many parts `run_faces` has."""
    return 2 + 2 * len(heights) + len(COVERS)


@dataclass(frozen=True, slots=True)
class _Scene:
    """Composed people of one day."""

    composed: list[Composed]
    person: Labels

    @classmethod
    def of(
        cls, faces: Faces, photos: slice, seed: int, day: int, cover: Cover = "none"
    ) -> "_Scene":
        """Compose a person a photo; clothes depend on person and day, pose on the image."""
        composed, person = [], []
        pose = np.random.default_rng([seed, day, photos.start or 0])
        for who, of_person in enumerate(faces):
            for photo in of_person[photos]:
                wardrobe = np.random.default_rng([seed, day, who])
                composed.append(compose(photo, pose, wardrobe=wardrobe, cover=cover))
                person.append(who)
        return cls(composed, np.array(person, np.int64))

    def samples(self, methods: Methods, height: int) -> tuple[Samples, Samples]:
        """Describe everybody by face, and by appearance with the head gone, at a distance."""
        scale = height / (HEIGHT * _HEAD_SHARE)
        pixels = [_smaller(c.pixels, scale) for c in self.composed]
        tops = [image[: round(image.shape[0] * _TOP)] for image in pixels]
        vectors, found = methods.face.vectors(tops, float(height))
        crops = [_redacted(image, c, scale) for image, c in zip(pixels, self.composed, strict=True)]
        worn = methods.appearance.vectors(crops, Light.neutral()).astype(np.float64)
        all_there = np.ones(len(worn), bool)
        return Samples(vectors, self.person, found), Samples(worn, self.person, all_there)

    def against(
        self, templates: tuple[Samples, Samples], methods: Methods, height: int, seed: int
    ) -> Versus:
        """Look for everybody among those enrolled, by both methods, at a distance."""
        face, appearance = self.samples(methods, height)
        enrolled_face, enrolled_appearance = templates
        return Versus(
            face=open_set(enrolled_face, face, seed),
            appearance=open_set(enrolled_appearance, appearance, seed),
        )


def _smaller(pixels: Image, scale: float) -> Image:
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how), np.uint8)


def _redacted(image: Image, composed: Composed, scale: float) -> RedactedCrop:
    heads = region(image, composed.found * np.float32(scale), "head")
    return ResearchImage(image).redacted(heads)


def _real_crops(images: Sequence[Labelled], methods: Methods, seed: int) -> Versus:
    """Enrol with the first camera's images, probe with the others'."""
    first = min(image.camera for image in images)
    names = sorted({image.identity for image in images})
    person = np.array([names.index(image.identity) for image in images], np.int64)
    enrol = np.array([image.camera == first for image in images])
    pixels = [ResearchImage.read(image.path).pixels for image in images]
    tall = float(np.median([p.shape[0] for p in pixels])) * CROP_FACE_SHARE
    tops = [p[: round(p.shape[0] * _TOP)] for p in pixels]
    vectors, found = methods.face.vectors(tops, tall)
    plain = extract(images, methods.appearance, False, lambda _: None)
    worn = minus_camera_mean(plain, [i.camera for i in images]).astype(np.float64)
    there = np.ones(len(images), bool)

    def scored(values: NDArray[np.float64], acquired: NDArray[np.bool_]) -> OpenSet:
        return open_set(
            Samples(values[enrol], person[enrol], acquired[enrol]),
            Samples(values[~enrol], person[~enrol], acquired[~enrol]),
            seed,
        )

    return Versus(face=scored(vectors, found), appearance=scored(worn, there))
