"""Results in the terminal."""

from typing import Any

from reid.cli.console import new_table, out
from reid.lab.bench.report.tables import TABLES


def show(name: str, result: dict[str, Any]) -> None:
    """Print a benchmark's result, from its JSON."""
    for table in TABLES[name](result):
        printed = new_table(*table.columns)
        for row in table.rows:
            printed.add_row(*row)
        out.print(printed)
        if table.note:
            out.print(table.note, highlight=False, markup=False)
    run = result["run"]
    out.print(
        f"[dim]{run['version']} {run['commit'] or ''} · seed {run['seed']} · "
        f"{run['seconds']:.0f} s · {run['machine']['cores']} cores[/]",
        highlight=False,
    )
