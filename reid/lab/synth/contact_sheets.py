"""Contact sheets, so that people can look at what was rendered."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ReidError
from reid.lab.synth import crops
from reid.lab.synth.crops import CropJob, load_shard

Image = NDArray[np.uint8]

GAP: Final = 2
PALETTE: Final = np.random.default_rng(5).integers(60, 255, (256, 3)).astype(np.uint8)
"""A colour for each part number."""


def tile(images: list[Image], columns: int) -> Image:
    """Return images of one size, uint8 (h, w, 3), side by side in rows."""
    if not images:
        raise ValueError("tile needs at least one image")
    h, w = images[0].shape[:2]
    rows = -(-len(images) // columns)
    sheet = np.full((rows * (h + GAP) - GAP, columns * (w + GAP) - GAP, 3), 16, np.uint8)
    for i, image in enumerate(images):
        y, x = (i // columns) * (h + GAP), (i % columns) * (w + GAP)
        sheet[y : y + h, x : x + w] = image
    return sheet


def overlay(image: Image, parts: NDArray[np.uint8], boxes: NDArray[np.floating]) -> Image:
    """Return an image with its parts tinted and boxes (n, 4) drawn."""
    tint = PALETTE[parts]
    mixed = np.where((parts > 0)[..., None], image // 2 + tint // 2, image).astype(np.uint8)
    out = np.ascontiguousarray(mixed)
    for k, box in enumerate(boxes):
        x0, y0, x1, y1 = (int(v) for v in box)
        cv2.rectangle(out, (x0, y0), (x1 - 1, y1 - 1), ((255, 255, 0), (255, 0, 0))[k % 2], 1)
    return out


def of_crops(folder: Path, *, rows: int, columns: int, labels: bool = False) -> Image:
    """Return a sheet of the first crops of a folder that `reid synth crops` made.

    Raises:
        ReidError: the folder holds no shard.
    """
    shards = sorted(folder.glob("shard-?????"))
    if not shards:
        raise ReidError(f"no shard-00000 in {folder}: make crops first with `reid synth crops`")
    images: list[Image] = []
    for path in shards:
        data = load_shard(path)
        for i in range(min(len(data["identity"]), rows * columns - len(images))):
            image = np.asarray(data["image"][i], np.uint8)
            if labels:
                boxes = np.stack([data["person_box"][i], data["head_box"][i]])
                image = overlay(image, np.asarray(data["parts"][i]), boxes)
            images.append(image)
    return tile(images, columns)


def fresh(job: CropJob, *, rows: int, columns: int) -> Image:
    """Render a sheet without storing crops: one identity a row."""
    views = max(columns // job.cameras, 1)
    made = crops.render_shard(replace(job, identities=rows, shard=rows, views=views), 0)
    images = [np.asarray(image, np.uint8) for image in made["image"]]
    return tile(images, views * job.cameras)


def save(path: Path, image: Image) -> None:
    """Write a sheet as PNG or JPEG.

    Raises:
        ReidError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), image[..., ::-1]):
        raise ReidError(f"cannot write {path}: name a .png or .jpg file")
