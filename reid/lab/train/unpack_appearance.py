"""A packed embedding → a network that can be trained further.

What ships is OpenVINO's network: weights in INT8 with a scale a channel, normalisation folded into
the convolutions before it. The weights are read back as numbers; what each batch norm would have
counted is counted anew on crops, so that the network says the same and its norms are norms again.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reid.core import columns
from reid.core.errors import ReidError
from reid.embed.card import Card, read_card
from reid.lab.train.net import AppearanceNet, Block, IbnNorm, NetConfig
from reid.weights.openvino import silence_telemetry

_PREFIX: Final = "__module.net."
_COUNTED_ON: Final = 512  # crops
_BATCH: Final = 64
_STAGES: Final = 3
_STEPS: Final = ("Add", "Multiply", "Divide")  # that change what a head says

Float = NDArray[np.float32]


class _Affine(NamedTuple):
    """y = scale * x + offset, by channel."""

    scale: Float
    offset: Float


class _Graph:
    """OpenVINO's network, asked by the names that its parts had in PyTorch."""

    def __init__(self, path: Path) -> None:
        silence_telemetry()
        import openvino

        self._model: Any = openvino.Core().read_model(path)  # its nodes live as long as it does
        self._nodes = {node.get_friendly_name(): node for node in self._model.get_ordered_ops()}

    def node(self, name: str) -> Any:
        return self._nodes[_PREFIX + name]

    def weight(self, name: str) -> Float:
        """Return the weights of the convolution or matrix product of this name."""
        node = self.node(name)
        weight = _value(node.input_value(1))
        if node.get_type_name() == "MatMul" and not node.get_attributes()["transpose_b"]:
            return weight.T
        return weight

    def folded(self, name: str) -> tuple[Float, Float]:
        """Return weights and offsets of a convolution into which the norm `name` was folded."""
        add = self.node(f"{name}/aten::batch_norm/BatchNormInference")
        convolution = add.input_value(0).get_node()
        return _value(convolution.input_value(1)), _value(add.input_value(1)).ravel()

    def affine(self, name: str) -> _Affine:
        """Return the scale and offset of an addition and the product before it."""
        add = self.node(name)
        product = add.input_value(0).get_node()
        return _Affine(_value(product.input_value(1)).ravel(), _value(add.input_value(1)).ravel())

    def calibrated(self, name: str) -> tuple[Float, Float]:
        """Return weights and offsets of a head, with its calibration.

        All that comes between its product and its probabilities, where what is said of an image
        and of its mirror image is added.
        """
        node = self.node(f"{name}/aten::linear/MatMul")
        weight = self.weight(f"{name}/aten::linear/MatMul")
        slope, offset = np.ones(len(weight), np.float32), np.zeros(len(weight), np.float32)
        while (node := _next(node)).get_type_name() != "Sigmoid":
            kind = node.get_type_name()
            if kind not in _STEPS:
                continue
            other = node.input_value(1)
            if other.get_node().get_type_name() == "VariadicSplit":  # the sum of two halves
                slope, offset = 2 * slope, 2 * offset
            elif kind == "Add":
                offset = offset + _value(other).ravel()
            else:
                by = _value(other).ravel()
                factor = np.asarray(by if kind == "Multiply" else 1 / by, np.float32)
                slope, offset = slope * factor, offset * factor
        return weight * slope[:, None], offset

    def sizes(self) -> NetConfig:
        """Return the sizes of the network, by the shapes of its weights and its strides.

        A stage begins where channels or strides change.
        """
        stem = self.weight("stem.0/aten::_convolution/Convolution")
        widths, blocks, strides = [len(stem)], list[int](), list[int]()
        while (node := self._first_convolution(sum(blocks))) is not None:
            outer, inner = _value(node.input_value(1)).shape[:2]
            stride = int(node.get_attributes()["strides"][0])
            if outer != inner or stride != 1:
                widths, blocks, strides = [*widths, outer], [*blocks, 0], [*strides, stride]
            blocks[-1] += 1
        dim = len(self.weight("squeeze/aten::linear/MatMul"))
        _, height, width, _ = self._model.input(0).get_partial_shape()
        return NetConfig(
            tuple(widths), tuple(blocks), tuple(strides),  # type: ignore[arg-type]
            dim, height.get_length(), width.get_length(),
        )  # fmt: skip

    def _first_convolution(self, block: int) -> Any | None:
        """Return a block's first convolution; None where there is no such block."""
        plain = f"{_PREFIX}trunk.{block}.conv1/aten::_convolution/Convolution"
        add = f"{_PREFIX}trunk.{block}.norm1/aten::batch_norm/BatchNormInference"
        if plain in self._nodes or add not in self._nodes:
            return self._nodes.get(plain)
        return self._nodes[add].input_value(0).get_node()  # the norm was folded into it


def _next(node: Any) -> Any:
    """Return the one node that takes what a node says; who asks for its shape alone does not.

    Raises:
        KeyError: it is not one.
    """
    takers = [taker.get_node() for taker in node.output(0).get_target_inputs()]  # in any order
    onward = [taker for taker in takers if taker.get_type_name() != "ShapeOf"]
    if len(onward) != 1:
        raise KeyError(node.get_friendly_name())
    return onward[0]


def _value(output: Any) -> Float:
    """Return what an output that depends on constants alone is worth."""
    node = output.get_node()
    kind = node.get_type_name()
    if kind == "Constant":
        return np.asarray(node.get_data(), np.float32)
    inputs = [_value(node.input_value(i)) for i in range(node.get_input_size())]
    if kind == "Convert":
        return inputs[0]
    if kind == "Multiply":
        return np.asarray(inputs[0] * inputs[1], np.float32)
    if kind == "Subtract":
        return np.asarray(inputs[0] - inputs[1], np.float32)
    raise KeyError(kind)


def unpacked(folder: Path, images: NDArray[np.uint8]) -> AppearanceNet:
    """Return a packed embedding as a network of its own sizes, to be trained further.

    Args:
        folder: what `reid train pack` wrote.
        images: as of `unpack`.

    Raises:
        ReidError: it holds no such embedding.
    """
    net = AppearanceNet(sizes_of(folder))
    unpack(net, folder, images)
    return net


def sizes_of(folder: Path) -> NetConfig:
    """Return the sizes of a packed embedding's network.

    Raises:
        ReidError: it holds no such embedding.
    """
    path = folder / "appearance.xml"
    try:
        sizes = _Graph(path).sizes()
        if len(sizes.blocks) != _STAGES:
            raise KeyError("stages")
    except (OSError, KeyError, IndexError, RuntimeError, AttributeError) as error:
        raise ReidError(
            f"{path} is no embedding that can be trained further ({type(error).__name__}): name "
            "a folder that `reid train pack` wrote"
        ) from None
    return sizes


@torch.no_grad()
def unpack(net: AppearanceNet, folder: Path, images: NDArray[np.uint8]) -> None:
    """Load a packed embedding's weights into a network of the same sizes.

    Args:
        net: left in training mode.
        folder: what `reid train pack` wrote.
        images: uint8 (N, H, W, 3); the first hundreds tell what the batch norms see.

    Raises:
        ReidError: it is of another network, or none.
    """
    path = folder / "appearance.xml"
    try:
        graph = _Graph(path)
        _load_stem_and_trunk(net, graph)
        _load_heads(net, graph, read_card(folder))
    except (OSError, KeyError, RuntimeError, AttributeError) as error:
        raise ReidError(
            f"{path} is no embedding of these sizes ({type(error).__name__}): "
            "name a folder that `reid train pack` wrote, and its --blocks"
        ) from None
    _count(net, images)


def _load_stem_and_trunk(net: AppearanceNet, graph: _Graph) -> None:
    _put(net.stem[0].weight, graph.weight("stem.0/aten::_convolution/Convolution"))
    _load_ibn(net.stem[1], graph, "stem.1")
    for number, block in enumerate(net.trunk):
        assert isinstance(block, Block)
        name = f"trunk.{number}"
        if isinstance(block.norm1, IbnNorm):
            weight = graph.weight(f"{name}.conv1/aten::_convolution/Convolution")
            _put(block.conv1.weight, weight)
            _load_ibn(block.norm1, graph, f"{name}.norm1")
        else:
            _load_folded(block.conv1, block.norm1, graph, f"{name}.norm1")
        _load_folded(block.conv2, block.norm2, graph, f"{name}.norm2")
        if isinstance(block.shortcut, nn.Sequential):
            _load_folded(block.shortcut[0], block.shortcut[1], graph, f"{name}.shortcut.1")


def _load_ibn(norm: nn.Module, graph: _Graph, name: str) -> None:
    assert isinstance(norm, IbnNorm)
    scale, offset = graph.affine(f"{name}.instance/aten::instance_norm/Add")
    _put(norm.instance.weight, scale)
    _put(norm.instance.bias, offset)
    _set_norm(norm.batch, graph.affine(f"{name}.batch/aten::batch_norm/BatchNormInference"))


def _load_folded(convolution: nn.Module, norm: nn.Module, graph: _Graph, name: str) -> None:
    weight, offset = graph.folded(name)
    _put(convolution.weight, weight)
    _set_norm(norm, _Affine(np.ones_like(offset), offset))


def _load_heads(net: AppearanceNet, graph: _Graph, card: Card) -> None:
    name = "regions/aten::_convolution"
    _put(net.regions.weight, graph.weight(f"{name}/Convolution"))
    _put(net.regions.bias, _value(graph.node(f"{name}/Add").input_value(1)).ravel())
    _put(net.squeeze.weight, graph.weight("squeeze/aten::linear/MatMul"))
    _set_norm(net.neck, graph.affine("neck/aten::batch_norm/BatchNormInference"))
    bias = _value(graph.node("visible/aten::linear/Add").input_value(1)).ravel()
    weight = graph.weight("visible/aten::linear/MatMul")
    _load_head(net.visible, weight, bias, card.rows("visible"))
    for head, layer in (("attributes", net.attributes), ("body", net.body)):
        _load_head(layer, *graph.calibrated(head), card.rows(head))


def _load_head(layer: Any, weight: Float, bias: Float, rows: NDArray[np.intp]) -> None:
    """Load a head whose columns are at `rows` (K,) of the packed one's; others stay as they are."""
    known = np.flatnonzero(rows != columns.MISSING)
    for parameter, packed in ((layer.weight, weight), (layer.bias, bias)):
        merged = parameter.detach().cpu().numpy().copy()
        merged[known] = packed[rows[known]]
        _put(parameter, merged)


def _put(parameter: Any, value: Float) -> None:
    if tuple(parameter.shape) != value.shape:
        raise KeyError(f"{value.shape} for {tuple(parameter.shape)}")
    parameter.copy_(torch.from_numpy(np.array(value)))


def _set_norm(norm: Any, affine: _Affine) -> None:
    """Make a batch norm say scale * x + offset while it is not training."""
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    _put(norm.weight, affine.scale)
    _put(norm.bias, affine.offset)


def _count(net: AppearanceNet, images: NDArray[np.uint8]) -> None:
    """Let batch norms know mean and variance of what they see; what they say stays the same."""
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    counts: dict[nn.Module, list[Tensor]] = {norm: [] for norm in norms}

    def note(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].transpose(0, 1).flatten(1).double()
        counts[norm].append(torch.stack([x.mean(1), (x**2).mean(1)]))

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    device = next(net.parameters()).device
    net.eval()
    step = max(len(images) // _COUNTED_ON, 1)
    some = images[::step]
    for begin in range(0, len(some), _BATCH):
        x = torch.from_numpy(some[begin : begin + _BATCH]).to(device)
        net(x.permute(0, 3, 1, 2).float() / 255)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        mean, square = torch.stack(counts[norm]).mean(0)
        _recentre(norm, mean.float(), (square - mean**2).clamp(min=1e-6).float())
    net.train()


def _recentre(norm: Any, mean: Tensor, variance: Tensor) -> None:
    norm.bias.add_(norm.weight * mean)
    norm.weight.mul_(torch.sqrt(variance + norm.eps))
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
