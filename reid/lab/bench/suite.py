"""Every benchmark whose data is at hand, ours and rivals, one after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from reid.core.errors import ReidError
from reid.lab.bench.report.result import Result
from reid.lab.bench.rivals.extractors import load_extractor, own_embedder

_BASELINE: Final = "regions"
_PEERS: Final = ("person-reidentification-retail-0286", "person-reidentification-retail-0288")
_ATTRIBUTE_PEER: Final = "person-attributes-recognition-crossroad-0230"
_DETECTOR: Final = "yolo11n_int8_openvino_model"
_YUNET: Final = "face_detection_yunet*.onnx"
_PAIRS: Final = "counterfactuals"
_VENUE: Final = "venue"
_HARD_HEADS: Final = "heads"
_QUICK_EVERY: Final = 2
_QUICK_FRAMES, _FRAMES = 100, 300
_QUICK_SIZES: Final = (10_000, 100_000)
_SIZES: Final = (10_000, 100_000, 1_000_000)
_QUICK_CROWDS, _CROWDS = (1, 5), (1, 5, 10)
_QUICK_CAMERAS, _CAMERAS = (1, 2), (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Suite:
    """What to run on.

    Attributes:
        data: folder with ``pku-reid-dev``, ``coco-people``, ``att-faces``, ``video`` and ``peers``,
            ``counterfactuals`` (`reid synth counterfactual`), ``venue`` (`reid synth venue`) and
            ``heads`` (`reid synth heads`).
        detector: for photos and video; by default the product's, else the one among the peers.
        embedder: as `reid.lab.bench.rivals.extractors.own_embedder` takes it.
        quick: less of everything that takes long.
        seed: of everything random.
    """

    data: Path
    detector: Path | None
    embedder: str | None
    quick: bool
    seed: int

    def peer(self, name: str) -> Path | None:
        """Return a peer's OpenVINO file, or None where it is not there."""
        path = self.data / "peers" / name / f"{name}.xml"
        return path if path.is_file() else None


def run_all(suite: Suite, left_out: Callable[[str], None]) -> Iterator[tuple[str, Result]]:
    """Yield (name, result) of each benchmark.

    Args:
        suite: what to run on.
        left_out: called with one line that names a benchmark that cannot run, and why.
    """
    if not suite.data.is_dir():
        raise ReidError(f"{suite.data} does not exist: name the folder of data sets with --data")
    for name, work in _plan(suite):
        try:
            yield name, work()
        except ReidError as error:
            left_out(f"{name}: {error}")


def _plan(suite: Suite) -> Iterator[tuple[str, Callable[[], Result]]]:
    people, photos = suite.data / "pku-reid-dev", suite.data / "coco-people"
    models: list[tuple[str, str | None]] = [("ours", suite.embedder)]
    if own_embedder(suite.embedder)[0].model_id != own_embedder(_BASELINE)[0].model_id:
        models.append(("baseline", _BASELINE))
    found = ((name, suite.peer(name)) for name in _PEERS)
    models += [(name, str(path)) for name, path in found if path is not None]
    for label, given in models:
        for heads in (False, True):
            with_heads = ", with heads" if heads else ""
            work = partial(_retrieval, suite, people, given, heads)
            yield f"retrieval: {label}{with_heads}", work
    yield "description: photos", lambda: _description(suite, people)
    yield "description: filmed venue", lambda: _description(suite, _venue(suite))
    yield "ranking", lambda: _ranking(suite, people)
    yield "attributes: ours", lambda: _attributes(suite, people, None)
    rival = suite.peer(_ATTRIBUTE_PEER)
    if rival is not None:
        yield f"attributes: {_ATTRIBUTE_PEER}", lambda: _attributes(suite, people, rival)
    yield "detection", lambda: _detection(suite, photos)
    if (suite.data / _HARD_HEADS).is_dir():
        yield "detection: rendered heads", lambda: _detection(suite, suite.data / _HARD_HEADS)
    yield "tracking", lambda: _tracking(suite)
    yield "venue", lambda: _venue_search(suite)
    yield "speed", lambda: _speed(suite)
    yield "privacy", lambda: _privacy(suite)
    if not suite.quick:
        yield "privacy-cost", lambda: _privacy_cost(suite, people)
    yield "faces", lambda: _faces(suite, people)
    yield "fairness", lambda: _fairness(suite)


def _quiet(_: int) -> None:
    return None


def _retrieval(suite: Suite, data: Path, given: str | None, with_heads: bool) -> Result:
    from reid.lab.bench.data.reid_sets import read_split
    from reid.lab.bench.retrieval import RetrievalSettings, run_retrieval

    split = read_split(data, "folders")
    settings = RetrievalSettings(with_heads, rerank=not suite.quick, seed=suite.seed)
    return run_retrieval(split, load_extractor(given), settings, _quiet)


def _description(suite: Suite, data: Path) -> Result:
    from reid.lab.bench.data.description_sets import read_described
    from reid.lab.bench.description import run_description

    described = read_described(data)
    model = own_embedder(suite.embedder)
    return run_description(described, *model, suite.seed, _quiet)


def _ranking(suite: Suite, data: Path) -> Result:
    from reid.lab.bench.data.description_sets import read_described
    from reid.lab.bench.ranking import run_ranking

    model = own_embedder(suite.embedder)
    return run_ranking(read_described(data), *model, suite.seed, _quiet)


def _attributes(suite: Suite, data: Path, rival: Path | None) -> Result:
    from reid.lab.bench.attributes import CrossroadAttributes, run_attributes
    from reid.lab.bench.data.attribute_sets import read_labels

    labelled = read_labels(data, "descriptions")
    model = own_embedder(suite.embedder) if rival is None else (CrossroadAttributes(rival), rival)
    return run_attributes(labelled, *model, suite.seed, _quiet)


def _detection(suite: Suite, data: Path) -> Result:
    from reid.lab.bench.data.coco import read_photos
    from reid.lab.bench.data.head_maps import read_head_maps
    from reid.lab.bench.detection import run_detection
    from reid.loading import load_detector

    photos, detector = read_photos(data), load_detector(_detector(suite))
    return run_detection(photos, detector, None, suite.seed, _quiet, read_head_maps(data))


def _tracking(suite: Suite) -> Result:
    from reid.lab.bench.data.mot import cut
    from reid.lab.bench.tracking import read_films, run_tracking
    from reid.loading import load_detector

    films = read_films(_venue(suite))
    films = tuple(cut(film, _QUICK_FRAMES) for film in films) if suite.quick else films
    return run_tracking(films, load_detector(_detector(suite)), None, suite.seed, _quiet)


def _venue_search(suite: Suite) -> Result:
    from reid.lab.bench.data.venue_sets import read_venue
    from reid.lab.bench.venue import run_venue
    from reid.loading import IndexOptions, load_tracker

    detector = _detector(suite)
    tracker, model = load_tracker(IndexOptions(detector)), own_embedder(suite.embedder)
    every = _QUICK_EVERY if suite.quick else 1
    return run_venue(read_venue(_venue(suite)), tracker, model, detector, every, _quiet)


def _venue(suite: Suite) -> Path:
    """Return the filmed venue among the data, else the clips that ship with the product."""
    from reid.lab.bench.data.venue_sets import demo_folder, is_venue

    filmed = suite.data / _VENUE
    return filmed if is_venue(filmed) else demo_folder()


def _privacy(suite: Suite) -> Result:
    from reid.lab.bench.privacy import QUICK, Effort, run_privacy

    effort = QUICK if suite.quick else Effort()
    model = own_embedder(suite.embedder)
    return run_privacy(suite.data / "att-faces", *model, effort, suite.seed, _quiet)


def _privacy_cost(suite: Suite, people: Path) -> Result:
    from reid.lab.bench.data.reid_sets import read_split
    from reid.lab.bench.privacy_cost import CostModels, descriptions_in, run_privacy_cost

    models = CostModels(load_extractor(suite.embedder), own_embedder(suite.embedder)[0], None)
    split = read_split(people, "folders")
    return run_privacy_cost(split, descriptions_in(people), models, suite.seed, _quiet)


def _faces(suite: Suite, people: Path) -> Result:
    from reid.lab.bench.faces import HEIGHTS, Methods, run_faces
    from reid.lab.bench.rivals.dlib_faces import FaceRecogniser

    yunet = next(iter(sorted((suite.data / "peers").glob(_YUNET))), None)
    methods = Methods(FaceRecogniser(yunet), load_extractor(suite.embedder))
    heights = HEIGHTS[::2] if suite.quick else HEIGHTS
    crops = people if people.is_dir() else None
    faces = suite.data / "att-faces"
    return run_faces(faces, crops, methods, heights, suite.seed, _quiet)


def _fairness(suite: Suite) -> Result:
    from reid.lab.bench.data.counterfactual_sets import read_pairs
    from reid.lab.bench.fairness import run_fairness

    pairs = read_pairs(suite.data / _PAIRS)
    return run_fairness(pairs, load_extractor(suite.embedder), None, suite.seed, _quiet)


def _speed(suite: Suite) -> Result:
    from reid.lab.bench.speed import Contest, run_speed

    video = next(iter(sorted((suite.data / "video").glob("*.mp4"))), None)
    contest = Contest(
        video,
        _QUICK_FRAMES if suite.quick else _FRAMES,
        _detector(suite) if video else None,
        None,
        suite.peer(_PEERS[0]),
        _QUICK_SIZES if suite.quick else _SIZES,
        _QUICK_CROWDS if suite.quick else _CROWDS,
        _QUICK_CAMERAS if suite.quick else _CAMERAS,
    )
    weights = own_embedder(suite.embedder)[1]
    make = lambda: own_embedder(suite.embedder)[0]  # noqa: E731
    return run_speed(contest, make, weights, suite.seed, _quiet)


def _detector(suite: Suite) -> Path:
    """Return the detector asked for, else the product's own, else the one among the peers."""
    from reid.weights.registry import find_detector

    among_peers = suite.data / "peers" / _DETECTOR
    try:
        return find_detector(suite.detector)
    except ReidError:
        if among_peers.is_dir():
            return among_peers
        raise
