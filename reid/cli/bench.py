"""`reid bench NAME`: one command per question. Each prints a table, or JSON for programs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid.cli.bench_absent import absent
from reid.cli.bench_adapt import adapt
from reid.cli.bench_options import (
    Data,
    DetectorPath,
    EmbedderPath,
    Films,
    HeadModel,
    Input,
    Mean,
    OwnEmbedder,
    Recogniser,
    Seed,
    Size,
    Std,
    Yunet,
)
from reid.cli.bench_output import measures, measures_several, watched
from reid.cli.bench_photo import photo
from reid.cli.bench_report import report
from reid.cli.bench_scale import scale
from reid.cli.bench_speed import speed
from reid.cli.options import Every, frames_wanted
from reid.core.errors import UsageError

if TYPE_CHECKING:
    from reid.lab.bench.report.result import Result

app = typer.Typer(
    no_args_is_help=True, help="Benchmarks: one question each, by standard protocols."
)
app.command()(measures(absent))
app.command()(measures(photo))
app.command()(measures(adapt))
app.command()(measures(scale))
app.command()(measures(speed))
app.command()(report)


@app.command()
@measures
def retrieval(
    data: Data,
    layout: Annotated[
        str | None,
        typer.Option(
            help="folders, market1501, dukemtmc, msmt17, cuhk03-labeled or cuhk03-detected; "
            "by default recognised."
        ),
    ] = None,
    embedder: EmbedderPath = None,
    arch: Annotated[
        str | None, typer.Option(help="A checkpoint's network: resnet50 …, or timm:NAME.")
    ] = None,
    order: Input = None,
    mean: Mean = None,
    std: Std = None,
    size: Size = None,
    against: Annotated[
        str | None,
        typer.Option(help="A second model on the same images: is the difference shown?"),
    ] = None,
    with_heads: Annotated[
        bool, typer.Option("--with-heads", help="Leave heads on: what does redaction cost?")
    ] = False,
    query_camera: Annotated[
        str | None, typer.Option(help="folders: whose images are queries; `all` for every image.")
    ] = None,
    gallery_camera: Annotated[
        list[str] | None, typer.Option(help="folders: whose images are searched; may be repeated.")
    ] = None,
    rerank: Annotated[bool, typer.Option("--rerank", help="Re-rank by shared neighbours.")] = False,
    seed: Seed = 0,
) -> "Result":
    """Is the same person found among another camera's images?

    Example: reid bench retrieval --data shared/data/pku-reid-dev
    """
    from reid.lab.bench.data.reid_sets import LAYOUTS, read_split
    from reid.lab.bench.retrieval import RetrievalSettings, run_retrieval
    from reid.lab.bench.rivals.extractors import load_extractor
    from reid.lab.bench.rivals.model_input import named_input

    name = next((known for known in LAYOUTS if known == layout), None)
    if layout is not None and name is None:
        raise UsageError(f"no layout {layout}: choose one of {', '.join(LAYOUTS)}")
    split = read_split(data, name, query_camera, gallery_camera or ())
    extractor = load_extractor(embedder, arch, named_input(order, mean, std, size))
    other = None if against is None else load_extractor(against)
    settings = RetrievalSettings(with_heads, rerank, seed)
    return watched(
        "images",
        len(split.images()) * (1 if other is None else 2),
        lambda progress: run_retrieval(split, extractor, settings, progress, other),
    )


@app.command()
@measures
def description(
    data: Data,
    embedder: OwnEmbedder = None,
    seed: Seed = 0,
) -> "Result":
    """Is the one who was described found, and after how many thumbnails?

    Example: reid bench description --data shared/data/pku-reid-dev
    """
    from reid.lab.bench.description import run_description

    return _described(data, embedder, seed, run_description)


@app.command()
@measures
def evidence(
    data: Data,
    fit_on: Annotated[
        list[Path] | None,
        typer.Option(
            "--fit-on",
            help="Labelled folders that say what beliefs are worth, instead of the model's card.",
        ),
    ] = None,
    embedder: OwnEmbedder = None,
    seed: Seed = 0,
) -> "Result":
    """Does the evidence shown spare the right person, and speak against others?

    Example: reid bench evidence --data shared/data/pku-reid-dev
    """
    from reid.lab.bench.data.field_sets import read_fields
    from reid.lab.bench.evidence import run_evidence
    from reid.lab.bench.rivals.extractors import own_embedder

    sets = [read_fields(folder) for folder in (data, *(fit_on or ()))]
    model = own_embedder(embedder)
    return watched(
        "pictures",
        sum(one.steps for one in sets),
        lambda progress: run_evidence(sets, *model, seed, progress),
    )


@app.command()
@measures
def ranking(
    data: Data,
    embedder: OwnEmbedder = None,
    seed: Seed = 0,
) -> "Result":
    """What is each part of the ranking worth, how calibrated is it, what does a question save?

    Example: reid bench ranking --data shared/data/pku-reid-dev
    """
    from reid.lab.bench.ranking import run_ranking

    return _described(data, embedder, seed, run_ranking)


@app.command()
@measures
def attributes(
    data: Data,
    labels: Annotated[
        str, typer.Option(help="descriptions, pa100k or market1501.")
    ] = "descriptions",
    model: Annotated[
        Path | None,
        typer.Option(help="person-attributes-recognition-crossroad-0230 .xml, as a rival."),
    ] = None,
    embedder: OwnEmbedder = None,
    seed: Seed = 0,
) -> "Result":
    """Are clothes and bags estimated right, and are the probabilities calibrated?

    Example: reid bench attributes --data shared/data/pku-reid-dev
    """
    from reid.lab.bench.attributes import CrossroadAttributes, run_attributes
    from reid.lab.bench.data.attribute_sets import LABEL_SETS, read_labels
    from reid.lab.bench.rivals.extractors import own_embedder

    kind = next((known for known in LABEL_SETS if known == labels), None)
    if kind is None:
        raise UsageError(f"no labels {labels}: choose one of {', '.join(LABEL_SETS)}")
    labelled = read_labels(data, kind)
    estimator = own_embedder(embedder) if model is None else (CrossroadAttributes(model), model)
    return watched(
        "images",
        len(labelled.images),
        lambda progress: run_attributes(labelled, *estimator, seed, progress),
    )


@app.command()
@measures
def detection(
    data: Data,
    detector: DetectorPath = None,
    heads: HeadModel = None,
    seed: Seed = 0,
) -> "Result":
    """Are people found in photos, and are their heads gone from what is kept?

    Of pictures that `reid synth heads` made, every head's pixels are compared with the paint.

    Example: reid bench detection --data shared/data/coco-people --detector yolo11n.pt
    """
    from reid.lab.bench.data.coco import read_photos
    from reid.lab.bench.data.head_maps import read_head_maps
    from reid.lab.bench.detection import run_detection
    from reid.loading import load_detector
    from reid.weights.registry import find_detector

    photos, truth = read_photos(data), read_head_maps(data)
    finder = load_detector(find_detector(detector))
    helper = load_detector(heads) if heads else None
    return watched(
        "photos",
        len(photos),
        lambda progress: run_detection(photos, finder, helper, seed, progress, truth),
    )


@app.command()
@measures
def tracking(
    data: Films = None,
    detector: DetectorPath = None,
    heads: HeadModel = None,
    frames: Annotated[int | None, typer.Option(min=2, help="Of each film; default: all.")] = None,
    seed: Seed = 0,
) -> "Result":
    """Is a person one track, and is their head gone in every frame? MOT format, or a filmed venue.

    Example: reid bench tracking --data MOT17/train --detector yolo11n.pt
    """
    from reid.lab.bench.data.mot import cut
    from reid.lab.bench.data.venue_sets import demo_folder
    from reid.lab.bench.tracking import read_films, run_tracking
    from reid.loading import load_detector
    from reid.weights.registry import find_detector

    films = read_films(data or demo_folder())
    films = tuple(cut(film, frames) for film in films) if frames else films
    finder = load_detector(find_detector(detector))
    helper = load_detector(heads) if heads else None
    return watched(
        "frames",
        sum(film.frames for film in films),
        lambda progress: run_tracking(films, finder, helper, seed, progress),
    )


@app.command()
@measures
def venue(
    data: Films = None,
    detector: DetectorPath = None,
    heads: HeadModel = None,
    embedder: OwnEmbedder = None,
    every: Every = "1",
) -> "Result":
    """From video to answer: is the lost child found, and after how many false looks?

    Example: reid bench venue --data park/
    """
    from reid.lab.bench.data.venue_sets import demo_folder, read_venue
    from reid.lab.bench.rivals.extractors import own_embedder
    from reid.lab.bench.venue import run_venue
    from reid.loading import IndexOptions, load_tracker
    from reid.weights.registry import find_detector

    filmed = read_venue(data or demo_folder())
    found = find_detector(detector)
    tracker, model = load_tracker(IndexOptions(found, heads)), own_embedder(embedder)
    return watched(
        "frames",
        sum(len(clip.frames) for clip in filmed.clips),
        lambda progress: run_venue(filmed, tracker, model, found, frames_wanted(every), progress),
    )


@app.command()
@measures
def agreement(
    clips: Annotated[list[Path], typer.Argument(help="Videos that nobody annotated.")],
    peer: Annotated[Path, typer.Option(help="The detector to compare with.")],
    detector: DetectorPath = None,
    every: Annotated[int, typer.Option(min=1, help="Look at every so many-th frame.")] = 5,
) -> "Result":
    """Does a detector find on real clips what another one finds?

    Example: reid bench agreement shop.mp4 --peer yolo11n.pt
    """
    from reid.lab.bench.agreement import run_agreement
    from reid.loading import load_detector
    from reid.weights.registry import find_detector

    ours, other = load_detector(find_detector(detector)), load_detector(peer)
    return watched(
        "clips", len(clips), lambda progress: run_agreement(clips, ours, other, every, progress)
    )


@app.command()
@measures
def privacy(
    data: Data,
    embedder: OwnEmbedder = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer methods, less training.")] = False,
    seed: Seed = 0,
) -> "Result":
    """Can somebody be recognised from what is stored? Recognisers are retrained on hidden faces.

    Example: reid bench privacy --data shared/data/att-faces
    """
    from reid.lab.bench.privacy import QUICK, Effort, run_privacy, steps
    from reid.lab.bench.rivals.extractors import own_embedder

    effort = QUICK if quick else Effort()
    model = own_embedder(embedder)
    return watched(
        "attacks", steps(effort), lambda progress: run_privacy(data, *model, effort, seed, progress)
    )


@app.command(name="privacy-cost")
@measures
def privacy_cost(
    data: Data,
    embedder: EmbedderPath = None,
    with_faces: Annotated[
        bool, typer.Option("--faces", help="Ask a face recogniser about the same images as well.")
    ] = False,
    yunet: Yunet = None,
    recogniser: Recogniser = None,
    seed: Seed = 0,
) -> "Result":
    """What does hiding heads cost, and what does it take from faces? Four ways, one gallery.

    Example: reid bench privacy-cost --data shared/data/pku-reid-dev --html cost.html
    """
    from reid.lab.bench.data.reid_sets import read_split
    from reid.lab.bench.privacy_cost import WAYS, CostModels, descriptions_in, run_privacy_cost
    from reid.lab.bench.rivals.extractors import EmbedderVectors, load_extractor, own_embedder

    split, descriptions = read_split(data), descriptions_in(data)
    extractor = load_extractor(embedder)
    describes = own_embedder(embedder)[0] if isinstance(extractor, EmbedderVectors) else None
    face = _face_method(yunet, recogniser) if with_faces or recogniser else None
    models = CostModels(extractor, describes, face)
    return watched(
        "images",
        len(WAYS) * len(split.images()),
        lambda progress: run_privacy_cost(split, descriptions, models, seed, progress),
    )


@app.command()
@measures
def faces(
    data: Data,
    crops: Annotated[
        Path | None, typer.Option(help="Real crops as ID/CAMERA_*.png, to compare on as well.")
    ] = None,
    yunet: Yunet = None,
    recogniser: Recogniser = None,
    embedder: EmbedderPath = None,
    order: Input = None,
    mean: Mean = None,
    std: Std = None,
    size: Size = None,
    quick: Annotated[bool, typer.Option("--quick", help="Two distances only.")] = False,
    seed: Seed = 0,
) -> "Result":
    """How do appearance and a face recogniser compare, near and far, same day and other clothes?

    Example: reid bench faces --data shared/data/att-faces --crops shared/data/pku-reid-dev
    """
    from reid.lab.bench.faces import HEIGHTS, Methods, parts, run_faces
    from reid.lab.bench.rivals.extractors import load_extractor
    from reid.lab.bench.rivals.model_input import named_input

    heights = HEIGHTS[::2] if quick else HEIGHTS
    extractor = load_extractor(embedder, None, named_input(order, mean, std, size))
    methods = Methods(_face_method(yunet, recogniser), extractor)
    return watched(
        "parts",
        parts(heights),
        lambda progress: run_faces(data, crops, methods, heights, seed, progress),
    )


@app.command()
@measures
def fairness(
    data: Annotated[
        Path, typer.Option("--data", help="Folder that `reid synth counterfactual` wrote.")
    ],
    with_faces: Annotated[
        bool, typer.Option("--faces", help="A face-based method on the same pictures as well.")
    ] = False,
    yunet: Yunet = None,
    recogniser: Recogniser = None,
    embedder: EmbedderPath = None,
    order: Input = None,
    mean: Mean = None,
    std: Std = None,
    size: Size = None,
    seed: Seed = 0,
) -> "Result":
    """Does it work equally well whatever the skin, age, sex, build? On counterfactual people.

    Example: reid bench fairness --data counterfactuals
    """
    from reid.lab.bench.data.counterfactual_sets import read_pairs
    from reid.lab.bench.fairness import run_fairness
    from reid.lab.bench.rivals.extractors import load_extractor
    from reid.lab.bench.rivals.model_input import named_input

    pairs = read_pairs(data)
    extractor = load_extractor(embedder, None, named_input(order, mean, std, size))
    face = _face_method(yunet, recogniser) if with_faces or recogniser else None
    return watched(
        "properties",
        len(pairs.changes),
        lambda progress: run_fairness(pairs, extractor, face, seed, progress),
    )


@app.command(name="all")
@measures_several
def everything(
    data: Annotated[
        Path,
        typer.Option(
            "--data", help="Folder with pku-reid-dev, coco-people, att-faces, video, peers."
        ),
    ],
    detector: DetectorPath = None,
    embedder: OwnEmbedder = None,
    quick: Annotated[bool, typer.Option("--quick", help="Under twenty minutes.")] = False,
    seed: Seed = 0,
) -> Iterator[tuple[str, "Result"]]:
    """Run every benchmark whose data is there, ours and rivals, and write one report.

    Example: reid bench all --quick --data shared/data --html report.html
    """
    from reid.cli.console import complain
    from reid.lab.bench.suite import Suite, run_all

    suite = Suite(data, detector, embedder, quick, seed)
    return run_all(suite, lambda why: complain(why, "left out", "yellow"))


def _face_method(yunet: Path | None, network: Path | None) -> Any:
    """Load the face-based method asked for: a network of ArcFace's kind, else dlib's."""
    from reid.lab.bench.rivals.arcface import ArcFace
    from reid.lab.bench.rivals.dlib_faces import FaceRecogniser

    return ArcFace(network, yunet) if network else FaceRecogniser(yunet)


def _described(
    data: Path, embedder: str | None, seed: int, run: Callable[..., "Result"]
) -> "Result":
    """Run a benchmark of descriptions over what `data` holds, under a progress bar."""
    from reid.lab.bench.data.description_sets import read_described
    from reid.lab.bench.rivals.extractors import own_embedder

    described = read_described(data)
    model = own_embedder(embedder)
    return watched(
        "pictures", described.steps, lambda progress: run(described, *model, seed, progress)
    )
