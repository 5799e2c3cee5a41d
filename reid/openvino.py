"""OpenVINO, loaded such that it does not call home."""

import sys
from pathlib import Path
from typing import Any

from reid.errors import ModelError


def silence_telemetry() -> None:
    """Keep OpenVINO's telemetry from being imported at all: no look-up, no file."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def compile_model(path: Path) -> Any:
    """Return an OpenVINO model compiled for the CPU.

    Raises:
        ModelError: missing or not a model.
    """
    silence_telemetry()
    import openvino

    if not path.is_file():
        raise ModelError(f"{path} does not exist: name an OpenVINO .xml file")
    try:
        core = openvino.Core()
        return core.compile_model(str(path), "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    except RuntimeError as error:
        raise ModelError(f"{path} is not a model that OpenVINO reads") from error
