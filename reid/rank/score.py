"""Log-likelihood ratio of a query for every sighting.

A *term* is one thing asked: one wish, or the alternatives of one group. For a sighting whose
calibrated belief in the term is p, in a venue where the term holds for a share π of all sightings,
Bayes' rule gives the likelihood ratio of "this is the person described" against "this is somebody
else" as p/π. The speaker may be wrong, the model may know this slot badly, the body part may be
hidden: with probability 1 - w the term says nothing, so

    score = Σ over terms of log(1 + w (p/π - 1)),     w = certainty · reliability · visibility.

What is not estimated or not visible has w = 0 and counts for nothing; a rare thing (small π) says
more than a common one; and no single wrong field can cost more than log(1 - certainty).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from reid.core import vocabulary
from reid.core.records import Query, Wish
from reid.rank.confusions import confusions, usual_rate
from reid.rank.evidence import EvidenceTable
from reid.rank.gallery import ALL, Floats, Gallery, Rows

CERTAINTY: Final = {"sure": 0.9, "unsure": 0.55}
"""How often a field that was said so is right."""

PHOTO_TRUST: Final = 0.5
"""What is left of the trust in a wish that was read off a photo: the photo's vector says partly the
same (`reid.rank.likeness`)."""

BLOCK: Final = 65_536
"""Rows scored at a time: few enough for the processor's cache to hold what is worked on."""

PRIOR_ROWS: Final = 20
"""How many sightings the usual rate of a value is worth beside the venue's own."""

MIN_RATE: Final = 0.01
"""Nothing is taken to be rarer than this: a smaller π would let one column decide alone."""

EVEN_RATE: Final = 0.2
"""What everything's rate is taken to be when rarity is left out of account."""

NOT_VISIBLE_BELOW: Final = 0.25
"""Visible share of a body part under which it counts as not visible."""

ELSEWHERE: Final = 0.6
"""Weight of an outer garment read from the columns of the whole upper body."""

BENEATH: Final = 0.4
"""Weight of a garment under another when the model knows only the upper body as a whole."""

UNDER_ONLY: Final = frozenset({"t-shirt", "shirt", "polo", "dress"})
"""Garments that are not looked for among outer ones when named alone."""


@dataclass(frozen=True, slots=True)
class ScoreConfig:
    """What the score takes into account: everything, unless an ablation turns it off.

    Attributes:
        reliability: slot → in [0, 1], how well the model knows it here; 1 where not named.
        doubts: (slot, value) → what is left of the trust in a wish, after feedback.
        certainty: use how sure the speaker was.
        rarity: use the venue's own rates.
        confusions: let values that are taken for each other speak for each other.
        temperature: by which scores are divided, see `reid.rank.posterior`; a property of the
            model. It changes probabilities, and the order of nobody.
        expected_sightings: of somebody who is there, likewise; a property of the venue.
        evidence: what beliefs are worth, for verdicts alone; a property of the model.
        model_id: the model; a photo is compared with sightings of the same one.
    """

    reliability: Mapping[str, float] = field(default_factory=dict)
    doubts: Mapping[tuple[str, str | float], float] = field(default_factory=dict)
    certainty: bool = True
    rarity: bool = True
    confusions: bool = True
    temperature: float = 1.0
    expected_sightings: float = 1.0
    evidence: EvidenceTable = field(default_factory=lambda: EvidenceTable({}))
    model_id: str = ""


DEFAULT: Final = ScoreConfig()


@dataclass(frozen=True, slots=True)
class Term:
    """One thing asked: a wish, or alternatives; `trust` is the certainty × reliability.

    `of_photo` says that it was read off a photo that is compared as a whole too.
    """

    wishes: tuple[Wish, ...]
    trust: float
    layered: bool
    free: bool
    of_photo: bool = False

    @property
    def negated(self) -> bool:
        """Whether the thing is said not to hold."""
        return self.wishes[0].negated


def terms(query: Query, config: ScoreConfig = DEFAULT) -> tuple[Term, ...]:
    """Group the wishes of a query into what has to hold together."""
    grouped: dict[object, list[Wish]] = {}
    for i, wish in enumerate(query.wishes):
        key = ("alone", i) if wish.group is None else (wish.group, wish.negated)
        grouped.setdefault(key, []).append(wish)
    layered = any(w.slot.startswith("outer.") and not w.negated for w in query.wishes)
    free = not layered and not any(
        w.slot == "upper.type" and w.value in UNDER_ONLY for w in query.wishes if not w.negated
    )
    return tuple(_term(tuple(g), query, config, layered, free) for g in grouped.values())


def _term(
    wishes: tuple[Wish, ...], query: Query, config: ScoreConfig, layered: bool, free: bool
) -> Term:
    twice = query.photo is not None and all(wish.source == "photo" for wish in wishes)
    trust = _trust(wishes, config) * (PHOTO_TRUST if twice else 1.0)
    return Term(wishes, trust, layered, free, twice)


def _trust(wishes: Iterable[Wish], config: ScoreConfig) -> float:
    sure = [CERTAINTY[w.certainty if config.certainty else "sure"] for w in wishes]
    known = [config.reliability.get(w.slot, 1.0) for w in wishes]
    left = [config.doubts.get((w.slot, w.value), 1.0) for w in wishes]
    return float(np.mean(sure) * np.mean(known) * np.mean(left))


def _plain(
    gallery: Gallery, slot: str, wish: Wish, rows: Rows, config: ScoreConfig
) -> Floats | None:
    belief = gallery.column(slot, str(wish.value), rows)
    if belief is None or not config.confusions or wish.negated:
        return belief
    near = confusions(slot, str(wish.value), wish.modifier)
    if not near:
        return belief
    belief = belief.copy()
    for (other, value), share in near.items():
        beside = gallery.column(other, value, rows)
        if beside is not None and not gallery_lacks(gallery, other, value):
            belief += np.float32(share) * beside
    return np.minimum(belief, np.float32(1), out=belief)


def gallery_lacks(gallery: Gallery, slot: str, value: str) -> bool:
    """Whether a column is estimated for no sighting at all (remembered)."""
    key = ("lacks", slot, value)
    if key not in gallery.rates:
        gallery.rates[key] = float(gallery.unknown(slot, value))
    return bool(gallery.rates[key])


def _belief(
    gallery: Gallery, term: Term, wish: Wish, rows: Rows, config: ScoreConfig
) -> tuple[Floats | None, float]:
    """Return the belief (n,) in one wish, and the weight of where it was read."""
    region, _, rest = wish.slot.partition(".")
    own = _plain(gallery, wish.slot, wish, rows, config)
    if region not in {"upper", "outer"} or rest == "sleeve" or own is None:
        return own, 1.0
    twin = ("outer." if region == "upper" else "upper.") + rest
    if gallery_lacks(gallery, "outer." + rest, str(wish.value)):
        if region == "outer":
            return _plain(gallery, twin, wish, rows, config), ELSEWHERE
        return own, BENEATH if term.layered else 1.0
    if region == "upper" and not term.free:
        return own, 1.0
    other = _plain(gallery, twin, wish, rows, config)
    if other is None or wish.negated:
        return own, 1.0
    if region == "upper":
        return np.fmax(own, other), 1.0
    return np.where(np.isnan(own), other, own), 1.0


def holds(
    gallery: Gallery, term: Term, rows: Rows = ALL, config: ScoreConfig = DEFAULT
) -> tuple[Floats | None, float]:
    """Return the belief (n,) that a term holds (None: not estimated) and its source's weight."""
    total: Floats | None = None
    weight = 1.0
    exclusive = len({w.slot for w in term.wishes}) == 1 and not term.wishes[0].slot.endswith(
        "colour"
    )
    for wish in term.wishes:
        belief, weight = _belief(gallery, term, wish, rows, config)
        if belief is None:
            continue
        if total is None:
            total = belief
        elif exclusive:
            total = np.minimum(total + belief, np.float32(1))
        else:
            total = total + belief - total * belief
    if total is not None and term.negated:
        total = 1 - total
    return total, weight


def rate(gallery: Gallery, term: Term, config: ScoreConfig = DEFAULT) -> float:
    """Return π: for what share of the venue's sightings a term holds (remembered)."""
    usual = min(1.0, sum(usual_rate(w.slot, str(w.value)) for w in term.wishes))
    usual = 1 - usual if term.negated else usual
    if not config.rarity:
        return 1 - EVEN_RATE if term.negated else EVEN_RATE
    key = (tuple((w.slot, w.value, w.modifier) for w in term.wishes), term.negated, term.free,
           term.layered, config.confusions)  # fmt: skip
    if key not in gallery.rates:
        belief, _ = holds(gallery, term, ALL, config)
        seen = np.empty(0, np.float32) if belief is None else belief[~np.isnan(belief)]
        gallery.rates[key] = (float(seen.sum(dtype=np.float64)) + PRIOR_ROWS * usual) / (
            len(seen) + PRIOR_ROWS
        )
    return float(np.clip(gallery.rates[key], MIN_RATE, 1))


def visibility(gallery: Gallery, term: Term, rows: Rows = ALL) -> Floats:
    """Return the weight (n,) of a term by how much of its body part is seen."""
    slot = term.wishes[0].slot
    parts = vocabulary.told_from(slot)
    if parts not in gallery.seen:
        share = gallery.part(slot)
        shown = share >= NOT_VISIBLE_BELOW  # not so where it is not estimated either
        seen = np.where(shown, np.minimum(share, np.float32(1)), np.float32(0))
        gallery.seen[parts] = np.asarray(seen, dtype=np.float32)
    return gallery.seen[parts][rows]


def score_term(
    gallery: Gallery, term: Term, config: ScoreConfig = DEFAULT, rows: Rows = ALL
) -> Floats | None:
    """Return the log-likelihood ratio (n,) of one term; None where it is not estimated at all."""
    if all(w.slot not in vocabulary.SLOTS or gallery_lacks_wish(gallery, w) for w in term.wishes):
        return None
    belief, source = holds(gallery, term, rows, config)
    if belief is None:
        return None
    weight = np.float32(term.trust * source)
    gain = belief * (weight / np.float32(rate(gallery, term, config)))
    gain -= weight
    gain *= visibility(gallery, term, rows)
    nats: Floats = np.log1p(gain, out=gain)
    if np.isnan(nats.sum()):  # a sum shows a NaN anywhere, for a fifth of the cost of looking
        np.nan_to_num(nats, copy=False, nan=0.0)
    return nats


def gallery_lacks_wish(gallery: Gallery, wish: Wish) -> bool:
    """Whether nothing in the gallery speaks to a wish."""
    if wish.slot == vocabulary.YEARS_SLOT:
        return True
    slots = [wish.slot]
    if wish.slot.startswith("outer."):
        slots.append("upper." + wish.slot.removeprefix("outer."))
    return all(gallery_lacks(gallery, slot, str(wish.value)) for slot in slots)


def score(gallery: Gallery, asked: Sequence[Term], config: ScoreConfig = DEFAULT) -> Floats:
    """Return the log-likelihood ratio (N,) of all terms together, in nats."""
    total = np.zeros(len(gallery), np.float32)
    for start in range(0, len(gallery), BLOCK):
        rows = slice(start, start + BLOCK)
        for term in asked:
            part = score_term(gallery, term, config, rows)
            if part is not None:
                total[rows] += part
    return total
