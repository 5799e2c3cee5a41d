"""A query as JSON, in the shape that `reid describe --json` prints, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from reid.core.errors import UsageError
from reid.core.records import Companion, Query, Wish


def to_json(query: Query) -> dict[str, Any]:
    """Return the plain data of a query: slots, refused, context, unparsed, language."""
    return {
        "slots": [slot_json(wish) for wish in query.wishes],
        "refused": list(query.refused),
        "context": {
            "last_seen_place": query.last_seen_place,
            "last_seen_time": query.last_seen_time,
            "with": [
                {"text": c.text, "slots": [slot_json(wish) for wish in c.wishes]}
                for c in query.companions
            ],
        },
        "unparsed": list(query.unparsed),
        "language": query.language,
    }


def from_json(data: Mapping[str, Any], text: str = "") -> Query:
    """Make a query of what `to_json` returned; the sentence itself is not in it."""
    try:
        context = data["context"]
        return Query(
            text=text,
            wishes=_wishes(data["slots"]),
            companions=tuple(Companion(c["text"], _wishes(c["slots"])) for c in context["with"]),
            last_seen_place=context["last_seen_place"],
            last_seen_time=context["last_seen_time"],
            unparsed=tuple(data["unparsed"]),
            refused=tuple(data["refused"]),
            language=data["language"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"not the JSON of a description: {error}") from None


def slot_json(wish: Wish) -> dict[str, Any]:
    """Return a wish as one entry of ``slots``; where it was read off a photo it says so."""
    return {
        "slot": wish.slot,
        "value": wish.value,
        "certainty": wish.certainty,
        "negated": wish.negated,
        "group": wish.group,
        "modifier": wish.modifier,
        **({} if wish.source == "words" else {"source": wish.source}),
    }


def _wishes(entries: Sequence[Mapping[str, Any]]) -> tuple[Wish, ...]:
    return tuple(map(_wish, entries))


def _wish(entry: Mapping[str, Any]) -> Wish:
    certainty, group = entry.get("certainty", "sure"), entry.get("group")
    modifier, value = entry.get("modifier"), entry["value"]
    if certainty not in ("sure", "unsure") or modifier not in (None, "light", "dark"):
        raise ValueError("certainty is sure or unsure, a modifier light or dark")
    source = entry.get("source", "words")
    if source not in ("words", "photo"):
        raise ValueError("the source of a field is words or photo")
    if group is not None and type(group) is not int:
        raise ValueError("a group is a whole number")
    if not isinstance(entry["slot"], str) or type(value) not in (str, int, float):
        raise ValueError("a slot is a name, a value a word or a number")
    negated = bool(entry.get("negated"))
    return Wish(entry["slot"], value, certainty, negated, group, modifier, source)
