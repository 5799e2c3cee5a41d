"""Results in the terminal."""

from reid.cli.console import new_table, out
from reid.lab.bench.report.result import Result


def show(result: Result) -> None:
    """Print a benchmark's result: its tables, and a line on how it was measured."""
    for table in result.tables():
        printed = new_table(*table.columns)
        for row in table.rows:
            printed.add_row(*row)
        out.print(printed)
        if table.note:
            out.print(table.note, highlight=False, markup=False)
    run = result.run
    out.print(
        f"[dim]{run.version} {run.commit or ''} · seed {run.seed} · "
        f"{run.seconds:.0f} s · {run.machine.cores} cores[/]",
        highlight=False,
    )
