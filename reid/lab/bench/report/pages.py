"""The generated text of this repository: the page of figures, and blocks in README and cards."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from reid.core.errors import UsageError
from reid.lab.bench.report.drawing import as_svg
from reid.lab.bench.report.exports import write_text
from reid.lab.bench.report.freshness import newest, title
from reid.lab.bench.report.markdown import has_block, page, slug, with_blocks
from reid.lab.bench.report.stored import STORED, Stored, readable_results

ROOT: Final = Path(__file__).parents[4]
"""Of a checkout."""

FIGURES: Final = STORED.parent / "FIGURES.md"
_PLOTS: Final = ROOT / ".github" / "figures"
_PLOTS_FROM_PAGE: Final = "../../../.github/figures/"
_WITH_BLOCKS: Final = ("README.md", "models/*/README.md")


def generated(root: Path = ROOT) -> dict[Path, str]:
    """Return the text that each page with figures should have, made of the stored results."""
    results, problems = readable_results(STORED)
    pages = {path: with_blocks(text, results) for path, text in _with_blocks(root)}
    return {FIGURES: page(results, _PLOTS_FROM_PAGE, problems), **pages}


def write_pages() -> list[Path]:
    """Write all generated text and plots of this checkout anew, and return their paths.

    Raises:
        ModelError: matplotlib is not installed.
        UsageError: this is no checkout, but an installed package.
    """
    if not (ROOT / "pyproject.toml").is_file():
        raise UsageError("--pages is for a checkout: name a file with --out instead")
    pages = generated()
    for path, text in pages.items():
        write_text(path, text)
    return [*pages, *_write_plots(newest(readable_results(STORED)[0]))]


def _with_blocks(root: Path) -> Iterator[tuple[Path, str]]:
    for pattern in _WITH_BLOCKS:
        for path in sorted(root.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            if has_block(text):
                yield path, text


def _write_plots(shown: Sequence[Stored]) -> list[Path]:
    """Write every plot, and take away those that no page shows any more."""
    drawn = {
        _PLOTS / f"{slug(title(one))}-{number}.svg": as_svg(plot, title(one))
        for one in shown
        for number, plot in enumerate(one.result.plots(), start=1)
    }
    for path, text in drawn.items():
        write_text(path, text + "\n")
    for old in set(_PLOTS.glob("*.svg")) - set(drawn):
        old.unlink()
    return list(drawn)
