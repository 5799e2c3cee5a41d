"""The OpenGL side: a headless context, programs, and buffers of figures and places."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.errors import ReidError
from reid.synth import shaders
from reid.synth.figure import Figure
from reid.synth.scene import Place
from reid.synth.textiles import SIZE, folds, weaves

if TYPE_CHECKING:
    import moderngl

Float = NDArray[np.float32]

FIGURES_KEPT: Final = 64
PLACES_KEPT: Final = 24
EGL: Final[dict[str, Any]] = {"backend": "egl"}


class NoDisplay(ReidError):
    """No headless OpenGL context could be made."""


def _context() -> "moderngl.Context":
    try:
        import moderngl
    except ImportError as error:
        raise NoDisplay("rendering needs moderngl: pip install 'reid[synth]'") from error
    try:
        return moderngl.create_context(standalone=True, require=330, **EGL)
    except Exception as error:
        raise NoDisplay(
            "no headless OpenGL: EGL is missing or found no device; on Debian or Ubuntu run "
            f"`apt install libegl1 libgl1 libgl1-mesa-dri` ({error})"
        ) from error


@dataclass(eq=False)
class FigureBuffers:
    """One figure on the GPU."""

    figure: Figure
    colour: Any
    shadow: Any
    silhouette: Any
    resources: tuple[Any, ...]

    def release(self) -> None:
        """Free the GPU's memory."""
        for item in (self.colour, self.shadow, self.silhouette, *self.resources):
            item.release()


@dataclass(eq=False)
class PlaceBuffers:
    """One place on the GPU: a vertex array and a texture for each image, quads sorted by image."""

    place: Place
    draws: tuple[tuple[Any, Any, bool], ...]
    resources: tuple[Any, ...]

    def release(self) -> None:
        """Free the GPU's memory."""
        for array, texture, _ in self.draws:
            array.release()
            texture.release()
        for item in self.resources:
            item.release()


@dataclass(eq=False)
class Target:
    """Frame buffers of one size: multisampled colour and labels, and the resolved pair."""

    width: int
    height: int
    samples: int
    big: Any
    colour: Any
    labels: Any
    depth: Any
    small: Any


class Device:
    """A context with everything that outlives a picture."""

    def __init__(self) -> None:
        self.ctx = _context()
        program = self.ctx.program
        self.person = program(shaders.PERSON_VERTEX, shaders.PERSON_FRAGMENT)
        self.place = program(shaders.PLACE_VERTEX, shaders.PLACE_FRAGMENT)
        self.shadow = program(shaders.SHADOW_VERTEX, shaders.SHADOW_FRAGMENT)
        self.silhouette = program(shaders.PERSON_VERTEX, shaders.SILHOUETTE_FRAGMENT)
        corners = self.ctx.buffer(np.array([-1, -1, 3, -1, -1, 3], np.float32).tobytes())
        self.resolves = {
            multi: program(shaders.RESOLVE_VERTEX, shaders.resolve_fragment(multisampled=multi))
            for multi in (False, True)
        }
        self.screens = {
            multi: self.ctx.vertex_array(one, [(corners, "2f", "in_corner")])
            for multi, one in self.resolves.items()
        }
        self.weaves = self._array(np.stack([w.texels for w in weaves()]))
        self.folds = self._array(folds()[..., None])
        self._figures: OrderedDict[str, FigureBuffers] = OrderedDict()
        self._places: OrderedDict[int, PlaceBuffers] = OrderedDict()
        self._targets: dict[tuple[int, int, int], Target] = {}
        self._plain: dict[tuple[int, int], Any] = {}
        self._shadows: dict[int, tuple[Any, Any]] = {}

    def _array(self, layers: NDArray[np.uint8]) -> Any:
        count, _, _, channels = layers.shape
        texture = self.ctx.texture_array((SIZE, SIZE, count), channels, layers.tobytes())
        texture.build_mipmaps()
        texture.filter = (self.ctx.LINEAR_MIPMAP_NEAREST, self.ctx.LINEAR)
        return texture

    def figure(self, key: str, figure: Figure) -> FigureBuffers:
        """Upload a figure, or return it if it is there."""
        if key in self._figures and self._figures[key].figure is figure:
            self._figures.move_to_end(key)
            return self._figures[key]
        vertices = self.ctx.buffer(figure.vertices.tobytes())
        index = self.ctx.buffer(figure.faces.astype(np.int32).tobytes())
        made = FigureBuffers(
            figure,
            colour=self._figure_array(self.person, vertices, index),
            shadow=self._figure_array(self.shadow, vertices, index),
            silhouette=self._figure_array(self.silhouette, vertices, index),
            resources=(vertices, index),
        )
        if old := self._figures.pop(key, None):
            old.release()
        self._figures[key] = made
        if len(self._figures) > FIGURES_KEPT:
            self._figures.popitem(last=False)[1].release()
        return made

    def _figure_array(self, program: Any, vertices: Any, index: Any) -> Any:
        """Bind a figure's vertices to a program; what it does not use is skipped."""
        fields = (
            ("in_position", "3f", 12), ("in_normal", "3f", 12), ("in_cloth", "3f", 12),
            ("in_bones", "4u1", 4), ("in_weights", "4f1", 4), ("in_meta", "4u1", 4),
        )  # fmt: skip
        layout = " ".join(kind if name in program else f"{size}x" for name, kind, size in fields)
        used = [name for name, _, _ in fields if name in program]
        return self.ctx.vertex_array(program, [(vertices, layout, *used)], index)

    def surroundings(self, place: Place) -> PlaceBuffers:
        """Upload a place, or return it if it is there."""
        key = id(place)
        if key in self._places and self._places[key].place is place:
            self._places.move_to_end(key)
            return self._places[key]
        made = PlaceBuffers(place, *self._upload(place))
        self._places[key] = made
        if len(self._places) > PLACES_KEPT:
            self._places.popitem(last=False)[1].release()
        return made

    def _upload(self, place: Place) -> tuple[tuple[tuple[Any, Any, bool], ...], tuple[Any, ...]]:
        draws, resources = [], []
        for number, image in enumerate(place.textures):
            chosen = np.flatnonzero(place.texture == number)
            if not len(chosen):
                continue
            data = _quad_vertices(place.quads[chosen], place.uv[chosen])
            buffer = self.ctx.buffer(data.tobytes())
            array = self.ctx.vertex_array(
                self.place, [(buffer, "3f 3f 2f", "in_position", "in_normal", "in_uv")]
            )
            cut = number in place.cutout
            draws.append((array, self._image(image, cut=cut), cut))
            resources.append(buffer)
        return tuple(draws), tuple(resources)

    def _image(self, image: NDArray[np.uint8], *, cut: bool) -> Any:
        alpha = (image.max(axis=2) > 0) if cut else np.ones(image.shape[:2], bool)
        rgba = np.dstack([image, alpha.astype(np.uint8) * 255])
        texture = self.ctx.texture(image.shape[1::-1], 4, np.ascontiguousarray(rgba).tobytes())
        texture.build_mipmaps()
        texture.filter = (self.ctx.LINEAR_MIPMAP_LINEAR, self.ctx.LINEAR)
        texture.anisotropy = 4.0
        return texture

    def target(self, width: int, height: int, samples: int) -> Target:
        """Return frame buffers of a size; they are kept."""
        key = (width, height, samples)
        if key not in self._targets:
            if len(self._targets) >= 8:
                self._drop_target(next(iter(self._targets)))
            size, many = (width, height), min(samples**2, self.ctx.max_samples)
            many = many if many > 1 else 0
            colour = self.ctx.texture(size, 4, dtype="f2", samples=many)
            labels = self.ctx.texture(size, 4, samples=many)
            depth = self.ctx.depth_texture(size, samples=many)
            small = self.ctx.framebuffer(
                [self.ctx.renderbuffer((width, height), 4) for _ in range(2)]
            )
            big = self.ctx.framebuffer([colour, labels], depth)
            self._targets[key] = Target(
                width, height, max(many, 1), big, colour, labels, depth, small
            )
        return self._targets[key]

    def _drop_target(self, key: tuple[int, int, int]) -> None:
        target = self._targets.pop(key)
        for item in (target.big, target.colour, target.labels, target.depth, target.small):
            item.release()

    def plain_target(self, width: int, height: int) -> Any:
        """Return a frame buffer with one colour target and depth; the last few are kept."""
        key = (width, height)
        if key not in self._plain:
            if len(self._plain) >= 8:
                self._plain.pop(next(iter(self._plain))).release()
            colour = self.ctx.renderbuffer((width, height), 4)
            depth = self.ctx.depth_renderbuffer((width, height))
            self._plain[key] = self.ctx.framebuffer([colour], depth)
        return self._plain[key]

    def shadow_map(self, size: int) -> tuple[Any, Any]:
        """Return (frame buffer, depth texture) of a shadow map."""
        if size not in self._shadows:
            texture = self.ctx.depth_texture((size, size))
            texture.compare_func = "<="
            texture.filter = (self.ctx.LINEAR, self.ctx.LINEAR)
            texture.repeat_x = texture.repeat_y = False
            self._shadows[size] = (self.ctx.framebuffer(depth_attachment=texture), texture)
        return self._shadows[size]


def _quad_vertices(quads: Float, uv: Float) -> Float:
    """Return two triangles a quad: float32 (Q · 6, 8) of position, normal, uv."""
    normal = np.cross(quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    corner = np.array([0, 1, 2, 0, 2, 3])
    normals = np.repeat(normal[:, None], 6, axis=1)
    data = np.concatenate([quads[:, corner], normals, uv[:, corner]], axis=2)
    return np.ascontiguousarray(data.reshape(-1, 8), np.float32)


@lru_cache(maxsize=1)
def device() -> Device:
    """Return this process's device.

    Raises:
        NoDisplay: EGL or moderngl is missing.
    """
    return Device()


def set_uniform(program: Any, name: str, value: Any) -> None:
    """Set a uniform if the driver kept it."""
    if name not in program:
        return
    if isinstance(value, np.ndarray):
        program[name].write(np.ascontiguousarray(value, np.float32).tobytes())
    else:
        program[name].value = value
