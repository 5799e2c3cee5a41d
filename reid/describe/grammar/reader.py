"""Reads the items of one text."""

from reid.describe.frames import Trait
from reid.describe.grammar.clauses import Clause, split
from reid.describe.grammar.phrase import Phrase
from reid.describe.grammar.state import QUERIES, SHORT_QUERY
from reid.describe.grammar.words import Words
from reid.describe.items import Item
from reid.describe.portrait import Reading


class Reader(Words):
    """Reads the items of one text."""

    def read(self) -> Reading:
        """Read everything."""
        clauses = split(self.sentence)
        self.phrase.noun_first = clauses[0].noun_first
        for clause, following in zip(clauses, [*clauses[1:], None], strict=True):
            for i in range(clause.first, clause.stop):
                self._take(i, self.items[i])
            self._end(clause, following)
        self._resolve_pairs()
        main = self.cast.main
        if self.cast.said is not None and not any(t.slot == "body.sex" for t in main.traits):
            main.traits.append(Trait("body.sex", (self.cast.said,)))
        return self._finish()

    def _take(self, i: int, item: Item) -> None:
        if item.kind == "gap" or i == self.cast.skipped:
            return
        if self._is_name(i, item):
            return  # a name is neither searched nor kept
        if item.kind in {"age", "height"}:
            self._traits_said(item)
        elif "things" in item.senses and not self._only_says_how(i, item):
            self._thing(i, item)
            if item.owns and not self.sentence.thing_ahead(i, past_colours=True):
                self._copula()  # "the coat's dark green"
        elif item.senses:
            self._describing(i, item)
        elif item.roles:
            self._role(i, item)
        elif item.kind == "unknown":
            self._unknown(i, item)
        if self.cast.person is not self.cast.main:
            self.cast.person.stop = item.stop
        self.cast.begun = (
            self.cast.begun
            or item.kind in {"age", "height"}
            or bool({"things", "people", "colours"} & item.senses.keys())
        )

    def _is_name(self, i: int, item: Item) -> bool:
        """Whether this is what somebody is called: after "called", or "my daughter Lily"."""
        before = self.items[i - 1] if i else None
        called = before is not None and "name" in before.roles and item.kind != "number"
        again = self.naming and item.kind == "unknown"
        kin = before.senses.get("people", "").split() if before is not None else []
        own = {"child", "relation"} & set(kin) and item.kind == "unknown" and item.text.istitle()
        self.naming = bool(called or again or own)
        return self.naming

    def _describing(self, i: int, item: Item) -> None:
        senses = item.senses
        if "people" in senses and self.cast.is_person(
            i, item, spoken_of=self.phrase.predicate is not None
        ):
            self._person(i, item)
        elif "refused" in senses:
            self._refuse(i, item)
        elif "body" in senses:
            self._body(i, item)
        elif "parts" in senses:
            self._part(i, item)
        elif "pattern_nouns" in senses and not self.sentence.before_thing(i):
            self._pattern_noun(i, item)
        elif "motifs" in senses:
            self._motif(i, item)
        else:
            self._mod(i, item)

    def _end(self, clause: Clause, following: Clause | None) -> None:
        """Read the end of a clause."""
        if clause.mark is None or self._breaks(clause, clause.mark):
            self._break(clause)
            self.phrase.noun_first = following is not None and following.noun_first

    def _breaks(self, clause: Clause, mark: Item) -> bool:
        """Whether the mark at the end of a clause ends what is being said; read it if not."""
        if mark.value in {":", "："} and self._all_of_it():
            return False
        if mark.value in {"/", "\\"} and self.sentence.between_mods(clause.stop):
            self.phrase.flags.add("or")
            return False
        if mark.value in {":", "："} and self.cast.last is not None and self.cast.segment:
            self._copula()
            return False
        if mark.value in {"?", "？"} and self._queried(clause):
            self._doubt_back()
        return mark.value not in {'"', "“", "”", "«", "»", "*", "+", "="}

    def _all_of_it(self) -> bool:
        """Read "all in navy: jumper, trousers, beret": one colour for everything that follows."""
        colours = [mod for mod in self.phrase.pending if mod.kind == "colour"]
        if "whole" not in self.phrase.flags or not colours or self.cast.segment:
            return False
        self.spread, self.phrase.pending = colours, []
        self.phrase.flags -= {"whole", "in"}
        return True

    def _queried(self, clause: Clause) -> bool:
        """Whether "?" doubts the word before it; after a whole sentence it only ends a question."""
        if not (self.cast.segment or self.phrase.pending or self.phrase.added):
            return False
        before = self.items[clause.first - 1].value if clause.first else None
        ends = clause.stop + 1 >= len(self.items) and before not in QUERIES
        return not ends and clause.stop - clause.first <= SHORT_QUERY

    def _break(self, clause: Clause) -> None:
        """End what is being said: what is pending finds its place, and a new phrase begins."""
        continues = clause.continues and not clause.hard
        forward = "forward" in self.phrase.flags and not clause.hard
        if self.cast.person is self.cast.nobody:
            self.phrase.pending, continues = [], False
            self.cast.go_home()
        if self.phrase.hedge and not self.spoken_since_hedge and not continues and not forward:
            self._doubt_back()
        self._settle(clause, continues=continues)
        goes_on = self.cast.just_denied() and not clause.hard and clause.list_goes_on
        self.phrase = Phrase(
            flags={"no"} if goes_on else set(),
            hedge="wide" if forward else "",
            pending=self.phrase.pending,
            told=bool(self.phrase.predicated) and not clause.hard,
        )
        self.cast.end(clause.stop, hard=clause.hard, continues=continues)
        if clause.hard:
            self.spread, self.halved = [], False

    def _settle(self, clause: Clause, *, continues: bool) -> None:
        """Give what is pending to the thing before or to the person, unless it has to wait."""
        if self.phrase.pending and self._of_stature(clause.stop):
            self._of_person(self.phrase.pending)
            self.phrase.pending = []
        if self.phrase.pending and not self._waits(
            clause.stop, hard=clause.hard, continues=continues
        ):
            self._attach_back()
        segment = self.cast.segment
        if "same" in self.phrase.flags and segment and not segment[-1].described():
            self._copy_colours(segment[-1])
        self._flush_traits()

    def _of_stature(self, i: int) -> bool:
        """Whether "he's short" is over: the word is about him, not about what he wears."""
        if any(mod.kind != "size" for mod in self.phrase.pending):
            return False
        for item in reversed(self.items[max(0, i - 4) : i]):
            if item.roles & {"he", "she"} and not item.senses:
                return True
            if item.kind != "phrase" or not item.senses.keys() <= {"sizes"} or "in" in item.roles:
                return False
        return False

    def _waits(self, i: int, *, hard: bool, continues: bool) -> bool:
        """Whether what was described is still to be named after this break."""
        ahead = next((item for item in self.items[i + 1 : i + 5] if "things" in item.senses), None)
        if any(mod.hair and not mod.values for mod in self.phrase.pending):
            return ahead is not None and continues and "hair" in ahead.senses["things"]
        if self.cast.last is not None and all(mod.negated for mod in self.phrase.pending):
            return False  # "leggings, not black, a white top"
        if continues and not self.cast.segment:
            return True
        # "green or blue, the T-shirt": the thing is named after its colour
        near = any("things" in item.senses for item in self.items[i + 1 : i + 3])
        colours = all(mod.kind == "colour" for mod in self.phrase.pending)
        unnamed = self.cast.last is None and self.cast.previous is None
        denied = all(mod.negated for mod in self.phrase.pending)
        unnamed = unnamed and (denied or not self.phrase.flags & {"in", "whole"})
        return not hard and near and colours and unnamed and self.cast.person is self.cast.main

    @property
    def spoken_since_hedge(self) -> bool:
        """Whether something followed the last word of doubt."""
        return "after-hedge" in self.phrase.flags

    def _unknown(self, i: int, item: Item) -> None:
        if self.phrase.pending and not self.sentence.thing_ahead(i) and self.lexicon.before:
            # an unknown noun keeps its colours: they are nobody else's
            self._left_out(" ".join([*(mod.text for mod in self.phrase.pending), item.text]))
            self.phrase.pending = []
        else:
            self._left_out(item.text)
        worn = self.cast.segment or (
            self.cast.last is not None and "upper" in self.cast.last.regions
        )
        if any("on" in later.roles for later in self.items[i + 1 : i + 2]) and worn:
            self._motif(i, item)

    def _only_says_how(self, i: int, item: Item) -> bool:
        """Whether the name of a thing only describes the next: "恐龙T恤", "短袖连衣裙"."""
        sleeved = "sleeves" in item.senses and self.sentence.before_thing(i)
        return sleeved or self._is_motif_here(i, item)

    def _is_motif_here(self, i: int, item: Item) -> bool:
        """Tell the bear on a T-shirt from the bear in an arm."""
        following = self.items[i + 1 : i + 2]
        shown = bool(self.cast.segment) and any("on" in later.roles for later in following)
        return "motifs" in item.senses and (shown or self.sentence.before_thing(i))
