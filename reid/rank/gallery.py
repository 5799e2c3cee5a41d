"""The table that a description is ranked over: one column per attribute, column-major."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.body_measures import WIDTH
from reid.core.quantised import QuantisedProbabilities
from reid.core.records import SightingKey, Sightings
from reid.rank import stature
from reid.rank.camera_bias import odds_factors, with_odds_times
from reid.rank.camera_geometry import CameraPrior
from reid.rank.confusions import usual_rate

Floats = NDArray[np.float32]
Rows = NDArray[np.intp] | slice
ALL: Final = slice(None)

REMEMBERED: Final = 1_000_000_000
"""Bytes of columns that are kept as floats: all of a million sightings', a few of ten million's."""

CAMERA_CORRECTED: Final = frozenset({"upper.colour", "outer.colour", "lower.colour"})
"""Slots whose columns are given without their cameras' bias (`reid.rank.camera_bias`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """N sightings to rank, by column.

    Columns are stored one after the other in memory (Fortran order), so that a query touches only
    the columns that it asks for; the first query over a column also remembers its mean. A store's
    beliefs stay in one byte each; up to `REMEMBERED` of them are remembered as floats.

    Attributes:
        keys: N keys.
        attributes: float32 (N, K), probability per `vocabulary.ATTRIBUTE_COLUMNS`, NaN where the
            model does not estimate it.
        body: float32 (N, B), probability per `vocabulary.BODY_COLUMNS`, NaN likewise.
        visible: float32 (N, P), visible share per `vocabulary.PARTS`, in [0, 1]; NaN likewise.
        vectors: float32 (N, D), unit norm, or None; used by feedback only.
        measures: float32 (N, M), per `reid.core.body_measures.FIELDS`, or None. They say more of
            ages and heights than the model does, and are looked at only when those are asked for.
        mountings: camera → what is known of how it hangs, where anything is.
        in_view: float32 (N, P), share of each body part that redaction has left, or None; NaN
            where not recorded. Of a part under paint nothing is known but how common things are.
    """

    keys: Sequence[SightingKey]
    attributes: Floats | QuantisedProbabilities
    body: Floats | QuantisedProbabilities
    visible: Floats | QuantisedProbabilities
    vectors: Floats | None = None
    measures: Floats | None = None
    mountings: Mapping[str, CameraPrior] = field(default_factory=dict)
    in_view: Floats | QuantisedProbabilities | None = None
    rates: dict[object, float] = field(default_factory=dict, init=False, repr=False)
    seen: dict[tuple[str, ...], Floats] = field(default_factory=dict, init=False, repr=False)
    shown: dict[tuple[str, ...], Floats | None] = field(
        default_factory=dict, init=False, repr=False
    )
    made: dict[vocabulary.Column, Floats] = field(default_factory=dict, init=False, repr=False)
    lifts: dict[vocabulary.Column, Floats] = field(default_factory=dict, init=False, repr=False)
    codes: list[tuple[list[str], NDArray[np.intp]]] = field(
        default_factory=list, init=False, repr=False
    )
    tall: list[stature.Statures] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        n = len(self.keys)
        widths = {
            "attributes": len(vocabulary.ATTRIBUTE_COLUMNS),
            "body": len(vocabulary.BODY_COLUMNS),
            "visible": len(vocabulary.PARTS),
        }
        for name, width in widths.items():
            table = getattr(self, name)
            if not isinstance(table, QuantisedProbabilities):
                table = np.asfortranarray(table, dtype=np.float32)
            if table.shape != (n, width):
                raise ValueError(f"Gallery.{name} must have shape {(n, width)}, got {table.shape}")
            object.__setattr__(self, name, table)
        if self.measures is not None and self.measures.shape != (n, WIDTH):
            shape = self.measures.shape
            raise ValueError(f"Gallery.measures must have shape {(n, WIDTH)}, got {shape}")
        if self.in_view is not None and self.in_view.shape != (n, widths["visible"]):
            shape = self.in_view.shape
            raise ValueError(
                f"Gallery.in_view must have shape {(n, widths['visible'])}, got {shape}"
            )
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
            sightings.measures,
            in_view=sightings.in_view,
        )

    def cameras(self) -> tuple[list[str], NDArray[np.intp]]:
        """Return the cameras by name, and the number (N,) of each sighting's (remembered)."""
        if not self.codes:
            self.codes.append(_coded(self.keys))
        return self.codes[0]

    def measured(self) -> bool:
        """Whether the boxes of any sighting were measured (remembered)."""
        if "measured" not in self.rates:
            none = self.measures is None or bool(np.isnan(self.measures).all())
            self.rates["measured"] = float(not none)
        return bool(self.rates["measured"])

    def statures(self) -> stature.Statures:
        """Return everybody's height beside the usual adult's (remembered)."""
        if not self.tall:
            assert self.measures is not None
            names, codes = self.cameras()
            known = {names.index(c): p for c, p in self.mountings.items() if c in names}
            self.tall.append(stature.statures(self.measures, codes, known))
        return self.tall[0]

    def column(self, slot: str, value: str, rows: Rows = ALL) -> Floats | None:
        """Return the probabilities of one value, of all rows or some; None: no such column.

        Colours of garments are without their cameras' bias, and parts under paint as if nobody had
        looked. The whole column is remembered where there is room, and made anew for the rows
        asked for where there is none.
        """
        key = vocabulary.Column(slot, value)
        table, place = self._place(key)
        if table is None:
            return None
        if key not in self.made and slot in stature.SLOTS and self.measured():
            self._make_stature()
        as_it_is = slot not in CAMERA_CORRECTED and self._unpainted(slot) is None
        if isinstance(table, np.ndarray) and as_it_is and key not in self.made:
            return np.asarray(table[:, place][rows])
        if key in self.made:
            return self.made[key][rows]
        if 4 * len(self) * (len(self.made) + 1) > REMEMBERED:
            return self._made(key, rows)
        self.made[key] = self._made(key, ALL)
        return self.made[key][rows]

    def unknown(self, slot: str, value: str) -> bool:
        """Whether one value is estimated for nobody, or there is no such column."""
        if slot in stature.SLOTS and self.measured():
            return False
        table, place = self._place(vocabulary.Column(slot, value))
        if isinstance(table, QuantisedProbabilities):
            return table.unknown(place)
        return table is None or bool(np.isnan(table[:, place]).all())

    def _place(self, key: vocabulary.Column) -> tuple[Floats | QuantisedProbabilities | None, int]:
        if key in vocabulary.ATTRIBUTE_INDEX:
            return self.attributes, vocabulary.ATTRIBUTE_INDEX[key]
        if key in vocabulary.BODY_INDEX:
            return self.body, vocabulary.BODY_INDEX[key]
        return None, 0

    def _made(self, key: vocabulary.Column, rows: Rows) -> Floats:
        said = self._said(key, rows)
        if key.slot not in CAMERA_CORRECTED:
            return said
        codes = self.cameras()[1]
        if key not in self.lifts:
            usual = usual_rate(key.slot, key.value)
            self.lifts[key] = odds_factors(self._said(key, ALL), codes, usual)
        return with_odds_times(said, self.lifts[key][codes[rows]])

    def _said(self, key: vocabulary.Column, rows: Rows) -> Floats:
        """Return what was believed of some rows (n,), the usual rate where all is paint."""
        table, place = self._place(key)
        assert table is not None
        said: Floats = table[rows, place]
        left = self._unpainted(key.slot)
        if left is None:
            return said
        usual = np.float32(usual_rate(key.slot, key.value))
        return np.asarray(usual + left[rows] * (said - usual), np.float32)

    def _unpainted(self, slot: str) -> Floats | None:
        """Return what redaction left (N,) to answer a slot; None where that is all (remembered)."""
        parts = vocabulary.told_from(slot)
        if parts not in self.shown:
            left = None
            if self.in_view is not None:
                places = [vocabulary.PART_INDEX[part] for part in parts]
                left = np.nan_to_num(self.in_view[:, places], nan=1.0).max(axis=1)
            whole = left is None or bool((left >= 1).all())
            self.shown[parts] = None if whole else np.asarray(left, np.float32)
        return self.shown[parts]

    def _make_stature(self) -> None:
        """Remember the columns of age and height, with what is known of everybody's height."""
        said = {
            value: self._made(vocabulary.Column("body.age", value), ALL) for value in stature.AGES
        }
        believed = stature.beliefs(self.statures(), np.stack(list(said.values()), axis=1))
        for slot, values in zip(stature.SLOTS, believed, strict=True):
            for place, value in enumerate(vocabulary.SLOTS[slot].values):
                column = np.ascontiguousarray(values[:, place])
                self.made[vocabulary.Column(slot, value)] = column

    def part(self, slot: str) -> Floats:
        """Return the visible share (N,) of the body part that a slot is read from.

        Where that is painted and another part serves as well, it is the other's.
        """
        own, *others = (vocabulary.PART_INDEX[part] for part in vocabulary.told_from(slot))
        share = self.visible[:, own]
        if not others or self.in_view is None:
            return share
        beside = np.fmax(share, self.visible[:, others].max(axis=1))
        return np.where(self.in_view[:, own] < 1, beside, share)

    def estimated(self, slot: str) -> bool:
        """Whether the model says anything about a slot, for any sighting."""
        values: Iterable[str] = vocabulary.SLOTS[slot].values
        return not all(self.unknown(slot, value) for value in values)


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
