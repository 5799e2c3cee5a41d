"""Who a synthetic person is: a body, clothes with colours, things carried. Data, no geometry."""

from dataclasses import dataclass

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class BodyShape:
    """A body as continuous factors, each in [0, 1] unless said otherwise.

    Attributes:
        years: age in years, 1.5 to 90.
        sex: 0 female to 1 male.
        muscle, weight: 0.5 is average.
        stature: standing height in metres, barefoot.
        origin: weights of the African, Asian and Caucasian shape sets; they sum to 1.
        bust: cup size.
        proportion: 0.5 is average, 1 idealised.
    """

    years: float
    sex: float
    muscle: float
    weight: float
    stature: float
    origin: tuple[float, float, float]
    bust: float = 0.5
    proportion: float = 0.6


@dataclass(frozen=True)
class Textile:
    """A cloth: up to three colours mixed by a weave.

    Attributes:
        colours: sRGB in [0, 1]; colour 0 is the ground, 1 and 2 the pattern.
        layer: index of the weave in `reid.lab.synth.textiles.weaves`.
        scale: metres that one repeat of the weave spans.
        relief: strength of folds, 0 to 1.
        gloss: strength of highlights, 0 to 1.
    """

    colours: tuple[Rgb, Rgb, Rgb]
    layer: int
    scale: float
    relief: float = 0.5
    gloss: float = 0.1


@dataclass(frozen=True)
class Garment:
    """One piece of clothing and the words for it.

    Attributes:
        slot: upper, outer, lower, socks, feet, head or neck.
        kind: the value of the slot's ``.type`` ("hoodie"); socks have "socks".
        cut: of the catalogue's cuts; of shoes a mesh, of headwear its shape.
        textile: what it is made of.
        colours: vocabulary colours, largest first.
        pattern: vocabulary pattern.
        loose: how far it stands off the body, 0 to 1.
        sleeve: vocabulary sleeve, "" where there is none to speak of.
        length: vocabulary length, likewise.
        sleeve_at: where sleeves end: 0 shoulder, 1 wrist.
        hem_at: where it ends below: uppers 0.3 waist, 0 hip, negative lower; skirts, trousers,
            coats and dresses 0 hip, 1 ankle; socks and boots their upper end likewise.
        seed: small variation of shape.
        row: name of its row in `reid.lab.synth.catalogue`.
    """

    slot: str
    kind: str
    cut: str
    textile: Textile
    colours: tuple[str, ...]
    pattern: str = "plain"
    loose: float = 0.3
    sleeve: str = ""
    length: str = ""
    sleeve_at: float = 1.0
    hem_at: float = 0.0
    seed: int = 0
    row: str = ""


@dataclass(frozen=True)
class Prop:
    """A thing carried: `kind` of `reid.core.vocabulary.CARRIED`, its variant, colours and labels.

    Kinds that are not in the vocabulary are `reid.lab.synth.scene.SEATS`: who has one sits in it.
    """

    kind: str
    variant: int
    textile: Textile
    colours: tuple[str, ...]
    side: int = 1
    size: float = 1.0


@dataclass(frozen=True)
class Looks:
    """Skin, hair and eyewear: what redaction hides and counterfactuals change.

    Attributes:
        skin: sRGB in [0, 1].
        hair: name of the hair mesh; "bald" for none.
        hair_rgb: sRGB in [0, 1].
        hair_colour: vocabulary colour.
        eyewear: "", "glasses" or "sunglasses".
        face_seed: small facial variation.
        beard: 0 to 1, painted.
    """

    skin: Rgb
    hair: str
    hair_rgb: Rgb
    hair_colour: str
    eyewear: str = ""
    face_seed: int = 0
    beard: float = 0.0


@dataclass(frozen=True)
class Person:
    """One identity: everything that stays the same from camera to camera."""

    key: str
    shape: BodyShape
    looks: Looks
    garments: tuple[Garment, ...]
    props: tuple[Prop, ...] = ()

    def wearing(self, slot: str) -> Garment | None:
        """Return the garment in `slot`, or None."""
        return next((g for g in self.garments if g.slot == slot), None)

    def wearing_type(self, slot: str) -> str:
        """Return the word for what is worn in `slot`, "" = nothing."""
        garment = self.wearing(slot)
        return garment.kind if garment else ""
