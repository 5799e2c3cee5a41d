"""Whole descriptions in several speakers' styles, with what they assert.

A description is composed: a style plans its clauses, each clause is worded by `phrases`, and every
asserted slot is recorded while it is worded, so that text and truth cannot drift apart.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from reid.core.records import Wish
from reid.lab.synth.speakers import words
from reid.lab.synth.speakers.claims import Fact, Item, Portrait, Version, choose, portrait_of
from reid.lab.synth.speakers.phrases import (
    Voice,
    age_phrase,
    listed,
    looks_phrases,
    noun_phrase,
    person_noun,
    with_article,
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a speaker knows beside the looks; None where nothing is said.

    Attributes:
        place: e.g. "the carousel". time: ``HH:MM``. companion: e.g. "her grandmother".
        remark: of `words.REFUSED_REMARKS`.
    """

    place: str | None = None
    time: str | None = None
    companion: str | None = None
    remark: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What somebody said, and what a perfect listener would note.

    Attributes:
        text: the words.
        style: of `STYLES`. variety: "us" or "uk". version: "true", "wrong" or "vague".
        wishes: asserted slots.
        wrong: slots that are deliberately not so; empty unless `version` is "wrong".
        refused: kinds of `vocabulary.REFUSED` that were mentioned.
        context: place, time and companion that were said.
    """

    text: str
    style: str
    variety: words.Variety
    version: Version
    wishes: tuple[Wish, ...]
    wrong: tuple[str, ...]
    refused: tuple[str, ...]
    context: Context

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready form; ``slots`` are as in ``reid describe --json``."""
        slots = [
            {
                "slot": w.slot, "value": w.value, "certainty": w.certainty, "negated": w.negated,
                "group": w.group, "modifier": w.modifier,
            }
            for w in self.wishes
        ]  # fmt: skip
        return {
            "text": self.text, "style": self.style, "variety": self.variety,
            "version": self.version, "slots": slots, "wrong": list(self.wrong),
            "refused": list(self.refused),
            "context": {
                "last_seen_place": self.context.place, "last_seen_time": self.context.time,
                "with": self.context.companion,
            },
        }  # fmt: skip


Style = Callable[[Voice, Portrait, Context], str]
_SUBJECT: Final = {"female": ("she", "her", "her"), "male": ("he", "him", "his")}


def _pronouns(who: Portrait) -> tuple[str, str, str]:
    return _SUBJECT.get(who.sex, ("they", "them", "their"))


def _is(subject: str) -> str:
    return "they're" if subject == "they" else f"{subject}'s"


def _was(subject: str) -> str:
    return "they were" if subject == "they" else f"{subject} was"


def _split(who: Portrait) -> tuple[list[Item], list[Item], list[Item]]:
    """Return what is worn, what is carried, what was not there."""
    worn = [i for i in who.items if not i.absent and not i.name.startswith("carry.")]
    carried = [i for i in who.items if not i.absent and i.name.startswith("carry.")]
    return worn, carried, [i for i in who.items if i.absent]


def _carrying(voice: Voice, item: Item) -> str:
    if item.kind in words.PUSHED:
        verb = voice.pick(("pushing", "with") if item.kind == "pushchair" else ("pulling", "with"))
    else:
        verb = voice.pick(("carrying", "with", "holding" if "bag" not in item.kind else "with"))
    return f"{verb} {noun_phrase(voice, item)}"


def _clock(voice: Voice, time: str, *, military: bool = False) -> str:
    hour, minute = (int(part) for part in time.split(":"))
    if military and voice.chance(0.6):
        return f"{hour:02d}{minute:02d} hours"
    if voice.chance(0.4) and hour:
        return f"{(hour - 1) % 12 + 1}:{minute:02d} {'am' if hour < 12 else 'pm'}"
    return time


def _where(voice: Voice, context: Context, *, short: bool = False, military: bool = False) -> str:
    """Say place and time, e.g. "near the carousel around 14:20"; "" when neither is known."""
    parts = []
    if context.place:
        near = "" if short else f"{voice.pick(('near', 'at', 'by'))} "
        parts.append(near + (context.place.removeprefix("the ") if short else context.place))
    if context.time:
        around = voice.pick(("at", "around", "about"))
        parts.append(f"{around} {_clock(voice, context.time, military=military)}")
    return " ".join(parts)


def _relation(voice: Voice, who: Portrait) -> str:
    """Name the missed person as kin; claims the sex only."""
    if not who.sex:
        return "my child" if who.age == "child" else "somebody from our group"
    voice.claim("body.sex", who.sex)
    said = voice.pick(words.RELATIONS[(who.age or "adult", who.sex)])
    said = said.replace("mum", "mom") if voice.variety == "us" else said
    if "little" in said:
        voice.claim("body.age", "child")
    return said


def _panicked(voice: Voice, who: Portrait, context: Context) -> str:
    subject, them, own = _pronouns(who)
    lost = _relation(voice, who)
    out = voice.pick(
        (f"Please help me, I can't find {lost}!", f"I've lost {lost}, please, you have to help!",
         f"Oh God, {lost} is gone!", f"{lost.capitalize()} just disappeared, please help.",
         f"Help, {lost} was right here a minute ago!")
    )  # fmt: skip
    age = age_phrase(voice, who)
    if age:
        out += f" {_is(subject).capitalize()} {age}."
    elif who.age and "body.age" not in {w.slot for w in voice.wishes} and voice.chance(0.5):
        article = {
            "child": "only a child",
            "teen": "a teenager",
            "adult": "an adult",
            "older": "elderly",
        }
        voice.claim("body.age", who.age)
        out += f" {_is(subject).capitalize()} {article[who.age]}."
    out += _told(voice, who, subject)
    for part in looks_phrases(voice, who):
        has = "have" if subject == "they" else "has"
        verb = (
            f"{subject} {has}"
            if part.endswith("hair") and not part.startswith("with")
            else _is(subject)
        )
        out += f" {verb.capitalize()} {part}."
    out += _company(context, own)
    where = _where(voice, context)
    if where:
        out += voice.pick(
            (f" I last saw {them} {where}.", f" {_was(subject).capitalize()} {where} just now.")
        )
    return out + voice.pick((" Please hurry!", " Please find them.", " I looked everywhere.", ""))


def _company(context: Context, own: str) -> str:
    if not context.companion:
        return ""
    friend = re.sub(r"^(her|his) ", f"{own} ", context.companion)
    return f" Was with {friend}."


def _told(voice: Voice, who: Portrait, subject: str) -> str:
    """Sentences about clothes and things, as told face to face."""
    worn, carried, absent = _split(who)
    out = ""
    if worn:
        clothes = [noun_phrase(voice, i) for i in worn]
        opening = voice.pick(
            (
                f"{_is(subject)} wearing",
                f"{_was(subject)} wearing",
                f"{subject} had on",
                f"{_was(subject)} in",
            )
        )
        if len(clothes) > 2 and voice.chance(0.4):
            first, rest = listed(clothes[:2]), listed(clothes[2:])
            out += f" {opening.capitalize()} {first}. {rest[0].upper()}{rest[1:]} too."
        else:
            out += f" {opening.capitalize()} {listed(clothes)}."
    if carried:
        out += f" {_was(subject).capitalize()} {listed([_carrying(voice, i) for i in carried])}."
    for item in absent:
        out += f" {noun_phrase(voice, item).capitalize()}."
    return out


def _radio(voice: Voice, who: Portrait, context: Context) -> str:
    call = voice.pick(("Control, ", "All units, ", "Security, ", "All staff, be advised, ", ""))
    missing = voice.pick(("missing", "lookout for", "we have a missing", "searching for"))
    noun = person_noun(voice, who, official=voice.chance(0.5))
    age = age_phrase(voice, who)
    age = age if age.startswith("in ") else f"{voice.pick(('age', 'approx'))} {age}" if age else ""
    parts = [f"{call}{missing} {noun}", *([age] if age else [])]
    parts += looks_phrases(voice, who)
    worn, carried, absent = _split(who)
    parts += [noun_phrase(voice, i, article=False, hedge=False) for i in (*worn, *carried, *absent)]
    where = _where(voice, context, short=True, military=True)
    end = f". Last seen {where}" if where else ""
    ending = voice.pick((". Over.", ". Copy?", ".", ", please acknowledge."))
    text = ", ".join(parts) + end + ending
    return text[0].upper() + text[1:]


def _police(voice: Voice, who: Portrait, context: Context) -> str:
    title = voice.pick(("The subject", "The missing person", "Subject", "MISPER"))
    noun = person_noun(voice, who, official=True)
    age = age_phrase(voice, who)
    aged = (
        f", {voice.pick(('aged', 'age'))} {age}"
        if age and not age.startswith("in ")
        else f", {age}"
        if age
        else ""
    )
    article = "an" if noun[0] in "aeiou" else "a"
    out = f"{title} is {article} {noun}{aged.replace('aged about', 'aged approximately')}."
    looks = looks_phrases(voice, who)
    if looks:
        out += f" Described as {listed(looks)}."
    worn, carried, absent = _split(who)
    if worn:
        verb = voice.pick(("was last observed wearing", "was wearing", "is dressed in"))
        out += f" {title} {verb} {listed([noun_phrase(voice, i) for i in worn])}."
    if carried:
        verb = voice.pick(("was in possession of", "was carrying", "had"))
        out += f" {title} {verb} {listed([noun_phrase(voice, i) for i in carried])}."
    if absent:
        out += f" {listed([noun_phrase(voice, i) for i in absent]).capitalize()}."
    where = _where(voice, context, military=True)
    return out + (f" Last seen {where}." if where else "")


def _terse(voice: Voice, who: Portrait, context: Context) -> str:
    noun = person_noun(voice, who)
    age = age_phrase(voice, who)
    parts = [f"{noun} {age}" if age else noun, *looks_phrases(voice, who)]
    worn, carried, absent = _split(who)
    parts += [noun_phrase(voice, i, article=False, hedge=False) for i in (*worn, *carried, *absent)]
    where = _where(voice, context, short=voice.chance(0.5))
    if where:
        parts.append(f"last seen {where}")
    return voice.pick((", ", "; ", " / ")).join(parts)


_FILLERS: Final = (
    "um",
    "well",
    "let me think",
    "you know",
    "I mean",
    "sorry",
    "so",
    "anyway",
    "right",
)
_ASIDES: Final = (
    "We only turned round for a second.", "I was paying for the tickets, you see.",
    "It was ever so busy.", "I told them to stay close.", "We came in on the early train.",
    "I'm all shaken up.", "You'd think they'd have more staff about.",
)  # fmt: skip


def _rambling(voice: Voice, who: Portrait, context: Context) -> str:
    subject, them, own = _pronouns(who)
    out = f"{voice.pick(_FILLERS).capitalize()}, it's {_relation(voice, who)}"
    age = age_phrase(voice, who)
    out += f", {_is(subject)} {age}." if age else "."
    out += f" {voice.pick(_ASIDES)}"
    worn, carried, absent = _split(who)
    for item in worn:
        out += f" {voice.pick(_FILLERS).capitalize()}, {subject} had {_wandering(voice, item)} on."
    for item in carried:
        out += f" Oh, and {_was(subject)} {_carrying(voice, item)}."
    for item in absent:
        out += f" {noun_phrase(voice, item).capitalize()}, that I'm sure of."
    for part in looks_phrases(voice, who):
        out += f" {part.capitalize()}{voice.pick(('', ', you know', ', as you would say'))}."
    if voice.chance(0.5):
        out += f" {voice.pick(_ASIDES)}"
    out += _company(context, own)
    where = _where(voice, context)
    return out + (f" I last saw {them} {where}, or thereabouts." if where else "")


def _wandering(voice: Voice, item: Item) -> str:
    """A noun phrase, sometimes after a false start that is taken back at once."""
    if len(item.colours) == 1 and voice.chance(0.2):
        false = voice.pick(words.CONFUSED[item.colours[0]])
        false = false.replace("grey", "gray") if voice.variety == "us" else false
        return f"{with_article(false)}, no, sorry, {noun_phrase(voice, item, hedge=False)}"
    return noun_phrase(voice, item)


def _message(voice: Voice, who: Portrait, context: Context) -> str:
    """A text message: no capitals, hardly a comma."""
    noun = person_noun(voice, who)
    age = age_phrase(voice, who)
    worn, carried, absent = _split(who)
    start = voice.pick(("pls help lost a", "has anyone seen a", "looking for a", "missing"))
    start = re.sub(r" a$", " an", start) if noun[0] in "aeiou" else start
    bits = [f"{start} {noun}", *([age] if age else []), *looks_phrases(voice, who)]
    bits += [noun_phrase(voice, i, article=False, hedge=False) for i in (*worn, *carried, *absent)]
    where = _where(voice, context)
    if where:
        bits.append(f"last seen {where}")
    text = voice.pick((" ", ", ", " ")).join(bits).lower()
    return text + voice.pick(("", " thx", " pls rt", " !!"))


def _relay(voice: Voice, who: Portrait, context: Context) -> str:
    """A member of staff passes on what a guest said."""
    source = voice.pick(
        ("A guest", "The mother", "The father", "A visitor", "A colleague at the gate")
    )
    verb = voice.pick(("reports", "is looking for", "has lost sight of", "says they lost"))
    noun = person_noun(voice, who)
    age = age_phrase(voice, who)
    article = "an" if noun[0] in "aeiou" else "a"
    out = f"{source} {verb} {article} {noun}" + (f", {age}" if age else "")
    worn, carried, absent = _split(who)
    if worn:
        worded = voice.pick(("wearing", "dressed in", "in"))
        out += f", {worded} {listed([noun_phrase(voice, i) for i in worn])}"
    if carried:
        out += f", {listed([_carrying(voice, i) for i in carried])}"
    if absent:
        out += f", {listed([noun_phrase(voice, i) for i in absent])}"
    looks = looks_phrases(voice, who)
    out += f", {listed(looks)}" if looks else ""
    where = _where(voice, context)
    return out + (f", last seen {where}." if where else ".")


def _witness(voice: Voice, who: Portrait, context: Context) -> str:
    """Somebody who noticed a stranger."""
    subject, _, _ = _pronouns(who)
    noun = person_noun(voice, who)
    article = "an" if noun[0] in "aeiou" else "a"
    out = voice.pick(
        (f"I saw {article} {noun}", f"There was {article} {noun}", f"I noticed {article} {noun}")
    )
    age = age_phrase(voice, who)
    out += f", {age}," if age else ""
    where = _where(voice, context)
    out += f" {where}." if where else "."
    out += _told(voice, who, subject)
    for part in looks_phrases(voice, who):
        out += f" {part.capitalize()}."
    return out.replace(",.", ".")


STYLES: Final[dict[str, tuple[Style, float]]] = {
    "panicked parent": (_panicked, 0.6), "radio": (_radio, 0.6), "police report": (_police, 1.0),
    "terse": (_terse, 0.4), "rambling": (_rambling, 0.8), "message": (_message, 0.4),
    "staff relay": (_relay, 0.7), "witness": (_witness, 0.6),
}  # fmt: skip
"""Style: how it speaks, and how much detail it tells (0 to 1)."""


def describe(
    facts: Sequence[Fact], rng: np.random.Generator, *, version: Version = "true",
    style: str | None = None, variety: words.Variety | None = None, context: Context | None = None,
    shades: dict[str, str] | None = None,
) -> Description:  # fmt: skip
    """Have somebody describe a person.

    Args:
        facts: the person's labels, (slot, value) of the vocabulary.
        rng: draws speaker and words.
        version: "true", "wrong" (one or two slots) or "vague".
        style, variety: None draws one.
        context: place, time, companion, remark; None says nothing of them.
        shades: "light" or "dark" of a garment's colour, by "upper", "lower", …

    Raises:
        KeyError: an unknown style.
    """
    style = style or list(STYLES)[int(rng.integers(len(STYLES)))]
    dialect: words.Variety = variety or ("us" if rng.random() < 0.5 else "uk")
    speak, detail = STYLES[style]
    told = choose(portrait_of(facts, shades), version, rng, detail)
    voice = Voice(rng, dialect, exact=bool(told.wrong))
    context = context or Context()
    text = re.sub(r"\s+", " ", speak(voice, told, context)).strip()
    refused: tuple[str, ...] = ()
    if context.remark:
        kind, remark = context.remark
        text += f" {remark.capitalize()}." if text[-1] in ".!?" else f", {remark}"
        refused = (kind,)
    wishes = tuple(dict.fromkeys(voice.wishes))
    said = {w.slot for w in wishes}
    wrong = tuple(slot for slot in told.wrong if slot in said)
    said_company = context.companion if context.companion and "with" in text.lower() else None
    heard = Context(
        context.place
        if context.place and context.place.removeprefix("the ").lower() in text.lower()
        else None,
        context.time if _mentions_time(text, context.time) else None,
        said_company if style in ("panicked parent", "rambling") else None,
    )
    return Description(text, style, dialect, version, wishes, wrong, refused, heard)


def _mentions_time(text: str, time: str | None) -> bool:
    if not time:
        return False
    hour, minute = (int(part) for part in time.split(":"))
    return any(
        form in text.lower()
        for form in (time, f"{hour:02d}{minute:02d} hours", f"{(hour - 1) % 12 + 1}:{minute:02d} ")
    )
