"""Filming: one clip a camera with true timestamps, and what is true of every frame."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import clip
from reid.lab.synth.camera import CameraLook, develop, distort_image, metered, write_clip
from reid.lab.synth.dress import figure_of
from reid.lab.synth.scenes.plate import Plate
from reid.lab.synth.scenes.truth import observe
from reid.lab.synth.venue.plan import Venue, Watch
from reid.lab.synth.venue.routes import Party, actors_in

Image = NDArray[np.uint8]
Record = dict[str, Any]
LEAST_VISIBLE: Final = 0.1
"""Seen share below which MOT's flag tells an evaluator to ignore a box."""


@dataclass(frozen=True, slots=True)
class Shoot:
    """How long and how finely to film.

    Attributes:
        seconds: of every clip. fps: frames a second.
        start: time of the first frame, with a time zone.
        seed: of noise and drift.
        supersample: samples along each side of a pixel.
        preset: of x264. crf: rate factor; None takes the camera's own.
    """

    seconds: float
    fps: int
    start: datetime
    seed: int = 0
    supersample: int = 1
    preset: str = "veryfast"
    crf: int | None = None


def film(
    venue: Venue, watch: Watch, parties: tuple[Party, ...], shoot: Shoot, target: Path
) -> list[Record]:
    """Film one camera; write ``target`` (MP4) and return a record a frame.

    Returns:
        Records with frame (from 0), time (ISO 8601), seconds, people: person, box, head, full_box
        (xyxy px), visible, head_visible, x, z (metres in the zone).
    """
    cv2.setNumThreads(1)
    os.environ.setdefault("LP_NUM_THREADS", "1")
    records: list[Record] = []
    frames = _frames(venue, watch, parties, shoot, records)
    crf = watch.look.transport.crf if shoot.crf is None else shoot.crf
    part = target.with_suffix(".part")
    write_clip(part, frames, crf=crf, fps=shoot.fps, preset=shoot.preset, start=shoot.start)
    part.rename(target)
    return records


def _frames(
    venue: Venue, watch: Watch, parties: tuple[Party, ...], shoot: Shoot, records: list[Record]
) -> Iterator[tuple[float, Image]]:
    place = venue.zones[watch.zone].site.place
    plate = Plate(place, watch.lens, supersample=max(2, shoot.supersample))
    plate.supersample = shoot.supersample
    look = metered(_steady(watch.look), plate.image)
    members = [m.person for p in parties for m in p.members]
    heights = {person.key: figure_of(person).height for person in members}
    for number in range(round(shoot.seconds * shoot.fps)):
        seconds = number / shoot.fps
        rng = np.random.default_rng([shoot.seed, watch.zone, number])
        actors = actors_in(parties, watch.zone, seconds, heights)
        rendering, staged = plate.render(actors)
        people = []
        for one in observe(rendering, watch.lens, staged):
            size = watch.lens.width, watch.lens.height
            boxes = clip(np.stack([one.box, one.head, one.full_box]), *size).round(1).tolist()
            at = actors[one.index].position
            people.append({
                "person": actors[one.index].person.key, "box": boxes[0], "head": boxes[1],
                "full_box": boxes[2], "visible": round(one.visible, 3),
                "head_visible": round(one.head_visible, 3),
                "x": round(at[0], 2), "z": round(at[2], 2),
            })  # fmt: skip
        time = shoot.start + timedelta(seconds=seconds)
        stamp = time.isoformat(timespec="milliseconds")
        records.append({"frame": number, "time": stamp, "seconds": seconds, "people": people})
        image = distort_image(rendering.image, watch.lens.k1, watch.lens.k2)
        yield seconds, develop(image, _drifting(look, seconds), rng)


def _steady(look: CameraLook) -> CameraLook:
    """A camera that films: its compression is the clip's own, its blur does not jump."""
    transport = replace(look.transport, jpeg=100, interlace=0.0)
    optics = replace(look.optics, motion=min(look.optics.motion, 1.5))
    return replace(look, transport=transport, optics=optics)


def _drifting(look: CameraLook, seconds: float) -> CameraLook:
    """Exposure breathes slowly, tube light rolls."""
    breath = 0.04 * float(np.sin(seconds * 0.7)) + 0.03 * float(np.sin(seconds * 0.23 + 1))
    phase = look.sensor.roll_phase + seconds * 2.1
    sensor = replace(look.sensor, exposure=look.sensor.exposure + breath, roll_phase=phase)
    return replace(look, sensor=sensor)


def mot_lines(records: list[Record], numbers: dict[str, int]) -> list[str]:
    """Return MOTChallenge ground truth: frame and id from 1, xywh, flag, class 1, visibility."""
    lines = []
    for record in records:
        for one in record["people"]:
            x0, y0, x1, y1 = one["box"]
            flag = int(one["visible"] >= LEAST_VISIBLE)
            lines.append(
                f"{record['frame'] + 1},{numbers[one['person']]},{x0:.1f},{y0:.1f},"
                f"{x1 - x0:.1f},{y1 - y0:.1f},{flag},1,{one['visible']:.3f}"
            )
    return lines


def visits(
    records: list[Record], camera: str, *, least_visible: float = 0.3, least_rows: float = 32.0,
    gap: float = 2.0,
) -> list[Record]:  # fmt: skip
    """Join frames into stays: who was before which camera from when to when.

    Args:
        records: of one camera. camera: its id.
        least_visible, least_rows: seen share and height in pixels from which a frame counts.
        gap: seconds out of sight that end a stay.
    """
    stays: dict[str, list[Record]] = {}
    for record in records:
        for one in record["people"]:
            tall = one["box"][3] - one["box"][1]
            if one["visible"] < least_visible or tall < least_rows:
                continue
            own = stays.setdefault(one["person"], [])
            if not own or record["seconds"] - own[-1]["last"] > gap:
                own.append(
                    {
                        "first": record["seconds"],
                        "start": record["time"],
                        "frames": 0,
                        "tallest": 0.0,
                    }
                )
            own[-1] |= {"last": record["seconds"], "end": record["time"]}
            own[-1]["frames"] += 1
            own[-1]["tallest"] = max(own[-1]["tallest"], tall)
    return [
        {
            "person": person, "camera": camera, "start": stay["start"], "end": stay["end"],
            "first_second": stay["first"], "last_second": stay["last"], "frames": stay["frames"],
            "tallest": round(stay["tallest"], 1),
        }
        for person, found in stays.items() for stay in found
    ]  # fmt: skip


def write_truth(
    folder: Path, watch: Watch, records: list[Record], numbers: dict[str, int], fps: int
) -> None:
    """Write ``CAMERA.jsonl`` and MOTChallenge's ``mot/CAMERA/gt/gt.txt`` with ``seqinfo.ini``."""
    (folder / f"{watch.id}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    sequence = folder / "mot" / watch.id
    (sequence / "gt").mkdir(parents=True, exist_ok=True)
    (sequence / "gt" / "gt.txt").write_text(
        "".join(f"{line}\n" for line in mot_lines(records, numbers))
    )
    (sequence / "seqinfo.ini").write_text(
        f"[Sequence]\nname={watch.id}\nimDir=../../{watch.id}.mp4\nframeRate={fps}\n"
        f"seqLength={len(records)}\nimWidth={watch.lens.width}\nimHeight={watch.lens.height}\n"
        "imExt=.mp4\n"
    )
