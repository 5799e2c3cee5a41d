"""OpenVINO, loaded such that it does not call home."""

import sys
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ModelError

_SIZES_KEPT: Final = 12  # compiled models, where each is of one size
_FIRST_USE: Final = threading.Lock()


def silence_telemetry() -> None:
    """Keep OpenVINO's telemetry from being imported at all: no look-up, no file."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def prepare_openvino() -> None:
    """Import OpenVINO silently and convert one array there and back, in one thread at a time.

    Its tables of dtypes are C++ statics, built by the first conversion. Where two threads make that
    together, one holds the interpreter's lock and waits for the static's guard, the other holds the
    guard and waits for the interpreter: the whole process stands still, and no signal ends it.
    """
    silence_telemetry()
    with _FIRST_USE:
        import openvino

        tensor = openvino.Tensor(np.zeros(1, np.float32))
        tensor.element_type.to_dtype()
        np.asarray(tensor.data)


def compile_model(path: Path, shape: tuple[int, ...] | None = None) -> Any:
    """Return a model (OpenVINO or ONNX) compiled for the CPU, for inputs of one `shape` if given.

    Raises:
        ModelError: missing or not a model.
    """
    prepare_openvino()
    import openvino

    if not path.is_file():
        raise ModelError(f"{path} does not exist: name an OpenVINO .xml file")
    try:
        core = openvino.Core()
        model = core.read_model(str(path))
        if shape is not None:
            model.reshape(list(shape))
        return core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    except RuntimeError as error:
        raise ModelError(f"{path} is not a model that OpenVINO reads") from error


class BySize:
    """Runs an OpenVINO backend of ultralytics as one compiled model for each size of picture."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._of_shape = lru_cache(_SIZES_KEPT)(self._compiled)

    def __call__(self, pictures: Any, **_: object) -> list[NDArray[Any]]:
        """Return the outputs for a torch tensor (B, 3, H, W)."""
        values = pictures.cpu().numpy().astype(np.float32, copy=False)
        return list(self._of_shape(values.shape)(values).values())

    def _compiled(self, shape: tuple[int, ...]) -> Any:
        model = self._backend.read_model()
        model.reshape(list(shape))
        return self._backend.compile_model(model)
