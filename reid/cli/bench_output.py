"""What the commands of `reid bench` print and write: options that all of them take, said once."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from reid.cli.bench_options import Output
from reid.cli.options import Json

if TYPE_CHECKING:
    from reid.lab.bench.report.result import Result

Outcome = TypeVar("Outcome")
Results = Mapping[str, "Result"]


def _file(text: str) -> Any:
    return Annotated[Path | None, typer.Option(help=text)]


_OPTIONS: Final[Mapping[str, tuple[Any, object]]] = {
    "as_json": (Json, False),
    "html": (_file("Write a report with plots as one file."), None),
    "csv": (_file("Write every figure and its interval as a row."), None),
    "latex": (_file("Write the tables for a paper (booktabs)."), None),
    "queries": (_file("Write every query and its rank as a row (retrieval, description)."), None),
    "save": (_file("Keep the result as JSON in this folder, for `reid bench report`."), None),
}
"""Option → its annotation and default; the fields of `Output`."""


def measures(command: Callable[..., "Result"]) -> Callable[..., None]:
    """Make a command of a function that returns a result: it is shown, and written where asked."""

    def tell_one(given: dict[str, Any], output: Output, context: typer.Context) -> None:
        from reid.cli.bench_record import stamped

        tell(stamped(command(**given), context), output)

    return _with_output(command, tell_one)


def measures_several(
    command: Callable[..., Iterator[tuple[str, "Result"]]],
) -> Callable[..., None]:
    """Make a command of a function that yields results by name: each is shown when it is there."""

    def tell_each(given: dict[str, Any], output: Output, context: typer.Context) -> None:
        from reid.cli.bench_record import stamped
        from reid.cli.bench_show import show
        from reid.cli.console import out, print_json

        results = {}
        for name, result in command(**given):
            results[name] = stamped(result, context, name)
            if not output.as_json:
                out.rule(name)
                show(result)
        if output.as_json:
            print_json({name: result.to_json() for name, result in results.items()})
        write(results, output)

    return _with_output(command, tell_each)


def _with_output(
    command: Callable[..., Any], run: Callable[[dict[str, Any], Output, typer.Context], None]
) -> Callable[..., None]:
    """Return `command` with the options of `Output` behind its own; `run` gets both apart."""
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    everything = [
        inspect.Parameter("context", keyword, annotation=typer.Context),
        *inspect.signature(command).parameters.values(),
        *(
            inspect.Parameter(name, keyword, default=default, annotation=kind)
            for name, (kind, default) in _OPTIONS.items()
        ),
    ]

    @wraps(command)
    def told(context: typer.Context, **given: Any) -> None:
        output = Output(**{field.name: given.pop(field.name) for field in fields(Output)})
        run(given, output, context)

    told.__signature__ = inspect.Signature(everything)  # type: ignore[attr-defined]
    told.__annotations__ = {each.name: each.annotation for each in everything}
    return told


def watched(
    label: str, total: int | None, work: Callable[[Callable[[int], None]], Outcome]
) -> Outcome:
    """Do `work` under a progress bar."""
    from reid.cli.console import progress_bar

    with progress_bar(label, total) as progress:
        return work(progress)


def tell(result: "Result", output: Output) -> None:
    """Print a result, and write it where asked."""
    from reid.cli.bench_show import show
    from reid.cli.console import print_json

    if output.as_json:
        print_json(result.to_json())
    else:
        show(result)
    write({result.run.benchmark: result}, output)


def write(results: Results, output: Output) -> None:
    """Write results to the files and the folder asked for."""
    from reid.cli.console import out
    from reid.lab.bench.report.exports import write_csv, write_latex, write_queries
    from reid.lab.bench.report.html import write_report
    from reid.lab.bench.report.stored import save_result

    saved = output.save  # first: nothing measured may be lost when a page cannot be written
    written = [save_result(result, saved) for result in results.values()] if saved else []
    writers = (
        (output.html, write_report),
        (output.csv, write_csv),
        (output.latex, write_latex),
        (output.queries, write_queries),
    )
    for path, writer in writers:
        if path is not None:
            writer(results, path)
            written.append(path)
    if not output.as_json:
        for path in written:
            out.print(f"report: {path}", soft_wrap=True)
