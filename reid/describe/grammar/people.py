"""Who is spoken of: the person sought, their companions, the speaker."""

from reid.describe.frames import Mod, Trait
from reid.describe.grammar.describing import Describing
from reid.describe.grammar.sentence import RACE_COLOURS
from reid.describe.items import Item


class Naming(Describing):
    """Who is spoken of: the person sought, their companions, the speaker."""

    def _person(self, i: int, item: Item) -> None:
        if item.owns and self.cast.theirs(i, self.phrase.predicate):
            self.phrase.predicate = None
            return
        if self.phrase.pending and "in" in self.phrase.flags and self._and_since(i):
            self._attach_back()  # "her mother in white and her father in black"
        meaning = item.senses["people"].split()
        facts = dict(part.split("=") for part in meaning if "=" in part)
        relation = "relation" in meaning
        mods, self.phrase.pending = self.phrase.pending, []
        if self.cast.after_kin(i, facts):
            self.cast.seek_another(i)
        person = self.cast.who(i, facts.get("sex"), relation=relation)
        self.cast.hand_over(person, i)
        for mod in mods:
            self._mod_of_person(mod)
        for slot, value in facts.items():
            self._add_trait(
                Trait(f"body.{slot}", (value,), self.phrase.hedge in {"narrow", "wide"})
            )
        if "child" in meaning and "age" not in facts:  # "my son": most likely, not surely, a child
            self._add_trait(Trait("body.age", ("child",), unsure=True, weak=True))
        if "sex" in facts:
            person.sex = facts["sex"]
        for trait in self.waiting:
            self._add_trait(trait)
        self.waiting = []
        person.named, person.kin, person.called = True, relation, item.text
        person.child = person.child or "child" in meaning
        if self.cast.trigger is None and person is not self.cast.main:
            # "the boy had a hoodie, the girl a cardigan": hers, without a verb
            self.cast.opened |= any("a" in item.roles for item in self.items[i + 1 : i + 2])
        self.cast.trigger = None
        if self.phrase.hedge == "narrow":
            self.phrase.hedge = ""
        self.phrase.flags -= {"no", "or"}

    def _and_since(self, i: int) -> bool:
        """Whether an "and" stands between the last look and the item at `i`."""
        return any("and" in item.roles for item in self.items[self.mod_at + 1 : i])

    def _mod_of_person(self, mod: Mod) -> None:
        if mod.negated and mod.kind in {"colour", "pattern"}:
            self._thing_of("upper", [mod])  # "没穿黑色的女人"
        elif (
            mod.kind == "colour"
            and set(mod.values) & RACE_COLOURS
            and "in" not in self.phrase.flags
        ):
            self._refuse_kind("race")
        elif mod.kind == "colour" and not mod.values:
            self._thing_of("hair", [mod])
        elif mod.kind == "size" and mod.values == ("short",):
            self._add_trait(Trait("body.height", ("short",), mod.unsure))
        elif mod.kind != "denim":
            self._left_out(mod.text)

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
            trait = Trait(slot, (value,), self.phrase.unsure(), "no" in self.phrase.flags)
            self.waiting.append(trait)
            self.last_trait = trait
        self.phrase.flags.add("after-hedge")
        if self.cast.trigger is None:
            self._flush_traits()

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
                slot,
                values,
                doubt or self.phrase.hedge == "wide",
                "no" in self.phrase.flags,
                exact=True,
            )
            self.waiting.append(trait)
            self.last_trait = trait
        self.phrase.flags.add("after-hedge")
        if self.cast.trigger is None:
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
        self.phrase.pending = [mod for mod in self.phrase.pending if mod.kind == "size"]
        if item.senses["refused"] != "race":
            self.phrase.pending = []
        self._refuse_kind(item.senses["refused"])
        self.phrase.flags -= {"no"}
        self.cast.trigger = (
            None
            if self.cast.trigger is None or not self.sentence.person_ahead(i)
            else self.cast.trigger
        )
