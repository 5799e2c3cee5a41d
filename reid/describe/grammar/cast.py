"""Who is spoken of: the person sought, their companions, the speaker; and which thing of theirs."""

from typing import Final

from reid.describe.frames import Frame, Person
from reid.describe.grammar.sentence import Sentence
from reid.describe.items import Item

MOST_COMPANIONS: Final = 20
"""More people than this are not told apart."""


class Cast:
    """The people of one description, and of whom and what it is speaking.

    Attributes:
        main: the person sought; `companions` the others.
        person: of whom it is speaking.
        last: the last thing of that person, in this sentence; `previous` that of the one before.
        segment: their things since the last comma.
        latest: the last thing of anybody.
        belonging: the thing that "belongs to" whoever is named next.
        said: the sex that "he" or "her" spoke of.
        trigger: the item that announced a companion.
        opened: a companion's description has begun.
        topic: the companion is what the whole sentence is about.
        begun: somebody or something was named in this sentence.
        renamed: the next name is another one for the same companion.
        owned: the next name is of somebody's ("his mum").
        nobody: somebody who is not meant.
        skipped: an item that has been read already.
    """

    def __init__(self, sentence: Sentence) -> None:
        self.sentence, self.items, self.lexicon = sentence, sentence.items, sentence.lexicon
        self.main = Person()
        self.companions: list[Person] = []
        self.person = self.main
        self.last: Frame | None = None
        self.previous: Frame | None = None
        self.segment: list[Frame] = []
        self.latest: Frame | None = None
        self.belonging: Frame | None = None
        self.said: str | None = None
        self.trigger: int | None = None
        self.opened = self.topic = self.begun = self.renamed = self.owned = False
        self.nobody: Person | None = None
        self.skipped = -1

    def after_kin(self, i: int, facts: dict[str, str]) -> bool:
        """Whether "the dad is in black but my nephew …" turns from the dad to the one sought."""
        main = self.main
        if facts.get("age") in {"adult", "older"} or self.person is not main or i < 1:
            return False
        child = "child" in self.items[i].senses["people"].split()
        if main.kin and (child or facts.get("age") == "child") and self.turns_to(i):
            return True
        first = self.sentence.mine(i)
        before = self.items[first - 1] if first else None
        if first < 0 or before is None or self.trigger not in {None, first - 1}:
            return False
        if not (before.kind == "break" or before.roles & {"but", "and"}):
            return False
        if child and main.named and main.frames and self.sentence.verb_at(i + 1):
            return True  # "I saw a man in green, my son is in red"
        return main.kin and not any("seen" in x.roles for x in self.items[:i])

    def turns_to(self, i: int) -> bool:
        """Whether "the mother wears a red skirt, the boy has …" turns to the child."""
        first = i
        while first and self.items[first - 1].roles & {"a", "the"}:
            first -= 1
        definite = first < i or self.lexicon.relatives_first
        before = self.items[first - 1] if first else None
        return (
            definite
            and before is not None
            and before.kind == "break"
            and bool(self.main.frames)
            and (self.sentence.verb_at(i + 1) or self.sentence.looks_at(i + 1))
        )

    def seek_another(self, i: int) -> None:
        """Make the one spoken of so far a companion of the one named now."""
        main = self.main
        first = i
        while first > 1 and self.items[first - 1].roles & {"a", "the", "my"}:
            first -= 1
        main.stop = self.items[first - 1].start
        self.companions.append(main)
        self.main = self.person = Person()
        self.last, self.previous, self.segment, self.said = None, None, [], None

    def seek(self, person: Person) -> None:
        """Read "the girl we want": she is sought, and who was spoken of so far is not."""
        main = self.main
        if person is not main and person in self.companions:
            self.companions.remove(person)
            main.stop = person.start
            self.companions.append(main)
            self.main = person

    def who(self, i: int, sex: str | None, *, relation: bool) -> Person:
        main, companions = self.main, self.companions
        if self.renamed:
            self.renamed = False
            return self.person
        if self.lexicon.relatives_first and self.person is not main and not self.person.named:
            return self.person
        fresh = not main.named and not main.frames and self.said is None
        fresh = fresh and not (self.items[i].owns and self.sentence.of_relative(i, self.items[i]))
        spoken = i > 0 and bool(self.items[i - 1].roles & {"he", "she"})  # 他妈妈: his mum
        if self.again_named(i, sex):
            self.trigger = None
            return main
        for known in companions if relation and self.trigger is None else ():
            if known.called == self.items[i].text:
                return known  # "with his dad, dad has a red coat"
        owned = self.owned or (self.lexicon.relatives_first and relation and spoken)
        same = fresh or not main.named or sex is None or main.sex in {None, sex}
        if self.trigger is None and not owned and not (relation and not fresh) and same:
            return main
        if self.trigger is None:
            for known in companions:
                if known.sex == sex:
                    return known
        if len(companions) >= MOST_COMPANIONS:
            return companions[-1]
        companion = Person(start=self.phrase_start(i), beside=self.trigger is not None)
        companions.append(companion)
        return companion

    def again_named(self, i: int, sex: str | None) -> bool:
        """Whether the one sought is named again after "and": "and my son has a purple one"."""
        main, item = self.main, self.items[i]
        if self.trigger is None or "and" not in self.items[self.trigger].roles:
            return False
        if not main.named and item.owns and self.person is main:
            return True  # "black rucksack and the boy's hoodie is orange"
        child = "child" in item.senses["people"].split()
        return child and main.child and main.sex == sex and self.sentence.verb_at(i + 1)

    def phrase_start(self, i: int) -> int:
        while i > 0 and self.items[i - 1].roles & {"his", "his_owns", "a", "my"}:
            i -= 1
        start = self.items[i].start
        if self.trigger is not None and self.trigger + 1 <= i:
            start = self.items[self.trigger + 1].start
        return start

    def enter(self, person: Person, i: int) -> None:
        if person is not self.person:
            clause = self.lexicon.relatives_first and i > 0 and self.items[i - 1].kind == "break"
            about = person is not self.main and (not self.begun or clause)
            self.opened = self.topic = about
            self.last = None
            self.segment = []
        self.person = person
        self.owned = False

    def return_to_main_for_things(self) -> None:
        """A thing after "with his mum and" is his, unless her description has begun."""
        if self.person is not self.main and not self.opened:
            self.go_home()

    def go_home(self) -> None:
        self.person = self.main
        self.opened = self.topic = False
        self.segment = []
        self.last = self.person.frames[-1] if self.person.frames else None

    def leave_companion(self, i: int, *, hard: bool) -> None:
        if self.person is self.main:
            return
        following = self.items[i + 1 : i + 2]
        if self.topic and not hard:
            return
        if not hard and not self.person.frames and self.sentence.renamed(i):
            self.renamed = True
            return
        if not hard and any(
            "relative" in item.roles or ("in" in item.roles and not self.opened)
            for item in following
        ):
            self.opened = True
            return
        self.go_home()

    def just_denied(self) -> bool:
        """Whether the last thing of this phrase is one that there is not."""
        return self.last is not None and self.last.negated and self.segment[-1:] == [self.last]

    def end(self, i: int, *, hard: bool, continues: bool) -> None:
        """End a phrase with the break at `i`, or (`hard`) the whole sentence."""
        if not continues:
            self.segment = []
        self.leave_companion(i, hard=hard)
        if hard:
            self.previous, self.last, self.begun = self.last, None, False
        self.trigger, self.owned = None, False

    def introduce(self, i: int) -> None:
        """Start a companion whose clothes are said before the word for them."""
        self.trigger = None
        ahead = self.items[i + 1 : i + 12]
        if ahead and ahead[0].roles & {"he", "she"} and self.sentence.clause_of_person(i + 1):
            self.said = "male" if "he" in ahead[0].roles else "female"
            self.skipped = i + 1  # "和他在一起的女人": the woman is beside him
        elif not ahead or not (
            ahead[0].roles & {"a", "his", "his_owns", "in"} or "people" in ahead[0].senses
        ):
            return
        for item in ahead:
            if item.kind == "break":
                return
            if "people" in item.senses:
                companion = Person(start=ahead[0].start, beside=True)
                self.companions.append(companion)
                self.enter(companion, i)
                self.opened = True
                return

    def swap(self, i: int) -> None:
        """In "the lady who was with him …" the lady is the companion, and he is sought."""
        main, following = self.main, self.items[i + 1 : i + 2]
        if self.items[i].roles & {"and", "but"}:
            return  # "my brother is 13 and he's in red": one and the same
        spoken = any(item.roles & {"he", "she", "they", "she_owns"} for item in following)
        bare = all(frame.regions[0].startswith("carry") for frame in main.frames)
        alone = self.person is main and main.named and bare
        ends = any(not item.senses for item in self.items[i + 2 : i + 3])
        if spoken and alone and ends and not self.companions:
            self.skipped = i + 1
            self.opened = True
            self.main = Person(sex="female" if "she" in following[0].roles else None)
            if "he" in following[0].roles:
                self.main.sex = "male"
            self.companions.append(main)
            self.trigger, self.said, self.topic = None, self.main.sex, True

    def pronoun(self, i: int, sex: str) -> None:
        main = self.main
        if self.with_pronoun(i):
            self.trigger = None  # "the friend with him": he is named, and not spoken of
            return
        if self.beside_only(i):
            self.go_home()
            return
        anew = self.said == sex and i > 0 and self.items[i - 1].kind == "break"
        if self.topic and self.person.sex == sex and not (anew and self.person.frames):
            return
        theirs = any(companion.sex == sex for companion in self.companions)
        known = main.sex or self.said
        if known == sex or (known is None and not theirs):
            if self.person is not main:
                self.go_home()
            return
        for companion in reversed(self.companions):
            if companion.sex == sex:
                self.enter(companion, 0)
                self.opened = True
                return

    def beside_only(self, i: int) -> bool:
        """Whether "mit ihrer Oma (grauer Mantel), sie hat …" turns to the one who is with her."""
        main, person = self.main, self.person
        if person is main or not person.beside or not person.frames:
            return False
        new = i > 0 and self.items[i - 1].kind == "break"
        return new and not main.named and not main.frames and main.sex is None

    def with_pronoun(self, i: int) -> bool:
        """Whether a pronoun only says with whom: "the friend with him"."""
        if self.trigger is None or self.trigger != i - 1 or self.lexicon.relatives_first:
            return False
        return not self.items[i - 1].roles & {"and", "but"}

    def own_verb(self, i: int) -> bool:
        """Whether "and wore" goes on about the one sought: "with a man in grey and wore …"."""
        person, main = self.person, self.main
        if person is main or not person.frames or not i:
            return False
        told = any("relative" in x.roles for x in self.items[:i] if x.start >= person.start)
        # "the girl next to the woman in white has a purple top"
        bare = (
            main.named and not main.frames and not self.topic and self.items[i - 1].kind != "break"
        )
        return ("and" in self.items[i - 1].roles or bare) and not told

    def speaker(self, i: int) -> None:
        """Keep what the speaker says of himself apart."""
        person = Person(start=self.items[i].start, stop=self.items[i].stop)
        following = self.items[i + 1 : i + 2]
        if any("in" in item.roles for item in following) or "in" in self.items[i].roles:
            self.companions.append(person)
            self.enter(person, i)
            self.opened = True

    def the_child(self, i: int, item: Item) -> bool:
        meaning = item.senses["people"].split()
        free = not self.main.named and self.person is self.main
        before = self.items[i - 1] if i else None
        the = before is None or before.kind == "break" or "the" in before.roles
        alone = self.trigger is None or "and" in self.items[self.trigger].roles
        return free and the and alone and "age=child" in meaning and "relation" not in meaning

    def is_person(self, i: int, item: Item, *, spoken_of: bool) -> bool:
        """Tell "m" the man from "m" the letter, and "mum's bag" from mum."""
        if i + 1 < len(self.items) and "says" in self.items[i + 1].roles:
            return False  # "mum says": she speaks, and is not spoken of
        if item.owns and (
            self.the_child(i, item) or spoken_of or self.sentence.of_relative(i, item)
        ):
            return True  # "the girl's jacket is pink", "the bag is the mother's"
        if item.owns and i + 1 < len(self.items):
            following = self.items[i + 1]
            if "clasped" in following.roles and self.trigger is not None:
                return True  # "holding her grandad's hand": he is there himself
            verb = {"in", "with", "copula", "about", "aged", "seen", "no", "opens", "hedge",
                    "companion"}  # fmt: skip
            return bool(following.roles & verb) or following.kind in {"age", "number", "height"}
        if len(item.text) == 1:
            near = self.items[max(0, i - 1) : i] + self.items[i + 1 : i + 2]
            return i == 0 or any(other.kind in {"age", "number"} for other in near)
        return True

    def somebody_else(self, i: int) -> None:
        """Leave out what is said of one who is not meant: "not the one in green"."""
        self.nobody = Person(start=self.items[i].start)
        self.enter(self.nobody, i)
        self.opened = True

    def hear_sex(self, i: int, roles: frozenset[str]) -> None:
        """Note what "he" or "her" says of the person described."""
        if self.person is not self.main or self.sentence.of_a_thing(i, roles):
            return
        main, companions = self.main, self.companions
        for role, sex in (("he", "male"), ("she", "female")):
            theirs = main.sex is None and any(known.sex == sex for known in companions)
            if {role, role + "_owns"} & roles and not theirs:
                self.said = self.said or sex

    def hand_over(self, person: Person, i: int) -> None:
        """Enter a person, and give them what "belongs to his dad" and "the bag of her friend"."""
        frame, self.belonging = self.belonging, None
        theirs = frame is not None and person is not self.person and frame in self.person.frames
        if frame is not None and theirs:
            self.person.frames.remove(frame)
            person.frames.append(frame)
        self.enter(person, i)
        if frame is not None and theirs:
            self.last, self.segment = frame, [frame]
            self.opened = self.topic = True
        elif person is not self.main and self.sentence.of_relative(i, self.items[i]):
            self.opened = self.topic = True  # "her friend's bag is pink"

    def theirs(self, i: int, frame: Frame | None) -> bool:
        """Read "the handbag is the mother's": the thing spoken of is a companion's."""
        ends = self.sentence.ends_at(i)
        if frame is None or not ends or frame not in self.person.frames:
            return False
        owner = Person(start=self.items[i].start, stop=self.items[i].stop, frames=[frame])
        self.person.frames.remove(frame)
        self.companions.append(owner)
        self.last, self.segment = None, []
        return True
