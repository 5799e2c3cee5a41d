"""A venue on paper: zones with doors, the walks between them, cameras, and a drawn map."""

# ruff: noqa: E501  (the table of names reads best by rows)

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.camera import CameraLook, sample_look
from reid.lab.synth.places import Site, build_site, framed, hang_camera, person_spans
from reid.lab.synth.scene import Lens, Place

Floats = NDArray[np.float32]
Rng = np.random.Generator

_GAP: Final = (8.0, 25.0)
"""Metres of unwatched passage between neighbouring zones."""
_PITCH: Final = 44.0
"""Metres between zone centres on the plan."""
_CANDIDATES: Final = 8
"""Camera positions tried in a zone."""
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "mall": ("the main hall", "the gift shop row"), "corridor": ("the corridor", "the passage"),
    "queue": ("the ticket office", "the ride queue"), "plaza": ("the fountain plaza", "the main square"),
    "park": ("the park", "the picnic lawn"), "playground": ("the playground", "the climbing area"),
    "amusement park": ("the carousel", "the fairground stalls"), "metro": ("the platform", "the metro hall"),
    "car park": ("the car park", "the parking deck"), "street": ("the main street", "the entrance street"),
    "supermarket": ("the supermarket", "the toy shop"), "food court": ("the food court", "the cafe"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Zone:
    """One watched part of a venue.

    Attributes:
        name: in words. site: what it looks like, in its own coordinates.
        at: x, y of its centre on the plan, metres.
        doors: neighbouring zone's number → floor point (x, z) of the door, in zone coordinates.
    """

    name: str
    site: Site
    at: tuple[float, float]
    doors: dict[int, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Watch:
    """One camera: its id, zone, lens and look."""

    id: str
    zone: int
    lens: Lens
    look: CameraLook


@dataclass(frozen=True, eq=False)
class Venue:
    """Zones, passages between them (zone, zone, metres) and cameras."""

    zones: tuple[Zone, ...]
    links: tuple[tuple[int, int, float], ...]
    cameras: tuple[Watch, ...]

    def neighbours(self, zone: int) -> list[int]:
        """Return the zones that a passage leads to."""
        return [b if a == zone else a for a, b, _ in self.links if zone in (a, b)]

    def passage(self, one: int, two: int) -> float:
        """Return the metres between two linked zones' doors."""
        return next(d for a, b, d in self.links if {a, b} == {one, two})

    def as_dict(self) -> dict[str, object]:
        """Return the map in a JSON-ready form: zones, graph, cameras; metres and degrees."""
        zones = [
            {
                "id": i, "name": z.name, "kind": z.site.kind, "centre": list(z.at),
                "width": z.site.width, "depth": z.site.depth,
                "doors": {str(n): list(p) for n, p in z.doors.items()},
                "obstacles": z.site.obstacles.round(2).tolist(),
            }
            for i, z in enumerate(self.zones)
        ]  # fmt: skip
        links = [{"from": a, "to": b, "metres": round(d, 1)} for a, b, d in self.links]
        cameras = [
            {
                "id": c.id, "zone": c.zone, "position": list(c.lens.position),
                "look_at": list(c.lens.look_at), "fov_y": c.lens.fov_y, "width": c.lens.width,
                "height": c.lens.height, "k1": c.look.optics.k1, "k2": c.look.optics.k2,
                "roll": c.lens.roll, "kind": c.look.kind,
            }
            for c in self.cameras
        ]  # fmt: skip
        return {"zones": zones, "links": links, "cameras": cameras}


def lay_out(
    seed: int, cameras: int, *, domain: str = "train", size: tuple[int, int] = (1280, 720),
    kinds: tuple[str, ...] | None = None,
) -> Venue:  # fmt: skip
    """Invent a venue with one camera a zone, from three zones on sometimes two.

    Args:
        seed: of everything.
        cameras: how many.
        domain: render domain.
        size: frame width, height in pixels.
        kinds: of the zones, in order; None draws them.
    """
    rng = np.random.default_rng([seed, 771])
    count = cameras if cameras < 3 else max(2, cameras - int(rng.integers(0, cameras // 3 + 1)))
    columns = int(np.ceil(np.sqrt(count)))
    cells = [(i % columns, i // columns) for i in range(count)]
    links = _links(cells, rng)
    zones: list[Zone] = []
    for i, (column, row) in enumerate(cells):
        site = build_site(int(rng.integers(2**31)), domain, kinds[i] if kinds else None)
        doors = {n: _door(site, cells[i], cells[n], rng) for n in _neighbours(links, i)}
        known = _NAMES.get(site.kind, (f"the {site.kind}",))
        taken = {z.name for z in zones}
        name = next((n for n in known if n not in taken), f"{known[0]} {i + 1}")
        site = replace(site, place=_with_doorways(site, list(doors.values())))
        zones.append(Zone(name, site, (column * _PITCH, row * _PITCH), doors))
    watches = []
    for i in range(cameras):
        zone = i % count
        lens = _aimed(zones[zone], rng, size)
        look = sample_look(rng, "train" if domain == "train" else "held-out")
        lens = replace(lens, k1=look.optics.k1, k2=look.optics.k2)
        watches.append(Watch(f"camera{i + 1}", zone, lens, look))
    return Venue(tuple(zones), tuple(links), tuple(watches))


def _links(cells: list[tuple[int, int]], rng: Rng) -> list[tuple[int, int, float]]:
    """Join every zone to its right and lower neighbour."""
    where = {cell: i for i, cell in enumerate(cells)}
    links: list[tuple[int, int, float]] = []
    for i, (x, y) in enumerate(cells):
        joined = [where[c] for c in ((x + 1, y), (x, y + 1)) if c in where]
        links += [(i, other, float(rng.uniform(*_GAP))) for other in joined]
    return links


def _neighbours(links: list[tuple[int, int, float]], zone: int) -> list[int]:
    return [b if a == zone else a for a, b, _ in links if zone in (a, b)]


def _door(
    site: Site, cell: tuple[int, int], other: tuple[int, int], rng: Rng
) -> tuple[float, float]:
    """Choose a free floor point at the side that faces the other zone."""
    dx, dy = np.sign(other[0] - cell[0]), np.sign(other[1] - cell[1])
    half_x, half_z = site.width / 2 - 0.55, site.depth / 2 - 0.55
    for _ in range(40):
        along = float(rng.uniform(-0.7, 0.7))
        point = (dx * half_x if dx else along * half_x, dy * half_z if dy else along * half_z)
        if not site.taken(np.array([point], np.float32), 0.4)[0]:
            break
    return (float(point[0]), float(point[1]))


def _aimed(zone: Zone, rng: Rng, size: tuple[int, int]) -> Lens:
    """Hang the camera that best watches the ways between the doors: near enough, nothing before."""
    site = zone.site
    ends = [*zone.doors.values(), (0.0, 0.0), *map(tuple, site.free_spots(rng, 3, margin=0.5))]
    steps = np.linspace(0.05, 0.95, 8)[:, None]
    ways = [
        np.array(a) * (1 - steps) + np.array(b) * steps for a in ends[:2] for b in ends if a != b
    ]
    points = np.concatenate(ways).astype(np.float32)
    chest = np.insert(points, 1, 1.0, axis=1).astype(np.float32)
    best: tuple[float, Lens] | None = None
    for _ in range(_CANDIDATES):
        lens = hang_camera(site, rng, size=size)
        lens = replace(lens, fov_y=min(lens.fov_y, float(rng.uniform(32, 48))))
        _, height = person_spans(lens, points)
        seen = framed(lens, points) & site.sees(lens.position, chest)
        score = float((seen * np.minimum(height / lens.height, 0.4)).sum())
        if best is None or score > best[0]:
            best = score, lens
    assert best is not None
    return best[1]


def _with_doorways(site: Site, doors: list[tuple[float, float]]) -> Place:
    """Paint a dark doorway on the wall behind each door."""
    place = site.place
    frame = np.full((96, 72, 3), (150, 146, 140), np.uint8)
    frame[6:, 6:66] = (44, 44, 48)
    frame[40:, 10:62] = np.linspace(44, 74, 56)[:, None, None]
    quads, uv = [place.quads], [place.uv]
    corners = np.array([[[0, 1], [1, 1], [1, 0], [0, 0]]], np.float32)
    for x, z in doors:
        quads.append(_doorway(site, x, z)[None])
        uv.append(corners)
    number = len(place.textures)
    texture = np.concatenate([place.texture, np.full(len(doors), number, np.int32)])
    return replace(
        place, quads=np.concatenate(quads), uv=np.concatenate(uv), texture=texture,
        textures=(*place.textures, frame),
    )  # fmt: skip


def _doorway(site: Site, x: float, z: float) -> Floats:
    """Return the corners (4, 3) of a doorway on the wall nearest to a door, metres."""
    outline = ((-0.9, 0), (0.9, 0), (0.9, 2.3), (-0.9, 2.3))
    if abs(abs(x) - site.width / 2) < abs(abs(z) - site.depth / 2):
        wall = np.sign(x) * (site.width / 2 - 0.03)
        return np.array([[wall, up, z + along] for along, up in outline], np.float32)
    wall = np.sign(z) * (site.depth / 2 - 0.03)
    return np.array([[x + along, up, wall] for along, up in outline], np.float32)


def draw(venue: Venue, scale: float = 9.0) -> NDArray[np.uint8]:
    """Draw the map: zones, furniture, doors, passages, cameras with their fields of view.

    Returns:
        uint8 (h, w, 3) sRGB; `scale` pixels a metre.
    """
    centres = np.array([z.at for z in venue.zones])
    low, high = centres.min(axis=0) - 22, centres.max(axis=0) + 22
    width, height = ((high - low) * scale).astype(int)
    image = np.full((height, width, 3), 250, np.uint8)

    def px(zone: int, x: float, z: float) -> tuple[int, int]:
        place = (np.array(venue.zones[zone].at) + np.array([x, z]) - low) * scale
        return int(place[0]), int(place[1])

    for a, b, metres in venue.links:
        ends = px(a, *venue.zones[a].doors[b]), px(b, *venue.zones[b].doors[a])
        cv2.line(image, *ends, (200, 205, 214), int(1.6 * scale), cv2.LINE_AA)
        middle = ((ends[0][0] + ends[1][0]) // 2 - 20, (ends[0][1] + ends[1][1]) // 2)
        cv2.putText(image, f"{metres:.0f} m", middle, 0, 0.45, (90, 96, 110), 1, cv2.LINE_AA)
    for i, zone in enumerate(venue.zones):
        _draw_zone(image, zone, i, px)
    for camera in venue.cameras:
        _draw_camera(image, camera, px)
    return image


def _draw_zone(image: NDArray[np.uint8], zone: Zone, number: int, px: object) -> None:
    assert callable(px)
    half_x, half_z = zone.site.width / 2, zone.site.depth / 2
    corners = px(number, -half_x, -half_z), px(number, half_x, half_z)
    cv2.rectangle(image, *corners, (234, 238, 230), -1)
    for x0, z0, x1, z1 in zone.site.obstacles:
        cv2.rectangle(image, px(number, x0, z0), px(number, x1, z1), (186, 190, 182), -1)
    cv2.rectangle(image, *corners, (70, 80, 70), 2)
    for x, z in zone.doors.values():
        cv2.circle(image, px(number, x, z), 7, (200, 120, 40), -1, cv2.LINE_AA)
    label = px(number, -half_x + 0.5, -half_z + 1.6)
    cv2.putText(image, zone.name, label, 0, 0.55, (30, 40, 30), 1, cv2.LINE_AA)


def _draw_camera(image: NDArray[np.uint8], camera: Watch, px: object) -> None:
    assert callable(px)
    lens = camera.lens
    x, z = lens.position[0], lens.position[2]
    aim = np.arctan2(lens.look_at[0] - x, lens.look_at[2] - z)
    wide = np.arctan(np.tan(np.radians(lens.fov_y) / 2) * lens.width / lens.height)
    reach = 9.0
    ends = [
        px(camera.zone, x + reach * np.sin(t), z + reach * np.cos(t))
        for t in (aim - wide, aim + wide)
    ]
    layer = image.copy()
    cv2.fillPoly(layer, [np.array([px(camera.zone, x, z), *ends], np.int32)], (90, 140, 220))
    cv2.addWeighted(layer, 0.3, image, 0.7, 0, dst=image)
    cv2.circle(image, px(camera.zone, x, z), 6, (30, 60, 160), -1, cv2.LINE_AA)
    place = px(camera.zone, x, z)
    cv2.putText(
        image, camera.id, (place[0] + 8, place[1] - 6), 0, 0.5, (30, 60, 160), 1, cv2.LINE_AA
    )
