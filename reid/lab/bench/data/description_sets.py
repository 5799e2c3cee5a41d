"""Data sets of descriptions → who is described in which words, and the images to search."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reid.core import vocabulary
from reid.core.errors import SourceError
from reid.core.records import Certainty, Wish
from reid.lab.bench.data.reid_sets import Labelled, read_folders
from reid.lab.bench.data.venue_sets import FilmedVenue, is_venue, read_venue

DESCRIPTIONS: Final = "descriptions.jsonl"
CAPTION_FILES: Final = (
    "reid_raw.json", "caption_all.json", "data_captions.json", "ICFG-PEDES.json",
)  # fmt: skip
"""CUHK-PEDES with its split and as its authors ship it, RSTPReid, ICFG-PEDES."""

_CUHK_PEDES_TEST: Final = range(12004, 13004)
"""People whom ``caption_all.json``, which has no split, is tested on (Li et al. 2017)."""

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
    captions = _find_captions(data)
    if captions is not None:
        return _read_captions(data, captions)
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
    try:
        entries = [e for e in json.loads(listing.read_text()) if _is_test(e, listing)]
        names = [str(e.get("file_path") or e["img_path"]) for e in entries]
        identities = [str(e["id"]) for e in entries]
        described = tuple(
            Described(text, str(e["id"]), "caption") for e in entries for text in e["captions"]
        )
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError):
        raise SourceError(
            f"{listing} is not a list of captions with id, path and split (only caption_all.json "
            "may lack the split)"
        ) from None
    if not entries:
        raise SourceError(f"{listing} has no test split")
    folder = _image_folder(data, names)
    images = tuple(
        Labelled(folder / name, who, "") for name, who in zip(names, identities, strict=True)
    )
    return DescribedSet(described, images, pooled=False, files=(listing,))


def _is_test(entry: Mapping[str, Any], listing: Path) -> bool:
    if listing.name == "caption_all.json" and "split" not in entry:
        return int(entry["id"]) in _CUHK_PEDES_TEST
    return bool(entry["split"] == "test")


def _image_folder(data: Path, names: Sequence[str]) -> Path:
    """Return where the images are: in ``imgs``, or in the folder itself.

    Raises:
        SourceError: some are in neither; it says how many, and names one.
    """
    folder = data / "imgs" if (data / "imgs").is_dir() else data
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise SourceError(
            f"{folder} lacks {len(missing)} of {len(names)} images of the test split, "
            f"e.g. {missing[0]}"
        )
    return folder


def _find_captions(data: Path) -> Path | None:
    """Return the file of captions in a folder, in ``annotations`` too; None where there is none."""
    places = [folder / name for folder in (data, data / "annotations") for name in CAPTION_FILES]
    return next((path for path in places if path.is_file()), None)
