"""Post-training quantisation to INT8, by OpenVINO's NNCF."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.weights.openvino import silence_telemetry


def in_int8(
    model: Any,
    samples: Sequence[NDArray[np.generic]],
    kept: Sequence[str] = (),
    *,
    careful: bool = False,
) -> Any:
    """Return an OpenVINO model in INT8.

    Args:
        model: in 16 or 32 bits.
        samples: inputs by whose activations the ranges are set.
        kept: names of operations that stay as they are.
        careful: correct what rounding shifts by running the network as it is so far for every
            layer, not by a guess for all: minutes instead of seconds.
    """
    silence_telemetry()
    with redirect_stdout(sys.stderr):  # its log and progress are not the command's answer
        import nncf

        return nncf.quantize(
            model,
            nncf.Dataset(list(samples)),
            preset=nncf.QuantizationPreset.MIXED,
            ignored_scope=nncf.IgnoredScope(names=list(kept)),
            subset_size=len(samples),
            fast_bias_correction=not careful,
        )
