"""Training on made-up crops: losses fall, resuming changes nothing, packing keeps the numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reid.core.columns import current
from reid.core.errors import ModelError, ReidError
from reid.core.vocabulary import (
    ATTRIBUTE_COLUMNS,
    ATTRIBUTE_INDEX,
    BODY_COLUMNS,
    PART_INDEX,
    Column,
)
from reid.embed.card import read_card
from reid.embed.colour import Light
from reid.embed.learned import LearnedEmbedder
from reid.lab.synth.crops import CropJob, write_manifest
from reid.lab.synth.scene import ARM_SKIN, LEG_SKIN, LOWER, OUTER, SKIN_PARTS, TORSO_SKIN, UPPER
from reid.lab.train import export
from reid.lab.train.appearance import (
    TrainConfig,
    Trainer,
    clusters,
    consistency_loss,
    skin_invariance_rows,
    supcon_loss,
)
from reid.lab.train.augment import augment, recolour_skin, regions_of
from reid.lab.train.data import Crops, garments_shown, labels_of, load, seen_to_be_empty_handed
from reid.lab.train.evaluate import load_net, mean_net, pack_and_measure
from reid.lab.train.net import AppearanceNet, NetConfig, both_ways
from reid.lab.train.pack_appearance import Packed, converted, quantised, run_model, write
from reid.lab.train.run import check_columns
from reid.lab.train.unpack_appearance import _Graph, _load_head
from reid.weights.registry import models_folder
from tests.changed_vocabulary import change

NET = NetConfig((8, 8, 16, 16), (1, 1, 1), (2, 2, 1), 16, 64, 32)
CONFIG = TrainConfig(steps=40, people=6, views=2, rate=3e-3, warmup=4, skin_pairs=2, net=NET)


def people(n: int = 12, views: int = 4, height: int = 64, width: int = 32) -> Crops:
    """Figures of two colours each; the first attribute is a red upper half."""
    random = np.random.default_rng(5)
    images = np.full((n * views, height, width, 3), 180, np.uint8)
    attributes = np.zeros((n * views, len(ATTRIBUTE_COLUMNS)), np.uint8)
    parts = np.zeros((n * views, height, width), np.uint8)
    for person in range(n):
        upper, lower = random.integers(20, 235, (2, 3))
        if person % 2:
            upper = np.array([220, 20, 20])
        for view in range(views):
            row = person * views + view
            images[row, 14:34, 8:24], images[row, 34:60, 9:23] = upper, lower
            images[row] = np.clip(images[row] + random.normal(0, 6, (height, width, 3)), 0, 255)
            parts[row, 14:34, 8:24], parts[row, 34:60, 9:23] = 6, 8
            attributes[row, 0] = person % 2
    rows = np.arange(n * views)
    return Crops(
        images, parts, rows // views, rows % views, attributes,
        np.zeros((n * views, len(BODY_COLUMNS)), np.uint8),
        np.ones((n * views, 5), np.float32), rows // views % 2, np.ones_like(attributes),
    )  # fmt: skip


def losses_of(trainer: Trainer) -> list[float]:
    seen: list[float] = []
    trainer.train(None, lambda _, losses: seen.append(float(sum(losses.values()))))
    return seen


def test_losses_fall() -> None:
    losses = losses_of(Trainer(CONFIG, people(), "cpu"))
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


def test_people_alike_are_drawn_together() -> None:
    """Three groups of four: whoever is drawn first brings their own group."""
    group = np.repeat([0, 1, 2], 4)
    alike = (group[:, None] == group[None]).astype(np.float32)
    for seed in range(5):
        drawn = clusters(alike, 8, 4, np.random.default_rng(seed))
        assert len(set(drawn)) == 8
        assert {tuple(sorted(drawn[:4])), tuple(sorted(drawn[4:]))} <= {
            tuple(np.flatnonzero(group == g).tolist()) for g in range(3)
        }
    assert sorted(clusters(alike, 12, 5, np.random.default_rng(0))) == list(range(12))


def test_batches_of_people_alike_hold_as_many() -> None:
    crops = people()
    trainer = Trainer(replace(CONFIG, cluster=3, people=4, shards=1), crops, "cpu")
    rows = trainer.batch(0)
    assert len(rows) == 8 and len(set(crops.identity[rows].tolist())) == 4
    assert trainer.batch(0).tolist() == rows.tolist()


def test_resuming_changes_nothing(tmp_path: Path) -> None:
    crops = people()
    straight = Trainer(replace(CONFIG, steps=8), crops, "cpu")
    whole = losses_of(straight)
    first = Trainer(replace(CONFIG, steps=8), crops, "cpu")
    begun: list[float] = []

    class Enough(Exception):
        pass

    def stop_at_four(step: int, losses: dict[str, torch.Tensor]) -> None:
        begun.append(float(sum(losses.values())))
        if step == 4:
            raise Enough

    with pytest.raises(Enough):
        first.train(None, stop_at_four)
    first.save(tmp_path / "run.pt")
    second = Trainer(replace(CONFIG, steps=8), crops, "cpu")
    second.resume(tmp_path / "run.pt")
    assert begun + losses_of(second) == pytest.approx(whole, rel=1e-4)


def test_a_time_budget_stops_the_run() -> None:
    trainer = Trainer(CONFIG, people(), "cpu")
    trainer.train(0, lambda *_: None)
    assert trainer.step == 0


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    Trainer(CONFIG, people(), "cpu").save(tmp_path / "run.pt")
    other = replace(CONFIG, net=replace(NET, dim=8))
    with pytest.raises(ReidError, match="other sizes"):
        Trainer(other, people(), "cpu").resume(tmp_path / "run.pt")
    with pytest.raises(ReidError, match="other people"):
        Trainer(CONFIG, people(5), "cpu").resume(tmp_path / "run.pt")


def test_with_other_people_the_classifier_begins_where_they_are(tmp_path: Path) -> None:
    Trainer(CONFIG, people(8), "cpu").save(tmp_path / "run.pt")
    crops = people(5)
    second = Trainer(CONFIG, crops, "cpu")
    second.resume(tmp_path / "run.pt", fresh_classes=True)
    vectors = export.run(second.net, crops.images)["vector"]
    mean = np.stack([vectors[crops.identity == i].mean(axis=0) for i in range(crops.identities)])
    length = np.linalg.norm(mean, axis=1)
    given = torch.nn.functional.normalize(second.classes.detach(), dim=1).numpy()
    np.testing.assert_allclose((given * mean).sum(axis=1), length, rtol=1e-3)


def test_a_packed_network_is_trained_further(tmp_path: Path) -> None:
    crops = people(24, 4)
    first = Trainer(replace(CONFIG, people=8), crops, "cpu")
    losses_of(first)
    calibration = [
        export.Calibration(np.full(n, 2, np.float32), np.ones(n, np.float32), np.ones(n, bool))
        for n in (len(ATTRIBUTE_COLUMNS), len(BODY_COLUMNS))
    ]
    model = quantised(converted(Packed(first.ema, *calibration)), crops.images)
    write(model, tmp_path, "small-1", [])
    second = Trainer(replace(CONFIG, people=8, rate=1e-4), crops, "cpu")
    second.begin_from(tmp_path)
    said, packed = export.run(second.ema, crops.images), run_model(model, crops.images)
    cosines = (said["vector"] * packed["vector"]).sum(1)  # features in 8 bits, of few channels
    assert float(cosines.min()) > 0.97
    assert np.abs(1 / (1 + np.exp(-said["attributes"])) - packed["attributes"]).mean() < 0.02
    assert np.abs(1 / (1 + np.exp(-said["body"])) - packed["body"]).mean() < 0.02
    images = torch.from_numpy(crops.images).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():  # its norms are norms again: over a batch it says nearly the same
        trained = second.net.train()(images).vector.numpy()
    assert float((trained * packed["vector"]).sum(1).mean()) > 0.9
    with pytest.raises(ReidError, match="no embedding of these sizes"):
        other = replace(CONFIG, net=replace(NET, blocks=(2, 1, 1)))
        Trainer(other, crops, "cpu").begin_from(tmp_path)
    with pytest.raises(ReidError, match="no embedding of these sizes"):
        second.begin_from(tmp_path / "elsewhere")


@pytest.mark.parametrize("head", ["attributes", "body"])
def test_a_shipped_head_is_read_the_same_every_time(head: str) -> None:
    """OpenVINO names who takes a node's output in any order; some only ask for its shape."""
    path = models_folder() / "appearance" / "appearance.xml"
    weight, offset = _Graph(path).calibrated(head)
    columns = ATTRIBUTE_COLUMNS if head == "attributes" else BODY_COLUMNS
    assert len(weight) == len(offset) == len(columns)
    for _ in range(8):
        again = _Graph(path).calibrated(head)
        assert np.array_equal(again[0], weight)
        assert np.array_equal(again[1], offset)


def test_the_body_does_not_shape_the_vector() -> None:
    net = AppearanceNet(NET)
    net(torch.rand(4, 3, 64, 32)).body.sum().backward()
    touched = {name for name, p in net.named_parameters() if p.grad is not None}
    assert touched == {"body.weight", "body.bias"}


def test_the_supervised_contrastive_loss_by_hand() -> None:
    vectors = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    near = supcon_loss(vectors, torch.tensor([0, 0, 1, 1]), 1.0)
    assert float(near) == pytest.approx(-np.log(np.e / (np.e + 2)), abs=1e-5)
    assert supcon_loss(vectors, torch.tensor([0, 1, 0, 1]), 1.0) > near


def test_augmentation_is_drawn_from_its_seed_and_moves_masks_alike() -> None:
    crops = people(2, 2)
    images, parts = torch.from_numpy(crops.images), torch.from_numpy(crops.parts)
    first = augment(images, parts, torch.Generator().manual_seed(3))
    again = augment(images, parts, torch.Generator().manual_seed(3))
    other = augment(images, parts, torch.Generator().manual_seed(4))
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], other[0])
    assert 0 <= float(first[0].min()) <= float(first[0].max()) <= 1
    assert set(first[1].unique().tolist()) == {0, 6, 8}


def test_of_who_is_cut_off_the_feet_are_no_longer_in_the_picture() -> None:
    crops = people(40, 4)
    images, parts = torch.from_numpy(crops.images), torch.from_numpy(crops.parts)
    x, moved, left = augment(images, parts, torch.Generator().manual_seed(5))
    upper, lower = PART_INDEX["upper"], PART_INDEX["lower"]
    cut = left[:, lower] < 0.5
    assert 0.03 < float(cut.float().mean()) < 0.2
    assert float(left[cut, upper].mean()) > 0.8  # of a few the hem is cut as well
    legs = (moved[cut] == 8).any(dim=2)
    assert bool(legs[legs.any(dim=1), -2].all())  # what is left of them goes on to the lower edge
    assert bool((left[:, PART_INDEX["carried"]] == 1).all())  # nothing there, nothing lost
    assert x.shape == (160, 3, 64, 32)


def test_skin_invariance_pairs_differ_in_skin_alone() -> None:
    images = torch.full((4, 3, 8, 8), 0.5)
    parts = torch.zeros(4, 8, 8, dtype=torch.uint8)
    parts[:, 2:5] = 4
    others = recolour_skin(images, parts, torch.Generator().manual_seed(1), share=1.0)
    changed = (others != images).any(dim=1)
    assert torch.equal(changed, parts == 4)
    darker = torch.where(parts[:, None] == 4, images / 3, images)
    alike = recolour_skin(darker, parts, torch.Generator().manual_seed(1), share=1.0)
    assert torch.allclose(alike, others, atol=1e-5), "what it was is gone"
    unit = torch.eye(3)
    assert float(consistency_loss(unit, unit)) == 0
    assert float(consistency_loss(unit, unit.flip(0))) == pytest.approx(2 / 3)
    assert float(consistency_loss(unit[:0], unit[:0])) == 0


def test_nothing_carried_is_seen_with_the_upper_body() -> None:
    """Of three people, one carries something hidden, one nothing, one nothing and is hidden."""
    attributes = np.zeros((3, len(ATTRIBUTE_COLUMNS)), np.uint8)
    attributes[0, ATTRIBUTE_INDEX[Column("carry.toy", "present")]] = 1
    visible = np.zeros((3, 5), np.float32)
    visible[:, PART_INDEX["upper"]] = [0.9, 0.8, 0.1]
    out = seen_to_be_empty_handed(visible, attributes)
    assert out[:, PART_INDEX["carried"]].tolist() == pytest.approx([0.0, 0.8, 0.1])
    assert visible[:, PART_INDEX["carried"]].tolist() == [0, 0, 0]


def test_regions_of_parts() -> None:
    parts = torch.tensor([[[0, 1, 6, 8, 10, 16, 24, 255]]], dtype=torch.uint8)
    assert regions_of(parts).tolist() == [[[0, 1, 2, 3, 4, 5, 5, 0]]]


def test_auc_and_calibration_worked_out() -> None:
    scores = np.repeat([0.1, 0.4, 0.35, 0.8], 12).astype(np.float32)
    labels = np.repeat([0, 0, 1, 1], 12).astype(np.uint8)
    used = np.ones(48, bool)
    assert export.auc(scores, labels, used) == pytest.approx(0.75, abs=0.01)
    assert export.auc(scores[:20], labels[:20], used[:20]) is None
    half = np.full(10, 0.5, np.float32)
    halves = np.array([0, 1] * 5, np.uint8)
    assert export.calibration_error(half, halves, np.ones(10, bool)) == pytest.approx(0)
    assert export.calibration_error(half, np.ones(10, np.uint8), np.ones(10, bool)) == 0.5


def test_a_rare_value_is_estimated_if_its_slot_is() -> None:
    """Values a, b of one slot are told apart; c is too rare to say. Nothing is known of slot y."""
    random = np.random.default_rng(0)
    labels = np.zeros((200, 4), np.uint8)
    labels[:80, 0], labels[80:, 1], labels[3, 2] = 1, 1, 1
    logits = (labels * 4.0 - 2 + random.normal(0, 1, labels.shape)).astype(np.float32)
    logits[:, 3] = random.normal(0, 1, 200)
    labels[:, 3] = random.integers(0, 2, 200)
    told = export.told_apart(logits, labels, np.ones(labels.shape, bool), ["x", "x", "x", "y"])
    assert told.tolist() == [True, True, True, False]


def shards(folder: Path, crops: Crops) -> Path:
    """Write crops as `reid synth crops` does."""
    shard = folder / "shard-00000"
    shard.mkdir(parents=True)
    n = len(crops)
    box = np.tile(np.array([8, 4, 24, 60], np.float32), (n, 1))
    columns = {
        "image": crops.images, "parts": crops.parts, "identity": crops.identity,
        "camera": crops.camera, "worn": crops.attributes, "body": crops.body,
        "part_visible": crops.visible, "visible": np.ones(n, np.float32),
        "head_box": box * (1, 1, 1, 0.2), "whole_box": box, "pixels": np.ones((n, 32), np.uint16),
    }  # fmt: skip
    for name, column in columns.items():
        np.save(shard / f"{name}.npy", column)
    return folder


def test_nothing_is_asked_of_a_garment_behind_another() -> None:
    """A shirt below a closed coat is not; a coat that is not there is seen not to be there."""
    shirt, coat = (ATTRIBUTE_INDEX[Column(f"{g}.colour", "red")] for g in ("upper", "outer"))
    trousers = ATTRIBUTE_INDEX[Column("lower.colour", "blue")]
    worn = np.zeros((3, len(ATTRIBUTE_COLUMNS)), np.uint8)
    worn[:, shirt], worn[:2, coat], worn[:, trousers] = 1, 1, 1
    pixels = np.zeros((3, 32), np.uint16)
    pixels[:, [UPPER, OUTER, LOWER]] = [[5, 400, 300], [90, 300, 300], [400, 0, 2]]
    pixels[2, LEG_SKIN] = 200
    shown = garments_shown(pixels, worn)
    assert shown[:, [shirt, coat, trousers]].tolist() == [[0, 1, 1], [1, 1, 1], [1, 1, 0]]
    others = ATTRIBUTE_INDEX[Column("upper.type", "shirt")]
    assert shown[:, others].tolist() == [0, 1, 1], "its other columns go with it"
    assert shown[:, ATTRIBUTE_INDEX[Column("feet.colour", "red")]].all()


def test_a_cast_tints_blacks() -> None:
    """Of a cheap camera black is not grey: channels are lifted and bent apart."""
    black = torch.full((64, 8, 8, 3), 12, dtype=torch.uint8)
    varied, _, _ = augment(
        black, torch.zeros(64, 8, 8, dtype=torch.uint8), torch.Generator().manual_seed(1)
    )
    channels = varied[:, :, 4, 4]
    apart_by = channels.max(dim=1).values - channels.min(dim=1).values
    assert (apart_by > 0.04).float().mean() > 0.4
    assert (apart_by < 0.02).float().mean() > 0.05, "some cameras are neutral"


def test_light_lies_unevenly_on_some() -> None:
    """From top to bottom plain grey gets darker or lighter, smoothly and without another hue."""
    grey = torch.full((64, 64, 32, 3), 120, dtype=torch.uint8)
    nobody = torch.zeros(64, 64, 32, dtype=torch.uint8)

    def spread(shade: float) -> torch.Tensor:
        random = torch.Generator().manual_seed(2)
        images = augment(grey, nobody, random, shade=shade).images
        rows = images.median(dim=3).values.median(dim=1).values  # noise and erased boxes aside
        return rows[:, 4:-4].max(dim=1).values - rows[:, 4:-4].min(dim=1).values

    even, uneven = spread(0.0), spread(0.5)
    assert float(uneven.median()) > 3 * float(even.median())
    assert float((uneven < 0.1).float().mean()) > 0.1, "on some it lies evenly"


def test_what_is_hidden_teaches_nothing() -> None:
    crops = people()
    hidden = replace(crops, shown=np.zeros_like(crops.attributes))
    seen: list[float] = []
    trainer = Trainer(replace(CONFIG, steps=2), hidden, "cpu")
    trainer.train(None, lambda _, losses: seen.append(float(losses["attributes"])))
    assert seen == [0.0, 0.0]
    assert export.attributes_seen(crops).any() and not export.attributes_seen(hidden).any()


def test_heads_are_gone_before_training(tmp_path: Path) -> None:
    crops = people(3, 2)
    crops.images[:, 4:11, 10:22] = (255, 0, 255)
    loaded = load([shards(tmp_path, crops)])
    head = loaded.images[:, 5:10, 11:21].astype(int)
    assert (head[..., 0] - head[..., 1]).mean(axis=(1, 2)).max() < 60
    assert loaded.identities == 3


def test_skin_below_the_paint_is_not_recoloured(tmp_path: Path) -> None:
    crops = people(3, 2)
    crops.images[:, 4:11, 10:22] = (255, 0, 255)
    crops.parts[:, 4:11, 10:22], crops.parts[:, 40:44, 10:22] = TORSO_SKIN, ARM_SKIN
    loaded = load([shards(tmp_path, crops)])
    assert not (loaded.parts[:, 5:10, 11:21] == TORSO_SKIN).any()
    assert (loaded.parts[:, 40:44, 10:22] == ARM_SKIN).all()


def test_no_shards_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ReidError, match="reid synth crops"):
        load([tmp_path])


def test_a_packed_model_gives_the_network_s_numbers(tmp_path: Path, crop_of) -> None:
    trainer = Trainer(replace(CONFIG, steps=30), people(), "cpu")
    losses_of(trainer)
    trainer.save(tmp_path / "run.pt")
    folder = shards(tmp_path / "held-out", people(40))
    measured = pack_and_measure([tmp_path / "run.pt"], folder, tmp_path / "model", "test-1")
    assert measured["rank1"] > 0.2
    embedder = LearnedEmbedder(tmp_path / "model")
    assert (embedder.model_id, embedder.dim) == ("test-1", 16)
    image = people(1, 1).images[0]
    features = embedder.describe([crop_of(image)], Light.neutral())
    net = load_net(tmp_path / "run.pt")
    exact = export.run(net, image[None])["vector"][0]
    assert features.vectors[0] @ exact > 0.8, "INT8 keeps a small network's direction roughly"
    assert {"fp16", "int8"} <= measured.keys() and measured["packed"] in ("fp16", "int8")
    assert 0 <= features.attributes[0, 0] <= 1, "the taught column is estimated"
    assert np.isnan(features.attributes[0, 50]), "a column without examples is not"


def test_of_several_runs_the_mean_is_packed(tmp_path: Path) -> None:
    paths = []
    for seed in range(3):
        trainer = Trainer(replace(CONFIG, seed=seed), people(), "cpu")
        paths.append(tmp_path / f"{seed}.pt")
        trainer.save(paths[-1])
    each = [load_net(path).stem[0].weight.detach() for path in paths]
    assert torch.allclose(mean_net(paths).stem[0].weight, torch.stack(each).mean(0), atol=1e-6)
    assert torch.equal(mean_net(paths[:1]).stem[0].weight, each[0])
    wider = replace(CONFIG, net=replace(NET, dim=8))
    Trainer(wider, people(), "cpu").save(tmp_path / "wider.pt")
    with pytest.raises(ReidError, match="different networks"):
        mean_net([*paths, tmp_path / "wider.pt"])


def test_skin_invariance_rows_are_the_first_and_who_shows_the_most_skin() -> None:
    parts = torch.zeros(6, 4, 4, dtype=torch.uint8)
    for row, pixels in enumerate((0, 9, 1, 7, 3, 8)):
        parts[row].view(-1)[:pixels] = SKIN_PARTS[row % len(SKIN_PARTS)]
    assert skin_invariance_rows(parts, 4).tolist() == [0, 1, 5, 3]
    assert sorted(skin_invariance_rows(parts, 9).tolist()) == [0, 1, 2, 3, 4, 5]
    assert skin_invariance_rows(parts, 0).tolist() == []


def test_what_is_shipped_says_the_same_of_an_image_and_its_mirror_image() -> None:
    net = AppearanceNet(CONFIG.net).eval()
    crops = torch.from_numpy(people(6, 1).images).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        said, mirrored = both_ways(net, crops), both_ways(net, crops.flip(3))
        plain = net(crops)
    for one, other in zip(said[:4], mirrored[:4], strict=True):
        assert torch.allclose(one, other, atol=1e-5)
    assert torch.allclose(said.regions, mirrored.regions.flip(3), atol=1e-5)
    assert not torch.allclose(said.vector, plain.vector, atol=1e-5)
    assert torch.allclose(said.vector.norm(dim=1), torch.ones(6))
    once = export.run(net, people(6, 1).images, once=True)["vector"]
    assert np.allclose(once, plain.vector.numpy(), atol=1e-5)


def test_sixteen_bits_keep_the_numbers_and_int8_only_the_trunk() -> None:
    columns = len(ATTRIBUTE_COLUMNS), len(BODY_COLUMNS)
    plain = [
        export.Calibration(np.ones(k, np.float32), np.zeros(k, np.float32), np.ones(k, bool))
        for k in columns
    ]
    net = AppearanceNet(CONFIG.net).eval()
    images = people(8).images
    model = converted(Packed(net, *plain))
    exact, shipped = export.run(net, images), run_model(model, images)
    assert np.allclose(shipped["vector"], exact["vector"], atol=5e-3)
    assert np.allclose(shipped["visible"], 1 / (1 + np.exp(-exact["visible"])), atol=5e-3)
    small = [op.get_friendly_name() for op in quantised(model, images).get_ordered_ops()]
    weights = [name for name in small if name.startswith("__module") and "fq_weights" in name]
    assert weights
    assert all(name.startswith("__module.net.trunk.") for name in weights)


def test_a_packed_network_is_read_by_the_names_of_its_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def loaded(layer: torch.nn.Linear, columns: int) -> dict[str, np.ndarray]:
        weight = np.arange(2 * columns, dtype=np.float32).reshape(columns, 2)
        rows = read_card(models_folder() / "appearance").rows("attributes")
        with torch.no_grad():
            _load_head(layer, weight, weight[:, 0], rows)
        return dict(zip(current().attributes, layer.weight.detach().numpy(), strict=True))

    n = len(ATTRIBUTE_COLUMNS)
    before = loaded(torch.nn.Linear(2, n), n)
    new = Column("upper.fabric", "denim")
    change(monkeypatch, lambda found: (*found[:0:-1], new), ("attributes",))
    layer = torch.nn.Linear(2, n)
    fresh = layer.weight.detach().numpy().copy()
    after = loaded(layer, n)
    assert np.array_equal(after.pop("upper.fabric=denim"), fresh[-1])
    assert len(after) == n - 1
    assert all(np.array_equal(before[name], row) for name, row in after.items())


def test_labels_are_read_by_the_names_of_their_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shard = shards(tmp_path, people(4)) / "shard-00000"
    write_manifest(tmp_path, CropJob())
    before = labels_of(shard)
    with monkeypatch.context() as patch:
        change(patch, lambda found: found[:0:-1])
        for name, table in labels_of(shard).items():
            assert np.array_equal(table, before[name][:, :0:-1]), name
    change(monkeypatch, lambda found: (Column("upper.fabric", "denim"), *found), ("attributes",))
    with pytest.raises(ReidError, match="another vocabulary"):
        labels_of(shard)


def test_a_checkpoint_of_another_vocabulary_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, path = Trainer(CONFIG, people(), "cpu"), tmp_path / "run.pt"
    trainer.save(path)
    state = torch.load(path, weights_only=True)
    check_columns(path, state)
    check_columns(path, {name: value for name, value in state.items() if name != "columns"})
    change(monkeypatch, lambda found: found[::-1])
    for read in (trainer.resume, load_net):
        with pytest.raises(ReidError, match="another vocabulary") as caught:
            read(path)
        assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not an embedder"):
        LearnedEmbedder(tmp_path)
