"""What is said of people who are not there, by hand on made-up venues."""

import pytest

from reid.describe import LANGUAGES, describe
from reid.lab.bench.absent import TOGETHER, Outcomes, ask
from reid.lab.bench.data.clip_descriptions import (
    ClipDescriptions,
    Sentence,
    read_clip_descriptions,
)
from tests.venues import sightings

RED, PINK = Sentence("red jacket and blue trousers", "en"), Sentence("rosa Mantel", "de")


def test_half_of_the_sentences_are_held_back() -> None:
    dev, held = read_clip_descriptions("dev"), read_clip_descriptions("held")
    assert not set(dev.absent) & set(held.absent)
    assert min(len(dev.absent), len(held.absent)) >= 50
    assert read_clip_descriptions().absent == (*dev.absent, *held.absent)
    assert dev.present == held.present


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_understood(language: str) -> None:
    known = read_clip_descriptions()
    said = [*known.absent, *(one for those in known.present.values() for one in those)]
    mine = [one for one in said if one.language == language]
    assert len(mine) >= 15
    assert not [one.text for one in mine if not describe(one.text, language).wishes]


def test_who_is_in_one_clip_is_in_all_together() -> None:
    venues = {"gate": sightings(20), "shop": sightings(12, offset=40)}
    venues[TOGETHER] = sightings(20, offset=80)
    said = ask(venues, ClipDescriptions((PINK,), {"gate": (RED,), "another": (RED,)}))
    assert [(one.venue, one.sentence, one.present) for one in said] == [
        ("gate", PINK, False),
        ("gate", RED, True),
        ("shop", PINK, False),
        (TOGETHER, PINK, False),
        (TOGETHER, RED, True),
    ]
    assert said[1].answer.matches[0].key.id == f"s{0:023d}"
    assert not [one for one in said if one.sentence == PINK and one.answer.outcome == "found"]


def test_outcomes_are_counted() -> None:
    counted = Outcomes.of(["found", "unsure", "nobody_fits", "unsure"])
    assert (counted.found.hits, counted.unsure.hits, counted.nobody_fits.hits) == (1, 2, 1)
    assert counted.row("shop")[0] == "shop"
    assert counted.row("shop")[2:] == ("50.0", "25.0", "4")
