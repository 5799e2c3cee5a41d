"""A picture and every head in it, pixel by pixel; how it is turned, pasted and shown on a panel."""

from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.vocabulary import age_band
from reid.lab.synth.labels import attributes_of, head_box, joints_world
from reid.lab.synth.makehuman import BONE
from reid.lab.synth.render import Staged, project
from reid.lab.synth.scene import EYEWEAR, HAIR, HEAD, HEADWEAR, Lens, Rendering
from reid.lab.synth.scenes.photographs import person_record
from reid.lab.synth.scenes.truth import observe

Image = NDArray[np.uint8]
Heads = NDArray[np.uint16]
Float = NDArray[np.float32]
Bool = NDArray[np.bool_]

_FACING: Final = 0.35
"""Cosine of the angle between where a face looks and the camera, from which it is seen."""
_FACE_POINTS: Final = 3  # nose and both eyes come first among the joints
_ELLIPSE: Final = np.pi / 4
_LEAST_PIXELS: Final = 4


@dataclass(frozen=True, eq=False)
class Head:
    """One head in a picture.

    Attributes:
        box: float32 (4,) px, of the skull, hidden or not, within the picture or not.
        size: px, the longer side of that box as the lens saw it.
        kind: in what situation, of `reid.lab.synth.heads.kinds`.
        child: whether its owner is a child.
        face: float32 (F, 2) px: nose and eyes that are seen, if the face looks this way.
        person: key of its owner.
    """

    box: Float
    size: float
    kind: str
    child: bool
    face: Float
    person: str


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture and its truth.

    Attributes:
        image: uint8 (H, W, 3) sRGB.
        map: uint16 (H, W): 1 + index into `heads` where a head's pixels are seen, 0 elsewhere.
        heads: the heads.
        people: records of `person_record`, boxes and joints for detectors, with ``attributes``.
        depth: float32 (H, W): metres to whoever is seen, infinite where nobody is; None = unknown.
    """

    image: Image
    map: Heads
    heads: tuple[Head, ...]
    people: tuple[dict[str, Any], ...] = ()
    depth: Float | None = field(default=None, repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, px."""
        return self.image.shape[1], self.image.shape[0]

    def developed(self, image: Image) -> Self:
        """Return it with another picture of the same view."""
        return replace(self, image=image)

    def turned(self, quarters: int) -> "Shot":
        """Return it turned anticlockwise by so many right angles."""
        shot = self
        for _ in range(quarters % 4):
            shot = shot._quarter()
        return shot

    def _quarter(self) -> "Shot":
        wide = self.size[0]
        heads = tuple(
            replace(head, box=_quarter_box(head.box, wide), face=_quarter_points(head.face, wide))
            for head in self.heads
        )
        people = tuple(_quarter_record(one, wide) for one in self.people)
        image, numbers = np.rot90(self.image), np.rot90(self.map)
        return Shot(np.ascontiguousarray(image), np.ascontiguousarray(numbers), heads, people)

    def mirrored(self) -> "Shot":
        """Return it as a mirror shows it, without people's records."""
        wide = self.size[0]
        heads = tuple(
            replace(
                head,
                box=np.array([wide, 0, wide, 0], np.float32)
                + head.box[[2, 1, 0, 3]] * np.array([-1, 1, -1, 1], np.float32),
                face=np.array([wide, 0], np.float32) + head.face * np.array([-1, 1], np.float32),
            )
            for head in self.heads
        )
        depth = None if self.depth is None else self.depth[:, ::-1]
        return Shot(self.image[:, ::-1], self.map[:, ::-1], heads, (), depth)

    def over(self, shown: "Shot", where: Bool) -> "Shot":
        """Return it with `shown`, of the same size, laid over `where` (H, W)."""
        image, numbers = self.image.copy(), self.map.copy()
        image[where] = shown.image[where]
        shifted = np.where(shown.map > 0, shown.map + len(self.heads), 0)
        numbers[where] = shifted[where]
        people = tuple(dict(one, ignored=True) for one in shown.people)
        heads, everybody = self.heads + shown.heads, self.people + people
        return Shot(image, numbers, heads, everybody, self.depth)

    def warped(self, to: NDArray[np.float64], size: tuple[int, int]) -> "Shot":
        """Return it through a homography (3, 3) from its pixels into a picture of `size`."""
        image = cv2.warpPerspective(self.image, to, size, flags=cv2.INTER_AREA)
        numbers = cv2.warpPerspective(self.map, to, size, flags=cv2.INTER_NEAREST)
        heads = []
        for head in self.heads:
            corners = _through(to, head.box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2))
            box = np.concatenate([corners.min(0), corners.max(0)]).astype(np.float32)
            longer = float((box[2:] - box[:2]).max())
            heads.append(replace(head, box=box, size=longer, face=_through(to, head.face)))
        people = tuple(_warped_record(one, to, size) for one in self.people)
        return Shot(
            np.asarray(image, np.uint8), np.asarray(numbers, np.uint16), tuple(heads), people
        )


def shot_of(rendering: Rendering, lens: Lens, staged: list[Staged], kinds: list[str]) -> Shot:
    """Return a rendering (without lens distortion) as a picture with its heads.

    Args:
        rendering: picture and labels. lens: its geometry; k1 and k2 are 0.
        staged: the actors in the order of `rendering.person_id`. kinds: of each.
    """
    numbers = np.zeros(rendering.part.shape, np.uint16)
    heads: list[Head] = []
    everybody = observe(rendering, lens, staged)
    for seen in everybody:
        one = staged[seen.index]
        mine = _head_pixels(rendering, seen.index, head_box(one, lens))
        if mine is None:
            continue
        window, pixels = mine
        numbers[window][pixels] = len(heads) + 1
        face = _face(one, lens, numbers, len(heads) + 1)
        heads.append(_head(one, lens, kinds[seen.index], face))
    keys = [one.actor.person.key for one in staged]
    people = tuple(
        person_record(one, lens, keys) | {"attributes": _described(staged[one.index])}
        for one in everybody
    )
    away = [float(np.linalg.norm(np.subtract(s.outline.mean(0), lens.position))) for s in staged]
    depth = np.array([*away, np.inf], np.float32)[rendering.person_id]
    return Shot(rendering.image, numbers, tuple(heads), people, depth)


def _described(one: Staged) -> dict[str, Any]:
    person = one.actor.person
    return {**attributes_of(person), "years": person.shape.years}


def _head(one: Staged, lens: Lens, kind: str, face: Float) -> Head:
    box, person = head_box(one, lens), one.actor.person
    size = float((box[2:] - box[:2]).max())
    return Head(box, size, kind, age_band(person.shape.years) == "child", face, person.key)


def _head_pixels(
    rendering: Rendering, index: int, box: Float
) -> tuple[tuple[slice, slice], Bool] | None:
    """Return a window and the pixels in it that show a head: skin, eyewear, hair on the skull."""
    height, width = rendering.part.shape
    x0, y0, x1, y1 = (int(v) for v in (*np.floor(box[:2]), *np.ceil(box[2:])))
    window = slice(max(y0, 0), min(y1, height)), slice(max(x0, 0), min(x1, width))
    part, mine = rendering.part[window], rendering.person_id[window] == index
    pixels = mine & np.isin(part, (HEAD, EYEWEAR, HAIR, HEADWEAR))
    return (window, pixels) if pixels.sum() >= _LEAST_PIXELS else None


def _face(one: Staged, lens: Lens, numbers: Heads, number: int) -> Float:
    """Return the nose and eyes (F, 2) px that are seen of a face that looks this way."""
    points = joints_world(one)[:_FACE_POINTS]
    ahead = one.bones[BONE["head"], :, 2]
    away = np.asarray(lens.position) - points[0]
    if float(ahead @ away) < _FACING * float(np.linalg.norm(ahead) * np.linalg.norm(away)):
        return np.zeros((0, 2), np.float32)
    pixels = project(lens, points)[:, :2]
    at = np.floor(pixels).astype(int)
    height, width = numbers.shape
    inside = ((at >= 0) & (at < (width, height))).all(1)
    seen = inside & (numbers[at[:, 1].clip(0, height - 1), at[:, 0].clip(0, width - 1)] == number)
    return np.asarray(pixels[seen], np.float32)


def seen_share(head: Head, pixels: int) -> float:
    """Return about what share of a head is seen, of so many pixels: of the ellipse in its box."""
    sides = head.box[2:] - head.box[:2]
    return min(1.0, pixels / max(_ELLIPSE * float(sides[0]) * float(sides[1]), 1.0))


# --- turning ------------------------------------------------------------------------------------


def _quarter_points(points: Float, wide: int) -> Float:
    return np.stack([points[:, 1], wide - points[:, 0]], axis=1).astype(np.float32)


def _quarter_box(box: Float, wide: int) -> Float:
    x0, y0, x1, y1 = box.tolist()
    return np.array([y0, wide - x1, y1, wide - x0], np.float32)


def _quarter_record(one: dict[str, Any], wide: int) -> dict[str, Any]:
    out = dict(one)
    for name in ("box", "head", "full_box"):
        turned = _quarter_box(np.array(one[name], np.float32), wide)
        out[name] = [round(v, 1) for v in turned.tolist()]
    joints = np.array(one["keypoints"], np.float32).reshape(-1, 3)
    known = joints[:, 2] > 0
    joints[known, :2] = _quarter_points(joints[known, :2], wide)
    out["keypoints"] = joints.round(1).ravel().tolist()
    return out


def _through(to: NDArray[np.float64], points: Float) -> Float:
    """Return points (N, 2) through a homography."""
    if not len(points):
        return points
    moved = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ to.T
    return np.asarray(moved[:, :2] / moved[:, 2:], np.float32)


def _warped_record(
    one: dict[str, Any], to: NDArray[np.float64], size: tuple[int, int]
) -> dict[str, Any]:
    """Return a person's record on a panel: boxes alone, joints unknown."""
    out = dict(one, keypoints=[0.0] * len(one["keypoints"]))
    for name in ("box", "head", "full_box"):
        corners = np.array(one[name], np.float32)[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)
        moved = _through(to, corners)
        box = np.concatenate([moved.min(0), moved.max(0)]).clip(0, (*size, *size))
        out[name] = [round(float(v), 1) for v in box]
    return out
