"""Shards of synthetic crops → redacted training images, in memory.

Every image passes through the product's own `redact()`, with head boxes as the product would have
had them: mostly a found head, sometimes only the closed top of the person or of the crop.
"""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, Tracks, as_boxes, empty_boxes
from reid.core.columns import MISSING, current, places
from reid.core.errors import ReidError
from reid.core.pixels import FrameRef, HeadRegions, RawFrame, redact
from reid.core.vocabulary import ATTRIBUTE_COLUMNS, PART_INDEX
from reid.detect.head_regions import (
    FrameDetections,
    HeadCandidates,
    crop_regions_to_redact,
    regions_to_redact,
)
from reid.lab.synth.scene import LEG_SKIN, LOWER, OUTER, SKIN_PARTS, UPPER
from reid.lab.synth.shards import cores

CARRIED_VALUE: Final = "present"

REDACTED: Final = "redacted-3.npy"

_FOUND, _ONLY_PERSON = 0.55, 0.25  # shares of crops; the rest are redacted as ready-made crops
_HEAD_JITTER: Final = 0.12  # of a head's sides
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Crops:
    """N labelled crops in memory.

    Attributes:
        images: uint8 (N, H, W, 3), redacted, RGB.
        parts: uint8 (N, H, W), part numbers of the renderer; 0 where skin is painted over.
        identity: int64 (N,), from 0 without gaps.
        camera: int64 (N,).
        attributes: uint8 (N, K), 1 where it holds.
        body: uint8 (N, C).
        visible: float32 (N, P); of who carries nothing, "carried" is as visible as the upper body:
            one can see that there is nothing.
        shard: int64 (N,); people of one shard share their cameras.
        shown: uint8 (N, K), 0 where the garment itself is behind another: of a shirt below a coat
            nothing can be said from behind.
    """

    images: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    identity: NDArray[np.int64]
    camera: NDArray[np.int64]
    attributes: NDArray[np.uint8]
    body: NDArray[np.uint8]
    visible: NDArray[np.float32]
    shard: NDArray[np.int64]
    shown: NDArray[np.uint8]

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
        redacted = redacted_shard(shard)
        columns.setdefault("images", []).append(redacted[kept])
        columns.setdefault("identity", []).append((identity + number * 100_000)[kept])
        camera = np.load(shard / "camera.npy").astype(np.int64) + number * 1_000
        columns.setdefault("camera", []).append(camera[kept])
        columns.setdefault("shard", []).append(np.full(int(kept.sum()), number, np.int64))
        columns.setdefault("parts", []).append(np.load(shard / "parts.npy")[kept])
        for name, table in labels_of(shard).items():
            columns.setdefault(name, []).append(table[kept])
        painted = (redacted != np.load(shard / "image.npy")).any(axis=-1)
        columns["parts"][-1] = _skin_left(columns["parts"][-1], painted[kept])
        pixels = np.load(shard / "pixels.npy")[kept]
        columns.setdefault("shown", []).append(garments_shown(pixels, columns["attributes"][-1]))
    joined = {name: np.concatenate(values) for name, values in columns.items()}
    joined["visible"] = seen_to_be_empty_handed(joined["visible"], joined["attributes"])
    joined["identity"] = np.unique(joined["identity"], return_inverse=True)[1].astype(np.int64)
    return Crops(**joined)


_LABELS: Final = {
    "attributes": ("worn.npy", "attribute_columns"),
    "body": ("body.npy", "body_columns"),
    "visible": ("part_visible.npy", "parts"),
}
"""The file of each table of labels, and its columns' names in the manifest."""


def labels_of(shard: Path) -> dict[str, NDArray[Any]]:
    """Return a shard's labels, in the order of the vocabulary.

    A shard without the manifest that `reid synth crops` writes beside it is in that order.

    Raises:
        ReidError: the vocabulary has columns that the shard has no labels of.
    """
    tables = {name: np.load(shard / file) for name, (file, _) in _LABELS.items()}
    manifest = shard.parent / "manifest.json"
    if not manifest.is_file():
        return tables
    said = json.loads(manifest.read_text(encoding="utf-8"))
    for name, (_, key) in _LABELS.items():
        where = places(said[key], current().of(name))
        if (where == MISSING).any():
            raise ReidError(f"{shard.parent} was made with another vocabulary: make it again")
        tables[name] = tables[name][:, where]
    return tables


_GARMENTS: Final = {"upper": (UPPER, OUTER), "outer": (OUTER, UPPER), "lower": (LOWER, LEG_SKIN)}
"""Which part number a garment has, and that of what lies over or beside it."""
_LEAST_SHOWN: Final = 0.1  # of both: what of a garment must be seen to say something of it


def garments_shown(pixels: NDArray[Any], attributes: NDArray[Any]) -> NDArray[np.uint8]:
    """Return which columns are about something that is not behind another garment, (N, K).

    A coat that hides what is worn below is the upper garment by what one sees, and so by the
    vocabulary; labels are of people, whoever sees them from where. What somebody does not wear
    can be seen not to be there.

    Args:
        pixels: how many show each part number (N, P).
        attributes: (N, K), 1 where it holds.
    """
    out = np.ones(attributes.shape, np.uint8)
    slots = np.array([column.slot.partition(".")[0] for column in ATTRIBUTE_COLUMNS])
    for name, (own, other) in _GARMENTS.items():
        columns = np.flatnonzero(slots == name)
        seen = pixels[:, own].astype(np.int64)
        hidden = seen < _LEAST_SHOWN * (seen + pixels[:, other])
        worn = attributes[:, columns].any(axis=1)
        out[np.ix_(hidden & worn, columns)] = 0
    return out


def _skin_left(parts: NDArray[Any], painted: NDArray[np.bool_]) -> NDArray[Any]:
    """Return part numbers (N, H, W) without the skin that is painted over, given where paint is.

    To recolour skin would else draw it through the paint.
    """
    return np.where(painted & np.isin(parts, SKIN_PARTS), 0, parts).astype(parts.dtype)


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
    part = kept.with_suffix(f".{os.getpid()}.part.npy")  # another run may be at it too
    np.save(part, redacted)
    part.replace(kept)
    return redacted


def _redact(
    image: NDArray[np.uint8], head: Boxes, person: Boxes, random: np.random.Generator
) -> NDArray[np.uint8]:
    raw = RawFrame(np.ascontiguousarray(image), "synthetic", 0, _EPOCH)
    return np.array(redact(raw, _head_regions(head, person, raw.ref, random)).pixels)


def _head_regions(
    head: Boxes, person: Boxes, frame: FrameRef, random: np.random.Generator
) -> HeadRegions:
    """Return what the product might redact here."""
    how = random.random()
    sure = bool(np.isfinite(head).all())
    if how > _FOUND + _ONLY_PERSON:
        found = as_boxes([_as_found(head, random)]) if sure else empty_boxes()
        return crop_regions_to_redact(frame, found, sure=sure)
    tracks = Tracks(as_boxes([person]), np.ones(1, np.float32), np.ones(1, np.int64))
    if how > _FOUND or not sure:
        return regions_to_redact(
            [FrameDetections(frame, tracks, HeadCandidates.upright(empty_boxes()))], 0
        )
    candidates = HeadCandidates.upright(as_boxes([_as_found(head, random)]))
    return regions_to_redact([FrameDetections(frame, tracks, candidates)], 0)


def _as_found(head: Boxes, random: np.random.Generator) -> Boxes:
    """Return a head's box (4,) as a detector would say it."""
    sides = np.tile(head[2:] - head[:2], 2)
    return np.asarray(head + random.normal(0, _HEAD_JITTER, 4) * sides, np.float32)
