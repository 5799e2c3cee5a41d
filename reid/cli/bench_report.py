"""The command `reid bench report`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid.core.errors import UsageError

if TYPE_CHECKING:
    from reid.lab.bench.report.stored import Stored


def report(
    results: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Results that --save or --json wrote, or folders of them; by default those that "
            "come with the package.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="Write one page: .html with plots, or .md.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots as one file.")] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write every figure and its interval as a row.")
    ] = None,
    latex: Annotated[
        Path | None, typer.Option(help="Write the tables for a paper (booktabs).")
    ] = None,
    pages: Annotated[
        bool,
        typer.Option("--pages", help="Renew README, cards and FIGURES.md of this checkout."),
    ] = False,
) -> None:
    """One page of the newest results, and which of them are of older weights.

    Example: reid bench report results/ --out figures.html --csv figures.csv
    """
    from reid.cli.console import complain
    from reid.lab.bench.report.freshness import newest
    from reid.lab.bench.report.pages import write_pages
    from reid.lab.bench.report.stored import STORED, read_results, readable_results

    if pages and results:
        raise UsageError("--pages is made of the results that come with the package: name none")
    found, problems = (read_results(results), []) if results else readable_results(STORED)
    for line in problems:
        complain(line, "not read", "yellow")
    shown = newest(found)
    written = write_pages() if pages else _written(shown, to, html, csv, latex)
    _tell(shown, written)


def _written(
    shown: "list[Stored]",
    to: Path | None,
    html: Path | None,
    csv: Path | None,
    latex: Path | None,
) -> list[Path]:
    """Write what was asked for, and return the files."""
    from reid.lab.bench.report.exports import write_csv, write_latex, write_text
    from reid.lab.bench.report.freshness import title
    from reid.lab.bench.report.html import write_report
    from reid.lab.bench.report.markdown import page

    if to is not None and to.suffix not in {".html", ".md"}:
        raise UsageError(f"--out {to}: end the name in .html or .md")
    named = {title(one): one.result for one in shown}
    if to is not None and to.suffix == ".md":
        write_text(to, page(shown))
    elif to is not None:
        write_report(named, to)
    for path, writer in ((html, write_report), (csv, write_csv), (latex, write_latex)):
        if path is not None:
            writer(named, path)
    return [path for path in (to, html, csv, latex) if path is not None]


def _tell(shown: "list[Stored]", written: list[Path]) -> None:
    """Print one line a result, what is of older weights, and the files written."""
    from reid.cli.console import complain, new_table, out
    from reid.lab.bench.report.freshness import outdated, title

    table = new_table("result", "figures")
    for one in shown:
        table.add_row(title(one), one.result.headline())
    out.print(table)
    for one in shown:
        if old := "; ".join(outdated(one.result.run)):
            again = one.result.run.command or f"reid bench {one.result.run.benchmark}"
            complain(f"{title(one)} ({old}): renew with `{again}`", "older weights", "yellow")
    for path in written:
        out.print(f"report: {path}", soft_wrap=True)
