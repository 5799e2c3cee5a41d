"""Results for spreadsheets and for papers: CSV, a row a figure, and LaTeX tables."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from reid.core.errors import SourceError
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Shown, Table

CSV_COLUMNS: Final = (
    "benchmark", "data", "command", "table", "row", "column", "shown", "value", "low", "high",
)  # fmt: skip
"""`value`, `low` and `high` (95 %) are in the units shown, mostly per cent; empty for words."""

_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
        "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        "×": r"$\times$", "÷": r"$\div$", "–": "--", "°": r"$^\circ$", "·": r"$\cdot$",
    }
)  # fmt: skip


def write_csv(results: Mapping[str, Result], path: Path) -> None:
    """Write every cell of every table as a row.

    Raises:
        SourceError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for name, result in results.items():
        run = result.run
        about = (name, run.data_name or "", run.command or "")
        writer.writerows((*about, *cell) for cell in _cells(result))
    write_text(path, text.getvalue())


def write_queries(results: Mapping[str, Result], path: Path) -> None:
    """Write a row a query: what was asked, and at which rank it was answered.

    Raises:
        SourceError: no result has single queries, or the file cannot be written.
    """
    tables = [result.queries for result in results.values() if result.queries is not None]
    if len(tables) != 1:
        names = ", ".join(results)
        raise SourceError(f"{names}: one benchmark with single queries is needed for --queries")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([tables[0].columns, *tables[0].rows])
    write_text(path, text.getvalue())


def write_latex(results: Mapping[str, Result], path: Path) -> None:
    """Write tables for a paper that loads the package booktabs.

    Raises:
        SourceError: the file cannot be written.
    """
    parts = ["% needs \\usepackage{booktabs}; intervals are at 95 %"]
    for name, result in results.items():
        parts.append(f"\n% {name}: {result.run.command or ''}".rstrip(": "))
        parts += [_latex(table) for table in result.tables()]
    write_text(path, "\n".join(parts) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file, and its folder.

    Raises:
        SourceError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror})") from None


def _cells(result: Result) -> Iterator[tuple[str | int | float, ...]]:
    for number, table in enumerate(result.tables(), start=1):
        for row in table.rows:
            for column, cell in zip(table.columns[1:], row[1:], strict=True):
                yield (number, row[0], column, cell, *_numbers(cell))


def _numbers(cell: str) -> tuple[str | float, str | float, str | float]:
    """Return value and both ends as numbers: to the digits that are stored, where it has any."""
    if isinstance(cell, Shown):
        ends = cell.ends or ("", "")
        return cell.value, *ends
    found = re.fullmatch(r"[+-]?\d[\d,]*(?:\.\d+)?", cell)
    return (float(cell.replace(",", "")) if found else ""), "", ""


def _latex(table: Table) -> str:
    heads = " & ".join(_escaped(column) for column in table.columns)
    rows = [" & ".join(_escaped(cell) for cell in row) + r" \\" for row in table.rows]
    note = [rf"\par\smallskip{{\footnotesize {_escaped(table.note)}}}"] if table.note else []
    lines = [
        rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}",
        r"\toprule",
        rf"{heads} \\",
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
        *note,
    ]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.translate(_LATEX)
