"""What the commands of `reid bench` print and write."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from reid.lab.bench.report.result import Result

Outcome = TypeVar("Outcome")


def watched(
    label: str, total: int | None, work: Callable[[Callable[[int], None]], Outcome]
) -> Outcome:
    """Do `work` under a progress bar."""
    from reid.cli.console import progress_bar

    with progress_bar(label, total) as progress:
        return work(progress)


def tell(name: str, result: "Result", as_json: bool, html: Path | None) -> None:
    """Print a result, and write its report if asked."""
    from reid.cli.bench_show import show
    from reid.cli.console import print_json

    if as_json:
        print_json(result.to_json())
    else:
        show(result)
    write_page({name: result}, html, as_json)


def write_page(results: Mapping[str, "Result"], html: Path | None, as_json: bool) -> None:
    """Write results as one page, if asked."""
    from reid.cli.console import out
    from reid.lab.bench.report.html import write_report

    if html is not None:
        write_report(results, html)
        if not as_json:
            out.print(f"report: {html}")
