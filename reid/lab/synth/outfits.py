"""From rows of the catalogue to cloth: which cut, weave and shades make "a striped red t-shirt"."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from reid.core.vocabulary import COLOURS
from reid.lab.synth.catalogue import GarmentRow, ThingRow, catalogue, pick, within
from reid.lab.synth.colours import draw, has_shade, lab_of, name_of
from reid.lab.synth.person import Garment, Prop, Rgb, Textile
from reid.lab.synth.textiles import FAMILIES, Family, layers, weaves

Rng = np.random.Generator

THING_SCALE: Final = (0.15, 0.35)
"""Metres that one repeat of a thing's weave spans."""

THING_RELIEF: Final = 0.4
THING_SIZES: Final = (0.85, 1.15)
"""How large things are beside those of their row."""

MIN_SHARE: Final = 0.14
"""A colour that covers less of a garment is not named."""

MIN_CONTRAST: Final = 22.0
"""CIELAB distance that two colours of one pattern keep."""

LOOSE: Final = (0.4, 0.25)
"""Mean and deviation of how far garments stand off the body."""

_SECOND: Final = {c: 4.0 if c in ("white", "black", "grey") else 1.0 for c in COLOURS[:-1]}
"""Weights of colours that go with another."""

_NEUTRAL: Final = dict.fromkeys(("black", "grey", "brown", "white", "beige"), 1.0)
"""Weights of colours of straps and details."""

_WASHES: Final = {"dark": 0.5, "": 0.35, "light": 0.15}
"""Weights of the shades that blue denim is washed to, and `_FADED`: the grey that is then in it."""

_FADED: Final = 0.28
_WHITE_SOLE: Final[Rgb] = (0.93, 0.93, 0.92)
_STRING: Final[Rgb] = (0.85, 0.85, 0.85)
_LOUD: Final = FAMILIES["geometric"]
_LOUD_SCALE: Final = (0.1, 0.2)
"""The weave of shoes of several colours, and the metres that it spans on them."""


def colour_labels(textile: Textile) -> tuple[str, ...]:
    """Return the vocabulary colours of a textile, largest first; three or more add multicolour."""
    shares: dict[str, float] = {}
    for rgb, share in zip(textile.colours, weaves()[textile.layer].shares, strict=True):
        if share > 0:
            name = name_of(rgb)[0]
            shares[name] = shares.get(name, 0.0) + share
    names = [n for n, s in sorted(shares.items(), key=lambda x: -x[1]) if s >= MIN_SHARE]
    if len(names) >= 3:
        names = ["multicolour", *names]
    return tuple(names) or (name_of(textile.colours[0])[0],)


def _tint(rgb: Rgb, factor: float, mix: float = 0.0) -> Rgb:
    r, g, b = (min(max(c * factor * (1 - mix) + mix, 0.02), 0.97) for c in rgb)
    return r, g, b


class GarmentSampler:
    """Draws garments and things from one source of chance, for one render domain."""

    def __init__(self, rng: Rng, domain: str) -> None:
        self.rng = rng
        self.domain = domain

    # --- cloth ---

    def _second(self, first: Rgb) -> Rgb:
        """A colour that stands out from the first; white, black and grey often."""
        ground = lab_of(first)
        for _ in range(20):
            rgb = draw(pick(_SECOND, self.rng), self.rng)
            if math.dist(lab_of(rgb), ground) > MIN_CONTRAST:
                return rgb
        return (0.95, 0.95, 0.95) if sum(first) < 1.5 else (0.08, 0.08, 0.09)

    def _layer(self, families: tuple[str, ...]) -> int:
        found = layers(families, self.domain)
        return found[int(self.rng.integers(len(found)))]

    def textile(self, family: Family, colour: str, shade: str | None = None) -> Textile:
        """Weave a textile of a family whose ground is `colour`, in one of its shades if named."""
        rng = self.rng
        layer = self._layer((family.name,))
        if family.washed_dyes:
            colours = self._washed(
                colour if colour in family.washed_dyes else family.washed_dyes[0]
            )
        else:
            ground = draw(colour, rng, shade)
            second = self._second(ground)
            third = self._second(ground) if rng.random() < 0.5 else _tint(ground, 0.7)
            colours = (ground, second, third)
        relief, gloss = within(family.relief, rng), within(family.gloss, rng)
        return Textile(colours, layer, within(family.scale_m, rng), relief, gloss)

    def _washed(self, dye: str) -> tuple[Rgb, Rgb, Rgb]:
        """Ground and faded colours of denim: blue in many washes, other dyes in their shades."""
        ground = draw(dye, self.rng, pick(_WASHES, self.rng) if dye == "blue" else None)
        if dye == "blue":
            grey = sum(ground) / 3
            r, g, b = ((1 - _FADED) * c + _FADED * grey for c in ground)
            ground = (r, g, b) if name_of((r, g, b))[0] == dye else ground
        faded = _tint(ground, 1.0, _FADED)
        return ground, faded, faded

    def _cloth(self, row: GarmentRow, colour: str, pattern: str) -> Textile:
        """Weave what a row is made of."""
        rng, rows = self.rng, catalogue()
        if row.patterns and pattern not in row.patterns:
            pattern = "plain"
        odds = rows.weaves[row.weave].of(pattern) or rows.weaves["usual"].of(pattern)
        family = FAMILIES[pick(odds, rng)]
        colour = self._own_colour(row, colour)
        dark = row.dark > 0 and has_shade(colour, "dark") and rng.random() < row.dark
        cloth = self.textile(family, colour, "dark" if dark else None)
        if family.washed_dyes:  # denim is denim, whatever is made of it
            return cloth
        trim = [draw(pick(odds, rng), rng) for odds in row.trim]
        ground, second, third = (cloth.colours[0], *trim, *cloth.colours[1 + len(trim) :])
        return replace(
            cloth,
            colours=(ground, second, third),
            relief=within(row.relief, rng) if row.relief else cloth.relief,
            gloss=within(row.gloss, rng) if row.gloss else cloth.gloss,
        )

    def _own_colour(self, row: GarmentRow | ThingRow, colour: str) -> str:
        """Return one of the row's own colours, for as many as have them, or `colour`."""
        own = row.colours and self.rng.random() < row.own
        return pick(row.colours, self.rng) if own else colour

    # --- garments ---

    def row(self, slot: str, kind: str, sex: str) -> GarmentRow:
        """Draw a row of one kind that people of this apparent sex wear."""
        return choose(catalogue().of_kind(slot, kind, self.domain), sex, self.rng)

    def garment(
        self, slot: str, kind: str, colour: str, pattern: str = "plain", *, sex: str = "female"
    ) -> Garment:
        """Draw a garment by its words.

        Args:
            slot: upper, outer, lower, feet, head or neck.
            kind: a value of the slot's ``.type``.
            colour: of its ground, where it is not of its own colours.
            pattern: of the vocabulary, where it comes in that.
            sex: "female" or "male": who wears it.

        Raises:
            KeyError: the catalogue has no such garment.
        """
        return self.of_row(self.row(slot, kind, sex), colour, pattern, sex=sex)

    def of_row(
        self, row: GarmentRow, colour: str, pattern: str = "plain", *, sex: str = "female",
        top: Garment | None = None,
    ) -> Garment:  # fmt: skip
        """Draw a garment of one row; see `garment`. Its cloth may be that of the `top`."""
        rng = self.rng
        cut = pick(row.cuts[sex], rng)
        if row.shoe is not None:
            return self._shoe(row, cut, colour)
        cloth = self._cloth_of_top(row, top) if top and row.cloth != "own" else None
        cloth = cloth or self._cloth(row, colour, pattern)
        worn = self._made(row, cut, cloth, colour_labels(cloth))
        return replace(worn, pattern=weaves()[cloth.layer].pattern)

    def _made(self, row: GarmentRow, cut: str, cloth: Textile, colours: tuple[str, ...]) -> Garment:
        rng = self.rng
        loose = within(row.loose, rng) if row.loose else min(max(rng.normal(*LOOSE), 0.0), 1.0)
        return Garment(
            row.slot, row.type, cut, cloth, colours, loose=loose, sleeve=row.sleeve,
            length=row.length, sleeve_at=within(row.sleeve_at, rng),
            hem_at=within(row.hem_at, rng), seed=int(rng.integers(2**31)), row=row.name,
        )  # fmt: skip

    def _cloth_of_top(self, row: GarmentRow, top: Garment) -> Textile:
        """The top's cloth without its print: as it is, or all in its first colour."""
        cloth = replace(top.textile, layer=0) if top.pattern == "graphic" else top.textile
        ground = cloth.colours[0]
        return cloth if row.cloth == "same" else replace(cloth, colours=(ground, ground, ground))

    def _shoe(self, row: GarmentRow, mesh: str, colour: str) -> Garment:
        assert row.shoe is not None
        rng, gloss = self.rng, within(row.gloss or (0.0, 0.0), self.rng)
        base = draw(self._own_colour(row, colour), rng)
        sole = _WHITE_SOLE if rng.random() < row.shoe.white_soles else _tint(base, 0.5)
        cloth = Textile((base, sole, sole), 0, 0.2, 0.1, gloss)
        names: tuple[str, ...] = (name_of(base)[0],)
        if rng.random() < row.shoe.loud:
            cloth = replace(self.textile(_LOUD, colour), scale=within(_LOUD_SCALE, rng))
            names = colour_labels(cloth)
        return self._made(row, mesh, cloth, names)

    # --- things ---

    def prop(self, kind: str, colour: str, side: int) -> Prop:
        """Draw a thing carried; colours 1 is its trim.

        Raises:
            KeyError: the catalogue has no such thing.
        """
        rng, row = self.rng, catalogue().thing(kind)
        base = draw(self._own_colour(row, colour), rng)
        layer = 0
        names: tuple[str, ...] = (name_of(base)[0],)
        if rng.random() < row.bunch:
            colours = base, self._second(base), self._second(base)
            names = _each_named(colours)
        elif rng.random() < row.patterned:
            layer = self._layer(catalogue().thing_weaves)
            trim = self._trim(row, base) if rng.random() < 0.5 else self._second(base)
            colours = base, self._second(base), trim
        else:
            trim = self._trim(row, base)
            colours = base, trim, trim
        scale, gloss = within(THING_SCALE, rng), within(row.gloss, rng)
        cloth = Textile(colours, layer, scale, THING_RELIEF, gloss)
        names = colour_labels(cloth) if layer else names
        return Prop(kind, int(rng.integers(2**31)), cloth, names, side, within(THING_SIZES, rng))

    def _trim(self, row: ThingRow, base: Rgb) -> Rgb:
        if row.trim == "string":
            return _STRING
        if row.trim == "paler":
            return _tint(base, 1.0, 0.4)
        darker = self.rng.random() < 0.5
        return _tint(base, 0.6) if darker else draw(pick(_NEUTRAL, self.rng), self.rng)


def _each_named(colours: tuple[Rgb, Rgb, Rgb]) -> tuple[str, ...]:
    """Return the names of the colours of three things of one colour each."""
    names = tuple(dict.fromkeys(name_of(rgb)[0] for rgb in colours))
    return ("multicolour", *names) if len(names) > 2 else names


def choose(rows: tuple[GarmentRow, ...], sex: str, rng: Rng) -> GarmentRow:
    """Draw one of some rows by their shares among people of this apparent sex.

    Where none of them wears any, the other sex's shares count.
    """
    by_name: Mapping[str, GarmentRow] = {row.name: row for row in rows}
    for who in (sex, "female", "male"):
        odds = {row.name: row.share.get(who, 0.0) for row in rows}
        if sum(odds.values()) > 0:
            return by_name[pick(odds, rng)]
    return rows[int(rng.integers(len(rows)))]
