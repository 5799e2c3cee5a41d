"""A filmed venue with its ground truth: who was where in every frame, and what witnesses said.

Read from the folder that `reid synth venue` wrote, or from the clips that ship with the
product.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

import reid
from reid.core.boxes import Boxes
from reid.core.errors import SourceError

_DEMO_TRUTH: Final = "truth.json"
_SCRIPT: Final = "people.json"
_SAID: Final = "descriptions.jsonl"
_VISITS: Final = "visits.jsonl"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One person in one frame.

    Attributes:
        person: key.
        box, head: float32 (4,), xyxy px; what is visible of the person, and the head.
        visible, head_visible: seen share of the person and of the head.
    """

    person: str
    box: Boxes
    head: Boxes
    visible: float
    head_visible: float


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """What one camera filmed, and who is in each frame."""

    camera: str
    path: Path
    start: datetime
    fps: float
    frames: tuple[tuple[Shown, ...], ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.frames) / self.fps


@dataclass(frozen=True, slots=True)
class Told:
    """What a witness said of a person.

    Attributes:
        version: true, wrong (partly) or vague.
        lost: whether the person is a lost child.
        since: when the child was last seen with its family; None for everybody else.
    """

    person: str
    text: str
    version: str
    lost: bool
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A person was well visible before a camera from start to end."""

    person: str
    camera: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, eq=False)
class FilmedVenue:
    """Clips, what was said of people, who was where, and what is true of each of them.

    Attributes:
        attributes: person → slot → values.
        years: person → age.
        files: everything that was read, clips included.
    """

    clips: tuple[Clip, ...]
    told: tuple[Told, ...]
    visits: tuple[Visit, ...]
    attributes: dict[str, Json]
    files: tuple[Path, ...]
    years: dict[str, float] = field(default_factory=dict)


def demo_folder() -> Path:
    """Return the folder of the clips that ship with the product."""
    return Path(reid.__file__).parent / "demo"


def is_venue(data: Path) -> bool:
    """Whether `data` is a folder that `read_venue` reads."""
    return (data / _SCRIPT).is_file() or (data / _DEMO_TRUTH).is_file()


def read_venue(data: Path) -> FilmedVenue:
    """Read a venue's folder.

    Raises:
        SourceError: missing, or not such a folder, or not filmed to the end.
    """
    if not is_venue(data):
        raise SourceError(f"{data} is no filmed venue: run `reid synth venue {data}`")
    try:
        return _read_demo(data) if (data / _DEMO_TRUTH).is_file() else _read_folder(data)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise SourceError(
            f"{data} is not filmed to the end or damaged ({type(error).__name__}): "
            f"run `reid synth venue {data}` again"
        ) from None


def _read_folder(data: Path) -> FilmedVenue:
    truths = sorted(path for path in data.glob("*.jsonl") if path.with_suffix(".mp4").is_file())
    clips = tuple(_clip(path) for path in truths)
    visits = tuple(_visit(line) for line in _lines(data / _VISITS))
    if not clips or not visits:
        raise ValueError("nothing was filmed")
    told = tuple(_told(line, None) for line in _lines(data / _SAID))
    script = json.loads((data / _SCRIPT).read_text())
    attributes = {person: one["attributes"] for person, one in script.items()}
    beside = [data / name for name in (_SAID, _VISITS, _SCRIPT)]
    files = (*(c.path for c in clips), *truths, *beside)
    return FilmedVenue(clips, told, visits, attributes, files, _years(script))


def _years(people: dict[str, Json]) -> dict[str, float]:
    return {person: float(one["years"]) for person, one in people.items() if "years" in one}


def _clip(truth: Path) -> Clip:
    records = _lines(truth)
    first, second = records[0], records[1]
    frames = tuple(tuple(_shown(one) for one in record["people"]) for record in records)
    fps = 1 / (second["seconds"] - first["seconds"])
    start = datetime.fromisoformat(first["time"])
    return Clip(truth.stem, truth.with_suffix(".mp4"), start, fps, frames)


def _shown(one: Json) -> Shown:
    box, head = np.array([one["box"], one["head"]], np.float32)
    return Shown(one["person"], box, head, one["visible"], one["head_visible"])


def _told(line: Json, lost: str | None) -> Told:
    """Read one description; without names of its own it is of the lost child `lost`."""
    since = line.get("since")
    return Told(
        line.get("person") or str(lost),
        line["text"],
        line["version"],
        bool(line.get("lost", lost is not None)),
        datetime.fromisoformat(since) if since else None,
    )


def _visit(line: Json) -> Visit:
    start, end = (datetime.fromisoformat(line[key]) for key in ("start", "end"))
    return Visit(line["person"], line["camera"], start, end)


def _read_demo(data: Path) -> FilmedVenue:
    truth = json.loads((data / _DEMO_TRUTH).read_text())
    start, fps = datetime.fromisoformat(truth["start"]), float(truth["fps"])
    clips = tuple(
        Clip(camera, data / one["file"], start, fps, tuple(map(_demo_frame, one["frames"])))
        for camera, one in truth["cameras"].items()
    )
    told = tuple(_told(line, truth["lost"]) for line in truth["descriptions"])
    visits = tuple(map(_visit, truth["visits"]))
    attributes = {person: one["attributes"] for person, one in truth["people"].items()}
    files = (*(clip.path for clip in clips), data / _DEMO_TRUTH)
    return FilmedVenue(clips, told, visits, attributes, files, _years(truth["people"]))


def _demo_frame(rows: Sequence[Sequence[Any]]) -> tuple[Shown, ...]:
    """Read a frame of the demo, which notes one visible share for person and head."""
    found = []
    for person, *numbers in rows:
        box, head = np.array(numbers[:8], np.float32).reshape(2, 4)
        found.append(Shown(person, box, head, numbers[8], numbers[8]))
    return tuple(found)


def _lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def at_second(clip: Clip, when: datetime) -> float:
    """Return how long after the clip's first frame `when` is, seconds."""
    return (when - clip.start) / timedelta(seconds=1)
