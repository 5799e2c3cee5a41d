"""Which places there are, and what each is made of: a table of shares and counts."""

# ruff: noqa: E501  (a table reads best by rows)

from dataclasses import dataclass
from typing import Final

Range = tuple[float, float]
Counts = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of place.

    Attributes:
        floors, walls: material names to choose from.
        fronts: what its closed sides show, of `facades.FRONTS`.
        open_sides: how many of the four sides are open to a panorama, from–to.
        panorama: of `facades.panorama`.
        width, depth: metres.
        ceiling: height in metres, or (0, 0) for open air.
        edge: things along the sides, inside: things anywhere; name, from, to how many.
        marks: lines and patterns painted on the floor.
    """

    floors: tuple[str, ...]
    walls: tuple[str, ...]
    fronts: tuple[str, ...]
    open_sides: tuple[int, int]
    panorama: tuple[str, ...]
    width: Range
    depth: Range
    ceiling: Range
    edge: Counts
    inside: Counts
    marks: tuple[str, ...] = ()


_OPEN: Final = (0.0, 0.0)
_HARD: Final[Counts] = (("coat rack", 0, 1), ("dummy", 0, 1), ("post", 0, 3), ("bin", 0, 3))

TRAIN_KINDS: Final[dict[str, Kind]] = {
    "mall": Kind(
        ("tiles", "terrazzo", "checker", "wood"), ("plaster", "panels", "paint"),
        ("shops", "shops", "glass"), (0, 0), (), (14, 24), (16, 26), (3.6, 5.5),
        (("planter", 1, 4), ("notice", 0, 3), ("coat rack", 0, 2), ("vending", 0, 2), *_HARD),
        (("bench", 1, 4), ("planter", 0, 4), ("kiosk", 0, 2), ("column", 0, 4), ("wet floor", 0, 1), ("dummy", 0, 1)),
    ),
    "corridor": Kind(
        ("tiles", "carpet", "terrazzo", "concrete"), ("plaster", "paint", "wall tiles", "brick"),
        ("hall", "hall", "plain", "lockers"), (0, 0), (), (5, 8), (18, 28), (2.8, 3.6),
        (("vending", 0, 2), ("notice", 0, 2), ("planter", 0, 2), ("bench", 0, 2), *_HARD),
        (("wet floor", 0, 1),),
    ),
    "queue": Kind(
        ("carpet", "tiles", "terrazzo", "paving"), ("plaster", "panels", "paint"),
        ("hall", "glass", "plain", "shops"), (0, 1), ("skyline",), (14, 20), (14, 22), (3.5, 6.0),
        (("kiosk", 0, 2), ("notice", 1, 3), ("planter", 0, 3), *_HARD),
        (("barrier", 4, 9), ("railing", 0, 3), ("column", 0, 3)),
    ),
    "plaza": Kind(
        ("paving", "herringbone", "concrete", "paving"), ("brick", "plaster", "panels"),
        ("building", "shops", "building", "glass"), (1, 3), ("skyline", "trees"), (20, 28), (20, 28), _OPEN,
        (("bench", 0, 3), ("planter", 0, 4), ("parasol", 0, 3), ("notice", 0, 2), *_HARD),
        (("tree", 0, 5), ("bench", 0, 4), ("post", 0, 5), ("parasol", 0, 3), ("kiosk", 0, 1), ("bin", 0, 2)),
    ),
    "park": Kind(
        ("grass", "gravel", "asphalt", "leaves"), ("brick",), ("hedge",), (3, 4), ("trees", "hills"),
        (22, 28), (22, 28), _OPEN, (("bush", 3, 8), ("tree", 2, 5), ("bench", 1, 3), *_HARD),
        (("tree", 2, 6), ("bush", 0, 4), ("bench", 0, 3), ("post", 0, 2)), ("path",),
    ),
    "playground": Kind(
        ("rubber", "grass", "gravel"), ("brick", "plaster"), ("hedge", "building"), (2, 4),
        ("trees", "skyline"), (18, 26), (18, 26), _OPEN,
        (("bench", 1, 4), ("railing", 2, 6), ("bush", 1, 4), ("tree", 0, 3), *_HARD),
        (("slide", 1, 2), ("swings", 0, 2), ("bin", 0, 1), ("tree", 0, 1)), ("patches",),
    ),
    "amusement park": Kind(
        ("paving", "asphalt", "herringbone", "concrete"), ("paint", "plaster"),
        ("stalls", "stalls", "shops"), (1, 3), ("trees", "skyline"), (20, 28), (20, 28), _OPEN,
        (("railing", 1, 5), ("kiosk", 0, 2), ("bench", 0, 3), ("planter", 0, 3), *_HARD),
        (("carousel", 0, 1), ("flags", 1, 4), ("barrier", 0, 4), ("railing", 0, 4), ("tree", 0, 2), ("kiosk", 0, 2), ("parasol", 0, 3)),
    ),
    "metro": Kind(
        ("terrazzo", "tiles", "concrete"), ("wall tiles", "panels", "concrete"),
        ("hall", "plain", "plain"), (0, 0), (), (9, 14), (20, 28), (3.2, 5.0),
        (("bench", 1, 4), ("vending", 0, 2), ("notice", 0, 3), *_HARD),
        (("column", 2, 6), ("bench", 0, 2)), ("platform",),
    ),
    "car park": Kind(
        ("asphalt", "concrete"), ("concrete", "brick", "paint"), ("plain", "building"), (0, 3),
        ("skyline", "trees"), (20, 28), (20, 28), (0.0, 3.4), (("car", 3, 6), ("post", 0, 3), ("bin", 0, 2)),
        (("car", 2, 6), ("column", 0, 4)), ("bays",),
    ),
    "street": Kind(
        ("paving", "asphalt", "concrete"), ("brick", "plaster", "panels"), ("shops", "building", "shops"),
        (1, 2), ("skyline", "trees"), (14, 22), (24, 28), _OPEN,
        (("car", 0, 3), ("tree", 0, 3), ("parasol", 0, 2), ("planter", 0, 3), *_HARD),
        (("post", 1, 5), ("bin", 0, 2), ("notice", 0, 2), ("car", 0, 2)), ("crossing",),
    ),
    "supermarket": Kind(
        ("tiles", "terrazzo", "concrete"), ("plaster", "panels"), ("shelving", "shelving", "plain"),
        (0, 0), (), (14, 20), (14, 22), (3.0, 4.5),
        (("heap", 1, 4), ("vending", 0, 1), *_HARD), (("shelf", 3, 7), ("heap", 1, 5), ("column", 0, 2)),
    ),
    "food court": Kind(
        ("tiles", "wood", "checker"), ("wall tiles", "paint", "plaster"), ("stalls", "shops", "glass"),
        (0, 0), (), (14, 20), (14, 22), (3.2, 5.0),
        (("vending", 0, 3), ("planter", 0, 3), ("bin", 1, 3), ("coat rack", 0, 2)),
        (("table", 4, 10), ("column", 0, 3), ("planter", 0, 2)),
    ),
}  # fmt: skip
"""The places that models are trained on."""

HELD_OUT_KINDS: Final[dict[str, Kind]] = {
    "market": Kind(
        ("cobbles", "hexagons"), ("stone", "mosaic"), ("stalls", "building"), (1, 3), ("hills",),
        (16, 26), (16, 26), _OPEN, (("heap", 3, 7), ("bush", 0, 3), ("railing", 0, 3)),
        (("parasol", 1, 5), ("heap", 0, 4), ("flags", 0, 3), ("dummy", 0, 1)), ("patches",),
    ),
    "museum": Kind(
        ("mosaic", "hexagons"), ("stone", "corrugated"), ("hall", "glass"), (0, 1), ("skyline",),
        (12, 20), (14, 22), (4.0, 6.0), (("notice", 1, 4), ("dummy", 0, 2), ("bench", 0, 2)),
        (("column", 1, 5), ("notice", 0, 3), ("barrier", 0, 4)),
    ),
    "station": Kind(
        ("hexagons", "cobbles"), ("corrugated", "stone"), ("lockers", "plain", "glass"), (0, 2),
        ("hills",), (12, 18), (20, 28), (4.5, 6.5), (("vending", 0, 3), ("coat rack", 0, 2), ("bin", 0, 3)),
        (("kiosk", 0, 2), ("bench", 1, 4), ("column", 0, 4)), ("platform",),
    ),
    "school yard": Kind(
        ("mosaic", "cobbles", "hexagons"), ("corrugated", "stone"), ("building", "lockers"), (1, 3),
        ("hills", "trees"), (18, 26), (18, 26), _OPEN, (("railing", 2, 6), ("bush", 0, 4), ("bin", 0, 3)),
        (("table", 0, 4), ("tree", 0, 4), ("slide", 0, 1)), ("patches", "path"),
    ),
}  # fmt: skip
"""Places of the domain that is never trained on: no floor or wall shared with `TRAIN_KINDS`."""

KINDS: Final[dict[str, dict[str, Kind]]] = {"train": TRAIN_KINDS, "held-out": HELD_OUT_KINDS}
