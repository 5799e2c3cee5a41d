"""The detector's training: pictures keep their labels, losses fall, resuming changes nothing."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from reid.core.errors import ModelError, ReidError
from reid.detect.yolo import YoloDetector
from reid.lab.bench.data.coco import Matched
from reid.lab.research_image import ResearchImage
from reid.lab.train.detector import DetectorConfig, Trainer, collate
from reid.lab.train.pack_detector import (
    REDACTION,
    best_confidence,
    letterbox,
    measure,
    pack_detector,
)
from reid.lab.train.scenes import Scenes, _moved, cut, draw, load
from reid.lab.train.style import restyle, scribble
from reid.weights.registry import models_folder, shipped

CONFIG = DetectorConfig(steps=6, batch=2, size=64, warmup=2)


def figures(frames: int = 6, seed: int = 3) -> Scenes:
    """Frames with a red figure and its white head, labelled."""
    random = np.random.default_rng(seed)
    pictures, labels = [], []
    for _ in range(frames):
        frame = random.integers(60, 120, (120, 160, 3)).astype(np.uint8)
        x, y = random.integers(10, 100), random.integers(5, 40)
        frame[y : y + 12, x + 8 : x + 20] = 250
        frame[y + 12 : y + 70, x : x + 28] = 200, 20, 20
        pictures.append(frame)
        body, head = [0, x, y, x + 28, y + 70], [1, x + 8, y, x + 20, y + 12]
        labels.append(np.array([body, head], np.float32))
    return Scenes(pictures, labels)


def write_scenes(folder: Path, scenes: Scenes) -> Path:
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True)
        for number, (frame, rows) in enumerate(zip(scenes.frames, scenes.labels, strict=True)):
            bgr = np.ascontiguousarray(frame[..., ::-1])
            cv2.imwrite(str(folder / "images" / split / f"{number}.jpg"), bgr)
            height, width = frame.shape[:2]
            boxes = rows[:, 1:] / (width, height, width, height)
            middle, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
            lines = [
                " ".join(map(str, [int(row[0]), *m, *s]))
                for row, m, s in zip(rows, middle, sides, strict=True)
            ]
            (folder / "labels" / split / f"{number}.txt").write_text("\n".join(lines))
    return folder


def test_scenes_are_read_as_written(tmp_path: Path) -> None:
    made = figures()
    read = load([write_scenes(tmp_path, made)])
    for ours, theirs in zip(made.labels, read.labels, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-2)
    both = load([tmp_path, write_scenes(tmp_path / "more", made)])
    assert len(both.frames) == 2 * len(read.frames)


def test_no_scenes_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReidError, match="run `reid synth scenes"):
        load([tmp_path])


def test_boxes_follow_what_they_frame() -> None:
    """Without restyling, head boxes in drawn pictures are white and bodies are red."""
    scenes, whole, right = figures(), 0, 0
    for number in range(60):
        random = np.random.default_rng(number)
        tile, labels = cut(scenes, random, (96, 96), 96)
        for kind, x0, y0, x1, y1 in labels.astype(int):
            inside = tile[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1].reshape(-1, 3).astype(int)
            if kind == 1 and len(inside) > 12:
                whole += 1
                right += np.median(inside.min(axis=1)) > 200
    assert whole > 20
    assert right >= 0.97 * whole


def test_a_drawn_picture_is_the_same_for_the_same_number() -> None:
    scenes = figures()
    first, again = (draw(scenes, np.random.default_rng([0, 5]), 96) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    other = draw(scenes, np.random.default_rng([0, 6]), 96)[0]
    assert not np.array_equal(first[0], other)


def test_labels_stay_inside_the_picture() -> None:
    scenes = figures()
    for number in range(40):
        picture, labels = draw(scenes, np.random.default_rng(number), 96)
        assert picture.shape == (96, 96, 3)
        assert (labels[:, 1:] >= 0).all()
        assert (labels[:, 1:] <= 96).all()
        assert (labels[:, 3:] > labels[:, 1:3]).all()


def test_whoever_is_painted_over_is_not_asked_for() -> None:
    """A box that odd shapes cover wholly goes; one they leave alone stays."""
    gone = kept = 0
    for number in range(400):
        picture = np.zeros((96, 96, 3), np.uint8)
        before = np.array([[0, 40, 40, 43, 43], [0, 0, 0, 96, 96]], np.float32)
        after = scribble(picture, before, np.random.default_rng(number))
        untouched = not picture[40:44, 40:44].any()
        small = (after[:, 3] == 43).any()
        if untouched:
            assert small
        gone += not small
        kept += (after[:, 3] == 96).any()
    assert gone > 3
    assert kept > 380


def test_restyling_changes_colours_not_places() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, 32:] = 255
    for number in range(20):
        out = restyle(picture, np.random.default_rng(number)).astype(int)
        assert out.shape == picture.shape
        assert abs(out[:, :24].mean() - out[:, 40:].mean()) > 30


def losses_of(trainer: Trainer) -> list[float]:
    seen: list[float] = []
    trainer.train(None, lambda _, losses: seen.append(float(sum(losses.values()))))
    return seen


def test_losses_fall() -> None:
    config = replace(CONFIG, steps=50, batch=8, size=96, rate=3e-3)
    losses = losses_of(Trainer(config, figures(), "cpu"))
    assert np.median(losses[-10:]) < 0.85 * np.median(losses[:10])


def test_resuming_changes_nothing(tmp_path: Path) -> None:
    scenes = figures()
    whole = losses_of(Trainer(CONFIG, scenes, "cpu"))
    first = Trainer(CONFIG, scenes, "cpu")
    begun: list[float] = []
    first.train(0.0, lambda _, losses: begun.append(float(sum(losses.values()))))
    assert len(begun) == 1
    first.save(tmp_path / "run.pt")
    second = Trainer(CONFIG, scenes, "cpu")
    second.resume(tmp_path / "run.pt")
    assert begun + losses_of(second) == pytest.approx(whole, rel=1e-3)


def test_another_file_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save({"something": 1}, tmp_path / "other.pt")
    with pytest.raises(ReidError, match="not a checkpoint"):
        Trainer(CONFIG, figures(2), "cpu").resume(tmp_path / "other.pt")


def test_batches_say_which_picture_a_box_is_in() -> None:
    empty = torch.zeros(3, 8, 8, dtype=torch.uint8), torch.zeros(0, 5)
    two = torch.zeros(3, 8, 8, dtype=torch.uint8), torch.ones(2, 5)
    batch = collate([two, empty, two])
    assert batch["batch_idx"].tolist() == [0, 0, 2, 2]
    assert batch["cls"].shape == (4, 1)


def test_best_confidence_by_hand() -> None:
    """Right at .9 and .6, wrong at .7 and .3, of three people: F1 is best from .6 on (4/6)."""
    scores, hits = np.array([0.9, 0.7, 0.6, 0.3]), np.array([True, False, True, False])
    found = np.array([True, True, False])
    assert best_confidence([Matched(scores, hits, np.ones(4, bool), found)]) == 0.6


def test_a_damaged_card_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text("[thresholds]\nindexed = 0.3\n")
    (tmp_path / "weights.pt").write_bytes(b"none")
    with pytest.raises(ModelError, match=r"model\.toml is damaged"):
        YoloDetector(tmp_path / "weights.pt")


def test_letterbox_keeps_the_shape() -> None:
    assert letterbox(np.zeros((720, 1280, 3), np.uint8)).shape == (1, 3, 384, 640)


def test_what_is_packed_is_what_was_trained(tmp_path: Path) -> None:
    """The OpenVINO form and the torch weights give the boxes of the averaged network."""
    scenes = figures(4)
    trainer = Trainer(CONFIG, scenes, "cpu")
    losses_of(trainer)
    trainer.save(tmp_path / "run.pt")
    data = write_scenes(tmp_path / "scenes", scenes)
    packed = tmp_path / "models" / "person-head"
    figures_ = pack_detector(tmp_path / "run.pt", data, packed, "person-head-test")
    assert figures_["packed"] in ("int8", "fp16")
    (model,) = shipped(packed.parent)
    model.verify()
    assert model.kind == "detector"
    detector = YoloDetector(model.path)
    assert detector.knows_people
    assert detector.knows_heads
    assert detector.thresholds.redaction == REDACTION
    assert 0 < detector.thresholds.index < 1
    scores = measure(detector, scenes)
    assert scores.frames == len(scenes.frames)
    seen = detector.detect(ResearchImage(scenes.frames[0]).frame())
    assert len(seen.heads) == len(seen.head_scores)


def test_the_first_layers_and_the_last_are_shipped_in_sixteen_bits() -> None:
    import openvino

    (model,) = (m for m in shipped(models_folder()) if m.kind == "detector")
    network = openvino.Core().read_model(next(model.path.glob("*.xml")))
    names = [operation.get_friendly_name() for operation in network.get_ordered_ops()]
    small = {name.split(".")[2] for name in names if "conv/" in name and "fq_weights" in name}
    assert len(small) > 10, "most of it is in eight"
    assert not small & {"0", "1", "23"}


def test_a_run_may_begin_with_packed_weights(tmp_path: Path) -> None:
    packed = models_folder() / "person-head/person-head.pt"
    trainer = Trainer(CONFIG, figures(), "cpu")
    fresh = trainer.net.state_dict()["model.0.conv.weight"].clone()
    trainer.begin_from(packed)
    for net in (trainer.net, trainer.ema):
        begun = net.state_dict()["model.0.conv.weight"]
        assert torch.equal(begun, trainer.net.state_dict()["model.0.conv.weight"])
        assert not torch.equal(begun, fresh)
    trainer.train(None, lambda step, losses: None)
    assert trainer.step == CONFIG.steps
    other = tmp_path / "other.pt"
    other.write_bytes(b"no weights")
    with pytest.raises(ReidError, match="is not a detector"):
        trainer.begin_from(other)


def test_who_fills_a_cut_is_asked_for_however_little_of_them_is_in_it() -> None:
    tall, head = [0, 10, 0, 90, 1000], [1, 40, -180, 60, 20]
    far = [0, 95, 0, 135, 40]
    kept = _moved(np.array([tall, head, far], np.float32), np.eye(2, 3), (100, 100))
    assert kept.tolist() == [[0, 10, 0, 90, 100]], "a tenth of the head, an eighth of the far one"


def test_wares_are_drawn_over_people_and_hide_them() -> None:
    hidden = 0
    for number in range(80):
        picture = np.full((96, 96, 3), 90, np.uint8)
        before = np.array([[0, 20, 20, 60, 90], [1, 30, 22, 40, 34]], np.float32)
        after = scribble(picture, before, np.random.default_rng(number))
        assert (picture != 90).any() or len(after) == 2
        hidden += len(after) < 2
    assert 0 < hidden < 60
