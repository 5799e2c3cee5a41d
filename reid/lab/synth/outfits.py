"""From words to cloth: which cut, weave and shades make "a striped red t-shirt", and its labels."""

from dataclasses import replace
from typing import Final

import numpy as np

from reid.core.vocabulary import COLOURS
from reid.lab.synth.colours import draw, lab, name_of
from reid.lab.synth.layering import CLOSED_OVER
from reid.lab.synth.person import Garment, Prop, Rgb, Textile
from reid.lab.synth.textiles import SCALE, WOVEN_FROM, layers, weaves

Rng = np.random.Generator

HELD_OUT_CUTS: Final = (
    "tee-round", "shirt-cut", "dress-shirt", "jeans-f", "bucket", "shoes02", "shoes06",
    "fedora_cocked",
)  # fmt: skip
"""Cuts that the train domain never wears."""

SHOE_MESHES: Final = {
    "sneakers": ("shoes03", "shoes01", "shoes02"),
    "shoes": ("shoes05", "shoes06", "shoes04"),
    "boots": ("shoes03", "shoes02"),
    "sandals": ("sandals",),
}
"""Meshes of shoes by their word."""

MIN_SHARE: Final = 0.14
"""A colour that covers less of a garment is not named."""

_PATTERNED: Final = {
    "backpack": 0.22, "shoulder-bag": 0.22, "handbag": 0.22, "umbrella": 0.22, "plastic-bag": 0.22,
    "suitcase": 0.08, "toy": 0.12, "pushchair": 0.12,
}  # fmt: skip
"""Share of each kind of thing that is patterned."""

_THING_WEAVES: Final = ("stripes", "geometric", "camouflage", "floral", "spots", "plaid")
_LOUD: Final = 0.08
"""Share of sneakers of several colours."""

MIN_CONTRAST: Final = 22.0
"""CIELAB distance that two colours of one pattern keep."""


def colour_labels(textile: Textile) -> tuple[str, ...]:
    """Return the vocabulary colours of a textile, largest first; three or more add multicolour."""
    shares: dict[str, float] = {}
    for rgb, share in zip(textile.colours, weaves()[textile.layer].shares, strict=True):
        name = name_of(rgb)[0]
        shares[name] = shares.get(name, 0.0) + share
    names = [n for n, s in sorted(shares.items(), key=lambda x: -x[1]) if s >= MIN_SHARE]
    if len(names) >= 3:
        names = ["multicolour", *names]
    return tuple(names) or (name_of(textile.colours[0])[0],)


def _tint(rgb: Rgb, factor: float, mix: float = 0.0) -> Rgb:
    r, g, b = (float(np.clip(c * factor * (1 - mix) + mix, 0.02, 0.97)) for c in rgb)
    return r, g, b


class GarmentSampler:
    """Draws garments and things from one source of chance, for one render domain."""

    def __init__(self, rng: Rng, domain: str) -> None:
        self.rng = rng
        self.domain = domain

    # --- cloth ---

    def _second(self, rng: Rng, first: Rgb) -> Rgb:
        """A colour that stands out from the first; white, black and grey often."""
        table = np.array([4 if c in ("white", "black", "grey") else 1 for c in COLOURS[:-1]], float)
        for _ in range(20):
            name = COLOURS[int(rng.choice(len(table), p=table / table.sum()))]
            rgb = draw(name, rng)
            if np.linalg.norm(lab(np.asarray(rgb)) - lab(np.asarray(first))) > MIN_CONTRAST:
                return rgb
        return (0.95, 0.95, 0.95) if sum(first) < 1.5 else (0.08, 0.08, 0.09)

    def textile(self, colour: str, pattern: str, families: tuple[str, ...] = ()) -> Textile:
        """Weave a textile whose ground is `colour`."""
        rng = self.rng
        choice = families or WOVEN_FROM[pattern]
        family = choice[int(rng.integers(len(choice)))]
        found = layers((family,), self.domain) or layers(choice, self.domain)
        layer = int(rng.choice(found))
        ground = draw(colour, rng)
        second = self._second(rng, ground)
        third = self._second(rng, ground) if rng.random() < 0.5 else _tint(ground, 0.7)
        relief, gloss = float(rng.uniform(0.35, 0.9)), float(rng.uniform(0.0, 0.12))
        if family == "knit":
            relief, gloss = relief * 0.7, 0.0
        if family in ("quilted",):
            gloss = float(rng.uniform(0.1, 0.4))
        low, high = SCALE[weaves()[layer].family]
        scale = float(rng.uniform(low, high))
        return Textile((ground, second, third), layer, scale, relief, gloss)

    def denim(self, colour: str) -> Textile:
        """Weave denim: blue in many washes, or black, grey, white."""
        ground = draw(colour, self.rng)
        if colour == "blue":
            ground = draw(
                "blue", self.rng, str(self.rng.choice(["dark", "", "light"], p=[0.5, 0.35, 0.15]))
            )
            grey = float(np.mean(ground))
            r, g, b = (0.72 * c + 0.28 * grey for c in ground)
            ground = (float(r), float(g), float(b)) if name_of((r, g, b))[0] == "blue" else ground
        faded = _tint(ground, 1.0, 0.28)
        layer = int(self.rng.choice(layers(("denim",), self.domain)))
        return Textile((ground, faded, faded), layer, float(self.rng.uniform(0.35, 0.7)), 0.8, 0.03)

    def _garment(self, slot: str, kind: str, cut: str, textile: Textile, **more: object) -> Garment:
        plain = Garment(
            slot,
            kind,
            cut,
            textile,
            colour_labels(textile),
            weaves()[textile.layer].pattern,
            loose=float(np.clip(self.rng.normal(0.4, 0.25), 0, 1)),
            seed=int(self.rng.integers(2**31)),
        )
        return replace(plain, **more)  # type: ignore[arg-type]

    def _between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def _one(self, *choices: str) -> str:
        return choices[int(self.rng.integers(len(choices)))]

    def _cut(self, *choices: str) -> str:
        """Choose a cut; some are kept for the held-out domain, which takes them when it can."""
        kept = [c for c in choices if c in HELD_OUT_CUTS]
        if self.domain == "train":
            return self._one(*([c for c in choices if c not in HELD_OUT_CUTS] or choices))
        return self._one(*(kept or choices))

    # --- uppers ---

    def upper(self, kind: str, colour: str, pattern: str, sex: str) -> Garment:
        """Draw what covers the trunk."""
        rng, girl = self.rng, sex == "female"
        if kind in ("sweater", "hoodie", "jacket", "coat", "suit", "costume"):
            return self._warm_upper(kind, colour, pattern)
        families: tuple[str, ...] = ("block",) if pattern == "plain" and rng.random() < 0.07 else ()
        cloth = self.textile(colour, pattern, families)
        if kind == "t-shirt":
            if rng.random() < 0.14:
                return self._garment("upper", kind, "tee-long", cloth, sleeve="long")
            at = self._between(0.25, 0.5)
            cut = (
                self._cut(
                    "tee-fitted",
                    "tee-round",
                    "tee",
                    "tee-long",
                    *(["crop"] if rng.random() < 0.3 else []),
                )
                if girl
                else self._cut("tee", "tee", "tee-long")
            )
            return self._garment("upper", kind, cut, cloth, sleeve="short", sleeve_at=at)
        if kind == "shirt":
            if rng.random() < 0.6:
                at = 1.1 if rng.random() < 0.7 else self._between(0.64, 0.8)
                cut = self._cut("blouse", "shirt") if girl else "shirt"
                return self._garment("upper", kind, cut, cloth, sleeve="long", sleeve_at=at)
            cut = self._cut("shirt-short", "shirt-cut")
            return self._garment(
                "upper", kind, cut, cloth, sleeve="short", sleeve_at=self._between(0.28, 0.48)
            )
        if kind == "polo":
            return self._garment(
                "upper", kind, "shirt-short", cloth, sleeve="short", sleeve_at=0.35
            )
        if kind == "vest":
            return self._garment(
                "upper",
                kind,
                "tank",
                cloth,
                sleeve="none",
                sleeve_at=0.04,
                hem_at=self._between(-0.08, 0.12),
            )
        return self._dress(cloth)

    def _warm_upper(self, kind: str, colour: str, pattern: str) -> Garment:
        rng = self.rng
        if kind == "sweater":
            families: tuple[str, ...] = (
                ("knit", "heather", "knit", "plain") if pattern == "plain" else ()
            )
            cut = "turtleneck" if rng.random() < 0.25 else "sweater"
            hem = self._between(-0.08, 0.06)
            return self._garment(
                "upper",
                kind,
                cut,
                self.textile(colour, pattern, families),
                sleeve="long",
                sleeve_at=1.02,
                hem_at=hem,
            )
        if kind == "costume":
            pattern = pattern if pattern in ("spotted", "striped") else "plain"
            return self._garment(
                "upper",
                kind,
                "onesie",
                self.textile(colour, pattern),
                sleeve="long",
                sleeve_at=1.0,
                hem_at=0.97,
            )
        if kind == "suit":
            shade = self._one("black", "blue", "grey", "grey", "brown", "beige")
            cloth = self.textile(shade, "plain", ("plain", "heather"))
            dark = (
                draw(shade, rng, "dark")
                if shade in ("blue", "grey", "brown") and rng.random() < 0.7
                else cloth.colours[0]
            )
            cloth = replace(
                cloth,
                colours=(
                    dark,
                    draw(self._one("white", "blue", "white"), rng),
                    draw(self._one("red", "blue", "black", "purple"), rng),
                ),
            )
            return self._garment("upper", kind, "suit", cloth, sleeve="long", loose=0.3)
        if kind == "hoodie":
            families = ("plain", "heather", "print", "block") if pattern == "plain" else ()
            cloth = self.textile(colour, pattern, families[:2] if rng.random() < 0.8 else families)
            return self._garment("upper", kind, "hoodie", cloth, sleeve="long")
        return self._coat("upper", kind, colour, pattern)

    def _coat(self, slot: str, kind: str, colour: str, pattern: str) -> Garment:
        """Draw a jacket or a coat; as `outer` it is worn open."""
        quilted = kind == "jacket" and self.rng.random() < 0.3
        families: tuple[str, ...] = ()
        if pattern == "plain":
            families = ("quilted",) if quilted else ("plain", "heather", "corduroy")
        cloth = replace(self.textile(colour, pattern, families), gloss=self._between(0.02, 0.3))
        if pattern == "plain" and not quilted and self.rng.random() < 0.15:
            cloth = self.denim(colour if colour in ("black", "grey", "white") else "blue")
        closed = {"jacket": "puffer" if quilted else "jacket", "coat": "coat"}[kind]
        cut = f"{kind}-open" if slot == "outer" else closed
        hem = self._between(0.2, 0.72) if kind == "coat" else 0.0
        return self._garment(slot, kind, cut, cloth, sleeve="long", hem_at=hem)

    def _dress(self, cloth: Textile) -> Garment:
        cut = self._cut("dress", "dress", "dress-tee", "dress-shirt")
        sleeve, at = "none", 0.04
        if cut == "dress-tee":
            sleeve, at = "short", 0.4
        elif cut == "dress-shirt":
            sleeve, at = ("long", 1.05) if self.rng.random() < 0.6 else ("short", 0.4)
        elif self.rng.random() < 0.5:
            sleeve, at = (
                ("short", self._between(0.2, 0.4)) if self.rng.random() < 0.6 else ("long", 1.0)
            )
        return self._garment(
            "upper",
            "dress",
            cut,
            cloth,
            sleeve=sleeve,
            sleeve_at=at,
            hem_at=self._between(0.28, 0.98),
        )

    def outer(self, kind: str, colour: str, pattern: str) -> Garment:
        """Draw a garment worn over the upper: open in front, but for `CLOSED_OVER` and capes."""
        if kind in ("jacket", "coat"):
            return self._coat("outer", kind, colour, pattern)
        if kind == "suit":
            return self._suit_jacket()
        plain: dict[str, tuple[str, ...]] = {
            "vest": ("quilted", "plain", "knit"),
            "sweater": ("knit", "heather", "knit"),
            "hoodie": ("plain", "heather"),
        }
        cloth = self.textile(colour, pattern, plain.get(kind, ()) if pattern == "plain" else ())
        if kind in CLOSED_OVER:
            return self._closed_over(kind, cloth)
        if kind == "costume":
            hem = self._between(0.3, 0.8)
            return self._garment("outer", kind, "cape", cloth, sleeve="none", hem_at=hem)
        cut = {"vest": "vest-open", "shirt": "shirt-open", "sweater": "cardigan"}
        at = 0.09 if kind == "vest" else self._between(0.55, 1.1) if kind == "shirt" else 1.05
        sleeve = "none" if kind == "vest" else "long"
        name = cut.get(kind, "hoodie-open")
        return self._garment("outer", kind, name, cloth, sleeve=sleeve, sleeve_at=at)

    def _closed_over(self, kind: str, cloth: Textile) -> Garment:
        cut = {"t-shirt": "tee-over", "polo": "polo-over", "dress": "pinafore"}[kind]
        sleeve, at = ("none", 0.03) if kind == "dress" else ("short", 0.35)
        hem = self._between(0.25, 0.6)
        return self._garment("outer", kind, cut, cloth, sleeve=sleeve, sleeve_at=at, hem_at=hem)

    def _suit_jacket(self) -> Garment:
        shade = self._one("black", "blue", "grey", "grey", "brown", "beige")
        cloth = self.textile(shade, "plain", ("plain", "heather"))
        return self._garment("outer", "suit", "suit-open", cloth, sleeve="long", loose=0.3)

    # --- lowers ---

    def lower(self, kind: str, colour: str, pattern: str, sex: str) -> Garment:
        """Draw what covers the legs."""
        girl = sex == "female"
        if kind == "jeans":
            shade = (
                colour
                if colour in ("black", "grey", "white", "blue") and self.rng.random() < 0.45
                else "blue"
            )
            cut = (
                self._cut("jeans-f", "slim", "jeans", "wide")
                if girl
                else self._cut("jeans", "jeans", "slim", "wide")
            )
            return self._garment(
                "lower",
                kind,
                cut,
                self.denim(shade),
                length="long",
                hem_at=self._between(0.9, 1.05),
            )
        cloth = self.textile(
            colour, pattern, ("plain", "heather", "plain", "corduroy") if pattern == "plain" else ()
        )
        if weaves()[cloth.layer].family == "print":
            cloth = self.textile(colour, pattern, ("geometric", "camouflage"))
        if kind == "trousers":
            cut = self._cut("chinos", "chinos", "joggers", "slim", "wide", "jeans")
            if self.rng.random() < 0.04:
                cut = "overalls"
            return self._garment(
                "lower", kind, cut, cloth, length="long", hem_at=self._between(0.88, 1.05)
            )
        if kind == "leggings":
            return self._garment(
                "lower",
                kind,
                "leggings",
                replace(cloth, relief=0.15),
                length="long",
                hem_at=self._between(0.75, 1.02),
            )
        if kind == "shorts":
            if girl and self.rng.random() < 0.4:
                cloth = self.denim("blue") if self.rng.random() < 0.5 else cloth
                return self._garment("lower", kind, "hotpants", cloth, length="short")
            if self.rng.random() < 0.2:
                cloth = self.denim("blue")
            return self._garment(
                "lower", kind, "shorts", cloth, length="short", hem_at=self._between(0.27, 0.56)
            )
        return self._skirt(cloth)

    def _skirt(self, cloth: Textile) -> Garment:
        if self.rng.random() < 0.25:
            return self._garment("lower", "skirt", "pencil", cloth, length="short", hem_at=0.46)
        at = (self._between(0.2, 0.34), self._between(0.4, 0.54), self._between(0.62, 0.98))
        hem = at[int(self.rng.integers(3))]
        return self._garment(
            "lower", "skirt", "skirt", cloth, length="short" if hem < 0.58 else "long", hem_at=hem
        )

    def suit_trousers(self, jacket: Garment) -> Garment:
        """Draw the trousers of a suit."""
        ground = jacket.textile.colours[0]
        cloth = replace(jacket.textile, colours=(ground, ground, ground))
        return self._garment("lower", "trousers", "chinos", cloth, length="long", hem_at=1.03)

    # --- feet, head, neck ---

    def feet(self, kind: str, colour: str, worn: tuple[Garment, ...]) -> list[Garment]:
        """Draw shoes and, where the legs are bare, socks."""
        if kind in ("boots", "shoes") and self.rng.random() < 0.6:
            colour = self._one("black", "brown", "black", "beige")
        base = draw(colour, self.rng)
        sole = (
            (0.93, 0.93, 0.92)
            if kind == "sneakers" and self.rng.random() < 0.65
            else _tint(base, 0.5)
        )
        cloth = Textile((base, sole, sole), 0, 0.2, 0.1, 0.35 if kind == "shoes" else 0.12)
        cut = self._cut(*SHOE_MESHES[kind])
        names: tuple[str, ...] = (name_of(base)[0],)
        if kind == "sneakers" and self.rng.random() < _LOUD:
            cloth = replace(self.textile(colour, "", ("geometric",)), scale=self._between(0.1, 0.2))
            names = colour_labels(cloth)
        shoes = self._garment("feet", kind, cut, cloth, hem_at=self._between(0.55, 0.85))
        out = [replace(shoes, colours=names, pattern="plain")]
        long = any(g.slot == "lower" and g.length == "long" and g.kind != "skirt" for g in worn)
        if kind != "sandals" and (not long or self.rng.random() < 0.5) and self.rng.random() < 0.8:
            socks = self.textile(
                self._one("white", "white", "black", "grey", "blue", "pink", "red"),
                "plain",
                ("plain",),
            )
            top = self._between(0.55, 0.92) if self.rng.random() < 0.4 else self._between(0.9, 0.97)
            out.append(self._garment("socks", "socks", "socks", socks, hem_at=top))
        return out

    def head(self, kind: str, colour: str, worn: tuple[Garment, ...]) -> Garment:
        """Draw headwear; a hood takes the cloth of the hoodie, jacket or coat it belongs to."""
        upper = next((g for g in reversed(worn) if g.slot in ("outer", "upper")), worn[0])
        if kind == "hood":
            cloth = replace(upper.textile, layer=0) if upper.pattern == "graphic" else upper.textile
            return self._garment("head", kind, "hood", cloth, loose=self._between(0, 1))
        pattern = (
            "plain"
            if self.rng.random() < 0.8 or kind == "helmet"
            else self._one("striped", "plaid", "floral", "spotted")
        )
        if kind == "hat":
            cut = self._cut("beanie", "beanie", "bucket", "sunhat", "fedora", "fedora_cocked")
            families: tuple[str, ...] = ("knit",) if cut == "beanie" and pattern == "plain" else ()
            return self._garment("head", kind, cut, self.textile(colour, pattern, families))
        cloth = self.textile(colour, pattern, ("plain",) if pattern == "plain" else ())
        if kind == "helmet":
            cloth = replace(cloth, gloss=0.7, relief=0.0)
        return self._garment("head", kind, kind, cloth)

    def scarf(self, colour: str, pattern: str) -> Garment:
        """Draw a scarf."""
        pattern = pattern if pattern in ("plain", "striped", "plaid") else "plain"
        families = ("knit", "plain") if pattern == "plain" else ()
        return self._garment("neck", "scarf", "scarf", self.textile(colour, pattern, families))

    # --- things ---

    def _balloons(self, base: Rgb, side: int) -> Prop:
        """Three balloons of three colours."""
        second, third = self._second(self.rng, base), self._second(self.rng, base)
        names = tuple(dict.fromkeys(name_of(rgb)[0] for rgb in (base, second, third)))
        labels = ("multicolour", *names) if len(names) > 2 else names
        cloth = Textile((base, second, third), 0, 0.25, 0.0, 0.8)
        variant = int(self.rng.integers(2**31))
        return Prop("balloon", variant, cloth, labels, side, self._between(0.85, 1.15))

    def prop(self, kind: str, colour: str, side: int) -> Prop:
        """Draw a thing carried; colours 1 is its trim."""
        rng = self.rng
        base = draw(colour, rng)
        trim = (
            _tint(base, 0.6)
            if rng.random() < 0.5
            else draw(self._one("black", "grey", "brown", "white", "beige"), rng)
        )
        if kind == "toy":
            trim = _tint(base, 1.0, 0.4)
        if kind == "balloon" and rng.random() < 0.2:
            return self._balloons(base, side)
        if kind == "balloon":
            trim = (0.85, 0.85, 0.85)
        gloss = {"balloon": 0.8, "suitcase": 0.5, "plastic-bag": 0.5, "umbrella": 0.25}.get(
            kind, self._between(0.02, 0.35)
        )
        layer = 0
        if (share := _PATTERNED.get(kind, 0.0)) and rng.random() < share:
            layer = int(rng.choice(layers(_THING_WEAVES, self.domain)))
            trim = trim if rng.random() < 0.5 else self._second(rng, base)
        cloth = Textile(
            (base, self._second(rng, base) if layer else trim, trim),
            layer,
            self._between(0.15, 0.35),
            0.4,
            gloss,
        )
        return Prop(
            kind,
            int(rng.integers(2**31)),
            cloth,
            colour_labels(cloth) if layer else (name_of(base)[0],),
            side,
            self._between(0.85, 1.15),
        )
