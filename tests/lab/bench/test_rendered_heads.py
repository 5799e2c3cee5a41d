"""Heads of rendered people as photos: those who look towards the camera, evenly bright."""

from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import SourceError
from reid.lab.bench.data.rendered_heads import FEWEST_PHOTOS, SIZE
from reid.lab.bench.privacy import files_of, read_faces
from reid.lab.synth.scene import HEAD

HEAD_BOX = np.array([30, 10, 60, 50], np.float32)


def write_shard(folder: Path, eyes: list[float], people: list[int]) -> None:
    """Write crops whose left eye lies `eyes` px to the right of the right eye."""
    n = len(eyes)
    parts = np.zeros((n, 120, 90), np.uint8)
    parts[:, 10:50, 30:60] = HEAD
    images = np.full((n, 120, 90, 3), 60, np.uint8)
    images[:, 20:40, 36:54] = 90
    joints = np.zeros((n, 17, 3), np.float32)
    joints[:, 1, 0], joints[:, 2, 0] = 45 + np.array(eyes) / 2, 45 - np.array(eyes) / 2
    shard = folder / "shard-00000"
    shard.mkdir(parents=True)
    arrays = {"image": images, "parts": parts, "joints": joints, "identity": np.array(people),
              "head_box": np.tile(HEAD_BOX, (n, 1))}  # fmt: skip
    for name, array in arrays.items():
        np.save(shard / f"{name}.npy", array)


def test_those_who_look_here_have_photos(tmp_path: Path) -> None:
    """Of the first person everything is from before, of the third from behind and the side."""
    write_shard(tmp_path, [12.0] * 10 + [-12.0, 1.0] * 3, [0] * 5 + [1] * 5 + [2] * 6)
    faces = read_faces(tmp_path)
    assert [len(photos) for photos in faces] == [5, 5]
    photo = faces[0][0]
    assert photo.shape == SIZE[::-1]
    assert (photo.min(), photo.max()) == (0, 255), "as bright as photos are"
    assert len(files_of(tmp_path)) == 5


def test_too_few_faces_are_an_error(tmp_path: Path) -> None:
    write_shard(tmp_path, [12.0] * (FEWEST_PHOTOS - 1), [0] * (FEWEST_PHOTOS - 1))
    with pytest.raises(SourceError, match="no faces"):
        read_faces(tmp_path)
