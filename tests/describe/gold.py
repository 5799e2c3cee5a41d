"""The notation of the description files, and how a reading is scored against it.

Each description is one line; the line under it says what is to be understood:

    u(hoodie red|orange? striped) !carry… female y6? #race time=14:20 place="…" with{…}

`u o l f head neck eyes hair` and the names of carried things stand for regions, the words in
brackets for values of their slots (type, colour, pattern, sleeve, length); `a|b` are alternatives,
`blue.dark` a modifier, `?` an unsure value (after the bracket: the whole thing), `!` a negated
thing. `bag` is a bag of any kind, `!backpack(red)` the colour that a backpack does not have. `y6`
is an age in years with its band beside it. `#` names a refused kind, `with{…}` a companion.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from reid.core import vocabulary as vocab
from reid.core.records import Query, Wish

HERE = Path(__file__).parent
REGIONS = {"u": "upper", "o": "outer", "l": "lower", "f": "feet"}
BODY = {value: slot for slot in ("body.sex", "body.age") for value in vocab.SLOTS[slot].values} | {
    "slim": "body.build", "heavy": "body.build", "tall": "body.height", "short": "body.height",
    "medium-build": "body.build", "medium-height": "body.height",
}  # fmt: skip

Triple = tuple[str, str | float, bool]


@dataclass
class Gold:
    """What is to be understood of one description."""

    text: str
    triples: set[Triple] = field(default_factory=set)
    unsure: set[Triple] = field(default_factory=set)
    dark: set[tuple[str, str, str]] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    companions: list[set[Triple]] = field(default_factory=list)
    place: str | None = None
    time: str | None = None


def read(name: str) -> list[Gold]:
    """Read one file of descriptions."""
    lines = [
        line.strip()
        for line in (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert len(lines) % 2 == 0, f"{name}: a description without its line of slots"
    return [parse(text, notation) for text, notation in zip(lines[::2], lines[1::2], strict=True)]


def parse(text: str, notation: str) -> Gold:
    """Read one description and its notation."""
    gold = Gold(text)

    def companion(match: re.Match[str]) -> str:
        gold.companions.append(parse("", match[1]).triples)
        return ""

    def context(match: re.Match[str]) -> str:
        value = match[2].strip('"')
        if match[1] == "time":
            gold.time = value
        else:
            gold.place = value
        return ""

    notation = re.sub(r"with\{([^}]*)\}", companion, notation)
    notation = re.sub(r'(time|place)=("[^"]*"|\S+)', context, notation)
    for negated, name, values, unsure in re.findall(r"(!?)([\w-]+)\(([^)]*)\)(\??)", notation):
        thing(gold, REGIONS.get(name, name), values.split(), bool(negated), bool(unsure))
    for word in re.sub(r"!?[\w-]+\([^)]*\)\??", "", notation).split():
        _body(gold, word)
    return gold


def _body(gold: Gold, word: str) -> None:
    if word.startswith("#"):
        gold.refused.add(word[1:])
        return
    negated, word = word.startswith("!"), word.removeprefix("!")
    for value in word.split("|"):
        bare = value.removesuffix("?")
        if re.fullmatch(r"y\d+", bare):
            years = int(bare[1:])
            gold.triples.add(("body.age", vocab.age_band(years), negated))
            add(gold, vocab.YEARS_SLOT, years, negated, value != bare)
        else:
            slot = BODY[bare]
            add(gold, slot, bare.partition("-")[0], negated, value != bare)


def thing(gold: Gold, name: str, values: list[str], negated: bool, unsure: bool) -> None:
    """Add one thing and what is said of it."""
    if name == "bag":
        for kind in ("backpack", "shoulder-bag", "handbag", "plastic-bag"):
            thing(gold, kind, values, negated, unsure)
        return
    if name in vocab.CARRIED:
        name = "carry." + name
        if not (negated and values):
            add(gold, name, "present", negated, unsure)
    for word in values:
        for value in word.split("|"):
            doubt = value.endswith("?") or unsure
            bare, _, shade = value.rstrip("?").partition(".")
            slot = slot_of(name, bare)
            add(gold, slot, bare, negated, doubt)
            if shade:
                gold.dark.add((slot, bare, shade))


def slot_of(name: str, value: str) -> str:
    """Return the slot of a region that has a value."""
    for kind in ("type", "colour", "pattern", "sleeve", "length"):
        slot = f"{name}.{kind}"
        if slot in vocab.SLOTS and value in vocab.SLOTS[slot].values:
            return slot
    raise ValueError(f"{name} has no {value!r}")


def add(gold: Gold, slot: str, value: str | float, negated: bool, unsure: bool) -> None:
    triple = (slot, value, negated)
    gold.triples.add(triple)
    if unsure:
        gold.unsure.add(triple)


def triples(wishes: tuple[Wish, ...]) -> set[Triple]:
    """Return the (slot, value, negated) triples of wishes."""
    return {(wish.slot, wish.value, wish.negated) for wish in wishes}


@dataclass
class Score:
    """Counts over a set of descriptions."""

    right: int = 0
    missed: int = 0
    extra: int = 0
    bindings: int = 0
    refused: int = 0
    refused_missed: int = 0
    refused_extra: int = 0
    negated: int = 0
    negated_found: int = 0
    inverted: int = 0
    unsure: int = 0
    unsure_found: int = 0
    companions: int = 0
    companions_found: int = 0
    context: int = 0
    context_found: int = 0
    shades: int = 0
    shades_found: int = 0

    @property
    def f1(self) -> float:
        """Micro-F1 over the triples of the person described."""
        return 2 * self.right / max(1, 2 * self.right + self.missed + self.extra)

    def add(self, gold: Gold, query: Query) -> set[Triple]:
        """Count one description; return the triples that differ."""
        said = triples(query.wishes)
        self.right += len(said & gold.triples)
        self.missed += len(gold.triples - said)
        self.extra += len(said - gold.triples)
        self.bindings += len(misbound(gold, query))
        self.refused += len(gold.refused)
        self.refused_missed += len(gold.refused - set(query.refused))
        self.refused_extra += len(set(query.refused) - gold.refused)
        negated = {t for t in gold.triples if t[2]}
        self.negated += len(negated)
        self.negated_found += len(negated & said)
        self.inverted += len(inverted(gold, query))
        doubted = {(w.slot, w.value, w.negated) for w in query.wishes if w.certainty == "unsure"}
        self.unsure += len(gold.unsure)
        self.unsure_found += len(gold.unsure & doubted)
        theirs = [triples(c.wishes) for c in query.companions]
        for companion in gold.companions:
            self.companions += len(companion)
            self.companions_found += max((len(companion & t) for t in theirs), default=0)
        self._context(gold, query)
        return said ^ gold.triples

    def _context(self, gold: Gold, query: Query) -> None:
        pairs = ((gold.place, query.last_seen_place), (gold.time, query.last_seen_time))
        for wanted, got in pairs:
            if wanted is not None:
                self.context += 1
                self.context_found += wanted == got
        shaded = {(w.slot, w.value, w.modifier) for w in query.wishes}
        self.shades += len(gold.dark)
        self.shades_found += len(gold.dark & shaded)

    def __str__(self) -> str:
        return (
            f"F1 {self.f1:.3f} ({self.right} right, {self.missed} missed, {self.extra} extra)  "
            f"bindings {self.bindings}  refused {self.refused - self.refused_missed}/"
            f"{self.refused} (+{self.refused_extra})  negation {self.negated_found}/{self.negated}"
            f" (inverted {self.inverted})"
            f"  hedges {self.unsure_found}/{self.unsure}  shades {self.shades_found}/{self.shades}"
            f"  companions {self.companions_found}/{self.companions}"
            f"  context {self.context_found}/{self.context}"
        )


def inverted(gold: Gold, query: Query) -> set[Triple]:
    """Return what is asked for although the description says that it is not so."""
    return {
        t
        for t in triples(query.wishes)
        if not t[2] and t not in gold.triples and (t[0], t[1], True) in gold.triples
    }


def misbound(gold: Gold, query: Query) -> set[Triple]:
    """Return the colours that were given to the wrong thing.

    A colour wish that is not in the gold set while the same colour is, on another thing of the
    person or of a companion: somebody else's colour.
    """
    elsewhere = {t[1] for t in gold.triples if t[0].endswith("colour")}
    elsewhere |= {t[1] for c in gold.companions for t in c if t[0].endswith("colour")}
    return {
        t
        for t in triples(query.wishes)
        if t[0].endswith("colour") and t not in gold.triples and t[1] in elsewhere
    }
