"""Putting one thing into words: noun phrases, ages, identities, each with what it asserts."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from reid.core.records import Certainty, Modifier, Wish
from reid.core.vocabulary import YEARS_SLOT
from reid.lab.synth.speakers import words
from reid.lab.synth.speakers.claims import Item, Portrait

_NUMBERS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_DECADES: Final = {
    2: "twenties", 3: "thirties", 4: "forties", 5: "fifties", 6: "sixties", 7: "seventies",
    8: "eighties",
}  # fmt: skip
_PLURAL: Final = ("lower", "feet")
_AMBIGUOUS_SHARE: Final = 0.12
_HEDGES: Final = ("I think", "maybe", "possibly", "probably", "it might have been")


@dataclass(slots=True)
class Voice:
    """One speaker's choices, and what was asserted so far.

    Attributes:
        rng: draws the words.
        variety: "us" or "uk".
        wishes: asserted slots, in order of telling.
        exact: never use a word that could mean two values.
    """

    rng: np.random.Generator
    variety: words.Variety
    wishes: list[Wish] = field(default_factory=list)
    groups: int = 0
    exact: bool = False

    def pick(self, options: tuple[str, ...] | list[str]) -> str:
        """Draw one of several wordings."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, share: float) -> bool:
        """Whether something with this probability happens."""
        return bool(self.rng.random() < share)

    def doubtful(self) -> bool:
        """Whether to use a word that could mean two values."""
        return not self.exact and self.chance(_AMBIGUOUS_SHARE)

    def noun(self, nouns: words.Nouns) -> str:
        """Draw a noun that this variety uses."""
        return self.pick([noun for noun, variety in nouns if variety in ("", self.variety)])

    def claim(
        self, slot: str, value: str | float, certainty: Certainty = "sure", *,
        negated: bool = False, modifier: str = "",
    ) -> None:  # fmt: skip
        """Record that `slot` was said to be `value`."""
        shade: Modifier | None = None
        if modifier:
            shade = "light" if modifier == "light" else "dark"
        self.wishes.append(Wish(slot, value, certainty, negated, None, shade))

    def claim_either(self, slot: str, options: tuple[str, ...], certainty: Certainty) -> None:
        """Record that `slot` was said to be one of several values."""
        self.groups += 1
        self.wishes += [Wish(slot, value, certainty, group=self.groups) for value in options]


def with_article(phrase: str) -> str:
    """Return `phrase` after "a" or "an"."""
    return ("an " if phrase[:1].lower() in "aeiou" else "a ") + phrase


def listed(parts: list[str], last: str = "and") -> str:
    """Join phrases: "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def _colour(voice: Voice, item: Item) -> str:
    """Name the colours and claim them."""
    slot = f"{item.name}.colour"
    if len(item.colours) > 1:
        for colour in item.colours:
            voice.claim(slot, colour, item.certainty)
        return " and ".join(_plain_name(voice, c, fancy=False) for c in item.colours)
    (colour,) = item.colours
    for name, options in words.AMBIGUOUS_COLOURS.items():
        if colour in options and not item.shade and voice.doubtful():
            voice.claim_either(slot, options, item.certainty)
            return name
    named = words.DARK_NAMES if item.shade == "dark" else words.LIGHT_NAMES
    if item.shade and colour in named and voice.chance(0.7):
        voice.claim(slot, colour, item.certainty, modifier=item.shade)
        return _american(voice, voice.pick(named[colour]))
    voice.claim(slot, colour, item.certainty)
    return _plain_name(voice, colour, fancy=voice.chance(0.4))


def _plain_name(voice: Voice, colour: str, *, fancy: bool) -> str:
    names = words.PLAIN_NAMES.get(colour, (colour,))
    return _american(voice, voice.pick(names) if fancy or colour == "multicolour" else colour)


def _american(voice: Voice, text: str) -> str:
    if voice.variety == "us":
        return text.replace("grey", "gray").replace("colour", "color")
    return text


_NOUNS: Final[dict[str, dict[str, words.Nouns]]] = {
    "upper": words.UPPER, "outer": words.UPPER, "lower": words.LOWER, "feet": words.FEET,
    "head": words.HEAD,
}  # fmt: skip


def _noun(voice: Voice, item: Item) -> str:
    """Name the thing and claim its type."""
    if item.name.startswith("carry."):
        voice.claim(item.name, "present", item.certainty, negated=item.absent)
        return voice.noun(words.CARRY[item.kind])
    slot = f"{item.name}.type"
    if item.name == "neck":
        voice.claim(slot, "scarf", item.certainty, negated=item.absent)
        return "scarf"
    if not item.kind:
        return voice.pick(("top", "top", "thing on top") if item.name != "lower" else ("bottoms",))
    if item.name in ("upper", "outer") and voice.doubtful():
        for noun, options in words.AMBIGUOUS.items():
            if item.kind in options and voice.chance(0.5):
                voice.claim_either(slot, options, item.certainty)
                return noun
    voice.claim(slot, item.kind, item.certainty, negated=item.absent)
    return voice.noun(_NOUNS[item.name][item.kind])


def _pattern(voice: Voice, item: Item) -> tuple[str, str]:
    """Return the pattern's words before and after the noun, and claim it."""
    if not item.pattern or item.name not in ("upper", "outer", "lower"):
        return "", ""
    voice.claim(f"{item.name}.pattern", item.pattern, item.certainty)
    said = voice.pick(words.PATTERNS[item.pattern])
    return ("", f" {said}") if said.startswith("with") else (f"{said} ", "")


def noun_phrase(voice: Voice, item: Item, *, article: bool = True, hedge: bool = True) -> str:
    """Say one garment or thing, e.g. "a red and white striped t-shirt", and claim what it says."""
    if item.absent:
        noun = _noun(voice, item)
        return voice.pick((f"no {noun}", f"without {with_article(noun)}"))
    noun = _noun(voice, item)
    colour = f"{_colour(voice, item)} " if item.colours and item.kind != "hood" else ""
    before, after = _pattern(voice, item)
    sleeve = ""
    if item.sleeve and item.name == "upper" and item.kind not in ("vest", "costume"):
        voice.claim("upper.sleeve", item.sleeve, item.certainty)
        sleeve = f"{voice.pick(words.SLEEVES[item.sleeve])} "
    if item.length and item.name == "lower" and item.kind == "skirt":
        voice.claim("lower.length", item.length, item.certainty)
        sleeve = f"{item.length} "
    phrase = f"{sleeve}{colour}{before}{noun}{after}"
    if colour and not before and not after and not sleeve and voice.chance(0.08):
        phrase = f"{noun} in {colour.strip()}"
    return _finished(voice, item, phrase, article=article, hedge=hedge)


def _finished(voice: Voice, item: Item, phrase: str, *, article: bool, hedge: bool) -> str:
    plural = item.name in _PLURAL and item.kind not in {"skirt", ""}
    bottoms = item.name == "lower" and item.kind == ""
    if article and item.kind == "hood":
        phrase = f"the {phrase}" if voice.chance(0.5) else f"with the {phrase}"
    elif article and not plural and not bottoms:
        phrase = with_article(phrase)
    elif article and plural and voice.chance(0.1):
        phrase = f"a pair of {phrase}"
    if item.certainty == "unsure" and hedge:
        return f"{voice.pick(_HEDGES)} {phrase}"
    return f"maybe {phrase}" if item.certainty == "unsure" else phrase


def age_phrase(voice: Voice, who: Portrait) -> str:
    """Say the age in years, e.g. "about six", or "" where it is not told; claims it."""
    if who.years is None:
        return ""
    years = who.years
    if years >= 20:
        if voice.chance(0.5) and not who.wrong and years // 10 in _DECADES:
            own = {"female": "her", "male": "his"}.get(who.sex, "their")
            voice.claim("body.age", who.age or "adult")
            return f"in {own} {_DECADES[years // 10]}"
        years = round(years / 5) * 5
    voice.claim(YEARS_SLOT, years)
    number = _NUMBERS[years] if years < len(_NUMBERS) and voice.chance(0.5) else str(years)
    return voice.pick((f"about {number}", number, f"around {number}", f"{number} years old"))


def person_noun(voice: Voice, who: Portrait, *, official: bool = False) -> str:
    """Say who it is by sex and age band, e.g. "little girl", and claim both."""
    band = who.age or "adult"
    voice.claim("body.age", band)
    if who.sex:
        voice.claim("body.sex", who.sex)
    if official:
        older = {"child": "child", "teen": "teenager", "adult": "adult", "older": "elderly adult"}
        return f"{who.sex} {older[band]}".strip()
    table = {"female": words.FEMALE, "male": words.MALE}.get(who.sex, words.NEUTRAL)
    return voice.pick(table[band])


def looks_phrases(voice: Voice, who: Portrait) -> list[str]:
    """Say build, height and hair, and claim them."""
    parts = []
    if who.build:
        voice.claim("body.build", who.build)
        parts.append(voice.pick(words.BUILD[who.build]))
    if who.height:
        voice.claim("body.height", who.height)
        parts.append(voice.pick(words.HEIGHT[who.height]))
    hair = _hair(voice, who)
    return [*parts, hair] if hair else parts


def _hair(voice: Voice, who: Portrait) -> str:
    if who.hair_length == "bald":
        voice.claim("hair.length", "bald")
        return voice.pick(("bald", "with no hair"))
    said = []
    if who.hair_length:
        voice.claim("hair.length", who.hair_length)
        said.append(who.hair_length)
    if who.hair_colour in words.HAIR_COLOURS:
        voice.claim("hair.colour", who.hair_colour)
        said.append(_american(voice, voice.pick(words.HAIR_COLOURS[who.hair_colour])))
    return f"{' '.join(said)} hair" if said else ""
