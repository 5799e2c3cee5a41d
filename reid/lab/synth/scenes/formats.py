"""Writing what is true of scenes for trainers: COCO's person keypoints, and YOLO's text files."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from reid.lab.synth.scenes.frames import UNFINISHED
from reid.lab.synth.scenes.truth import KEYPOINTS, SKELETON

PERSON, HEAD = 0, 1
"""YOLO's class numbers; COCO's category ids are one more."""

_CATEGORIES: Final[list[dict[str, object]]] = [
    {"id": PERSON + 1, "name": "person", "supercategory": "person", "keypoints": list(KEYPOINTS),
     "skeleton": [list(pair) for pair in SKELETON]},
    {"id": HEAD + 1, "name": "head", "supercategory": "person"},
]  # fmt: skip

Record = dict[str, Any]


def yolo_lines(image: Record) -> list[str]:
    """Return one line an object: class, centre x, y, width, height, as shares of the frame."""
    lines = []
    for one in image["people"]:
        if not one["ignored"]:
            lines.append(_yolo(PERSON, one["box"], image))
        if one["head_labelled"]:
            lines.append(_yolo(HEAD, one["head"], image))
    return lines


def _yolo(label: int, box: list[float], image: Record) -> str:
    x0, y0, x1, y1 = box
    width, height = image["width"], image["height"]
    numbers = (x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height
    return " ".join([str(label), *(f"{n:.6f}" for n in numbers)])


def _xywh(box: list[float]) -> list[float]:
    return [box[0], box[1], round(box[2] - box[0], 1), round(box[3] - box[1], 1)]


def coco(images: Iterable[Record], people: dict[str, Any]) -> Record:
    """Return COCO's structure; each annotation also has what COCO lacks.

    Extra keys: ``visible_fraction``, ``head_bbox``, ``head_visible``, ``full_bbox``, ``person``;
    at the top level ``people``: attributes by person. ``iscrowd`` is 1 where too little is seen.
    """
    listed: list[Record] = []
    annotations: list[Record] = []
    for number, image in enumerate(images, start=1):
        keys = ("file_name", "width", "height", "kind", "mood", "camera")
        listed.append({"id": number, **{key: image[key] for key in keys}})
        for one in image["people"]:
            annotations.append(_person(one, number, len(annotations) + 1))
            if one["head_labelled"]:
                annotations.append(_head(one, number, len(annotations) + 1))
    return {
        "info": {"description": "synthetic people", "license": "CC0-1.0"},
        "images": listed, "annotations": annotations, "categories": _CATEGORIES, "people": people,
    }  # fmt: skip


def _person(one: Record, image: int, number: int) -> Record:
    points = one["keypoints"]
    box = _xywh(one["box"])
    return {
        "id": number, "image_id": image, "category_id": PERSON + 1, "bbox": box,
        "area": one["pixels"], "iscrowd": int(one["ignored"]), "keypoints": points,
        "num_keypoints": sum(v > 0 for v in points[2::3]), "visible_fraction": one["visible"],
        "full_bbox": _xywh(one["full_box"]), "head_bbox": _xywh(one["head"]),
        "head_visible": one["head_visible"], "person": one["person"],
    }  # fmt: skip


def _head(one: Record, image: int, number: int) -> Record:
    box = _xywh(one["head"])
    return {
        "id": number, "image_id": image, "category_id": HEAD + 1, "bbox": box,
        "area": round(box[2] * box[3], 1), "iscrowd": 0, "person": one["person"],
    }  # fmt: skip


def write_all(out: Path, shards: list[Path]) -> dict[str, int]:
    """Gather shards, finished or cut short, into COCO files, YOLO text files and ``data.yaml``.

    Returns:
        Counts of images, people and heads that are labelled.
    """
    counts = {"images": 0, "people": 0, "heads": 0}
    found = [path if path.exists() else path.with_suffix(UNFINISHED) for path in shards]
    loaded = [json.loads(path.read_text()) for path in found if path.exists()]
    for split in ("train", "val"):
        images = [image for shard in loaded for image in shard["images"] if image["split"] == split]
        seen = {one["person"] for image in images for one in image["people"]}
        people = {k: v for shard in loaded for k, v in shard["people"].items() if k in seen}
        target = out / "annotations" / f"person_keypoints_{split}.json"
        target.write_text(json.dumps(coco(images, people)))
        for image in images:
            lines = yolo_lines(image)
            name = Path(image["file_name"]).with_suffix(".txt").name
            (out / "labels" / split / name).write_text("".join(f"{line}\n" for line in lines))
            counts["people"] += sum(line.startswith(f"{PERSON} ") for line in lines)
            counts["heads"] += sum(line.startswith(f"{HEAD} ") for line in lines)
        counts["images"] += len(images)
    (out / "data.yaml").write_text(
        f"path: {out.resolve()}\ntrain: images/train\nval: images/val\n"
        "names:\n  0: person\n  1: head\n"
    )
    return counts
