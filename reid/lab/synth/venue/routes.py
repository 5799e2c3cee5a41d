"""How people move through a venue: paths round furniture, stops, groups, and time."""

import heapq
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.person import Person
from reid.lab.synth.places import Site
from reid.lab.synth.population import Member
from reid.lab.synth.scene import Actor
from reid.lab.synth.venue.plan import Venue

Floats = NDArray[np.float32]
Rng = np.random.Generator

_CELL: Final = 0.4
"""Metres of the grid that paths are searched on."""
STRIDE: Final = 0.82
"""Metres walked in one gait cycle, per metre of body height."""
_CORNER: Final = 0.3
"""Metres before and after a corner between which it is cut."""
_PERSONAL: Final = 0.5
"""Metres within which people push each other apart."""


@dataclass(frozen=True, eq=False)
class Leg:
    """A stretch of a group's time in one zone: walking along `points` or standing at the first.

    Attributes:
        start, end: seconds. zone: number.
        points: float32 (n, 2) x, z in the zone's coordinates.
        facing: yaw in radians while standing.
    """

    start: float
    end: float
    zone: int
    points: Floats
    facing: float = 0.0

    @property
    def still(self) -> bool:
        """Whether the group stands."""
        return len(self.points) == 1


@dataclass(frozen=True, eq=False)
class Party:
    """People who go together, and their legs in order of time; gaps are out of sight."""

    name: str
    members: tuple[Member, ...]
    legs: tuple[Leg, ...]
    seed: int

    def people(self) -> tuple[Person, ...]:
        """Return the members' identities."""
        return tuple(m.person for m in self.members)


def find_path(site: Site, start: tuple[float, float], goal: tuple[float, float]) -> Floats:
    """Return a smooth path round obstacles, float32 (n, 2); a straight line where there is none."""
    columns, rows = int(site.width / _CELL), int(site.depth / _CELL)
    xs = (np.arange(columns) + 0.5) * _CELL - site.width / 2
    zs = (np.arange(rows) + 0.5) * _CELL - site.depth / 2
    grid = np.stack(np.meshgrid(xs, zs), axis=-1).astype(np.float32)
    closed = site.taken(grid.reshape(-1, 2), 0.3).reshape(rows, columns)

    def cell(point: tuple[float, float]) -> tuple[int, int]:
        column = int(np.clip((point[0] + site.width / 2) / _CELL, 0, columns - 1))
        row = int(np.clip((point[1] + site.depth / 2) / _CELL, 0, rows - 1))
        return row, column

    cells = _search(closed, cell(start), cell(goal))
    if not cells:
        return np.array([start, goal], np.float32)
    points = np.array([start, *(grid[r, c] for r, c in cells[1:-1]), goal], np.float32)
    return _smooth(_straightened(site, points))


def _search(
    closed: NDArray[np.bool_], start: tuple[int, int], goal: tuple[int, int]
) -> list[tuple[int, int]]:
    """A* over a grid, eight neighbours; [] where there is no way."""
    came: dict[tuple[int, int], tuple[int, int]] = {}
    cost = {start: 0.0}
    queue = [(0.0, start)]
    while queue:
        _, here = heapq.heappop(queue)
        if here == goal:
            way = [here]
            while way[-1] != start:
                way.append(came[way[-1]])
            return way[::-1]
        for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
            r, c = here[0] + dr, here[1] + dc
            if not (0 <= r < closed.shape[0] and 0 <= c < closed.shape[1]):
                continue
            if closed[r, c] and (r, c) != goal:
                continue
            price = cost[here] + float(np.hypot(dr, dc))
            if price < cost.get((r, c), np.inf):
                cost[(r, c)] = price
                came[(r, c)] = here
                ahead = float(np.hypot(goal[0] - r, goal[1] - c))
                heapq.heappush(queue, (price + ahead, (r, c)))
    return []


def _straightened(site: Site, points: Floats) -> Floats:
    """Drop corners that can be cut without touching anything."""
    kept = [points[0]]
    i = 0
    while i < len(points) - 1:
        j = len(points) - 1
        while j > i + 1:
            steps = np.linspace(0, 1, max(2, int(np.linalg.norm(points[j] - points[i]) / 0.2)))
            line = points[i] + steps[:, None] * (points[j] - points[i])
            if not site.taken(line.astype(np.float32), 0.28)[1:-1].any():
                break
            j -= 1
        kept.append(points[j])
        i = j
    return np.array(kept, np.float32)


def _smooth(points: Floats) -> Floats:
    """Round the corners, cutting each by at most `_CORNER` metres so as not to touch furniture."""
    rounded = [points[0]]
    for before, corner, after in zip(points[:-2], points[1:-1], points[2:], strict=True):
        for other in (before, after):
            away = other - corner
            reach = float(np.linalg.norm(away))
            rounded.append(corner + away * (min(_CORNER, reach / 3) / max(reach, 1e-6)))
    return np.array([*rounded, points[-1]], np.float32)


def plan_legs(
    venue: Venue, zones: list[int], start: float, speed: float, rng: Rng, stops: float = 0.6
) -> tuple[Leg, ...]:
    """Walk through `zones` in order from `start` seconds on, stopping now and then.

    Args:
        venue: the map.
        zones: linked zones, in order.
        start: seconds.
        speed: metres a second.
        rng: draws stops.
        stops: mean number of stops a zone.
    """
    legs: list[Leg] = []
    time = start
    for i, zone in enumerate(zones):
        site, doors = venue.zones[zone].site, venue.zones[zone].doors
        before = doors[zones[i - 1]] if i else _way_in(venue, zone, rng)
        after = doors[zones[i + 1]] if i + 1 < len(zones) else _way_in(venue, zone, rng)
        halts = site.free_spots(rng, int(rng.poisson(stops)), margin=0.5)
        here = before
        for halt in [*(tuple(map(float, h)) for h in halts), after]:
            path = find_path(site, here, (halt[0], halt[1]))
            walked = _length(path) / speed
            legs.append(Leg(time, time + walked, zone, path))
            time += walked
            here = (halt[0], halt[1])
            if here != after:
                pause = float(rng.gamma(2.0, 6.0)) + 3
                spot = np.array([here], np.float32)
                legs.append(Leg(time, time + pause, zone, spot, float(rng.uniform(0, 2 * np.pi))))
                time += pause
        if i + 1 < len(zones):
            time += venue.passage(zone, zones[i + 1]) / speed
    return tuple(legs)


def _way_in(venue: Venue, zone: int, rng: Rng) -> tuple[float, float]:
    """A door, or the edge of the floor where the outside is."""
    site = venue.zones[zone].site
    for _ in range(30):
        side = float(rng.choice([-1, 1]))
        edge = np.array([rng.uniform(-0.9, 0.9) * site.width / 2, side * (site.depth / 2 - 0.6)])
        if rng.random() < 0.5:
            edge = np.array(
                [side * (site.width / 2 - 0.6), rng.uniform(-0.9, 0.9) * site.depth / 2]
            )
        if not site.taken(edge[None].astype(np.float32), 0.3)[0]:
            return (float(edge[0]), float(edge[1]))
    return next(iter(venue.zones[zone].doors.values()), (0.0, 0.0))


def _length(points: Floats) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def wander(venue: Venue, rng: Rng, hops: int) -> list[int]:
    """Choose linked zones to visit, seldom turning back."""
    zones = [int(rng.integers(len(venue.zones)))]
    for _ in range(hops):
        options = venue.neighbours(zones[-1])
        if not options:
            break
        fresh = [z for z in options if z not in zones[-2:]] or options
        zones.append(fresh[int(rng.integers(len(fresh)))])
    return zones


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where one person is at a moment: zone, x, z, yaw, distance walked, whether standing."""

    zone: int
    x: float
    z: float
    yaw: float
    walked: float
    still: bool


def standpoint(party: Party, member: int, time: float) -> Standpoint | None:
    """Return where a member is at `time` seconds, or None while out of sight."""
    walked = 0.0
    for leg in party.legs:
        if leg.start <= time < leg.end:
            return _on_leg(party, member, leg, time, walked)
        if time < leg.start:
            return None
        walked += 0.0 if leg.still else _length(leg.points)
    return None


def _on_leg(party: Party, member: int, leg: Leg, time: float, walked: float) -> Standpoint:
    rng = np.random.default_rng([party.seed, member])
    dx, dz = party.members[member].offset
    if leg.still:
        x, z = leg.points[0]
        c, s = np.cos(leg.facing), np.sin(leg.facing)
        turn = leg.facing + float(rng.normal(0, 0.6))
        if len(party.members) > 1:
            angle = 2 * np.pi * member / len(party.members) + party.seed % 7
            radius = 0.3 + 0.15 * len(party.members)
            ox, oz = radius * np.sin(angle), radius * np.cos(angle)
            return Standpoint(leg.zone, float(x + ox), float(z + oz), angle + np.pi, walked, True)
        return Standpoint(leg.zone, float(x + dx * c), float(z - dx * s), turn, walked, True)
    total = _length(leg.points)
    done = total * (time - leg.start) / max(leg.end - leg.start, 1e-6)
    (x, z), yaw = _along(leg.points, done)
    ease = min(1.0, done / 1.5, max(total - done, 0.0) / 1.5) * 0.6 + 0.4
    c, s = np.cos(yaw), np.sin(yaw)
    side, ahead = dx * ease, dz
    at = (float(x + side * c + ahead * s), float(z - side * s + ahead * c))
    return Standpoint(leg.zone, *at, yaw, walked + done, False)


def _along(points: Floats, distance: float) -> tuple[tuple[float, float], float]:
    """Return the point after `distance` metres and a heading that turns smoothly."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    ends = np.concatenate([[0.0], np.cumsum(steps)])

    def at(d: float) -> NDArray[np.float64]:
        d = float(np.clip(d, 0, ends[-1]))
        return np.array([np.interp(d, ends, points[:, 0]), np.interp(d, ends, points[:, 1])])

    x, z = at(distance)
    dx, dz = at(distance + 0.35) - at(distance - 0.35)
    return (float(x), float(z)), float(np.arctan2(dx, dz))


def actors_in(
    parties: tuple[Party, ...], zone: int, time: float, heights: dict[str, float]
) -> list[Actor]:
    """Return everybody in a zone at a moment, pushed gently out of each other.

    Args:
        parties: all groups.
        zone: number.
        time: seconds.
        heights: metres by person key, for the length of the stride.
    """
    found: list[tuple[Party, int, Standpoint]] = []
    for party in parties:
        for member in range(len(party.members)):
            point = standpoint(party, member, time)
            if point is not None and point.zone == zone:
                found.append((party, member, point))
    if not found:
        return []
    places = _apart(np.array([[p.x, p.z] for _, _, p in found]))
    return [
        _actor(party, member, point, place, heights)
        for (party, member, point), place in zip(found, places, strict=True)
    ]


def _apart(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Push people apart who are nearer than `_PERSONAL`."""
    for _ in range(3):
        offset = places[:, None] - places[None]
        distance = np.linalg.norm(offset, axis=-1) + np.eye(len(places)) * 9
        push = (
            np.clip(_PERSONAL - distance, 0, None)[..., None]
            * offset
            / np.maximum(distance, 0.05)[..., None]
        )
        places = places + 0.5 * push.sum(axis=1)
    return places


def _actor(
    party: Party,
    member: int,
    point: Standpoint,
    place: NDArray[np.float64],
    heights: dict[str, float],
) -> Actor:
    person = party.members[member].person
    cycle = STRIDE * heights.get(person.key, 1.7)
    kinds = {prop.kind for prop in person.props}
    gait = "stand" if point.still else "child" if person.shape.years < 11 else "walk"
    if "pushchair" in kinds:
        gait = "push"
    elif not point.still and "suitcase" in kinds:
        gait = "carry"
    seed = (party.seed * 31 + member * 7 + (int(point.walked) if point.still else 0)) % 2**31
    return Actor(
        person=person,
        position=(float(place[0]), 0.0, float(place[1])),
        yaw=point.yaw,
        gait=gait,
        phase=float((point.walked / cycle + 0.37 * member) % 1.0),
        pose_seed=int(seed),
    )
