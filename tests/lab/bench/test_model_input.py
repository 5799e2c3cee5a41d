"""What a network takes is read from it or named, never guessed: equal in every format."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from reid.core.boxes import empty_boxes
from reid.core.errors import ModelError, UsageError
from reid.core.pixels import HeadRegions
from reid.lab.bench.rivals.extractors import load_extractor
from reid.lab.bench.rivals.model_input import IMAGENET, input_of, named_input
from reid.lab.research_image import ResearchImage

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
PEERS = ("person-reidentification-retail-0286", "person-reidentification-retail-0288")


@pytest.fixture(scope="module")
def networks(tmp_path_factory) -> Path:
    """One small network as TorchScript, ONNX and OpenVINO, converted in three ways."""
    import openvino
    import torch

    folder = tmp_path_factory.mktemp("networks")
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    ).eval()
    image = torch.zeros(1, 3, 64, 32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(net, image), folder / "net.pt")
        torch.onnx.export(net, image, folder / "net.onnx", dynamo=False)
        inside = torch.nn.Sequential(normalisation(), net)
        torch.onnx.export(inside, image, folder / "inside.onnx", dynamo=False)
    openvino.save_model(openvino.convert_model(folder / "net.onnx"), folder / "converted.xml")
    read = openvino.Core().read_model(folder / "net.onnx")
    openvino.save_model(read, folder / "silent.xml")
    read.set_rt_info("123.675 116.28 103.53", ["model_info", "mean_values"])
    read.set_rt_info("58.395 57.12 57.375", ["model_info", "scale_values"])
    read.set_rt_info("YES", ["model_info", "reverse_input_channels"])
    openvino.save_model(read, folder / "model_api.xml")
    return folder


def normalisation():
    """Return the layer that fast-reid puts first: ImageNet's, of pixels in 0–255."""
    import torch

    class Inside(torch.nn.Module):
        def forward(self, x):
            mean, std = (torch.tensor(v * 255).float().reshape(1, 3, 1, 1) for v in (MEAN, STD))
            return (x - mean) / std

    return Inside()


@pytest.fixture(scope="module")
def crops():
    rng = np.random.default_rng(0)
    images = [ResearchImage(rng.integers(0, 255, (64, 32, 3), np.uint8)) for _ in range(3)]
    return [i.redacted(HeadRegions.of_known_boxes(i.frame().ref, empty_boxes())) for i in images]


@pytest.fixture(scope="module")
def expected(networks, crops):
    """Vectors by torch alone, pixels normalised in NumPy."""
    import torch

    rows = [(crop.pixels / 255 - MEAN) / STD for crop in crops]
    batch = torch.from_numpy(np.stack(rows).transpose(0, 3, 1, 2).astype(np.float32))
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        found = torch.jit.load(networks / "net.pt")(batch).numpy()
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["net.onnx", "converted.xml", "model_api.xml", "inside.onnx"])
def test_one_network_gives_the_same_vectors_in_every_format(name, networks, crops, expected):
    found = load_extractor(str(networks / name)).vectors(crops, None)
    np.testing.assert_allclose(found, expected, atol=0.01)  # bfloat16 where the machine has it


def test_a_network_that_does_not_say_is_asked_for_and_can_be_named(networks, crops, expected):
    with pytest.raises(ModelError, match="name --input rgb or bgr") as caught:
        load_extractor(str(networks / "silent.xml"))
    assert "\n" not in str(caught.value)
    units = (
        ("0.485,0.456,0.406", "0.229,0.224,0.225"),
        ("123.675 116.28 103.53", "58.395 57.12 57.375"),
    )
    for mean, std in units:
        named = named_input("rgb", mean, std, None)
        found = load_extractor(str(networks / "silent.xml"), None, named).vectors(crops, None)
        np.testing.assert_allclose(found, expected, atol=0.01)
    plain = load_extractor(str(networks / "silent.xml"), None, named_input("bgr", None, None, None))
    assert np.abs(plain.vectors(crops, None) - expected).max() > 0.05, "the order must tell"


@pytest.mark.parametrize("name", PEERS)
def test_known_peers_take_bgr_without_options(name, peers) -> None:
    import openvino

    path = peers / name / f"{name}.xml"
    found = input_of(openvino.Core().read_model(path), path)
    assert str(found) == "BGR 0–255 (rt_info)"
    silent = openvino.Core().read_model(path)
    silent.set_rt_info("", ["conversion_parameters", "mean_values"])
    assert str(input_of(silent, path)) == "BGR 0–255 (Open Model Zoo)", "known by its name"


def test_pixels_are_prepared_as_said() -> None:
    pixels = np.full((4, 2, 3), (10, 20, 30), np.uint8)
    plain = named_input("BGR", None, None, "2x4").prepare(pixels, (9, 9))
    assert plain.shape == (3, 4, 2)
    assert plain[:, 0, 0].tolist() == [30, 20, 10]
    half = named_input("rgb", "0.5", "0.5", None).prepare(pixels, (2, 4))
    np.testing.assert_allclose(half[:, 0, 0], np.array([10, 20, 30]) / 127.5 - 1, atol=1e-6)
    assert named_input(None, None, None, None) is None
    assert str(IMAGENET).startswith("RGB mean 123.675,116.28,103.53 std 58.395")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((None, "0.5", None, None), "--mean: name the order of colours, --input rgb or bgr"),
        (("gray", None, None, None), "--input rgb or bgr"),
        (("rgb", "a,b", None, None), "one number or three"),
        (("rgb", None, "0", None), "above 0"),
        (("rgb", None, None, "12"), "WIDTHxHEIGHT"),
    ],
)
def test_wrong_options_are_told_in_one_line(options, said) -> None:
    with pytest.raises(UsageError, match=said):
        named_input(*options)


def test_an_input_is_for_other_networks(networks) -> None:
    with pytest.raises(UsageError, match="--embedder"):
        load_extractor(None, None, IMAGENET)
    with pytest.raises(ModelError, match="takes images of 32×64: leave out --size"):
        load_extractor(str(networks / "net.onnx"), None, named_input("rgb", None, None, "8x8"))
