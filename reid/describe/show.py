"""How a description was understood, for a terminal: the sentence in slots, with colours."""

from collections.abc import Iterable
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from reid import vocabulary
from reid.records import Query, Wish

SWATCHES: Final = {
    "black": "grey23", "white": "bright_white", "grey": "grey58", "red": "red3",
    "orange": "dark_orange", "yellow": "yellow1", "green": "green3", "blue": "dodger_blue2",
    "purple": "medium_purple1", "pink": "hot_pink", "brown": "orange4", "beige": "wheat1",
    "multicolour": "bright_cyan",
}  # fmt: skip
"""Terminal colour of each vocabulary colour."""

INSTEAD: Final = (
    "is never searched. What can be asked instead: clothes and their colours, shoes, bags, "
    "headwear, and how tall or how old somebody is"
)


def render(query: Query) -> RenderableType:
    """Return a query as something that `rich` prints."""
    parts: list[RenderableType] = []
    if query.wishes:
        parts.append(_table(query.wishes))
    else:
        parts.append(Text("nothing that can be searched for was understood", style="yellow"))
    for companion in query.companions:
        parts.append(Text.assemble(("with ", "bold"), companion.text))
        if companion.wishes:
            parts.append(_table(companion.wishes))
    for name, said in (("place", query.last_seen_place), ("time", query.last_seen_time)):
        if said is not None:
            parts.append(Text.assemble((f"last seen, {name}: ", "bold"), said))
    if query.refused:
        parts.append(Text(f"{', '.join(query.refused)}: {INSTEAD}.", style="magenta"))
    if query.unparsed:
        parts.append(Text(f"not understood: {', '.join(query.unparsed)}", style="yellow"))
    return Group(*parts)


def _table(wishes: Iterable[Wish]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for alternatives in grouped(wishes):
        slots = list(dict.fromkeys(wish.slot for wish in alternatives))
        value = Text(" or ").join(_value(wish) for wish in alternatives)
        table.add_row(Text(" / ".join(slots), style="cyan"), value, _notes(alternatives[0]))
    return table


def grouped(wishes: Iterable[Wish]) -> list[list[Wish]]:
    """Return the wishes with alternatives side by side, in the order said."""
    rows: dict[object, list[Wish]] = {}
    for i, wish in enumerate(wishes):
        key = ("alone", i) if wish.group is None else wish.group
        rows.setdefault(key, []).append(wish)
    return list(rows.values())


def _value(wish: Wish) -> Text:
    text = Text()
    if wish.slot.endswith("colour"):
        text.append("■ ", style=SWATCHES[str(wish.value)])
    if wish.modifier is not None:
        text.append(f"{wish.modifier} ")
    thing = wish.slot.removeprefix("carry.")
    text.append(thing if wish.value == "present" else str(wish.value), style="bold")
    if wish.certainty == "unsure":
        text.append(" ?", style="yellow")
    return text


def _notes(wish: Wish) -> Text:
    notes = ["not"] if wish.negated else []
    if wish.certainty == "unsure":
        notes.append("unsure")
    if vocabulary.SLOTS[wish.slot].body_derived:
        notes.append("of the body: used only where policy allows")
    if wish.slot in {*vocabulary.NEVER_ESTIMATED, vocabulary.YEARS_SLOT}:
        notes.append("shown to staff, not estimated")
    return Text(", ".join(notes), style="dim" if not wish.negated else "red")
