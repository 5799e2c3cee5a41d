"""What a network takes: order of colours, mean, scale and size, read from the model or named."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ModelError, UsageError
from reid.core.pixels import Image

Float = NDArray[np.float32]
Order = Literal["rgb", "bgr"]
Triple = tuple[float, float, float]
Size = tuple[int, int]

_ZERO: Final[Triple] = (0.0, 0.0, 0.0)
_ONE: Final[Triple] = (1.0, 1.0, 1.0)
_IMAGENET_MEAN: Final[Triple] = (123.675, 116.28, 103.53)
_NAMES: Final = ("--input", "--mean", "--std", "--size")
_ONNX_GRAPH: Final = "onnx_Frontend_IR"
_OPEN_MODEL_ZOO: Final = re.compile(
    r"person-(reidentification|attributes-recognition)-[a-z]+-\d{4}"
)


@dataclass(frozen=True, slots=True)
class ModelInput:
    """How pixels are handed to a network: (value − mean) ÷ std, by channel.

    Attributes:
        order: of the channels.
        mean, std: in units of pixels in 0–255, in that order.
        size: (width, height) in pixels; None where the network's own counts.
        source: where this is known from, for the reader of a result.
    """

    order: Order
    mean: Triple = _ZERO
    std: Triple = _ONE
    size: Size | None = None
    source: str = "named"

    def prepare(self, pixels: Image, size: Size) -> Float:
        """Return float32 (3, h, w) of uint8 RGB (H, W, 3), resized to `size` (w, h)."""
        scaled = cv2.resize(pixels, self.size or size, interpolation=cv2.INTER_LINEAR)
        ordered = scaled[..., ::-1] if self.order == "bgr" else scaled
        mean, std = (np.array(values, np.float32) for values in (self.mean, self.std))
        values = (ordered.astype(np.float32) - mean) / std
        return np.ascontiguousarray(values.transpose(2, 0, 1), np.float32)

    def __str__(self) -> str:
        values = "0–255"
        if self.mean != _ZERO or self.std != _ONE:
            mean, std = (",".join(f"{v:g}" for v in row) for row in (self.mean, self.std))
            values = f"mean {mean} std {std}"
        return f"{self.order.upper()} {values} ({self.source})"


IMAGENET: Final = ModelInput(
    "rgb", _IMAGENET_MEAN, (58.395, 57.12, 57.375), source="ImageNet's, as torch networks take"
)
"""What torchreid's, timm's and torchvision's networks take."""


def named_input(
    order: str | None, mean: str | None, std: str | None, size: str | None
) -> ModelInput | None:
    """Return what the options say, None where they say nothing.

    Args:
        order: ``rgb`` or ``bgr``.
        mean, std: one number or three, like ``0.485,0.456,0.406``, of pixels in 0–1; of pixels in
            0–255 where one of all of them is over 1. Without both, pixels are 0–255 as they are.
        size: ``WIDTHxHEIGHT``; by default the network's own.

    Raises:
        UsageError: not of these forms, or `order` is missing.
    """
    given = [n for n, v in zip(_NAMES, (order, mean, std, size), strict=True) if v is not None]
    if not given:
        return None
    known = next((o for o in ("rgb", "bgr") if o == (order or "").lower()), None)
    if known is None:
        raise UsageError(f"{', '.join(given)}: name the order of colours, --input rgb or bgr")
    middle = _ZERO if mean is None else _triple("--mean", mean)
    spread = _ONE if std is None else _triple("--std", std)
    if min(spread) <= 0:
        raise UsageError(f"--std {std}: a standard deviation is above 0")
    if (mean or std) and max(*middle, *spread) <= 1:  # of pixels in 0–1
        middle, spread = _times(middle, 255), _times(spread, 255)
    return ModelInput(known, middle, spread, None if size is None else _size(size))


def input_of(model: Any, path: Path) -> ModelInput:
    """Return what an OpenVINO model says that it takes.

    Read in this order: Model API's ``model_info``, the converter's ``conversion_parameters``, the
    names of Open Model Zoo, a mean subtracted inside the network. A model that came from ONNX or
    torch and says nothing else takes what those networks take, `IMAGENET`.

    Raises:
        ModelError: it cannot be known.
    """
    readers: tuple[Callable[[Any, Path], ModelInput | None], ...] = (
        _model_info, _converted, _open_model_zoo, _normalised_inside, _as_torch,
    )  # fmt: skip
    found = next((known for read in readers if (known := read(model, path)) is not None), None)
    if found is None:
        raise ModelError(
            f"{path} does not say what pixels it takes: name --input rgb or bgr, "
            "and --mean and --std unless it takes 0–255"
        )
    return found


def _triple(name: str, text: str) -> Triple:
    try:
        values = [float(part) for part in re.split(r"[,\s]+", text.strip(" []()"))]
    except ValueError:
        values = []
    if len(values) not in {1, 3} or not np.isfinite(values).all():
        raise UsageError(f"{name} {text}: give one number or three, like 0.485,0.456,0.406")
    first, second, third = values * 3 if len(values) == 1 else values
    return first, second, third


def _times(values: Triple, factor: float) -> Triple:
    return values[0] * factor, values[1] * factor, values[2] * factor


def _size(text: str) -> Size:
    match = re.fullmatch(r"(\d+)[x×](\d+)", text.strip())
    if match is None or not int(match[1]) * int(match[2]):
        raise UsageError(f"--size {text}: give WIDTHxHEIGHT, like 128x256")
    return int(match[1]), int(match[2])


@dataclass(frozen=True, slots=True)
class _Noted:
    """Mean, scale and reversed channels, as ``rt_info`` notes them; None where it does not."""

    mean: Triple | None
    scale: Triple | None
    reversed: bool

    @classmethod
    def under(cls, model: Any, section: str) -> Self:
        """Read one section."""
        read = {name: _noted(model, section, name) for name in _RT_NAMES}
        return cls(
            _numbers(read["mean_values"]),
            _numbers(read["scale_values"]),
            read["reverse_input_channels"].lower() in {"true", "yes", "1"},
        )


_RT_NAMES: Final = ("mean_values", "scale_values", "reverse_input_channels")


def _noted(model: Any, *place: str) -> str:
    return str(model.get_rt_info(list(place)).value) if model.has_rt_info(list(place)) else ""


def _numbers(text: str) -> Triple | None:
    """Return the three numbers of ``data[123.675,116.28,103.53]`` or ``123.675 116.28 103.53``."""
    inner = text[text.find("[") + 1 :].rstrip("]") if "[" in text else text
    return _triple("rt_info", inner) if inner.strip() else None


def _model_info(model: Any, path: Path) -> ModelInput | None:
    """Model API feeds BGR, reversed where it says so, then normalised, unless that is inside."""
    del path
    noted = _Noted.under(model, "model_info")
    if noted.mean is None and noted.scale is None:
        return None
    if _noted(model, "model_info", "embedded_processing").lower() in {"true", "yes", "1"}:
        return ModelInput("bgr", source="rt_info")
    order: Order = "rgb" if noted.reversed else "bgr"
    return ModelInput(order, noted.mean or _ZERO, noted.scale or _ONE, source="rt_info")


def _converted(model: Any, path: Path) -> ModelInput | None:
    """A converter's mean and scale are inside the network, which takes 0–255.

    Means are noted in the order that the network was trained with; reversed channels turn it over.
    """
    del path
    noted = _Noted.under(model, "conversion_parameters")
    order = None if noted.mean is None else _order_of(noted.mean)
    if order is None:
        return None
    turned: dict[Order, Order] = {"rgb": "bgr", "bgr": "rgb"}
    return ModelInput(turned[order] if noted.reversed else order, source="rt_info")


def _order_of(mean: Sequence[float]) -> Order | None:
    """Return the order that ImageNet's means, of pixels in 0–255, stand in."""
    for order, known in (("rgb", _IMAGENET_MEAN), ("bgr", _IMAGENET_MEAN[::-1])):
        if np.allclose(mean, known, atol=1.0):
            return "rgb" if order == "rgb" else "bgr"
    return None


def _open_model_zoo(model: Any, path: Path) -> ModelInput | None:
    names = (path.stem, _noted(model, "conversion_parameters", "model_name"))
    known = any(_OPEN_MODEL_ZOO.fullmatch(name) for name in names)
    return ModelInput("bgr", source="Open Model Zoo") if known else None


def _normalised_inside(model: Any, path: Path) -> ModelInput | None:
    """A network whose first step subtracts ImageNet's mean of 0–255 takes 0–255."""
    del path
    for reader in model.inputs[0].get_target_inputs():
        node = reader.get_node()
        if node.get_type_name() in {"Subtract", "Add"}:
            sources = [node.input_value(i).get_node() for i in range(2)]
            constants = [n for n in sources if n.get_type_name() == "Constant"]
            values = [np.abs(np.ravel(n.data)) for n in constants if np.size(n.data) == 3]
            order = _order_of(values[0].tolist()) if values else None
            if order is not None:
                return ModelInput(order, source="the network's first step")
    return None


def _as_torch(model: Any, path: Path) -> ModelInput | None:
    """Only where no channels were reversed and nothing was subtracted on the way."""
    noted = _Noted.under(model, "conversion_parameters")
    read = {n: _noted(model, "conversion_parameters", n) for n in ("framework", "input_model")}
    converted = bool(_noted(model, "conversion_parameters", "is_python_object"))
    from_torch = (
        read["framework"] in {"onnx", "pytorch"}
        or read["input_model"].endswith((".onnx", ".pt", ".pth"))
        or (converted and model.get_friendly_name() == _ONNX_GRAPH)
    )
    changed = noted.reversed or noted.mean is not None or noted.scale is not None
    return IMAGENET if (path.suffix == ".onnx" or from_torch) and not changed else None
