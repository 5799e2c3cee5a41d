"""What the reader keeps through a whole text, and what every part of it uses."""

from typing import Final

from reid.describe.ages import height_value
from reid.describe.frames import Frame, Mod, Trait
from reid.describe.grammar.cast import Cast
from reid.describe.grammar.phrase import Phrase
from reid.describe.grammar.sentence import Sentence
from reid.describe.portrait import Reading, finish

BAG_SLOTS: Final = (
    "carry.backpack", "carry.shoulder-bag", "carry.handbag", "carry.plastic-bag",
)  # fmt: skip
QUERIES: Final = frozenset("?？¿")
SHORT_QUERY: Final = 4
"""A question mark after more words than this ends a question, and doubts nothing."""

RECENT: Final = 30
"""How many things back a sentence refers."""


class State:
    """What the reader keeps through a whole text, and what every part of it uses."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        self.items = sentence.items
        self.lexicon = sentence.lexicon
        self.cast = Cast(sentence)
        self.phrase = Phrase()
        self.refused: list[str] = []
        self.unparsed: dict[str, None] = {}
        self.waiting: list[Trait] = []  # traits said before their person
        self.last_trait: Trait | None = None
        self.naming = False  # a name is being said
        self.order = 0
        self.mod_at = -1  # the last item that described something
        self.definite = False  # the last thing was "the …", "her …"
        self.pairs: list[tuple[Frame, Frame]] = []  # things said to be of one colour
        self.spread: list[Mod] = []  # the colour of all that a list names
        self.halved = False  # a garment is described half by half
        self.like: Frame | None = None  # the thing that is to be like the next one
        self.puzzled = False  # the speaker said that he does not know something

    def _finish(self) -> Reading:
        companions = tuple(map(finish, self.cast.companions))
        return Reading(
            finish(self.cast.main), companions, tuple(self.refused), tuple(self.unparsed)
        )

    def _doubt_back(self) -> None:
        """Apply a doubt to what was said just before it."""
        self.phrase.hedge = ""
        newest = self.phrase.newest()
        for mod in newest:
            mod.unsure = True
        if newest:
            return
        if self.last_trait is not None:
            self.last_trait.unsure = True
        elif self.cast.last is not None:
            self.cast.last.unsure = True

    def _flush_traits(self) -> None:
        for trait in self.waiting:
            self._add_trait(trait)
        self.waiting = []

    def _add_trait(self, trait: Trait) -> None:
        if trait.slot == "body.height" and isinstance(trait.values[0], float):
            known = [t.values[0] for t in self.cast.person.traits if t.slot == "body.age_years"]
            years = float(known[-1]) if known else None
            trait.values = (height_value(trait.values[0], self.cast.person.sex, years),)
        if "dunno" not in self.phrase.flags:
            self.cast.person.traits.append(trait)

    def _refuse_kind(self, kind: str) -> None:
        if kind not in self.refused:
            self.refused.append(kind)

    def _left_out(self, text: str) -> None:
        if text:
            self.unparsed[text] = None
