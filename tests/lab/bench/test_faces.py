"""The open-set protocol on paper; the face recogniser where it is installed."""

from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import ModelError
from reid.lab.bench.metrics.open_set import Samples, open_set, threshold_at
from reid.lab.bench.rivals.arcface import ArcFace, similarity
from reid.lab.bench.rivals.composed_bodies import compose
from reid.lab.bench.rivals.dlib_faces import FaceRecogniser


def samples(vectors, person, acquired=None) -> Samples:
    person = np.array(person, np.int64)
    there = np.ones(len(person), bool) if acquired is None else np.array(acquired, bool)
    return Samples(np.array(vectors, np.float64), person, there)


def at(*degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_the_threshold_lets_one_in_a_hundred_through() -> None:
    """Of 200 strangers two may raise an alarm: just above the third highest score."""
    scores = np.arange(200.0)
    limit = threshold_at(scores)
    assert (scores >= limit).sum() == 2
    assert threshold_at(np.array([0.3, 0.9])) > 0.9, "of two nobody may"


def test_found_missed_and_left_alone() -> None:
    """Four people at 0, 50, 100, 150 degrees; 0 and 100 are enrolled together, then the others.

    Probes at 10, 50, 100, 130. Own similarities: cos 10, 1, 1, cos 20. Strangers: person 1 (50°)
    is cos 50 from both enrolled, person 3 (130°) cos 30 from 100°; person 0 (10°) is cos 40 from
    50°, person 2 (100°) cos 50. Highest stranger: cos 30 = 0.866. All own ones are above it.
    """
    result = open_set(samples(at(0, 50, 100, 150), [0, 1, 2, 3]),
                      samples(at(10, 50, 100, 130), [0, 1, 2, 3]), seed=0)  # fmt: skip
    assert (result.rank1, result.fnir_at_1_fpir, result.failure_to_acquire, result.fpir) == (
        1.0,
        0.0,
        0.0,
        0.0,
    )
    assert (result.n_mated, result.n_nonmated) == (4, 4)


def test_a_stranger_who_looks_alike_raises_the_threshold() -> None:
    """Person 1 comes as close to person 0 (5°) as nobody to themselves: all but exact ones miss."""
    result = open_set(samples(at(0, 50, 100, 150), [0, 1, 2, 3]),
                      samples(at(10, 5, 100, 130), [0, 1, 2, 3]), seed=0)  # fmt: skip
    assert result.fnir_at_1_fpir == 0.75


def test_what_cannot_be_acquired_is_missed() -> None:
    enrolled = samples(at(0, 90), [0, 1])
    result = open_set(enrolled, samples(at(0, 90), [0, 1], [True, False]), seed=0)
    assert (result.rank1, result.fnir_at_1_fpir, result.failure_to_acquire) == (0.5, 0.5, 0.5)
    assert result.cmc[-1] == 0.5
    unseen = samples(at(0, 90), [0, 1], [False, True])
    assert open_set(unseen, samples(at(0, 90), [0, 1]), seed=0).rank1 == 0.5


def test_the_best_of_several_images_counts() -> None:
    enrolled = samples(at(80, 0, 90), [0, 0, 1])
    assert open_set(enrolled, samples(at(1, 90), [0, 1]), seed=0).rank1 == 1.0


def test_clothes_stay_for_a_day() -> None:
    from reid.lab.bench.faces import _Scene

    grey = np.full((28, 23), 128, np.uint8)
    people = [[grey] * 6]
    morning = _Scene.of(people, slice(0, 1), 0, day=0).composed[0].pixels
    evening = _Scene.of(people, slice(3, 4), 0, day=0).composed[0].pixels
    tomorrow = _Scene.of(people, slice(3, 4), 0, day=1).composed[0].pixels
    chest = (slice(50, 70), slice(26, 38))

    def difference(a, b) -> float:
        return float(np.abs(a[chest].mean((0, 1)) - b[chest].mean((0, 1))).mean())

    assert difference(morning, evening) < difference(morning, tomorrow)


@pytest.fixture(scope="module")
def recogniser() -> FaceRecogniser:
    try:
        return FaceRecogniser()
    except ModelError as error:
        pytest.skip(str(error))


def test_real_faces_are_found_and_told_apart(recogniser, data) -> None:
    """Two photos of each of three people: the nearest other photo is of the same person."""
    from reid.capture.images import read_image

    folder = data / "att-faces"
    images = [
        np.pad(read_image(folder / f"s{p}/{i}.pgm"), ((10, 10), (10, 10), (0, 0)), mode="edge")
        for p in (1, 2, 4)
        for i in (1, 4)
    ]
    vectors, found = recogniser.vectors(images, 28.0)
    assert found.all()
    alike = vectors @ vectors.T - 2 * np.eye(6)
    assert alike.argmax(axis=1).tolist() == [1, 0, 3, 2, 5, 4]


def test_no_face_is_no_vector(recogniser) -> None:
    vectors, found = recogniser.vectors([np.full((60, 50, 3), 90, np.uint8)], 28.0)
    assert not found.any()
    assert not vectors.any()


def test_a_similarity_is_found_again() -> None:
    """Points turned by 30°, doubled and shifted, back onto where they were."""
    angle = np.radians(30)
    turn = 2 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    source = np.array([[0, 0], [10, 0], [0, 10], [5, 7], [3, 1]], np.float32)
    target = (source @ turn.T + [4, -2]).astype(np.float32)
    matrix = similarity(source, target)
    np.testing.assert_allclose(matrix, np.column_stack([turn, [4, -2]]), atol=1e-5)


def test_a_mask_hides_the_mouth_and_the_back_of_a_head_everything() -> None:
    """Two faces that differ everywhere: masked they differ above, from behind nowhere."""
    faces = [np.full((28, 23), level, np.uint8) for level in (60, 200)]

    def pair(cover):
        return [compose(f, np.random.default_rng(1), cover=cover) for f in faces]

    def differs(cover) -> np.ndarray:
        one, other = pair(cover)
        return (one.pixels != other.pixels).any(axis=(1, 2))

    head = pair("none")[0].head
    brow, mouth = (round(float(head[1] + s * (head[3] - head[1]))) for s in (0.3, 0.75))
    assert differs("none")[[brow, mouth]].all()
    assert differs("mask")[brow]
    assert not differs("mask")[mouth]
    assert not differs("behind").any()


@pytest.fixture(scope="module")
def tiny_network(tmp_path_factory) -> Path:
    """A face network of random weights: 112 × 112 → mean colour of 4 × 4 fields → 16 numbers."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).normal(size=(48, 16)).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[28, 28], strides=[28, 28]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["y"]),
    ]
    shape = [1, 3, 112, 112]
    graph = helper.make_graph(
        nodes, "face",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 16])],
        [numpy_helper.from_array(weights, "w")],
    )  # fmt: skip
    path = tmp_path_factory.mktemp("onnx") / "tiny.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


def test_any_arcface_network_describes_faces_that_yunet_finds(tiny_network, peers, data) -> None:
    from reid.capture.images import read_image

    yunet = next(iter(sorted(peers.glob("face_detection_yunet*.onnx"))))
    face = ArcFace(tiny_network, yunet)
    photo = read_image(data / "att-faces" / "s1" / "1.pgm")
    image = np.pad(photo, ((10, 10), (10, 10), (0, 0)), mode="edge")
    blank = np.full((60, 50, 3), 90, np.uint8)
    vectors, found = face.vectors([image, blank, image], 28.0)
    assert found.tolist() == [True, False, True]
    assert vectors.shape == (3, 16)
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1, 0, 1])
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert face.chip(image, 28.0).shape == (112, 112, 3)
    assert face.model_id == "tiny+yunet"


def test_a_face_network_that_is_none_is_one_line(tiny_network, tmp_path) -> None:
    with pytest.raises(ModelError, match="--recogniser"):
        ArcFace(tmp_path / "no.onnx")
    (tmp_path / "bad.onnx").write_text("nothing")
    with pytest.raises(ModelError, match="cannot be read"):
        ArcFace(tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match="not the YuNet"):
        ArcFace(tiny_network, tmp_path / "bad.onnx")
