"""A grey room with even white light, and people rendered in it: what the tests look at."""

from dataclasses import dataclass

import numpy as np

from reid.lab.synth import labels
from reid.lab.synth.person import Person
from reid.lab.synth.population import sample_person
from reid.lab.synth.render import Staged, parts_alone, render_staged, stage
from reid.lab.synth.scene import Actor, Lens, Place, Rendering

SIZE = (64, 128)


def grey_room() -> Place:
    """Return a floor and a wall under a soft white light."""
    floor = [[-20, 0, 20], [20, 0, 20], [20, 0, -20], [-20, 0, -20]]
    wall = [[-20, 0, -4], [20, 0, -4], [20, 8, -4], [-20, 8, -4]]
    sun = np.array([0.3, 0.8, 0.6], np.float32)
    return Place(
        quads=np.array([floor, wall], np.float32),
        uv=np.array([[[0, 0], [9, 0], [9, 9], [0, 9]]] * 2, np.float32),
        texture=np.array([0, 0], np.int32),
        textures=(np.full((16, 16, 3), 128, np.uint8),),
        sun=sun / np.linalg.norm(sun),
        sun_colour=np.full(3, 0.5, np.float32),
        ambient_sky=np.full(3, 0.66, np.float32),
        ambient_ground=np.full(3, 0.46, np.float32),
    )


def lens_on(height: float, size: tuple[int, int] = SIZE) -> Lens:
    """Return a camera whose picture a person of `height` metres fills, things included."""
    fov = 2 * np.degrees(np.arctan(height * 0.95 / 8))
    return Lens((0.0, 2.2, 8.0), (0.0, height * 0.62, 0.0), float(fov), *size)


@dataclass(frozen=True, eq=False)
class Portrait:
    """One person rendered: the picture, the view, labels."""

    person: Person
    staged: Staged
    lens: Lens
    rendering: Rendering
    visible: float
    part_visible: np.ndarray


def portrait(person: Person, yaw: float, seed: int) -> Portrait:
    """Render one person in the grey room."""
    rng = np.random.default_rng(seed)
    gait = str(rng.choice(["walk", "stand", "stroll", "hurry", "child", "carry"]))
    actor = Actor(person, (0.0, 0.0, 0.0), yaw, gait, float(rng.random()), seed)
    staged = stage([actor])[0]
    lens = lens_on(staged.figure.height)
    rendering = render_staged(grey_room(), lens, [staged], supersample=1)
    seen = labels.part_counts(rendering.part, rendering.person_id == 0)
    alone = labels.part_counts(parts_alone(lens, staged))
    return Portrait(person, staged, lens, rendering, *labels.visibility(seen, alone))


def portraits(count: int, seed: int) -> list[Portrait]:
    """Render `count` random people from random sides."""
    rng = np.random.default_rng(seed)
    people = [sample_person(rng, key=f"t{seed}-{i}") for i in range(count)]
    return [portrait(p, float(rng.uniform(0, 6.28)), 100 + i) for i, p in enumerate(people)]
