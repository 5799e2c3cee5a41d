"""Retrieval from files to figures: a made-up data set, and published weights on a real one."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.core.boxes import empty_boxes
from reid.core.errors import ModelError, SourceError, UsageError
from reid.core.pixels import HeadRegions
from reid.lab.bench.data.reid_sets import Split, read_split
from reid.lab.bench.retrieval import (
    RetrievalSettings,
    extract,
    minus_camera_mean,
    pooled_ranking,
    run_retrieval,
)
from reid.lab.bench.rivals.extractors import load_extractor, unit
from reid.lab.research_image import ResearchImage

PEER = "person-reidentification-retail-0286/person-reidentification-retail-0286.xml"


def paint(path: Path, colour: tuple[int, int, int], head: int = 128) -> None:
    """Write a person of one colour whose head has the level `head`, RGB."""
    image = np.full((128, 48, 3), colour[::-1], np.uint8)
    image[:20] = head
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


class MeanColour:
    """Vectors on paper: mean RGB of the body, and of the head."""

    model_id = "mean-colour"
    weights = None

    def vectors(self, crops, light):
        del light
        return unit(
            np.stack([np.r_[c.pixels[40:].mean((0, 1)), c.pixels[:8].mean((0, 1))] for c in crops])
        )


@pytest.fixture
def three_people(tmp_path) -> Path:
    """Red, green and blue, each twice before two cameras; heads differ wildly."""
    colours = {"1": (200, 0, 0), "2": (0, 200, 0), "3": (0, 0, 200)}
    for identity, colour in colours.items():
        for camera in ("01", "02"):
            for view in range(2):
                head = (int(identity) * 80 + view * 120 + (camera == "02") * 90) % 256
                paint(tmp_path / identity / f"{camera}_{view}.png", colour, head)
    return tmp_path


def test_the_figures_of_a_set_on_paper(three_people) -> None:
    """Bodies differ, so with heads gone everything ranks right: each pair is found first."""
    split = read_split(three_people, "folders")
    done: list[int] = []
    result = run_retrieval(split, MeanColour(), RetrievalSettings(rerank=True), done.append)
    figures = result.to_json()
    assert {k: figures[k] for k in ("rank1", "rank5", "mAP", "mINP", "n_query", "n_gallery")} == {
        "rank1": 1.0, "rank5": 1.0, "mAP": 1.0, "mINP": 1.0, "n_query": 6, "n_gallery": 6,
    }  # fmt: skip
    assert figures["redacted"] is True
    assert figures["model_id"] == "mean-colour"
    assert figures["pooled"]["n_query"] == 3
    assert figures["run"]["data"]
    assert done[-1] == 12


def test_runs_that_differ_have_records_that_differ(three_people) -> None:
    """Cameras, layout, re-ranking, heads, architecture and what the network took are kept."""

    class Named(MeanColour):
        def __init__(self, arch: str, takes: str) -> None:
            self.arch, self.input = arch, takes

    def settings(split=None, extractor=None, **options):
        given = split or read_split(three_people)
        model = extractor or Named("resnet18", "RGB")
        return run_retrieval(
            given, model, RetrievalSettings(**options), lambda _: None
        ).run.settings

    turned = read_split(three_people, None, "02", ["01"])
    kept = [
        settings(), settings(rerank=True), settings(with_heads=True), settings(turned),
        settings(read_split(three_people, None, "all")),
        settings(extractor=Named("resnet50", "RGB")), settings(extractor=Named("resnet18", "BGR")),
    ]  # fmt: skip
    assert len({str(one) for one in kept}) == len(kept)
    assert kept[3] == {
        "with_heads": False, "rerank": False, "layout": "folders", "query_cameras": ["02"],
        "gallery_cameras": ["01"], "model": "mean-colour", "architecture": "resnet18",
        "input": "RGB", "against": None,
    }  # fmt: skip


def test_a_gallery_without_right_answers_is_an_error(three_people) -> None:
    split = read_split(three_people, "folders")
    strangers = tuple(i for i in split.gallery if i.identity != "1")
    asked = tuple(i for i in split.query if i.identity == "1")
    with pytest.raises(SourceError, match="no query has a right answer"):
        run_retrieval(Split(asked, strangers), MeanColour(), RetrievalSettings(), lambda _: None)


def test_an_unreadable_image_is_named(three_people) -> None:
    (three_people / "1" / "02_9.png").write_text("no image")
    split = read_split(three_people, "folders")
    with pytest.raises(SourceError, match=r"02_9\.png is not a readable image"):
        run_retrieval(split, MeanColour(), RetrievalSettings(), lambda _: None)


def test_heads_change_nothing_once_redacted(three_people) -> None:
    split = read_split(three_people, "folders")
    before = extract(split.images(), MeanColour(), False, lambda _: None)
    for image in split.images():
        paint_head = cv2.imread(str(image.path))
        paint_head[:20] = 255 - paint_head[:20]
        cv2.imwrite(str(image.path), paint_head)
    after = extract(split.images(), MeanColour(), False, lambda _: None)
    np.testing.assert_array_equal(before, after)
    with_heads = extract(split.images(), MeanColour(), True, lambda _: None)
    assert np.abs(with_heads - after).max() > 0.1


def test_camera_means_are_taken_off_by_camera() -> None:
    """Two cameras that add a constant: without their means, pairs coincide."""
    person = np.array([[1.0, 0, 0], [0, 1.0, 0]], np.float32)
    shifted = np.concatenate([person, person + np.array([0, 0, 3.0], np.float32)])
    centred = minus_camera_mean(shifted, ["a", "a", "b", "b"])
    np.testing.assert_allclose(centred[:2], centred[2:], atol=1e-6)


def test_pooling_averages_a_persons_views(three_people) -> None:
    """Single views are wrong where their mean is right: noise of opposite sign cancels."""
    split = read_split(three_people, "folders")
    images = split.images()
    clean = {"1": [1, 0, 0], "2": [0, 1, 0], "3": [0, 0, 1]}
    vectors = np.array([clean[i.identity] for i in images], np.float32)
    vectors[::2] += [0.0, 0.9, -0.9]
    vectors[1::2] -= [0.0, 0.9, -0.9]
    ranking = pooled_ranking(split, images, vectors, seed=0)
    assert (ranking.rank1, ranking.n_query, ranking.n_gallery) == (1.0, 3, 3)


def test_two_models_are_compared_person_by_person(three_people) -> None:
    class Blind(MeanColour):
        """Sees next to nothing of anybody."""

        model_id = "blind"

        def vectors(self, crops, light):
            rows = [np.random.default_rng(int(c.pixels[60].sum())).normal(size=4) for c in crops]
            return unit(np.stack(rows))

    split, done = read_split(three_people), []
    both = run_retrieval(split, MeanColour(), RetrievalSettings(), done.append, Blind())
    other = run_retrieval(split, Blind(), RetrievalSettings(), lambda _: None)
    same = run_retrieval(split, Blind(), RetrievalSettings(), lambda _: None, Blind()).against
    assert done[-1] == 24
    for way, theirs in (("plain", other), ("pooled", other.pooled)):
        ours = both if way == "plain" else both.pooled
        found = getattr(both.against, way)
        assert found.rank1 == pytest.approx(ours.rank1 - theirs.rank1, abs=1e-4)
        assert pytest.approx(ours.mAP - theirs.mAP, abs=2e-4) == found.mAP
    for low, high in same.plain.intervals.values():
        assert low == -high < 0, "of three people, equal ones are never sure to be equal"
    assert both.run.settings["against"]["model"] == "blind"
    assert "less blind" in both.tables()[1].note


def by_hand(split: Split, vectors: dict[Path, np.ndarray]) -> tuple[float, float, int]:
    """Rank-1, mAP and the number of queries of sightings, loop by loop (no code of `reid`)."""

    def pool(images):
        groups = {}
        for n, i in enumerate(images):
            whose = n if i.subject == "distractor" else i.identity
            groups.setdefault((whose, i.camera), []).append(vectors[i.path])
        means = {k: np.mean(v, axis=0) for k, v in groups.items()}
        return [(k, m / np.linalg.norm(m)) for k, m in means.items()]

    query, gallery = pool(split.query), pool(split.gallery)
    cameras = {}
    for (_, camera), mean in query + gallery:
        cameras.setdefault(camera, []).append(mean)
    means = {camera: np.mean(rows, axis=0) for camera, rows in cameras.items()}

    def centred(entry):
        (_, camera), mean = entry
        return (mean - means[camera]) / np.linalg.norm(mean - means[camera])

    firsts, precisions = [], []
    for asked in query:
        others = [g for g in gallery if g[0] != asked[0]]
        others.sort(key=lambda g: -float(centred(asked) @ centred(g)))
        hits = [g[0][0] == asked[0][0] for g in others]
        if any(hits):
            firsts.append(hits[0])
            ranks = [i + 1 for i, hit in enumerate(hits) if hit]
            precisions.append(np.mean([(n + 1) / rank for n, rank in enumerate(ranks)]))
    return float(np.mean(firsts)), float(np.mean(precisions)), len(firsts)


def published(root: Path, layout: str) -> Split:
    """Write six people, person 0 among them, asked before one camera and seen by three."""
    images = [(p, c, part) for p in range(6) for c in (1, 2, 3) for part in "qggg"]
    lists: dict[str, list[str]] = {"q": [], "g": []}
    for n, (who, camera, part) in enumerate(images):
        if layout == "market1501" and who == 0 and part == "q":
            continue  # nobody in particular, who is not asked for
        name = f"{who:04d}/{who:04d}_{n:03d}_{camera:02d}_x.jpg"
        lists[part].append(f"{name} {who}\n")
        if layout == "market1501":
            folder = "query" if part == "q" else "bounding_box_test"
            name = f"../{folder}/{who:04d}_c{camera}s1_{n:06d}_00.jpg"
        path = root / "test" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (root / "test").mkdir(exist_ok=True)
        path.resolve().touch()
    if layout == "msmt17":
        (root / "list_query.txt").write_text("".join(lists["q"]))
        (root / "list_gallery.txt").write_text("".join(lists["g"]))
    return read_split(root)


@pytest.mark.parametrize("layout", ["market1501", "msmt17"])
def test_sightings_equal_an_independent_computation(tmp_path, layout) -> None:
    """A pooled query keeps its own vector, though the gallery has the same person and camera."""
    split = published(tmp_path, layout)
    assert split.layout == layout
    images = split.images()
    rng = np.random.default_rng(0)
    people = rng.normal(size=(6, 8))
    values = [people[int(i.identity)] + rng.normal(size=8) * 1.2 for i in images]
    vectors = unit(np.array(values))
    ours = pooled_ranking(split, images, vectors, seed=0)
    rank1, mean_ap, n = by_hand(split, dict(zip([i.path for i in images], vectors, strict=True)))
    assert 0.2 < rank1 < 1, "the case must tell"
    assert (ours.rank1, ours.mAP) == pytest.approx((rank1, mean_ap), abs=1e-4)
    assert ours.n_query == n == (15 if layout == "market1501" else 18)


def nothing_found(image: ResearchImage) -> HeadRegions:
    return HeadRegions.of_known_boxes(image.frame().ref, empty_boxes())


def test_a_crop_that_kept_its_head_cannot_be_written() -> None:
    image = ResearchImage(np.zeros((60, 20, 3), np.uint8), "c")
    assert image.redacted(nothing_found(image)).encode()[:2] == b"\xff\xd8"
    assert not hasattr(image.with_head(), "encode")
    with pytest.raises(ValueError, match="uint8"):
        ResearchImage(np.zeros((60, 20), np.uint8))


def test_embedder_errors_are_one_line(tmp_path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        load_extractor(str(tmp_path / "no.xml"))
    for name in ("broken.xml", "broken.onnx", "broken.pt", "broken.doc"):
        (tmp_path / name).write_bytes(b"nonsense")
        with pytest.raises(ModelError, match=name) as caught:
            load_extractor(str(tmp_path / name))
        assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="no model of torchvision"):
        load_extractor(str(tmp_path / "broken.pt"), "resnet51")


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
def test_torch_weights_by_path(tmp_path) -> None:
    """TorchScript and a checkpoint of the same network give the same vectors."""
    import torch
    import torchvision

    torch.manual_seed(0)
    network = torchvision.models.get_model("squeezenet1_1", weights=None)
    torch.save({"state_dict": network.state_dict()}, tmp_path / "net.pth")
    with pytest.raises(ModelError, match="lacks"):
        load_extractor(str(tmp_path / "net.pth"), "resnet18")
    network.classifier = torch.nn.Identity()
    torch.jit.save(torch.jit.trace(network.eval(), torch.zeros(1, 3, 256, 128)), tmp_path / "n.pt")
    crops = [
        image.redacted(nothing_found(image))
        for image in (ResearchImage(np.full((64, 32, 3), level, np.uint8)) for level in (9, 200))
    ]
    scripted = load_extractor(str(tmp_path / "n.pt")).vectors(crops, None)
    plain = load_extractor(str(tmp_path / "net.pth"), "squeezenet1_1").vectors(crops, None)
    np.testing.assert_allclose(scripted, plain, atol=1e-5)
    assert (
        load_extractor(str(tmp_path / "net.pth"), "squeezenet1_1").model_id == "squeezenet1_1/net"
    )


def test_the_peer_reproduces_its_figures_with_heads(pku, peers) -> None:
    result = run_retrieval(
        read_split(pku, "folders"),
        load_extractor(str(peers / PEER)),
        RetrievalSettings(with_heads=True),
        lambda _: None,
    )
    assert result.rank1 == pytest.approx(0.973, abs=0.01)
    assert result.mAP == pytest.approx(0.874, abs=0.005)
    assert not result.redacted
