"""Are people found in photos, and are their heads gone from what is kept?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes
from reid.core.pixels import Profile
from reid.detect.head_regions import FrameDetections, regions_to_redact
from reid.detect.tracker import Tracker
from reid.detect.yolo import Detector
from reid.lab.bench.data.coco import IOU_STEPS, Matched, Photo, average_precision, match, recall
from reid.lab.bench.metrics.intervals import Interval, bootstrap, wilson
from reid.lab.bench.metrics.summary import intervals_json, rounded
from reid.lab.bench.report.record import Record, Recorder
from reid.lab.research_image import ResearchImage

_RESAMPLES: Final = 300
_SIZES: Final = ((0, 48), (48, 128), (128, 10**9))  # px: height of a person's box

PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """The share; 1.0 of none."""
        return self.hits / self.n if self.n else 1.0

    def to_json(self) -> dict[str, Any]:
        """Return counts, share and its 95 % interval (Wilson)."""
        low, high = wilson(self.hits, self.n)
        return {
            "share": round(self.value, 4),
            "hits": self.hits,
            "n": self.n,
            "interval": [round(low, 4), round(high, 4)],
        }


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """How well people are found and heads covered.

    Attributes:
        figures: AP50, AP, recall (of all annotated people, at IoU 0.5, from the confidence that
            counts for redaction), recall_index (from the confidence that starts a track).
        intervals: of the same; photos are resampled.
        coverage: by profile: people with a visible nose or eye, all of whose visible nose and eye
            points lie inside what is painted.
        by_size: the same for profile "head", by height of the person in pixels.
        painted: by profile, share of all pixels painted.
        n_images, n_people: what was looked at; crowds are no people.
        detector, heads: names of the models.
        run: how it was measured.
    """

    figures: dict[str, float]
    intervals: dict[str, Interval]
    coverage: dict[Profile, Share]
    by_size: dict[str, Share]
    painted: dict[Profile, float]
    n_images: int
    n_people: int
    detector: str
    heads: str | None
    run: Record

    def to_json(self) -> dict[str, Any]:
        """Return the figures at the top level; head coverage is that of profile "head"."""
        return {
            **{name: rounded(value) for name, value in self.figures.items()},
            "head_coverage": round(self.coverage["head"].value, 4),
            "intervals": intervals_json(self.intervals),
            "coverage": {p: share.to_json() for p, share in self.coverage.items()},
            "coverage_by_size": {size: share.to_json() for size, share in self.by_size.items()},
            "painted": {p: round(share, 4) for p, share in self.painted.items()},
            "n_images": self.n_images,
            "n_people": self.n_people,
            "model_id": self.detector,
            "heads_model": self.heads,
            "run": self.run.to_json(),
        }


@dataclass(frozen=True, slots=True)
class _Looked:
    """One photo, what was found in it, and what is painted by profile."""

    photo: Photo
    boxes: Boxes
    scores: NDArray[np.float32]
    painted: dict[Profile, Boxes]
    size: tuple[int, int]


def run_detection(
    photos: Sequence[Photo],
    detector: Detector,
    heads: Detector | None,
    seed: int,
    progress: Callable[[int], None],
) -> DetectionResult:
    """Measure detection and redaction, end to end as stills are indexed."""
    recorder = Recorder("detection", seed)
    tracker = Tracker(detector, heads)
    looked = []
    for number, photo in enumerate(photos, start=1):
        looked.append(_look(photo, tracker))
        progress(number)
    at = {iou: [match(k.photo, k.boxes, k.scores, iou) for k in looked] for iou in IOU_STEPS}
    sure = [_match_sure(k, detector.thresholds.index) for k in looked]
    statistics: dict[str, Callable[[NDArray[np.int64]], float]] = {
        "AP50": lambda rows: average_precision([at[0.5][i] for i in rows]),
        "AP": lambda rows: float(
            np.mean([average_precision([at[iou][i] for i in rows]) for iou in IOU_STEPS])
        ),
        "recall": lambda rows: recall([at[0.5][i] for i in rows]),
        "recall_index": lambda rows: recall([sure[i] for i in rows]),
    }
    everything = np.arange(len(looked))
    weights = {"detector": detector.path} | ({"heads": heads.path} if heads else {})
    return DetectionResult(
        {name: statistic(everything) for name, statistic in statistics.items()},
        {n: bootstrap(len(looked), s, seed, _RESAMPLES) for n, s in statistics.items()},
        {profile: _coverage(looked, profile) for profile in PROFILES},
        _by_size(looked),
        {profile: _painted_share(looked, profile) for profile in PROFILES},
        len(looked),
        int(sum((~k.photo.crowd).sum() for k in looked)),
        detector.path.name,
        heads.path.name if heads else None,
        recorder.finish(dict(weights), [photo.path for photo in photos]),
    )


def covered(face: NDArray[np.float32], painted: Boxes) -> bool:
    """Whether every point of a face (F, 2) lies inside some painted box (M, 4)."""
    low = np.all(face[:, None] >= painted[None, :, :2], axis=2)
    high = np.all(face[:, None] <= painted[None, :, 2:], axis=2)
    return bool(np.all(np.any(low & high, axis=1)))


def _look(photo: Photo, tracker: Tracker) -> _Looked:
    image = ResearchImage.read(photo.path)
    tracker.start_still()
    tracks, candidates = tracker.track(image.frame())
    seen = [FrameDetections(image.frame().ref, tracks, candidates)]
    painted = {profile: regions_to_redact(seen, 0, profile).boxes for profile in PROFILES}
    height, width = image.pixels.shape[:2]
    return _Looked(photo, tracks.xyxy, tracks.score, painted, (width, height))


def _match_sure(looked: _Looked, least: float) -> Matched:
    sure = looked.scores >= least
    return match(looked.photo, looked.boxes[sure], looked.scores[sure], 0.5)


def _faces(looked: Sequence[_Looked], profile: Profile) -> list[tuple[bool, float]]:
    """Return for each person with a visible nose or eye: covered?, and the height of the box."""
    return [
        (covered(face, k.painted[profile]), float(box[3] - box[1]))
        for k in looked
        for face, box, crowd in zip(k.photo.faces, k.photo.people, k.photo.crowd, strict=True)
        if len(face) and not crowd
    ]


def _coverage(looked: Sequence[_Looked], profile: Profile) -> Share:
    faces = _faces(looked, profile)
    return Share(sum(gone for gone, _ in faces), len(faces))


def _by_size(looked: Sequence[_Looked]) -> dict[str, Share]:
    faces = _faces(looked, "head")
    shares = {}
    for low, high in _SIZES:
        gone = [g for g, height in faces if low <= height < high]
        name = f"{low}-{high} px" if high < 10**9 else f"from {low} px"
        shares[name] = Share(sum(gone), len(gone))
    return shares


def _painted_share(looked: Sequence[_Looked], profile: Profile) -> float:
    painted = total = 0
    for k in looked:
        width, height = k.size
        mask = np.zeros((height, width), bool)
        for x0, y0, x1, y1 in np.clip(np.rint(k.painted[profile]), 0, None).astype(int):
            mask[y0:y1, x0:x1] = True
        painted, total = painted + int(mask.sum()), total + mask.size
    return painted / total if total else 0.0
