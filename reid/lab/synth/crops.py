"""Product 1: crops of people, identity × camera × view, with exact labels, in shards of arrays.

A shard is a folder of ``.npy`` files that a trainer maps into memory; `FIELDS` lists them. Shards
are rendered in subprocesses, one a core, and appear under their final name only when complete, so
that an interrupted run goes on where it stopped. The same seed gives the same pixels on the same
driver.
"""

import json
import shutil
import time
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.vocabulary import ATTRIBUTE_COLUMNS, BODY_COLUMNS, PARTS
from reid.lab.synth import labels
from reid.lab.synth.camera import develop, vary
from reid.lab.synth.catalogue import catalogue
from reid.lab.synth.person import Person
from reid.lab.synth.population import DEFAULT, HELD_OUT, Population, sample_person
from reid.lab.synth.render import Staged, parts_alone, render_staged, rendered_size, stage
from reid.lab.synth.scene import THING_PART, Actor, Lens, Rendering
from reid.lab.synth.seats import livelier
from reid.lab.synth.stations import Station, make_station, place_actor

Float = NDArray[np.float32]
Rng = np.random.Generator

PART_NUMBERS: Final = 32
"""More than the largest part number of `reid.lab.synth.scene`."""

OTHER_PERSON: Final = 255
"""Value in `parts` of pixels that show somebody else."""

FIELDS: Final = {
    "image": "uint8 (N, H, W, 3), sRGB",
    "parts": "uint8 (N, H, W): part numbers of this person, 255 somebody else, 0 background",
    "identity": "int32 (N,)",
    "camera": "int32 (N,)",
    "view": "int16 (N,)",
    "person_box": "float32 (N, 4) xyxy px in the crop, of what is visible",
    "whole_box": "float32 (N, 4) of the whole person, hidden or not",
    "head_box": "float32 (N, 4) of the true head",
    "joints": "float32 (N, 17, 3): x, y, visibility as in COCO",
    "visible": "float32 (N,): visible fraction",
    "part_visible": "float32 (N, 5): of each of PARTS",
    "pixels": "uint16 (N, 32): how many pixels of the crop show each part number",
    "height_px": "float32 (N,): height of the person in the camera's frame",
    "worn": "uint8 (N, A) in the order of ATTRIBUTE_COLUMNS",
    "body": "uint8 (N, B) in the order of BODY_COLUMNS",
    "years": "float32 (N,)",
}

OVERSIZE: Final = 2.0
"""How much larger than the sensor sees them people are drawn, for the optics to blur."""

_ACTIVE, _SEATED = 0.2, 0.2
"""Shares of those who stand with free hands who play, reach, bend or crouch, and who sit."""


@dataclass(frozen=True)
class CropJob:
    """What to render.

    Attributes:
        identities: how many. cameras: cameras that see each. views: crops by each camera.
        height, width: pixels of a crop. seed: of everything. domain: "train" or "held-out".
        pool: cameras that a shard's identities are spread over. shard: identities in a shard.
        supersample: quality of edges: 1 = hard, 2 = smooth.
        crowd: probability that somebody else stands near.
    """

    identities: int = 1000
    cameras: int = 4
    views: int = 2
    height: int = 256
    width: int = 128
    seed: int = 0
    domain: str = "train"
    pool: int = 12
    shard: int = 150
    supersample: int = 2
    crowd: float = 0.3

    @property
    def shards(self) -> int:
        """How many shards the job has."""
        return -(-self.identities // self.shard)

    def crops(self, shards: int) -> int:
        """Return how many crops so many shards have; at most all."""
        people = min(shards * self.shard, self.identities)
        return people * self.cameras * self.views

    @property
    def population(self) -> Population:
        """The distribution of the domain."""
        return DEFAULT if self.domain == "train" else HELD_OUT


@dataclass(frozen=True, eq=False)
class Crop:
    """One crop with its labels; arrays as in `FIELDS`."""

    image: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    person_box: Float
    whole_box: Float
    head_box: Float
    joints: Float
    visible: float
    part_visible: Float
    pixels: NDArray[np.uint16]
    height_px: float
    props: tuple[str, ...] | None


# --- one crop -----------------------------------------------------------------------------------


def crop_window(staged: Staged, lens: Lens, rng: Rng) -> tuple[float, float, float, float]:
    """Return the box a detector might draw round a person: whole figure, jittered, in px."""
    without = tuple(THING_PART[row.kind] for row in catalogue().things if not row.in_box)
    x0, y0, x1, y1 = labels.figure_box(staged, lens, without)
    wide, tall = x1 - x0, y1 - y0
    wide = max(wide, 0.28 * tall)
    middle = (x0 + x1) / 2
    left, right = rng.normal(0.06, 0.06, 2).clip(-0.06, 0.25) * wide
    top, bottom = rng.normal(0.03, 0.03, 2).clip(-0.04, 0.14) * tall
    if rng.random() < 0.5:  # many data sets cut boxes of one shape
        wide = max(wide, 0.36 * tall)
    return (
        float(middle - wide / 2 - left),
        float(y0 - top),
        float(middle + wide / 2 + right),
        float(y1 + bottom),
    )


def _others(
    station: Station, at: NDArray[np.floating], crowd: tuple[Person, ...], rng: Rng
) -> list[Actor]:
    """Stand one to three other people near a point, some between it and the camera."""
    actors = []
    eye = np.asarray(station.lens.position)[[0, 2]]
    for _ in range(int(rng.choice([1, 1, 2, 3]))):
        person = crowd[int(rng.integers(len(crowd)))]
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.6)
        where = at + far * np.array([np.sin(angle), np.cos(angle)])
        if rng.random() < 0.35:
            toward = (eye - at) / max(float(np.linalg.norm(eye - at)), 1e-6)
            side = np.array([toward[1], -toward[0]])
            where = at + toward * rng.uniform(0.5, 1.2) + side * rng.normal(0, 0.28)
        if station.site.taken(where[None].astype(np.float32), 0.1)[0]:
            continue
        kinds = tuple(prop.kind for prop in person.props)
        actors.append(place_actor(person, (where[0], where[1]), rng, kinds))
    return actors


def present_props(person: Person, rng: Rng) -> tuple[str, ...]:
    """Draw which things are with a person before one camera: now and then one is put down."""
    return tuple(prop.kind for prop in person.props if rng.random() < 0.93)


def take_crop(
    person: Person, station: Station, crowd: tuple[Person, ...], rng: Rng, job: CropJob,
    props: tuple[str, ...],
) -> Crop:  # fmt: skip
    """Render one view of a person by one camera."""
    at = station.draw_spot(rng).astype(float)
    actor = place_actor(person, (at[0], at[1]), rng, props)
    if actor.gait == "stand":
        actor = livelier(actor, rng, _ACTIVE, _SEATED)
    actors = [actor]
    if crowd and rng.random() < job.crowd:
        actors += _others(station, at, crowd, rng)
    return shoot(station, actors, rng, job)


def shoot(
    station: Station, actors: list[Actor], rng: Rng, job: CropJob,
    window: tuple[float, float, float, float] | None = None,
) -> Crop:  # fmt: skip
    """Render the crop of the first actor.

    Args:
        station: the camera. actors: who is there; the first is the one cut out.
        rng: draws the box, the moment's exposure, noise.
        job: sizes and quality.
        window: the box in px of the frame; None = as a detector might draw it.
    """
    staged = stage(actors, [job.height] * len(actors))
    drawn = crop_window(staged[0], station.lens, rng)
    window = window or drawn
    tall = (window[3] - window[1]) * station.lens.height / 720
    size = render_size(job, tall)
    lens = replace(station.lens, window=window, size=size)
    ideal = render_staged(station.site.place, lens, staged, supersample=job.supersample)
    look = vary(station.look, rng)
    image = develop(ideal.image, look, rng, magnification=size[1] / max(tall, 1.0))
    full = replace(lens, size=(job.width, job.height))
    return _labelled(image, ideal, staged[0], full, tall, actors[0].props)


def render_size(job: CropJob, tall: float) -> tuple[int, int]:
    """Return (width, height) to render somebody at who is `tall` px high in the frame.

    A small person need not be drawn larger than twice what the sensor resolves.
    """
    height = int(np.clip(OVERSIZE * tall, 64, job.height))
    height -= height % 8
    return max(round(height * job.width / job.height), 16), height


def _scaled(image: NDArray[np.uint8], job_size: tuple[int, int], how: int) -> NDArray[np.uint8]:
    if image.shape[1::-1] == job_size:
        return image
    return np.asarray(cv2.resize(image, job_size, interpolation=how), np.uint8)


def _labelled(
    image: NDArray[np.uint8], ideal: Rendering, staged: Staged, lens: Lens, tall: float,
    props: tuple[str, ...] | None,
) -> Crop:  # fmt: skip
    """Measure labels on what was rendered and enlarge everything to the crop's size."""
    size = rendered_size(lens)
    mine = ideal.person_id == 0
    parts = np.where(mine, ideal.part, np.where(ideal.person_id > 0, OTHER_PERSON, 0))
    height, width = mine.shape
    half = replace(lens, size=(width // 2, height // 2))
    alone = labels.part_counts(parts_alone(half, staged))
    alone = (alone * (height * width / ((height // 2) * (width // 2)))).astype(np.int64)
    visible, part_visible = labels.visibility(labels.part_counts(ideal.part, mine), alone)
    large = _scaled(parts.astype(np.uint8), size, cv2.INTER_NEAREST)
    shown = (large > 0) & (large != OTHER_PERSON)
    box = labels.mask_box(shown)
    return Crop(
        image=_scaled(image, size, cv2.INTER_CUBIC),
        parts=large,
        person_box=np.zeros(4, np.float32) if box is None else box,
        whole_box=labels.figure_box(staged, lens),
        head_box=labels.head_box(staged, lens),
        joints=labels.joints(staged, lens, shown),
        visible=visible,
        part_visible=part_visible,
        pixels=labels.part_counts(large)[:PART_NUMBERS].astype(np.uint16),
        height_px=tall,
        props=props,
    )


# --- one shard ----------------------------------------------------------------------------------


def person_of(job: CropJob, identity: int) -> Person:
    """Return an identity of a job: it depends on seed, domain and number alone."""
    rng = np.random.default_rng((job.seed, identity, 3, job.domain == "train"))
    return sample_person(rng, job.population, key=f"{job.domain}-{job.seed}-{identity}")


@lru_cache(maxsize=16)
def station_of(number: int, seed: int, domain: str) -> Station:
    """Return a camera of a job; the last 16 are kept."""
    return make_station(number, seed, "train" if domain == "train" else "held-out")


def empty_arrays(job: CropJob, count: int) -> dict[str, NDArray[np.generic]]:
    """Return zeroed arrays for `count` crops, by the names of `FIELDS`."""
    h, w = job.height, job.width
    shapes: dict[str, tuple[type, tuple[int, ...]]] = {
        "image": (np.uint8, (h, w, 3)),
        "parts": (np.uint8, (h, w)),
        "identity": (np.int32, ()),
        "camera": (np.int32, ()),
        "view": (np.int16, ()),
        "person_box": (np.float32, (4,)),
        "whole_box": (np.float32, (4,)),
        "head_box": (np.float32, (4,)),
        "joints": (np.float32, (len(labels.JOINTS), 3)),
        "visible": (np.float32, ()),
        "part_visible": (np.float32, (len(PARTS),)),
        "pixels": (np.uint16, (PART_NUMBERS,)),
        "height_px": (np.float32, ()),
        "worn": (np.uint8, (len(ATTRIBUTE_COLUMNS),)),
        "body": (np.uint8, (len(BODY_COLUMNS),)),
        "years": (np.float32, ()),
    }
    return {name: np.zeros((count, *shape), kind) for name, (kind, shape) in shapes.items()}


def _fill(
    arrays: dict[str, NDArray[np.generic]], row: int, crop: Crop, person: Person,
    where: tuple[int, int, int],
) -> None:  # fmt: skip
    worn, body = labels.attribute_vectors(person, crop.props)
    values: dict[str, Any] = {
        "identity": where[0],
        "camera": where[1],
        "view": where[2],
        "worn": worn,
        "body": body,
        "years": person.shape.years,
    } | {name: getattr(crop, name) for name in arrays if hasattr(crop, name)}
    for name, value in values.items():
        arrays[name][row] = value


def render_shard(job: CropJob, shard: int) -> dict[str, NDArray[np.generic]]:
    """Render one shard: all views of its identities, by the names of `FIELDS`."""
    first = shard * job.shard
    numbers = range(first, min(first + job.shard, job.identities))
    arrays = empty_arrays(job, len(numbers) * job.cameras * job.views)
    recent: list[Person] = []
    row = 0
    for identity in numbers:
        person = person_of(job, identity)
        rng = np.random.default_rng((job.seed, identity, 4))
        chosen = rng.choice(job.pool, min(job.cameras, job.pool), replace=False)
        for camera in shard * job.pool + np.resize(chosen, job.cameras):
            station = station_of(int(camera), job.seed, job.domain)
            props = present_props(person, rng)
            for view in range(job.views):
                crop = take_crop(person, station, tuple(recent), rng, job, props)
                _fill(arrays, row, crop, person, (identity, int(camera), view))
                row += 1
        recent = [*recent[-11:], person]
    return arrays


def write_shard(folder: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Write arrays as ``.npy`` files into a folder that appears only when complete."""
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(draft / f"{name}.npy", array, allow_pickle=False)
    draft.replace(folder)


def shard_folder(out: Path, shard: int) -> Path:
    """Return the folder of a shard."""
    return out / f"shard-{shard:05d}"


def run_shard(job: CropJob, shard: int, folder: Path, deadline: float) -> None:
    """Render a shard into `folder`; one that was begun is finished, whatever the time."""
    del deadline
    write_shard(folder, render_shard(job, shard))


def write_manifest(out: Path, job: CropJob) -> None:
    """Write what the folder holds, or check that it is the same job.

    Raises:
        ReidError: the folder belongs to another job.
    """
    from reid.core.errors import ReidError

    path = out / "manifest.json"
    wanted = asdict(job)
    columns = {
        "attribute_columns": [f"{c.slot}={c.value}" for c in ATTRIBUTE_COLUMNS],
        "body_columns": [f"{c.slot}={c.value}" for c in BODY_COLUMNS],
        "parts": list(PARTS),
    }
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        stored = found["job"]
        changed = [k for k, v in wanted.items() if k != "identities" and stored.get(k) != v]
        changed += ["columns"] if any(found.get(k, v) != v for k, v in columns.items()) else []
        if changed:
            raise ReidError(
                f"{out} holds crops made with other {', '.join(changed)}; use another folder"
            )
    out.mkdir(parents=True, exist_ok=True)
    text = {
        "job": wanted,
        "fields": FIELDS,
        "made": time.strftime("%Y-%m-%d"),
        **columns,
    }
    path.write_text(json.dumps(text, indent=1), encoding="utf-8")


def load_shard(folder: Path) -> dict[str, NDArray[np.generic]]:
    """Map a shard's arrays into memory, by the names of `FIELDS`."""
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in FIELDS}
