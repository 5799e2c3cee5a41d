"""How a description was understood, for a terminal: the sentence in slots, with colours."""

from collections.abc import Iterable
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from reid.core import vocabulary
from reid.core.records import Query, Wish
from reid.describe.frames import region
from reid.describe.language import UNREAD
from reid.describe.lexicon import LANGUAGES

SWATCHES: Final = {
    "black": "grey23", "white": "bright_white", "grey": "grey58", "red": "red3",
    "orange": "dark_orange", "yellow": "yellow1", "green": "green3", "blue": "dodger_blue2",
    "purple": "medium_purple1", "pink": "hot_pink", "brown": "orange4", "beige": "wheat1",
    "multicolour": "bright_cyan",
}  # fmt: skip
"""Terminal colour of each vocabulary colour."""

INSTEAD: Final = (
    "never searched. What can be asked instead: clothes and their colours, shoes, bags, headwear, "
    "and how tall or how old somebody is"
)
NOTHING: Final = (
    "nothing that can be searched for was understood; say what is worn and carried, as in "
    '"boy about six, red hoodie, blue jeans, yellow backpack"'
)
SPOKEN: Final = {"en": "English", "es": "Spanish", "fr": "French", "de": "German", "zh": "Chinese"}

ORDER: Final = ("colour", "pattern", "length", "sleeve", "type", "present")
"""Words of one garment in the order in which they are said."""


def render(query: Query) -> RenderableType:
    """Return a query as something that `rich` prints."""
    parts: list[RenderableType] = []
    if query.wishes:
        parts.append(_table(query.wishes))
    elif query.language not in UNREAD:
        parts.append(Text(NOTHING, style="yellow"))
    for companion in query.companions:
        parts.append(Text.assemble(("with ", "bold"), companion.text))
        if companion.wishes:
            parts.append(_table(companion.wishes))
    for name, said in (("place", query.last_seen_place), ("time", query.last_seen_time)):
        if said is not None:
            parts.append(Text.assemble((f"last seen, {name}: ", "bold"), said))
    parts.extend(_notes(query))
    return Group(*parts)


def unread(language: str) -> str:
    """Return what to say of a description in a language that is not read."""
    read = [SPOKEN[code] for code in LANGUAGES]
    return f"not read: {UNREAD[language]}; say it in {', '.join(read[:-1])} or {read[-1]}"


def _notes(query: Query) -> list[Text]:
    notes: list[Text] = []
    if any(vocabulary.SLOTS[wish.slot].body_derived for wish in query.wishes):
        notes.append(Text("† of the body: used only where policy allows", style="dim"))
    if query.language in UNREAD:
        return [*notes, Text(unread(query.language), style="yellow")]
    if query.language != "en":
        notes.append(Text(f"read as {SPOKEN.get(query.language, query.language)}", style="dim"))
    if query.refused:
        notes.append(Text(f"{', '.join(query.refused)}: {INSTEAD}.", style="magenta"))
    if query.unparsed:
        notes.append(Text(f"not understood: {', '.join(query.unparsed)}", style="yellow"))
    return notes


def _table(wishes: Iterable[Wish]) -> Table:
    """Return a line for each thing, the body last: "upper  ■ red striped t-shirt"."""
    rows: dict[tuple[str, ...], list[list[Wish]]] = {}
    for alternatives in grouped(wishes):
        slots = dict.fromkeys(_row(wish) for wish in alternatives)
        rows.setdefault(tuple(slots), []).append(alternatives)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for regions, said in rows.items():
        derived = vocabulary.SLOTS[said[0][0].slot].body_derived
        table.add_row(Text(" / ".join(regions) + " †" * derived, style="cyan"), _phrase(said))
    return table


def grouped(wishes: Iterable[Wish]) -> list[list[Wish]]:
    """Return the wishes with alternatives side by side, in the order said."""
    rows: dict[object, list[Wish]] = {}
    for i, wish in enumerate(wishes):
        key = ("alone", i) if wish.group is None else wish.group
        rows.setdefault(key, []).append(wish)
    return list(rows.values())


def _phrase(said: list[list[Wish]]) -> Text:
    """Return what is said of one thing, colours first; what it is not comes last."""
    ordered = sorted(said, key=lambda alternatives: _place(alternatives[0]))
    text = Text()
    for before, alternatives in zip([None, *ordered], ordered, strict=False):
        if before is not None:
            same = before[0].slot == alternatives[0].slot or alternatives[0].slot[:4] == "body"
            text.append(", " if alternatives[0].negated or same else " ")
        if alternatives[0].negated:
            text.append("not ", style="red")
        words = {value.plain: value for value in map(_value, alternatives)}
        text.append(Text(" or ").join(words.values()))
    return text


def _row(wish: Wish) -> str:
    """Return which line a wish belongs to; all that is not carried shares one."""
    absent = wish.negated and wish.slot.startswith("carry.")
    return "carry" if absent else region(wish.slot)


def _place(wish: Wish) -> tuple[bool, int]:
    kind = "present" if wish.value == "present" else wish.slot.rpartition(".")[2]
    return wish.negated, ORDER.index(kind) if kind in ORDER else 0


def _value(wish: Wish) -> Text:
    text = Text()
    if wish.slot.endswith("colour"):
        text.append("■ ", style=SWATCHES[str(wish.value)])
    if wish.modifier is not None:
        text.append(f"{wish.modifier} ")
    text.append(_word(wish), style="bold")
    if wish.certainty == "unsure":
        text.append(" ?", style="yellow")
    return text


def _word(wish: Wish) -> str:
    """Return the value in words: "backpack", "short-sleeved", "6 years"."""
    if wish.value == "present":
        return wish.slot.removeprefix("carry.")
    if wish.slot == vocabulary.YEARS_SLOT:
        return f"{wish.value:g} years" if isinstance(wish.value, float) else f"{wish.value} years"
    if wish.slot.endswith("sleeve"):
        return "sleeveless" if wish.value == "none" else f"{wish.value}-sleeved"
    if wish.slot == "body.height":
        return "tall" if wish.value == "tall" else f"{wish.value} height"
    return f"{wish.value} build" if wish.slot == "body.build" else str(wish.value)
