"""Learning without labels: clusters of tracks, their losses, and what is kept as it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from reid.core.errors import ReidError
from reid.embed.card import read_card
from reid.lab.train import export
from reid.lab.train.adapt import (
    AdaptConfig,
    Adapter,
    Memory,
    kept_loss,
    pack_adapted,
    proxy_loss,
)
from reid.lab.train.held_back import HeldBack, round_trips
from reid.lab.train.net import AppearanceNet, both_ways
from reid.lab.train.pack_appearance import run_model
from reid.lab.train.pseudo_labels import Tracks, clusters_of, mean_vectors, unit
from reid.lab.train.unpack_appearance import unpacked
from reid.weights.openvino import silence_telemetry
from reid.weights.registry import models_folder
from tests.lab.small_embedding import NET, UNKNOWN, figures, small_embedding

CONFIG = AdaptConfig(passes=4, least=2, rounds=2, people=4, views=2, rate=1e-3, warmup=2)
NEVER = np.nan


def tracks(camera: list[int], begin: list[float] | None = None, seconds: float = 5) -> Tracks:
    start = np.array(begin if begin is not None else [NEVER] * len(camera), np.float64)
    return Tracks(np.array(camera, np.intp), start, start + seconds)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_embedding(tmp_path_factory.mktemp("packed"))


def test_the_shipped_network_is_rebuilt_to_its_numbers() -> None:
    """Less the rounding of activations to INT8, which no training wants."""
    folder = models_folder() / "appearance"
    images = np.random.default_rng(1).integers(0, 256, (6, 128, 64, 3), np.uint8)
    net = unpacked(folder, images).eval()
    with torch.no_grad():
        x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        said = both_ways(net, x)
    exact = run_model(_without_rounding(folder / "appearance.xml"), images)
    assert np.abs(said.vector.numpy() - exact["vector"]).max() < 1e-4
    for name in ("attributes", "body", "visible"):
        rebuilt = getattr(said, name).sigmoid().numpy()
        assert np.abs(rebuilt - exact[name]).max() < 1e-4, name


def _without_rounding(path: Path):
    silence_telemetry()
    import openvino

    model = openvino.Core().read_model(path)
    for node in model.get_ordered_ops():
        if node.get_type_name() == "FakeQuantize":
            for taker in list(node.output(0).get_target_inputs()):
                taker.replace_source_output(node.input_value(0))
    return model


def test_sizes_are_read_from_the_weights(packed: Path) -> None:
    assert unpacked(packed, figures().images).config == NET
    with pytest.raises(ReidError, match="reid train pack"):
        unpacked(packed.parent, figures().images)


class TestClusters:
    """Three people in orthogonal clothes, each of whom two cameras see."""

    vectors = unit(
        np.repeat(np.eye(3, 6, dtype=np.float32), 2, axis=0)
        + 0.05 * np.random.default_rng(0).normal(size=(6, 6)).astype(np.float32)
    )

    def test_each_other_s_likest_before_two_cameras_are_one_person(self) -> None:
        found = clusters_of(self.vectors, tracks([0, 1] * 3), 0.6)
        assert found.tolist() == [0, 0, 1, 1, 2, 2]

    def test_who_is_not_there_is_nobody_s_likest(self) -> None:
        """Somebody whom one camera alone saw is like nobody before the other."""
        found = clusters_of(self.vectors[:5], tracks([0, 1, 0, 1, 0]), 0.6)
        assert found.tolist() == [0, 0, 1, 1, 2]

    def test_within_a_camera_tracks_have_to_be_as_alike_as_between(self) -> None:
        begin = [0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0]
        again = np.concatenate([self.vectors, self.vectors[:1]])
        found = clusters_of(again, tracks([0, 1, 0, 1, 0, 1, 0], begin), 0.6)
        assert found[6] == found[0], "the same clothes before the same camera"
        assert len(set(found)) == 3

    def test_people_seen_together_are_two(self) -> None:
        begin = [0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 3.0]
        again = np.concatenate([self.vectors, self.vectors[:1]])
        found = clusters_of(again, tracks([0, 1, 0, 1, 0, 1, 0], begin), 0.6)
        assert found[6] != found[0], "their times overlap before one camera"

    def test_neither_are_they_joined_by_somebody_between(self) -> None:
        """Both are the likest of somebody before another camera, who can be one of them."""
        twins = np.stack([self.vectors[0], self.vectors[0], self.vectors[1], self.vectors[1]])
        found = clusters_of(twins, tracks([0, 0, 1, 2], [0.0, 1.0, 50.0, 60.0]), 0.0)
        assert found[0] != found[1]

    def test_before_two_cameras_one_may_be_at_the_same_time(self) -> None:
        together = tracks([0, 1, 0, 0], [0, 0, 3, NEVER]).seen_together()
        assert np.argwhere(together).tolist() == [[0, 2], [2, 0]]

    def test_a_track_alone_is_a_cluster(self) -> None:
        assert clusters_of(self.vectors[:1], tracks([0]), 0.6).tolist() == [0]


def test_proxies_worked_out() -> None:
    """Two own at 0 and ln 2, others at 0: half of the share of what counts."""
    logits = torch.tensor([[0.0, np.log(2), 0.0, -50.0]])
    same = torch.tensor([[True, True, False, False]])
    shares = torch.tensor([1 / 4, 2 / 4]).log()
    assert float(proxy_loss(logits, same)) == pytest.approx(-float(shares.mean()), abs=1e-5)
    hardest = proxy_loss(logits, same, negatives=1)
    assert float(hardest) == pytest.approx(-float(shares.mean()), abs=1e-5)
    assert float(proxy_loss(logits[:, :2], same[:, :2])) == pytest.approx(
        -float(torch.tensor([1 / 3, 2 / 3]).log().mean())
    ), "nobody else is there"


def test_memory_draws_other_cameras_views_and_follows_what_it_sees() -> None:
    vectors = unit(np.random.default_rng(1).normal(size=(12, 4)).astype(np.float32))
    cluster, camera = np.repeat([0, 1, 2], 4), np.tile([0, 0, 0, 1], 3)
    memory = Memory(vectors, cluster, camera)
    assert (len(memory.centres), len(memory.proxies)) == (3, 6)
    rows = memory.draw(2, 4, np.random.default_rng(0))
    assert len(set(cluster[rows])) == 2
    assert np.bincount(camera[rows]).tolist() == [4, 4], "the one view of camera 1 twice each"
    before = memory.centres.clone()
    seen = functional.normalize(torch.ones(1, 4), dim=1)
    memory.update(seen, np.array([5]), momentum=0.5)
    moved = functional.normalize((before[1] + seen[0]) / 2, dim=0)
    assert torch.allclose(memory.centres[1], moved, atol=1e-6)
    assert torch.equal(memory.centres[[0, 2]], before[[0, 2]])


def test_clusters_of_one_crop_teach_nothing() -> None:
    vectors = unit(np.eye(5, dtype=np.float32))
    memory = Memory(vectors, np.array([0, 1, 2, 3, 3]), np.zeros(5, np.intp))
    assert set(memory.draw(4, 2, np.random.default_rng(0))) <= {3, 4}


def test_nothing_changed_costs_nothing() -> None:
    net = AppearanceNet(NET).eval()
    x = torch.rand(4, 3, 64, 32)
    with torch.no_grad():
        one, other = net(x), net(x.flip(2))
    assert float(kept_loss(one, one)) == pytest.approx(0, abs=1e-6)
    assert float(kept_loss(one, other)) > 0.001


def test_clothes_are_told_apart_better_and_named_as_before(packed: Path, tmp_path: Path) -> None:
    adapter = Adapter(packed, figures(), replace(CONFIG, passes=12, rounds=3, rate=5e-3))
    told: list[float] = []
    adapter.train(None, told.append)
    assert told == sorted(told) and adapter.step == adapter.steps
    others = HeldBack(figures(people=9))
    assert others.score(adapter.ema) > others.score(adapter.shipped) + 0.02
    images = figures(people=9).images
    before, after = (export.run(net, images) for net in (adapter.shipped, adapter.ema))
    for name in ("attributes", "body", "visible"):
        changed = np.abs(_sigmoid(before[name]) - _sigmoid(after[name]))
        assert changed.mean() < 0.02, name
    pack_adapted(adapter.ema, packed, tmp_path / "own", "small-1+own")
    card = read_card(tmp_path / "own")
    assert (card.model_id, card.not_estimated) == ("small-1+own", {UNKNOWN})
    shipped = run_model(_read(tmp_path / "own"), images)
    assert np.allclose(shipped["vector"], after["vector"], atol=5e-3)
    assert np.allclose(shipped["attributes"], _sigmoid(after["attributes"]), atol=5e-3)


def _read(folder: Path):
    import openvino

    return openvino.Core().read_model(folder / "appearance.xml")


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_a_run_goes_on_where_it_stopped(packed: Path, tmp_path: Path) -> None:
    crops = figures()
    first = Adapter(packed, crops, CONFIG)

    def stop(done: float) -> None:
        if first.step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        first.train(None, stop)
    first.save(tmp_path / "run.pt")
    second = Adapter(packed, crops, CONFIG)
    second.resume(tmp_path / "run.pt")
    assert (second.step, second.spent) == (first.step, first.spent)
    for one, other in zip(first.ema.parameters(), second.ema.parameters(), strict=True):
        assert torch.equal(one, other)
    second.train(None)
    assert second.step == second.steps
    third = Adapter(packed, crops, replace(CONFIG, rate=1.0))
    with pytest.raises(ReidError, match="remove it to begin anew"):
        third.resume(tmp_path / "run.pt")


def test_time_spent_before_counts(packed: Path) -> None:
    adapter = Adapter(packed, figures(), CONFIG)
    adapter.spent = 61.0
    adapter.train(1.0)
    assert adapter.step == 0
    adapter.train(0)
    assert adapter.step == 0


def test_too_few_tracks_are_told_of(packed: Path) -> None:
    with pytest.raises(ReidError, match="4 tracks are too few"):
        Adapter(packed, figures(people=2), CONFIG)


def test_some_tracks_are_taken_with_their_crops() -> None:
    crops = figures(people=4, views=2)
    some = crops.take(np.array([5, 2]))
    assert some.track.tolist() == [1, 1, 0, 0]
    assert np.array_equal(some.images[2:], crops.images[crops.track == 5])
    assert some.tracks.camera.tolist() == [1, 0]


def test_round_trips_worked_out() -> None:
    """The second's likest is the first's likest too, who goes back to the first."""
    here = unit(np.array([[1, 0], [0.9, 0.2], [0, 1]], np.float32))
    there = unit(np.array([[1, 0.02], [0.1, 1]], np.float32))
    assert round_trips(here, there).tolist() == [True, False, True]


def test_what_cannot_be_asked_is_no_gain() -> None:
    net = AppearanceNet(NET)
    few = figures(people=1, cameras=2)
    assert HeldBack(few).score(net) == 0.0
    assert mean_vectors(np.eye(2, dtype=np.float32), np.array([0, 0])).shape == (1, 2)
