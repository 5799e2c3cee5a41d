"""Descriptions in words, from their fields alone: for the form, the radio and the printed sheet.

Nothing free-typed passes through here, so a name in the sentence cannot reach what leaves the desk.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from reid.vocabulary import CARRIED, YEARS_SLOT
from reid.web.words import Translator, shaded, value_name

Entry = Mapping[str, Any]

_GARMENTS: Final = ("feet", "upper", "outer", "lower", "head", "neck")
_ADJECTIVE_FIRST: Final = ("en", "zh")


def sentence(t: Translator, slots: Sequence[Entry], language: str) -> str:
    """Say a description in one line, e.g. "child, about 6, blue sneakers, red hoodie"."""
    said = [entry for entry in slots if entry.get("certainty") != "unknown"]
    parts = [*_person(t, said)]
    for region in _GARMENTS:
        parts += _garment(t, said, region, language)
    for thing in CARRIED:
        parts += _carried(t, said, thing, language)
    comma = t("phrase.comma")
    return comma.join(part for part in parts if part)


def _person(t: Translator, slots: Iterable[Entry]) -> list[str]:
    parts = []
    for entry in slots:
        slot, value = str(entry["slot"]), entry["value"]
        if slot == YEARS_SLOT:
            parts.append(t("phrase.years", n=f"{float(value):g}"))
        elif slot.startswith(("body.", "hair.")):
            text = t(f"phrase.{slot}", what=value_name(t, value))
            parts.append(t("phrase.no", what=text) if entry.get("negated") else text)
    return list(dict.fromkeys(parts))


def _garment(t: Translator, slots: Iterable[Entry], region: str, language: str) -> list[str]:
    mine = [entry for entry in slots if str(entry["slot"]).startswith(f"{region}.")]
    absent = [e for e in mine if e.get("negated")]
    present = [e for e in mine if not e.get("negated")]
    said = []
    if present:
        kinds = [value_name(t, e["value"]) for e in present if str(e["slot"]).endswith(".type")]
        thing = t("phrase.or").join(dict.fromkeys(kinds)) or t(f"phrase.{region}")
        said.append(_joined(_qualities(t, present), thing, language))
    said += [t("phrase.no", what=value_name(t, e["value"])) for e in absent]
    return said


def _qualities(t: Translator, entries: Iterable[Entry]) -> str:
    words, colours, together = [], [], True
    for entry in entries:
        slot = str(entry["slot"])
        if slot.endswith(".colour"):
            colours.append(shaded(t, entry["value"], str(entry.get("modifier") or "")))
            together = together and entry.get("group") is None
        elif not slot.endswith(".type") and entry["value"] != "plain":
            words.append(t(f"phrase.{slot.rpartition('.')[2]}.{entry['value']}"))
    join = t("phrase.and") if together else t("phrase.or")
    return t("phrase.space").join([*words, join.join(dict.fromkeys(colours))]).strip()


def _carried(t: Translator, slots: Iterable[Entry], thing: str, language: str) -> list[str]:
    slot = f"carry.{thing}"
    mine = [entry for entry in slots if str(entry["slot"]) in {slot, f"{slot}.colour"}]
    if not mine:
        return []
    name = t(f"slot.{slot}")
    if any(entry["slot"] == slot and entry.get("negated") for entry in mine):
        return [t("phrase.no", what=name)]
    return [_joined(_qualities(t, [e for e in mine if e["slot"] != slot]), name, language)]


def _joined(qualities: str, thing: str, language: str) -> str:
    if not qualities:
        return thing
    if language == "zh":
        return f"{qualities}{thing}"
    return f"{qualities} {thing}" if language in _ADJECTIVE_FIRST else f"{thing} {qualities}"
