"""Attacks: what is hidden is hidden, what is not is found, and chance is said right."""

import numpy as np
import pytest

from reid.core.errors import SourceError
from reid.embed import RegionEmbedder
from reid.lab.bench.privacy import Attacked, _link, around_head, read_faces
from reid.lab.bench.rivals import weak_redaction
from reid.lab.bench.rivals.attack import Examples, probe, retrained_recogniser
from reid.lab.bench.rivals.composed_bodies import HEIGHT, WIDTH, compose
from reid.lab.bench.rivals.inversion import Known, invert

FACE = np.tile(np.linspace(40, 220, 23).astype(np.uint8), (28, 1))
HEAD = np.array([20, 3, 43, 31], np.float32)


def person(head_level: int) -> np.ndarray:
    """A noisy image whose true head, well inside the found box, has one level."""
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    pixels[5:29, 22:41] = head_level
    return pixels


def test_clothes_and_light_say_nothing_of_the_face() -> None:
    """Two faces on bodies drawn with the same dice differ in the head only."""
    one = compose(FACE, np.random.default_rng(4))
    other = compose(255 - FACE, np.random.default_rng(4))
    assert one.pixels.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_array_equal(one.found, other.found)
    x0, y0, x1, y1 = one.head
    differs = np.argwhere((one.pixels != other.pixels).any(axis=2))
    assert (differs >= [np.floor(y0), np.floor(x0)]).all()
    assert (differs <= [np.ceil(y1), np.ceil(x1)]).all()


def test_what_ships_does_not_depend_on_the_head() -> None:
    for hide in (weak_redaction.as_shipped("head"), weak_redaction.not_found):
        np.testing.assert_array_equal(hide(person(0), HEAD), hide(person(255), HEAD))


@pytest.mark.parametrize(
    "hide", [weak_redaction.gaussian(0.2), weak_redaction.mosaic(6), weak_redaction.nothing]
)
def test_blur_and_mosaic_do(hide) -> None:
    hidden, other = hide(person(0), HEAD), hide(person(255), HEAD)
    assert np.abs(hidden.astype(int) - other).max() > 40
    np.testing.assert_array_equal(hidden[60:], person(0)[60:])


def test_the_look_at_a_head_is_centred() -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[16:18, 31:33] = 255  # the middle of HEAD is (31.5, 17)
    look = around_head(pixels, HEAD)
    assert look.shape == (3, 32, 32)
    assert np.unravel_index(look[0].argmax(), (32, 32)) in {(15, 15), (15, 16), (16, 15), (16, 16)}


def test_chance_by_hand() -> None:
    """Of 400 guesses among 40, 95 % of guessers get 4 to 17 right (binomial)."""
    truth = np.arange(400) % 40
    attacked = Attacked.of(np.zeros(400, np.int64), truth, truth, 40, seed=0)
    assert (attacked.accuracy, attacked.chance, attacked.at_chance) == (0.025, 0.025, True)
    assert attacked.chance_interval == (4 / 400, round(17 / 400, 4))
    assert not Attacked.of(truth, truth, truth, 40, seed=0).at_chance


def examples(signal: float) -> Examples:
    """Three classes of 32 × 32 images that differ in colour by `signal`."""
    rng = np.random.default_rng(0)
    labels = np.arange(180) % 3
    images = rng.normal(0, 0.3, (180, 3, 32, 32)).astype(np.float32)
    images[np.arange(180), labels] += np.float32(signal)
    return Examples(images[:120], labels[:120], images[120:], labels[120:])


def test_the_recogniser_learns_what_is_there_and_nothing_else() -> None:
    seen, blind = examples(1.0), examples(0.0)
    assert (retrained_recogniser(seen, 4, 0) == seen.test_labels).mean() > 0.95
    assert (retrained_recogniser(blind, 2, 0) == blind.test_labels).mean() < 0.55


@pytest.mark.parametrize("hidden", [False, True])
def test_probes_find_a_direction(hidden: bool) -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(300) % 3
    vectors = rng.normal(size=(300, 16)).astype(np.float32)
    vectors[np.arange(300), labels] += 4
    given = Examples(vectors[:200], labels[:200], vectors[200:], labels[200:])
    assert (probe(given, 30, 0, hidden=hidden) == labels[200:]).mean() > 0.9


def test_faces_are_read(tmp_path) -> None:
    import cv2

    for name in ("s1", "s2", "few"):
        (tmp_path / name).mkdir()
        for i in range(3 if name != "few" else 1):
            cv2.imwrite(str(tmp_path / name / f"{i}.pgm"), FACE)
    assert [len(photos) for photos in read_faces(tmp_path)] == [3, 3]
    with pytest.raises(SourceError, match="two people"):
        read_faces(tmp_path / "s1")


def known(signal: float, n: int = 240) -> Known:
    """Pictures of 12 pixels that depend on 4 numbers; vectors are those, drowned in noise."""
    rng = np.random.default_rng(7)
    mixing = rng.normal(size=(4, 12)).astype(np.float32)
    rng = np.random.default_rng(n)
    causes = rng.normal(size=(n, 4)).astype(np.float32)
    vectors = signal * causes + (1 - signal) * rng.normal(size=(n, 4)).astype(np.float32)
    return Known(vectors.astype(np.float32), causes @ mixing / 4, np.arange(n) % 12)


def test_what_is_in_a_vector_is_made_again_and_nothing_else() -> None:
    told = invert(known(1.0), known(1.0, 120), 40, 0)
    blind = invert(known(0.0), known(0.0, 120), 10, 0)
    assert told.explained > 0.9
    assert not told.nothing
    assert blind.explained < 0.05
    assert blind.nothing
    assert blind.figures().nothing_recovered


def test_a_face_made_again_is_most_like_its_person() -> None:
    """Three people of one picture each: vectors name the picture, so the decoder does too."""
    person = np.arange(90) % 3
    pictures = np.eye(3, 8, dtype=np.float32)[person]
    given = Known(np.eye(3, dtype=np.float32)[person], pictures, person)
    assert (invert(given, given, 30, 0).guess == person).all()


def test_clothes_link_a_day_but_not_the_next() -> None:
    """Sixteen people with the same face: only what they wear can tell them apart."""
    faces = [[FACE] * 4 for _ in range(16)]
    same, other = (_link(RegionEmbedder(), faces, 0, day) for day in (0, 1))
    assert same.accuracy > 0.8
    assert other.accuracy < 0.3
    assert other.at_chance
