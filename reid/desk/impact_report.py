"""What an impact assessment asks for, gathered from a venue's rules, sightings and trail."""

import re
from collections import Counter
from typing import Any, Final

from reid.core import vocabulary
from reid.desk.cases import Line
from reid.desk.desk import Desk
from reid.desk.measured_figures import measured_figures
from reid.desk.policy import PERMISSIONS
from reid.desk.policy.places import FORBIDDEN
from reid.weights.adapted import is_adapted

_WHO_SAW: Final = ("search", "view", "similar", "journey", "export", "report")


def report(desk: Desk, actor: str) -> dict[str, Any]:
    """Return purposes, cameras, signs, retention, what is estimated, who saw what; audited."""
    desk.note_report(actor)
    policy = desk.policy
    model = desk.store.model_id if desk.has_sightings else None
    lines = desk.records.trail.lines()
    verified = desk.records.trail.verify()
    return {
        "venue": policy.venue.name,
        "controller": policy.venue.controller,
        "contact": policy.venue.contact,
        "purposes": {
            name: {"label": purpose.label, "body_derived": _body(purpose.body)}
            for name, purpose in policy.purposes.items()
        },
        "cameras": {
            name: {"name": policy.camera_name(name), "place": camera.place}
            for name, camera in policy.cameras.items()
        },
        "forbidden_places": sorted(FORBIDDEN),
        "signs": {"posted": policy.signs.posted, "text": policy.signs.text},
        "retention_hours": policy.venue.retention_hours,
        "case_hours": policy.venue.case_hours,
        "adaptation": _adaptation(desk),
        "sightings_stored": desk.store.count() if desk.has_sightings else 0,
        "model": model,
        "estimated": [
            s.name
            for s in vocabulary.SLOTS.values()
            if not s.body_derived and s.name not in vocabulary.NEVER_ESTIMATED
        ],
        "estimated_from_the_body": [s.name for s in vocabulary.SLOTS.values() if s.body_derived],
        "never_estimated": list(vocabulary.REFUSED),
        "measured": {
            m.benchmark: m.to_json() for m in measured_figures(desk.folder, policy, model)
        },
        "roles": {role: sorted(permissions) for role, permissions in PERMISSIONS.items()},
        "staff": Counter(u.role for u in desk.records.accounts.all() if not u.disabled),
        "cases": Counter(case.state for case in desk.records.book.all()),
        "who_saw": _who_saw(lines),
        "refusals": sum(line.action in {"refused", "login.refused"} for line in lines),
        "erasures": sum(line.action.startswith("erase.") for line in lines),
        "audit": {"lines": verified.lines, "head": verified.head, "problem": verified.problem},
    }


def report_text(found: dict[str, Any]) -> str:
    """Write a report as plain text."""
    parts = [f"IMPACT REPORT · {found['venue']}"]
    for name, value in found.items():
        if name == "venue":
            continue
        parts.append(f"\n{name.replace('_', ' ').capitalize()}")
        parts += [f"  {line}" for line in _lines(value)]
    return "\n".join(parts) + "\n"


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        if all(isinstance(item, dict) and "text" in item for item in value.values()) and value:
            return [line for item in value.values() for line in item["text"]]
        return [f"{key}: {_short(item)}" for key, item in value.items()] or ["none"]
    if isinstance(value, list):
        return [", ".join(map(_plain, value)) or "none"]
    return [_short(value)]


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "none"
    if value is None:
        return "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _adaptation(desk: Desk) -> dict[str, Any]:
    """Return whether, and what for, weights may learn from pictures here, and whether they have."""
    allowed = desk.policy.adaptation
    return {
        "allowed": allowed is not None,
        "purpose": allowed.purpose if allowed else None,
        "retention_hours": allowed.retention_hours if allowed else 0,
        "views_a_track": desk.policy.views_kept,
        "views_stored": desk.store.count_views() if desk.has_sightings else 0,
        "weights_learnt_from_people": desk.has_sightings and is_adapted(desk.store.model_id),
    }


def _plain(value: object) -> str:
    """Say a slot, place or kind without its code's dots and dashes: "upper colour"."""
    return re.sub(r"(?<=[a-z])[._-](?=[a-z])", " ", str(value))


def _body(allowed: tuple[str, ...] | bool) -> list[str] | bool:
    return list(allowed) if isinstance(allowed, tuple) else allowed


def _who_saw(lines: list[Line]) -> dict[str, dict[str, int]]:
    seen: dict[str, Counter[str]] = {}
    for line in lines:
        if line.action in _WHO_SAW:
            seen.setdefault(line.actor, Counter())[line.action] += 1
    return {actor: dict(counts) for actor, counts in seen.items()}
