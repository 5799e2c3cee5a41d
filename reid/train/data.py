"""Shards of synthetic crops → redacted training images, in memory.

Every image passes through the product's own `redact()`, with head boxes as the product would have
had them: mostly a found head, sometimes only the closed top of the person or of the crop.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.errors import ReidError
from reid.heads import Seen, crop_head_boxes, head_boxes
from reid.pixels import RawFrame, redact
from reid.synth.shards import cores
from reid.tracks import Boxes, Tracks, as_boxes, empty_boxes
from reid.vocabulary import ATTRIBUTE_COLUMNS, PART_INDEX

CARRIED_VALUE: Final = "present"

REDACTED: Final = "redacted-2.npy"

_FOUND, _ONLY_PERSON = 0.55, 0.25  # shares of crops; the rest are redacted as ready-made crops
_HEAD_JITTER: Final = 0.12  # of a head's sides
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Crops:
    """N labelled crops in memory.

    Attributes:
        images: uint8 (N, H, W, 3), redacted, RGB.
        parts: uint8 (N, H, W), part numbers of the renderer.
        identity: int64 (N,), from 0 without gaps.
        camera: int64 (N,).
        attributes: uint8 (N, K), 1 where it holds.
        body: uint8 (N, C).
        visible: float32 (N, P); of who carries nothing, "carried" is as visible as the upper body:
            one can see that there is nothing.
        shard: int64 (N,); people of one shard share their cameras.
    """

    images: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    identity: NDArray[np.int64]
    camera: NDArray[np.int64]
    attributes: NDArray[np.uint8]
    body: NDArray[np.uint8]
    visible: NDArray[np.float32]
    shard: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.identity)

    @property
    def identities(self) -> int:
        """How many different people."""
        return int(self.identity.max()) + 1 if len(self) else 0


def load(folders: list[Path], least_visible: float = 0.35) -> Crops:
    """Read all complete shards below `folders`, leaving out people who are mostly hidden.

    Raises:
        ReidError: there are none.
    """
    shards = sorted(
        path for folder in folders for path in folder.glob("shard-*[0-9]") if path.is_dir()
    )
    if not shards:
        raise ReidError(
            f"no shards in {', '.join(map(str, folders))}: run `reid synth crops` first"
        )
    _redact_missing(shards)
    columns: dict[str, list[NDArray[np.generic]]] = {}
    for number, shard in enumerate(shards):
        kept = np.load(shard / "visible.npy") >= least_visible
        identity = np.load(shard / "identity.npy").astype(np.int64)
        columns.setdefault("images", []).append(redacted_shard(shard)[kept])
        columns.setdefault("identity", []).append((identity + number * 100_000)[kept])
        camera = np.load(shard / "camera.npy").astype(np.int64) + number * 1_000
        columns.setdefault("camera", []).append(camera[kept])
        columns.setdefault("shard", []).append(np.full(int(kept.sum()), number, np.int64))
        for name, file in _PLAIN.items():
            columns.setdefault(name, []).append(np.load(shard / file)[kept])
    joined = {name: np.concatenate(values) for name, values in columns.items()}
    joined["visible"] = seen_to_be_empty_handed(joined["visible"], joined["attributes"])
    joined["identity"] = np.unique(joined["identity"], return_inverse=True)[1].astype(np.int64)
    return Crops(**joined)


_PLAIN: Final = {
    "parts": "parts.npy",
    "attributes": "worn.npy",
    "body": "body.npy",
    "visible": "part_visible.npy",
}


def seen_to_be_empty_handed(visible: NDArray[Any], attributes: NDArray[Any]) -> NDArray[np.float32]:
    """Return visibility (N, P) in which nothing carried counts as seen with the upper body.

    Else nobody would be an example of having no bag.
    """
    things = [k for k, c in enumerate(ATTRIBUTE_COLUMNS) if c.value == CARRIED_VALUE]
    empty = attributes[:, things].max(axis=1) == 0
    out = np.array(visible, np.float32)
    carried, upper = PART_INDEX["carried"], PART_INDEX["upper"]
    out[empty, carried] = out[empty, upper]
    return out


def _redact_missing(shards: list[Path]) -> None:
    """Redact what has not been, one process a core: the first reading is the longest."""
    missing = [shard for shard in shards if not (shard / REDACTED).is_file()]
    if len(missing) < 2:
        return
    with ProcessPoolExecutor(min(cores(), len(missing)), get_context("spawn")) as pool:
        for _ in pool.map(_keep_redacted, missing):
            pass


def _keep_redacted(shard: Path) -> None:
    redacted_shard(shard)


def redacted_shard(shard: Path) -> NDArray[np.uint8]:
    """Return a shard's images redacted, uint8 (N, H, W, 3); made once and kept beside them."""
    kept = shard / REDACTED
    if kept.is_file():
        return np.asarray(np.load(kept))
    images = np.load(shard / "image.npy")
    heads, people = np.load(shard / "head_box.npy"), np.load(shard / "whole_box.npy")
    random = np.random.default_rng(int(shard.name.rpartition("-")[2]))
    redacted = np.stack(
        [_redact(i, h, p, random) for i, h, p in zip(images, heads, people, strict=True)]
    )
    part = kept.with_suffix(".part.npy")
    np.save(part, redacted)
    part.replace(kept)
    return redacted


def _redact(
    image: NDArray[np.uint8], head: Boxes, person: Boxes, random: np.random.Generator
) -> NDArray[np.uint8]:
    boxes = _head_boxes(head, person, image.shape, random)
    raw = RawFrame(np.ascontiguousarray(image), "synthetic", 0, _EPOCH)
    return np.array(redact(raw, boxes).pixels)


def _head_boxes(
    head: Boxes, person: Boxes, shape: tuple[int, ...], random: np.random.Generator
) -> Boxes:
    """Return the boxes that the product might redact here."""
    how = random.random()
    sure = bool(np.isfinite(head).all())
    if how > _FOUND + _ONLY_PERSON:
        found = as_boxes([_as_found(head, random)]) if sure else empty_boxes()
        return crop_head_boxes(shape[1], shape[0], found, sure=sure)
    tracks = Tracks(as_boxes([person]), np.ones(1, np.float32), np.ones(1, np.int64))
    if how > _FOUND or not sure:
        return head_boxes([Seen(tracks, empty_boxes())], 0)
    return head_boxes([Seen(tracks, as_boxes([_as_found(head, random)]))], 0)


def _as_found(head: Boxes, random: np.random.Generator) -> Boxes:
    """Return a head's box (4,) as a detector would say it."""
    sides = np.tile(head[2:] - head[:2], 2)
    return np.asarray(head + random.normal(0, _HEAD_JITTER, 4) * sides, np.float32)
