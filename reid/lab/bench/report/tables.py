"""Tables: what the terminal and the report both show."""

from collections.abc import Sequence
from dataclasses import dataclass

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, rows, and a line below."""

    columns: Row
    rows: tuple[Row, ...]
    note: str = ""


class Shown(str):
    """A figure as it is shown, which still knows its number.

    Attributes:
        value: in the units shown, per cent, to the digits that are stored.
        ends: of its 95 % interval, in the same units; None where it has none.
    """

    __slots__ = ("ends", "value")

    value: float
    ends: tuple[float, float] | None


def figure(value: float | None, ends: Sequence[float] | None = None) -> str:
    """Return a share as in tables of the field, in per cent: 93.3 [90, 96]."""
    if value is None:
        return "-"
    text = f"{value * 100:.1f}"
    text += "" if ends is None else f" {ends_of(ends)}"
    shown = Shown(text)
    shown.value = round(100 * value, 4)
    shown.ends = None if ends is None else (round(100 * ends[0], 4), round(100 * ends[1], 4))
    return shown


def ends_of(ends: Sequence[float]) -> str:
    """Return an interval in per cent: [90, 96]."""
    return f"[{ends[0] * 100:.0f}, {ends[1] * 100:.0f}]"
