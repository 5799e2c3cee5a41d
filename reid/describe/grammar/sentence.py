"""A sentence as it stands: its items, and what can be told of a place in it without reading on."""

from dataclasses import dataclass
from typing import Final

from reid.describe.frames import Mod
from reid.describe.items import Item
from reid.describe.lexicon import Lexicon

MODS: Final = ("colours", "hair_colours", "shades", "patterns", "sizes", "sleeves")
RACE_COLOURS: Final = frozenset({"black", "white", "brown", "yellow"})
"""Colours that, said of a person and not of clothes, speak of race."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """The items of one description.

    Attributes:
        items: left to right, without gaps.
        lexicon: the words of its language.
    """

    items: tuple[Item, ...]
    lexicon: Lexicon

    def ends_at(self, i: int) -> bool:
        """Whether a phrase ends with the item at `i`."""
        return i + 1 >= len(self.items) or self.items[i + 1].kind == "break"

    def pauses_at(self, i: int, *roles: str) -> bool:
        """Whether a phrase ends with the item at `i`, or one of these words follows it."""
        return self.ends_at(i) or bool(self.items[i + 1].roles & set(roles))

    def asked_at(self, i: int) -> bool:
        """Whether a question mark follows the item at `i`, and another goes before its phrase."""
        following = self.items[i + 1] if i + 1 < len(self.items) else None
        if following is None or following.value not in {"?", "？"}:
            return False
        before = next((x for x in reversed(self.items[:i]) if x.kind == "break"), None)
        return before is not None and before.value in {"?", "？", "¿"}

    def joined_at(self, i: int) -> bool:
        """Whether a phrase set between marks follows an "and" or a "but"."""
        return (
            i > 1
            and self.items[i - 1].kind == "break"
            and bool(self.items[i - 2].roles & {"and", "but"})
        )

    def looks_at(self, i: int) -> bool:
        """Whether a colour or a shade stands here, or an article before one or before a thing."""
        article = i < len(self.items) and "a" in self.items[i].roles
        here = self.items[i + article] if i + article < len(self.items) else None
        wanted = {"colours", "hair_colours", "shades"} | ({"things"} if article else set())
        return here is not None and bool(here.senses.keys() & wanted)

    def clause_of_person(self, i: int) -> bool:
        """Whether what follows only says which person is meant: "在一起的女人"."""
        for j in range(i + 1, min(len(self.items), i + 6)):
            item = self.items[j]
            if "people" in item.senses:
                return self.items[j - 1].text.endswith("的")
            if item.senses or item.kind != "phrase":
                return False
        return False

    def owner_after(self, i: int) -> bool:
        """Whether the thing at `i` is said to be a relative's: "le sac de son amie est rose"."""
        his = False
        for j in range(i + 1, min(len(self.items) - 1, i + 5)):
            item = self.items[j]
            if "people" in item.senses:
                kin = "relation" in item.senses["people"].split()
                return kin and his and "copula" in self.items[j + 1].roles
            if item.senses or item.kind != "phrase" or item.roles & {"copula", "and", "companion"}:
                return False
            his = his or "his" in item.roles
        return False

    def thing_ahead(self, i: int, *, past_colours: bool = False) -> bool:
        """Whether a thing still follows in this phrase, for what describes it to wait for."""
        for item in self.items[i + 1 : i + 5]:
            if "things" in item.senses:
                return True
            if item.kind == "break" or item.roles & {"and", "with", "in", "on", "but", "or"}:
                return False
            if "colours" in item.senses and not past_colours:
                return False
        return False

    def before_thing(self, i: int) -> bool:
        return i + 1 < len(self.items) and "things" in self.items[i + 1].senses

    def between_mods(self, i: int) -> bool:
        sides = self.items[max(0, i - 1) : i] + self.items[i + 1 : i + 2]
        return len(sides) == 2 and all({*MODS, "things"} & item.senses.keys() for item in sides)

    def of_unknown(self, i: int) -> bool:
        """Whether a colour follows a noun that is not known: it is nobody else's.

        A noun, not an adverb: it stands after a break, "and" or an article.
        """
        if i < 2 or self.items[i - 1].kind != "unknown":
            return False
        front = self.items[i - 2]
        named = {"and", "with", "in", "a", "the", "his"}
        return front.kind == "break" or bool(front.roles & named and not front.senses)

    def of_writing(self, i: int) -> bool:
        """Whether a colour that follows its noun is that of the letters or the picture."""
        before = self.items[i - 1] if i and not self.lexicon.before else None
        if before is None:
            return False
        noun = before.senses.get("pattern_nouns") == "graphic"
        return noun or (before.senses.get("patterns") == "graphic" and " " in before.text)

    def of_race(self, i: int, mod: Mod) -> bool:
        """Whether a colour after the word for a person is about them, not about their clothes."""
        if self.lexicon.before or "colours" not in self.items[i].senses or i == 0:
            return False
        named = "people" in self.items[i - 1].senses
        return named and bool(set(mod.values) & RACE_COLOURS)

    def mine(self, i: int) -> int:
        """Return where "my" stands before the person at `i`, or in it ("ma fille"); else -1."""
        if i and "my" in self.items[i - 1].roles:
            return i - 1
        first = self.lexicon.phrases.get((self.items[i].text.split()[0].lower(),))
        return i if first is not None and "my" in first.roles else -1

    def verb_at(self, i: int) -> bool:
        """Whether a verb follows, so that a clause of its own begins."""
        return i < len(self.items) and bool(
            self.items[i].roles & {"finite", "copula"}
            or (self.lexicon.relatives_first and "in" in self.items[i].roles)
        )

    def of_relative(self, i: int, item: Item) -> bool:
        """Whether a clause is about a relative's thing: "dad's jacket is green"."""
        owners = {"his", "my", "the"} | ({"he", "she"} if self.lexicon.relatives_first else set())
        if not item.owns and not self.lexicon.relatives_first:
            return False
        first = i
        while first and self.items[first - 1].roles & owners:
            first -= 1
        before = self.items[first - 1] if first else None
        opens = before is None or before.kind == "break" or bool(before.roles & {"and", "but"})
        if not opens or "relation" not in item.senses["people"].split():
            return False
        thing = False
        for later in self.items[i + 1 : i + 6]:
            if thing:
                return "copula" in later.roles
            if later.kind != "phrase" or later.roles & {"in", "with", "and"}:
                return False
            thing = "things" in later.senses
        return False

    def renamed(self, i: int) -> bool:
        """Whether a companion is named again: "with her nanny, a woman in …"."""
        following = self.items[i + 1 : i + 3]
        if len(following) < 2 or "a" not in following[0].roles:
            return False
        noun = following[1]
        return "people" in noun.senses and "child" not in noun.senses["people"]

    def look_ahead(self, i: int) -> bool:
        """Whether a pattern or a piece follows, colours aside."""
        for item in self.items[i + 1 : i + 4]:
            if item.senses.keys() & {"pattern_nouns", "motifs", "parts"}:
                return True
            if not item.senses.keys() & {"colours", "shades", "sizes"}:
                return False
        return False

    def grown_ahead(self, i: int) -> bool:
        """Whether the next word is somebody who is neither a child nor kin ("a big brother")."""
        following = self.items[i + 1].senses.get("people") if i + 1 < len(self.items) else None
        return following is not None and not {"age=child", "child", "relation"} & set(
            following.split()
        )

    def person_ahead(self, i: int) -> bool:
        return any("people" in item.senses for item in self.items[i + 1 : i + 4])

    def character_ahead(self, i: int) -> bool:
        """Whether "vestida de" goes on with a princess, not with a colour or a garment."""
        for item in self.items[i + 1 : i + 3]:
            if "motifs" in item.senses:
                return "things" not in item.senses
            if item.senses or item.kind != "phrase":
                return False
        return False

    def only_colours_ahead(self, i: int) -> bool:
        """Whether nothing but colours follows in this phrase."""
        coloured = False
        for item in self.items[i + 1 :]:
            if item.kind == "break":
                break
            if not ({"colours", "shades"} & item.senses.keys() or item.roles & {"and", "a", "on"}):
                return False
            coloured = coloured or "colours" in item.senses
        return coloured

    def off_ahead(self, i: int) -> bool:
        """Whether "took her jacket off" ends as it begins."""
        return any(item.text.lower() == "off" for item in self.items[i + 1 : i + 6])

    def of_a_thing(self, i: int, roles: frozenset[str]) -> bool:
        """Whether a word for "he" or "his" is about a thing, or no such word at all.

        "Le manteau, il est rouge"; "die Jacke könnte blau sein", where nothing is owned.
        """
        following = self.items[i + 1] if i + 1 < len(self.items) else None
        if "again" in roles:
            return following is not None and bool({"colours", "shades"} & following.senses.keys())
        owns = roles & {"he_owns", "she_owns"} and not roles & {"he", "she"}
        last_word = following is None or following.kind == "break"
        return bool(owns) and last_word and len(self.items[i].text.split()) == 1

    def continues(self, i: int) -> bool:
        """Whether a comma only separates what describes the same thing ("red, white and blue")."""
        for item in self.items[i + 1 : i + 4]:
            if "or" in item.roles or "and" in item.roles or "hedge" in item.roles:
                continue
            return any(section in item.senses for section in MODS) and "things" not in item.senses
        return False

    def list_goes_on(self, i: int) -> bool:
        """Whether "no hat, gloves or scarf" still denies after its comma."""
        for item in self.items[i + 1 : i + 12]:
            if "or" in item.roles:
                return True
            if item.kind == "break" and not item.is_hard():
                continue
            if "things" not in item.senses:
                return False
        return False
