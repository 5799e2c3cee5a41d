"""Where somebody could have walked by now: exits first."""

import heapq
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reid.desk.policy import Policy

PLAIN_ASPECT: Final = 0.6
"""Height over width of a plan without an image."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A camera's place that could have been reached.

    Attributes:
        metres: shortest way there; straight lines where no paths are declared.
        earliest: when a walking child could be there at the soonest.
        possible: whether that is already so.
    """

    camera: str
    exit: bool
    metres: float
    earliest: datetime
    possible: bool


def reachable(
    policy: Policy, start: str, since: datetime, now: datetime, aspect: float
) -> list[Reach]:
    """Return all placed cameras by whether they could be reached, exits first, nearest first.

    Args:
        start: the camera where the person was last seen.
        since: when that was.
        aspect: height of the plan's image over its width.

    Returns:
        An empty list where the plan gives no scale or `start` is not on it.
    """
    places = []
    for camera, metres in distances(policy, start, aspect).items():
        earliest = since + timedelta(seconds=metres / policy.plan.walk_m_per_s)
        known = policy.cameras[camera]
        places.append(Reach(camera, known.exit, metres, earliest, earliest <= now))
    return sorted(places, key=lambda p: (not p.possible, not p.exit, p.metres))


def radius(policy: Policy, since: datetime, now: datetime) -> float | None:
    """Return how far somebody could be, as a share of the plan's width; None without a scale."""
    if policy.plan.width_m is None:
        return None
    seconds = max(0.0, (now - since).total_seconds())
    return seconds * policy.plan.walk_m_per_s / policy.plan.width_m


def distances(policy: Policy, start: str, aspect: float = PLAIN_ASPECT) -> dict[str, float]:
    """Return the metres from one camera to every other that can be told; `aspect` as above."""
    width = policy.plan.width_m
    spots = {
        name: (camera.x, camera.y * aspect)
        for name, camera in policy.cameras.items()
        if camera.x is not None and camera.y is not None
    }
    if width is None or start not in spots:
        return {}
    if not policy.plan.paths:
        return {name: width * math.dist(spots[start], spot) for name, spot in spots.items()}
    return _shortest(policy.plan.paths, spots, start, width)


def _shortest(
    paths: tuple[tuple[str, str], ...],
    spots: dict[str, tuple[float, float]],
    start: str,
    width: float,
) -> dict[str, float]:
    """Return the shortest ways along the declared paths (Dijkstra 1959)."""
    ways: dict[str, list[tuple[str, float]]] = {}
    for a, b in paths:
        if a in spots and b in spots:
            metres = width * math.dist(spots[a], spots[b])
            ways.setdefault(a, []).append((b, metres))
            ways.setdefault(b, []).append((a, metres))
    found: dict[str, float] = {}
    waiting = [(0.0, start)]
    while waiting:
        metres, place = heapq.heappop(waiting)
        if place in found:
            continue
        found[place] = metres
        for other, more in ways.get(place, ()):
            heapq.heappush(waiting, (metres + more, other))
    return found
