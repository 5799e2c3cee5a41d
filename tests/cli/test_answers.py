"""The JSON that programs read."""

from datetime import timedelta

from reid.cli.answers import answer_json
from reid.core.records import Answer, Match, Query, Reason, SightingKey
from reid.desk.parsed_description import ParsedDescription
from tests.making import NOON


def test_the_answer_s_json() -> None:
    key = SightingKey("s1", "v.mp4", "k", "gate", NOON, NOON + timedelta(seconds=1.5), 3)
    why = (
        Reason("upper.colour", "red", "match", 0.91234, likelihood_ratio=4.56789),
        Reason("carry.backpack", "present", "not_estimated", None, negated=True),
        Reason("upper.type", "hoodie", "unclear", 0.2, likelihood_ratio=0.8),
    )
    answer = Answer(Query("red"), "found", (Match(key, 1.23456, 0.5, why),))
    assert answer_json(answer, ParsedDescription({"slots": []})) == {
        "query": {"slots": []},
        "outcome": "found",
        "matches": [
            {
                "sighting": "s1",
                "source": "v.mp4",
                "camera": "gate",
                "start": "2026-05-01T12:00:00.000+00:00",
                "end": "2026-05-01T12:00:01.500+00:00",
                "score": 1.2346,
                "probability": 0.5,
                "percent": 50,
                "level": "likely",
                "why": [
                    {
                        "slot": "upper.colour",
                        "value": "red",
                        "negated": False,
                        "verdict": "match",
                        "probability": 0.9123,
                        "likelihood_ratio": 4.5679,
                    },
                    {
                        "slot": "carry.backpack",
                        "value": "present",
                        "negated": True,
                        "verdict": "not_estimated",
                        "probability": None,
                        "likelihood_ratio": None,
                    },
                    {
                        "slot": "upper.type",
                        "value": "hoodie",
                        "negated": False,
                        "verdict": "unclear",
                        "probability": 0.2,
                        "likelihood_ratio": 0.8,
                    },
                ],
            }
        ],
        "people": [{"sightings": ["s1"], "probability": 0.5, "percent": 50, "level": "likely"}],
    }
