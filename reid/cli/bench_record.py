"""What a result keeps of the command line that measured it: names, no folders of a machine."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import typer

from reid.cli.bench_options import Output
from reid.lab.bench.report.record import SCHEMA
from reid.lab.bench.report.result import Result

_DATA: Final = ("data", "clips", "video", "clip")
"""Parameters that name what was measured on; the first one given counts."""


def stamped(result: Result, context: typer.Context, label: str | None = None) -> Result:
    """Return `result` with the command line that is being run, and its data's name.

    `label` tells it from other results of the same run.
    """
    said = {
        "schema_version": SCHEMA,
        "command": command_line(context),
        "label": label,
        "data_name": data_name(context),
    }
    return result.model_copy(update={"run": result.run.model_copy(update=said)})


def command_line(context: typer.Context) -> str:
    """Return the command as it would be typed where its files lie: options given, by name."""
    words = ["reid", "bench", context.info_name or "", *_words(context)]
    return " ".join(shlex.quote(word) for word in words)


def data_name(context: typer.Context) -> str | None:
    """Return the names of the data sets or files measured on; None for what needs none."""
    given = (context.params.get(name) for name in _DATA)
    found = next((value for value in given if value), None)
    several = found if isinstance(found, (list, tuple)) else [found]
    return " ".join(name_of(value) for value in several) if found else None


def name_of(value: object) -> str:
    """Return a path's last part, an address without where it leads, anything else as it is."""
    text = str(value)
    if "://" in text:
        return text.partition("://")[0] + "://…"
    if isinstance(value, Path):
        return value.resolve().name
    return text.rstrip("/").rpartition("/")[2] if "/" in text else text


def _words(context: typer.Context) -> Iterator[str]:
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        chosen = source is not None and source.name != "DEFAULT"
        if chosen and name not in Output.__dataclass_fields__:
            yield from _said(parameter, context.params[name])


def _said(parameter: Any, value: Any) -> Iterator[str]:
    values: Iterable[object] = value if isinstance(value, (list, tuple)) else (value,)
    if parameter.param_type_name == "argument":
        yield from (name_of(each) for each in values)
    elif value is True:
        yield parameter.opts[0]
    elif value is not False and value is not None:
        for each in values:
            yield from (parameter.opts[0], name_of(each))
