"""Garments as meshes: assets split into pieces and helpers cut to length.

A `Cut` of the catalogue says which pieces a garment is made of and how they may end; `fit_garment`
fits, cuts and eases it on one body. Distances are decimetres, places along the body are
`SurfaceMap.along`.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.body import ARM_L, ARM_R, HEAD_REGION, LEG_L, LEG_R, TORSO
from reid.lab.synth.catalogue import Cut, Shoe, catalogue
from reid.lab.synth.meshes import vertex_normals
from reid.lab.synth.person import Garment
from reid.lab.synth.pieces import Sheet, merged, sheet

Float = NDArray[np.float32]
Span = tuple[int, float, float]

ARMS: Final = (ARM_L, ARM_R)
LEGS: Final = (LEG_L, LEG_R)


OVERLAP: Final = 0.1
"""How far a top reaches down inside the skirt that is sewn to it."""

WAIST: Final = 0.19
"""`along` of the trunk where skirts begin."""


def _smooth(x: Float, low: float, high: float) -> Float:
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


USUAL_EXTENT: Final = {"trunk": 5.2, "legs": 8.0, "skirt": 4.5}
"""Decimetres that garments of adults are tall: smaller ones stand off less."""


def _ease(s: Sheet, cut: Cut, garment: Garment) -> Sheet:
    """Stand a sheet off the body: widening to the hem, sleeves and legs with soft bulges."""
    chest, hem, sleeve, leg = cut.ease_dm
    k = 0.35 + garment.loose
    out = np.zeros(len(s.points), np.float32)
    trunk, arms, legs = s.region == TORSO, np.isin(s.region, ARMS), np.isin(s.region, LEGS)
    low = 1 - np.clip(s.along, 0, 1)
    out[trunk] = (chest + (hem - chest) * low[trunk] ** 1.5) * k
    near = _smooth(s.along, 0.0, 0.25)
    out[arms] = (chest + (sleeve - chest) * near[arms]) * k
    reach = _smooth(s.along, 0.05, 0.4)
    base = hem if cut.ends not in ("legs",) and leg == 0 else max(leg * 0.3, 0.0)
    out[legs] = (base + (leg - base) * reach[legs]) * k
    rng = np.random.default_rng(garment.seed)
    wave = rng.uniform(2, 5, 3)
    shift = rng.uniform(0, 6, 3)
    bulge = np.sin(s.points * wave + shift).sum(1) / 3
    body = float(np.ptp(s.points[:, 1])) if len(s.points) else 1.0
    small = np.clip(body / USUAL_EXTENT.get(cut.ends or "trunk", 6.0), 0.45, 1.0)
    return s.pushed(out * (1 + 0.35 * bulge) * small)


def _end_field(s: Sheet, cut: Cut, garment: Garment) -> Float:
    """Return a field that is positive where the garment is."""
    keep = np.full(len(s.points), 1.0, np.float32)
    arms, legs, trunk = np.isin(s.region, ARMS), np.isin(s.region, LEGS), s.region == TORSO
    if cut.sleeves:
        keep[arms] = np.minimum(keep[arms], (garment.sleeve_at - s.along)[arms])
    if cut.ends == "legs":
        keep[legs] = np.minimum(keep[legs], (garment.hem_at - s.along)[legs])
    if cut.ends == "trunk":
        keep[trunk] = np.minimum(keep[trunk], (s.along - garment.hem_at)[trunk])
        keep[legs] = np.minimum(keep[legs], np.minimum(-garment.hem_at * 0.9, 0.12) - s.along[legs])
    if cut.ends == "skirt":
        keep[trunk] = np.minimum(keep[trunk], (s.along - WAIST + OVERLAP)[trunk])
        keep[legs] = -1
    if cut.neck < 1.05:
        keep[trunk] = np.minimum(keep[trunk], _neckline(s, cut.neck)[trunk])
    if cut.top < 1.05:
        keep[trunk] = np.minimum(keep[trunk], (cut.top - s.along)[trunk])
        keep[arms] = -1
    keep[s.region == HEAD_REGION] = -1
    return keep


def _neckline(s: Sheet, neck: float) -> Float:
    """A scoop at the front and back between shoulder straps."""
    width = np.abs(s.points[:, 0]) / 1.25
    front = s.points[:, 2] > 0.1
    depth = np.where(front, neck, neck + 0.07)
    return np.asarray(depth + 0.16 * width**3 - s.along, np.float32)


def _skirt(base: Float, cut: Cut, garment: Garment) -> Sheet:
    """A tube from the waist to `hem_at`, flared by looseness, pleated a little."""
    s = sheet("skirt", base)
    top = s.points[:, 1].max()
    low = s.points[:, 1].min()
    t = (top - s.points[:, 1]) / (top - low)
    end = 0.2 + 0.8 * garment.hem_at
    flare = (garment.loose - 0.35) * 1.1
    scale = 1 + flare * np.clip(t, 0, 1) * 0.8
    points = s.points.copy()
    centre = points.mean(0)
    points[:, 0] = centre[0] + (points[:, 0] - centre[0]) * scale
    points[:, 2] = centre[2] + (points[:, 2] - centre[2]) * scale
    angle = np.arctan2(points[:, 0], points[:, 2] - centre[2])
    rng = np.random.default_rng(garment.seed)
    folds = rng.integers(6, 13)
    depth = 0.09 * garment.loose * np.clip(t - 0.1, 0, 1)
    radial = points - centre
    radial[:, 1] = 0
    radial /= np.maximum(np.linalg.norm(radial, axis=1, keepdims=True), 1e-6)
    points += radial * (depth * np.sin(folds * angle + rng.uniform(0, 6)))[:, None]
    points += radial * (0.04 + cut.ease_dm.leg * 0.5 * (0.35 + garment.loose))
    out = replace(s, points=points.astype(np.float32)).clipped((end - t).astype(np.float32))
    out = replace(out, region=np.full(len(out.points), TORSO, np.int32))
    return replace(out, normals=vertex_normals(out.points, out.faces))


def fit_garment(base: Float, garment: Garment, *, small: bool = False) -> tuple[Sheet, list[Span]]:
    """Return a garment on a body and the spans of the body it surely covers.

    Args:
        base: morphed base mesh, float32 (19158, 3), decimetres.
        garment: what to make; its `cut` is one of the catalogue's.
        small: with few faces, for somebody drawn small.
    """
    cut = catalogue().cuts[garment.cut]
    sheets = []
    for source in cut.pieces:
        s = sheet(source, base, small=small)
        s = s.clipped(_end_field(s, cut, garment))
        sheets.append(_ease(s, cut, garment))
    if cut.ends == "skirt":
        sheets.append(_skirt(base, cut, garment))
    done = merged(sheets)
    return done.with_normals(), _covers(cut, garment)


def _covers(cut: Cut, garment: Garment) -> list[Span]:
    low, high = cut.trunk
    spans: list[Span] = []
    margin = 0.1
    if garment.slot in ("upper", "outer"):
        spans.append((TORSO, low, min(high, cut.neck - 0.12)))
        reach = garment.sleeve_at - margin if cut.sleeves else cut.arms - 0.05
        if reach > 0.12:
            spans += [(arm, 0.08, reach) for arm in ARMS]
        if cut.legs:
            spans += [(leg, -1.0, cut.legs) for leg in LEGS]
    if garment.slot == "lower" and cut.pieces:
        spans.append((TORSO, -1.0, 0.08))
        end = garment.hem_at - margin if cut.ends == "legs" else 0.05
        spans += [(leg, -1.0, end) for leg in LEGS]
    if cut.ends == "skirt" and garment.slot != "outer":
        spans.append((TORSO, -1.0, 0.15))
        spans += [(leg, -1.0, garment.hem_at * 0.75) for leg in LEGS]
    return spans


def socks(base: Float, top: float, *, small: bool = False) -> Sheet:
    """Return socks that end at `top` along the leg (1 = ankle)."""
    s = sheet("tights", base, small=small)
    keep = np.where(np.isin(s.region, LEGS), s.along - top, -1).astype(np.float32)
    return s.clipped(keep).pushed(0.03)


SHAFTLESS: Final = 0.93
"""Where boots end along the leg (1 = ankle) whose shaft trousers hide."""

TUCKED: Final = 0.06
"""Part of the leg that tucked trousers reach into the shafts of boots."""


def inside_boots(garment: Garment, shoes: Garment | None) -> Garment:
    """Return trousers as worn with these shoes: narrow ones end inside the shafts of boots."""
    tucked = catalogue().cuts[garment.cut].at_boots == "tucked"
    if not tucked or shoes is None or not shoe_of(shoes).shaft:
        return garment
    return replace(garment, hem_at=min(garment.hem_at, shoes.hem_at + TUCKED))


def shoe_of(garment: Garment) -> Shoe:
    """Return what only shoes have, of a garment of the feet."""
    return catalogue().row(garment.row).shoe or Shoe()


def has_shaft(shoes: Garment, clothes: Iterable[Garment]) -> bool:
    """Whether shoes show a shaft: boots do, but not under trousers that hang over them."""
    cuts = catalogue().cuts
    hidden = any(
        cuts[g.cut].at_boots == "hanging" and g.length != "short"
        for g in clothes
        if g.slot in ("upper", "lower")
    )
    return shoe_of(shoes).shaft and not hidden


def shoes(base: Float, garment: Garment, *, shaft: bool = True, small: bool = False) -> list[Sheet]:
    """Return a pair of shoes, boots (with their shaft seen or not) or sandals."""
    shoe = shoe_of(garment)
    if shoe.straps:
        return [_sandals(base, garment)]
    out = [sheet(garment.cut, base, small=small)]
    if shoe.shaft:
        s = sheet("tights", base, small=small)
        top = garment.hem_at if shaft else SHAFTLESS
        keep = np.where(np.isin(s.region, LEGS), s.along - top, -1)
        leg = s.clipped(keep.astype(np.float32))
        out.append(leg.pushed(0.12 + 0.1 * garment.loose if shaft else 0.05))
    return out


def _sandals(base: Float, garment: Garment) -> Sheet:
    """A sole and straps cut from the foot of the tights."""
    s = sheet("tights", base)
    legs = np.isin(s.region, LEGS)
    floor = s.points[legs, 1].min()
    foot = s.points[:, 2]
    toe, heel = foot[legs].max(), foot[legs & (s.along > 1)].min()
    t = (foot - heel) / (toe - heel)
    sole = 0.14 - (s.points[:, 1] - floor)
    straps = np.maximum(0.09 - np.abs(t - 0.72), 0.06 - np.abs(s.along - 0.985) * 1.3)
    if garment.seed % 3 == 0:
        straps = 0.16 - np.abs(t - 0.7)
    keep = np.where(legs & (s.along > 0.9), np.maximum(sole, straps), -1)
    return s.clipped(keep.astype(np.float32)).pushed(0.07)
