"""Results as one self-contained HTML file: tables, plots, and how each was measured."""

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reid import __version__
from reid.lab.bench.report.drawing import as_svg
from reid.lab.bench.report.exports import write_text
from reid.lab.bench.report.freshness import outdated
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Table

_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;
color:#222;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.5rem}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.2rem .9rem .2rem 0;border-bottom:1px solid #eee}
th{font-weight:600;color:#555}.wide{overflow-x:auto}
svg{max-width:100%;height:auto;display:block;margin:1rem 0}
details{color:#555;font-size:.9rem}pre{white-space:pre-wrap}.old{border-left:4px solid #c8553d;
padding-left:1rem}
"""


def write_report(results: Mapping[str, Result], path: Path) -> None:
    """Write results (by name; a name may end in ``: label``) to an HTML file.

    What was measured with older weights than today's is folded, and says so.

    Raises:
        ModelError: matplotlib is not installed.
        SourceError: the file cannot be written.
    """
    sections = [_section(name, result) for name, result in results.items()]
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>reid benchmarks</title><style>{_STYLE}</style>"
        f"<h1>reid {html.escape(__version__)}: benchmarks</h1>"
        "<p>Figures are in per cent with 95 % intervals in brackets; intervals resample people "
        "(or photos), not images. Heads are redacted unless it says otherwise.</p>"
        + "".join(sections)
    )
    write_text(path, page)


def _section(name: str, result: Result) -> str:
    kind, _, label = name.partition(": ")
    title = html.escape(f"{kind}: {label}" if label else kind)
    body = f"<p>{html.escape(result.question)}</p>" + _command(result.run.command)
    body += "".join(_table(table) for table in result.tables())
    body += "".join(as_svg(plot, f"{kind}: plot") for plot in result.plots())
    run = html.escape(json.dumps(result.run.model_dump(mode="json"), indent=1, ensure_ascii=False))
    body += f"<details><summary>How it was measured</summary><pre>{run}</pre></details>"
    if old := "; ".join(outdated(result.run)):
        why = f"measured with older weights: {html.escape(old)}"
        body = f"<details class=old><summary>{why}</summary>{body}</details>"
    return f"<h2 id='{title}'>{title}</h2>{body}"


def _command(command: str | None) -> str:
    return f"<pre>{html.escape(command)}</pre>" if command else ""


def _table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(c)}</th>" for c in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in table.rows
    )
    note = f"<p>{html.escape(table.note)}</p>" if table.note else ""
    return f"<div class=wide><table><tr>{head}</tr>{rows}</table></div>{note}"
