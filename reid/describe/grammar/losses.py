"""What somebody has no longer: "lost her hat", "hat seinen Rucksack verloren", "his cap is gone".

Verbs of loss are said of people too ("we lost him"), so a thing counts as lost only where it is
the object or the subject of the verb. One of a pair ("one shoe missing") is neither asked for nor
ruled out: the other one is still worn.
"""

from dataclasses import replace
from typing import Final

from reid.describe.grammar.exclusions import LOOKS
from reid.describe.items import Item

REACH: Final = 6
"""Items between a verb of loss and the thing that is lost."""

_DETERMINERS: Final = frozenset({"a", "the", "his", "his_owns", "my", "single"})
_WORN: Final = frozenset({"in", "with"})
_NOTHING: Final[frozenset[str]] = frozenset()


def take_away(items: list[Item]) -> list[Item]:
    """Return the items with the things that are lost marked as denied, or left out."""
    if not any("lost" in item.roles for item in items):
        return items
    out = list(items)
    for i in range(len(out)):
        if "lost" in out[i].roles and not out[i].senses:
            found = _object(out, i) or _subject(out, i)
            if found is not None:
                _take(out, i, *found)
    return out


def _take(items: list[Item], verb: int, thing: int, single: bool) -> None:
    """Mark one thing as lost."""
    said = items[verb].roles & {"he", "she", "he_owns", "she_owns"}
    items[verb] = replace(items[verb], kind="phrase" if said else "gap", senses={}, roles=said)
    if single and "feet" in items[thing].senses["things"]:
        items[thing] = items[thing].used()
        for j in range(max(0, thing - REACH), min(len(items), thing + 3)):
            if _beside(items, j, thing):
                items[j] = items[j].used()
    else:
        items[thing] = replace(items[thing], denied=True)


def _beside(items: list[Item], j: int, thing: int) -> bool:
    """Whether the look at `j` describes the thing, with nothing else between."""
    if not items[j].senses.keys() & LOOKS or "things" in items[j].senses:
        return False
    between = items[min(j, thing) + 1 : max(j, thing)]
    return all(item.kind == "gap" or item.senses.keys() & LOOKS for item in between)


def _object(items: list[Item], i: int) -> tuple[int, bool] | None:
    """Return the thing that the verb at `i` takes: "lost her blue hat"; and whether it is one."""
    determined = bool(items[i].roles & {"his", "his_owns", "no"})
    single = False
    for j in range(i + 1, min(len(items), i + 1 + REACH)):
        item = items[j]
        if "things" in item.senses:
            return (j, single) if determined else None
        single = single or "single" in item.roles
        determined = determined or bool(item.roles & _DETERMINERS)
        if item.kind == "break" or "people" in item.senses or _ends(item):
            return None
    return None


def _subject(items: list[Item], i: int) -> tuple[int, bool] | None:
    """Return the thing that the verb at `i` is said of: "his cap is gone", "one shoe missing"."""
    thing = _back_to_thing(items, i)
    if thing is None:
        return None
    is_gone = (
        items[thing].owns
        or "again" in items[i - 1].roles
        or any("copula" in item.roles for item in items[thing + 1 : i])
    )
    owned = single = False
    for j in range(thing - 1, max(-1, thing - 1 - REACH), -1):
        item = items[j]
        if item.senses.keys() & LOOKS:
            continue
        single = single or "single" in item.roles
        owned = owned or bool(item.roles & {"his", "he_owns", "she_owns", "finite"})
        if item.kind == "break" or item.roles & {"and", "but"}:
            return (thing, single) if owned or single or is_gone else None
        if item.roles & (_WORN - _having(item)) and not item.roles & {"a", "his"}:
            return (thing, single) if single else None
        if "people" in item.senses:
            theirs = item.owns or items[j + 1].text == "的"  # "the boy's cap", "男孩的帽子"
            return (thing, single) if owned or single or theirs else None
    return (thing, single) if owned or single or is_gone else None


def _having(item: Item) -> frozenset[str]:
    """Return the roles of "in" and "with" that a verb has which only says "has"."""
    return _WORN if "finite" in item.roles else _NOTHING


def _back_to_thing(items: list[Item], i: int) -> int | None:
    spoken = i > 0 and "again" in items[i - 1].roles  # "her scarf, and it's gone"
    for j in range(i - 1, max(-1, i - 1 - REACH), -1):
        if "things" in items[j].senses:
            return j
        if spoken and not items[j].senses and not items[j].is_hard():
            continue
        small = items[j].kind in {"phrase", "gap"} and not items[j].senses
        if not small or _ends(items[j]) or items[j].roles & {"he", "she", "they"}:
            return None
    return None


def _ends(item: Item) -> bool:
    """Whether the verb of loss speaks of somebody or something else from here on."""
    return bool(item.roles & {"and", "but", "or", "companion", "relative", "place", "i"}) and (
        not item.roles & _DETERMINERS
    )
