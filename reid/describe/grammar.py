"""Items → people: which colour belongs to which thing, and which thing to whom.

One pass from left to right. What describes ("red", "striped", "maybe") waits in `pending` for the
thing that follows it, or goes back to the thing before it where the language or the sentence puts
it there. Negation and doubt reach as far as the phrase does. A person named after "with" or
"holding hands with" is a companion, and keeps what is said until the sentence returns.
"""

from dataclasses import dataclass, field
from typing import Final

from reid.describe.ages import height_value
from reid.describe.frames import Frame, Mod, Person, Trait, parse_thing
from reid.describe.items import Item
from reid.describe.lexicon import Lexicon
from reid.records import Modifier

MODS: Final = ("colours", "hair_colours", "shades", "patterns", "sizes", "sleeves")
RACE_COLOURS: Final = frozenset({"black", "white", "brown", "yellow"})
"""Colours that, said of a person and not of clothes, speak of race."""

BAG_SLOTS: Final = (
    "carry.backpack", "carry.shoulder-bag", "carry.handbag", "carry.plastic-bag",
)  # fmt: skip
NO_ROLES: Final[frozenset[str]] = frozenset()


@dataclass(slots=True)
class Reading:
    """What was read: the person described, their companions, and what was not understood."""

    main: Person = field(default_factory=Person)
    companions: list[Person] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)


class Reader:
    """Reads the items of one text."""

    def __init__(self, items: list[Item], lexicon: Lexicon) -> None:
        self.items = items
        self.lexicon = lexicon
        self.reading = Reading()
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
        self.order = 0
        self.said: str | None = None  # the sex that "he" or "her" spoke of
        self.mod_at = -1  # the last item that described something
        self.begun = False  # somebody or something was named in this sentence
        self.topic = False  # the companion is what the whole sentence is about
        self.spoken = False  # anything since the last break

    # ---------------------------------------------------------------- the pass

    def read(self) -> Reading:
        """Read everything."""
        self._start_segment(0)
        for i, item in enumerate(self.items):
            self._take(i, item)
        self._break(len(self.items), hard=True)
        main = self.reading.main
        if self.said is not None and not any(t.slot == "body.sex" for t in main.traits):
            main.traits.append(Trait("body.sex", (self.said,)))
        return self.reading

    def _take(self, i: int, item: Item) -> None:
        if item.kind == "break":
            self._mark(i, item)
            return
        if item.kind == "gap":
            return
        if item.kind in {"age", "height"}:
            self._traits_said(item)
        elif "things" in item.senses and not self._is_motif_here(i, item):
            self._thing(i, item)
        elif item.senses:
            self._describing(i, item)
        elif item.roles:
            self._role(i, item)
        elif item.kind == "unknown":
            self._unknown(i, item)
        if self.person is not self.reading.main:
            self.person.stop = item.stop
        self.spoken = True
        self.begun = (
            self.begun
            or item.kind in {"age", "height"}
            or bool({"things", "people", "colours"} & item.senses.keys())
        )

    def _describing(self, i: int, item: Item) -> None:
        senses = item.senses
        if "people" in senses and self._is_person(i, item):
            self._person(i, item)
        elif "refused" in senses:
            self._refuse(i, item)
        elif "body" in senses:
            self._body(item)
        elif "parts" in senses:
            self._part(i, item)
        elif "pattern_nouns" in senses and not self._before_thing(i):
            self._pattern_noun(i, item)
        elif "motifs" in senses:
            self._motif(i, item)
        else:
            self._mod(i, item)

    # ---------------------------------------------------------------- breaks

    def _mark(self, i: int, item: Item) -> None:
        if item.value in {"/", "\\"} and self._between_mods(i):
            self.flags.add("or")
        elif item.value in {":", "："} and self.last is not None and self.segment:
            self._copula()
        elif item.value in {"?", "？"} and self.segment + self.pending and i + 1 < len(self.items):
            self._doubt_back()
            self._break(i, hard=False)
        elif item.value not in {'"', "“", "”", "«", "»", "*", "+", "="}:
            self._break(i, hard=item.is_hard())

    def _break(self, i: int, *, hard: bool) -> None:
        continues = not hard and self._continues(i)
        if self.hedge and not self.spoken_since_hedge and not continues:
            self._doubt_back()
        if self.pending and not (continues and not self.segment):
            self._attach_back()
        if "same" in self.flags and self.segment and not self.segment[-1].described():
            self._copy_colours(self.segment[-1])
        self._flush_traits()
        self.predicate, self.predicated = None, []
        denied = self.last is not None and self.last.negated and self.segment[-1:] == [self.last]
        self.flags = {"no"} if denied and not hard and self._list_goes_on(i) else set()
        self.hedge = ""
        if not continues:
            self.segment = []
        self._leave_companion(i, hard=hard)
        if hard:
            self.last = None
            self.begun = False
        self.trigger = None
        self.spoken = False
        self._start_segment(i + 1)

    @property
    def spoken_since_hedge(self) -> bool:
        """Whether something followed the last word of doubt."""
        return "after-hedge" in self.flags

    def _continues(self, i: int) -> bool:
        """Whether a comma only separates what describes the same thing ("red, white and blue")."""
        for item in self.items[i + 1 : i + 4]:
            if "or" in item.roles or "and" in item.roles or "hedge" in item.roles:
                continue
            return any(section in item.senses for section in MODS) and "things" not in item.senses
        return False

    def _list_goes_on(self, i: int) -> bool:
        """Whether "no hat, gloves or scarf" still denies after its comma."""
        for item in self.items[i + 1 : i + 12]:
            if "or" in item.roles:
                return True
            if item.kind == "break" and not item.is_hard():
                continue
            if "things" not in item.senses:
                return False
        return False

    def _start_segment(self, i: int) -> None:
        """Find out whether this segment names things first ("trousers black, top red")."""
        pattern = ""
        for item in self.items[i:]:
            if item.kind == "break":
                break
            if item.roles & {"copula", "or"} or ("people" in item.senses and pattern):
                pattern += "x"
            letter = "n" if "things" in item.senses else ""
            if not letter and {"colours", "shades", "hair_colours"} & item.senses.keys():
                letter = "a"
            if letter and pattern[-1:] != letter:
                pattern += letter
        self.noun_first = pattern[:1] == "n" and pattern[-1:] == "a" and "x" not in pattern

    # ---------------------------------------------------------------- doubt

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

    def _unsure(self) -> bool:
        return self.hedge in {"narrow", "wide", "mod"}

    # ---------------------------------------------------------------- things

    def _thing(self, i: int, item: Item) -> None:
        meaning = item.senses["things"]
        self._return_to_main_for_things()
        self._flush_traits()
        self.trigger = None
        slots, layer = parse_thing(meaning)
        self.order += 1
        frame = Frame(slots, item.text, layer, order=self.order)
        frame.unsure = self.hedge in {"narrow", "wide"}
        frame.negated = "no" in self.flags
        frame.dropped = "dunno" in self.flags or meaning == "other"
        if meaning == "other":
            frame.slots = {"other": ()}
            self._left_out(item.text)
        if meaning.startswith("hair"):
            self._hair(frame, meaning)
        if frame.negated and set(frame.slots) == {"carry.shoulder-bag", "carry.handbag"}:
            frame.slots = dict.fromkeys(BAG_SLOTS, ("present",))
        self._compound(frame, i)
        self._relate(frame)
        self._take_pending(frame, item, adjacent=self.mod_at == i - 1)
        self.flags -= {"no", "in", "whole"}
        if self.hedge in {"narrow", "mod"}:
            self.hedge = ""
        self.flags.add("after-hedge")
        self.person.frames.append(frame)
        self.segment.append(frame)
        self.last, self.last_trait = frame, None

    def _compound(self, frame: Frame, i: int) -> None:
        """Of two names for one garment side by side ("fleece jacket") the second is the head."""
        last = self.last
        beside = i > 0 and "things" in self.items[i - 1].senses
        if last is None or not beside or last.regions != frame.regions or "hair" in frame.regions:
            return
        last.dropped = True
        frame.mods.extend(last.mods)
        frame.negated, frame.unsure = last.negated or frame.negated, last.unsure or frame.unsure

    def _hair(self, frame: Frame, meaning: str) -> None:
        """Join what is said of one head of hair into one thing."""
        value = meaning.partition("=")[2]
        frame.slots = {"hair.length": (value,)} if value else {"hair": ()}
        for known in self.person.frames:
            if "hair" in known.regions and value and known.slots.get("hair.length") is None:
                frame.slots = {"hair.length": (value,)}

    def _relate(self, frame: Frame) -> None:
        """Tell how a new thing stands to the one before it."""
        last = self.last
        if last is None:
            return
        same = set(frame.regions) & set(last.regions)
        bags = frame.regions[0].startswith("carry") and last.regions[0].startswith("carry")
        if "or" in self.flags and (same or bags):
            frame.alternative = last
            frame.negated = frame.negated or last.negated
        elif "or" in self.flags and last.negated:
            frame.negated = True
        if self.hedge == "narrow" and same and not self.segment and not self.pending:
            frame.alternative = last
        if "over" in self.flags and same:
            last.outermost, frame.innermost = True, True
        if "under" in self.flags and same:
            frame.outermost, last.innermost = True, True
        self.flags -= {"or", "over", "under"}

    def _take_pending(self, frame: Frame, item: Item, *, adjacent: bool) -> None:
        if self.predicated and self.predicate is not None and adjacent:
            # "her coat is a red parka": what was said of the coat is said of the parka
            self.predicate.mods = [m for m in self.predicate.mods if m not in self.predicated]
            self.pending = self.predicated
        if self.predicate is not None and set(self.predicate.regions) & set(frame.regions):
            self.predicate.dropped = not self.predicate.negated
        self.predicate, self.predicated = None, []
        frame.mods.extend(self._fronts(item))
        frame.mods.extend(self.pending)
        self.pending = []
        if "same" in self.flags:
            self._copy_colours(frame)
            self.flags.discard("same")
        if "motif" in self.flags:
            frame.mods.append(Mod("pattern", ("graphic",)))
            self.flags.discard("motif")
        denim = any(mod.kind == "denim" for mod in frame.mods)
        if denim and frame.slots.get("lower.type") == ("trousers",):
            frame.slots["lower.type"] = ("jeans",)

    def _fronts(self, item: Item) -> list[Mod]:
        """Return what the first part of a compound says of its last."""
        mods: list[Mod] = []
        for section in ("shades", "colours", "patterns", "motifs"):
            meaning = item.senses.get("front " + section)
            if meaning is not None:
                mods.append(self._make(section, meaning, item))
        return mods

    def _copy_colours(self, frame: Frame) -> None:
        for known in reversed(self.person.frames):
            if known.colours() and known is not frame:
                frame.mods.extend(m for m in known.colours() if m.text != "of a piece")
                return

    # ---------------------------------------------------------------- what describes a thing

    def _mod(self, i: int, item: Item) -> None:
        section = next((name for name in (*MODS, "pattern_nouns") if name in item.senses), None)
        if section is None:
            return
        if section == "sleeves" and item.senses[section] == "noun":
            self._sleeve_noun(item)
            return
        mod = self._make(section, item.senses[section], item)
        if section == "colours" and "hair_colours" in item.senses:
            mod.hair = _colour(item.senses["hair_colours"])[0]
        if section == "hair_colours":
            mod.hair, mod.values = mod.values, ()
        if mod.kind == "colour" and self._take_shade(mod):
            pass
        mod.unsure = self._unsure()
        mod.negated = "no" in self.flags and self.predicate is not None
        self._place(mod, i)
        self.mod_at = i
        if self.hedge == "mod" and mod.kind != "shade":
            self.hedge = ""
        if mod.kind != "shade":
            self.flags.discard("or")
        self.flags.add("after-hedge")

    def _make(self, section: str, meaning: str, item: Item) -> Mod:
        if section in {"colours", "hair_colours"}:
            values, shade = _colour(meaning)
            earlier = self.predicated or self.pending
            joined = bool(earlier) and earlier[-1].kind == "colour"
            hue = item.glued and joined and "and" not in self.flags
            return Mod("colour", values, item.text, shade=shade,
                       either=joined and ("or" in self.flags or hue))  # fmt: skip
        if section == "shades":
            return Mod("denim" if meaning == "denim" else "shade", (meaning,), item.text)
        kind = {"patterns": "pattern", "pattern_nouns": "pattern", "motifs": "pattern",
                "sizes": "size", "sleeves": "sleeve"}[section]  # fmt: skip
        return Mod(kind, (meaning,), item.text)

    def _take_shade(self, mod: Mod) -> bool:
        """Give a colour the "dark" or "light" that stands just before it."""
        queue = self.predicated if self.predicated else self.pending
        if queue and queue[-1].kind == "shade" and mod.shade is None:
            shade = queue.pop()
            mod.shade = _modifier(shade.values[0])
            if self.predicate is not None and shade in self.predicate.mods:
                self.predicate.mods.remove(shade)
            return True
        return False

    def _place(self, mod: Mod, i: int) -> None:
        """Put a description where it belongs: back to a thing, or on to the next."""
        if mod.kind == "shade" and mod.values == ("leather",):
            return
        if not self.lexicon.before and self._after_noun(mod):
            return
        if self.predicate is not None:
            mod.either = mod.either or ("or" in self.flags and bool(self.predicated))
            self.predicate.mods.append(mod)
            self.predicated.append(mod)
        elif self.noun_first and self.segment:
            for frame in self.segment[-2:] if "both" in self.flags else self.segment[-1:]:
                frame.mods.append(mod)
        else:
            self.pending.append(mod)

    def _after_noun(self, mod: Mod) -> bool:
        """In a language whose adjectives follow, describe the thing just said."""
        if self.last is None or (not self.segment and mod.kind != "colour"):
            return False
        target = self.last
        if mod.kind == "shade":
            colours = target.colours()
            if colours and colours[-1].shade is None and target.mods[-1] is colours[-1]:
                colours[-1].shade = _modifier(mod.values[0])
                return True
        if mod.kind == "colour" and "or" in self.flags and target.colours():
            mod.either = True
        target.mods.append(mod)
        return True

    def _attach_back(self) -> None:
        """Give what no thing followed to the thing before, or to the person."""
        mods, self.pending = self.pending, []
        hair = [mod for mod in mods if mod.kind == "colour" and not mod.values]
        if hair:
            self._thing_of("hair", mods)
            return
        denim = any(mod.kind == "denim" for mod in mods)
        target = self.last
        if "no" in self.flags and target is not None:
            for mod in mods:
                mod.negated = True
            self.flags.discard("no")
        if denim and (target is None or target.described()):
            self._thing_of("lower.type=jeans", mods)
            return
        if target is not None and self._may_take(target, mods):
            if "or" in self.flags or (mods[0].unsure and target.colours() and not mods[0].negated):
                mods[0].either = True
            target.mods.extend(mods)
            if "both" in self.flags and len(self.person.frames) > 1:
                self.person.frames[-2].mods.extend(mods)
            return
        self._of_person(mods)

    def _may_take(self, target: Frame, mods: list[Mod]) -> bool:
        if "whole" in self.flags:
            return False
        doubtful = mods[0].either or mods[0].unsure or mods[0].negated or "or" in self.flags
        return doubtful or not target.described() or any(m.kind == "pattern" for m in mods)

    def _of_person(self, mods: list[Mod]) -> None:
        """Read what describes no thing as said of the whole person."""
        for mod in mods:
            if mod.kind == "size" and mod.values == ("short",):
                self._add_trait(Trait("body.height", ("short",), mod.unsure, mod.negated))
        coloured = [mod for mod in mods if mod.kind in {"colour", "shade", "pattern"}]
        if coloured and "whole" in self.flags:
            self._thing_of("upper lower", coloured)
        elif coloured and "in" in self.flags:
            self._thing_of("upper", coloured)
        else:
            for mod in coloured:
                self._left_out(mod.text)

    def _thing_of(self, meaning: str, mods: list[Mod]) -> None:
        """Add a thing that was only described ("denim", "all in black", "blonde")."""
        slots, layer = parse_thing(meaning)
        self.order += 1
        frame = Frame(slots, meaning, layer, list(mods), order=self.order)
        frame.dropped = "dunno" in self.flags
        self.person.frames.append(frame)
        self.segment.append(frame)
        self.last = frame

    def _part(self, i: int, item: Item) -> None:
        """Read a piece of a garment: large ones colour it, small ones are left out."""
        mods, self.pending = self.pending, []
        if item.senses["parts"] == "whole" and self.last is not None:
            self._colour_piece(self.last, mods)
        else:
            self._left_out(" ".join([*(mod.text for mod in mods), item.text]))
        self.flags -= {"no", "or"}

    def _sleeve_noun(self, item: Item) -> None:
        mods, self.pending = self.pending, []
        if self.last is None:
            return
        for mod in mods:
            if mod.kind == "size":
                self.last.mods.append(Mod("sleeve", mod.values, unsure=mod.unsure))
        self._colour_piece(self.last, [mod for mod in mods if mod.kind != "size"])

    def _colour_piece(self, frame: Frame, mods: list[Mod]) -> None:
        for mod in mods:
            if mod.kind == "colour":
                mod.text = "of a piece"
                mod.either = mod.either and mod is not mods[0]
                frame.mods.append(mod)

    def _pattern_noun(self, i: int, item: Item) -> None:
        """Read "with blue stripes": a pattern with colours of its own."""
        pattern = item.senses["pattern_nouns"]
        mods, self.pending = self.pending, []
        if any("on" in later.roles for later in self.items[i + 1 : i + 2]) and not self.segment:
            self.pending = [*mods, Mod("pattern", (pattern,), item.text)]
            return
        if self.last is None:
            self._thing_of("upper", [])
        frame = self.last
        if frame is None:
            return
        known = any(mod.kind == "pattern" for mod in frame.mods)
        if not known and "no" not in self.flags:
            frame.mods.append(Mod("pattern", (pattern,), unsure=self._unsure()))
        if pattern != "graphic":
            self._colour_piece(frame, mods)

    def _motif(self, i: int, item: Item) -> None:
        if self._before_thing(i):
            self.flags.add("motif")
            return
        self.pending = []
        if self.last is not None and (self.segment or "upper" in self.last.regions):
            if not any(mod.kind == "pattern" for mod in self.last.mods):
                self.last.mods.append(Mod("pattern", ("graphic",), unsure=self._unsure()))
        else:
            self._left_out(item.text)

    # ---------------------------------------------------------------- people

    def _person(self, i: int, item: Item) -> None:
        meaning = item.senses["people"].split()
        facts = dict(part.split("=") for part in meaning if "=" in part)
        relation = "relation" in meaning
        mods, self.pending = self.pending, []
        person = self._who(i, facts.get("sex"), relation)
        self._enter(person, i)
        for mod in mods:
            self._mod_of_person(mod)
        for slot, value in facts.items():
            if not (relation and slot == "age"):
                self._add_trait(Trait(f"body.{slot}", (value,), self.hedge == "wide"))
        if "sex" in facts:
            person.sex = facts["sex"]
        for trait in self.waiting:
            self._add_trait(trait)
        self.waiting = []
        person.named = True
        self.trigger = None
        self.flags -= {"no", "or"}

    def _who(self, i: int, sex: str | None, relation: bool) -> Person:
        main, companions = self.reading.main, self.reading.companions
        fresh = not main.named and not main.frames
        owned = "his" in self.flags
        same = fresh or not main.named or sex is None or main.sex in {None, sex}
        if self.trigger is None and not owned and not (relation and not fresh) and same:
            return main
        if self.trigger is None:
            for known in companions:
                if known.sex == sex:
                    return known
        companion = Person(start=self._phrase_start(i))
        companions.append(companion)
        return companion

    def _phrase_start(self, i: int) -> int:
        start = self.items[i].start
        if self.trigger is not None and self.trigger + 1 <= i:
            start = self.items[self.trigger + 1].start
        return start

    def _enter(self, person: Person, i: int) -> None:
        if person is not self.person:
            self.opened = self.topic = person is not self.reading.main and not self.begun
            self.last = None
            self.segment = []
        self.person = person
        self.flags.discard("his")

    def _mod_of_person(self, mod: Mod) -> None:
        if mod.kind == "colour" and set(mod.values) & RACE_COLOURS and "in" not in self.flags:
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
        if not hard and any(
            "relative" in item.roles or ("in" in item.roles and not self.opened)
            for item in following
        ):
            self.opened = True
            return
        self._go_home()

    def _swap(self, i: int) -> None:
        """In "the lady who was with him …" the lady is the companion, and he is sought."""
        main, following = self.reading.main, self.items[i + 1 : i + 2]
        spoken = any(item.roles & {"he", "she", "they", "she_owns"} for item in following)
        alone = self.person is main and main.named and not main.frames
        ends = any(not item.senses for item in self.items[i + 2 : i + 3])
        if spoken and alone and ends and not self.reading.companions and self.opened:
            self.reading.main = Person()
            self.reading.companions.append(main)
            self.trigger, self.said, self.topic = None, None, True

    def _pronoun(self, sex: str) -> None:
        main = self.reading.main
        if self.topic and self.person.sex == sex:
            return
        if main.sex in {None, sex}:
            if self.person is not main:
                self._go_home()
            return
        for companion in reversed(self.reading.companions):
            if companion.sex == sex:
                self._enter(companion, 0)
                self.opened = True
                return

    # ---------------------------------------------------------------- traits and refusals

    def _body(self, item: Item) -> None:
        meaning = item.senses["body"]
        if meaning.startswith("size"):
            return
        for part in meaning.split():
            slot, _, value = part.partition("=")
            trait = Trait(slot, (value,), self._unsure(), "no" in self.flags)
            self.waiting.append(trait)
            self.last_trait = trait
        self.flags.add("after-hedge")
        if not self._leads_to_person(item):
            self._flush_traits()

    def _leads_to_person(self, item: Item) -> bool:
        at = self.items.index(item) if self.trigger is not None else -1
        return at >= 0

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
            trait = Trait(slot, values, doubt or self._unsure(), "no" in self.flags, exact=True)
            self.waiting.append(trait)
            self.last_trait = trait
        self.flags.add("after-hedge")
        if self.trigger is None:
            self._flush_traits()

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

    def _refuse(self, i: int, item: Item) -> None:
        following = self.items[i + 1] if i + 1 < len(self.items) else None
        if (
            item.senses["refused"] == "race"
            and following is not None
            and {"things", "patterns"} & following.senses.keys()
        ):
            self._left_out(item.text)
            return
        self.pending = []
        self._refuse_kind(item.senses["refused"])
        self.flags -= {"no"}
        self.trigger = None if self.trigger is None or not self._person_ahead(i) else self.trigger

    def _person_ahead(self, i: int) -> bool:
        return any("people" in item.senses for item in self.items[i + 1 : i + 4])

    def _refuse_kind(self, kind: str) -> None:
        if kind not in self.reading.refused:
            self.reading.refused.append(kind)

    # ---------------------------------------------------------------- words by their role

    def _role(self, i: int, item: Item) -> None:
        roles = item.roles
        if roles & {"nobag", "nohat", "noshoes"}:
            self._absent(roles)
            return
        if "dunno" in roles:
            self._dunno(i)
            return
        if roles & {"hedge", "think"}:
            self._hedge(i, roles)
        if "sure" in roles:
            self.hedge = ""
        if "no" in roles:
            self._negate(i)
        if "overtop" in roles or "undertop" in roles:
            self._stack("overtop" in roles)
        elif roles & {"over", "under"} and self.segment:
            self.flags.add("over" if "over" in roles else "under")
        if "companion" in roles and not self.pending:
            self.trigger = i
            self._swap(i)
        if roles & {"shoulder", "hand", "back"}:
            self._refine(roles)
        self._small_words(i, roles)

    def _small_words(self, i: int, roles: frozenset[str]) -> None:
        for flag in ("or", "same", "both", "whole", "his"):
            if flag in roles:
                self.flags.add(flag)
        if "and" in roles:
            self.flags -= {"no"}
            self.flags.add("and")
        if "but" in roles:
            self.flags -= {"no"}
            self.hedge = ""
        if "in" in roles:
            self.flags.add("in")
            self.opened = True
        if roles & {"relative"}:
            self.opened = True
        if "with" in roles and self.lexicon.before and self.pending:
            self._attach_back()
        if "with" in roles and self.person is not self.reading.main:
            self.opened = self.opened or "and" not in roles
        if "copula" in roles:
            self._copula(again="again" in roles)
        if "i" in roles:
            self._speaker(i)
        for role, sex in (("he", "male"), ("she", "female")):
            if role in roles:
                self._pronoun(sex)
            if {role, role + "_owns"} & roles and self.person is self.reading.main:
                self.said = self.said or sex

    def _negate(self, i: int) -> None:
        ended = i + 1 >= len(self.items) or self.items[i + 1].kind == "break"
        if ended and self.last is not None and (self.predicate is self.last):
            self.last.negated = True
        else:
            self.flags.add("no")

    def _copula(self, *, again: bool = False) -> None:
        if self.last is not None and (self.segment or again) and not self.pending:
            self.predicate, self.predicated = self.last, []

    def _hedge(self, i: int, roles: frozenset[str]) -> None:
        self.flags.discard("after-hedge")
        following = self.items[i + 1] if i + 1 < len(self.items) else None
        if "think" in roles:
            self.hedge = "wide"
        elif "or" in self.flags or self.pending or self.predicate is not None:
            self.hedge = "mod"
        else:
            self.hedge = "narrow"
        if following is None or following.kind == "break":
            self._doubt_back()

    def _dunno(self, i: int) -> None:
        ended = i + 1 >= len(self.items) or self.items[i + 1].kind == "break"
        if ended and self.segment and not self.segment[-1].described():
            self.segment[-1].dropped = True
        else:
            self.flags.add("dunno")

    def _absent(self, roles: frozenset[str]) -> None:
        if "nobag" in roles:
            frame = Frame(dict.fromkeys(BAG_SLOTS, ("present",)), negated=True)
        elif "nohat" in roles:
            frame = Frame({"head.type": ("hat", "cap")}, negated=True)
        else:
            frame = Frame({"feet.type": ("shoes",)}, negated=True)
        self.person.frames.append(frame)

    def _stack(self, over: bool) -> None:
        """Read "… with a red jacket over the top" and "… with a white tee underneath"."""
        if self.last is not None and len(self.person.frames) > 1:
            if over:
                self.last.outermost = True
            else:
                self.last.innermost = True

    def _refine(self, roles: frozenset[str]) -> None:
        """Tell which bag is meant by where it is worn."""
        last = self.last
        if last is None or not last.regions[0].startswith("carry.") or len(last.regions) < 2:
            return
        where = "shoulder-bag" if "shoulder" in roles else "handbag"
        where = "backpack" if "back" in roles else where
        last.slots = {f"carry.{where}": ("present",)}

    def _speaker(self, i: int) -> None:
        """Keep what the speaker says of himself apart."""
        person = Person(start=self.items[i].start, stop=self.items[i].stop)
        following = self.items[i + 1 : i + 2]
        if any("in" in item.roles for item in following) or "in" in self.items[i].roles:
            self.reading.companions.append(person)
            self._enter(person, i)
            self.opened = True

    # ---------------------------------------------------------------- looking round

    def _unknown(self, i: int, item: Item) -> None:
        following = self.items[i + 1] if i + 1 < len(self.items) else None
        heads = following is None or not (following.senses or following.kind == "unknown")
        if self.pending and heads and self.lexicon.before and not self.segment:
            # an unknown noun keeps its colours: they are nobody else's
            self._left_out(" ".join([*(mod.text for mod in self.pending), item.text]))
            self.pending = []
        else:
            self._left_out(item.text)
        if any("on" in later.roles for later in self.items[i + 1 : i + 2]) and self.segment:
            self._motif(i, item)

    def _left_out(self, text: str) -> None:
        if text and text not in self.reading.unparsed:
            self.reading.unparsed.append(text)

    def _is_person(self, i: int, item: Item) -> bool:
        """Tell "m" the man from "m" the letter, and "mum's bag" from mum."""
        if item.owns and i + 1 < len(self.items):
            following = self.items[i + 1]
            return not ({"things", "colours"} & following.senses.keys())
        if len(item.text) == 1:
            near = self.items[max(0, i - 1) : i] + self.items[i + 1 : i + 2]
            return i == 0 or any(other.kind in {"age", "number"} for other in near)
        return True

    def _is_motif_here(self, i: int, item: Item) -> bool:
        """Tell the bear on a T-shirt from the bear in an arm."""
        return "motifs" in item.senses and self._before_thing(i)

    def _before_thing(self, i: int) -> bool:
        return i + 1 < len(self.items) and "things" in self.items[i + 1].senses

    def _between_mods(self, i: int) -> bool:
        sides = self.items[max(0, i - 1) : i] + self.items[i + 1 : i + 2]
        return len(sides) == 2 and all({*MODS, "things"} & item.senses.keys() for item in sides)


def _colour(meaning: str) -> tuple[tuple[str, ...], Modifier | None]:
    """Read a colour's meaning: ``"dark blue"``, ``"green|blue"``, ``"dark"``."""
    shade: Modifier | None = None
    values: tuple[str, ...] = ()
    for part in meaning.split():
        if part in {"dark", "light"}:
            shade = _modifier(part)
        elif part != "olive":
            values = tuple(part.split("|"))
    return values, shade


def _modifier(shade: str) -> Modifier:
    return "dark" if shade == "dark" else "light"
