"""Descriptions of people who are not there: how often does a venue say "found" of nobody?

Each clip, or folder of clips, is a venue of its own, small as those of the first hour are, and all
of them together are one more. Half of the sentences were held back while thresholds were chosen.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Self

from reid.capture.sources import Source, open_sources
from reid.core.errors import SourceError
from reid.core.records import Answer, Outcome, Sightings
from reid.describe import describe
from reid.detect.tracker import Tracker
from reid.embed import CropEmbedder
from reid.lab.bench.data.clip_descriptions import ClipDescriptions, Sentence
from reid.lab.bench.metrics.figures import Figures
from reid.lab.bench.metrics.summary import Share
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.pipeline import Indexer, InMemory
from reid.rank import Gallery, rank
from reid.search.snapshot import score_config_of

TOGETHER: Final = "all together"


class Outcomes(Figures):
    """How often which outcome is said of so many descriptions."""

    found: Share
    unsure: Share
    nobody_fits: Share

    @classmethod
    def of(cls, said: Sequence[Outcome]) -> Self:
        """Count outcomes."""
        counted = Counter(said)
        return cls.model_validate(
            {name: Share.of(counted[name], len(said)) for name in cls.model_fields}  # type: ignore[index]
        )

    def row(self, *names: str) -> Row:
        """Return the shares as a row of a table."""
        found = figure(self.found.share, self.found.interval)
        others = (figure(one.share) for one in (self.unsure, self.nobody_fits))
        return (*names, found, *others, str(self.found.n))


class VenueOutcomes(Figures):
    """One venue: how many sightings it has, and what is said of who is absent and present."""

    sightings: int
    absent: Outcomes
    present: Outcomes | None


class AbsentResult(Result):
    """What is said of people who are not there, and of some who are.

    Attributes:
        absent, present: over all venues; nobody is known to be present in unknown clips.
        venues: by name of the clip or folder, and of all together.
        languages: of absent people, by language.
        half: which half of the sentences was asked.
        model_id, detector: names of the models.
    """

    question: ClassVar[str] = "Is nobody found who is not there?"

    absent: Outcomes
    present: Outcomes | None
    venues: dict[str, VenueOutcomes]
    languages: dict[str, Outcomes]
    half: str
    model_id: str
    detector: str
    redacted: bool = True

    def tables(self) -> list[Table]:
        """Return one row a venue, of absent and of present people."""
        rows = []
        for name, one in self.venues.items():
            label = f"{name} ({one.sightings} sightings)"
            rows.append(one.absent.row(label, "absent"))
            rows += [one.present.row(label, "present")] if one.present else []
        rows.append(self.absent.row("all venues", "absent"))
        rows += [self.present.row("all venues", "present")] if self.present else []
        spoken = tuple(one.row(language) for language, one in self.languages.items())
        heads = ("found", "unsure", "nobody fits", "asked")
        note = f"{self.model_id}, {self.detector}; sentences: {self.half}"
        return [
            Table(("%", "who", *heads), tuple(rows), note),
            Table(("% of absent", *heads), spoken),
        ]


@dataclass(frozen=True, slots=True)
class Asked:
    """A sentence asked of a venue, and what was answered."""

    venue: str
    sentence: Sentence
    present: bool
    answer: Answer


def run_absent(
    places: Sequence[Path],
    tracker: Tracker,
    model: tuple[CropEmbedder, Path | None],
    asked: tuple[ClipDescriptions, str],
    detector: Path,
    progress: Callable[[int], None],
) -> AbsentResult:
    """Index clips and ask every sentence of each.

    Args:
        places: videos, or folders of them; each is a venue.
        tracker: finds and follows people.
        model: the embedder, and where it was read from.
        asked: the sentences, and which half of them they are.
        detector: where `tracker` was read from, for the record.
        progress: told the number of venues indexed.

    Raises:
        SourceError: a clip cannot be read, or nobody is seen in it.
    """
    embedder, weights = model
    sentences, half = asked
    recorder = Recorder("absent", 0, {"half": half})
    venues, files = {}, []
    for number, place in enumerate(places, start=1):
        sources = list(open_sources(str(place)))
        files += [Path(source.name) for source in sources]
        venues[place.stem] = _indexed(sources, embedder, tracker)
        progress(number)
    if len(venues) > 1:
        venues[TOGETHER] = Sightings.concatenate(list(venues.values()))
    said = ask(venues, sentences)
    return AbsentResult(
        absent=_outcomes(said, present=False),
        present=_outcomes(said, present=True) if any(one.present for one in said) else None,
        venues={name: _venue(name, len(found), said) for name, found in venues.items()},
        languages={
            language: _outcomes([a for a in said if a.sentence.language == language], present=False)
            for language in dict.fromkeys(one.language for one in sentences.absent)
        },
        half=half,
        model_id=embedder.model_id,
        detector=detector.name,
        run=recorder.finish({"detector": detector, embedder.model_id: weights}, files),
    )


def ask(venues: Mapping[str, Sightings], sentences: ClipDescriptions) -> list[Asked]:
    """Ask every sentence of every venue; who is in one clip is in all of them together."""
    known = dict(sentences.present)
    known[TOGETHER] = tuple(s for name in venues for s in sentences.present.get(name, ()))
    said = []
    for name, sightings in venues.items():
        gallery, config = Gallery.of(sightings), score_config_of(sightings.model_id)
        for present, texts in ((False, sentences.absent), (True, known.get(name, ()))):
            for sentence in texts:
                query = describe(sentence.text, sentence.language)
                answer = rank(query, gallery, top=None, config=config)
                said.append(Asked(name, sentence, present, answer))
    return said


def _indexed(sources: Sequence[Source], embedder: CropEmbedder, tracker: Tracker) -> Sightings:
    kept = InMemory()
    indexer = Indexer(kept, embedder, tracker)
    for source in sources:
        indexer.index(source)
    if not kept.batches:
        raise SourceError(
            "nobody is seen in one of the clips: leave it out, or take another detector"
        )
    return Sightings.concatenate(kept.batches)


def _outcomes(said: Sequence[Asked], *, present: bool) -> Outcomes:
    return Outcomes.of([one.answer.outcome for one in said if one.present == present])


def _venue(name: str, sightings: int, said: Sequence[Asked]) -> VenueOutcomes:
    mine = [one for one in said if one.venue == name]
    return VenueOutcomes(
        sightings=sightings,
        absent=_outcomes(mine, present=False),
        present=_outcomes(mine, present=True) if any(one.present for one in mine) else None,
    )
