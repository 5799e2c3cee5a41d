"""What describes a thing: colours, patterns, sleeves, and where they go."""

from reid.core.records import Modifier
from reid.describe.frames import Frame, Mod, Trait, parse_thing
from reid.describe.grammar.sentence import MODS, RACE_COLOURS
from reid.describe.grammar.state import State
from reid.describe.items import Item


class Describing(State):
    """What describes a thing: colours, patterns, sleeves, and where they go."""

    def _mod(self, i: int, item: Item) -> None:
        section = next((name for name in (*MODS, "pattern_nouns") if name in item.senses), None)
        if section is None:
            return
        if section == "sleeves" and item.senses[section] == "noun":
            self._sleeve_noun(item)
            return
        mod = self._make(section, item.senses[section], item)
        if mod.kind in {"colour", "shade"} and self.sentence.of_writing(i):
            return
        if self.sentence.of_race(i, mod):
            self._refuse_kind("race")
            return
        self._colour(section, mod, item)
        mod.unsure = self.phrase.unsure()
        mod.negated = item.denied or (
            "no" in self.phrase.flags and self.phrase.predicate is not None
        )
        earlier = self.phrase.predicated or self.phrase.pending
        if mod.either and earlier and earlier[-1].unsure:
            mod.unsure = True  # "maybe green or blue": neither is sure
        self.mod_at = i
        if self._instead(i, mod) or self._with_sleeves(i, mod):
            return
        self._place(mod, i)
        if self.phrase.hedge == "mod" and mod.kind != "shade":
            self.phrase.hedge = ""
        if mod.either or len(self.phrase.pending) > 1 or self.phrase.predicate is not None:
            self.phrase.flags.discard("or")
        self.phrase.flags.add("after-hedge")

    def _colour(self, section: str, mod: Mod, item: Item) -> None:
        """Complete a colour: its shade, and what it is called in hair."""
        front = item.senses.get("front shades")
        if front in {"dark", "light"} and mod.shade is None:
            mod.shade = shade_of(front)
        if section == "colours" and "hair_colours" in item.senses:
            mod.hair = colour_meaning(item.senses["hair_colours"])[0]
        if section == "hair_colours":
            mod.hair, mod.values = mod.values, ()
        if mod.kind == "colour":
            self._take_shade(mod)

    def _with_sleeves(self, i: int, mod: Mod) -> bool:
        """Read "a dress with short sleeves and white tights": the sleeves are the dress's."""
        if mod.kind != "sleeve" or not self.cast.segment or "with" not in self.items[i - 1].roles:
            return False
        self.cast.segment[-1].mods.append(mod)
        return True

    def _instead(self, i: int, mod: Mod) -> bool:
        """Read "nicht der blaue Mantel, der rote": the other one of what is said not to be."""
        ends = self.sentence.pauses_at(i, "and", "but")
        known = self.cast.last or self.cast.previous
        the = i > 0 and "the" in self.items[i - 1].roles
        if not (the and ends and known is not None and known.negated) or "no" in self.phrase.flags:
            return False
        if mod.kind != "colour":
            return False
        known.negated = False
        for said in known.colours():
            said.negated = True
        known.mods.append(mod)
        return True

    def _make(self, section: str, meaning: str, item: Item) -> Mod:
        if section in {"colours", "hair_colours"}:
            values, shade = colour_meaning(meaning)
            earlier = self.phrase.predicated or self.phrase.pending
            joined = bool(earlier) and earlier[-1].kind == "colour"
            hue = (
                item.glued
                and joined
                and "and" not in self.phrase.flags
                and not self.lexicon.compounds
            )
            return Mod("colour", values, item.text, shade=shade,
                       either=joined and ("or" in self.phrase.flags or hue))  # fmt: skip
        if section == "shades":
            return Mod("denim" if meaning == "denim" else "shade", (meaning,), item.text)
        if meaning == "short leg":
            return Mod("size", ("short",), item.text, legs=True)
        kind = {"patterns": "pattern", "pattern_nouns": "pattern", "motifs": "pattern",
                "sizes": "size", "sleeves": "sleeve"}[section]  # fmt: skip
        return Mod(kind, (meaning,), item.text)

    def _take_shade(self, mod: Mod) -> bool:
        """Give a colour the "dark" or "light" that stands just before it."""
        queue = self.phrase.predicated if self.phrase.predicated else self.phrase.pending
        if not queue and self.phrase.noun_first and self.cast.segment:
            queue = self.cast.segment[-1].mods
        if queue and queue[-1].kind == "shade" and mod.shade is None:
            shade = queue.pop()
            mod.shade = shade_of(shade.values[0])
            if self.phrase.predicate is not None and shade in self.phrase.predicate.mods:
                self.phrase.predicate.mods.remove(shade)
            return True
        return False

    def _place(self, mod: Mod, i: int) -> None:
        """Put a description where it belongs: back to a thing, or on to the next."""
        if mod.kind == "shade" and mod.values == ("leather",):
            return
        if not self.lexicon.before and self._after_noun(mod, i):
            return
        if self.phrase.predicate is not None:
            before = self.phrase.predicated or self.phrase.predicate.colours()
            mod.either = mod.either or (
                "or" in self.phrase.flags and bool(before) and not mod.negated
            )
            self.phrase.predicate.mods.append(mod)
            self.phrase.predicated.append(mod)
            if (
                "both" in self.phrase.flags and len(self.cast.segment) > 1
            ):  # "her boots and bag are both black"
                self.cast.segment[-2].mods.append(mod)
        elif self.phrase.noun_first and self.cast.segment:
            for frame in (
                self.cast.segment[-2:] if "both" in self.phrase.flags else self.cast.segment[-1:]
            ):
                frame.mods.append(mod)
        else:
            self.phrase.pending.append(mod)

    def _after_noun(self, mod: Mod, i: int) -> bool:
        """In a language whose adjectives follow, describe the thing just said."""
        if self.cast.last is None or (not self.cast.segment and mod.kind != "colour"):
            return False
        if mod.kind == "colour" and self.sentence.of_unknown(i):
            self._left_out(mod.text)
            return True
        target = self.cast.last
        if mod.kind == "shade":
            colours = target.colours()
            if colours and colours[-1].shade is None and target.mods[-1] is colours[-1]:
                colours[-1].shade = shade_of(mod.values[0])
                return True
        if mod.kind == "colour" and "or" in self.phrase.flags and target.colours():
            mod.either = True
        if not self.phrase.named and mod.kind == "colour" and not mod.negated:
            asked = self.sentence.asked_at(i)
            mod.either = mod.either or (asked and any(known.unsure for known in target.colours()))
            self.phrase.added.append(mod)
        target.mods.append(mod)
        return True

    def _attach_back(self) -> None:
        """Give what no thing followed to the thing before, or to the person."""
        mods, self.phrase.pending = self.phrase.pending, []
        hair = [mod for mod in mods if mod.kind == "colour" and not mod.values]
        if hair:
            self._thing_of("hair", mods)
            return
        denim = any(mod.kind == "denim" for mod in mods)
        target = self.cast.last
        if target is None and self.cast.previous is not None and not self.cast.previous.coloured():
            target = (
                self.cast.previous if not self.phrase.flags & {"in", "whole"} else None
            )  # "Cap. Red."
        if "no" in self.phrase.flags and target is not None:
            for mod in mods:
                mod.negated = True
            self.phrase.flags.discard("no")
        if denim and (target is None or target.described()):
            self._thing_of("lower.type=jeans", mods)
            return
        if target is not None and target.negated and self._other_one(target, mods):
            return
        if target is not None and self._may_take(target, mods):
            if "or" in self.phrase.flags or (
                mods[0].unsure and target.colours() and not mods[0].negated
            ):
                mods[0].either = True
            if mods[0].unsure:
                target.forgotten = False  # "not sure about the trousers, maybe black"
            target.mods.extend(mods)
            if "both" in self.phrase.flags and len(self.cast.person.frames) > 1:
                self.cast.person.frames[-2].mods.extend(mods)
            return
        self._of_person(mods)

    def _other_one(self, target: Frame, mods: list[Mod]) -> bool:
        """Read "keine rote Jacke, sondern eine blaue": a jacket after all, but not a red one."""
        article = self.mod_at > 0 and "a" in self.items[self.mod_at - 1].roles
        plain = all(mod.kind == "colour" and not mod.negated for mod in mods)
        if not (article and plain and target.colours()):
            return False
        target.negated = False
        for said in target.colours():
            said.negated = True
        target.mods.extend(mods)
        return True

    def _may_take(self, target: Frame, mods: list[Mod]) -> bool:
        if "whole" in self.phrase.flags:
            return False
        if "trim" in self.phrase.flags:
            return True
        if "hair" in target.regions and any(mod.kind == "size" for mod in mods):
            return True
        doubtful = mods[0].either or mods[0].unsure or mods[0].negated or "or" in self.phrase.flags
        return (
            doubtful
            or not target.coloured()
            or all(known.negated for known in target.colours())  # "not red, but blue"
            or any(m.kind in {"pattern", "sleeve"} for m in mods)
        )

    def _of_person(self, mods: list[Mod]) -> None:
        """Read what describes no thing as said of the whole person."""
        for mod in mods:
            if mod.kind == "size" and mod.values == ("short",):
                self._add_trait(Trait("body.height", ("short",), mod.unsure, mod.negated))
        coloured = [mod for mod in mods if mod.kind in {"colour", "shade", "pattern"}]
        if (
            "no" in self.phrase.flags
        ):  # "isn't wearing anything dark": whatever it is, it is not that
            for mod in coloured:
                mod.negated = True
        denied = bool(coloured) and all(mod.negated for mod in coloured)
        if any(mod.kind == "sleeve" for mod in mods):
            self._thing_of("upper", mods)
        elif coloured and "whole" in self.phrase.flags:
            self._thing_of("upper lower", coloured)
        elif denied or (coloured and "in" in self.phrase.flags) or self._guessed(coloured):
            self._thing_of("upper", coloured)
        elif any(set(m.values) & RACE_COLOURS for m in coloured) and not self.cast.person.frames:
            self._refuse_kind("race")  # "Male. White."
        elif coloured and self._anothers():
            self._same_kind(coloured)
        else:
            for mod in coloured:
                self._left_out(mod.text)

    def _anothers(self) -> bool:
        """Whether "sein Freund einen grünen" names a colour of the thing named last."""
        article = self.mod_at > 0 and "a" in self.items[self.mod_at - 1].roles
        return article and self.cast.latest is not None and not self.cast.person.frames

    def _same_kind(self, mods: list[Mod]) -> None:
        """Add a thing of the kind of the one named last, whosever that was."""
        kind = self.cast.latest
        if kind is not None:
            self._thing_of(kind.text, mods)
            self.cast.person.frames[-1].slots = dict(kind.slots)
            self.cast.person.frames[-1].layer = kind.layer

    def _guessed(self, coloured: list[Mod]) -> bool:
        """Whether a colour is all that is offered of the clothes: "no idea, maybe red?"."""
        unsure = bool(coloured) and all(mod.unsure for mod in coloured)
        return unsure and self.puzzled and not self.cast.person.frames

    def _thing_of(self, meaning: str, mods: list[Mod]) -> None:
        """Add a thing that was only described ("denim", "all in black", "blonde")."""
        slots, layer = parse_thing(meaning)
        self.order += 1
        frame = Frame(slots, meaning, layer, list(mods), order=self.order)
        frame.forgotten = "dunno" in self.phrase.flags
        self.cast.person.frames.append(frame)
        self.cast.segment.append(frame)
        self.cast.last = frame

    def _part(self, i: int, item: Item) -> None:
        """Read a piece of a garment: large ones colour it, small ones are left out."""
        mods, self.phrase.pending = self.phrase.pending, []
        if item.senses["parts"] == "hood" and self.cast.last is not None:
            if self.cast.last.slots.get("upper.type") == ("sweater",):
                self.cast.last.slots["upper.type"] = ("hoodie",)
        elif item.senses["parts"] == "whole" and self.cast.last is not None:
            self._colour_piece(self.cast.last, mods)
        else:
            self._left_out(" ".join([*(mod.text for mod in mods), item.text]))
        self.phrase.flags -= {"no", "or"}

    def _sleeve_noun(self, item: Item) -> None:
        mods, self.phrase.pending = self.phrase.pending, []
        if self.cast.last is None:
            return
        for mod in mods:
            if mod.kind == "size":
                self.cast.last.mods.append(Mod("sleeve", mod.values, unsure=mod.unsure))
        self._colour_piece(self.cast.last, [mod for mod in mods if mod.kind != "size"])

    def _colour_piece(self, frame: Frame, mods: list[Mod]) -> None:
        for mod in mods:
            if mod.kind == "colour":
                mod.text = "of a piece"
                mod.either = mod.either and mod is not mods[0]
                frame.mods.append(mod)

    def _pattern_noun(self, i: int, item: Item) -> None:
        """Read "with blue stripes": a pattern with colours of its own."""
        pattern = item.senses["pattern_nouns"]
        mods, self.phrase.pending = self.phrase.pending, []
        if (
            any("on" in later.roles for later in self.items[i + 1 : i + 2])
            and not self.cast.segment
        ):
            self.phrase.pending = [
                *mods,
                Mod("pattern", (pattern,), item.text, negated=item.denied),
            ]
            return
        if self.cast.last is None:
            self._thing_of("upper", [])
        frame = self.cast.last
        if frame is None:
            return
        if not self.cast.segment:  # "…, the stripes are blue"
            self.cast.segment.append(frame)
        if pattern != "graphic":  # "a Celtic top, green and white hoops"
            frame.mods = [m for m in frame.mods if m.values != ("graphic",)]
        known = any(mod.kind == "pattern" for mod in frame.mods)
        if item.denied:
            frame.mods.append(Mod("pattern", (pattern,), unsure=self.phrase.unsure(), negated=True))
        elif not known and "no" not in self.phrase.flags:
            frame.mods.append(Mod("pattern", (pattern,), unsure=self.phrase.unsure()))
        if pattern != "graphic":
            self._colour_piece(frame, mods)
            if self.mod_at == i - 1 and len(frame.colours()) > 1:
                frame.colours()[-1].text = "of a piece"
        elif self.mod_at == i - 1:  # "上面有白色字母": white letters
            said = self.items[i - 1].text
            frame.mods = [m for m in frame.mods if m.kind != "colour" or m.text != said]

    def _motif(self, i: int, item: Item) -> None:
        if self.sentence.before_thing(i):
            self.phrase.flags.add("motif")
            return
        self.phrase.pending = []
        shown = any("on" in later.roles for later in self.items[i + 1 : i + 2])
        if (
            not shown
            and self.cast.last is not None
            and self.cast.last.slots.get("upper.type") == ("costume",)
        ):
            return
        if self.cast.last is not None and (self.cast.segment or "upper" in self.cast.last.regions):
            if not any(mod.kind == "pattern" for mod in self.cast.last.mods):
                self.cast.last.mods.append(
                    Mod("pattern", ("graphic",), unsure=self.phrase.unsure())
                )
        else:
            self._left_out(item.text)


def colour_meaning(meaning: str) -> tuple[tuple[str, ...], Modifier | None]:
    """Read a colour's meaning: ``"dark blue"``, ``"green|blue"``, ``"dark"``."""
    shade: Modifier | None = None
    values: tuple[str, ...] = ()
    for part in meaning.split():
        if part in {"dark", "light"}:
            shade = shade_of(part)
        elif part != "olive":
            values = tuple(part.split("|"))
    return values, shade


def shade_of(shade: str) -> Modifier:
    """Return a shade as a modifier; everything that is not dark is light."""
    return "dark" if shade == "dark" else "light"
