"""The audit trail and the report in words: what the codes of lines and slots mean to a reader."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from reid.core.vocabulary import SLOTS
from reid.desk.cases import Line
from reid.web.translations import Translator, slot_name

_PREFIXES: Final = ("step",)
"""Actions whose second part has words of its own."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the trail: in words, and its code beside them."""

    number: int
    when: str
    actor: str
    action: str
    code: str
    case: str
    details: tuple[tuple[str, str], ...]


def audit_rows(t: Translator, lines: Iterable[Line], zone: tzinfo) -> list[AuditRow]:
    """Put audit lines in words; times by the venue's clock."""
    return [
        AuditRow(
            line.seq,
            f"{line.time.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            line.actor,
            _action(t, line.action),
            line.action,
            f"C-{line.case_id}" if line.case_id else "",
            _details(t, line.detail),
        )
        for line in lines
    ]


def _action(t: Translator, action: str) -> str:
    kind, _, what = action.partition(".")
    if kind in _PREFIXES:
        return f"{t(f'action.{kind}')}: {t(f'{kind}.{what}')}"
    return t(f"action.{action}")


def _details(t: Translator, detail: str) -> tuple[tuple[str, str], ...]:
    """Return names and values of a line's detail, in words where there are some."""
    try:
        said = json.loads(detail)
    except ValueError:
        return (("", detail),)
    if not isinstance(said, dict):
        return (("", str(said)),)
    return tuple((_key(t, key), _value(t, key, value)) for key, value in said.items())


def _key(t: Translator, key: str) -> str:
    return t.known(f"detail.{key}") or key.replace("_", " ")


def _value(t: Translator, key: str, value: Any) -> str:
    if isinstance(value, bool):
        return t("ask.yes") if value else t("ask.no")
    if isinstance(value, list):
        return ", ".join(_value(t, key, one) for one in value) or "–"
    text = str(value)
    if text in SLOTS:
        return slot_name(t, text)
    return t.known(f"{_VALUES[key]}.{text}") or text if key in _VALUES else text


_VALUES: Final[Mapping[str, str]] = {
    "outcome": "outcome", "role": "role", "refused": "refused", "purpose": "purpose",
    "needs": "right", "why": "why", "kind": "kind",
}  # fmt: skip
"""Keys of details whose values have words, and where these are."""


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A part of the impact report: a heading, and its lines."""

    title: str
    lines: tuple[str, ...]


def report_sections(t: Translator, found: Mapping[str, Any]) -> list[ReportSection]:
    """Put an impact report in words; what was measured stays as the benchmarks say it."""
    return [
        ReportSection(t(f"report.{name}"), tuple(_lines(t, name, value)))
        for name, value in found.items()
        if name != "venue"
    ]


def _lines(t: Translator, name: str, value: Any) -> list[str]:
    if name == "measured":
        return [line for item in value.values() for line in item["text"]]
    if name in _LISTED:
        return [", ".join(_LISTED[name](t, one) for one in value) or t("report.none")]
    if isinstance(value, Mapping):
        return [_pair(t, name, key, item) for key, item in value.items()] or [t("report.none")]
    return [_said(t, value)]


def _pair(t: Translator, name: str, key: str, item: Any) -> str:
    said = t.known(f"{_NAMES[name]}.{key}") if name in _NAMES else None
    label = said or key.replace("_", " ")
    if name == "purposes":
        body = item["body_derived"]
        slots = body if isinstance(body, list) else []
        which = ", ".join(slot_name(t, slot) for slot in slots) or _said(t, body)
        return f"{item['label']} · {t('report.body')}: {which}"
    if name == "cameras":
        return f"{item['name']}: {t('place.' + item['place'])}"
    if name == "roles":
        return f"{label}: " + ", ".join(t.known(f"right.{one}") or one for one in item)
    if name == "who_saw":
        return f"{key}: " + ", ".join(f"{t('action.' + a)} {n}" for a, n in item.items())
    return f"{label}: {_said(t, item)}"


def _said(t: Translator, value: Any) -> str:
    if value is None or value == []:
        return t("report.none")
    if isinstance(value, bool):
        return t("ask.yes") if value else t("ask.no")
    return str(value)


_LISTED: Final[Mapping[str, Callable[[Translator, str], str]]] = {
    "forbidden_places": lambda t, one: t.known(f"forbidden.{one}") or one.replace("-", " "),
    "estimated": slot_name,
    "estimated_from_the_body": slot_name,
    "never_estimated": lambda t, one: t(f"refused.{one}"),
}
_NAMES: Final = {"roles": "role", "staff": "role", "cases": "state", "signs": "report.sign",
                 "audit": "report.audit"}  # fmt: skip
