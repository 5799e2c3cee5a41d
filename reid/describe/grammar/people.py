"""Who is spoken of: the person sought, their companions, the speaker."""

from reid.describe.frames import Mod, Person, Trait
from reid.describe.grammar.describing import Describing
from reid.describe.grammar.sentence import RACE_COLOURS
from reid.describe.grammar.state import MOST_COMPANIONS
from reid.describe.items import Item


class Naming(Describing):
    """Who is spoken of: the person sought, their companions, the speaker."""

    def _person(self, i: int, item: Item) -> None:
        if item.owns and self._theirs(i):
            return
        if self.pending and "in" in self.flags and self._and_since(i):
            self._attach_back()  # "her mother in white and her father in black"
        meaning = item.senses["people"].split()
        facts = dict(part.split("=") for part in meaning if "=" in part)
        relation = "relation" in meaning
        mods, self.pending = self.pending, []
        if self._after_kin(i, facts):
            self._seek_another(i)
        person = self._who(i, facts.get("sex"), relation=relation)
        self._hand_over(person)
        self._enter(person, i)
        for mod in mods:
            self._mod_of_person(mod)
        for slot, value in facts.items():
            self._add_trait(Trait(f"body.{slot}", (value,), self.hedge in {"narrow", "wide"}))
        if "child" in meaning and "age" not in facts:  # "my son": most likely, not surely, a child
            self._add_trait(Trait("body.age", ("child",), unsure=True, weak=True))
        if "sex" in facts:
            person.sex = facts["sex"]
        for trait in self.waiting:
            self._add_trait(trait)
        self.waiting = []
        person.named, person.kin = True, relation
        person.child = person.child or "child" in meaning
        if self.trigger is None and person is not self.reading.main:
            # "the boy had a hoodie, the girl a cardigan": hers, without a verb
            self.opened |= any("a" in item.roles for item in self.items[i + 1 : i + 2])
        self.trigger = None
        if self.hedge == "narrow":
            self.hedge = ""
        self.flags -= {"no", "or"}

    def _theirs(self, i: int) -> bool:
        """Read "the handbag is the mother's": the thing spoken of is a companion's."""
        frame = self.predicate
        ends = self.sentence.ends_at(i)
        if frame is None or not ends or frame not in self.person.frames:
            return False
        owner = Person(start=self.items[i].start, stop=self.items[i].stop, frames=[frame])
        self.person.frames.remove(frame)
        self.reading.companions.append(owner)
        self.last, self.predicate, self.segment = None, None, []
        return True

    def _and_since(self, i: int) -> bool:
        """Whether an "and" stands between the last look and the item at `i`."""
        return any("and" in item.roles for item in self.items[self.mod_at + 1 : i])

    def _hand_over(self, person: Person) -> None:
        """Give "the jacket belongs to his dad" to the dad."""
        frame, self.belonging = self.belonging, None
        if frame is not None and person is not self.person and frame in self.person.frames:
            self.person.frames.remove(frame)
            person.frames.append(frame)

    def _after_kin(self, i: int, facts: dict[str, str]) -> bool:
        """Whether "the dad is in black but my nephew …" turns from the dad to the one sought."""
        main = self.reading.main
        if facts.get("age") in {"adult", "older"} or self.person is not main or i < 1:
            return False
        if main.kin and facts.get("age") == "child" and self._turns_to(i):
            return True
        first = self.sentence.mine(i)
        before = self.items[first - 1] if first else None
        if first < 0 or before is None or self.trigger not in {None, first - 1}:
            return False
        if not (before.kind == "break" or before.roles & {"but", "and"}):
            return False
        child = "child" in self.items[i].senses["people"].split()
        if child and main.named and main.frames and self.sentence.verb_at(i + 1):
            return True  # "I saw a man in green, my son is in red"
        return main.kin and not any("seen" in x.roles for x in self.items[:i])

    def _turns_to(self, i: int) -> bool:
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
            and bool(self.reading.main.frames)
            and self.sentence.verb_at(i + 1)
        )

    def _seek_another(self, i: int) -> None:
        """Make the one spoken of so far a companion of the one named now."""
        main = self.reading.main
        first = i
        while first > 1 and self.items[first - 1].roles & {"a", "the", "my"}:
            first -= 1
        main.stop = self.items[first - 1].start
        self.reading.companions.append(main)
        self.reading.main = self.person = Person()
        self.last, self.previous, self.segment, self.said = None, None, [], None

    def _seek(self, person: Person) -> None:
        """Read "the girl we want": she is sought, and who was spoken of so far is not."""
        main = self.reading.main
        if person is not main and person in self.reading.companions:
            self.reading.companions.remove(person)
            main.stop = person.start
            self.reading.companions.append(main)
            self.reading.main = person

    def _who(self, i: int, sex: str | None, *, relation: bool) -> Person:
        main, companions = self.reading.main, self.reading.companions
        if self.renamed:
            self.renamed = False
            return self.person
        if self.lexicon.relatives_first and self.person is not main and not self.person.named:
            return self.person
        fresh = not main.named and not main.frames and self.said is None
        fresh = fresh and not (self.items[i].owns and self.sentence.of_relative(i, self.items[i]))
        spoken = i > 0 and bool(self.items[i - 1].roles & {"he", "she"})  # 他妈妈: his mum
        if self._again_named(i, sex):
            self.trigger = None
            return main
        owned = "his" in self.flags or (self.lexicon.relatives_first and relation and spoken)
        same = fresh or not main.named or sex is None or main.sex in {None, sex}
        if self.trigger is None and not owned and not (relation and not fresh) and same:
            return main
        if self.trigger is None:
            for known in companions:
                if known.sex == sex:
                    return known
        if len(companions) >= MOST_COMPANIONS:
            return companions[-1]
        companion = Person(start=self._phrase_start(i))
        companions.append(companion)
        return companion

    def _again_named(self, i: int, sex: str | None) -> bool:
        """Whether the one sought is named again after "and": "and my son has a purple one"."""
        main, item = self.reading.main, self.items[i]
        if self.trigger is None or "and" not in self.items[self.trigger].roles:
            return False
        if not main.named and item.owns and self.person is main:
            return True  # "black rucksack and the boy's hoodie is orange"
        child = "child" in item.senses["people"].split()
        return child and main.child and main.sex == sex and self.sentence.verb_at(i + 1)

    def _phrase_start(self, i: int) -> int:
        while i > 0 and self.items[i - 1].roles & {"his", "his_owns", "a", "my"}:
            i -= 1
        start = self.items[i].start
        if self.trigger is not None and self.trigger + 1 <= i:
            start = self.items[self.trigger + 1].start
        return start

    def _enter(self, person: Person, i: int) -> None:
        if person is not self.person:
            clause = self.lexicon.relatives_first and i > 0 and self.items[i - 1].kind == "break"
            about = person is not self.reading.main and (not self.begun or clause)
            self.opened = self.topic = about
            self.last = None
            self.segment = []
        self.person = person
        self.flags.discard("his")

    def _mod_of_person(self, mod: Mod) -> None:
        if mod.negated and mod.kind in {"colour", "pattern"}:
            self._thing_of("upper", [mod])  # "没穿黑色的女人"
        elif mod.kind == "colour" and set(mod.values) & RACE_COLOURS and "in" not in self.flags:
            self._refuse_kind("race")
        elif mod.kind == "colour" and not mod.values:
            self._thing_of("hair", [mod])
        elif mod.kind == "size" and mod.values == ("short",):
            self._add_trait(Trait("body.height", ("short",), mod.unsure))
        elif mod.kind != "denim":
            self._left_out(mod.text)

    def _return_to_main_for_things(self) -> None:
        """A thing after "with his mum and" is his, unless her description has begun."""
        if self.person is not self.reading.main and not self.opened:
            self._go_home()

    def _go_home(self) -> None:
        self.person = self.reading.main
        self.opened = self.topic = False
        self.last = self.person.frames[-1] if self.person.frames else None

    def _leave_companion(self, i: int, *, hard: bool) -> None:
        if self.person is self.reading.main:
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
        self._go_home()

    def _introduce(self, i: int) -> None:
        """Start a companion whose clothes are said before the word for them."""
        self.trigger = None
        ahead = self.items[i + 1 : i + 12]
        if not ahead or not (
            ahead[0].roles & {"a", "his", "his_owns", "in"} or "people" in ahead[0].senses
        ):
            return
        for item in ahead:
            if item.kind == "break":
                return
            if "people" in item.senses:
                companion = Person(start=ahead[0].start)
                self.reading.companions.append(companion)
                self._enter(companion, i)
                self.opened = True
                return

    def _swap(self, i: int) -> None:
        """In "the lady who was with him …" the lady is the companion, and he is sought."""
        main, following = self.reading.main, self.items[i + 1 : i + 2]
        if self.items[i].roles & {"and", "but"}:
            return  # "my brother is 13 and he's in red": one and the same
        spoken = any(item.roles & {"he", "she", "they", "she_owns"} for item in following)
        bare = all(frame.regions[0].startswith("carry") for frame in main.frames)
        alone = self.person is main and main.named and bare
        ends = any(not item.senses for item in self.items[i + 2 : i + 3])
        if spoken and alone and ends and not self.reading.companions:
            self.skipped = i + 1
            self.opened = True
            self.reading.main = Person(sex="female" if "she" in following[0].roles else None)
            if "he" in following[0].roles:
                self.reading.main.sex = "male"
            self.reading.companions.append(main)
            self.trigger, self.said, self.topic = None, self.reading.main.sex, True

    def _pronoun(self, i: int, sex: str) -> None:
        main = self.reading.main
        if self._with_pronoun(i):
            self.trigger = None  # "the friend with him": he is named, and not spoken of
            return
        anew = self.said == sex and i > 0 and self.items[i - 1].kind == "break"
        if self.topic and self.person.sex == sex and not (anew and self.person.frames):
            return
        theirs = any(companion.sex == sex for companion in self.reading.companions)
        known = main.sex or self.said
        if known == sex or (known is None and not theirs):
            if self.person is not main:
                self._go_home()
            return
        for companion in reversed(self.reading.companions):
            if companion.sex == sex:
                self._enter(companion, 0)
                self.opened = True
                return

    def _with_pronoun(self, i: int) -> bool:
        """Whether a pronoun only says with whom: "the friend with him"."""
        if self.trigger is None or self.trigger != i - 1 or self.lexicon.relatives_first:
            return False
        return not self.items[i - 1].roles & {"and", "but"}

    def _own_verb(self, i: int) -> bool:
        """Whether "and wore" goes on about the one sought: "with a man in grey and wore …"."""
        person, main = self.person, self.reading.main
        if person is main or not person.frames or not i:
            return False
        told = any("relative" in x.roles for x in self.items[:i] if x.start >= person.start)
        # "the girl next to the woman in white has a purple top"
        bare = (
            main.named and not main.frames and not self.topic and self.items[i - 1].kind != "break"
        )
        return ("and" in self.items[i - 1].roles or bare) and not told

    def _speaker(self, i: int) -> None:
        """Keep what the speaker says of himself apart."""
        person = Person(start=self.items[i].start, stop=self.items[i].stop)
        following = self.items[i + 1 : i + 2]
        if any("in" in item.roles for item in following) or "in" in self.items[i].roles:
            self.reading.companions.append(person)
            self._enter(person, i)
            self.opened = True

    def _is_person(self, i: int, item: Item) -> bool:
        """Tell "m" the man from "m" the letter, and "mum's bag" from mum."""
        if i + 1 < len(self.items) and "says" in self.items[i + 1].roles:
            return False  # "mum says": she speaks, and is not spoken of
        if item.owns and (
            self._the_child(i, item)
            or self.predicate is not None
            or self.sentence.of_relative(i, item)
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

    def _the_child(self, i: int, item: Item) -> bool:
        meaning = item.senses["people"].split()
        free = not self.reading.main.named and self.person is self.reading.main
        before = self.items[i - 1] if i else None
        the = before is None or before.kind == "break" or "the" in before.roles
        alone = self.trigger is None or "and" in self.items[self.trigger].roles
        return free and the and alone and "age=child" in meaning and "relation" not in meaning

    def _body(self, i: int, item: Item) -> None:
        meaning = item.senses["body"]
        if meaning == "size.big" and self.sentence.grown_ahead(i):
            self.waiting.append(Trait("body.build", ("heavy",), unsure=True))
            return  # "a big lad"
        if meaning.startswith("size") or (
            self.lexicon.before
            and (self.sentence.thing_ahead(i, past_colours=True) or self.sentence.look_ahead(i))
        ):
            return  # a large coat is no large man, nor are "tiny white flowers"
        if not self.lexicon.before and i and "things" in self.items[i - 1].senses:
            return
        for part in meaning.split():
            slot, _, value = part.partition("=")
            trait = Trait(slot, (value,), self._unsure(), "no" in self.flags)
            self.waiting.append(trait)
            self.last_trait = trait
        self.flags.add("after-hedge")
        if self.trigger is None:
            self._flush_traits()

    def _somebody_else(self, i: int) -> None:
        """Leave out what is said of one who is not meant: "not the one in green"."""
        self.nobody = Person(start=self.items[i].start)
        self._enter(self.nobody, i)
        self.opened = True
        self.flags.discard("no")

    def _traits_said(self, item: Item) -> None:
        for part in str(item.value).split():
            slot, _, value = part.partition("=")
            values: tuple[str | float, ...] = tuple(value.split("|"))
            if slot == "height":
                slot, values = "body.height", (float(value),)
            doubt = slot.endswith("?")
            slot = slot.removesuffix("?")
            if slot == "body.age_years":
                values = tuple(float(v) if "." in str(v) else int(v) for v in values)
            trait = Trait(
                slot, values, doubt or self.hedge == "wide", "no" in self.flags, exact=True
            )
            self.waiting.append(trait)
            self.last_trait = trait
        self.flags.add("after-hedge")
        if self.trigger is None:
            self._flush_traits()

    def _refuse(self, i: int, item: Item) -> None:
        following = self.items[i + 1] if i + 1 < len(self.items) else None
        if item.senses["refused"] == "face" and i and "motifs" in self.items[i - 1].senses:
            self._left_out(item.text)  # "wellies with frog eyes"
            return
        beside = following if self.lexicon.before or not i else self.items[i - 1]
        if (
            item.senses["refused"] == "race"
            and beside is not None
            and {"things", "patterns"} & beside.senses.keys()
        ):  # an Indian dress, "un maillot espagnol"
            self._left_out(item.text)
            return
        self.pending = [mod for mod in self.pending if mod.kind == "size"]
        if item.senses["refused"] != "race":
            self.pending = []
        self._refuse_kind(item.senses["refused"])
        self.flags -= {"no"}
        self.trigger = (
            None if self.trigger is None or not self.sentence.person_ahead(i) else self.trigger
        )
