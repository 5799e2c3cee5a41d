"""Tokens → items: the longest known phrase at each place, with what it may mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from reid.describe.lexicon import NO_ROLES, Entry, Lexicon
from reid.describe.spelling import correct
from reid.describe.tokens import LONGEST_WORD, Token

HARD: Final = frozenset(".!;\n|。！；…")
LONGEST_NUMBER: Final = 12
"""Digits of a number that can be an age, a height or a time; more are somebody's telephone."""

_EMPTY: Final = Entry()


@dataclass(frozen=True, slots=True)
class Item:
    """One phrase of the text.

    Attributes:
        kind: "phrase" (known), "unknown", "number", "break", "gap" (already used elsewhere), or
            what an earlier pass made of it ("age", "height").
        senses: section of the lexicon → meaning.
        roles: what it does in a sentence.
        start, stop: token span.
        text: as written.
        value: the number; or for a break its mark.
        glued: joined to the item before by a hyphen.
        owns: possessive.
        denied: a look or a thing that the description rules out ("anything but blue", "lost her
            hat").
    """

    kind: str
    start: int
    stop: int
    text: str
    senses: Mapping[str, str] = field(default_factory=dict)
    roles: frozenset[str] = NO_ROLES
    value: float | str | None = None
    glued: bool = False
    owns: bool = False
    denied: bool = False

    def used(self) -> "Item":
        """Return the gap that stands where an item has been read already."""
        return replace(self, kind="gap", senses={}, roles=NO_ROLES)

    def is_hard(self) -> bool:
        """Whether a sentence ends here."""
        return self.kind == "break" and self.value in HARD


def itemise(tokens: list[Token], lexicon: Lexicon, text: str) -> list[Item]:
    """Return the items of a text, left to right, without gaps."""
    lemmas = [_lemma(token.norm, lexicon) for token in tokens]
    items: list[Item] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        length, entry = _longest(tokens, lemmas, i, lexicon)
        number = _number(token.norm, lexicon)
        if length > 1 and "number" in entry.roles:
            number = _phrase_number(tokens[i : i + length], lexicon)
        span = text[token.start : tokens[i + max(1, length) - 1].stop]
        if number is not None and (length <= 1 or "number" in entry.roles):
            width = length
            if length <= 1:
                width, number = _tens(tokens, i, number, lexicon)
            span = text[token.start : tokens[i + width - 1].stop]
            items.append(Item("number", i, i + width, span, entry.senses, entry.roles,
                              number, token.glued))  # fmt: skip
            length = width
        elif length:
            last = tokens[i + length - 1]
            items.append(Item("phrase", i, i + length, span, entry.senses, entry.roles,
                              None, token.glued, last.owns))  # fmt: skip
        elif token.norm == "." and i and tokens[i - 1].norm in lexicon.abbreviations:
            length = 1
        elif not token.norm[:1].isalnum():
            items.append(Item("break", i, i + 1, token.text, value=token.text))
            length = 1
        else:
            items.extend(_years_in(token, i, lexicon) or [_unknown(token, i, lexicon)])
            length = 1
        i += length
    return items


def _lemma(word: str, lexicon: Lexicon) -> str:
    return lexicon.lemma(word) or correct(word, lexicon) or word


def _longest(tokens: list[Token], lemmas: list[str], i: int, lexicon: Lexicon) -> tuple[int, Entry]:
    """Return the longest phrase at `i`: as written, in dictionary forms, or in the plural."""
    longest = max(lexicon.longest.get(tokens[i].norm, 0), lexicon.longest.get(lemmas[i], 0))
    stem = lexicon.stem(tokens[i].norm)
    if stem is not None:
        longest = max(longest, lexicon.longest.get(stem, 0))
    for length in range(min(longest, len(tokens) - i), 0, -1):
        plain = tuple(token.norm for token in tokens[i : i + length])
        entry = lexicon.phrases.get(plain) or lexicon.phrases.get(tuple(lemmas[i : i + length]))
        if entry is None:
            last = lexicon.stem(plain[-1]) or plain[-1]
            stems = tuple(_uninflected(word, lexicon) for word in plain)
            entry = lexicon.phrases.get((*plain[:-1], last)) or lexicon.phrases.get(stems)
        if entry is not None:
            return length, entry
    return 0, _EMPTY


def _uninflected(word: str, lexicon: Lexicon) -> str:
    """Return a word's dictionary form; a small word is its own ("his top" are no hi tops)."""
    entry = lexicon.phrases.get((word,))
    return word if entry is not None and not entry.senses else lexicon.stem(word) or word


def _number(word: str, lexicon: Lexicon) -> float | None:
    if word[:1].isdigit():
        try:
            return float(word.replace(",", ".")) if len(word) <= LONGEST_NUMBER else None
        except ValueError:
            return None
    return lexicon.numbers.get(word)


def _phrase_number(tokens: list[Token], lexicon: Lexicon) -> float | None:
    words = [token.norm for token in tokens]
    return lexicon.numbers.get(" ".join(words), lexicon.numbers.get("".join(words)))


def _tens(tokens: list[Token], i: int, number: float, lexicon: Lexicon) -> tuple[int, float]:
    """Join "twenty" and "two", and the digits of the radio's "one-four"."""
    if tokens[i].norm in lexicon.tens and i + 1 < len(tokens):
        ones = lexicon.numbers.get(tokens[i + 1].norm, 0)
        if 0 < ones < 10:
            return 2, number + ones
    spoken = 1 <= number < 10 and not tokens[i].text.isdigit() and lexicon.language == "en"
    if spoken and i + 1 < len(tokens) and tokens[i + 1].glued:
        digit = lexicon.numbers.get(tokens[i + 1].norm, 10)
        if digit < 10 and digit != number + 1:  # "six-seven" is six or seven
            return 2, 10 * number + digit
    return 1, number


def _years_in(token: Token, i: int, lexicon: Lexicon) -> list[Item]:
    """Read "siebenjähriges" as a number and the word for years."""
    for cut in range(3, len(token.norm[:LONGEST_WORD]) - 3) if lexicon.compounds else ():
        number, rest = lexicon.numbers.get(token.norm[:cut]), token.norm[cut:]
        entry = lexicon.phrases.get((lexicon.lemma(rest) or rest,))
        if number is not None and entry is not None and "age" in entry.roles:
            age = Item("phrase", i, i + 1, token.text, {}, entry.roles)
            return [Item("number", i, i + 1, token.text, value=number), age]
    return []


def _unknown(token: Token, i: int, lexicon: Lexicon) -> Item:
    item = Item("unknown", i, i + 1, token.text, glued=token.glued)
    if lexicon.compounds and len(token.norm) <= LONGEST_WORD:
        item = _compound(token, item, lexicon)
    return item


def _compound(token: Token, item: Item, lexicon: Lexicon) -> Item:
    """Read a German compound by its last part: a Regenjacke is a Jacke."""
    word = token.norm
    for cut in range(2, len(word) - 3):
        forms = (word[cut:], lexicon.stem(word[cut:]))
        entry = next((lexicon.phrases[f,] for f in forms if f and (f,) in lexicon.phrases), None)
        if entry is None or not {"things", "colours", "people", "parts"} & entry.senses.keys():
            continue
        senses = dict(entry.senses)
        front = word[:cut].removesuffix("s")
        modifier = lexicon.lemma(front) or lexicon.lemma(word[:cut])
        before = lexicon.phrases.get((modifier,)) if modifier else None
        if before is not None:
            for section in ("shades", "colours", "patterns", "motifs", "sizes"):
                if section in before.senses:
                    senses["front " + section] = before.senses[section]
        return replace(item, kind="phrase", senses=senses, roles=entry.roles)
    return item
