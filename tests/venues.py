"""Small venues for tests: rules, and synthetic sightings with known clothes."""

from datetime import UTC, datetime, timedelta

import numpy as np

from reid.core import vocabulary
from reid.core.boxes import as_boxes
from reid.core.pixels import RawFrame, RedactedCrop
from reid.core.records import SightingKey, Sightings
from reid.storage.venue_path import Folder
from reid.store import Store
from tests.making import redacted

RULES = """
[venue]
name = "Sunny Park"
timezone = "Europe/Berlin"
controller = "Sunny Park Ltd"
contact = "privacy@sunny.example"

[signs]
posted = true
text = "Cameras find lost children by their clothes. No faces are kept."

[purposes.missing-child]
label = "Missing child"
body = true

[purposes.lost-bag]
label = "Lost bag"

[cameras.gate]
place = "gate"
name = "Main gate"
x = 0.1
y = 0.8
exit = true

[cameras.carousel]
place = "ride"
name = "Carousel"
x = 0.5
y = 0.4

[cameras.shop]
place = "shop"
name = "Toy shop"
x = 0.8
y = 0.6
"""

COLOURS = {
    "red": (200, 30, 30),
    "blue": (30, 50, 200),
    "green": (30, 150, 50),
    "yellow": (230, 210, 40),
    "black": (20, 20, 20),
    "white": (240, 240, 240),
}
CAMERAS = ("gate", "carousel", "shop")
DIM = 16
MODEL = "test-1"


def write_rules(folder: Folder, extra: str = "") -> Folder:
    """Make a venue folder with rules."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "venue.toml").write_text(RULES + extra, encoding="utf-8")
    return folder


def crop(upper: str, lower: str, camera: str, index: int, when: datetime) -> RedactedCrop:
    """Draw a plain figure: head, upper and lower in their colours, redacted."""
    pixels = np.full((96, 48, 3), 128, np.uint8)
    pixels[4:20, 16:32] = (210, 170, 150)
    pixels[20:56, 10:38] = COLOURS[upper]
    pixels[56:92, 13:35] = COLOURS[lower]
    pixels[:4, 0] = index % 251  # so that no two crops are the same bytes
    frame = redacted(RawFrame(pixels, camera, index, when), [[14, 2, 34, 22]])
    return frame.crop(as_boxes([[0, 0, 48, 96]])[0], index)


def sightings(n: int, now: datetime | None = None, offset: int = 0) -> Sightings:
    """Make n sightings: colours by number, cameras in turn, a minute apart, newest last.

    Number `offset` is the only one in red over blue; the others cycle through the rest.
    """
    now = now or datetime.now(UTC)
    rest = [(u, lo) for u in ("green", "black", "white") for lo in ("black", "blue", "green")]
    keys, crops = [], []
    attributes = np.zeros((n, len(vocabulary.ATTRIBUTE_COLUMNS)), np.float32)
    for i in range(n):
        number = offset + i
        upper, lower = ("red", "blue") if i == 0 else rest[number % len(rest)]
        start = now - timedelta(minutes=n - i)
        camera = CAMERAS[number % 3]
        keys.append(
            SightingKey(
                f"s{number:023d}", f"{camera}.mp4", f"k{camera}", camera,
                start, start + timedelta(seconds=20), number,
            )
        )  # fmt: skip
        crops.append(crop(upper, lower, camera, number, start))
        for slot, value in (("upper.colour", upper), ("lower.colour", lower)):
            attributes[i, vocabulary.ATTRIBUTE_INDEX[vocabulary.Column(slot, value)]] = 0.95
    rng = np.random.default_rng(offset + 1)
    vectors = rng.normal(size=(n, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Sightings(
        tuple(keys),
        vectors,
        attributes,
        np.full((n, len(vocabulary.BODY_COLUMNS)), np.nan, np.float32),
        np.ones((n, len(vocabulary.PARTS)), np.float32),
        tuple(crops),
        MODEL,
    )


def filled(folder: Folder, n: int = 30, now: datetime | None = None) -> Store:
    """Make a venue with rules and n sightings."""
    write_rules(folder)
    store = Store.create(folder, MODEL, DIM)
    store.add(sightings(n, now))
    return store
