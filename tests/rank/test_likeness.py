"""A photo ranks together with words: one score, what both say counted once."""

from dataclasses import replace

import numpy as np
import pytest

from reid.core.records import PhotoQuery, Query, Wish
from reid.rank import Gallery, ScoreConfig, rank
from reid.rank.likeness import HIGHEST, LOWEST, likeness, standard, worth
from reid.rank.score import PHOTO_TRUST, terms
from tests.venues import DIM, MODEL, sightings

CONFIG = ScoreConfig(model_id=MODEL)
SEEN = sightings(40)
GALLERY = Gallery.of(SEEN)
RED = Wish("upper.colour", "red")
"""Of the first sighting alone."""


def photo_of(row: int, noise: float = 0.3, worn: float = 1.0) -> PhotoQuery:
    """Another picture of who is in a sighting."""
    vector = SEEN.vectors[row] + np.random.default_rng(row).normal(size=DIM) * noise / DIM**0.5
    return PhotoQuery((vector / np.linalg.norm(vector)).astype(np.float32), MODEL, worn)


def first(query: Query) -> int:
    return SEEN.keys.index(rank(query, GALLERY, config=CONFIG).matches[0].key)


def test_a_photo_alone_finds_its_person() -> None:
    answer = rank(Query("", photo=photo_of(7)), GALLERY, config=CONFIG)
    best, second = answer.matches[:2]
    assert best.key == SEEN.keys[7] and answer.outcome == "found"
    assert best.photo is not None and best.photo.verdict == "match"
    assert best.photo.similarity > 0.8 and best.photo.likelihood_ratio > 20
    assert second.photo is not None and second.photo.similarity < best.photo.similarity
    assert best.probability > 0.5 > second.probability


def test_a_photo_of_nobody_here_is_said_to_fit_nobody() -> None:
    stranger = np.zeros(DIM, np.float32)
    stranger[0] = 1
    others = replace(GALLERY, vectors=np.eye(DIM, dtype=np.float32)[1 + np.arange(40) % 15])
    answer = rank(Query("", photo=PhotoQuery(stranger, MODEL)), others, config=CONFIG)
    assert answer.outcome != "found"
    assert answer.matches[0].probability < 0.5


def test_words_and_photo_decide_together() -> None:
    """Of two who look alike the words tell which; words alone do not outweigh a clear photo."""
    twins = GALLERY.vectors.copy()
    twins[0] = twins[7]
    gallery = replace(GALLERY, vectors=twins)
    both = rank(Query("", (RED,), photo=photo_of(7)), gallery, config=CONFIG)
    assert [SEEN.keys.index(m.key) for m in both.matches[:2]] == [0, 7]
    words = rank(Query("", (RED,)), gallery, config=CONFIG)
    assert both.matches[0].score > words.matches[0].score
    assert both.matches[0].score == pytest.approx(
        words.matches[0].score + np.log(both.matches[0].photo.likelihood_ratio), abs=1e-3
    )


def test_clothes_worn_no_more_count_for_that_much_less() -> None:
    cosine = (SEEN.vectors @ photo_of(7).vector).astype(np.float32)
    assert worth(cosine, 0.5) == pytest.approx(worth(cosine) / 2)
    assert worth(cosine, 0.0) == pytest.approx(0.0)
    whole, half = (
        rank(Query("", photo=photo_of(7, worn=share)), GALLERY, config=CONFIG) for share in (1, 0.4)
    )
    assert half.matches[0].probability < whole.matches[0].probability


def test_what_a_photo_says_is_bounded() -> None:
    nats = worth(np.linspace(-1, 1, 500).astype(np.float32))
    assert nats.min() == LOWEST and nats.max() <= HIGHEST


def test_what_was_read_off_the_photo_counts_less_beside_its_vector() -> None:
    read = Wish("upper.colour", "red", source="photo")
    (alone,) = terms(Query("", (read,)), CONFIG)
    (beside,) = terms(Query("", (read,), photo=photo_of(0)), CONFIG)
    (said,) = terms(Query("", (RED,), photo=photo_of(0)), CONFIG)
    assert beside.trust == pytest.approx(PHOTO_TRUST * alone.trust)
    assert said.trust == alone.trust and beside.of_photo and not said.of_photo


@pytest.mark.parametrize("n", [1, 2, 5])
def test_of_few_sightings_a_likeness_is_compared_with_the_usual(n: int) -> None:
    cosine = np.linspace(0.7, 0.9, n).astype(np.float32)
    assert (standard(cosine) > 1).all(), "all of them look alike"
    assert np.isfinite(worth(cosine)).all()


def test_vectors_of_another_model_are_not_compared() -> None:
    other = PhotoQuery(photo_of(7).vector, "another-2")
    assert likeness(other, GALLERY, MODEL) is None
    assert likeness(photo_of(7), replace(GALLERY, vectors=None), MODEL) is None
    answer = rank(Query("", (RED,), photo=other), GALLERY, config=CONFIG)
    assert first(Query("", (RED,), photo=other)) == 0
    assert answer.matches[0].photo is None


def test_a_photo_is_a_unit_vector() -> None:
    with pytest.raises(ValueError, match="unit norm"):
        PhotoQuery(np.ones(4, np.float32), MODEL)
    with pytest.raises(ValueError, match=r"shape \(D,\)"):
        PhotoQuery(np.eye(2, dtype=np.float32), MODEL)
    assert "vector" not in repr(photo_of(1))
