"""Who stands where: groups with a purpose on a floor, as a camera would catch them."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.person import Person
from reid.lab.synth.places import RideSeat, Site, person_spans, project
from reid.lab.synth.population import Member
from reid.lab.synth.scene import Actor, Lens
from reid.lab.synth.seats import livelier, on_wheels, seated

Floats = NDArray[np.float32]
Rng = np.random.Generator
ELBOW_ROOM: Final = 0.42
"""Metres that people keep between each other."""
_MARGIN: Final = 0.08
"""Share of the frame beyond its border where people are still put: they are cut by it."""
SMALLEST: Final = 36.0
"""Pixels (in 720 rows) below which nobody is put."""
LARGEST: Final = 620.0
"""Pixels (in 720 rows) beyond which nobody is put: the camera does not hang in a crowd."""
LARGEST_HELD: Final = 1400.0
"""The same of a camera that somebody holds: faces may fill the picture."""
_ACTIVE, _ACTIVE_HELD = 0.1, 0.2
"""Shares of those with free hands who play, reach, bend or crouch; before a camera that hangs they
are among those who stand."""
_SEATED: Final = 0.14
_NEARNESS, _NEARNESS_HELD = 1.5, 0.7
"""Powers of the apparent height by which near spots are preferred."""
CHILD_YEARS: Final = 11.0
_RIDDEN: Final = 0.55
"""Share of what can be ridden in the picture that somebody sits in."""
_RIDER: Final = {"cycle": 1.45, "ride": 1.1}
"""Metres that who rides is tall at least, by gait."""

Group = tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class CrowdBehaviour:
    """How a crowd behaves: shares of groups that stand, queue, and how clustered it is.

    Attributes:
        standing: share of groups that stand and talk.
        queueing: share of people who wait in line.
        spread: metres around the places where people gather.
        hurry: share of walkers in a hurry.
        seated: share of those who stand with free hands who sit instead.
    """

    standing: float
    queueing: float
    spread: float
    hurry: float
    seated: float = 0.0


_BEHAVIOURS: Final[dict[str, CrowdBehaviour]] = {
    "queue": CrowdBehaviour(0.2, 0.55, 2.5, 0.02),
    "metro": CrowdBehaviour(0.45, 0.1, 5.0, 0.2, 0.15),
    "food court": CrowdBehaviour(0.45, 0.2, 3.5, 0.02, 0.5),
    "corridor": CrowdBehaviour(0.15, 0.05, 6.0, 0.15),
    "amusement park": CrowdBehaviour(0.3, 0.25, 4.0, 0.04),
    "playground": CrowdBehaviour(0.4, 0.0, 4.0, 0.1, 0.2),
}
_USUAL: Final = CrowdBehaviour(0.28, 0.08, 4.0, 0.08)


def direct(
    site: Site, lens: Lens, groups: list[Group], rng: Rng, limit: int, *, held: bool = False
) -> list[Actor]:
    """Put groups before a camera.

    Args:
        site: the place.
        lens: the camera.
        groups: candidates; those that find no room stay away.
        rng: draws places, directions and gaits.
        limit: at most so many people.
        held: whether somebody holds the camera: people come near, and do more than walk.

    Returns:
        Actors, none standing in another or in furniture; most of them in the picture.
    """
    behaviour = _BEHAVIOURS.get(site.kind, _USUAL)
    spots, weight = _spots(site, lens, rng, held=held)
    if len(spots) == 0:
        return []
    hearts = spots[rng.choice(len(spots), max(1, limit // 5), p=weight)]
    taken, groups = _riders(site, lens, groups, rng, limit)
    queue = _Queue(site, hearts[0], rng)
    heading = float(rng.uniform(0, 2 * np.pi))
    for group in groups:
        if len(taken) + len(group) > limit:
            continue
        if rng.random() < behaviour.queueing:
            new = queue.join(group, rng)
        else:
            near = hearts[int(rng.integers(len(hearts)))] if rng.random() < 0.6 else None
            at = _choose(spots, weight, near, behaviour.spread, rng)
            new = _gathered(group, at, heading, behaviour, rng)
        if new and _room(site, new, taken):
            taken += new
    if held:
        return [livelier(actor, rng, _ACTIVE_HELD, _SEATED) for actor in taken]
    return [_resting(actor, behaviour, rng) for actor in taken]


def _riders(
    site: Site, lens: Lens, groups: list[Group], rng: Rng, limit: int
) -> tuple[list[Actor], list[Group]]:
    """Let the first of some groups, at most `limit`, ride what can be ridden in the picture.

    Returns:
        Who rides, and the groups that are left.
    """
    riders: list[Actor] = []
    left = list(groups)
    for seat in site.ride_seats:
        if len(riders) >= limit:
            break
        chest = np.array([seat.place], np.float32) + np.array([0, 0.5, 0], np.float32)
        _, height = person_spans(lens, chest[:, [0, 2]])
        at, _ = project(lens, chest)
        inside = bool(((at > 0) & (at < (lens.width, lens.height))).all())
        small = float(height[0]) < SMALLEST * lens.height / 720
        if not inside or small or rng.random() > _RIDDEN or not site.sees(lens.position, chest)[0]:
            continue
        tall = _RIDER[seat.gait]
        for group in left:
            if group[0].person.shape.stature >= tall and not on_wheels(group[0].person):
                left.remove(group)
                riders.append(_riding(group[0].person, seat, rng))
                break
    return riders, left


def _riding(person: Person, seat: RideSeat, rng: Rng) -> Actor:
    seed = int(rng.integers(2**31))
    return Actor(person, seat.place, seat.yaw, seat.gait, float(rng.random()), seed, props=())


def _resting(actor: Actor, behaviour: CrowdBehaviour, rng: Rng) -> Actor:
    if actor.gait != "stand" or actor.person.props:
        return actor
    roll = rng.random()
    if roll < behaviour.seated:
        return seated(actor, rng)
    return replace(actor, gait="active") if roll > 1 - _ACTIVE else actor


def _spots(site: Site, lens: Lens, rng: Rng, *, held: bool) -> tuple[Floats, Floats]:
    """Free floor points in or just beside the picture, at a size worth drawing.

    Returns:
        Points (N, 2), and weights (N,) that spread people over the picture rather than the floor:
        most of a watched floor is far away.
    """
    spots = site.free_spots(rng, 400)
    foot, height = person_spans(lens, spots)
    unit = lens.height / 720
    x, y = foot[:, 0] / lens.width, (foot[:, 1] - height / 2) / lens.height
    near = height > lens.height  # only the upper part of somebody near is seen
    y = np.where(near, (foot[:, 1] - 0.8 * height) / lens.height, y)
    seen = (x > -_MARGIN) & (x < 1 + _MARGIN) & (y > -_MARGIN) & (y < 1 + _MARGIN)
    seen &= (height > SMALLEST * unit) & (height < (LARGEST_HELD if held else LARGEST) * unit)
    spots = spots[seen]
    chest = np.insert(spots, 1, 1.1, axis=1).astype(np.float32)
    clear = site.sees(lens.position, chest) | (rng.random(len(spots)) < 0.12)
    weight = height[seen][clear] ** (_NEARNESS_HELD if held else _NEARNESS)
    return spots[clear], np.asarray(weight / max(float(weight.sum()), 1e-9))


def _choose(spots: Floats, weight: Floats, near: Floats | None, spread: float, rng: Rng) -> Floats:
    """Pick a spot, near a gathering place if one is given."""
    if near is not None:
        distance = np.linalg.norm(spots - near, axis=1)
        weight = weight * (np.exp(-((distance / spread) ** 2)) + 1e-6)
    return np.asarray(spots[int(rng.choice(len(spots), p=weight / weight.sum()))], np.float32)


def _room(site: Site, new: list[Actor], taken: list[Actor]) -> bool:
    points = np.array([[a.position[0], a.position[2]] for a in new], np.float32)
    if site.taken(points, 0.22).any():
        return False
    if not taken:
        return True
    others = np.array([[a.position[0], a.position[2]] for a in taken])
    gaps = np.linalg.norm(points[:, None] - others[None], axis=-1)
    return bool(gaps.min() > ELBOW_ROOM)


def _gathered(
    group: Group, at: Floats, heading: float, behaviour: CrowdBehaviour, rng: Rng
) -> list[Actor]:
    """A group standing in a circle, or walking abreast."""
    standing = rng.random() < behaviour.standing
    if standing and len(group) > 1:
        radius = 0.3 + 0.17 * len(group)
        start = float(rng.uniform(0, 2 * np.pi))
        actors = []
        for i, member in enumerate(group):
            angle = start + 2 * np.pi * i / len(group) + float(rng.normal(0, 0.15))
            x, z = at[0] + radius * np.sin(angle), at[1] + radius * np.cos(angle)
            yaw = angle + np.pi + float(rng.normal(0, 0.4))
            actors.append(_actor(member, (float(x), float(z)), yaw, "stand", rng))
        return actors
    along = rng.random() < 0.6
    yaw = heading + (np.pi if rng.random() < 0.5 else 0) + float(rng.normal(0, 0.35))
    yaw = yaw if along else float(rng.uniform(0, 2 * np.pi))
    pace = (
        "hurry" if rng.random() < behaviour.hurry else "stroll" if rng.random() < 0.35 else "walk"
    )
    pace = "stand" if standing else pace
    c, s = np.cos(yaw), np.sin(yaw)
    actors = []
    for member in group:
        dx, dz = member.offset
        place = (float(at[0] + dx * c + dz * s), float(at[1] - dx * s + dz * c))
        actors.append(_actor(member, place, yaw + float(rng.normal(0, 0.08)), pace, rng))
    return actors


def _actor(member: Member, at: tuple[float, float], yaw: float, pace: str, rng: Rng) -> Actor:
    return Actor(
        person=member.person,
        position=(at[0], 0.0, at[1]),
        yaw=float(yaw),
        gait=gait_of(member.person, pace, rng),
        phase=float(rng.random()),
        pose_seed=int(rng.integers(2**31)),
    )


def gait_of(person: Person, pace: str, rng: Rng) -> str:
    """Return the gait in which this person goes at `pace` ("stand", "stroll", "walk", "hurry")."""
    if on_wheels(person):
        return "sit"
    if any(prop.kind == "pushchair" for prop in person.props):
        return "push"
    if pace == "stand":
        return "stand"
    if person.shape.years < CHILD_YEARS and rng.random() < 0.75:
        return "child"
    if (
        any(prop.kind in ("suitcase", "plastic-bag") for prop in person.props)
        and rng.random() < 0.5
    ):
        return "carry"
    return pace


class _Queue:
    """A line of waiting people that grows from its head."""

    def __init__(self, site: Site, head: Floats, rng: Rng) -> None:
        self.site = site
        self.tail = np.array(head, np.float64)
        self.yaw = float(rng.integers(4)) * np.pi / 2 + float(rng.normal(0, 0.1))

    def join(self, group: Group, rng: Rng) -> list[Actor]:
        """Line a group up behind the tail."""
        actors = []
        for member in group:
            step = float(rng.uniform(0.55, 0.95))
            self.yaw += float(rng.normal(0, 0.06))
            self.tail -= step * np.array([np.sin(self.yaw), np.cos(self.yaw)])
            side = rng.normal(0, 0.08, 2)
            at = (float(self.tail[0] + side[0]), float(self.tail[1] + side[1]))
            turn = self.yaw + float(rng.normal(0, 0.35))
            actors.append(_actor(member, at, turn, "stand", rng))
        return actors
