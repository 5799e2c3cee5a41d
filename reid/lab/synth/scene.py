"""The nouns of a synthetic picture: a place, a lens, actors, and what the renderer hands back.

World units are metres, y is up, the floor is y = 0. A yaw of 0 faces +z, positive turns towards +x.
Colours are linear RGB in [0, 1] unless said to be sRGB.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.vocabulary import CARRIED
from reid.lab.synth.person import Person

Float = NDArray[np.float32]

BACKGROUND: Final = 0
HEAD: Final = 1
HAIR: Final = 2
TORSO_SKIN: Final = 3
ARM_SKIN: Final = 4
LEG_SKIN: Final = 5
SKIN_PARTS: Final = (TORSO_SKIN, ARM_SKIN, LEG_SKIN)
UPPER: Final = 6
OUTER: Final = 7
LOWER: Final = 8
SOCKS: Final = 9
FEET: Final = 10
HEADWEAR: Final = 11
SCARF: Final = 12
EYEWEAR: Final = 13
FIRST_CARRIED: Final = 16
CARRIED_PART: Final = {thing: FIRST_CARRIED + i for i, thing in enumerate(CARRIED)}
"""Part number of each carried thing: `FIRST_CARRIED` + its place in `vocabulary.CARRIED`."""

SEATS: Final = ("wheelchair", "chair")
"""What somebody may sit in. Seats are drawn and never described: they have no attribute."""

THING_PART: Final = CARRIED_PART | dict.fromkeys(SEATS, FIRST_CARRIED + len(CARRIED))
"""Part number of every kind of `reid.lab.synth.person.Prop`."""

NOBODY: Final = -1
"""Person id of a pixel that shows no person."""

RIDING: Final = ("cycle", "ride")
"""Gaits of those who sit on something that is not theirs: a bicycle or motorcycle, an animal."""


@dataclass(frozen=True, eq=False)
class Place:
    """A textured surrounding, as rectangles, with its light.

    Attributes:
        quads: float32, shape (Q, 4, 3), world metres, corners in order round the rectangle.
        uv: float32, shape (Q, 4, 2), texture coordinates; beyond [0, 1] the texture repeats.
        texture: int, shape (Q,), index into `textures`.
        textures: sRGB images, uint8, shape (h, w, 3) each, row 0 is v = 0; any sizes.
        sun: float32, shape (3,), unit vector from the ground towards the main light.
        sun_colour: float32, shape (3,), linear irradiance of the main light on a facing surface.
        ambient_sky: float32, shape (3,), linear light from above.
        ambient_ground: float32, shape (3,), linear light from below.
        domain: ``"train"`` or ``"held-out"``: which of the two render domains it belongs to.
        cutout: texels whose blue, green and red are all 0 are holes (foliage, railings, nets) in
            the textures of these indices.
    """

    quads: Float
    uv: Float
    texture: NDArray[np.int32]
    textures: tuple[NDArray[np.uint8], ...]
    sun: Float
    sun_colour: Float
    ambient_sky: Float
    ambient_ground: Float
    domain: str = "train"
    cutout: tuple[int, ...] = ()


@dataclass(frozen=True)
class Lens:
    """A camera's geometry.

    Attributes:
        position: x, y, z in metres.
        look_at: the point in the middle of the picture, metres.
        fov_y: vertical field of view in degrees.
        width, height: of the whole frame, pixels.
        k1, k2: radial distortion (applied by image formation, not by the renderer).
        roll: degrees, positive turns the picture clockwise.
        window: x0, y0, x1, y1 in pixels of the whole frame: render only this part of it.
        size: (width, height) in pixels that the window is rendered at; None = its own size.
    """

    position: tuple[float, float, float]
    look_at: tuple[float, float, float]
    fov_y: float
    width: int
    height: int
    k1: float = 0.0
    k2: float = 0.0
    roll: float = 0.0
    window: tuple[float, float, float, float] | None = None
    size: tuple[int, int] | None = None

    @property
    def focal(self) -> float:
        """Focal length in pixels of the whole frame."""
        return float(self.height / 2 / np.tan(np.radians(self.fov_y) / 2))


@dataclass(frozen=True)
class Actor:
    """One person somewhere, doing something.

    Attributes:
        person: the identity.
        position: x, y, z of the ground point between the feet, metres; of the saddle of who rides;
            of the hips of who is carried.
        yaw: radians; 0 faces +z, positive turns towards +x.
        gait: stroll, walk, hurry, child, carry, push, stand, sit, one of `RIDING`, or a posture of
            `reid.lab.synth.postures`.
        phase: of the gait's cycle, in [0, 1).
        pose_seed: individual variation of this moment: head turn, arm lift, hand shape.
        props: which of the person's props are with them now; None = all.
        arms: what both arms do, a key of `reid.lab.synth.pose.HOLDING`; "" = what comes naturally.
    """

    person: Person
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw: float = 0.0
    gait: str = "walk"
    phase: float = 0.0
    pose_seed: int = 0
    props: tuple[str, ...] | None = None
    arms: str = ""


@dataclass(frozen=True, eq=False)
class Rendering:
    """An ideal picture and what each pixel shows.

    Attributes:
        image: uint8, shape (H, W, 3), sRGB, before any camera's faults.
        person_id: int16, shape (H, W): index into the actors, `NOBODY` elsewhere.
        part: uint8, shape (H, W): part numbers of this module.
    """

    image: NDArray[np.uint8]
    person_id: NDArray[np.int16]
    part: NDArray[np.uint8]
