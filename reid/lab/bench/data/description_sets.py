"""Data sets of descriptions → who is described in which words, and the images to search."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reid.core import vocabulary
from reid.core.errors import SourceError
from reid.core.records import Certainty, Wish
from reid.lab.bench.data.reid_sets import Labelled, read_folders
from reid.lab.bench.data.venue_sets import FilmedVenue, is_venue, read_venue

DESCRIPTIONS: Final = "descriptions.jsonl"
CAPTION_FILES: Final = ("reid_raw.json", "data_captions.json", "ICFG-PEDES.json")
"""CUHK-PEDES, RSTPReid, ICFG-PEDES."""

_PREFIX: Final = "describe"


@dataclass(frozen=True, slots=True)
class Described:
    """One description: its words, whom it describes, and which speaker or style it is of."""

    text: str
    identity: str
    style: str


@dataclass(frozen=True, slots=True)
class DescribedSet:
    """Descriptions and the images among which the described are looked for.

    Attributes:
        descriptions: in any number a person.
        images: who is searched.
        labels: identity → what is true of the person; for as many as are labelled.
        pooled: whether a person's images before a camera are one sighting, else each is one.
        files: what was read besides the images.
        venue: clips in whose every visit the described are looked for, instead of images.
    """

    descriptions: tuple[Described, ...]
    images: tuple[Labelled, ...]
    labels: dict[str, tuple[Wish, ...]] = field(default_factory=dict)
    pooled: bool = True
    files: tuple[Path, ...] = ()
    venue: FilmedVenue | None = None

    @property
    def steps(self) -> int:
        """Return how many images, or visits of a venue, there are to be described."""
        return len(self.images) if self.venue is None else len(self.venue.visits)


def read_described(data: Path) -> DescribedSet:
    """Read images with descriptions, a filmed venue, or the test split of a caption set.

    Images are ``ID/CAMERA_*.png`` beside ``descriptions.jsonl``.

    Each line of ``descriptions.jsonl`` is ``{"id", "describe_a", "describe_b", …, "attributes"}``.
    CUHK-PEDES, ICFG-PEDES and RSTPReid are known by the name of their JSON file.

    Raises:
        SourceError: the folder is missing, or holds neither.
    """
    if not data.is_dir():
        raise SourceError(f"{data} does not exist: name the data set's folder with --data")
    if is_venue(data):
        return _of_venue(read_venue(data))
    for name in CAPTION_FILES:
        if (data / name).is_file():
            return _read_captions(data, data / name)
    listing = data / DESCRIPTIONS
    if not listing.is_file():
        raise SourceError(f"{data} holds no {DESCRIPTIONS} nor one of {', '.join(CAPTION_FILES)}")
    people = dict(_read_lines(listing))
    described = tuple(
        Described(text, identity, key.removeprefix(_PREFIX).strip("_") or "plain")
        for identity, line in people.items()
        for key, text in line.items()
        if key.startswith(_PREFIX) and isinstance(text, str)
    )
    labels = {identity: tuple(_wishes(line)) for identity, line in people.items()}
    images = tuple(image for image in read_folders(data) if image.identity in people)
    if not described or not images:
        raise SourceError(f"{listing} describes nobody whose images are in {data}")
    return DescribedSet(described, images, labels, files=(listing,))


def _of_venue(venue: FilmedVenue) -> DescribedSet:
    """Return what witnesses say of everybody who was before a camera."""
    seen = {visit.person for visit in venue.visits}
    described = tuple(
        Described(told.text, told.person, told.version)
        for told in venue.told
        if told.person in seen
    )
    labels = {
        person: tuple(_wishes({"attributes": said}))
        for person, said in venue.attributes.items()
        if person in seen
    }
    return DescribedSet(described, (), labels, files=venue.files, venue=venue)


def _read_lines(listing: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, text in enumerate(listing.read_text().splitlines(), start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            yield str(line["id"]), line
        except (json.JSONDecodeError, KeyError, TypeError):
            raise SourceError(f"{listing}, line {number}: not a JSON object with an id") from None


def _wishes(line: dict[str, Any]) -> Iterator[Wish]:
    """Yield what a line's attributes say; doubtful ones are unsure, unknown ones passed over."""
    doubtful = line.get("confidence", {})
    for slot, said in line.get("attributes", {}).items():
        certainty: Certainty = "unsure" if doubtful.get(slot) == "low" else "sure"
        for value in said if isinstance(said, list) else [said]:
            if vocabulary.is_valid(slot, value):
                yield Wish(slot, value, certainty)


def _read_captions(data: Path, listing: Path) -> DescribedSet:
    """Read the test split: every caption looks for its person among all test images."""
    folder = data / "imgs" if (data / "imgs").is_dir() else data
    try:
        entries = [e for e in json.loads(listing.read_text()) if e["split"] == "test"]
        paths = [folder / (e.get("file_path") or e["img_path"]) for e in entries]
        images = tuple(
            Labelled(path, str(e["id"]), "") for path, e in zip(paths, entries, strict=True)
        )
        described = tuple(
            Described(text, str(e["id"]), "caption") for e in entries for text in e["captions"]
        )
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise SourceError(f"{listing} is not a list of captions with split and path") from None
    if not images:
        raise SourceError(f"{listing} has no test split")
    return DescribedSet(described, images, pooled=False, files=(listing,))
