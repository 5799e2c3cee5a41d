"""The embedding as shipped: OpenVINO's network, in 16 bits or in INT8, and its ``model.toml``."""

import hashlib
import importlib.util
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reid.embed.card import CARD, columns_toml
from reid.lab.train.export import Calibration
from reid.lab.train.net import AppearanceNet, both_ways
from reid.lab.train.quantise import in_int8
from reid.weights.openvino import silence_telemetry

NAME: Final = "appearance"
OUTPUTS: Final = ("vector", "attributes", "body", "visible")
_CALIBRATED_ON: Final = 900  # crops
_BATCH: Final = 64
_TRUNK: Final = "__module.net.trunk."

Float = NDArray[np.float32]


class Packed(nn.Module):
    """The network as shipped: uint8 images in, unit vectors and probabilities out.

    An image and its mirror image are seen, for what both say: somebody may as well come from the
    other side.
    """

    attributes_slope: Tensor
    attributes_offset: Tensor
    body_slope: Tensor
    body_offset: Tensor

    def __init__(self, net: AppearanceNet, attributes: Calibration, body: Calibration) -> None:
        super().__init__()
        self.net = net
        for name, calibration in (("attributes", attributes), ("body", body)):
            self.register_buffer(f"{name}_slope", torch.from_numpy(calibration.slope))
            self.register_buffer(f"{name}_offset", torch.from_numpy(calibration.offset))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Map (B, H, W, 3) to vector (B, D), attributes (B, K), body (B, C), visible (B, P)."""
        outputs = both_ways(self.net, images.permute(0, 3, 1, 2).float() / 255)
        attributes = outputs.attributes * self.attributes_slope + self.attributes_offset
        body = outputs.body * self.body_slope + self.body_offset
        return (
            outputs.vector,
            torch.sigmoid(attributes),
            torch.sigmoid(body),
            torch.sigmoid(outputs.visible),
        )


def converted(packed: Packed) -> Any:
    """Return OpenVINO's model of a network; any number of images at once."""
    silence_telemetry()
    import openvino

    config = packed.net.config
    shape = (-1, config.height, config.width, 3)
    packed.eval()
    model: Any = openvino.convert_model(
        packed,
        example_input=torch.zeros(2, *shape[1:], dtype=torch.uint8),
        input=[(shape, openvino.Type.u8)],
    )
    for output, name in zip(model.outputs, OUTPUTS, strict=True):
        output.get_tensor().set_names({name})
    return model


def can_quantise() -> bool:
    """Whether NNCF is installed."""
    return importlib.util.find_spec("nncf") is not None


def quantised(model: Any, images: NDArray[np.uint8]) -> Any:
    """Return the model with its trunk in INT8, ranges calibrated on images uint8 (N, H, W, 3).

    The stem, the pooling and the heads stay in 16 bits: in INT8 they cost .03 of mAP and save
    nothing.
    """
    step = max(len(images) // _CALIBRATED_ON, 1)
    names = [operation.get_friendly_name() for operation in model.get_ordered_ops()]
    kept = [name for name in names if "aten::" in name and not name.startswith(_TRUNK)]
    return in_int8(model, [image[None] for image in images[::step]], kept, careful=True)


def run_model(model: Any, images: NDArray[np.uint8]) -> dict[str, Float]:
    """Return what a model says of images uint8 (N, H, W, 3), by the names of `OUTPUTS`."""
    silence_telemetry()
    import openvino

    compiled = openvino.compile_model(model, "CPU")
    batches = [compiled(images[begin : begin + _BATCH]) for begin in range(0, len(images), _BATCH)]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in OUTPUTS}


def write(model: Any, folder: Path, model_id: str, blind: list[str]) -> None:
    """Write an OpenVINO model and ``model.toml`` with its hashes into `folder`.

    Args:
        model: what `converted` or `quantised` returned.
        folder: made if missing.
        model_id: names the model and its vector space.
        blind: ``slot=value`` of what it does not estimate.
    """
    import openvino

    folder.mkdir(parents=True, exist_ok=True)
    openvino.save_model(model, folder / f"{NAME}.xml", compress_to_fp16=True)
    files = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in (f"{NAME}.xml", f"{NAME}.bin")
    }
    listed = "".join(f'    "{name}",\n' for name in blind)
    hashes = "\n".join(f'"{name}" = "{digest}"' for name, digest in files.items())
    (folder / CARD).write_text(
        f'kind = "embedder"\nmodel_id = "{model_id}"\nentry = "."\nlicence = "AGPL-3.0-or-later"\n'
        f"not_estimated = [\n{listed}]\n\n{columns_toml()}\n[files]\n{hashes}\n"
    )
