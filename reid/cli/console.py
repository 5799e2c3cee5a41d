"""What the command line prints: tables, JSON, progress."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import tzinfo
from typing import Any, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from reid.core.records import Answer, Match, SightingKey, percent_of
from reid.rank.reasons import companions, lines, photo, sentence

out: Final = Console()
err: Final = Console(stderr=True)


def print_json(data: Any) -> None:
    """Write one JSON document on one line, for programs."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")


def show_answer(answer: Answer, zone: tzinfo | None = None) -> None:
    """Print the outcome and why, and each person: how likely, where and when, and the verdicts.

    Times are in `zone` (None: this machine's).
    """
    out.print(_OUTCOMES[answer.outcome])
    people = answer.by_person()
    why_first = sentence(people[0][1][0].why) if people else ""
    if why_first:
        out.print(Text(f"the first: {why_first}", style="dim"), soft_wrap=True)
    for place, (person, matches) in enumerate(people, start=1):
        said = f"{percent_of(person.probability):3}% {person.level}"
        _show_match(matches[0], Text(f"{place:3}  ").append(f"{said:13}", style="bold"), zone)
        for match in matches[1:]:
            _show_match(match, Text(f"{'':5}").append("same clothes ", style="dim"), zone)


def _show_match(match: Match, head: Text, zone: tzinfo | None) -> None:
    """Print a sighting after what stands before it, and its evidence below."""
    name, camera, start, end = key_cells(match.key, zone)
    head.append(f"  {camera}  {start}–{end}  ")
    head.append(name, style="dim")
    out.print(head, soft_wrap=True)
    why = Text("     ")
    for reason in [*lines(match.why), *photo(match.photo), *companions(match.beside)]:
        mark, style = _MARKS[reason.verdict]
        why.append(f"{mark} {reason.text}   ", style=style)
    out.print(why)


_OUTCOMES: Final = {
    "found": "[green]found[/]: probably among the first ten",
    "unsure": "[yellow]unsure[/]: none fits in everything, or several fit equally well",
    "nobody_fits": "[red]nobody fits[/]: these are the closest, none of them good",
}
_MARKS: Final = {
    "match": ("✓", "green"),
    "conflict": ("✗", "red"),
    "unclear": ("?", "dim"),
    "not_visible": ("–", "dim"),
    "not_estimated": ("·", "dim"),
}


@contextmanager
def progress_bar(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar with frames a second and time left; yields a function taking frames done."""
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)


class _RateColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "", style="dim")


def new_table(*columns: str) -> Table:
    """Return an empty table with these headings."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column in {"sighting", "from", "to", "fits"})
    return table


def key_cells(key: SightingKey, zone: tzinfo | None = None) -> tuple[str, str, str, str]:
    """Return id, camera, start and end as cells, in `zone` (None: this machine's)."""
    start, end = key.start.astimezone(zone), key.end.astimezone(zone)
    return key.id, key.camera, f"{start:%Y-%m-%d %H:%M:%S}", f"{end:%H:%M:%S}"


def complain(message: str, label: str = "error", style: str = "red") -> None:
    """Print one line to standard error."""
    line = Text(f"{label}: ", style=style)
    line.append(" ".join(message.split()), style="default")
    err.print(line, highlight=False, soft_wrap=True)
