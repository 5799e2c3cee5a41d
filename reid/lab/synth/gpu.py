"""The OpenGL side: a headless context, programs, and buffers of figures and places."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ReidError
from reid.lab.synth import shaders
from reid.lab.synth.figure import Figure
from reid.lab.synth.scene import Place
from reid.lab.synth.textiles import SIZE, folds, weaves

if TYPE_CHECKING:
    import moderngl

Float = NDArray[np.float32]

FIGURES_KEPT: Final = 64
PLACES_KEPT: Final = 24
EGL: Final[dict[str, Any]] = {"backend": "egl"}

Fields = tuple[tuple[str, str, int], ...]
FIGURE_FIELDS: Final[Fields] = (
    ("in_position", "3f", 12), ("in_normal", "3f", 12), ("in_cloth", "3f", 12),
    ("in_bones", "4u1", 4), ("in_weights", "4f1", 4), ("in_meta", "4u1", 4),
)  # fmt: skip
PLACE_FIELDS: Final[Fields] = (
    ("in_position", "3f", 12), ("in_normal", "3f", 12), ("in_uv", "2f", 8),
)  # fmt: skip
"""Name, format and bytes of each attribute of a vertex."""


class NoDisplay(ReidError):
    """No headless OpenGL context could be made."""


def _context() -> "moderngl.Context":
    try:
        import moderngl
    except ImportError as error:
        raise NoDisplay("rendering needs moderngl: pip install 'moderngl>=5.12'") from error
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


@dataclass(frozen=True, eq=False)
class PlaceDraw:
    """The quads of a place that show one image.

    Attributes:
        colour, edges: vertex arrays of the two programs. texture: the image.
        cut: whether it has holes. first: number of the first quad.
    """

    colour: Any
    edges: Any
    texture: Any
    cut: bool
    first: int


@dataclass(eq=False)
class PlaceBuffers:
    """One place on the GPU.

    Attributes:
        place: what it was made of. draws: one for each image.
        corners: float32 (Q, 4, 4), homogeneous corners of all quads in the order of the draws.
    """

    place: Place
    draws: tuple[PlaceDraw, ...]
    corners: Float
    resources: tuple[Any, ...]

    def release(self) -> None:
        """Free the GPU's memory."""
        for draw in self.draws:
            for item in (draw.colour, draw.edges, draw.texture):
                item.release()
        for item in self.resources:
            item.release()

    def seen(self, matrix: NDArray[np.floating]) -> list[PlaceDraw]:
        """Return the draws with a quad in the view of a matrix (4, 4), near ones first.

        What is hidden by what was drawn before costs almost nothing.
        """
        if not self.draws:
            return []
        clip = self.corners @ np.asarray(matrix, np.float32).T  # (Q, 4, 4)
        xyz, w = clip[..., :3], clip[..., 3:]
        beyond = np.all(xyz > w, axis=1) | np.all(xyz < -w, axis=1)
        shown = ~np.any(beyond, axis=1)
        starts = [draw.first for draw in self.draws]
        visible = np.logical_or.reduceat(shown, starts)
        depth = np.where(shown, np.maximum(w[..., 0], 0).mean(1), np.inf)
        nearest = np.minimum.reduceat(depth, starts)
        order = np.argsort(nearest, kind="stable")
        return [self.draws[i] for i in order if visible[i]]


@dataclass(eq=False)
class Target:
    """Frame buffers of one size: colour with labels, labels at twice the size, the resolved pair.

    Attributes:
        big: draws into `colour` and `labels`, both (width, height).
        edges: draws into `fine`, labels at twice the size; None where edges are not smoothed.
        small: what is read.
    """

    width: int
    height: int
    big: Any
    colour: Any
    labels: Any
    edges: Any
    fine: Any
    small: Any


class Device:
    """A context with everything that outlives a picture."""

    def __init__(self) -> None:
        self.ctx = _context()
        program = self.ctx.program
        self.person = program(shaders.PERSON_VERTEX, shaders.PERSON_FRAGMENT)
        self.place = program(shaders.PLACE_VERTEX, shaders.PLACE_FRAGMENT)
        self.place_edges = program(shaders.PLACE_VERTEX, shaders.PLACE_EDGES_FRAGMENT)
        self.shadow = program(shaders.SHADOW_VERTEX, shaders.SHADOW_FRAGMENT)
        self.silhouette = program(shaders.PERSON_VERTEX, shaders.SILHOUETTE_FRAGMENT)
        corners = self.ctx.buffer(np.array([-1, -1, 3, -1, -1, 3], np.float32).tobytes())
        self.resolves = {
            edges: program(shaders.RESOLVE_VERTEX, shaders.resolve_fragment(edges=edges))
            for edges in (False, True)
        }
        self.screens = {
            edges: self.ctx.vertex_array(one, [(corners, "2f", "in_corner")])
            for edges, one in self.resolves.items()
        }
        self.weaves = self._array(np.stack([w.texels for w in weaves()]))
        self.folds = self._array(folds()[..., None])
        self._figures: OrderedDict[str, FigureBuffers] = OrderedDict()
        self._places: OrderedDict[int, PlaceBuffers] = OrderedDict()
        self._targets: dict[tuple[int, int, bool], Target] = {}
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
            colour=self._array_of(self.person, vertices, FIGURE_FIELDS, index),
            shadow=self._array_of(self.shadow, vertices, FIGURE_FIELDS, index),
            silhouette=self._array_of(self.silhouette, vertices, FIGURE_FIELDS, index),
            resources=(vertices, index),
        )
        if old := self._figures.pop(key, None):
            old.release()
        self._figures[key] = made
        if len(self._figures) > FIGURES_KEPT:
            self._figures.popitem(last=False)[1].release()
        return made

    def _array_of(
        self, program: Any, vertices: Any, fields: Fields, index: Any = None
    ) -> "moderngl.VertexArray":
        """Bind vertices to a program; what it does not use is skipped."""
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

    def _upload(self, place: Place) -> tuple[tuple[PlaceDraw, ...], Float, tuple[Any, ...]]:
        draws, resources, corners = [], [], [np.zeros((0, 4, 4), np.float32)]
        first = 0
        for number, image in enumerate(place.textures):
            chosen = np.flatnonzero(place.texture == number)
            if not len(chosen):
                continue
            quads = place.quads[chosen]
            buffer = self.ctx.buffer(_quad_vertices(quads, place.uv[chosen]).tobytes())
            colour, edges = (
                self._array_of(program, buffer, PLACE_FIELDS)
                for program in (self.place, self.place_edges)
            )
            cut = number in place.cutout
            texture = self._image(image, cut=cut)
            draws.append(PlaceDraw(colour, edges, texture, cut, first))
            corners.append(np.insert(quads, 3, 1, axis=2).astype(np.float32))
            resources.append(buffer)
            first += len(chosen)
        return tuple(draws), np.concatenate(corners), tuple(resources)

    def _image(self, image: NDArray[np.uint8], *, cut: bool) -> Any:
        rgba = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
        if cut:
            rgba[(image == 0).all(axis=2), 3] = 0
        texture = self.ctx.texture(image.shape[1::-1], 4, rgba)
        texture.build_mipmaps()
        texture.filter = (self.ctx.LINEAR_MIPMAP_LINEAR, self.ctx.LINEAR)
        texture.anisotropy = 4.0
        return texture

    def target(self, width: int, height: int, *, edges: bool) -> Target:
        """Return frame buffers of a size; they are kept."""
        key = (width, height, edges)
        if key not in self._targets:
            if len(self._targets) >= 8:
                self._drop_target(next(iter(self._targets)))
            size, twice = (width, height), (2 * width, 2 * height)
            colour = self.ctx.texture(size, 4, dtype="f2")
            labels = self.ctx.texture(size, 4)
            fine = self.ctx.texture(twice, 4) if edges else None
            framebuffer, depth = self.ctx.framebuffer, self.ctx.depth_renderbuffer
            self._targets[key] = Target(
                width,
                height,
                big=framebuffer([colour, labels], depth(size)),
                colour=colour,
                labels=labels,
                edges=framebuffer([fine], depth(twice)) if edges else None,
                fine=fine,
                small=framebuffer([self.ctx.renderbuffer(size, 4) for _ in range(2)]),
            )
        return self._targets[key]

    def _drop_target(self, key: tuple[int, int, bool]) -> None:
        target = self._targets.pop(key)
        for item in (target.big, target.colour, target.labels, target.edges, target.fine):
            if item is not None:
                item.release()
        target.small.release()

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
