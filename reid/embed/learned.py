"""The learned embedding: one pass of a network trained on synthetic people."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from reid.embed.colour import Light
from reid.embed.features import Features
from reid.errors import ModelError
from reid.openvino import compile_model
from reid.pixels import EmbeddableCrop
from reid.vocabulary import ATTRIBUTE_COLUMNS, BODY_COLUMNS

_BATCH: Final = 32
_OUTPUTS: Final = ("vector", "attributes", "body", "visible")


class LearnedEmbedder:
    """A network in OpenVINO's format with its ``model.toml``.

    Args:
        folder: holds ``appearance.xml``, ``appearance.bin`` and ``model.toml``.

    Raises:
        ModelError: something of that is missing or of another vocabulary.
    """

    def __init__(self, folder: Path) -> None:
        try:
            described = tomllib.loads((folder / "model.toml").read_text())
            self.model_id: str = described["model_id"]
            unestimated = described["not_estimated"]
        except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
            raise ModelError(f"{folder} is not an embedder ({type(error).__name__})") from None
        self._model: Any = compile_model(folder / "appearance.xml")
        self._size = _input_size(self._model)
        self.dim = int(self._model.output("vector").get_partial_shape()[1].get_length())
        self._blind = _blind_columns(unestimated)

    def describe(self, crops: Sequence[EmbeddableCrop], light: Light) -> Features:
        """Return the features of N crops; the network sees through a camera's light itself."""
        features = Features.unestimated(len(crops), self.dim)
        for begin in range(0, len(crops), _BATCH):
            rows = slice(begin, begin + _BATCH)
            outputs = self._model(np.stack([self._fit(crop) for crop in crops[rows]]))
            for name, column in zip(
                _OUTPUTS,
                (features.vectors, features.attributes, features.body, features.visible),
                strict=True,
            ):
                column[rows] = outputs[name]
        attributes, body = self._blind
        features.attributes[:, attributes] = np.nan
        features.body[:, body] = np.nan
        return features

    def _fit(self, crop: EmbeddableCrop) -> np.ndarray[Any, np.dtype[np.uint8]]:
        height, width = self._size
        how = cv2.INTER_AREA if crop.height > height else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(crop.pixels, (width, height), interpolation=how), np.uint8)


def _input_size(model: Any) -> tuple[int, int]:
    shape = model.input(0).get_partial_shape()  # batch, height, width, 3
    return shape[1].get_length(), shape[2].get_length()


def _blind_columns(names: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the attribute and body columns that the model does not estimate."""
    blind = set(names)
    return (
        [i for i, c in enumerate(ATTRIBUTE_COLUMNS) if f"{c.slot}={c.value}" in blind],
        [i for i, c in enumerate(BODY_COLUMNS) if f"{c.slot}={c.value}" in blind],
    )
