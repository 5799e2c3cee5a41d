"""Rendered pictures in which every head's pixels are known (`reid synth heads`)."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.errors import SourceError
from reid.lab.bench.data.coco import ANNOTATIONS
from reid.lab.synth.heads import MAPS

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class TrueHead:
    """One head of a rendered picture.

    Attributes:
        number: its value in the map.
        kind: in what situation, of `reid.lab.synth.heads.kinds`.
        child: whether its owner is a child.
        size: px, longer side of the skull's box.
        visible: seen share.
        face: float32 (F, 2) px: nose and eyes that are seen; empty if it looks away.
    """

    number: int
    kind: str
    child: bool
    size: float
    visible: float
    face: Float


@dataclass(frozen=True, slots=True)
class HeadMap:
    """The heads of one picture, and the file of their pixels."""

    path: Path
    heads: tuple[TrueHead, ...]

    def pixels(self) -> NDArray[np.uint16]:
        """Return the map, uint16 (H, W): a head's number where its pixels are seen, 0 elsewhere.

        Raises:
            SourceError: missing or damaged.
        """
        read = cv2.imread(str(self.path), cv2.IMREAD_UNCHANGED)
        if read is None or read.ndim != 2:
            raise SourceError(f"{self.path} is missing or damaged: render it again")
        return np.asarray(read, np.uint16)


def has_head_maps(data: Path) -> bool:
    """Whether `data` was made by `reid synth heads`."""
    return (data / MAPS).is_dir() and (data / ANNOTATIONS).is_file()


def read_head_maps(data: Path) -> dict[Path, HeadMap]:
    """Return the heads by picture; none where `data` has no maps.

    Raises:
        SourceError: not of this format.
    """
    if not has_head_maps(data):
        return {}
    try:
        content = json.loads((data / ANNOTATIONS).read_text())
        heads: dict[int, list[TrueHead]] = {image["id"]: [] for image in content["images"]}
        for one in content["heads"]:
            face = np.array(one["face"], np.float32).reshape(-1, 2)
            heads[one["image_id"]].append(
                TrueHead(
                    one["number"], one["kind"], one["child"], one["size"], one["visible"], face
                )
            )
        names = {image["id"]: image["file_name"] for image in content["images"]}
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise SourceError(
            f"{data / ANNOTATIONS} lists no heads ({type(error).__name__}): render it again"
        ) from None
    return {
        data / "images" / name: HeadMap(
            (data / MAPS / name).with_suffix(".png"), tuple(heads[number])
        )
        for number, name in names.items()
    }
