"""Drawing a scene: shadow map, people, place, then one resolve that also picks the labels.

Colours and labels are drawn once a pixel, never blended; where edges are to be smooth, labels alone
are drawn again at twice the size, which costs a fraction of shading so many samples. All matrices
here are row-major NumPy arrays that act on column vectors.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.colours import srgb_to_linear
from reid.lab.synth.dress import figure_of
from reid.lab.synth.figure import MAX_BONES, Figure
from reid.lab.synth.gpu import Device, FigureBuffers, PlaceDraw, Target, device, set_uniform
from reid.lab.synth.makehuman import SMALL
from reid.lab.synth.motion import bone_matrices
from reid.lab.synth.postures import GROUNDED
from reid.lab.synth.scene import Actor, Lens, Place, Rendering

if TYPE_CHECKING:
    import moderngl

Float = NDArray[np.float32]
Array = NDArray[np.float64]

NEAR: Final = 0.05
FAR: Final = 200.0
DIFFUSE: Final = 0.4
"""Main light over ambient light below which no shadow is drawn."""
MAX_FEET: Final = 16


@dataclass(frozen=True, eq=False)
class Staged:
    """An actor ready to draw: GPU buffers, bone matrices float32 (64, 3, 4) in world metres."""

    actor: Actor
    buffers: FigureBuffers
    bones: Float

    @property
    def figure(self) -> Figure:
        """The figure drawn."""
        return self.buffers.figure

    @cached_property
    def outline(self) -> Float:
        """World positions float32 (n, 3), metres, of the vertices of `Figure.outline`."""
        return self.figure.outline.places(self.bones)


def stage(actors: Sequence[Actor], tall: Sequence[float] | None = None) -> list[Staged]:
    """Build, pose and upload actors; builds are kept from picture to picture.

    Args:
        actors: who is there.
        tall: about how many pixels high each will be drawn; None = high. Small ones get few faces.
    """
    gpu = device()
    staged = []
    for actor, height in zip(actors, tall or [math.inf] * len(actors), strict=True):
        small = height <= SMALL
        figure = figure_of(actor.person, small=small)
        buffers = gpu.figure(f"{actor.person.key}/{small}", figure)
        staged.append(Staged(actor, buffers, bone_matrices(figure, actor)))
    return staged


# --- camera -------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def view_matrix(lens: Lens) -> Array:
    """Return world → camera, (4, 4), not to be changed; the camera looks along −z."""
    eye, aim = np.asarray(lens.position, float), np.asarray(lens.look_at, float)
    ahead = aim - eye
    ahead /= np.linalg.norm(ahead)
    up = np.array([0.0, 1.0, 0.0]) if abs(ahead[1]) < 0.999 else np.array([0.0, 0.0, -1.0])
    right = np.cross(ahead, up)
    right /= np.linalg.norm(right)
    up = np.cross(right, ahead)
    c, s = np.cos(np.radians(lens.roll)), np.sin(np.radians(lens.roll))
    rows = np.stack([right * c + up * s, up * c - right * s, -ahead])
    out = np.eye(4)
    out[:3, :3], out[:3, 3] = rows, -rows @ eye
    out.setflags(write=False)
    return out


@lru_cache(maxsize=64)
def projection_matrix(lens: Lens) -> Array:
    """Return camera → clip, (4, 4), not to be changed, of the lens's window of the whole frame."""
    top = np.tan(np.radians(lens.fov_y) / 2)
    right = top * lens.width / lens.height
    x0, y0, x1, y1 = lens.window or (0, 0, lens.width, lens.height)
    left_, right_ = (2 * np.array([x0, x1]) / lens.width - 1) * right
    top_, bottom_ = (1 - 2 * np.array([y0, y1]) / lens.height) * top
    out = np.zeros((4, 4))
    out[0, 0], out[0, 2] = 2 / (right_ - left_), (right_ + left_) / (right_ - left_)
    out[1, 1], out[1, 2] = 2 / (top_ - bottom_), (top_ + bottom_) / (top_ - bottom_)
    out[2, 2], out[2, 3] = (FAR + NEAR) / (NEAR - FAR), 2 * FAR * NEAR / (NEAR - FAR)
    out[3, 2] = -1
    out.setflags(write=False)
    return out


def project(lens: Lens, points: NDArray[np.floating]) -> Float:
    """Return pixels of the rendered window for world points.

    Args:
        points: (n, 3) metres.

    Returns:
        float32 (n, 3): x, y in pixels of the rendering, and metres along the optical axis.
    """
    homogeneous = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    clip = homogeneous @ (projection_matrix(lens) @ view_matrix(lens)).T
    depth = np.maximum(clip[:, 3:], 1e-6)
    width, height = rendered_size(lens)
    ndc = clip[:, :2] / depth
    x, y = (ndc[:, 0] + 1) / 2 * width, (1 - ndc[:, 1]) / 2 * height
    return np.stack([x, y, clip[:, 3]], axis=1).astype(np.float32)


def rendered_size(lens: Lens) -> tuple[int, int]:
    """Return (width, height) in pixels of what a lens renders."""
    if lens.size:
        return lens.size
    if lens.window:
        x0, y0, x1, y1 = lens.window
        return max(round(x1 - x0), 1), max(round(y1 - y0), 1)
    return lens.width, lens.height


def sun_matrix(place: Place, staged: list[Staged]) -> Array:
    """Return world → the shadow map's clip space, fitted round the people."""
    points = np.asarray([s.actor.position for s in staged] or [(0.0, 0.0, 0.0)], float)
    centre = (points.min(0) + points.max(0)) / 2 + (0, 0.9, 0)
    radius = float(np.linalg.norm(points - centre, axis=1).max()) + 1.3
    ahead = -np.asarray(place.sun, float)
    side = np.array([1.0, 0, 0]) if abs(ahead[0]) < 0.9 else np.array([0, 0, 1.0])
    right = np.cross(ahead, side)
    right /= np.linalg.norm(right)
    up = np.cross(right, ahead)
    rows = np.stack([right / radius, up / radius, ahead / (4 * radius)])
    out = np.eye(4)
    out[:3, :3], out[:3, 3] = rows, -rows @ centre
    return out


# --- drawing ------------------------------------------------------------------------------------


def _feet(staged: list[Staged]) -> Float:
    out = np.zeros((MAX_FEET, 4), np.float32)
    for i, one in enumerate(staged[:MAX_FEET]):
        out[i] = *one.actor.position, _above_feet(one)
    return out


def _above_feet(one: Staged) -> float:
    """Return how tall somebody is in their posture, metres."""
    if one.actor.gait not in GROUNDED:
        return one.figure.height
    return max(float(one.outline[:, 1].max()) - one.actor.position[1], 0.2)


def _light(gpu: Device, place: Place, lens: Lens, staged: list[Staged], texel: float) -> None:
    values = {
        "eye": tuple(map(float, lens.position)),
        "sun": tuple(map(float, place.sun)),
        "sun_colour": tuple(map(float, place.sun_colour)),
        "sky": tuple(map(float, place.ambient_sky)),
        "ground": tuple(map(float, place.ambient_ground)),
        "shadow_texel": texel,
        "feet": _feet(staged),
        "feet_count": min(len(staged), MAX_FEET),
        "style": int(place.domain != "train"),
        "shadow_map": 3,
    }
    for program in (gpu.person, gpu.place):
        for name, value in values.items():
            set_uniform(program, name, value)


def _draw_shadows(gpu: Device, staged: list[Staged], matrix: Array, size: int) -> None:
    frame, texture = gpu.shadow_map(size)
    frame.use()
    frame.clear(depth=1.0)
    set_uniform(gpu.shadow, "sun_matrix", matrix.T)
    for one in staged:
        set_uniform(gpu.shadow, "bones", one.bones)
        one.buffers.shadow.render()
    texture.use(3)


def _draw_person(gpu: Device, one: Staged, number: int) -> None:
    program, looks = gpu.person, one.actor.person.looks
    set_uniform(program, "bones", one.bones)
    set_uniform(program, "materials", one.figure.materials)
    set_uniform(program, "self", number)
    set_uniform(program, "self_label", _label(number))
    hair = srgb_to_linear(np.asarray(looks.hair_rgb))
    cover = 0.0 if looks.hair == "bald" else 0.92
    set_uniform(program, "hair_colour", (*map(float, hair), cover))
    brow = hair * 0.6
    set_uniform(program, "face_paint", (*map(float, brow), float(looks.beard)))
    head = one.figure.skeleton
    size = float(np.linalg.norm(head.tails["head"] - head.joints[9])) * one.figure.scale
    set_uniform(program, "head_size", size)
    set_uniform(program, "height", one.figure.height)
    rng = np.random.default_rng(abs(hash_key(one.actor.person.key)) % 2**32)
    set_uniform(program, "seed", tuple(map(float, rng.random(2))))
    _draw_faces(gpu, one, one.buffers.colour)


def _draw_faces(gpu: Device, one: Staged, array: "moderngl.VertexArray") -> None:
    """Draw what is seen from both sides, then what is closed."""
    ctx, split = gpu.ctx, one.figure.two_sided * 3
    if split:
        array.render(vertices=split)
    ctx.enable(ctx.CULL_FACE)
    array.render(vertices=len(one.figure.faces) * 3 - split, first=split)
    ctx.disable(ctx.CULL_FACE)


def _label(number: int) -> tuple[float, float, float, float]:
    """Return the label of the actor of this number: red and green count from 1."""
    return ((number + 1) % 256 / 255, (number + 1) // 256 / 255, 0.0, 1.0)


def hash_key(key: str) -> int:
    """Return a number of a key that is the same in every process."""
    import zlib

    return zlib.crc32(key.encode())


def casts_shadows(place: Place) -> bool:
    """Whether the main light is strong enough beside the ambient for shadows to show."""
    return float(np.mean(place.sun_colour)) > DIFFUSE * float(np.mean(place.ambient_sky))


def _draw(gpu: Device, place: Place, lens: Lens, staged: list[Staged], target: Target) -> None:
    """Draw everything into a target."""
    ctx = gpu.ctx
    ctx.enable(ctx.DEPTH_TEST)
    ctx.disable(ctx.CULL_FACE)
    ctx.disable(ctx.BLEND)
    shadow_size = 512 if len(staged) < 4 else 2048
    light = sun_matrix(place, staged)
    shadows = casts_shadows(place)
    if shadows:
        _draw_shadows(gpu, staged, light, shadow_size)
    else:
        gpu.shadow_map(shadow_size)[1].use(3)
    matrix = projection_matrix(lens) @ view_matrix(lens)
    shown = gpu.surroundings(place).seen(matrix)
    if target.edges is not None:
        _look_through(gpu, lens, matrix)
        _draw_edges(gpu, staged, shown, target)
    target.big.use()
    target.big.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
    _light(gpu, place, lens, staged, 0.75 / shadow_size if shadows else -1.0)
    for program in (gpu.person, gpu.place):
        set_uniform(program, "view_projection", matrix.T)
        set_uniform(program, "sun_matrix", light.T)
    gpu.weaves.use(1)
    gpu.folds.use(2)
    set_uniform(gpu.person, "weaves", 1)
    set_uniform(gpu.person, "folds", 2)
    for number, one in enumerate(staged):
        _draw_person(gpu, one, number)
    _draw_place(gpu.place, shown, edges=False)


def _draw_place(program: "moderngl.Program", draws: list[PlaceDraw], *, edges: bool) -> None:
    set_uniform(program, "image", 0)
    for draw in draws:
        if draw.cut or not edges:
            draw.texture.use(0)
        set_uniform(program, "cutout", int(draw.cut))
        set_uniform(program, "first_quad", draw.first)
        (draw.edges if edges else draw.colour).render()


def _draw_edges(gpu: Device, staged: list[Staged], shown: list[PlaceDraw], target: Target) -> None:
    """Draw labels alone at twice the size: where edges cross pixels, and what is on each side."""
    target.edges.use()
    target.edges.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
    for number, one in enumerate(staged):
        set_uniform(gpu.silhouette, "bones", one.bones)
        set_uniform(gpu.silhouette, "self_label", _label(number))
        _draw_faces(gpu, one, one.buffers.silhouette)
    _draw_place(gpu.place_edges, shown, edges=True)


def _look_through(gpu: Device, lens: Lens, matrix: Array) -> None:
    """Set the view of the programs that draw labels alone; the matrix is the lens's."""
    for program in (gpu.silhouette, gpu.place_edges):
        set_uniform(program, "view_projection", matrix.T)
    set_uniform(gpu.silhouette, "eye", tuple(map(float, lens.position)))


def _resolve(gpu: Device, target: Target) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    gpu.ctx.disable(gpu.ctx.DEPTH_TEST)
    target.small.use()
    edges = target.edges is not None
    program = gpu.resolves[edges]
    textures = {"linear_image": target.colour, "labels": target.labels, "fine": target.fine}
    for unit, (name, texture) in enumerate(textures.items()):
        if texture is not None:
            texture.use(unit)
            set_uniform(program, name, unit)
    set_uniform(program, "size", (target.width, target.height))
    gpu.screens[edges].render(vertices=3)
    image = target.small.read(components=3, attachment=0, alignment=1)
    label = target.small.read(components=3, attachment=1, alignment=1)
    shape = (target.height, target.width, 3)
    return (
        np.frombuffer(image, np.uint8).reshape(shape),
        np.frombuffer(label, np.uint8).reshape(shape),
    )


def render_staged(
    place: Place, lens: Lens, staged: list[Staged], *, supersample: int = 2
) -> Rendering:
    """Draw staged actors in a place as an ideal lens sees them.

    Args:
        place: surroundings and light.
        lens: camera; its distortion is not applied here.
        staged: `Rendering.person_id` is the index into them.
        supersample: 1 = edges are hard, 2 = smooth: four samples a pixel.

    Raises:
        NoDisplay: no headless OpenGL.
        MakeHumanMissing: the body data is nowhere.
    """
    gpu = device()
    target = gpu.target(*rendered_size(lens), edges=supersample > 1)
    _draw(gpu, place, lens, staged, target)
    image, label = _resolve(gpu, target)
    number = label[..., 0].astype(np.int16) + label[..., 1].astype(np.int16) * 256 - 1
    return Rendering(image, number, label[..., 2])


def parts_alone(lens: Lens, staged: Staged) -> NDArray[np.uint8]:
    """Return the part numbers, uint8 (H, W), of one person drawn alone in front of nothing."""
    gpu = device()
    width, height = rendered_size(lens)
    frame = gpu.plain_target(width, height)
    ctx = gpu.ctx
    ctx.enable(ctx.DEPTH_TEST)
    ctx.disable(ctx.CULL_FACE)
    frame.use()
    frame.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
    _look_through(gpu, lens, projection_matrix(lens) @ view_matrix(lens))
    set_uniform(gpu.silhouette, "bones", staged.bones)
    set_uniform(gpu.silhouette, "self_label", _label(0))
    _draw_faces(gpu, staged, staged.buffers.silhouette)
    raw = frame.read(components=3, alignment=1)
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3)[::-1, :, 2]


assert MAX_BONES * 3 <= 256 - 16  # fits the vertex uniforms every OpenGL 3.3 driver has
