"""Are people found in photos, and are their heads gone from what is kept?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final, get_args

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, turned_boxes
from reid.core.pixels import Profile, redact
from reid.detect.detector import Detector
from reid.detect.head_regions import FrameDetections, regions_to_redact
from reid.detect.last_check import LastCheck
from reid.detect.orientation import quarters_upright
from reid.detect.tracker import Tracker
from reid.lab.bench.data.coco import IOU_STEPS, Matched, Photo, average_precision, match, recall
from reid.lab.bench.data.head_maps import HeadMap
from reid.lab.bench.metrics.figures import Ends, Fraction, MaybeFraction
from reid.lab.bench.metrics.head_pixels import HeadPixels, PixelCoverage
from reid.lab.bench.metrics.intervals import bootstrap_statistic_share
from reid.lab.bench.metrics.summary import Share
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Table, ends_of, figure
from reid.lab.research_image import ResearchImage
from reid.loading import product_tracker

_RESAMPLES: Final = 300
_NO_MAPS: Final[Mapping[Path, HeadMap]] = MappingProxyType({})
_SIZES: Final = ((0, 48), (48, 128), (128, 10**9))  # px: height of a person's box

PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)


class DetectionResult(Result):
    """How well people are found and heads covered.

    Attributes:
        AP50, AP: average precision at IoU 0.5, and its mean over IoU 0.5 to 0.95.
        recall: of all annotated people, at IoU 0.5, from the confidence that counts for redaction.
        recall_index: the same, from the confidence that starts a track.
        head_coverage: of `coverage`, the share for profile "head".
        intervals: of AP50, AP and both recalls; photos are resampled.
        coverage: by profile: people with a visible nose or eye, all of whose visible nose and eye
            points lie inside what is painted.
        coverage_by_size: the same for profile "head", by height of the person in pixels.
        painted: by profile, share of all pixels painted.
        n_images, n_people: what was looked at; crowds are no people.
        model_id, heads_model: names of the models.
        rendered: heads of rendered pictures, pixel by pixel; None where the pixels are not known.
    """

    question: ClassVar[str] = (
        "Are people found in photos, and are their heads gone from what is kept?"
    )

    AP50: MaybeFraction
    AP: MaybeFraction
    recall: MaybeFraction
    recall_index: MaybeFraction
    head_coverage: MaybeFraction
    intervals: dict[str, Ends]
    coverage: dict[str, Share]
    coverage_by_size: dict[str, Share]
    painted: dict[str, Fraction]
    n_images: int
    n_people: int
    model_id: str
    heads_model: str | None
    rendered: HeadPixels | None = None

    def headline(self) -> str:
        """Return average precision, recall, and faces covered."""
        head = self.coverage["head"]
        said = (
            f"AP50 {figure(self.AP50, self.intervals['AP50'])}, recall for redaction "
            f"{figure(self.recall, self.intervals['recall'])} of {self.n_people} people; faces "
            f"wholly covered {head.hits} of {head.n} {ends_of(head.interval)}"
        )
        return said + (f"; {self.rendered.headline()}" if self.rendered else "")

    def tables(self) -> list[Table]:
        """Return average precision, recall, and heads covered."""
        found = {name: getattr(self, name) for name in self.intervals}
        people = str(self.n_people)
        rows = [(name, figure(found[name], e), people) for name, e in self.intervals.items()]
        shares = {f"heads covered, profile {p}": share for p, share in self.coverage.items()}
        shares |= {f"  people of {size}": s for size, s in self.coverage_by_size.items()}
        rows += [
            (label, figure(share.share, share.interval), str(share.n))
            for label, share in shares.items()
        ]
        rows += [(f"pixels painted, profile {p}", figure(s), "") for p, s in self.painted.items()]
        note = f"{self.model_id}, heads: {self.heads_model or 'no model'}"
        more = self.rendered.tables() if self.rendered else []
        return [Table(("%", "figure", "n"), tuple(rows), note), *more]


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
    truth: Mapping[Path, HeadMap] = _NO_MAPS,
) -> DetectionResult:
    """Measure detection and redaction, end to end as stills are indexed.

    Args:
        photos: what to look at.
        detector: finds people.
        heads: another model for heads, or None.
        seed: of the intervals' draws.
        progress: called with the number of photos done.
        truth: heads by photo, where their pixels are known.
    """
    recorder = Recorder("detection", seed)
    tracker = product_tracker(detector, (heads,) if heads else ())
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
    coverage = {profile: _coverage(looked, profile) for profile in PROFILES}
    return DetectionResult(
        AP50=statistics["AP50"](everything),
        AP=statistics["AP"](everything),
        recall=statistics["recall"](everything),
        recall_index=statistics["recall_index"](everything),
        head_coverage=coverage["head"].share,
        intervals={
            n: bootstrap_statistic_share(len(looked), s, seed, _RESAMPLES)
            for n, s in statistics.items()
        },
        coverage={str(profile): share for profile, share in coverage.items()},
        coverage_by_size=_by_size(looked),
        painted={profile: _painted_share(looked, profile) for profile in PROFILES},
        n_images=len(looked),
        n_people=int(sum((~k.photo.crowd).sum() for k in looked)),
        model_id=detector.path.name,
        heads_model=heads.path.name if heads else None,
        rendered=_rendered(looked, truth) if truth else None,
        run=recorder.finish(dict(weights), [photo.path for photo in photos]),
    )


def covered(face: NDArray[np.float32], painted: Boxes) -> bool:
    """Whether every point of a face (F, 2) lies inside some painted box (M, 4)."""
    low = np.all(face[:, None] >= painted[None, :, :2], axis=2)
    high = np.all(face[:, None] <= painted[None, :, 2:], axis=2)
    return bool(np.all(np.any(low & high, axis=1)))


def _look(photo: Photo, tracker: Tracker) -> _Looked:
    """Detect and redact a photo as a still is: turned upright, and checked for faces left."""
    image = ResearchImage.read(photo.path)
    quarters = quarters_upright([image.frame()], tracker)
    raw = image.frame().turned(quarters)
    tracker.start_still()
    seen = [FrameDetections(raw.ref, *tracker.track(raw))]
    tracks = seen[0].tracks
    painted: dict[Profile, Boxes] = {}
    for profile in PROFILES:
        frame = LastCheck().still(redact(raw, regions_to_redact(seen, 0, profile)))
        painted[profile] = frame.turned(-quarters).painted
    height, width = image.pixels.shape[:2]
    people = turned_boxes(tracks.xyxy, -quarters, raw.width, raw.height)
    return _Looked(photo, people, tracks.score, painted, (width, height))


def _rendered(looked: Sequence[_Looked], truth: Mapping[Path, HeadMap]) -> HeadPixels:
    coverage = PixelCoverage()
    for k in looked:
        coverage.see(truth[k.photo.path], k.painted["head"])
    return coverage.figures()


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
    return Share.of(sum(gone for gone, _ in faces), len(faces))


def _by_size(looked: Sequence[_Looked]) -> dict[str, Share]:
    faces = _faces(looked, "head")
    shares = {}
    for low, high in _SIZES:
        gone = [g for g, height in faces if low <= height < high]
        name = f"{low}-{high} px" if high < 10**9 else f"from {low} px"
        shares[name] = Share.of(sum(gone), len(gone))
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
