"""Descriptions in words, from their fields alone: for the form, the radio and the printed sheet.

Nothing free-typed passes through here, so a name in the sentence cannot reach what leaves the desk.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from reid.core.vocabulary import CARRIED, YEARS_SLOT
from reid.web.translations import Translator, shaded, trait, value_name, years_text

Entry = Mapping[str, Any]

_GARMENTS: Final = ("feet", "upper", "outer", "lower", "head", "neck")
_PERSON: Final = ("body.age", "body.sex")


def sentence(t: Translator, slots: Sequence[Entry], language: str) -> str:
    """Say a description in one line, e.g. "girl, about 6 years old, blue trainers, red hoodie"."""
    said = [entry for entry in slots if entry.get("certainty") != "unknown"]
    parts = [*_person(t, said)]
    for region in _GARMENTS:
        parts += _garment(t, said, region, language)
    for thing in CARRIED:
        parts += _carried(t, said, thing, language)
    comma = t("phrase.comma")
    return comma.join(part for part in parts if part)


def _person(t: Translator, slots: Sequence[Entry]) -> list[str]:
    who = _who(slots)
    told = [entry for entry in slots if entry["slot"] in _PERSON]
    parts = [_maybe(t, t(f"person.{who}"), told)] if who else []
    for entry in slots:
        slot, value = str(entry["slot"]), entry["value"]
        if slot == YEARS_SLOT:
            parts.append(years_text(t, entry))
        elif slot.startswith(("body.", "hair.")) and not (who and slot in _PERSON):
            text = trait(t, slot, value)
            text = t("phrase.no", what=text) if entry.get("negated") else text
            parts.append(_maybe(t, text, [entry]))
    return list(dict.fromkeys(parts))


def _who(slots: Iterable[Entry]) -> str:
    """Return age band and apparent sex as one word's key, if exactly one of each was said."""
    said = {slot: [e for e in slots if e["slot"] == slot] for slot in _PERSON}
    if any(len(entries) != 1 or entries[0].get("negated") for entries in said.values()):
        return ""
    return ".".join(str(said[slot][0]["value"]) for slot in _PERSON)


def _garment(t: Translator, slots: Iterable[Entry], region: str, language: str) -> list[str]:
    mine = [entry for entry in slots if str(entry["slot"]).startswith(f"{region}.")]
    absent = [e for e in mine if e.get("negated")]
    present = [e for e in mine if not e.get("negated")]
    said = []
    if present:
        kinds = [f"value.{e['value']}" for e in present if str(e["slot"]).endswith(".type")]
        kinds = list(dict.fromkeys(kinds)) or [f"phrase.{region}"]
        said.append(_joined(t, present, kinds, language))
    said += [_maybe(t, t("phrase.no", what=value_name(t, e["value"])), [e]) for e in absent]
    return said


def _carried(t: Translator, slots: Iterable[Entry], thing: str, language: str) -> list[str]:
    slot = f"carry.{thing}"
    mine = [entry for entry in slots if str(entry["slot"]) in {slot, f"{slot}.colour"}]
    if not mine:
        return []
    noun = f"slot.{slot}"
    absent = [entry for entry in mine if entry["slot"] == slot and entry.get("negated")]
    if absent:
        return [_maybe(t, t("phrase.no", what=t(noun)), absent)]
    return [_joined(t, mine, [noun], language)]


def _joined(t: Translator, entries: Sequence[Entry], nouns: Sequence[str], language: str) -> str:
    """Say a thing, and what is doubted of it as doubtful: "hat (maybe red)", "maybe red hat"."""
    things = [e for e in entries if str(e["slot"]).endswith(".type") or e["value"] == "present"]
    doubted = [e for e in entries if e not in things and _doubted(e)]
    if any(map(_doubted, things)) or (not things and len(doubted) == len(entries)):
        return t("phrase.maybe", what=_described(t, entries, nouns, language))
    sure = _described(t, [e for e in entries if e not in doubted], nouns, language)
    if not doubted:
        return sure
    return sure + t("phrase.aside", what=t("phrase.maybe", what=_described(t, doubted, nouns, "")))


def _maybe(t: Translator, text: str, entries: Iterable[Entry]) -> str:
    return t("phrase.maybe", what=text) if any(map(_doubted, entries)) else text


def _doubted(entry: Entry) -> bool:
    return entry.get("certainty") == "unsure"


def _described(t: Translator, entries: Iterable[Entry], nouns: Sequence[str], language: str) -> str:
    """Put colours and other qualities to a thing that may have several names (keys).

    Without a language the thing itself is left unsaid.
    """
    first = t.grammar.adjective_first
    noun = nouns[0] if first else nouns[-1]
    thing = t("phrase.or").join(t(name) for name in nouns) if language else ""
    beside = noun if language or t.grammar.predicate else ""  # "Jacke (vielleicht rot)"
    keys, colours, together = [], [], True
    for entry in entries:
        kind = str(entry["slot"]).rpartition(".")[2]
        if kind == "colour":
            colours.append(shaded(t, entry["value"], str(entry.get("modifier") or ""), beside))
            together = together and entry.get("group") is None
        elif kind != "type" and entry["value"] not in {"plain", "present"}:
            keys.append(f"phrase.{kind}.{entry['value']}")
    joint = t("phrase.and" if together else "phrase.or").join(dict.fromkeys(colours))
    before = [t.beside(key, beside) for key in keys if key not in t.grammar.after]
    behind = [t(key) for key in keys if key in t.grammar.after]
    parts = [*before, joint, thing, *behind] if first else [thing, joint, *before]
    return t("phrase.space").join(part for part in parts if part)
