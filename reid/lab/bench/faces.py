"""Appearance against faces, on the same images by the same protocol.

People are made of real faces on drawn bodies, so that distance, and whether clothes change, can be
set: on the same day clothes help and small faces do not; on another day only the face is left.
Real crops of people at surveillance range stand beside them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from reid.capture.images import image_paths
from reid.core.pixels import Image, RedactedCrop
from reid.embed import Light
from reid.lab.bench.data.reid_sets import Labelled, read_folders
from reid.lab.bench.metrics.open_set import Labels, OpenSet, Samples, open_set
from reid.lab.bench.privacy import Faces, files_of, read_faces
from reid.lab.bench.report.record import Record, Recorder
from reid.lab.bench.retrieval import extract, minus_camera_mean
from reid.lab.bench.rivals.composed_bodies import HEIGHT, Composed, Cover, compose
from reid.lab.bench.rivals.dlib_faces import FaceMethod
from reid.lab.bench.rivals.extractors import Extractor
from reid.lab.bench.rivals.weak_redaction import region
from reid.lab.research_image import ResearchImage

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


@dataclass(frozen=True, slots=True)
class Versus:
    """Both methods on the same images."""

    face: OpenSet
    appearance: OpenSet

    def to_json(self) -> dict[str, Any]:
        """Return both."""
        return {"face": self.face.to_json(), "appearance": self.appearance.to_json()}


@dataclass(frozen=True, slots=True)
class FacesResult:
    """Where faces win and where appearance does.

    Attributes:
        same_day: by height of the head in pixels, clothes as when enrolled.
        changed_clothes: the same, clothes new.
        covered: by what is before the face: a mask, or the back of the head; same day, near.
        crops: real crops across two cameras, same day; None where no data was given.
        face_model, model_id: the two methods.
        run: how it was measured.
    """

    same_day: dict[int, Versus]
    changed_clothes: dict[int, Versus]
    covered: dict[Cover, Versus]
    crops: Versus | None
    face_model: str
    model_id: str
    run: Record

    def to_json(self) -> dict[str, Any]:
        """Return everything by name; heads are gone for appearance, never for faces."""
        return {
            "same_day": {str(h): v.to_json() for h, v in self.same_day.items()},
            "changed_clothes": {str(h): v.to_json() for h, v in self.changed_clothes.items()},
            "covered": {cover: v.to_json() for cover, v in self.covered.items()},
            "metres": {str(h): round(HEAD_METRES * FOCAL / h, 1) for h in self.same_day},
            "crops": None if self.crops is None else self.crops.to_json(),
            "face_model": self.face_model,
            "model_id": self.model_id,
            "run": self.run.to_json(),
        }


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
    recorder = Recorder("faces", seed, {"heights": list(heights)})
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
        results[0],
        results[1],
        covered,
        real,
        methods.face.model_id,
        methods.appearance.model_id,
        recorder.finish(weights, files),
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
            open_set(enrolled_face, face, seed), open_set(enrolled_appearance, appearance, seed)
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

    def scored(values: np.ndarray[Any, np.dtype[np.float64]], acquired: Any) -> OpenSet:
        return open_set(
            Samples(values[enrol], person[enrol], acquired[enrol]),
            Samples(values[~enrol], person[~enrol], acquired[~enrol]),
            seed,
        )

    return Versus(scored(vectors, found), scored(worn, there))
