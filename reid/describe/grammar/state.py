"""What the reader knows at a word, and small looks around it."""

from dataclasses import dataclass, field
from typing import Final

from reid.describe.ages import height_value
from reid.describe.frames import Frame, Mod, Person, Trait
from reid.describe.grammar.sentence import Sentence
from reid.describe.portrait import Reading, finish

BAG_SLOTS: Final = (
    "carry.backpack", "carry.shoulder-bag", "carry.handbag", "carry.plastic-bag",
)  # fmt: skip
SHORT_QUERY: Final = 4
"""A question mark after more words than this ends a question, and doubts nothing."""

RECENT: Final = 30
"""How many things back a sentence refers."""

MOST_COMPANIONS: Final = 20
"""More people than this are not told apart."""


@dataclass(slots=True)
class Draft:
    """What has been read so far: people, kinds of trait refused, and what was not understood."""

    main: Person = field(default_factory=Person)
    companions: list[Person] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unparsed: dict[str, None] = field(default_factory=dict)

    def finish(self) -> Reading:
        """Return what was read, final."""
        companions = tuple(map(finish, self.companions))
        return Reading(finish(self.main), companions, tuple(self.refused), tuple(self.unparsed))


class State:
    """What the reader knows at a word, and small looks around it."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        self.items = sentence.items
        self.lexicon = sentence.lexicon
        self.reading = Draft()
        self.person = self.reading.main
        self.pending: list[Mod] = []
        self.waiting: list[Trait] = []  # traits said before their person
        self.last: Frame | None = None  # the last thing of the current person, this sentence
        self.last_trait: Trait | None = None
        self.predicate: Frame | None = None  # the thing that "is", "was" speaks of
        self.predicated: list[Mod] = []
        self.segment: list[Frame] = []  # things since the last comma
        self.flags: set[str] = set()  # words whose effect lasts to the end of a phrase
        self.hedge = ""  # "", "mod", "narrow" or "wide"
        self.noun_first = False
        self.opened = False  # a companion's description has begun
        self.trigger: int | None = None  # the item that announced a companion
        self.previous: Frame | None = None  # the last thing of the sentence before
        self.naming = False  # a name is being said
        self.order = 0
        self.said: str | None = None  # the sex that "he" or "her" spoke of
        self.mod_at = -1  # the last item that described something
        self.renamed = False  # the next name is another one for the same companion
        self.skipped = -1  # an item that has already been read
        self.begun = False  # somebody or something was named in this sentence
        self.topic = False  # the companion is what the whole sentence is about
        self.definite = False  # the last thing was "the …", "her …"
        self.nobody: Person | None = None  # somebody who is not meant
        self.pairs: list[tuple[Frame, Frame]] = []  # things said to be of one colour
        self.spread: list[Mod] = []  # the colour of all that a list names
        self.halved = False  # a garment is described half by half
        self.worn = ""  # how the bag that follows is worn
        self.like: Frame | None = None  # the thing that is to be like the next one
        self.latest: Frame | None = None  # the last thing of anybody
        self.belonging: Frame | None = None  # the thing that "belongs to" whoever follows
        self.puzzled = False  # the speaker said that he does not know something
        self.told = False  # the phrase before said what a thing is like ("her coat is red")

    def _unsure(self) -> bool:
        return self.hedge in {"narrow", "wide", "mod"}

    def _doubt_back(self) -> None:
        """Apply a doubt to what was said just before it."""
        self.hedge = ""
        if self.pending:
            for mod in self.pending:
                mod.unsure = True
        elif self.predicated:
            for mod in self.predicated:
                mod.unsure = True
        elif self.last_trait is not None:
            self.last_trait.unsure = True
        elif self.last is not None:
            self.last.unsure = True

    def _flush_traits(self) -> None:
        for trait in self.waiting:
            self._add_trait(trait)
        self.waiting = []

    def _add_trait(self, trait: Trait) -> None:
        if trait.slot == "body.height" and isinstance(trait.values[0], float):
            known = [t.values[0] for t in self.person.traits if t.slot == "body.age_years"]
            years = float(known[-1]) if known else None
            trait.values = (height_value(trait.values[0], self.person.sex, years),)
        if "dunno" not in self.flags:
            self.person.traits.append(trait)

    def _refuse_kind(self, kind: str) -> None:
        if kind not in self.reading.refused:
            self.reading.refused.append(kind)

    def _left_out(self, text: str) -> None:
        if text:
            self.reading.unparsed[text] = None
