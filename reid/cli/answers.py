"""Answers as JSON: what `reid search`, `similar`, `journey` and `sites` print for programs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reid.core.records import (
    Alike,
    Answer,
    Beside,
    Match,
    Person,
    Reason,
    SightingKey,
    SimilarMatch,
    level_of,
    percent_of,
)
from reid.desk.parsed_description import ParsedDescription


def answer_json(answer: Answer, description: ParsedDescription) -> dict[str, Any]:
    """Return an answer in the shape of `reid search --json`; with how it was understood."""
    return {
        "query": dict(description.data),
        "outcome": answer.outcome,
        "matches": [match_json(match) for match in answer.matches],
        "people": [person_json(person) for person in answer.people],
    }


def person_json(person: Person) -> dict[str, Any]:
    """Return one person of an answer: sightings of the same clothes, and what is said of them."""
    return {
        "sightings": list(person.sightings),
        "probability": _rounded(person.probability),
        "percent": percent_of(person.probability),
        "level": person.level,
    }


def match_json(match: Match) -> dict[str, Any]:
    """Return one match in the shape of `reid search --json`."""
    return {
        **key_json(match.key),
        "score": _rounded(match.score),
        "probability": _rounded(match.probability),
        "percent": percent_of(match.probability),
        "level": level_of(match.probability),
        "why": [_reason_json(reason) for reason in match.why],
        **({"with": [_beside_json(one) for one in match.beside]} if match.beside else {}),
        **({} if match.photo is None else {"photo": _alike_json(match.photo)}),
    }


def _alike_json(alike: Alike) -> dict[str, Any]:
    return {
        "similarity": _rounded(alike.similarity),
        "verdict": alike.verdict,
        "likelihood_ratio": _rounded(alike.likelihood_ratio),
    }


def _beside_json(one: Beside) -> dict[str, Any]:
    return {
        "sighting": one.sighting,
        "verdict": one.verdict,
        "likelihood_ratio": _rounded(one.likelihood_ratio),
        "why": [_reason_json(reason) for reason in one.why],
    }


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "slot": reason.slot,
        "value": reason.value,
        "negated": reason.negated,
        "verdict": reason.verdict,
        "probability": _rounded(reason.probability),
        "likelihood_ratio": _rounded(reason.likelihood_ratio),
    }


def key_json(key: SightingKey) -> dict[str, Any]:
    """Return a sighting's key; times are ISO 8601 with offset."""
    return {
        "sighting": key.id,
        "source": key.source,
        "camera": key.camera,
        "start": _iso(key.start),
        "end": _iso(key.end),
    }


def similar_json(found: Sequence[SimilarMatch]) -> list[dict[str, Any]]:
    """Return similar sightings in the shape of `reid similar --json`."""
    return [{**key_json(f.key), "similarity": _rounded(f.similarity)} for f in found]


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
