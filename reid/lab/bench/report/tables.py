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


def figure(value: float | None, ends: Sequence[float] | None = None) -> str:
    """Return a share as in tables of the field, in per cent: 93.3 [90, 96]."""
    if value is None:
        return "-"
    if ends is None:
        return f"{value * 100:.1f}"
    return f"{value * 100:.1f} [{ends[0] * 100:.0f}, {ends[1] * 100:.0f}]"
