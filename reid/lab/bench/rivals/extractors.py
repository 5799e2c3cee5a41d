"""Appearance vectors from any model: ours, OpenVINO, ONNX, torch weights, a function of yours."""

import importlib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from reid.core.errors import ModelError, ReidError, UsageError
from reid.core.pixels import EmbeddableCrop, Image
from reid.embed import CropEmbedder, Light
from reid.lab.bench.rivals.model_input import IMAGENET, ModelInput, Size, input_of
from reid.weights.openvino import silence_telemetry

Float = NDArray[np.float32]

_BASELINE: Final = "regions"
_BATCH: Final = 64
_FUNCTION: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_SAFE: Final = ".safetensors"
_TORCH_SIZE: Final = (128, 256)  # width, height: what re-identification networks are trained at


class Extractor(Protocol):
    """Turns crops into vectors of one space.

    Attributes:
        model_id: names the space.
        weights: the file or folder that the weights were read from; None where there is none.
    """

    @property
    def model_id(self) -> str: ...
    @property
    def weights(self) -> Path | None: ...

    def vectors(self, crops: Sequence[EmbeddableCrop], light: Light) -> Float:
        """Return unit vectors (N, D) of N crops seen by one camera under `light`."""
        ...


def load_extractor(
    given: str | None, arch: str | None = None, named: ModelInput | None = None
) -> Extractor:
    """Return the product's own embedder, or the one asked for.

    Args:
        given: an OpenVINO ``.xml``, an ``.onnx`` file, TorchScript, a checkpoint of `arch`, a
            Python function as ``module:function``; or one of the product's: a folder, or
            ``regions`` for the baseline.
        arch: what a checkpoint's weights belong to: a name of torchvision's models, or
            ``timm:NAME`` where timm is installed.
        named: what the network takes; by default what its file says.

    Raises:
        ModelError: missing, damaged, of a kind that is not known, or silent about what it takes.
        UsageError: an input is named for one of the product's.
    """
    if given is None or given == _BASELINE or (Path(given) / "model.toml").is_file():
        if named is not None:
            raise UsageError("--input is for other networks: name one with --embedder")
        return EmbedderVectors(*own_embedder(given))
    path = Path(given)
    if not path.exists() and _FUNCTION.fullmatch(given):
        return FunctionExtractor(given)
    if not path.exists():
        raise ModelError(f"{path} does not exist: name a model file with --embedder")
    if path.suffix in {".xml", ".onnx"}:
        return OpenVinoExtractor(path, named)
    if path.suffix in {".pt", ".pth", ".ts", ".torchscript", ".tar", _SAFE}:
        return TorchExtractor(path, arch, named)
    raise ModelError(
        f"{path} is no known kind of model: use .xml, .onnx, .pt, .pth, {_SAFE} or module:function"
    )


def described_extractor(extractor: Extractor) -> dict[str, JsonValue]:
    """Return what a record says of a model besides its weights: architecture, what it takes."""
    takes = getattr(extractor, "input", None)
    return {
        "model": extractor.model_id,
        "architecture": getattr(extractor, "arch", None),
        "input": None if takes is None else str(takes),
    }


def own_embedder(given: str | None = None) -> tuple[CropEmbedder, Path | None]:
    """Return one of the product's embedders, and the folder of its weights if it has any.

    `given` is a folder, ``regions`` for the baseline, or None for what the product uses.
    """
    from reid.loading import IndexOptions, load_embedder
    from reid.weights import registry

    embedder = load_embedder(IndexOptions(embedder=given))
    if given is not None:
        return embedder, None if given == _BASELINE else Path(given)
    shipped = registry.find_embedder()
    return embedder, shipped.folder if shipped else None


class EmbedderVectors:
    """The appearance vectors of one of the product's embedders."""

    def __init__(self, embedder: CropEmbedder, weights: Path | None = None) -> None:
        self._embedder = embedder
        self.weights = weights

    @property
    def model_id(self) -> str:
        return self._embedder.model_id

    def vectors(self, crops: Sequence[EmbeddableCrop], light: Light) -> Float:
        """Return unit vectors (N, D)."""
        return unit(self._embedder.describe(crops, light).vectors)


class OpenVinoExtractor:
    """A network in OpenVINO's or ONNX's format.

    What it takes is read from the file (`model_input.input_of`) or named. The size is the network's
    own, or 128 × 256 where it is free.
    The precision is what OpenVINO chooses for the machine (bfloat16 where the processor has it);
    between it and float32, 2 of 224 queries have been seen to change.

    Raises:
        ModelError: unreadable, not one image in and one vector out, or silent about what it takes.
    """

    def __init__(self, path: Path, named: ModelInput | None = None) -> None:
        self.weights = path
        self.model_id = path.stem
        self._network, self._size, found = read_openvino_sized(path, named)
        self.input = found

    def vectors(self, crops: Sequence[EmbeddableCrop], light: Light) -> Float:
        """Return unit vectors (N, D)."""
        rows = [self.input.prepare(crop.pixels, self._size) for crop in crops]
        found = [np.array(self._network(row[None])[0], np.float32).ravel() for row in rows]
        return unit(np.stack(found))


class TorchExtractor:
    """TorchScript, or a checkpoint of a named architecture; by default it takes `IMAGENET`.

    Raises:
        ModelError: unreadable, or the weights do not fit the architecture.
    """

    def __init__(self, path: Path, arch: str | None, named: ModelInput | None = None) -> None:
        self.weights = path
        self.input, self.arch = named or IMAGENET, arch
        self.model_id = path.stem if arch is None else f"{arch}/{path.stem}"
        self._model: Any = _scripted(path) if arch is None else _checkpoint(path, arch)
        self._model.eval()
        self._size = _size_of(self._model)

    def vectors(self, crops: Sequence[EmbeddableCrop], light: Light) -> Float:
        """Return unit vectors (N, D)."""
        import torch

        found = []
        with torch.inference_mode():
            for start in range(0, len(crops), _BATCH):
                chosen = crops[start : start + _BATCH]
                batch = np.stack([self.input.prepare(c.pixels, self._size) for c in chosen])
                result = self._model(torch.from_numpy(batch))
                result = result[0] if isinstance(result, (tuple, list)) else result
                found.append(result.flatten(1).float().numpy())
        return unit(np.concatenate(found))


class FunctionExtractor:
    """A function of yours: a list of N uint8 RGB arrays (H, W, 3) → (N, D), any numbers.

    The images are redacted, as every other model sees them, and of any size.

    Args:
        name: ``module:function``; modules beside the working folder are found too.

    Raises:
        ModelError: it cannot be imported, or is no function.
    """

    weights = None

    def __init__(self, name: str) -> None:
        self.model_id = name
        module, _, attribute = name.partition(":")
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.append(here)
        try:
            self._function: Any = getattr(importlib.import_module(module), attribute)
        except Exception as error:  # importing runs code of theirs
            raise ModelError(f"{name} cannot be imported ({type(error).__name__})") from None
        if not callable(self._function):
            raise ModelError(f"{name} is no function: name one that returns (N, D) of N images")

    def vectors(self, crops: Sequence[EmbeddableCrop], light: Light) -> Float:
        """Return unit vectors (N, D).

        Raises:
            ModelError: the function returned another shape.
        """
        found = [
            np.asarray(self._function([crop.pixels.copy() for crop in crops[i : i + _BATCH]]))
            for i in range(0, len(crops), _BATCH)
        ]
        if any(one.ndim != 2 for one in found) or sum(map(len, found)) != len(crops):
            raise ModelError(f"{self.model_id} must return (N, D) of N images")
        return unit(np.concatenate(found))


def unit(vectors: NDArray[Any]) -> Float:
    """Return rows scaled to length one; a zero row stays."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)


def as_bgr(pixels: Image, size: tuple[int, int]) -> Float:
    """Return float32 (3, h, w), BGR in [0, 255], of uint8 RGB (H, W, 3); `size` is (w, h)."""
    scaled = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(scaled[..., ::-1].transpose(2, 0, 1), np.float32)


def read_openvino(path: Path, size: Size) -> Callable[[Float], Any]:
    """Return the network in `path`, which must take images of `size` (w, h).

    Raises:
        ModelError: missing, damaged or of another size.
    """
    network, found = _compiled(_read(path), path, None)
    if found != size:
        raise ModelError(f"{path} takes images of {found[0]}×{found[1]}, not {size[0]}×{size[1]}")
    return network


def read_openvino_sized(
    path: Path, named: ModelInput | None = None
) -> tuple[Callable[[Float], Any], Size, ModelInput]:
    """Return the network in `path` (one image in), the size (w, h) that it takes, and its input.

    Raises:
        ModelError: missing, damaged, not one image in, of another size than is named, or silent
            about what it takes where that is not named.
    """
    model = _read(path)
    found = named or input_of(model, path)
    network, size = _compiled(model, path, found.size)
    if found.size not in {None, size}:
        raise ModelError(f"{path} takes images of {size[0]}×{size[1]}: leave out --size")
    return network, size, found


def _read(path: Path) -> Any:
    try:
        silence_telemetry()
        import openvino

        return openvino.Core().read_model(path)
    except Exception as error:  # OpenVINO raises RuntimeError for everything
        raise ModelError(f"{path} cannot be read ({type(error).__name__})") from None


def _compiled(model: Any, path: Path, wanted: Size | None) -> tuple[Callable[[Float], Any], Size]:
    """Compile a network; `wanted` counts where it leaves its size free."""
    import openvino

    try:
        shape = model.inputs[0].partial_shape
        if len(model.inputs) != 1 or shape.rank.get_length() != 4:
            raise ValueError("not one image in")
        height, width = (d.get_length() if d.is_static else None for d in (shape[2], shape[3]))
        free = wanted or _TORCH_SIZE
        size = (width or free[0], height or free[1])
        if shape.is_dynamic:
            model.reshape([1, 3, size[1], size[0]])
        return openvino.Core().compile_model(model, "CPU"), size
    except Exception as error:  # OpenVINO raises RuntimeError for everything
        raise ModelError(f"{path} cannot be read ({type(error).__name__})") from None


def _scripted(path: Path) -> Any:
    import torch

    try:
        return torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    except Exception as error:  # torch raises RuntimeError, zip and pickle errors
        raise ModelError(
            f"{path} is not TorchScript ({type(error).__name__}): "
            f"name the architecture of a checkpoint with --arch"
        ) from None


def _checkpoint(path: Path, arch: str) -> Any:
    import torch

    model = _architecture(arch)
    try:
        safe = path.suffix == _SAFE
        saved: Any = (
            _safe(path) if safe else torch.load(path, map_location="cpu", weights_only=True)
        )
        state = saved.get("state_dict", saved.get("model", saved))
        wanted = model.state_dict()
        fits = fitting({name: value.shape for name, value in wanted.items()}, state)
        missing = [n for n in wanted if n not in fits]
        if missing:
            raise ModelError(f"{path} lacks {len(missing)} weights of {arch}, e.g. {missing[0]}")
        model.load_state_dict(fits)
    except ReidError:
        raise
    except Exception as error:  # torch raises whatever pickle raises
        raise ModelError(f"{path} is not a checkpoint ({type(error).__name__})") from None
    return model


def _safe(path: Path) -> dict[str, Any]:
    try:
        from safetensors.torch import load_file
    except ImportError:
        raise UsageError(f"{path} needs safetensors: run `pip install safetensors`") from None
    return load_file(path)


def fitting(wanted: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights of a checkpoint that a network wants, by the network's names.

    Trainers put a network into others: torchreid's names begin with ``module.``, fast-reid's with
    ``backbone.``, others' with ``model.`` or ``base.``. The prefix under which most fit counts.

    Args:
        wanted: shapes by name.
        state: arrays by name.
    """
    prefixes = {""}
    for name in state:
        parts = name.split(".")
        prefixes |= {".".join(parts[:n]) + "." for n in range(1, len(parts))}
    found: dict[str, Any] = {}
    for prefix in sorted(prefixes):
        named = {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}
        fits = {
            n: v for n, v in named.items() if n in wanted and tuple(v.shape) == tuple(wanted[n])
        }
        found = max(found, fits, key=len)
    return found


def _size_of(model: Any) -> Size:
    """Return what a network takes (w, h): its own fixed size where timm notes one."""
    noted = getattr(model, "pretrained_cfg", None) or {}
    fixed = noted.get("fixed_input_size") and noted.get("input_size")
    return (int(fixed[2]), int(fixed[1])) if fixed else _TORCH_SIZE


def _architecture(arch: str) -> Any:
    """Return a network without its classifier: the pooled features come out."""
    import torch

    if arch.startswith("timm:"):
        try:
            import timm
        except ImportError:
            raise UsageError(f"--arch {arch} needs timm: run `pip install timm`") from None
        return timm.create_model(arch.removeprefix("timm:"), pretrained=False, num_classes=0)
    import torchvision

    if arch not in torchvision.models.list_models():
        raise UsageError(f"--arch {arch} is no model of torchvision: try resnet50, or timm:NAME")
    model = torchvision.models.get_model(arch, weights=None)
    for last in ("fc", "classifier", "head", "heads"):
        if hasattr(model, last):
            setattr(model, last, torch.nn.Identity())
    return model
