"""What is worn and carried, and how one thing stands to the one before it."""

from reid.describe.frames import Frame, Mod, Values, parse_look, parse_thing
from reid.describe.grammar.people import Naming
from reid.describe.grammar.state import BAG_SLOTS, RECENT
from reid.describe.items import Item


class Things(Naming):
    """What is worn and carried, and how one thing stands to the one before it."""

    def _thing(self, i: int, item: Item) -> None:
        meaning = item.senses["things"]
        if item.senses.get("parts") == "half" and self._half(i):
            return
        self.cast.return_to_main_for_things()
        self._flush_traits()
        self.cast.trigger, self.phrase.named = None, True
        slots, layer = parse_thing(meaning)
        self.definite = i > 0 and bool(self.items[i - 1].roles & {"the", "his"})
        known = self._spoken_of(slots) if self.definite or self.like is not None else None
        owned = self.sentence.owner_after(i)
        known = None if owned else known
        if known is not None:
            self._again(known, item, adjacent=self.mod_at == i - 1)
            return
        self.order += 1
        frame = Frame(slots, item.text, layer, order=self.order)
        frame.unsure = self.phrase.hedge in {"narrow", "wide"} or (
            self.phrase.hedge == "mod" and not self.phrase.pending
        )
        frame.negated = item.denied or "no" in self.phrase.flags
        frame.forgotten = "dunno" in self.phrase.flags
        frame.dropped = meaning == "other"
        if meaning == "other":
            frame.slots = {"other": ()}
            self._left_out(item.text)
        if meaning.startswith("hair"):
            if self._no_hair(i, frame, meaning):
                frame.negated, meaning = False, "hair.length=bald"
            self._hair(frame, meaning)
        if frame.negated and _any_bag(frame):
            frame.slots = dict.fromkeys(BAG_SLOTS, ("present",))
        if self.phrase.worn and _any_bag(frame) and not frame.negated:
            frame.slots = {self.phrase.worn: ("present",)}
        self.phrase.worn = ""
        if "save" in self.phrase.flags:
            self._excepted(frame)
        self._compound(frame, i)
        self._relate(frame)
        self._take_pending(frame, item, adjacent=self.mod_at == i - 1)
        self.phrase.flags -= {"no", "in", "whole"}
        if self.phrase.hedge in {"narrow", "mod"}:
            self.phrase.hedge = ""
        self.phrase.flags.add("after-hedge")
        self.cast.person.frames.append(frame)
        self._speak_of(frame)
        self.cast.belonging = frame if owned else self.cast.belonging

    def _half(self, i: int) -> bool:
        """Read "two-tone jacket, top half yellow": a half of the garment, no garment of its own."""
        whole = self.cast.last
        if whole is None or "upper.type" not in whole.slots or self.sentence.thing_ahead(i):
            return False
        if len(whole.regions) > 1 or (whole.coloured() and not self.halved):
            return False
        self.halved = True
        self._colour_piece(whole, self.phrase.pending)
        self.phrase.pending = []
        self._speak_of(whole)
        self.phrase.speak_of(whole)
        return True

    def _speak_of(self, frame: Frame) -> None:
        """Make a thing the one that what follows is about."""
        if self.like is not None and self.like is not frame:
            self.pairs.append((self.like, frame))
        self.like = None
        self.cast.segment.append(frame)
        self.cast.last, self.last_trait = frame, None
        self.cast.latest = frame

    def _excepted(self, frame: Frame) -> None:
        """Take "everything purple except the top" off the top."""
        for known in self.cast.person.frames:
            if known.slots.keys() == {"upper", "lower"}:
                for region in frame.regions:
                    known.slots.pop(region, None)
        self.phrase.flags.discard("save")

    def _spoken_of(self, slots: dict[str, Values]) -> Frame | None:
        """Return the thing that "the bag" means, if one such was named before."""
        if self.phrase.flags & {"no", "or", "same"} or self.phrase.hedge:
            return None
        bags = len(slots.keys() & set(BAG_SLOTS)) > 1
        for frame in reversed(self.cast.person.frames[-RECENT:]):
            if frame.negated or frame.gone() or "hair" in frame.regions:
                continue
            if frame.slots == slots or (bags and set(frame.slots) & set(BAG_SLOTS)):
                return frame if slots.keys() != {"upper"} and slots.keys() != {"lower"} else None
        return None

    def _again(self, frame: Frame, item: Item, *, adjacent: bool) -> None:
        """Go on with a thing that was named before."""
        self.phrase.speak_of(None)
        self._take_pending(frame, item, adjacent=adjacent)
        self.phrase.flags -= {"in", "whole"}
        self.phrase.flags.add("after-hedge")
        self._speak_of(frame)

    def _one(self, i: int) -> bool:
        """Read "the red one": the thing just named, or another of its kind."""
        known = self.cast.last or self.cast.previous
        if known is None and self.cast.person.frames == [] and self.cast.latest is not None:
            return self._another(i, self.cast.latest)
        if "or" in self.phrase.flags:
            frames = reversed(self.cast.person.frames[-RECENT:])
            known = next((frame for frame in frames if frame.coloured()), known)
        if (
            known is None
            or not self.phrase.pending
            or self.mod_at != i - 1
            or "hair" in known.regions
        ):
            return False
        mods, self.phrase.pending = self.phrase.pending, []
        if "no" in self.phrase.flags and not known.negated:  # "the red one, not the grey one"
            for mod in mods:
                mod.negated = True
        elif known.negated:  # "not the blue coat, the red one": a coat after all
            known.negated = False
            for mod in known.colours():
                mod.negated = True
        elif "or" in self.phrase.flags:
            mods[0].either = True
        elif known.coloured() and not all(mod.negated for mod in mods):
            self._thing_of(known.text, mods)
            self.cast.person.frames[-1].slots = dict(known.slots)
            self.cast.person.frames[-1].layer = known.layer
            return True
        known.mods.extend(mods)
        self._speak_of(known)
        return True

    def _another(self, i: int, kind: Frame) -> bool:
        """Read "he had a yellow coat, his mate a green one": somebody else's of the same kind."""
        if not self.phrase.pending or self.mod_at != i - 1 or "hair" in kind.regions:
            return False
        mods, self.phrase.pending = self.phrase.pending, []
        self._same_kind(mods)
        return True

    def _liken(self, i: int) -> None:
        """Read "the same colour as her bag": the thing before is to be like the one after."""
        if self.cast.last is not None and self.sentence.thing_ahead(i, past_colours=True):
            self.like = self.phrase.predicate or self.cast.last
        else:
            self.phrase.flags.add("same")

    def _resolve_pairs(self) -> None:
        """Give things that are said to be alike one colour, whichever of them it was said of."""
        for pair in self.pairs:
            for bare, coloured in (pair, pair[::-1]):
                if coloured.colours() and not bare.coloured():
                    bare.mods.extend(m for m in coloured.colours() if m.text != "of a piece")

    def _compound(self, frame: Frame, i: int) -> None:
        """Of two names for one garment side by side ("fleece jacket") the second is the head."""
        last = self.cast.last
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
        for known in self.cast.person.frames[-RECENT:]:
            if "hair" in known.regions and value and known.slots.get("hair.length") is None:
                frame.slots = {"hair.length": (value,)}

    def _no_hair(self, i: int, frame: Frame, meaning: str) -> bool:
        """Whether "no hair" says that somebody is bald, not that a hood hides it."""
        ends = self.sentence.pauses_at(i, "and", "but", "with")
        return frame.negated and meaning == "hair" and not self.phrase.pending and ends

    def _relate(self, frame: Frame) -> None:
        """Tell how a new thing stands to the one before it."""
        last = self.cast.last
        if last is None:
            return
        same = set(frame.regions) & set(last.regions)
        bags = frame.regions[0].startswith("carry") and last.regions[0].startswith("carry")
        if "or" in self.phrase.flags and last.negated:
            frame.negated = True
        elif "or" in self.phrase.flags and (same or bags):
            frame.alternative = last
            frame.unsure = frame.unsure or last.unsure
        if (
            self.phrase.hedge == "narrow"
            and same
            and not self.cast.segment
            and not self.phrase.pending
        ):
            frame.alternative = last
        if "over" in self.phrase.flags and same:
            last.outermost, frame.innermost = True, True
        if "under" in self.phrase.flags and same:
            frame.outermost, last.innermost = True, True
        self.phrase.flags -= {"or", "over", "under"}

    def _take_pending(self, frame: Frame, item: Item, *, adjacent: bool) -> None:
        if self.phrase.predicated and self.phrase.predicate is not None and adjacent:
            # "her coat is a red parka": what was said of the coat is said of the parka
            self.phrase.predicate.mods = [
                m for m in self.phrase.predicate.mods if m not in self.phrase.predicated
            ]
            self.phrase.pending = self.phrase.predicated
        hair = "hair" in frame.regions
        if (
            self.phrase.predicate is not None
            and not hair
            and (
                set(self.phrase.predicate.regions) & set(frame.regions)
                or (_any_bag(self.phrase.predicate) and set(frame.regions) & set(BAG_SLOTS))
            )
        ):
            self.phrase.predicate.dropped = not self.phrase.predicate.negated and not frame.negated
            if self.phrase.predicate.dropped and not any(
                m.kind == "colour" for m in self.phrase.pending
            ):
                frame.mods.extend(
                    self.phrase.predicate.mods
                )  # "the hat is blue, and it's a bobble hat"
        self.phrase.speak_of(None)
        frame.mods.extend(self._fronts(item))
        frame.mods.extend(self.phrase.pending)
        self.phrase.pending = []
        if not frame.coloured():
            frame.mods.extend(self.spread)
        frame.mods.extend(
            mod
            for mod in parse_look(item.senses["things"])
            if mod.kind != "colour" or not frame.coloured()
        )
        if "same" in self.phrase.flags:
            if frame.coloured() and self.cast.segment:  # "shoes matching her red coat"
                self.pairs.append((self.cast.segment[-1], frame))
            else:
                self._copy_colours(frame)
            self.phrase.flags.discard("same")
        if "motif" in self.phrase.flags and frame.slots.get("upper.type") != ("costume",):
            frame.mods.append(Mod("pattern", ("graphic",)))
        self.phrase.flags.discard("motif")

    def _fronts(self, item: Item) -> list[Mod]:
        """Return what the first part of a compound says of its last."""
        mods: list[Mod] = []
        for section in ("shades", "colours", "patterns", "motifs"):
            meaning = item.senses.get("front " + section)
            if meaning is not None:
                mods.append(self._make(section, meaning, item))
        return mods

    def _copy_colours(self, frame: Frame) -> None:
        for known in reversed(self.cast.person.frames[-RECENT:]):
            if known.colours() and known is not frame:
                frame.mods.extend(m for m in known.colours() if m.text != "of a piece")
                return

    def _absent(self, roles: frozenset[str]) -> None:
        if "nobag" in roles:
            frame = Frame(dict.fromkeys(BAG_SLOTS, ("present",)), negated=True)
        elif "nohat" in roles:
            frame = Frame({"head.type": ("hat", "cap")}, negated=True)
        else:
            frame = Frame({"feet.type": ("shoes",)}, negated=True)
        self.cast.person.frames.append(frame)

    def _stack(self, over: bool) -> None:
        """Read "… with a red jacket over the top" and "… with a white tee underneath"."""
        if self.cast.last is not None and len(self.cast.person.frames) > 1:
            if over:
                self.cast.last.outermost = True
            else:
                self.cast.last.innermost = True

    def _aside(self) -> None:
        """Read what is tied about the waist as worn over the rest."""
        if self.cast.last is not None and "upper" in self.cast.last.regions:
            self.cast.last.outermost = True

    def _bare_upper(self, i: int) -> bool:
        """Whether "something pink on top" ends here: a colour, and no word for the thing."""
        ends = self.sentence.pauses_at(i, "and", "but")
        upper = any("upper" in frame.regions for frame in self.cast.person.frames)
        return ends and bool(self.phrase.pending) and not self.cast.segment and not upper

    def _riding(self, roles: frozenset[str]) -> bool:
        """Whether who comes with a thing sits in it: "a blue buggy with a toddler in it"."""
        pushed = self.cast.last is not None and "carry.pushchair" in self.cast.last.regions
        return pushed and "with" in roles and not self.cast.main.named

    def _refine(self, roles: frozenset[str]) -> None:
        """Tell which bag is meant by where it is worn."""
        where = "shoulder-bag" if "shoulder" in roles else "handbag"
        where = "carry.backpack" if "back" in roles else f"carry.{where}"
        if self.cast.last is not None and _any_bag(self.cast.last):
            self.cast.last.slots = {where: ("present",)}
        elif self.lexicon.relatives_first:  # "斜挎黑色小包": how it is worn is said first
            self.phrase.worn = where


def _any_bag(frame: Frame) -> bool:
    """Whether a thing is a bag, and nobody said of which kind."""
    return len(frame.regions) > 1 and frame.regions[0].startswith("carry.")
