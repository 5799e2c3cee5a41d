"""What a description rules out: "anything but blue", "non-black shoes", "any bag but a rucksack".

A colour or a pattern that is ruled out is marked here, before anything is given to a thing, so that
it is never searched for. Where a whole thing is ruled out ("anything but a skirt") the word that
rules it out becomes a plain "no", which the next step reads.
"""

from dataclasses import dataclass, replace
from typing import Final

from reid.describe.items import Item

LOOKS: Final = frozenset({"colours", "hair_colours", "shades", "patterns", "pattern_nouns"})
"""Sections of a lexicon whose words can be ruled out of a thing."""

PATTERNS: Final = frozenset({"patterns", "pattern_nouns"})

REACH: Final = 8
"""Small words between the word that rules out and what it rules out."""

_STOPS: Final = frozenset(
    {"and", "but", "or", "no", "one", "ones", "relative", "with", "companion", "hedge", "think",
     "dunno", "seen", "i", "name", "except", "save", "barring", "excepted", "non", "over", "under"}
)  # fmt: skip
_OTHER: Final = frozenset({"he", "she", "they", "in", "copula", "finite", "again", "for", "on"})
"""Roles at which what is ruled out has ended."""

_JOINS: Final = frozenset({"or", "and"})


@dataclass(frozen=True, slots=True)
class Ruled:
    """What one word rules out: items `[first, stop)`; `thing` where a thing follows them."""

    looks: tuple[int, ...]
    stop: int
    thing: Item | None


def rule_out(items: list[Item]) -> list[Item]:
    """Return the items with what is ruled out marked as denied."""
    if not any(item.roles & _RULING for item in items):
        return items
    out = list(items)
    for i in range(len(out)):
        if not out[i].roles & _RULING:
            continue
        if "excepted" not in out[i].roles or not _before(out, i):
            _after(out, i)
    return out


_RULING: Final = frozenset({"no", "non", "except", "save", "barring", "but", "excepted"})


def _after(items: list[Item], i: int) -> None:
    """Rule out what follows the word at `i`."""
    roles = items[i].roles
    anything = _anything(items, i)
    wide = bool(roles & {"except", "save"}) or ("barring" in roles and anything is not None)
    if not wide and not roles & {"no", "non"}:
        return
    ruled = _ruled(items, i, wide=wide)
    if ruled.looks and _looks_only(items, i, ruled):
        for j in ruled.looks:
            items[j] = replace(items[j], denied=True)
        _blank(items, i, anything)
        if wide:
            _blank_every_colour(items, ruled.stop)
    elif wide and ruled.thing is not None and _of_things(items, i, ruled, anything):
        _blank(items, i, anything)
        items[i] = replace(items[i], kind="phrase", roles=frozenset({"no"}))


def _of_things(items: list[Item], i: int, ruled: Ruled, anything: int | None) -> bool:
    """Whether a thing is ruled out, and not only left out of "purple everything except the top"."""
    after = next((j for j in range(i, len(items)) if items[j] is ruled.thing), i) + 1
    if after < len(items) and items[after].roles & {"copula", "whole"}:
        return False  # "everything but the shoes is black"
    if anything is None:
        return "except" in items[i].roles
    if any("any" not in item.roles and item.kind == "unknown" for item in items[anything:i]):
        return False
    return anything == 0 or not items[anything - 1].senses.keys() & LOOKS


def _before(items: list[Item], i: int) -> bool:
    """Rule out the looks that the word at `i` ends, if any: "rote ausgenommen", "紫色除外"."""
    j = i - 1
    found = False
    while j >= 0 and (items[j].senses.keys() & LOOKS or items[j].roles & (_JOINS | {"skip"})):
        if "things" in items[j].senses or "any" in items[j].roles:
            break
        if items[j].senses.keys() & LOOKS:
            items[j] = replace(items[j], denied=True)
            found = True
        j -= 1
    if found:
        items[i] = items[i].used()
        _blank_every_colour(items, i + 1)
    return found


def _ruled(items: list[Item], i: int, *, wide: bool) -> Ruled:
    """Return the looks that follow the word at `i`, and the thing after them."""
    looks: list[int] = []
    j = stop = i + 1
    while j < len(items) and j - stop <= REACH:
        item = items[j]
        if "things" in item.senses:
            return Ruled(tuple(looks), stop, item)
        if item.senses.keys() & LOOKS:
            if looks and not _goes_with(items, looks[-1], j):
                break
            looks.append(j)
            stop = j + 1
        elif (looks and item.roles & _OTHER) or not _passes(items, j, bool(looks), wide=wide):
            break
        j += 1
    return Ruled(tuple(looks), stop, None)


def _goes_with(items: list[Item], last: int, j: int) -> bool:
    """Whether two looks are ruled out together; "不带条纹的浅蓝色" is light blue all the same."""
    between = items[last + 1 : j]
    if any(item.kind == "break" or item.roles & _JOINS for item in between):
        return True
    return not between and not (
        items[last].senses.keys() & PATTERNS and not items[j].senses.keys() & PATTERNS
    )


def _passes(items: list[Item], j: int, begun: bool, *, wide: bool) -> bool:
    """Whether what is ruled out goes on over the item at `j`."""
    item = items[j]
    if item.kind == "gap":
        return True
    ahead = items[j + 1] if j + 1 < len(items) else None
    look = ahead is not None and bool(ahead.senses.keys() & LOOKS)
    if item.kind == "break":
        return begun and wide and item.value in {",", "、", "/"} and look and _listed(items, j + 1)
    joins = {"or", "and"} if wide else {"or"}
    if item.roles & joins:
        return not begun or look or (ahead is not None and "a" in ahead.roles)
    small = item.kind == "phrase" or (item.kind == "number" and "a" in item.roles)  # "una"
    return small and not item.senses and not item.roles & _STOPS


def _listed(items: list[Item], j: int) -> bool:
    """Whether the look at `j` is one of a list ("but red, white or blue"), not of a next thing."""
    return j + 1 >= len(items) or bool(items[j + 1].roles & _JOINS)


def _looks_only(items: list[Item], i: int, ruled: Ruled) -> bool:
    """Whether the looks alone are ruled out, and not the thing that they describe."""
    roles = items[i].roles
    after = items[ruled.stop] if ruled.stop < len(items) else None
    if "no" in roles and after is not None and after.roles & {"one"}:
        return False  # "not the grey one" is read as a whole
    first = items[ruled.looks[0]]
    beside = ruled.looks[0] == i + 1 and ("non" in roles or first.glued)
    if ruled.thing is None or beside:
        return True  # "nicht schwarze Schuhe", "not-black trousers"
    return "=" not in ruled.thing.senses["things"] and ruled.thing.senses["things"] != "other"


def _anything(items: list[Item], i: int) -> int | None:
    """Return where "any colour", "anything" just before the word at `i` begins."""
    first = None
    for j in range(i - 1, max(-1, i - 1 - REACH), -1):
        item = items[j]
        if "any" in item.roles:
            first = j
        elif item.kind == "break" and not item.is_hard() and j == i - 1:
            continue
        elif first is not None or item.kind == "break" or item.senses.keys() - {"things"}:
            break
    return first


def _blank(items: list[Item], i: int, anything: int | None) -> None:
    """Leave out the words that rule out; a verb among them stays one ("isn't")."""
    kept = items[i].roles - _RULING - {"and", "companion", "whole"}
    items[i] = replace(items[i], senses={}, roles=kept, kind=items[i].kind if kept else "gap")
    for j in range(i if anything is None else anything, i):
        if items[j].kind != "break" and "things" not in items[j].senses:
            items[j] = items[j].used()


def _blank_every_colour(items: list[Item], stop: int) -> None:
    """Leave out "… every colour" after an exception: it asks for none."""
    for j in range(stop, min(len(items), stop + REACH)):
        item = items[j]
        if item.is_hard() or "things" in item.senses:
            return
        if item.senses.get("colours") == "multicolour" and "any" in item.roles:
            items[j] = items[j].used()
