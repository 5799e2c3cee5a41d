"""The small words: not, maybe, or, with, over, is."""

from reid.describe.grammar.things import Things
from reid.describe.items import Item


class Words(Things):
    """The small words: not, maybe, or, with, over, is."""

    def _role(self, i: int, item: Item) -> None:
        roles = item.roles
        self.cast.hear_sex(i, roles)
        if self._done(i, roles):
            return
        self._refer(i, roles)
        if roles & {"hedge", "think"}:
            self._hedge(i, roles)
        if "sure" in roles:
            self.phrase.hedge = ""
        if "no" in roles or ("doffed" in roles and self.sentence.off_ahead(i)):
            self._negate(i)
        self._layer(i, roles)
        if "companion" in roles and not self.phrase.pending and not self._riding(roles):
            self.cast.trigger = i
            self.cast.swap(i)
            if self.lexicon.relatives_first:
                self.cast.introduce(i)
        if roles & {"shoulder", "hand", "back"}:
            self._refine(roles)
        self._small_words(i, roles)

    def _done(self, i: int, roles: frozenset[str]) -> bool:
        """Read a word that says all it has to say by itself."""
        if roles & {"nobag", "nohat", "noshoes"}:
            self._absent(roles)
        elif "dunno" in roles:
            self._dunno(i)
        elif "contrast" in roles:
            self.cast.somebody_else(i)
            self.phrase.flags.discard("no")
        elif "save" in roles:
            if self.phrase.pending:
                self._attach_back()  # "all in grey apart from the shoes"
            self.phrase.flags.add("save")
        else:
            return "one" in roles and self._one(i)
        return True

    def _layer(self, i: int, roles: frozenset[str]) -> None:
        """Read what is worn over or under what, and "something pink on top"."""
        if "overtop" in roles or "undertop" in roles:
            self._stack("overtop" in roles)
        elif roles & {"over", "under"} and self.cast.segment:
            self.phrase.flags.add("over" if "over" in roles else "under")
        if roles & {"over", "overtop"} and self._bare_upper(i):
            self._thing_of("upper", self.phrase.pending)
            self.phrase.pending = []

    def _refer(self, i: int, roles: frozenset[str]) -> None:
        """Read what speaks of something said before: himself, the scarf too, tied round her."""
        if "like" in roles:
            self._liken(i)
        if "aside" in roles:
            self._aside()
        if "sought" in roles and i and "people" in self.items[i - 1].senses:
            self.cast.seek(self.cast.person)
        if "belongs" in roles:
            self.cast.belonging = self.phrase.predicate or self.cast.last
        if "self" in roles and self.cast.person is not self.cast.main:
            self.cast.go_home()
        if "too" in roles and self._too(i):
            self.phrase.flags.add("same")

    def _small_words(self, i: int, roles: frozenset[str]) -> None:
        self.phrase.flags |= roles & {"or", "same", "both", "whole", "and", "in"}
        self.cast.owned = self.cast.owned or "his" in roles
        if roles & {"and", "but"}:
            self.phrase.flags -= {"no"}
        if "but" in roles:
            self.phrase.hedge = ""
        if "finite" in roles:
            self._finite(i)
        if "with" in roles:
            self._with(i, roles)
        self.cast.opened = self.cast.opened or bool(roles & {"in", "relative", "opens"})
        if "plural" in roles and "and" in self.phrase.flags and not self._told_apart():
            self.phrase.flags.add("both")
        if roles & {"copula", "again"}:
            self._theirs_is(i)
            self._copula(again="again" in roles, told=self._told_at(i))
        if "costume" in roles or ("garb" in roles and self.sentence.character_ahead(i)):
            self._thing_of("upper.type=costume", [])
        if "i" in roles:
            self.cast.speaker(i)
        for role, sex in (("he", "male"), ("she", "female")):
            if role in roles and not self.sentence.of_a_thing(i, roles):
                before = self.cast.person
                self.cast.pronoun(i, sex)
                if self.cast.person is not before:
                    self.phrase.speak_of(None)  # "…, er ist in Blau"
                if self.cast.person is self.cast.main:
                    self.cast.said = self.cast.said or sex

    def _finite(self, i: int) -> None:
        """Read a verb that may turn back to the one sought: "with a boy in green and wears …"."""
        if self.phrase.pending and "in" in self.phrase.flags and self._and_since(i):
            self._attach_back()
        if self.cast.own_verb(i):
            self.cast.go_home()

    def _told_apart(self) -> bool:
        """Whether one of the last two things has been described already."""
        return len(self.cast.segment) < 2 or any(
            frame.described() for frame in self.cast.segment[-2:]
        )

    def _with(self, i: int, roles: frozenset[str]) -> None:
        self.phrase.speak_of(None)
        if self.phrase.pending:
            self._attach_back()
        if self.sentence.only_colours_ahead(i):
            self.phrase.flags.add("trim")  # "an England top, white with red"
        if self.cast.person is not self.cast.main:
            self.cast.opened = self.cast.opened or "and" not in roles

    def _too(self, i: int) -> bool:
        """Whether "the scarf as well" speaks of what was said of the thing before."""
        ends = self.sentence.ends_at(i)
        return ends and self.phrase.told and len(self.cast.segment) == 1 and self.definite

    def _negate(self, i: int) -> None:
        ended = self.sentence.ends_at(i)
        if ended and self.cast.last is not None and (self.phrase.predicate is self.cast.last):
            self.cast.last.negated = True
        else:
            self.phrase.flags.add("no")

    def _theirs_is(self, i: int) -> None:
        """Read "dad's jacket is green and the boy's is red": the thing named last, another's."""
        before = self.items[i - 1] if i else None
        if before is None or self.cast.latest is None or self.phrase.pending or self.cast.segment:
            return
        named = before.owns and "people" in before.senses
        if before.roles & {"he_owns", "she_owns"} and not before.roles & {"he", "she"}:
            self.cast.go_home()
            named = True
        if named and not any(
            frame.slots == self.cast.latest.slots for frame in self.cast.person.frames
        ):
            self._same_kind([])

    def _told_at(self, i: int) -> bool:
        """Whether what a thing is like follows: "it's orange", not "it's in the cloakroom"."""
        for item in self.items[i + 1 : i + 6]:
            if item.kind == "break":
                return False
            if item.senses.keys() & {"colours", "shades", "patterns"}:
                return True
        return False

    def _copula(self, *, again: bool = False, told: bool = True) -> None:
        if again and self.cast.last is None:
            self.cast.last = self.cast.previous
        if self.cast.last is not None and (self.cast.segment or again) and not self.phrase.pending:
            self.phrase.speak_of(self.cast.last)
            if again and told and self.cast.last.negated and self.cast.last.colours():
                # "not a red coat, it's orange": a coat after all
                self.cast.last.negated = False
                for mod in self.cast.last.colours():
                    mod.negated = True

    def _hedge(self, i: int, roles: frozenset[str]) -> None:
        self.phrase.flags.discard("after-hedge")
        following = self.items[i + 1] if i + 1 < len(self.items) else None
        if "think" in roles:
            self.phrase.hedge = "wide"
        elif "or" in self.phrase.flags or self.phrase.pending or self.phrase.predicate is not None:
            self.phrase.hedge = "mod"
        else:
            self.phrase.hedge = "narrow"
        if following is None or following.kind == "break":
            joined = self.sentence.joined_at(i)  # "black jeans and, I think, a blue top"
            if "think" in roles and (not self.cast.begun or "forward" in roles or joined):
                self.phrase.flags.add("forward")
            else:
                self._doubt_back()

    def _dunno(self, i: int) -> None:
        ended = self.sentence.ends_at(i)
        if ended and self.cast.segment and not self.cast.segment[-1].described():
            self.cast.segment[-1].forgotten = True
        else:
            self.phrase.flags.add("dunno")
        self.puzzled = True
