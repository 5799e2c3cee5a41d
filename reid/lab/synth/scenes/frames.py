"""One shard of scenes: a place, its cameras, frames with crowds, and what is true of them."""

import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.camera import (
    CameraLook,
    Domain,
    sample_look,
)
from reid.lab.synth.labels import attributes_of
from reid.lab.synth.places import Site, build_site, hang_camera, hold_camera
from reid.lab.synth.population import Population, sample_group
from reid.lab.synth.scene import Lens
from reid.lab.synth.scenes.director import Group, direct
from reid.lab.synth.scenes.photographs import person_record, photograph
from reid.lab.synth.scenes.plate import Plate
from reid.lab.synth.scenes.posing import with_hard_poses
from reid.lab.synth.scenes.truth import observe

Rng = np.random.Generator
_SIZES: Final = (((1280, 720), 0.7), ((960, 540), 0.12), ((640, 480), 0.08), ((1024, 768), 0.1))
"""Frame sizes and their shares."""
_HELD_SHARE: Final = 0.5
"""Share of cameras that somebody holds, as photos are taken."""
_HELD_SIZES: Final = ((640, 480), (480, 640), (960, 720), (720, 960), (640, 640))
_EMPTY_SHARE: Final = 0.07
_QUALITY: Final = 93
UNFINISHED: Final = ".unfinished"
"""Ending of the annotations of a place that the budget cut short; it is made anew next time."""


@dataclass(frozen=True, slots=True)
class ScenesJob:
    """What to make.

    Attributes:
        out: folder. seed: of everything. domain: "train" or "held-out".
        places: how many places (each is a shard).
        cameras: a place. frames: a camera.
        people: mean number of people before a camera.
        supersample: samples along each side of a pixel where people are.
        poses: share of people in hard poses (`with_hard_poses`), and of frames that are staged for
            a hard case (`reid.lab.synth.heads.kinds`).
    """

    out: Path
    seed: int = 0
    domain: Domain = "train"
    places: int = 100
    cameras: int = 3
    frames: int = 8
    people: float = 13.0
    supersample: int = 1
    poses: float = 0.15


@dataclass(frozen=True, eq=False)
class View:
    """One camera of a shard, ready to shoot."""

    site: Site
    lens: Lens
    look: CameraLook
    plate: Plate
    held: bool


def split_of(place: int) -> str:
    """Return "val" for every eighth place, else "train": no place is in both."""
    return "val" if place % 8 == 7 else "train"


def make_shard(job: ScenesJob, place: int, result: Path, deadline: float) -> None:
    """Render all frames of one place, then write its annotations to `result`."""
    cv2.setNumThreads(1)
    os.environ.setdefault("LP_NUM_THREADS", "1")
    rng = np.random.default_rng([job.seed, place, 17])
    site = build_site(int(rng.integers(2**31)), job.domain, passing=job.domain == "train")
    population = Population(domain=job.domain)
    cast = [sample_group(rng, population, key=f"s{job.seed}p{place}g{i}") for i in range(16)]
    size = _SIZES[int(rng.choice(len(_SIZES), p=[share for _, share in _SIZES]))][0]
    images: list[dict[str, object]] = []
    people: dict[str, object] = {}
    for number in range(job.cameras):
        view = _hang(job, site, rng, size)
        for frame in range(job.frames):
            if time.time() > deadline:
                break
            shot = np.random.default_rng([job.seed, place, number, frame])
            name = f"{place:05d}_{number}_{frame:03d}"
            chance = np.random.default_rng([job.seed, place, number, frame, 43])
            if chance.random() < job.poses:
                images.append(_staged(job, site, cast, chance, name, split_of(place), people))
            else:
                images.append(_shoot(job, view, cast, shot, name, split_of(place), people))
    text = json.dumps({"place": place, "kind": site.kind, "images": images, "people": people})
    part = result.with_suffix(".part")
    part.write_text(text)
    whole = len(images) == job.cameras * job.frames
    part.rename(result if whole else result.with_suffix(UNFINISHED))


def _hang(job: ScenesJob, site: Site, rng: Rng, size: tuple[int, int]) -> View:
    look = sample_look(rng, job.domain)
    held = rng.random() < _HELD_SHARE
    if held:
        size = _HELD_SIZES[int(rng.integers(len(_HELD_SIZES)))]
    lens = (hold_camera if held else hang_camera)(site, rng, size=size)
    lens = replace(lens, k1=look.optics.k1, k2=look.optics.k2)
    return View(site, lens, look, Plate(site.place, lens, supersample=job.supersample), held)


def _shoot(
    job: ScenesJob, view: View, cast: list[Group], rng: Rng, name: str, split: str,
    people: dict[str, object],
) -> dict[str, object]:  # fmt: skip
    """Stage, render, develop and save one frame; return its record."""
    limit = 0 if rng.random() < _EMPTY_SHARE else 1 + int(rng.gamma(2.2, job.people / 2.2))
    groups = [cast[int(i)] for i in rng.permutation(len(cast))]
    actors = direct(view.site, view.lens, groups, rng, min(limit, 40), held=view.held)
    if job.poses:
        actors = with_hard_poses(actors, Population(domain=job.domain), rng, job.poses)
    rendering, staged = view.plate.render(actors)
    seen = observe(rendering, view.lens, staged)
    image = photograph(rendering.image, view.look, rng)
    _save(job.out / "images" / split / f"{name}.jpg", image)
    for one in seen:
        person = actors[one.index].person
        people.setdefault(person.key, attributes_of(person) | {"years": person.shape.years})
    keys = [actor.person.key for actor in actors]
    return {
        "file_name": f"{name}.jpg", "split": split, "width": view.lens.width,
        "height": view.lens.height, "kind": view.site.kind, "mood": view.site.light,
        "camera": view.look.kind, "people": [person_record(one, view.lens, keys) for one in seen],
    }  # fmt: skip


def _staged(
    job: ScenesJob, site: Site, cast: list[Group], rng: Rng, name: str, split: str,
    people: dict[str, object],
) -> dict[str, object]:  # fmt: skip
    """Stage and save one frame of a hard case, with a camera of its own; return its record."""
    from reid.lab.synth.heads.kinds import draw_kind, shoot  # they stage with what is here
    from reid.lab.synth.heads.studio import Studio

    kind = draw_kind(rng)
    studio = Studio(site, Population(domain=job.domain), tuple(cast[:6]), rng, name)
    shot = shoot(kind, studio)
    _save(job.out / "images" / split / f"{name}.jpg", shot.image)
    records = [dict(one) for one in shot.people]
    for record in records:
        people.setdefault(record["person"], record.pop("attributes"))
    return {
        "file_name": f"{name}.jpg", "split": split, "width": shot.size[0], "height": shot.size[1],
        "kind": site.kind, "mood": site.light, "camera": kind, "people": records,
    }  # fmt: skip


def _save(path: Path, image: NDArray[np.uint8]) -> None:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(path), bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
