"""The table that a description is ranked over: one column per attribute, column-major."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from reid import vocabulary
from reid.rank.evened import evened
from reid.rank.neighbours import usual_rate
from reid.records import SightingKey, Sightings

Floats = NDArray[np.float32]

EVENED: Final = frozenset({"upper.colour", "outer.colour", "lower.colour"})
"""Slots whose columns are given less what a camera says of everybody (`reid.rank.evened`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """N sightings to rank, by column.

    Columns are stored one after the other in memory (Fortran order), so that a query touches only
    the columns that it asks for; the first query over a column also remembers its mean.

    Attributes:
        keys: N keys.
        attributes: float32 (N, K), probability per `vocabulary.ATTRIBUTE_COLUMNS`, NaN where the
            model does not estimate it.
        body: float32 (N, B), probability per `vocabulary.BODY_COLUMNS`, NaN likewise.
        visible: float32 (N, P), visible share per `vocabulary.PARTS`, in [0, 1].
        vectors: float32 (N, D), unit norm, or None; used by feedback only.
    """

    keys: Sequence[SightingKey]
    attributes: Floats
    body: Floats
    visible: Floats
    vectors: Floats | None = None
    rates: dict[object, float] = field(default_factory=dict, init=False, repr=False)
    seen: dict[str, Floats] = field(default_factory=dict, init=False, repr=False)
    fair: dict[vocabulary.Column, Floats] = field(default_factory=dict, init=False, repr=False)
    codes: list[tuple[list[str], NDArray[np.intp]]] = field(
        default_factory=list, init=False, repr=False
    )

    def __post_init__(self) -> None:
        n = len(self.keys)
        widths = {
            "attributes": len(vocabulary.ATTRIBUTE_COLUMNS),
            "body": len(vocabulary.BODY_COLUMNS),
            "visible": len(vocabulary.PARTS),
        }
        for name, width in widths.items():
            table = np.asarray(getattr(self, name))
            if table.shape != (n, width):
                raise ValueError(f"Gallery.{name} must have shape {(n, width)}, got {table.shape}")
            object.__setattr__(self, name, np.asfortranarray(table, dtype=np.float32))
        if self.vectors is not None and (self.vectors.ndim != 2 or len(self.vectors) != n):
            raise ValueError(f"Gallery.vectors must have shape ({n}, D), got {self.vectors.shape}")

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def of(cls, sightings: Sightings) -> "Gallery":
        """Make a gallery of sightings already in memory."""
        return cls(
            sightings.keys,
            sightings.attributes,
            sightings.body,
            sightings.visible,
            sightings.vectors,
        )

    def cameras(self) -> tuple[list[str], NDArray[np.intp]]:
        """Return the cameras by name, and the number (N,) of each sighting's (remembered)."""
        if not self.codes:
            self.codes.append(_coded(self.keys))
        return self.codes[0]

    def column(self, slot: str, value: str) -> Floats | None:
        """Return the probabilities (N,) of one value, or None where there is no such column.

        Colours of garments are as `evened` gives them (remembered).
        """
        key = vocabulary.Column(slot, value)
        if slot in EVENED and key in vocabulary.ATTRIBUTE_INDEX:
            if key not in self.fair:
                said = self.attributes[:, vocabulary.ATTRIBUTE_INDEX[key]]
                self.fair[key] = evened(said, self.cameras()[1], usual_rate(slot, value))
            return self.fair[key]
        if key in vocabulary.ATTRIBUTE_INDEX:
            return self.attributes[:, vocabulary.ATTRIBUTE_INDEX[key]]
        if key in vocabulary.BODY_INDEX:
            return self.body[:, vocabulary.BODY_INDEX[key]]
        return None

    def part(self, slot: str) -> Floats:
        """Return the visible share (N,) of the body part that a slot is read from."""
        return self.visible[:, vocabulary.PART_INDEX[vocabulary.SLOTS[slot].part]]

    def estimated(self, slot: str) -> bool:
        """Whether the model says anything about a slot, for any sighting."""
        values: Iterable[str] = vocabulary.SLOTS[slot].values
        columns = (self.column(slot, value) for value in values)
        return any(column is not None and not bool(np.isnan(column).all()) for column in columns)


@runtime_checkable
class _Columnar(Protocol):
    """Keys that are kept by column, so that a million of them need not be built."""

    def coded(self, name: str) -> tuple[NDArray[np.int32], tuple[str, ...]]: ...


def _coded(keys: Sequence[SightingKey]) -> tuple[list[str], NDArray[np.intp]]:
    """Return the cameras by name, and the number (N,) of each key's."""
    if isinstance(keys, _Columnar):
        codes, cameras = keys.coded("camera")
        return list(cameras), np.asarray(codes, np.intp)
    names = sorted({key.camera for key in keys})
    number = {name: i for i, name in enumerate(names)}
    return names, np.asarray([number[key.camera] for key in keys], np.intp)
