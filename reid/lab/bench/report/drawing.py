"""Plots as vector graphics (SVG), drawn by matplotlib."""

import html
import io
import re
import zlib

from reid.core.errors import ModelError
from reid.lab.bench.report.plots import Plot


def as_svg(plot: Plot, label: str) -> str:
    """Return one plot as an `<svg>` element: text stays text, and the same plot the same bytes.

    Raises:
        ModelError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError:
        raise ModelError("a report needs matplotlib: pip install 'matplotlib>=3.9'") from None
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "reid", "font.family": "sans-serif"}):
        figure = Figure(figsize=(8, 4), layout="constrained")
        FigureCanvasSVG(figure)
        plot(figure.add_subplot())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawn = buffer.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    # ids of one plot must not be those of another on the same page
    prefix = re.sub(r"\W", "", label) + format(zlib.crc32(drawn.encode()), "x")
    drawn = re.sub(r'((?:\bid="|href="#|url\(#))', rf"\g<1>{prefix}", drawn)
    return drawn.replace("<svg", f'<svg role="img" aria-label="{html.escape(label)}"', 1)
