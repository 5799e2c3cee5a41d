"""Drawn faces: a person stays the same from photo to photo, and differs from others."""

import numpy as np

from reid.lab.bench.rivals.drawn_faces import SIZE, draw_faces


def test_photos_of_one_person_are_more_alike_than_those_of_two() -> None:
    faces = draw_faces(8, 4, seed=0)
    assert all(photo.shape == SIZE[::-1] for photos in faces for photo in photos)
    rows = np.array([photo for photos in faces for photo in photos], np.float32).reshape(32, -1)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    person = np.repeat(np.arange(8), 4)
    closest = (rows @ rows.T - 2 * np.eye(32)).argmax(axis=1)
    assert (person[closest] == person).mean() > 0.9


def test_the_same_seed_draws_the_same_faces() -> None:
    one, again, other = (draw_faces(2, 2, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one[1][1], again[1][1])
    assert (one[0][0] != other[0][0]).any()
    assert (one[0][0] != one[0][1]).any(), "two photos of a person differ"
