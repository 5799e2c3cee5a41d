"""Garments as meshes: assets split into pieces and helpers cut to length.

A `Cut` says which pieces a garment is made of and how they may end; `tailor` fits, cuts and eases
it on one body. Distances are decimetres, places along the body are `SurfaceMap.along`.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.body import ARM_L, ARM_R, HEAD_REGION, LEG_L, LEG_R, TORSO
from reid.lab.synth.meshes import vertex_normals
from reid.lab.synth.person import Garment
from reid.lab.synth.pieces import Sheet, merged, sheet

Float = NDArray[np.float32]
Span = tuple[int, float, float]

ARMS: Final = (ARM_L, ARM_R)
LEGS: Final = (LEG_L, LEG_R)


@dataclass(frozen=True)
class Cut:
    """How a garment is made.

    Attributes:
        sources: pieces (see `reid.lab.synth.pieces.piece`).
        sleeves: whether sleeves end at `Garment.sleeve_at` (else where the piece ends).
        hem: what `Garment.hem_at` cuts: "trunk", "legs", "skirt" (a tube from the waist joins),
            or "" for as it is.
        ease: decimetres that a garment of full looseness stands off: chest, hem, sleeve, leg.
        neck: how far down the trunk the neckline is cut (`along`), 1.05 = not.
        top: for lowers cut from tights, where they end above.
        covers: where the body is surely covered: trunk from, trunk to, arms to, legs to.
    """

    sources: tuple[str, ...]
    sleeves: bool = False
    hem: str = ""
    ease: tuple[float, float, float, float] = (0.06, 0.25, 0.12, 0.0)
    neck: float = 1.05
    top: float = 1.05
    covers: tuple[float, float, float, float] = (0.2, 0.85, 0.2, 0.0)


CUTS: Final[dict[str, Cut]] = {
    # short sleeves
    "tee": Cut(("male_casualsuit04:1",), ease=(0.06, 0.3, 0.16, 0)),
    "tee-fitted": Cut(("female_casualsuit01:0",), ease=(0.02, 0.1, 0.06, 0)),
    "tee-round": Cut(("female_casualsuit02:1",), ease=(0.04, 0.2, 0.1, 0)),
    "tee-long": Cut(("male_casualsuit02:0",), True, "", (0.06, 0.28, 0.2, 0)),
    "crop": Cut(("female_sportsuit01:0",), ease=(0.02, 0.1, 0.05, 0), covers=(0.6, 0.85, 0.15, 0)),
    "shirt-short": Cut(("male_casualsuit06:0",), ease=(0.05, 0.25, 0.15, 0)),
    "shirt-cut": Cut(("male_casualsuit03:0",), True, "", (0.05, 0.3, 0.18, 0)),
    # long sleeves
    "shirt": Cut(("male_casualsuit03:0",), True, "", (0.04, 0.28, 0.1, 0)),
    "blouse": Cut(("female_elegantsuit01:0",), True, "", (0.03, 0.2, 0.12, 0)),
    "sweater": Cut(("male_casualsuit02:0",), True, "", (0.14, 0.32, 0.2, 0)),
    "hoodie": Cut(("male_casualsuit02:0",), True, "", (0.22, 0.4, 0.26, 0)),
    "turtleneck": Cut(("tights",), True, "trunk", (0.1, 0.24, 0.12, 0)),
    "jacket-open": Cut(
        ("male_casualsuit05:0",), True, "", (0.12, 0.32, 0.2, 0), covers=(2, 2, 0.2, 0)
    ),
    "jacket": Cut(("male_casualsuit03:0",), True, "", (0.24, 0.42, 0.26, 0)),
    "puffer": Cut(("male_casualsuit02:0",), True, "", (0.45, 0.5, 0.42, 0)),
    "suit": Cut(("male_elegantsuit01:0",), ease=(0.05, 0.2, 0.08, 0)),
    "coat": Cut(("male_casualsuit03:0",), True, "skirt", (0.28, 0.5, 0.28, 0.8)),
    "coat-open": Cut(
        ("male_casualsuit05:0",), True, "skirt", (0.2, 0.45, 0.24, 0.75), covers=(2, 2, 0.2, 0)
    ),
    # no sleeves
    "tank": Cut(("tights",), True, "trunk", (0.06, 0.25, 0.03, 0), neck=0.86),
    "vest": Cut(("male_casualsuit03:0",), True, "", (0.32, 0.42, 0.3, 0), covers=(2, 2, 0, 0)),
    "vest-open": Cut(("male_casualsuit05:0",), True, "", (0.3, 0.4, 0.3, 0), covers=(2, 2, 0, 0)),
    # worn over another: open in front, or with the sleeves of what is beneath
    "shirt-open": Cut(
        ("male_casualsuit05:0",), True, "", (0.07, 0.28, 0.12, 0), covers=(2, 2, 0.2, 0)
    ),
    "cardigan": Cut(("male_casualsuit05:0",), True, "", (0.1, 0.3, 0.17, 0), covers=(2, 2, 0.2, 0)),
    "hoodie-open": Cut(
        ("male_casualsuit05:0",), True, "", (0.2, 0.38, 0.25, 0), covers=(2, 2, 0.2, 0)
    ),
    "suit-open": Cut(
        ("male_casualsuit05:0",), True, "", (0.08, 0.22, 0.1, 0), covers=(2, 2, 0.2, 0)
    ),
    "tee-over": Cut(("male_casualsuit04:1",), ease=(0.16, 0.38, 0.26, 0)),
    "polo-over": Cut(("male_casualsuit06:0",), ease=(0.15, 0.35, 0.25, 0)),
    "pinafore": Cut(("tights",), True, "skirt", (0.34, 0.42, 0.2, 0.5), neck=0.84),
    # one piece
    "dress": Cut(("tights",), True, "skirt", (0.04, 0.15, 0.1, 0.25), neck=0.93),
    "dress-tee": Cut(("female_casualsuit02:1",), True, "skirt", (0.05, 0.2, 0.1, 0.3)),
    "dress-shirt": Cut(("female_elegantsuit01:0",), True, "skirt", (0.05, 0.2, 0.1, 0.3)),
    "onesie": Cut(("tights",), True, "legs", (0.3, 0.4, 0.3, 0.35), covers=(0.0, 0.9, 0.85, 0.85)),
    # lower
    "jeans": Cut(("male_casualsuit02:1",), hem="legs", ease=(0, 0, 0, 0.15)),
    "jeans-f": Cut(("female_casualsuit01:1",), hem="legs", ease=(0, 0, 0, 0.12)),
    "wide": Cut(("male_casualsuit02:1",), hem="legs", ease=(0, 0, 0, 0.55)),
    "chinos": Cut(("male_elegantsuit01:1",), hem="legs", ease=(0, 0, 0, 0.18)),
    "joggers": Cut(("tights",), False, "legs", (0.05, 0.05, 0, 0.42), top=0.17),
    "leggings": Cut(("tights",), False, "legs", (0.0, 0.0, 0, 0.03), top=0.18),
    "slim": Cut(("tights",), False, "legs", (0.05, 0.05, 0, 0.1), top=0.17),
    "shorts": Cut(("male_casualsuit02:1",), hem="legs", ease=(0, 0, 0, 0.35)),
    "hotpants": Cut(("female_casualsuit02:0",), ease=(0, 0, 0, 0.06)),
    "skirt": Cut((), False, "skirt", (0.02, 0.05, 0, 0.4)),
    "pencil": Cut(("female_elegantsuit01:1",), ease=(0, 0, 0, 0)),
    "overalls": Cut(
        ("male_worksuit01:0",), hem="legs", ease=(0.14, 0.1, 0, 0.12), covers=(0, 0.2, 0, 0.8)
    ),
    # legs and feet
    "socks": Cut(("tights",), ease=(0, 0, 0, 0.04)),
}

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
    chest, hem, sleeve, leg = cut.ease
    k = 0.35 + garment.loose
    out = np.zeros(len(s.points), np.float32)
    trunk, arms, legs = s.region == TORSO, np.isin(s.region, ARMS), np.isin(s.region, LEGS)
    low = 1 - np.clip(s.along, 0, 1)
    out[trunk] = (chest + (hem - chest) * low[trunk] ** 1.5) * k
    near = _smooth(s.along, 0.0, 0.25)
    out[arms] = (chest + (sleeve - chest) * near[arms]) * k
    reach = _smooth(s.along, 0.05, 0.4)
    base = hem if cut.hem not in ("legs",) and leg == 0 else max(leg * 0.3, 0.0)
    out[legs] = (base + (leg - base) * reach[legs]) * k
    rng = np.random.default_rng(garment.seed)
    wave = rng.uniform(2, 5, 3)
    shift = rng.uniform(0, 6, 3)
    bulge = np.sin(s.points * wave + shift).sum(1) / 3
    body = float(np.ptp(s.points[:, 1])) if len(s.points) else 1.0
    small = np.clip(body / USUAL_EXTENT.get(cut.hem or "trunk", 6.0), 0.45, 1.0)
    return s.pushed(out * (1 + 0.35 * bulge) * small)


def _end_field(s: Sheet, cut: Cut, garment: Garment) -> Float:
    """Return a field that is positive where the garment is."""
    keep = np.full(len(s.points), 1.0, np.float32)
    arms, legs, trunk = np.isin(s.region, ARMS), np.isin(s.region, LEGS), s.region == TORSO
    if cut.sleeves:
        keep[arms] = np.minimum(keep[arms], (garment.sleeve_at - s.along)[arms])
    if cut.hem == "legs":
        keep[legs] = np.minimum(keep[legs], (garment.hem_at - s.along)[legs])
    if cut.hem == "trunk":
        keep[trunk] = np.minimum(keep[trunk], (s.along - garment.hem_at)[trunk])
        keep[legs] = np.minimum(keep[legs], np.minimum(-garment.hem_at * 0.9, 0.12) - s.along[legs])
    if cut.hem == "skirt":
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
    points += radial * (0.04 + cut.ease[3] * 0.5 * (0.35 + garment.loose))
    out = replace(s, points=points.astype(np.float32)).clipped((end - t).astype(np.float32))
    out = replace(out, region=np.full(len(out.points), TORSO, np.int32))
    return replace(out, normals=vertex_normals(out.points, out.faces))


def fit_garment(base: Float, garment: Garment, *, small: bool = False) -> tuple[Sheet, list[Span]]:
    """Return a garment on a body and the spans of the body it surely covers.

    Args:
        base: morphed base mesh, float32 (19158, 3), decimetres.
        garment: what to make; its `cut` is a key of `CUTS`.
        small: with few faces, for somebody drawn small.
    """
    cut = CUTS[garment.cut]
    sheets = []
    for source in cut.sources:
        s = sheet(source, base, small=small)
        s = s.clipped(_end_field(s, cut, garment))
        sheets.append(_ease(s, cut, garment))
    if cut.hem == "skirt":
        sheets.append(_skirt(base, cut, garment))
    done = merged(sheets)
    return done.with_normals(), _covers(cut, garment)


def _covers(cut: Cut, garment: Garment) -> list[Span]:
    low, high, arms, legs = cut.covers
    spans: list[Span] = []
    margin = 0.1
    if garment.slot in ("upper", "outer"):
        spans.append((TORSO, low, min(high, cut.neck - 0.12)))
        reach = garment.sleeve_at - margin if cut.sleeves else arms - 0.05
        if reach > 0.12:
            spans += [(arm, 0.08, reach) for arm in ARMS]
    if garment.slot == "lower" and cut.sources:
        spans.append((TORSO, -1.0, 0.08))
        end = garment.hem_at - margin if cut.hem == "legs" else 0.05
        spans += [(leg, -1.0, end) for leg in LEGS]
    if cut.hem == "skirt" and garment.slot != "outer":
        spans.append((TORSO, -1.0, 0.15))
        spans += [(leg, -1.0, garment.hem_at * 0.75) for leg in LEGS]
    if garment.cut == "onesie":
        spans += [(leg, -1.0, legs) for leg in LEGS]
    return spans


def socks(base: Float, top: float, *, small: bool = False) -> Sheet:
    """Return socks that end at `top` along the leg (1 = ankle)."""
    s = sheet("tights", base, small=small)
    keep = np.where(np.isin(s.region, LEGS), s.along - top, -1).astype(np.float32)
    return s.clipped(keep).pushed(0.03)


NARROW: Final = ("leggings", "slim")
"""Trousers that are worn inside boots; others hang over them."""


def inside_boots(garment: Garment, boots: Garment | None) -> Garment:
    """Return trousers as worn with these boots: narrow ones end inside the shaft."""
    if boots is None or boots.kind != "boots" or garment.cut not in NARROW:
        return garment
    return replace(garment, hem_at=min(garment.hem_at, boots.hem_at + 0.06))


def has_shaft(lower: Garment | None) -> bool:
    """Whether boots show their shaft: not under wide trousers."""
    if lower is None or lower.length != "long" or lower.cut in ("skirt", "pencil"):
        return True
    return lower.cut in NARROW


def shoes(base: Float, garment: Garment, *, shaft: bool = True, small: bool = False) -> list[Sheet]:
    """Return a pair of shoes, boots (with or without their shaft) or sandals."""
    if garment.kind == "sandals":
        return [_sandals(base, garment)]
    out = [sheet(garment.cut, base, small=small)]
    if garment.kind == "boots":
        s = sheet("tights", base, small=small)
        top = garment.hem_at if shaft else 0.93
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
