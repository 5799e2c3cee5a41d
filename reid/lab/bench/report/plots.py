"""What plots of all benchmarks share: colours, and how a line chart is finished."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Plot = Callable[["Axes"], None]
"""Draws into matplotlib's axes."""

OURS: Final = "#1b6ca8"
RIVAL: Final = "#c8553d"
CHANCE: Final = "#999999"


def finish(axes: "Axes", *, legend: bool = True) -> None:
    """Add a faint grid, and a legend."""
    if legend:
        axes.legend(frameon=False)
    axes.grid(alpha=0.3)
