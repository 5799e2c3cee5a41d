"""Results as Markdown: the page of all figures, and the short tables of README and cards."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from reid.lab.bench.report.freshness import family, newest, outdated, title
from reid.lab.bench.report.stored import Stored
from reid.lab.bench.report.tables import Table

RENEW: Final = "reid bench report --pages"
"""Writes all generated text anew."""

_HEAD: Final = """# Figures

Made by `reid bench report` of the results in [results](results); not written by hand. Shares are
in per cent, 95 % intervals in brackets: Wilson's of shares, else people, or photos, are resampled.
Heads are redacted unless it says otherwise. Commands name data and weights by their names alone;
[how to run and how to read](README.md).
"""
_FOLD_FROM: Final = 16  # rows: longer tables are folded
_BLOCK: Final = re.compile(
    r"(<!-- figures(?: of (?P<model>[\w-]+))?: [^>]*-->\n).*?(<!-- end of figures -->)", re.DOTALL
)


def page(results: Iterable[Stored], plots: str = "", problems: Sequence[str] = ()) -> str:
    """Return the page of all figures: what is of today's weights first, older ones behind.

    Args:
        results: of any age; the newest of each command is shown.
        plots: address of the folder of plots, ending in ``/``; without it none are shown.
        problems: a line each of results that cannot be read any more.
    """
    shown = newest(results)
    current = [one for one in shown if not outdated(one.result.run)]
    older = [one for one in shown if outdated(one.result.run)]
    parts = [_HEAD, _contents(shown), *(_section(one, plots) for one in current)]
    if older:
        parts += ["# Of older weights\n", *(_section(one, plots) for one in older)]
    if problems:
        parts += ["# Not read any more\n", *(f"- {_escaped(line)}" for line in problems), ""]
    return "\n".join(parts)


def headlines(results: Iterable[Stored], model: str | None = None) -> str:
    """Return a table of one line a result of our weights.

    With `model` only those that measure a model of this family; the one that looks for heads in
    ready-made crops is only at work there.
    """
    lines = ["| measured | per cent, 95 % interval | command |", "|---|---|---|"]
    for one in newest(results):
        run, headline = one.result.run, one.result.headline()
        ours = [name for name in run.weights if not name.startswith("against ")]
        if not headline or not set(ours) <= set(run.models):
            continue
        measured = {family(found) for role, found in run.models.items() if role != "heads"}
        if model is None or model in measured:
            old = "; ".join(outdated(run))
            said = f"{headline} **(older weights: {old})**" if old else headline
            cells = (title(one), said, f"`{run.command or one.path.stem}`")
            lines.append(f"| {' | '.join(_escaped(cell) for cell in cells)} |")
    return "\n".join(lines) + "\n"


def with_blocks(text: str, results: Sequence[Stored]) -> str:
    """Return a page whose marked blocks are made anew; the rest stays as it is."""
    return _BLOCK.sub(lambda found: found[1] + headlines(results, found["model"]) + found[3], text)


def has_block(text: str) -> bool:
    """Whether a page has a place for figures."""
    return _BLOCK.search(text) is not None


def slug(heading: str) -> str:
    """Return the anchor of a heading, and the name of its plots."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _contents(shown: Sequence[Stored]) -> str:
    lines = ["| figures | weights | measured |", "|---|---|---|"]
    for one in shown:
        run, heading = one.result.run, title(one)
        old = outdated(run)
        weights = "older: " + "; ".join(old) if old else _models(one)
        lines.append(f"| [{heading}](#{slug(heading)}) | {weights} | {run.started[:10]} |")
    return "\n".join(lines) + "\n"


def _section(one: Stored, plots: str) -> str:
    result, run, heading = one.result, one.result.run, title(one)
    parts = [f"## {heading}\n", f"{result.question}\n"]
    if run.command:
        parts.append(f"    {run.command}\n")
    if old := outdated(run):
        again = f"renew with `{run.command}`" if run.command else "measure it again"
        parts.append(f"**Measured with older weights** ({'; '.join(old)}): {again}.\n")
    parts += [_table(table) for table in result.tables()]
    if plots:
        count = range(1, len(result.plots()) + 1)
        parts += [f"![{heading}: plot]({plots}{slug(heading)}-{n}.svg)\n" for n in count]
    parts.append(f"{_measured(one)}\n")
    return "\n".join(parts)


def _measured(one: Stored) -> str:
    """Return in a line what a result was measured with."""
    run = one.result.run
    data = f"data {run.data[:12]}" if run.data else "no data set"
    code = f"reid {run.version}" + (f" {run.commit}" if run.commit else "")
    machine = f"{run.machine.cores} cores, {run.machine.processor}"
    record = f"[record](results/{one.path.name})"
    parts = (_models(one), data, code, run.started[:10], machine, f"seed {run.seed}", record)
    return " · ".join(parts)


def _models(one: Stored) -> str:
    """Return the models measured, each with the beginning of its hash."""
    run = one.result.run
    named = {run.models.get(name, name): hash_[:8] for name, hash_ in run.weights.items()}
    return ", ".join(f"{name} ({hash_})" for name, hash_ in named.items()) or "no weights"


def _table(table: Table) -> str:
    rows = [table.columns, ("---",) * len(table.columns), *table.rows]
    text = "\n".join("| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows)
    text += f"\n\n{_escaped(table.note)}\n" if table.note else "\n"
    if len(table.rows) < _FOLD_FROM:
        return text
    head = f"{len(table.rows)} rows: {', '.join(c for c in table.columns if c not in {'', '%'})}"
    return f"<details><summary>{head}</summary>\n\n{text}\n</details>\n"


def _escaped(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;").replace("*", r"\*").strip() or " "
