"""Any model in one line: functions, checkpoints under prefixes, safetensors."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from reid.core.errors import ModelError
from reid.embed import Light
from reid.lab.bench.rivals import extractors
from reid.lab.bench.rivals.extractors import fitting, load_extractor
from tests.making import redacted_noise

ARCH = "squeezenet1_1"

MODULE = """
import numpy as np

def mean_colour(images):
    assert all(image.dtype == np.uint8 and image.shape[2] == 3 for image in images)
    return [image.mean(axis=(0, 1)) for image in images]

def one_for_all(images):
    return np.zeros((1, 4))

def paints(images):
    images[0][:] = 0
    return mean_colour(images)

number = 3
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "mine_to_try.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "mine_to_try", raising=False)
    return "mine_to_try"


def crops():
    return [redacted_noise(seed) for seed in range(70)]


def test_a_function_of_one_s_own_is_a_model(module: str) -> None:
    extractor = load_extractor(f"{module}:mean_colour")
    assert (extractor.model_id, extractor.weights) == (f"{module}:mean_colour", None)
    found = extractor.vectors(crops(), Light.of([]))
    assert found.shape == (70, 3)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    expected = crops()[69].pixels.mean(axis=(0, 1))
    assert found[69] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


def test_what_a_function_paints_is_its_own_copy(module: str) -> None:
    kept = crops()
    before = kept[0].pixels.copy()
    load_extractor(f"{module}:paints").vectors(kept, Light.of([]))
    assert np.array_equal(kept[0].pixels, before)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("number", "is no function"),
        ("missing", "cannot be imported"),
        ("one_for_all", "must return"),
    ],
)
def test_what_is_no_such_function_is_said_in_a_line(module: str, name: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        load_extractor(f"{module}:{name}").vectors(crops(), Light.of([]))


def test_a_prefix_under_which_most_weights_fit_is_taken_off() -> None:
    wanted = {"conv.weight": (2, 3), "conv.bias": (2,)}
    state = {
        "module.backbone.conv.weight": np.zeros((2, 3)),
        "module.backbone.conv.bias": np.zeros(2),
        "module.classifier.weight": np.zeros((9, 2)),
        "module.conv.bias": np.zeros(2),
    }
    assert set(fitting(wanted, state)) == set(wanted)
    assert fitting(wanted, {"conv.weight": np.zeros((9, 9))}) == {}


@pytest.mark.parametrize("prefix", ["", "module.", "backbone."])
def test_safetensors_give_what_the_network_gives(tmp_path: Path, prefix: str) -> None:
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file
    torch.manual_seed(0)
    network = extractors._architecture(ARCH).eval()
    state = {f"{prefix}{name}": value for name, value in network.state_dict().items()}
    save_file({**state, "head.weight": torch.zeros(7, 2)}, tmp_path / "net.safetensors")
    extractor = load_extractor(str(tmp_path / "net.safetensors"), ARCH)
    few = crops()[:2]
    found = extractor.vectors(few, Light.of([]))
    with torch.inference_mode():
        images = [extractors.IMAGENET.prepare(one.pixels, (128, 256)) for one in few]
        exact = network(torch.from_numpy(np.stack(images))).flatten(1).numpy()
    assert found == pytest.approx(exact / np.linalg.norm(exact, axis=1, keepdims=True), abs=1e-5)


def test_a_network_of_one_size_is_given_that_size() -> None:
    fixed = {"fixed_input_size": True, "input_size": (3, 224, 200)}
    assert extractors._size_of(SimpleNamespace(pretrained_cfg=fixed)) == (200, 224)
    assert extractors._size_of(SimpleNamespace()) == (128, 256)
