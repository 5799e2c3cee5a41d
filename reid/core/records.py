"""What is kept and what is asked: sightings, queries, matches."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.body_measures import WIDTH, unmeasured
from reid.core.clock import utc
from reid.core.errors import ReidError
from reid.core.pixels import RedactedCrop

Certainty = Literal["sure", "unsure"]
WishSource = Literal["words", "photo"]
Modifier = Literal["light", "dark"]
Verdict = Literal["match", "conflict", "unclear", "not_visible", "not_estimated"]
Outcome = Literal["found", "unsure", "nobody_fits"]
Level = Literal["likely", "possible", "unlikely"]
"""The one word for a probability, wherever one is shown."""
UNIT_NORM_TOLERANCE = 1e-3

LIKELY_PERCENT: Final = 50
POSSIBLE_PERCENT: Final = 25

_SHOWN: Final = 10  # matches in a printed answer
_LONGEST: Final = 60  # characters of a text in a printed object
_MENTIONED: Final = ("last_seen_place", "last_seen_time", "unparsed", "refused")


def percent_of(probability: float) -> int:
    """Return a probability as it is shown, in whole per cent."""
    return round(100 * probability)


def level_of(probability: float) -> Level:
    """Return the word for a probability; it goes by what is shown, so that both always agree."""
    percent = percent_of(probability)
    if percent >= LIKELY_PERCENT:
        return "likely"
    return "possible" if percent >= POSSIBLE_PERCENT else "unlikely"


@dataclass(frozen=True, slots=True)
class SightingKey:
    """Which tracklet before which camera a row is about.

    Attributes:
        id: stable hash of the source's content, the first frame and the box.
        source: path or address (without credentials) of what was indexed.
        source_key: hash of the source's content.
        camera: camera id.
        start, end: first and last time seen, UTC.
        track_id: number of the track within its source.
    """

    id: str
    source: str
    source_key: str
    camera: str
    start: datetime
    end: datetime
    track_id: int

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a sighting's start and end must carry a time zone")
        if self.end < self.start:
            raise ValueError(f"a sighting ends ({self.end}) before it starts ({self.start})")


def unrecorded(n: int) -> NDArray[np.float32]:
    """Return `Sightings.in_view` of N sightings of which it was not recorded, float32 (N, P)."""
    return np.full((n, len(vocabulary.PARTS)), np.nan, np.float32)


@dataclass(frozen=True, slots=True, repr=False)
class Sightings:
    """N sightings, by column.

    Attributes:
        keys: N keys.
        vectors: float32 (N, D), unit norm: the appearance vector.
        attributes: float32 (N, K), probability per `vocabulary.ATTRIBUTE_COLUMNS`; NaN where
            the model does not estimate the column.
        body: float32 (N, B), probability per `vocabulary.BODY_COLUMNS`; NaN likewise.
        visible: float32 (N, P), visible share per `vocabulary.PARTS`, in [0, 1]; NaN likewise.
        crops: N best redacted crops.
        model_id: names the space that the vectors live in.
        measures: float32 (N, M), per `reid.core.body_measures.FIELDS`; NaN where nothing was
            measured, as of all where they are left out. Body-derived.
        in_view: float32 (N, P), the share of each of `vocabulary.PARTS` that redaction has left,
            at the best view; NaN where not recorded, as of all where it is left out.
        views: further redacted crops of each of N, kept where a venue allows adaptation; left out
            where it does not.
    """

    keys: tuple[SightingKey, ...]
    vectors: NDArray[np.float32]
    attributes: NDArray[np.float32]
    body: NDArray[np.float32]
    visible: NDArray[np.float32]
    crops: tuple[RedactedCrop, ...]
    model_id: str
    measures: NDArray[np.float32] = field(default_factory=lambda: unmeasured(0))
    in_view: NDArray[np.float32] = field(default_factory=lambda: unrecorded(0))
    views: tuple[tuple[RedactedCrop, ...], ...] = ()

    def __post_init__(self) -> None:
        n = len(self.keys)
        if len(self.views) not in (0, n):
            raise ValueError(f"Sightings needs views of none or of all {n}, got {len(self.views)}")
        if not len(self.measures):
            object.__setattr__(self, "measures", unmeasured(n))
        if not len(self.in_view):
            object.__setattr__(self, "in_view", unrecorded(n))
        expected = {
            "attributes": (n, len(vocabulary.ATTRIBUTE_COLUMNS)),
            "body": (n, len(vocabulary.BODY_COLUMNS)),
            "visible": (n, len(vocabulary.PARTS)),
            "measures": (n, WIDTH),
            "in_view": (n, len(vocabulary.PARTS)),
        }
        for name, shape in expected.items():
            actual = getattr(self, name).shape
            if actual != shape:
                raise ValueError(f"Sightings.{name} must have shape {shape}, got {actual}")
        if self.vectors.ndim != 2 or len(self.vectors) != n or len(self.crops) != n:
            raise ValueError(
                f"Sightings needs {n} vectors and crops, "
                f"got {self.vectors.shape} and {len(self.crops)}"
            )
        norms = np.linalg.norm(self.vectors, axis=1)
        if n and float(np.abs(norms - 1).max()) > UNIT_NORM_TOLERANCE:
            raise ValueError("Sightings.vectors must have unit norm")

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: Sequence[int]) -> Self:
        """Return some of them, in the order asked for."""
        return type(self)(
            keys=tuple(self.keys[row] for row in rows),
            vectors=self.vectors[rows],
            attributes=self.attributes[rows],
            body=self.body[rows],
            visible=self.visible[rows],
            crops=tuple(self.crops[row] for row in rows),
            model_id=self.model_id,
            measures=self.measures[rows],
            in_view=self.in_view[rows],
            views=tuple(self.views[row] for row in rows) if self.views else (),
        )

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` of N rows: keys, and a column for each probability.

        Columns are id, source, camera, start, end and track_id; then ``upper.colour=red`` and so
        on, of attributes and body; then ``visible.upper`` and so on. NaN: not estimated. The
        vectors stay in `vectors`, the crops in `crops`.

        Raises:
            ReidError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise ReidError("tables need pandas: pip install 'pandas>=2'") from None
        names = ("id", "source", "camera", "start", "end", "track_id")
        columns: dict[str, Any] = {n: [getattr(key, n) for key in self.keys] for n in names}
        for values, about in (
            (self.attributes, vocabulary.ATTRIBUTE_COLUMNS),
            (self.body, vocabulary.BODY_COLUMNS),
        ):
            columns |= {f"{c.slot}={c.value}": values[:, i] for i, c in enumerate(about)}
        columns |= {f"visible.{p}": self.visible[:, i] for i, p in enumerate(vocabulary.PARTS)}
        return pandas.DataFrame(columns)

    def __repr__(self) -> str:
        cameras = ", ".join(sorted({key.camera for key in self.keys})) or "no camera"
        return (
            f"Sightings({len(self)} of {_shortened(cameras)}, "
            f"vectors {self.vectors.shape}, model={self.model_id!r})"
        )

    def newest(self) -> Self:
        """Return the last of each id, in order."""
        last = {key.id: row for row, key in enumerate(self.keys)}
        return self if len(last) == len(self) else self.take(sorted(last.values()))

    @classmethod
    def concatenate(cls, batches: Sequence[Self]) -> Self:
        """Join at least one batch of the same model into one."""
        first = batches[0]
        if any(batch.model_id != first.model_id for batch in batches):
            raise ValueError("sightings of different models cannot be joined")
        return cls(
            keys=tuple(key for batch in batches for key in batch.keys),
            vectors=np.concatenate([batch.vectors for batch in batches]),
            attributes=np.concatenate([batch.attributes for batch in batches]),
            body=np.concatenate([batch.body for batch in batches]),
            visible=np.concatenate([batch.visible for batch in batches]),
            crops=tuple(crop for batch in batches for crop in batch.crops),
            model_id=first.model_id,
            measures=np.concatenate([batch.measures for batch in batches]),
            in_view=np.concatenate([batch.in_view for batch in batches]),
            views=_all_views([(len(batch), batch.views) for batch in batches]),
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing asked for.

    Attributes:
        slot, value: of the vocabulary; the value of ``body.age_years`` is a number.
        certainty: how sure the speaker was.
        negated: the speaker said that this is *not* so.
        group: entries that share a number are alternatives; None holds together with the rest.
        modifier: "light" or "dark", for a colour.
        source: whether somebody said it, or it was read off a photo.
    """

    slot: str
    value: str | float
    certainty: Certainty = "sure"
    negated: bool = False
    group: int | None = None
    modifier: Modifier | None = None
    source: WishSource = "words"

    def __post_init__(self) -> None:
        if not vocabulary.is_valid(self.slot, self.value):
            raise ValueError(f"{self.slot}={self.value!r} is not in the vocabulary")

    def __str__(self) -> str:
        """Say it in one word: ``upper.colour=dark red``, ``not head.type=cap``, ``…=coat?``."""
        shade = f"{self.modifier} " if self.modifier else ""
        doubt = "" if self.certainty == "sure" else "?"
        return f"{'not ' if self.negated else ''}{self.slot}={shade}{self.value}{doubt}"


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody who was with the person: how they were mentioned, and what was said of them."""

    text: str
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PhotoQuery:
    """What is searched for of a photo: how somebody's clothes look as a whole, no picture.

    Attributes:
        vector: float32 (D,), unit norm: the appearance vector of the person without a head.
        model_id: names the space that it lives in; sightings of another are not compared.
        worn: share of these clothes that the person still wears, as far as is known.
    """

    vector: NDArray[np.float32] = field(repr=False)
    model_id: str
    worn: float = 1.0

    def __post_init__(self) -> None:
        if self.vector.ndim != 1:
            raise ValueError(f"PhotoQuery.vector must have shape (D,), got {self.vector.shape}")
        if abs(float(np.linalg.norm(self.vector)) - 1) > UNIT_NORM_TOLERANCE:
            raise ValueError("PhotoQuery.vector must have unit norm")
        if not 0 <= self.worn <= 1:
            raise ValueError(f"PhotoQuery.worn must be in [0, 1], got {self.worn}")


@dataclass(frozen=True, slots=True, eq=False)
class PhotoPerson:
    """One of the people in a photo.

    Attributes:
        query: what is searched for.
        clothes: what they wear and carry, as far as it is told.
        picture: the person, head destroyed; to choose by, and kept only where staff say so.
    """

    query: PhotoQuery
    clothes: tuple[Wish, ...]
    picture: RedactedCrop


@dataclass(frozen=True, slots=True, repr=False)
class Query:
    """An understood description.

    Attributes:
        text: the sentence.
        wishes: what the person wears, carries and looks like.
        companions: who was with them; never mixed into `wishes`.
        last_seen_place: the phrase said, or None.
        last_seen_time: ``HH:MM`` where a clock time was said, else the phrase, or None.
        unparsed: words that were not understood.
        refused: kinds of trait (of `vocabulary.REFUSED`) left out of the search.
        language: two letters.
        photo: how the clothes look in a photo of the person, where there is one.
    """

    text: str
    wishes: tuple[Wish, ...] = ()
    companions: tuple[Companion, ...] = ()
    last_seen_place: str | None = None
    last_seen_time: str | None = None
    unparsed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    language: str = "en"
    photo: PhotoQuery | None = None

    @property
    def asks(self) -> bool:
        """Whether there is anything to search for."""
        return bool(self.wishes) or self.photo is not None

    def __post_init__(self) -> None:
        unknown = set(self.refused) - set(vocabulary.REFUSED)
        if unknown:
            raise ValueError(f"not a kind of refused trait: {sorted(unknown)}")

    def __repr__(self) -> str:
        said = [", ".join(map(str, self.wishes)) or "nothing to search for"]
        said += [f"with {_shortened(c.text)!r}" for c in self.companions]
        said += [f"{n}={v!r}" for n in _MENTIONED if (v := getattr(self, n))]
        said += ["a photo"] if self.photo is not None else []
        return f"Query({_shortened(self.text)!r}: {'; '.join(said)})"


@dataclass(frozen=True, slots=True)
class SearchWindow:
    """When and where to look; empty means everywhere.

    Attributes:
        since, until: sightings overlap this time window, UTC.
        cameras: camera ids; empty for all.
    """

    since: datetime | None = None
    until: datetime | None = None
    cameras: tuple[str, ...] = ()

    def by_clock(self, zone: tzinfo | None) -> Self:
        """Return it with times in UTC; those without an offset are in `zone`."""
        since, until = (None if at is None else utc(at, zone) for at in (self.since, self.until))
        return replace(self, since=since, until=until)

    def to_text(self) -> str:
        """Write as JSON."""
        return json.dumps(
            {
                "since": self.since.isoformat() if self.since else None,
                "until": self.until.isoformat() if self.until else None,
                "cameras": list(self.cameras),
            }
        )

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Read back what `to_text` wrote."""
        data = json.loads(text)
        since, until = (
            datetime.fromisoformat(data[name]).astimezone(UTC) if data.get(name) else None
            for name in ("since", "until")
        )
        return cls(since, until, tuple(str(c) for c in data.get("cameras", ())))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a sighting fits one wish or does not.

    Attributes:
        slot, value: the wish.
        verdict: match (speaks for), conflict (speaks against), unclear (cannot be told),
            not_visible or not_estimated.
        probability: that the wish holds for this sighting, in [0, 1]; None if not estimated.
        negated: the wish was that it does not hold.
        likelihood_ratio: how much more often such a belief is met where the wish holds than
            where it does not; None where nothing is seen or estimated.
    """

    slot: str
    value: str | float
    verdict: Verdict
    probability: float | None
    negated: bool = False
    likelihood_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """Whether somebody like a companion who was named is beside a sighting.

    Attributes:
        sighting: who beside it fits the companion best; None where nobody is.
        verdict: match (such a person is there), unclear, or not_visible (nobody is seen there).
        likelihood_ratio: of having such people beside, or nobody.
        why: one reason a wish of the companion, of that sighting.
    """

    sighting: str | None
    verdict: Verdict
    likelihood_ratio: float
    why: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Alike:
    """How much a sighting looks like the person in a photo.

    Attributes:
        similarity: cosine of the appearance vectors, in [-1, 1].
        verdict: match, conflict or unclear.
        likelihood_ratio: how much more often pictures of the same person are so alike.
    """

    similarity: float
    verdict: Verdict
    likelihood_ratio: float


@dataclass(frozen=True, slots=True)
class Match:
    """One ranked sighting.

    Attributes:
        key: which sighting.
        score: log-likelihood ratio of the wishes, in nats; higher is better.
        probability: that this is the person described, in [0, 1].
        why: one reason a wish.
        beside: one a companion who was described.
        photo: how much it looks like the photo, where there is one to compare.
    """

    key: SightingKey
    score: float
    probability: float
    why: tuple[Reason, ...] = field(default=())
    beside: tuple[Beside, ...] = field(default=())
    photo: Alike | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Ranked sightings of the same clothes, which are probably one person.

    Attributes:
        sightings: their ids, best first.
        probability: that this is the person described, in [0, 1].
    """

    sightings: tuple[str, ...]
    probability: float

    @property
    def level(self) -> Level:
        """The word for the probability."""
        return level_of(self.probability)


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A ranked list, best first, and what it amounts to.

    Attributes:
        matches: ranked sightings.
        people: the same put together by their clothes, the likeliest first; each sighting is in
            one of them. Left out, each sighting is a person.
        nobody: probability that none of all sightings is the person.
    """

    query: Query
    outcome: Outcome
    matches: tuple[Match, ...]
    people: tuple[Person, ...] = ()
    nobody: float = 0.0

    def __post_init__(self) -> None:
        if not self.people:
            alone = tuple(Person((match.key.id,), match.probability) for match in self.matches)
            object.__setattr__(self, "people", alone)

    def by_person(self) -> list[tuple[Person, list[Match]]]:
        """Return the people, the likeliest first, each with its sightings, best first."""
        found = {match.key.id: match for match in self.matches}
        return [(one, [found[name] for name in one.sightings]) for one in self.people]

    def __repr__(self) -> str:
        """Show the first matches, a line each."""
        lines = [f"Answer({self.outcome}: {len(self.matches)} for {_shortened(self.query.text)!r})"]
        for rank, match in enumerate(self.matches[:_SHOWN], 1):
            key = match.key
            seen = f"{key.start:%Y-%m-%d %H:%M:%S}–{key.end:%H:%M:%S}"
            lines.append(f"{rank:3}  {match.probability:4.0%}  {key.camera}  {seen}  {key.id}")
        if len(self.matches) > _SHOWN:
            lines.append("     …")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class SimilarMatch:
    """A sighting whose clothes look like another one's, and their cosine similarity in [-1, 1]."""

    key: SightingKey
    similarity: float


def _all_views(
    batches: Sequence[tuple[int, tuple[tuple[RedactedCrop, ...], ...]]],
) -> tuple[tuple[RedactedCrop, ...], ...]:
    """Join the views of batches; where only some have any, the others have none of each."""
    if not any(views for _, views in batches):
        return ()
    return tuple(one for count, views in batches for one in views or ((),) * count)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
