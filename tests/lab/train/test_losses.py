"""Losses, layers and draws of training: gradients, invariances, and plain loops beside them."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from reid.core.vocabulary import ATTRIBUTE_COLUMNS, PART_INDEX, SLOTS
from reid.lab.synth.scene import ARM_SKIN, HEADWEAR, LEG_SKIN, SCARF, UPPER
from reid.lab.train.appearance import (
    consistency_loss,
    region_loss,
    seen_only,
    skin_invariance_rows,
    supcon_loss,
)
from reid.lab.train.augment import (
    areas_of,
    augment,
    recolour_skin,
    regions_of,
    skin_of,
)
from reid.lab.train.export import (
    ATTRIBUTE_SLOTS,
    calibrate,
    calibration_error,
    mean_accuracy,
    seen_weight,
    told_apart,
)
from reid.lab.train.net import REGIONS, AppearanceNet, IbnNorm, NetConfig, both_ways
from reid.lab.train.run import EMA, OptimiserStep, Schedule, parameter_groups

SMALL = NetConfig((8, 8, 16, 16), (1, 1, 1), (2, 2, 1), 16, 64, 32)


def directions(rows: int, seed: int = 0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(rows, 6, generator=random, dtype=torch.float64), dim=1)


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def net() -> AppearanceNet:
    torch.manual_seed(0)
    return AppearanceNet(SMALL).eval()


# --- losses ---------------------------------------------------------------------------------------


def test_the_contrastive_loss_in_plain_loops() -> None:
    vectors, identity = directions(9), torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 3])
    total = 0.0
    for i in range(9):
        others = [j for j in range(9) if j != i]
        sums = sum(math.exp(float(vectors[i] @ vectors[j]) / 0.1) for j in others)
        same = [j for j in others if identity[j] == identity[i]]
        if same:
            logs = [float(vectors[i] @ vectors[j]) / 0.1 - math.log(sums) for j in same]
            total -= sum(logs) / len(same)
    assert float(supcon_loss(vectors, identity, 0.1)) == pytest.approx(total / 9)


@pytest.mark.parametrize("name", ["supcon", "consistency", "regions", "seen"])
def test_gradients_are_those_of_the_numbers(name: str) -> None:
    """By finite differences in double precision."""
    identity = torch.tensor([0, 0, 1, 1])
    masks = torch.randint(0, len(REGIONS), (2, 8, 4), generator=draws(2))
    labels, visible = torch.rand(4, 6, generator=draws(3)).round(), torch.ones(4, 6)
    losses = {
        "supcon": lambda x: supcon_loss(functional.normalize(x, dim=1), identity, 0.2),
        "consistency": lambda x: consistency_loss(x, directions(4, 5)),
        "regions": lambda x: region_loss(x.view(2, len(REGIONS), 2, 1), masks),
        "seen": lambda x: seen_only(x, labels, visible),
    }
    size = {"regions": (2, len(REGIONS) * 2)}.get(name, (4, 6))
    x = torch.randn(size, generator=draws(1), dtype=torch.float64)

    def in_double(value: torch.Tensor) -> torch.Tensor:
        return losses[name](value).double()

    step = 1e-2 if name in ("regions", "seen") else 1e-6  # these two compute in single precision
    tolerance = 2e-3 if name in ("regions", "seen") else 1e-6
    assert torch.autograd.gradcheck(
        in_double, x.requires_grad_(), eps=step, atol=tolerance, rtol=0.02
    )


def test_the_contrastive_loss_pulls_people_together_and_others_apart() -> None:
    identity = torch.tensor([0, 0, 1, 1])
    vectors = directions(4, 3).requires_grad_()
    before = vectors.detach() @ vectors.detach().T
    supcon_loss(vectors, identity, 0.3).backward()
    after = functional.normalize(vectors.detach() - 0.05 * vectors.grad, dim=1)
    change = after @ after.T - before
    assert change[0, 1] > 0 and change[2, 3] > 0
    assert change[:2, 2:].mean() < 0


def test_what_is_hidden_has_no_gradient() -> None:
    logits = torch.randn(3, 4, generator=draws(), requires_grad=True)
    visible = torch.tensor([[1.0, 0.0, 0.2, 0.3]]).expand(3, 4)
    seen_only(logits, torch.ones(3, 4), visible).backward()
    assert (logits.grad[:, [1, 2]] == 0).all(), "a quarter must be seen"
    assert (logits.grad[:, [0, 3]] != 0).all()
    nothing = seen_only(logits.detach(), torch.ones(3, 4), torch.zeros(3, 4))
    assert float(nothing) == 0


def test_attention_that_is_right_costs_nothing_and_wrong_attention_much() -> None:
    masks = torch.zeros(1, 8, 4, dtype=torch.long)
    masks[:, 4:] = 2
    right = torch.full((1, len(REGIONS), 2, 1), -20.0)
    right[0, 0, 0], right[0, 2, 1] = 20.0, 20.0
    assert float(region_loss(right, masks)) < 1e-3
    assert float(region_loss(right.flip(2), masks)) > 10


def test_pairs_of_one_direction_are_consistent() -> None:
    one = directions(5)
    assert float(consistency_loss(one, one)) == pytest.approx(0)
    assert float(consistency_loss(one, -one)) == pytest.approx(2)
    assert float(consistency_loss(one[:0], one[:0])) == 0


# --- the network ----------------------------------------------------------------------------------


def test_a_pass_has_the_shapes_it_says(net: AppearanceNet) -> None:
    out = net(torch.rand(3, 3, 64, 32, generator=draws()))
    assert out.vector.shape == (3, 16)
    assert out.attributes.shape == (3, len(ATTRIBUTE_COLUMNS))
    assert out.regions.shape[:2] == (3, len(REGIONS))
    assert out.vector.norm(dim=1).tolist() == pytest.approx([1.0] * 3, abs=1e-5)


def test_crops_of_one_batch_do_not_know_each_other(net: AppearanceNet) -> None:
    crops = torch.rand(4, 3, 64, 32, generator=draws(1))
    together = net(crops).vector
    alone = torch.cat([net(crop[None]).vector for crop in crops])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_an_image_and_its_mirror_image_say_the_same(net: AppearanceNet) -> None:
    crops = torch.rand(2, 3, 64, 32, generator=draws(2))
    one, other = both_ways(net, crops), both_ways(net, crops.flip(3))
    torch.testing.assert_close(one.vector, other.vector, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(one.attributes, other.attributes, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(one.regions, other.regions.flip(3), rtol=1e-4, atol=1e-4)


def test_instance_norms_take_brightness_and_contrast_out_of_half_the_channels() -> None:
    norm = IbnNorm(6).eval()
    x = torch.randn(2, 6, 8, 8, generator=draws(3))
    dimmed = norm(0.3 * x + 0.5)
    torch.testing.assert_close(dimmed[:, :3], norm(x)[:, :3], rtol=1e-2, atol=1e-3)
    assert (dimmed[:, 3:] - norm(x)[:, 3:]).abs().mean() > 0.1


def test_a_part_s_pool_reads_that_part_alone(net: AppearanceNet) -> None:
    features = torch.randn(1, 16, 4, 2, generator=draws(4))
    regions = torch.full((1, len(REGIONS), 4, 2), -30.0)
    regions[:, REGIONS.index("upper"), :2] = 30.0
    regions[:, REGIONS.index("lower"), 2:] = 30.0
    pooled = net.pool(features, regions)[0].view(6, 16)
    area = 4 / 4.01  # a sliver keeps empty parts from dividing by nothing
    torch.testing.assert_close(
        pooled[2], features[0, :, :2].mean((1, 2)) * area, rtol=1e-3, atol=1e-4
    )
    torch.testing.assert_close(
        pooled[3], features[0, :, 2:].mean((1, 2)) * area, rtol=1e-3, atol=1e-4
    )
    assert pooled[5].abs().max() < 1e-3, "nothing is carried"


def test_the_body_s_gradient_stops_before_the_trunk() -> None:
    torch.manual_seed(1)
    fresh = AppearanceNet(SMALL)
    fresh(torch.rand(2, 3, 64, 32)).body.sum().backward()
    assert all(p.grad is None or not p.grad.any() for p in fresh.trunk.parameters())
    assert fresh.body.weight.grad is not None


# --- steps ----------------------------------------------------------------------------------------


def test_a_step_follows_the_schedule_clips_and_moves_the_average() -> None:
    torch.manual_seed(0)
    one = nn.Linear(3, 1, bias=False)
    mean = nn.Linear(3, 1, bias=False)
    mean.load_state_dict(one.state_dict())
    before = one.weight.detach().clone()
    optimizer = torch.optim.SGD(one.parameters(), lr=99.0)
    step = OptimiserStep(one, optimizer, Schedule(0.5, 0, 10), EMA(mean, one, 0.5), max_norm=1.0)
    step.take((one(torch.tensor([[300.0, 0.0, 0.0]])) ** 2).sum(), 0)
    moved = one.weight.detach() - before
    assert float(moved.norm()) == pytest.approx(0.5, rel=1e-3), "a clipped gradient, half a step"
    kept = 0.1  # of the first step's average
    torch.testing.assert_close(mean.weight, kept * before + (1 - kept) * one.weight)


def test_an_average_of_still_weights_stays() -> None:
    one = nn.Linear(4, 2)
    mean = nn.Linear(4, 2)
    mean.load_state_dict(one.state_dict())
    ema = EMA(mean, one, 0.9)
    for step in range(20):
        ema.update(step)
    torch.testing.assert_close(mean.weight, one.weight)


def test_vectors_do_not_decay_and_matrices_do(net: AppearanceNet) -> None:
    extra = nn.Parameter(torch.zeros(3, 3))
    decayed, plain = parameter_groups(net, 0.05, extra)
    assert decayed["weight_decay"] == 0.05 and plain["weight_decay"] == 0
    assert all(p.ndim > 1 for p in decayed["params"])
    assert any(p is extra for p in plain["params"])
    count = len(list(net.parameters())) + 1
    assert len(decayed["params"]) + len(plain["params"]) == count


# --- augmentation ---------------------------------------------------------------------------------


def figures(n: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Grey pictures of somebody in blue with bare arms: images uint8, parts uint8."""
    images = torch.full((n, 32, 16, 3), 120, dtype=torch.uint8)
    parts = torch.zeros(n, 32, 16, dtype=torch.uint8)
    images[:, 8:20, 4:12], parts[:, 8:20, 4:12] = (
        torch.tensor([40, 60, 180], dtype=torch.uint8),
        UPPER,
    )
    images[:, 8:20, 2:4], parts[:, 8:20, 2:4] = (
        torch.tensor([200, 150, 120], dtype=torch.uint8),
        ARM_SKIN,
    )
    return images, parts


def test_regions_cover_every_part_and_things_are_carried() -> None:
    parts = torch.tensor([[0, UPPER, SCARF, HEADWEAR, LEG_SKIN, 16, 24]])
    names = [REGIONS[i] for i in regions_of(parts)[0].tolist()]
    assert names == ["background", "upper", "upper", "head", "lower", "carried", "carried"]
    assert areas_of(parts[:, None])[0].tolist() == [1, 2, 1, 0, 2]


def test_skin_of_another_tone_changes_skin_alone_and_forgets_what_it_was() -> None:
    images, parts = figures()
    x = images.permute(0, 3, 1, 2).float() / 255
    other = recolour_skin(x, parts, draws(), share=1.0)
    skin = skin_of(parts)[:, None].expand_as(x)
    assert torch.equal(x[~skin], other[~skin])
    tones = other.permute(0, 2, 3, 1)[skin_of(parts)].view(8, -1, 3).mean(1)
    assert tones.std(0).min() > 0.02, "everybody gets a tone of their own"
    darker = x.clone()
    darker[skin] *= 0.5
    again = recolour_skin(darker, parts, draws(), share=1.0)
    torch.testing.assert_close(other[skin], again[skin], rtol=0.02, atol=0.02)
    assert torch.equal(recolour_skin(x, parts, draws(), share=0.0), x)


def test_augmented_crops_stay_in_range_and_say_how_much_is_left() -> None:
    images, parts = figures(24)
    out = augment(images, parts, draws(3))
    assert out.images.shape == (24, 3, 32, 16)
    assert float(out.images.min()) >= 0 and float(out.images.max()) <= 1
    assert ((out.left >= 0) & (out.left <= 1)).all()
    carried = PART_INDEX["carried"]
    assert (out.left[:, carried] == 1).all(), "of what nobody has nothing is missing"
    again = augment(images, parts, draws(3))
    assert torch.equal(out.images, again.images) and torch.equal(out.parts, again.parts)
    assert not torch.equal(out.images, augment(images, parts, draws(4)).images)


def test_without_tint_and_shade_black_stays_grey() -> None:
    images = torch.zeros(32, 32, 16, 3, dtype=torch.uint8)
    parts = torch.full((32, 32, 16), UPPER, dtype=torch.uint8)
    spreads = {}
    for tint in (0.0, 0.3):
        x = augment(images, parts, draws(5), tint=tint, shade=0.0).images
        spreads[tint] = float((x.amax(1) - x.amin(1)).median())
    assert spreads[0.3] > spreads[0.0] + 0.02


def test_rows_of_pairs_show_the_most_skin() -> None:
    _, parts = figures(6)
    parts[4] = ARM_SKIN
    rows = skin_invariance_rows(parts, 2).tolist()
    assert rows == [0, 4]
    assert sorted(skin_invariance_rows(parts, 99).tolist()) == list(range(6))


# --- calibration ----------------------------------------------------------------------------------


def test_calibration_finds_the_temperature_and_the_rate_again() -> None:
    """Logits twice too bold and off by one: slope one half, offset one half."""
    random = np.random.default_rng(0)
    true = random.normal(0, 2, (4000, 2)).astype(np.float32)
    labels = (random.random((4000, 2)) < 1 / (1 + np.exp(-true))).astype(np.uint8)
    slope, offset = calibrate(2 * true - 1, labels, np.ones((4000, 2), np.float32), ["a", "a"])
    assert slope == pytest.approx([0.5, 0.5], abs=0.05)
    assert offset == pytest.approx([0.5, 0.5], abs=0.15)
    said = 1 / (1 + np.exp(-((2 * true[:, 0] - 1) * slope[0] + offset[0])))
    used = np.ones(4000, bool)
    assert calibration_error(said, labels[:, 0], used) < 0.03


def test_what_is_not_seen_is_not_fitted() -> None:
    random = np.random.default_rng(1)
    logits = random.normal(0, 2, (600, 1)).astype(np.float32)
    labels = (logits > 0).astype(np.uint8)
    labels[300:] = 1 - labels[300:]
    weight = np.ones((600, 1), np.float32)
    weight[300:] = 0
    slope, _ = calibrate(logits, labels, weight, ["a"])
    assert slope[0] > 1.5, "the half that is turned round is out of sight"


def test_columns_like_chance_are_not_estimated_and_rare_ones_go_by_their_slot() -> None:
    random = np.random.default_rng(2)
    labels = (random.random((400, 3)) < 0.3).astype(np.uint8)
    labels[:, 2] = 0
    labels[:5, 2] = 1
    logits = random.normal(0, 1, (400, 3)).astype(np.float32)
    logits[:, [0, 2]] += 3.0 * labels[:, [0, 2]]
    used = np.ones((400, 3), bool)
    assert told_apart(logits, labels, used, ["a", "b", "a"]).tolist() == [True, False, True]
    assert told_apart(logits, labels, used, ["a", "b", "b"]).tolist()[:2] == [True, False]


def test_mean_accuracy_is_cut_at_the_column_s_own_rate() -> None:
    probability = np.array([0.3, 0.2, 0.05, 0.02], np.float32)
    labels, used = np.array([1, 1, 0, 0], np.uint8), np.ones(4, bool)
    assert mean_accuracy(probability, labels, used, prior=0.1) == 1.0
    assert mean_accuracy(probability, labels, used, prior=0.25) == 0.75


def test_a_column_counts_where_its_part_of_the_body_is_seen() -> None:
    visible = np.zeros((2, len(PART_INDEX)), np.float32)
    visible[0, PART_INDEX["upper"]] = 0.5
    visible[1, PART_INDEX["feet"]] = 0.5
    weight = seen_weight(visible, ATTRIBUTE_SLOTS)
    for column, slot in enumerate(ATTRIBUTE_SLOTS):
        part = SLOTS[slot].part
        assert weight[:, column].tolist() == [float(part == "upper"), float(part == "feet")]


def test_other_sizes_make_another_network() -> None:
    wide = AppearanceNet(replace(SMALL, dim=24, height=80, width=40))
    out = wide.eval()(torch.rand(1, 3, 80, 40))
    assert out.vector.shape == (1, 24)
