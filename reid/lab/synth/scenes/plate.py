"""Rendering a fixed camera: the empty place once, then only the rectangles where people are.

Most of a surveillance frame never changes; drawing people and their shadows into a kept picture of
the empty place costs a third of drawing everything.
"""

from dataclasses import replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.places import project
from reid.lab.synth.postures import GROUNDED
from reid.lab.synth.render import Staged, render_staged, stage
from reid.lab.synth.scene import NOBODY, SEATS, Actor, Lens, Place, Rendering

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]
Cell = TypeVar("Cell", bound=np.generic)
_REACH: Final = 0.75
"""Metres around the feet that a person darkens."""
_LONGEST_SHADOW: Final = 5.0
"""Metres; what is cast further away is left out."""
_ARMS: Final = 0.95
"""Metres beside the body that arms, bags, pushchairs and balloons may reach."""
_TABLE: Final = 1.6
"""Metres around somebody on a chair that the table before them may reach."""
_HEADROOM: Final = 0.75
"""Metres above the head that an umbrella or balloon may reach."""
_SHAPES: Final = ((0.15, 0.36), (0.27, 0.72), (0.55, 0.55), (0.75, 1.0), (1.0, 1.0))
"""Windows that are drawn, as shares of the frame's width and height: few, for a GPU keeps a target
for each."""


class Plate:
    """A camera's empty picture, and the means to put people into it."""

    def __init__(self, place: Place, lens: Lens, *, supersample: int = 2) -> None:
        self.place = place
        self.lens = lens
        self.supersample = supersample
        self.image = render_staged(place, lens, [], supersample=supersample).image

    def render(self, actors: list[Actor]) -> tuple[Rendering, list[Staged]]:
        """Draw actors; as `reid.lab.synth.render.render_staged`; returns the staged actors too."""
        staged = stage(actors, self._tall(actors))
        height, width = self.image.shape[:2]
        image = self.image.copy()
        person_id = np.full((height, width), NOBODY, np.int16)
        part = np.zeros((height, width), np.uint8)
        boxes = [self._box(one) for one in staged]
        for box, members in _merged(boxes):
            x0, y0, x1, y1 = self._window(box)
            lens = replace(self.lens, window=(x0, y0, x1, y1), size=(x1 - x0, y1 - y0))
            drawn = render_staged(
                self.place, lens, [staged[i] for i in members], supersample=self.supersample
            )
            image[box[1] : box[3], box[0] : box[2]] = _cut(drawn.image, box, (x0, y0))
            numbers = np.array([*members, NOBODY], np.int16)[drawn.person_id]
            person_id[box[1] : box[3], box[0] : box[2]] = _cut(numbers, box, (x0, y0))
            part[box[1] : box[3], box[0] : box[2]] = _cut(drawn.part, box, (x0, y0))
        return Rendering(image, person_id, part), staged

    def _tall(self, actors: list[Actor]) -> list[float]:
        """About how many pixels high each is drawn."""
        middle = [np.add(a.position, (0, a.person.shape.stature / 2, 0)) for a in actors]
        points = np.asarray(middle, np.float32).reshape(-1, 3)
        depth = np.maximum(project(self.lens, points)[1], 0.1)
        return [
            self.lens.focal * actor.person.shape.stature / away
            for actor, away in zip(actors, depth, strict=True)
        ]

    def _window(self, box: Box) -> Box:
        """The smallest of `_SHAPES` that covers `box`, moved inside the frame."""
        width, height = self.lens.width, self.lens.height
        for across, down in _SHAPES:
            w, h = round(across * width), round(down * height)
            if w >= box[2] - box[0] and h >= box[3] - box[1]:
                break
        x0, y0 = min(box[0], width - w), min(box[1], height - h)
        return (x0, y0, x0 + w, y0 + h)

    def _box(self, one: Staged) -> Box | None:
        """The rectangle that a person and their shadow can change; None if out of the picture."""
        if one.actor.gait in GROUNDED:
            return self._around(_corners(one.outline), one)
        at, tall = np.array(one.actor.position), one.figure.height
        ring = np.array([[x, 0, z] for x in (-1, 1) for z in (-1, 1)], np.float64)
        sits = any(prop.kind in SEATS for prop in one.actor.person.props)
        floor, arms = (_TABLE, _TABLE) if sits else (_REACH, _ARMS)
        on_floor = at * (1, 0, 1)
        points = [on_floor + ring * floor, at + ring * arms + (0, tall + _HEADROOM, 0)]
        return self._around(np.concatenate(points), one)

    def _around(self, body: NDArray[np.float64], one: Staged) -> Box | None:
        """The rectangle around points (N, 3) of a body and around its shadow."""
        at, tall = np.array(one.actor.position), one.figure.height
        ring = np.array([[x, 0, z] for x in (-1, 1) for z in (-1, 1)], np.float64)
        on_floor = at * (1, 0, 1)
        points = [body]
        sun = np.asarray(self.place.sun, np.float64)
        if float(self.place.sun_colour.max()) > 0.02:
            cast = (at[1] + tall + 0.3) * sun[[0, 2]] / max(float(sun[1]), 0.1)
            cast *= min(1.0, _LONGEST_SHADOW / max(float(np.linalg.norm(cast)), 1e-6))
            points.append(on_floor + ring * 0.5 - (cast[0], 0, cast[1]))
        pixels, depth = project(self.lens, np.concatenate(points).astype(np.float32))
        if depth.min() < 0.2:
            if depth.max() < 0.2:
                return None
            return (0, 0, self.lens.width, self.lens.height)
        low, high = np.floor(pixels.min(axis=0)) - 2, np.ceil(pixels.max(axis=0)) + 2
        x0, y0 = (int(max(0, v)) for v in low)
        x1, y1 = int(min(self.lens.width, high[0])), int(min(self.lens.height, high[1]))
        return (x0, y0, x1, y1) if x1 - x0 > 2 and y1 - y0 > 2 else None


def _corners(outline: Floats) -> NDArray[np.float64]:
    """The corners of the box around a body, and of what it darkens on the floor."""
    low, high = outline.min(0).astype(np.float64) - 0.15, outline.max(0).astype(np.float64) + 0.15
    low[1] = min(low[1], 0.0)
    sides = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float64)
    return np.asarray(low + sides * (high - low))


def _cut(picture: NDArray[Cell], box: Box, corner: tuple[int, int]) -> NDArray[Cell]:
    """Cut `box` (frame coordinates) out of a window that starts at `corner`."""
    x0, y0 = box[0] - corner[0], box[1] - corner[1]
    return picture[y0 : y0 + box[3] - box[1], x0 : x0 + box[2] - box[0]]


def _merged(boxes: list[Box | None]) -> list[tuple[Box, list[int]]]:
    """Unite rectangles that overlap, until none do; with the numbers of those united."""
    groups = [(box, [i]) for i, box in enumerate(boxes) if box is not None]
    changed = True
    while changed:
        changed = False
        for i in range(len(groups)):
            for j in range(i + 1, len(groups)):
                a, b = groups[i][0], groups[j][0]
                if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]:
                    union = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
                    groups[i] = (union, groups[i][1] + groups[j][1])
                    del groups[j]
                    changed = True
                    break
            if changed:
                break
    return groups
