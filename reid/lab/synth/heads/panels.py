"""Flat things that show faces: posters, screens, and mirrors that show who stands before them."""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.heads.shot import Shot, shot_of
from reid.lab.synth.places import Site
from reid.lab.synth.render import Staged, project, render_staged
from reid.lab.synth.scene import Lens, Place

Array = NDArray[np.float64]
Rng = np.random.Generator

_TRIES: Final = 60
_SIZES: Final = {
    "poster": ((0.7, 1.4), (0.9, 1.8)), "screen": ((0.9, 1.8), (0.55, 1.0)),
    "mirror": ((1.0, 2.0), (1.7, 2.2)),
}  # fmt: skip
"""Width and height in metres, from and to."""
_BASE: Final = {"poster": (0.4, 1.2), "screen": (0.6, 1.4), "mirror": (0.05, 0.3)}
"""Metres from the floor to the lower edge."""
_FRAME: Final = (28, 27, 30)


@dataclass(frozen=True, eq=False)
class Panel:
    """An upright rectangle.

    Attributes:
        corners: (4, 3) metres, from the upper left clockwise, seen from the front.
        normal: unit vector to the front.
    """

    corners: Array
    normal: Array

    @property
    def middle(self) -> Array:
        """The middle, metres."""
        return np.asarray(self.corners.mean(0))

    def pixels(self, lens: Lens) -> Array:
        """Return the corners (4, 2) in a lens's picture."""
        return project(lens, self.corners)[:, :2].astype(np.float64)


def upright(kind: str, at: tuple[float, float], yaw: float, rng: Rng) -> Panel:
    """Return a panel of random size over a floor point, facing `yaw`."""
    (wide, tall), base = (rng.uniform(*span) for span in _SIZES[kind]), rng.uniform(*_BASE[kind])
    across = np.array([np.cos(yaw), 0.0, -np.sin(yaw)]) * wide / 2
    foot, top = np.array([at[0], base, at[1]]), np.array([0.0, tall, 0.0])
    corners = np.stack([foot - across + top, foot + across + top, foot + across, foot - across])
    return Panel(corners, np.array([np.sin(yaw), 0.0, np.cos(yaw)]))


def stand_in_view(kind: str, site: Site, lens: Lens, rng: Rng) -> Panel | None:
    """Stand a panel before a camera, turned to it more or less; None where there is no room."""
    eye = np.asarray(lens.position)
    for _ in range(_TRIES):
        ahead = np.subtract(lens.look_at, lens.position)
        turn = np.arctan2(ahead[0], ahead[2]) + rng.uniform(-0.35, 0.35)
        x, z = eye[[0, 2]] + rng.uniform(1.6, 6.0) * np.array([np.sin(turn), np.cos(turn)])
        panel = upright(kind, (float(x), float(z)), turn + np.pi + float(rng.normal(0, 0.4)), rng)
        if _fits(panel, site, lens):
            return panel
    return None


def _fits(panel: Panel, site: Site, lens: Lens) -> bool:
    if site.taken(panel.corners[2:, [0, 2]].astype(np.float32), 0.05).any():
        return False
    if site.ceiling and panel.corners[:, 1].max() > site.ceiling:
        return False
    points = np.concatenate([panel.corners * 0.96 + panel.middle * 0.04, panel.middle[None]])
    if not site.sees(lens.position, points.astype(np.float32)).all():
        return False
    seen = project(lens, points)
    if seen[:, 2].min() < 0.3:
        return False
    x, y = seen[-1, :2]
    return bool(0 < x < lens.width and 0 < y < lens.height)


def shown_on(panel: Panel, content: Shot, base: Shot, lens: Lens, light: float) -> Shot:
    """Return a picture with `content` on a panel in it, behind whoever is nearer.

    Args:
        panel: where. content: what it shows, over all of it.
        base: the picture, with its depth. lens: through which it is seen.
        light: brightness of the panel, 1 = as the content is.
    """
    wide, tall = content.size
    source = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    to = cv2.getPerspectiveTransform(source, panel.pixels(lens).astype(np.float32))
    lit = content.developed(np.clip(content.image * light, 0, 255).astype(np.uint8))
    return _framed(panel, lit.warped(np.asarray(to, np.float64), base.size), base, lens)


def _framed(panel: Panel, shown: Shot, base: Shot, lens: Lens) -> Shot:
    """Lay what a panel shows over a picture, and draw the panel's frame."""
    corners = np.rint(panel.pixels(lens)).astype(np.int32)
    where = np.zeros(base.map.shape, np.uint8)
    cv2.fillConvexPoly(where, corners, 1)
    sides = np.linalg.norm(np.roll(corners, 1, 0) - corners, axis=1)
    thick = max(1, round(float(sides.mean()) * 0.02))
    edge = np.zeros_like(where)
    cv2.polylines(edge, [corners], isClosed=True, color=1, thickness=thick)
    away = float(np.linalg.norm(panel.middle - np.asarray(lens.position)))
    free = np.ones(where.shape, bool) if base.depth is None else base.depth > away
    inside = where.astype(bool) & ~edge.astype(bool) & free
    image = base.image.copy()
    image[edge.astype(bool) & free] = _FRAME
    numbers = np.where(edge.astype(bool) & free, 0, base.map).astype(np.uint16)
    return replace(base, image=image, map=numbers).over(shown, inside)


def in_mirror(panel: Panel, place: Place, base: Shot, lens: Lens, staged: list[Staged]) -> Shot:
    """Return a picture with a mirror in it: the place seen from behind the glass, turned round."""
    behind = _reflected_lens(panel, lens)
    front = [one for one in staged if _before(panel, one.outline.mean(0)) > 0.05]
    kept = replace_quads(place, panel)
    rendering = render_staged(kept, behind, front, supersample=2)
    seen = shot_of(rendering, behind, front, ["mirror"] * len(front)).mirrored()
    return _framed(panel, seen, base, lens)


def _before(panel: Panel, points: NDArray[np.floating]) -> float:
    """Return the least metres by which points are before a panel's plane."""
    return float(((np.atleast_2d(points) - panel.middle) @ panel.normal).min())


def _reflected_lens(panel: Panel, lens: Lens) -> Lens:
    def reflected(point: tuple[float, float, float]) -> tuple[float, float, float]:
        p = np.asarray(point)
        x, y, z = (p - 2 * float((p - panel.middle) @ panel.normal) * panel.normal).tolist()
        return x, y, z

    return replace(
        lens, position=reflected(lens.position), look_at=reflected(lens.look_at), roll=-lens.roll
    )


def replace_quads(place: Place, panel: Panel) -> Place:
    """Return a place without what is wholly behind a panel's plane."""
    ahead = (place.quads.astype(np.float64) - panel.middle) @ panel.normal
    kept = ahead.max(axis=1) > 0.02
    return replace(place, quads=place.quads[kept], uv=place.uv[kept], texture=place.texture[kept])
