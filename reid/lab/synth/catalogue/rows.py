"""The rows of the catalogue: frozen, typed, in the words and units of the files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, ClassVar, Final, Literal, NamedTuple

import numpy as np
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

SEXES: Final = ("female", "male")
DOMAINS: Final = ("train", "held-out")
"""The two render domains, which keep some cuts and weaves to themselves."""

Slot = Literal["upper", "outer", "lower", "feet", "socks", "head", "neck"]
"""Where garments are worn; all but socks are slots of the vocabulary."""

Domain = Literal["both", "train", "held-out"]


def _limits(value: object) -> object:
    """Take one number for both limits of a range."""
    return (value, value) if isinstance(value, (int, float)) else value


def _ascending(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] > limits[1]:
        raise ValueError(f"from {limits[0]} to {limits[1]} goes down: write the lower limit first")
    return limits


def _by_sex(value: object) -> object:
    """Take one entry for both sexes."""
    if isinstance(value, dict) and value and set(value) <= set(SEXES):
        return value
    return dict.fromkeys(SEXES, value)


NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[tuple[float, float], BeforeValidator(_limits), AfterValidator(_ascending)]
Odds = Mapping[str, NonNegative]
"""What may be drawn → its weight; weights need not sum to 1."""

SharesBySex = Annotated[Mapping[str, Share], BeforeValidator(_by_sex)]
CutsBySex = Annotated[Mapping[str, Odds], BeforeValidator(_by_sex)]

_FORBID: Final = ConfigDict(extra="forbid")


def pick(odds: Mapping[str, float], rng: np.random.Generator) -> str:
    """Draw a key by its weight (weights need not sum to 1)."""
    left = rng.random() * sum(odds.values())
    for key, weight in odds.items():
        left -= weight
        if left < 0:
            return key
    return [key for key, weight in odds.items() if weight > 0][-1]


class Ease(NamedTuple):
    """Decimetres that a garment of full looseness stands off the body."""

    chest: float = 0.0
    hem: float = 0.0
    sleeve: float = 0.0
    leg: float = 0.0


NO_EASE: Final = Ease()


@dataclass(frozen=True)
class Cut:
    """How a garment is made.

    Attributes:
        pieces: meshes, see `reid.lab.synth.pieces.piece`.
        sleeves: whether sleeves end where the garment says (else where the mesh ends).
        ends: what its hem cuts: "trunk", "legs", "skirt" (a tube from the waist joins), "cloak" (it
            is nothing but cloth down the back), or "" for as the mesh is.
        ease_dm: how far it stands off, when it is as loose as can be.
        neck: how far down the trunk the neckline is cut; 1.05 = not.
        top: for lowers cut from tights, where they end above; 1.05 = not.
        trunk: from where to where along the trunk (0 hip, 1 neck) it surely hides the body.
        arms, legs: up to where along arms and legs it surely does.
        inside_seen: whether its inside can be seen.
        at_boots: what trousers do there: they are "tucked" in, are "hanging" over the shafts, or do
            not reach boots: "".
        hood: size of a hood that hangs behind, least and most loose; (0, 0) = none.
        collar: share of these that have a standing collar.
        bib: worn over the upper, though it is a lower.
        front: "suit" for lapels with a shirt and tie between them.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    pieces: tuple[str, ...] = ()
    sleeves: bool = False
    ends: Literal["", "trunk", "legs", "skirt", "cloak"] = ""
    ease_dm: Ease = NO_EASE
    neck: float = 1.05
    top: float = 1.05
    trunk: Range = (0.2, 0.85)
    arms: float = 0.2
    legs: float = 0.0
    inside_seen: bool = False
    at_boots: Literal["", "tucked", "hanging"] = ""
    hood: Range = (0.0, 0.0)
    collar: Share = 0.0
    bib: bool = False
    front: Literal["", "suit"] = ""


@dataclass(frozen=True)
class Weaves:
    """Which families of weaves each pattern is woven from, by weight; what is not said is usual."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    plain: Odds = field(default_factory=dict)
    striped: Odds = field(default_factory=dict)
    plaid: Odds = field(default_factory=dict)
    spotted: Odds = field(default_factory=dict)
    floral: Odds = field(default_factory=dict)
    graphic: Odds = field(default_factory=dict)

    def of(self, pattern: str) -> Mapping[str, float]:
        """Return the families of a pattern of the vocabulary."""
        found: Mapping[str, float] = getattr(self, pattern)
        return found


@dataclass(frozen=True)
class Shoe:
    """What only shoes have.

    Attributes:
        height_m: by which they make taller.
        shaft: whether they have one, up to the garment's `hem_at`.
        straps: whether they are a sole and straps, and no socks are worn in them.
        white_soles: share of these with a white sole; others have a darker one.
        loud: share of several colours.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    height_m: NonNegative = 0.01
    shaft: bool = False
    straps: bool = False
    white_soles: Share = 0.0
    loud: Share = 0.0


@dataclass(frozen=True)
class GarmentRow:
    """What may be worn in one slot: its word, its cuts, its cloth, and how many wear it.

    Attributes:
        name: unlike all others.
        slot: where it is worn.
        type: the word for it: a value of the vocabulary's ``<slot>.type``.
        share: of all women and girls, and of all men and boys, who wear it in this slot.
        domain: people of which render domain wear it.
        cuts: by sex, the cuts it comes in; of headwear and shoes their shapes.
        sleeve: "none", "short" or "long"; "" where nobody speaks of sleeves.
        sleeve_at: where sleeves end: 0 shoulder, 1 wrist.
        length: "short" or "long" of what covers legs.
        hem_at: where it ends: see `reid.lab.synth.person.Garment`.
        loose: how far it stands off the body, 0 to 1; None = of all degrees.
        weave: name of the weaves it is made of.
        patterns: that it comes in; drawn in another it is plain.
        colours: of its own, and `own` the share that have them; others have what people like.
        dark: share in a dark shade, where the colour has one.
        trim: colours of what is seen beside the ground, second and third; () = by the weave.
        gloss, relief: strength of highlights and of folds; None = by the weave.
        cloth: "own", or of the upper or outer garment: "same", or "ground", its first colour.
        below: names of garments worn on the legs with it, "" = none; nothing = as people like.
        over: types of uppers that it is worn over. over_sleeve: which sleeves these must have.
        closed: whether it is worn closed over them, so that only sleeves and legs show.
        shoe: what only shoes have.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    name: str
    slot: Slot
    type: str
    cuts: CutsBySex
    share: SharesBySex = field(default_factory=dict)
    domain: Domain = "both"
    sleeve: str = ""
    sleeve_at: Range = (1.0, 1.0)
    length: str = ""
    hem_at: Range = (0.0, 0.0)
    loose: Range | None = None
    weave: str = "usual"
    patterns: tuple[str, ...] = ()
    colours: Odds = field(default_factory=dict)
    own: Share = 1.0
    dark: Share = 0.0
    trim: tuple[Odds, ...] = ()
    gloss: Range | None = None
    relief: Range | None = None
    cloth: Literal["own", "same", "ground"] = "own"
    below: Odds = field(default_factory=dict)
    over: tuple[str, ...] = ()
    over_sleeve: str = ""
    closed: bool = False
    shoe: Shoe | None = None


@dataclass(frozen=True)
class Dome:
    """A cap over the skull: how far it stands off, and down to which elevations it reaches."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    side_dm: Range
    above_dm: Range
    behind_dm: Range
    front_deg: float
    back_deg: float
    share: Share = 1.0


@dataclass(frozen=True)
class Brim:
    """A brim round the skull.

    Attributes:
        reach_dm, drop_dm: how far it stands out and hangs all round.
        peak_dm, peak_drop_dm: how much more in front. peak_deg: half the peak's width.
        wave: by which part its reach varies round the head.
        level: above the middle of the head, in radii. level_dm: and in decimetres.
        backwards: share of these that are worn with the peak behind. share: of hats that have it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    reach_dm: Range = (0.0, 0.0)
    drop_dm: Range = (0.0, 0.0)
    peak_dm: float = 0.0
    peak_drop_dm: float = 0.0
    peak_deg: float = 90.0
    wave: float = 0.0
    level: float = 0.0
    level_dm: float = 0.0
    backwards: Share = 0.0
    share: Share = 1.0


@dataclass(frozen=True)
class Shell:
    """Cloth round the whole head, open over the face by half an angle; closer if less loose."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    margin_dm: Range
    opening_deg: float
    behind_dm: float


@dataclass(frozen=True)
class Cape:
    """Cloth over neck and shoulders: part of their width, length and thickness; by looseness."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    spread: Range
    length_dm: Range
    thick_dm: float


@dataclass(frozen=True)
class Headwear:
    """The shape of what sits on a head: a mesh, or parts of one.

    Attributes:
        mesh: an asset's name. domes, brim, shell, cape: parts that are made.
        bobble: share of these with a bobble on top.
        hair_below_deg: elevation below which hair shows; None = all hair is hidden.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    mesh: str = ""
    domes: tuple[Dome, ...] = ()
    brim: Brim | None = None
    shell: Shell | None = None
    cape: Cape | None = None
    bobble: Share = 0.0
    hair_below_deg: float | None = None


@dataclass(frozen=True)
class Size:
    """Half of a thing's size in metres with a grown-up of 1.7 m, and how it follows heights.

    Attributes:
        wide_m, tall_m, deep_m: half sizes.
        grows: part of the size that follows its owner's height; the rest is the same for all.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    wide_m: Range = (0.0, 0.0)
    tall_m: Range = (0.0, 0.0)
    deep_m: Range = (0.0, 0.0)
    grows: Share = 0.0


@dataclass(frozen=True)
class ThingRow:
    """What may be carried, or sat in.

    Attributes:
        kind: of `reid.core.vocabulary.CARRIED`, or of `reid.lab.synth.scene.SEATS`.
        place: "worn" on the body, "held" in a hand, or a "seat".
        share: of grown-ups and of children below 13 who have one, but for what is carried together.
        shape: name of what builds it in `reid.lab.synth.props`. size: see `Size`.
        colours, own: of its own, and which share has them, as of garments.
        trim: "any" (darker, or a neutral colour), "paler", or "string".
        gloss: strength of highlights. patterned: share woven in a pattern.
        bunch: share that are three in three colours.
        hard: shaded as hard, not as cloth. thin: seen from both sides.
        in_box: whether people detectors count it to the person.
        arm: what an arm does that has it, a key of `reid.lab.synth.pose.HOLDING`; "" = nothing.
            arm_share: share of these whose arm does, forearm: who carry it on the forearm instead.
        grip: "hand" (it hangs from it), "wheels" (a hand holds it at `grip_m`), "both" (both hands
            do) or "floor" (it stands below the hips).
        grip_of_height, grip_m: at which part of its owner's height, between which metres.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    kind: str
    place: Literal["worn", "held", "seat"]
    shape: str
    share: Mapping[Literal["grown", "child"], Share] = field(default_factory=dict)
    size: Size = Size()
    colours: Odds = field(default_factory=dict)
    own: Share = 1.0
    trim: Literal["any", "paler", "string"] = "any"
    gloss: Range = (0.02, 0.35)
    patterned: Share = 0.0
    bunch: Share = 0.0
    hard: bool = False
    thin: bool = False
    in_box: bool = True
    arm: str = ""
    arm_share: Share = 1.0
    forearm: Share = 0.0
    grip: Literal["hand", "wheels", "both", "floor"] = "hand"
    grip_of_height: float = 0.0
    grip_m: Range = (0.0, 9.0)


@dataclass(frozen=True)
class Catalogue:
    """All rows.

    Attributes:
        weaves, cuts, headwear: by name. garments, things: in the files' order.
        together: things carried together, "a+b" → shares as of `ThingRow.share`.
        thing_weaves: families that patterned things are woven from.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    weaves: Mapping[str, Weaves]
    cuts: Mapping[str, Cut]
    headwear: Mapping[str, Headwear]
    garments: tuple[GarmentRow, ...]
    things: tuple[ThingRow, ...]
    together: Mapping[str, Mapping[Literal["grown", "child"], Share]]
    thing_weaves: tuple[str, ...]

    @cached_property
    def _named(self) -> dict[str, GarmentRow]:
        return {row.name: row for row in self.garments}

    @cached_property
    def _things(self) -> dict[str, ThingRow]:
        return {row.kind: row for row in self.things}

    @cached_property
    def _kinds(self) -> dict[tuple[str, str, str], tuple[GarmentRow, ...]]:
        found: dict[tuple[str, str, str], tuple[GarmentRow, ...]] = {}
        for row in self.garments:
            for domain in DOMAINS:
                if row.domain in ("both", domain):
                    key = row.slot, row.type, domain
                    found[key] = (*found.get(key, ()), row)
        return found

    def row(self, name: str) -> GarmentRow:
        """Return a garment's row by its name."""
        return self._named[name]

    def thing(self, kind: str) -> ThingRow:
        """Return a thing's row."""
        return self._things[kind]

    def of_kind(self, slot: str, kind: str, domain: str) -> tuple[GarmentRow, ...]:
        """Return the rows of one type that people of a render domain wear."""
        return self._kinds[slot, kind, domain]

    def shares(self, slot: str, sex: str) -> dict[str, float]:
        """Return type → share of people of this apparent sex who wear it in a slot."""
        found: dict[str, float] = {}
        for row in self.garments:
            if row.slot == slot and row.domain in ("both", DOMAINS[0]):
                found[row.type] = found.get(row.type, 0.0) + row.share.get(sex, 0.0)
        return found

    def carried(self, place: str, age: Literal["grown", "child"]) -> dict[str, float]:
        """Return what is "worn" or "held" → share of grown-ups or children, "" = nothing."""
        found = {row.kind: row.share.get(age, 0.0) for row in self.things if row.place == place}
        if place == "held":
            found |= {pair: share.get(age, 0.0) for pair, share in self.together.items()}
        return {"": max(1 - sum(found.values()), 0.0), **found}
