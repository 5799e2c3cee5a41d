"""Dressing a body: fit garments, hide what they cover, collect everything into a `Figure`."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth import body as anatomy
from reid.lab.synth import headwear, props, wardrobe
from reid.lab.synth.body import HEAD_REGION, TORSO, base_surface_map
from reid.lab.synth.catalogue import Cut, ThingRow, catalogue
from reid.lab.synth.figure import (
    CLOTH,
    FREE_BONE,
    HAIR,
    HARD,
    SKIN,
    SUIT_FRONT,
    Builder,
    Figure,
    material_rows,
    plain_textile,
)
from reid.lab.synth.makehuman import BODY_END, BONE, load
from reid.lab.synth.person import Garment, Person, Prop
from reid.lab.synth.pieces import Sheet, body_hidden, piece, sheet
from reid.lab.synth.pose import Skeleton
from reid.lab.synth.scene import (
    ARM_SKIN,
    EYEWEAR,
    FEET,
    HEAD,
    HEADWEAR,
    LEG_SKIN,
    LOWER,
    OUTER,
    SCARF,
    SOCKS,
    THING_PART,
    TORSO_SKIN,
    UPPER,
)
from reid.lab.synth.scene import HAIR as HAIR_PART
from reid.lab.synth.shapes import Shape
from reid.lab.synth.textiles import CHEST, weaves

Float = NDArray[np.float32]
Bool = NDArray[np.bool_]

PART: Final = {
    "upper": UPPER,
    "outer": OUTER,
    "lower": LOWER,
    "socks": SOCKS,
    "feet": FEET,
    "head": HEADWEAR,
    "neck": SCARF,
}
LAYER: Final = {
    "skin": 0,
    "socks": 1,
    "feet": 2,
    "lower": 1,
    "upper": 2,
    "outer": 3,
    "neck": 4,
    "head": 2,
}
FRONTS: Final = {"": None, "suit": SUIT_FRONT}
"""How fronts are drawn that are no weave, by `Cut.front`."""

_NO_CUT: Final = Cut()
COLLAR_DM: Final = 0.42
METAL: Final = (0.09, 0.09, 0.1)
SOLES: Final = 0.01
"""Metres by which bare feet are drawn taller than they are."""

SCALE_LIMITS: Final = (0.07, 0.135)
FIGURES_KEPT: Final = 96


@dataclass(eq=False)
class _Fitting:
    """What the steps of one build share."""

    person: Person
    base: Float
    joints: Float
    scale: float
    builder: Builder
    head_shape: headwear.HeadShape
    height: float
    small: bool

    def cloth(self, garment: Garment, fold: int) -> int:
        """Add the material of a garment."""
        return self.builder.material(_cloth_rows(garment, self.height, fold))


def cut_of(garment: Garment) -> Cut:
    """Return the cut of a garment of trunk or legs, of others one without anything."""
    return catalogue().cuts.get(garment.cut, _NO_CUT)


def _cloth_rows(garment: Garment, height: float, fold: int) -> Float:
    k = height / 1.7
    weave = weaves()[garment.textile.layer]
    rows = material_rows(garment.textile, CLOTH, fold=fold)
    if weave.mode == CHEST:
        rows[4] = 0.2 * k, garment.textile.scale * k, -1.0 if garment.seed % 5 == 0 else 1.0, 0
    else:
        rows[4] = 0.06 * k, 0.55 * k, 1.0, 0.6 * k
    front = FRONTS[cut_of(garment).front]
    if front is not None:
        rows[2, 3] = front
    return rows


# --- the body -----------------------------------------------------------------------------------


def _skin_parts(s: Sheet) -> NDArray[np.int32]:
    """Return the part of each face of the body."""
    head = s.bones[:, 0] == BONE["head"]
    part = np.where(s.region == HEAD_REGION, TORSO_SKIN, ARM_SKIN)
    part = np.where(s.region == TORSO, TORSO_SKIN, part)
    part = np.where(s.region >= anatomy.LEG_L, LEG_SKIN, part)
    part = np.where((s.region == HEAD_REGION) & head, HEAD, part)
    return np.asarray(part[s.faces[:, 0]], np.int32)


def _add_body(f: _Fitting, hidden: Bool) -> None:
    s = sheet("body", f.base, small=f.small)
    refs = piece("body", small=f.small).fitted.refs[:, 0]
    material = f.builder.material(material_rows(plain_textile(f.person.looks.skin, 0, 0.14), SKIN))
    seen = ~hidden[refs][s.faces].all(1)
    parts = _skin_parts(s)
    for part in (HEAD, TORSO_SKIN, ARM_SKIN, LEG_SKIN):
        f.builder.add(s.only(seen & (parts == part)), material, part, LAYER["skin"])


# --- clothes ------------------------------------------------------------------------------------


def _add_clothes(f: _Fitting) -> Bool:
    """Add garments of trunk and legs; return which base vertices they cover."""
    covers: list[wardrobe.Span] = []
    for fold, garment in enumerate(f.person.garments):
        if garment.slot in ("head", "neck", "feet", "socks"):
            continue
        cut = cut_of(garment)
        if cut.ends == "cloak":
            _add_cape(f, garment, fold)
            continue
        worn = wardrobe.inside_boots(garment, f.person.wearing("feet"))
        fitted, spans = wardrobe.fit_garment(f.base, worn, small=f.small)
        layer = LAYER["upper"] + 1 if cut.bib else LAYER[garment.slot]
        material = f.cloth(garment, fold % 6)
        f.builder.add(fitted, material, PART[garment.slot], layer, open_=cut.inside_seen)
        _add_details(f, garment, material, layer)
        covers += spans
    return body_hidden(covers)


def _add_cape(f: _Fitting, garment: Garment, fold: int) -> None:
    hem = garment.hem_at * (f.head_shape.neck[1] - float(f.base[:BODY_END, 1].min()))
    below = f.head_shape.neck[1] - f.base[:BODY_END, 1]
    trunk = f.base[:BODY_END][(below > 0.5) & (below < 4) & (np.abs(f.base[:BODY_END, 0]) < 1)]
    wide = 1.0 + 0.5 * garment.loose
    made = headwear.cloak(f.head_shape, float(trunk[:, 2].min()), hem, wide, garment.seed)
    part = PART[garment.slot]
    f.builder.add(made, f.cloth(garment, fold % 6), part, LAYER[garment.slot], open_=True)


def _add_details(f: _Fitting, garment: Garment, material: int, layer: int) -> None:
    """Hoods that hang, standing collars."""
    cut, part = cut_of(garment), PART[garment.slot]
    size, largest = cut.hood
    if largest and f.person.wearing_type("head") != "hood":
        size += (largest - size) * garment.loose
        f.builder.add(headwear.cowl(f.head_shape, size), material, part, layer)
    if garment.seed < cut.collar * 2**31:
        f.builder.add(headwear.collar(f.head_shape, COLLAR_DM), material, part, layer)


def _add_feet(f: _Fitting) -> Bool:
    """Add socks and shoes; return which base vertices they cover."""
    surface = base_surface_map()
    hidden = np.zeros(len(surface.along), bool)
    legs = surface.region >= anatomy.LEG_L
    legs &= surface.region <= anatomy.LEG_R
    if sock := f.person.wearing("socks"):
        made = wardrobe.socks(f.base, sock.hem_at, small=f.small)
        f.builder.add(made, f.cloth(sock, 1), SOCKS, LAYER["socks"])
        hidden |= legs & (surface.along > sock.hem_at + 0.06)
    shoes = f.person.wearing("feet")
    if shoes is None:
        return hidden
    material = f.builder.material(material_rows(shoes.textile, HARD))
    sole = f.builder.material(material_rows(plain_textile(shoes.textile.colours[1], 0, 0.1), HARD))
    shaft = wardrobe.has_shaft(shoes, f.person.garments)
    for made in wardrobe.shoes(f.base, shoes, shaft=shaft, small=f.small):
        upper, low = _split_sole(made)
        f.builder.add(upper, material, FEET, LAYER["feet"])
        f.builder.add(low, sole, FEET, LAYER["feet"])
    if not wardrobe.shoe_of(shoes).straps:
        end = shoes.hem_at + 0.05 if shaft else 1.02
        hidden |= legs & (surface.along > end)
    return hidden


def _split_sole(s: Sheet) -> tuple[Sheet, Sheet]:
    """Cut a pair of shoes at the upper edge of the sole."""
    level = s.points[:, 1] - s.points[:, 1].min() - 0.22
    return s.clipped(level.astype(np.float32)), s.clipped((-level).astype(np.float32))


def _add_head(f: _Fitting) -> None:
    """Add hair, headwear, glasses and a scarf."""
    looks, worn = f.person.looks, f.person.wearing("head")
    hair = None if looks.hair == "bald" else sheet(looks.hair, f.base, small=f.small)
    if worn is not None:
        material = f.cloth(worn, 2)
        made, line = _headwear(f, worn)
        for one in made:
            f.builder.add(one, material, HEADWEAR, LAYER["head"], open_=True)
        if hair is not None:
            hair = None if line is None else headwear.hair_below(hair, f.head_shape, line)
    if hair is not None:
        textile = plain_textile(looks.hair_rgb, 0.8, 0.1)
        material = f.builder.material(material_rows(textile, HAIR, fold=3))
        f.builder.add(hair, material, HAIR_PART, 1, open_=True)
    if looks.eyewear:
        dark = looks.eyewear == "sunglasses"
        frame = f.builder.material(material_rows(plain_textile((0.04, 0.04, 0.05), 0, 0.6), HARD))
        f.builder.add(headwear.glasses(f.base, f.head_shape, dark=dark), frame, EYEWEAR, 1)
    if scarf := f.person.wearing("neck"):
        chest = f.base[:BODY_END][np.abs(f.base[:BODY_END, 1] - f.head_shape.neck[1] + 1.2) < 0.3]
        front = float(chest[np.abs(chest[:, 0]) < 0.8, 2].max())
        made_scarf = headwear.scarf(f.head_shape, scarf.seed, front)
        f.builder.add(made_scarf, f.cloth(scarf, 4), SCARF, LAYER["neck"])


def _headwear(f: _Fitting, worn: Garment) -> tuple[list[Sheet], float | None]:
    """Return the sheets of what is on the head and the elevation below which hair shows."""
    shape = catalogue().headwear[worn.cut]
    if shape.mesh:
        felt = sheet(shape.mesh, f.base, small=f.small).pushed(0.05)
        return [headwear.with_bones(felt, "head")], shape.hair_below_deg
    made = headwear.made(shape, worn.seed, worn.loose, f.head_shape)
    return made, shape.hair_below_deg


# --- things -------------------------------------------------------------------------------------


def _prop_materials(f: _Fitting, prop: Prop, row: ThingRow) -> tuple[int, int, int]:
    main = material_rows(prop.textile, HARD if row.hard else CLOTH)
    trim = material_rows(plain_textile(prop.textile.colours[2], 0, 0.15), HARD)
    third = prop.textile.colours[1] if row.bunch else METAL
    metal = material_rows(plain_textile(third, 0, 0.6), HARD)
    add = f.builder.material
    return add(main), add(trim), add(metal)


def grip_height(kind: str, height: float) -> float:
    """Return the height in metres at which somebody of `height` metres holds a wheeled thing."""
    row = catalogue().thing(kind)
    low, high = row.grip_m
    return min(max(row.grip_of_height * height, low), high)


def _add_props(f: _Fitting) -> dict[str, int]:
    """Add things on bones of their own, so that they can be left away; see `Figure.free`."""
    free: dict[str, int] = {}
    swelling = 0.02 + 0.03 * sum(g.slot == "outer" for g in f.person.garments)
    torso = props.torso_of(f.base, f.joints, f.scale, f.height)
    for prop in f.person.props:
        row = catalogue().thing(prop.kind)
        materials, part = _prop_materials(f, prop, row), THING_PART[prop.kind]
        owner = props.Owner(f.height, torso, grip_height(prop.kind, f.height))
        for one in props.SHAPES[row.shape](prop, row.size, owner):
            name = f"{prop.kind}:{one.bone}" if one.bone else prop.kind
            bone = free.setdefault(name, FREE_BONE + len(free))
            shape = _clear_of_clothes(one.shape, swelling) if one.bone else one.shape
            material = materials[one.material]
            f.builder.add_rigid(
                shape.points, shape.normals, shape.faces, bone, material, part, 3, row.thin
            )
    return free


def _clear_of_clothes(shape: Shape, distance: float) -> Shape:
    """Push a worn thing away from the body's axis by metres."""
    out = shape.points.copy()
    flat = out[:, [0, 2]]
    length = np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-3)
    out[:, [0, 2]] += flat / length * distance
    return Shape(out, shape.normals, shape.faces)


# --- all ----------------------------------------------------------------------------------------


def _soles(base: Float) -> tuple[Float, NDArray[np.int32]]:
    """Return some low points of the feet and their bones."""
    surface = base_surface_map()
    feet = np.flatnonzero((surface.region >= anatomy.LEG_L) & (surface.along > 1.0))
    feet = feet[(feet < BODY_END) & (surface.region[feet] <= anatomy.LEG_R)]
    low = feet[np.argsort(base[feet, 1], kind="stable")[:400:8]]
    return base[low], load().skin_bones[low, 0]


def _shoe_height(person: Person) -> float:
    shoes = person.wearing("feet")
    return wardrobe.shoe_of(shoes).height_m if shoes else SOLES


@lru_cache(maxsize=FIGURES_KEPT)
def figure_of(person: Person, *, small: bool = False) -> Figure:
    """Build a person; builds are kept.

    Args:
        person: the identity.
        small: with few faces, enough for somebody who is drawn at most `SMALL` px high.

    Raises:
        MakeHumanMissing: the body data is nowhere.
    """
    base = anatomy.morph(person.shape)
    joints = anatomy.joint_positions(base)
    natural = anatomy.stature_cm(base) / 100
    scale = float(np.clip(0.1 * person.shape.stature / natural, *SCALE_LIMITS))
    builder = Builder(joints, scale)
    head_shape = headwear.head_shape_of(base, joints)
    height = natural * scale / 0.1
    f = _Fitting(person, base, joints, scale, builder, head_shape, height, small)
    hidden = _add_clothes(f) | _add_feet(f)
    _add_body(f, hidden)
    _add_head(f)
    free = _add_props(f)
    vertices, faces, two_sided, materials = builder.arrays()
    tails = anatomy.tail_positions(base)
    return Figure(
        vertices=vertices,
        faces=faces,
        two_sided=two_sided,
        materials=materials,
        skeleton=Skeleton(joints, tails),
        scale=scale,
        soles=_soles(base),
        parts=tuple(int(p) for p in np.unique(vertices["meta"][:, 1])),
        height=height + _shoe_height(person),
        free=free,
    )
