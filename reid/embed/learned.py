"""The learned embedding: one pass of a network trained on synthetic people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from reid.core import columns
from reid.core.errors import ModelError
from reid.core.pixels import EmbeddableCrop, Image
from reid.embed.card import read_card
from reid.embed.colour import Light
from reid.embed.features import Features
from reid.embed.paint import told_of_paint
from reid.weights.openvino import compile_model

_BATCH: Final = 32


class LearnedEmbedder:
    """A network in OpenVINO's format with its ``model.toml``.

    Its outputs are read by the names of their columns that the card states. What it lacks of the
    vocabulary is not estimated (NaN), what the vocabulary lacks is left out.

    Args:
        folder: holds ``appearance.xml``, ``appearance.bin`` and ``model.toml``.

    Raises:
        ModelError: something of that is missing, does not fit the rest, or is of another
            vocabulary.
    """

    def __init__(self, folder: Path) -> None:
        card = read_card(folder)
        self._model: Any = compile_model(folder / "appearance.xml")
        self._size = _input_size(self._model)
        widths = _output_widths(self._model)
        if "vector" not in widths:
            raise ModelError(f"{folder} is not an embedder (no output is named 'vector')")
        card.check_outputs(folder, widths)
        self.dim = widths["vector"]
        self.model_id: str = card.model_id
        self._places = {table: card.places(table) for table in columns.TABLES}

    def describe(self, crops: Sequence[EmbeddableCrop], light: Light) -> Features:
        """Return the features of N crops; the network sees through a camera's light itself."""
        features = Features.unestimated(len(crops), self.dim)
        for begin in range(0, len(crops), _BATCH):
            rows = slice(begin, begin + _BATCH)
            outputs = self._model(np.stack([fitted(crop, *self._size) for crop in crops[rows]]))
            features.vectors[rows] = outputs["vector"]
            for table, places in self._places.items():
                if (places != columns.MISSING).any():
                    getattr(features, table)[rows] = columns.take(outputs[table], places)
        return features


def fitted(crop: EmbeddableCrop, height: int, width: int) -> Image:
    """Return a crop's pixels at the size that a network takes: uint8 (height, width, 3)."""
    how = cv2.INTER_AREA if crop.height > height else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(told_of_paint(crop), (width, height), interpolation=how), np.uint8)


def _input_size(model: Any) -> tuple[int, int]:
    shape = model.input(0).get_partial_shape()  # batch, height, width, 3
    return shape[1].get_length(), shape[2].get_length()


def _output_widths(model: Any) -> dict[str, int]:
    """Return how many columns each output has, by its name."""
    return {
        output.get_any_name(): int(output.get_partial_shape()[1].get_length())
        for output in model.outputs
    }
