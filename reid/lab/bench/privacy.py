"""Can somebody be recognised from what is stored? Attacks on hidden faces and on vectors.

Faces are those of real people, set onto drawn bodies whose clothes change in every image. An
attacker has labelled images of everybody, hidden in the same way, and retrains on them; it is
tested on other photos of the same people. At chance means: no better than guessing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from reid.capture.images import image_paths, read_image
from reid.core.errors import SourceError
from reid.core.pixels import EmbeddableCrop, Image
from reid.embed import CropEmbedder
from reid.lab.bench.data.rendered_heads import is_rendered, read_rendered
from reid.lab.bench.metrics.figures import Ends, Figures, Fraction
from reid.lab.bench.metrics.intervals import bootstrap_share
from reid.lab.bench.report.plots import CHANCE, OURS, RIVAL, Plot
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, ends_of, figure
from reid.lab.bench.retrieval import light_of
from reid.lab.bench.rivals.attack import Examples, Labels, probe, retrained_recogniser
from reid.lab.bench.rivals.composed_bodies import HAT_COLOURS, Composed, compose
from reid.lab.bench.rivals.inversion import (
    CLOTHES,
    FACE,
    Known,
    Recovered,
    RecoveredFigures,
    as_picture,
    invert,
)
from reid.lab.bench.rivals.weak_redaction import METHODS, Hide, region
from reid.lab.research_image import ResearchImage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float32]
Progress = Callable[[int], None]
Faces = list[list[NDArray[np.uint8]]]

_LOOK: Final = 32  # px: side of what the recogniser is given
_REACH: Final = 0.62  # of the head's height, from its middle to each side
_TRAIN_SHARE: Final = 0.7  # of each person's photos
_TEST_BODIES: Final = 4  # a test photo
_PROBE_BODIES: Final = 3
_PROBE_EPOCHS: Final = 40
_DECODER_EPOCHS: Final = 60
_BLURRED: Final = 8  # px: side of a blurred head as an attacker's decoder is given it
_DAYS: Final = ("same day", "another day, other clothes")
_LINK_PHOTOS: Final = 2  # of each person and day
_HAT_METHODS: Final = ("nothing", "as shipped, head", "as shipped, face")


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to attack: bodies a training photo, passes over them, which methods."""

    bodies: int = 8
    epochs: int = 15
    methods: tuple[str, ...] = tuple(METHODS)


QUICK: Final = Effort(
    6, 12, ("nothing", "gaussian blur", "mosaic", "as shipped, head", "as shipped, face")
)


class Attacked(Figures):
    """How often a guess was right.

    Attributes:
        accuracy: share of test images.
        interval: 95 %, people resampled.
        n: test images.
        chance: what guessing gives.
        chance_interval: where 95 % of guessers end up with as many test images.
        at_chance: whether a guesser would do as well.
    """

    accuracy: Fraction
    interval: Ends
    n: int
    chance: Fraction
    chance_interval: Ends
    at_chance: bool

    @classmethod
    def of(
        cls, guess: Labels, truth: Labels, people: Labels, classes: int, seed: int
    ) -> "Attacked":
        """Compare guesses (N,) with the truth; `people` (N,) says whose images they are."""
        right = (guess == truth).astype(np.float64)
        chance, n = 1 / classes, len(truth)
        low, high = (float(end) / n for end in binom.interval(0.95, n, chance))
        return cls(
            accuracy=float(right.mean()),
            interval=bootstrap_share(right, [str(p) for p in people], seed),
            n=n,
            chance=chance,
            chance_interval=(low, high),
            at_chance=bool(right.mean() <= high),
        )


_MARKS: Final = {
    "attacks": "", "probes": "", "faces_recovered": "made again: ", "linked": "found again: ",
    "hats": "hat's colour: ",
}  # fmt: skip


class PrivacyResult(Result):
    """What attackers reach.

    Attributes:
        attacks: by method of hiding, identification by a retrained recogniser.
        probes: identification from stored vectors, by kind of probe; also with heads left on.
        recovered: pictures made again from vectors, as shares of what there is to know.
        faces_recovered: how often a face made again is most like that of its person.
        linked: how often a person is found again among everybody by vector: on the same day, and
            on another in other clothes.
        hats: by method, how well the colour of a hat can still be told (higher is more useful).
        people: how many there are to choose from.
        model_id: of the vectors probed.
    """

    question: ClassVar[str] = "Can somebody be recognised from what is stored?"

    attacks: dict[str, Attacked]
    probes: dict[str, Attacked]
    recovered: dict[str, RecoveredFigures]
    faces_recovered: dict[str, Attacked]
    linked: dict[str, Attacked]
    hats: dict[str, Attacked]
    people: int
    model_id: str

    def headline(self) -> str:
        """Return what a retrained recogniser reaches, and what hiding by blur leaves it."""
        stored, blurred = self.attacks["as shipped, head"], self.attacks.get("gaussian blur")
        said = f"a recogniser retrained on what is stored names {figure(stored.accuracy)} "
        said += f"{ends_of(stored.interval)} of {self.people} people (guessing "
        said += f"{figure(stored.chance, stored.chance_interval)})"
        if blurred is not None:
            said += f"; of blurred faces {figure(blurred.accuracy, blurred.interval)}"
        return said

    def tables(self) -> list[Table]:
        """Return attacks, probes, and what is left of hats."""
        rows = [
            self._row(part, name, one)
            for part in _MARKS
            for name, one in getattr(self, part).items()
        ]
        note = f"{self.people} people; vectors of {self.model_id}"
        made = tuple(
            (name, figure(one.explained, one.interval), str(one.n))
            for name, one in self.recovered.items()
        )
        beyond = "of what differs between pictures; 0: the mean picture does as well"
        return [
            Table(("% told right", "attacker", "chance", ""), tuple(rows), note),
            Table(("% made again from what is stored", "recovered", "n"), made, beyond),
        ]

    def _row(self, part: str, name: str, one: Attacked) -> Row:
        useful = part == "hats" or name == "same day"
        verdict = "at chance" if one.at_chance else "ABOVE CHANCE"
        return (
            _MARKS[part] + name,
            figure(one.accuracy, one.interval),
            figure(one.chance, one.chance_interval),
            "" if useful else verdict,
        )

    def plots(self) -> list[Plot]:
        """Return identification by method of hiding."""
        return [self._plot_attacks]

    def _plot_attacks(self, axes: "Axes") -> None:
        """Identification by a retrained recogniser, chance beside it."""
        ones = list(self.attacks.values())
        places = range(len(ones))
        colours = [OURS if one.at_chance else RIVAL for one in ones]
        axes.barh(places, [100 * one.accuracy for one in ones], color=colours)
        for place, one in zip(places, ones, strict=True):
            low, high = one.interval
            axes.plot([100 * low, 100 * high], [place, place], color="black", linewidth=1)
        low, high = ones[0].chance_interval
        axes.axvspan(100 * low, 100 * high, color=CHANCE, alpha=0.4, label="chance, 95 %")
        axes.set(yticks=list(places), xlim=(0, 100), xlabel=f"identified of {self.people}, %")
        axes.set_yticklabels(list(self.attacks))
        axes.invert_yaxis()
        axes.legend(frameon=False)


@dataclass(frozen=True, slots=True)
class _Photos:
    """Composed people, who they are, what hat they wear, and the faces they were made of."""

    composed: list[Composed]
    person: Labels
    hat: Labels
    faces: list[NDArray[np.uint8]]


def read_faces(data: Path) -> Faces:
    """Read ``PERSON/*.pgm`` (AT&T's layout) or rendered crops: a list of grey photos a person.

    Raises:
        SourceError: fewer than two people with at least three photos each.
    """
    folders = sorted(f for f in data.glob("*") if f.is_dir()) if data.is_dir() else []
    faces = [
        [np.asarray(read_image(path)[..., 1]) for path in paths]
        for paths in map(image_paths, folders)
        if len(paths) >= 3
    ]
    if data.is_dir() and is_rendered(data):
        faces = read_rendered(data)
    if len(faces) < 2:
        raise SourceError(f"{data} holds no faces as PERSON/*.pgm of two people or more")
    return faces


def files_of(data: Path) -> list[Path]:
    """Return the files that `read_faces` reads."""
    return sorted(data.glob("shard-*/*.npy")) if is_rendered(data) else list(image_paths(data))


def run_privacy(
    data: Path,
    embedder: CropEmbedder,
    weights: Path | None,
    effort: Effort,
    seed: int,
    progress: Progress,
) -> PrivacyResult:
    """Attack; `progress` is told the number of attacks done, of `steps(effort)`."""
    recorder = Recorder("privacy", seed, {"bodies": effort.bodies, "epochs": effort.epochs})
    faces = read_faces(data)
    rng = np.random.default_rng(seed)
    train = _compose(faces, effort.bodies, rng, train=True)
    test = _compose(faces, _TEST_BODIES, rng, train=False)
    done = 0
    attacks, probes, hats = {}, {}, {}
    for name in effort.methods:
        attacks[name] = _attack(METHODS[name], train, test, effort.epochs, seed)
        progress(done := done + 1)
    for name, heads, hidden in _PROBES:
        probes[name] = _probe(embedder, train, test, effort, seed, heads=heads, hidden=hidden)
        progress(done := done + 1)
    recovered, faces_recovered = {}, {}
    for name, look in _INVERSIONS.items():
        recovered[name] = _invert(look, embedder, train, test, effort, seed)
        if look.faces:
            faces_recovered[name] = _identified(recovered[name], test.person, len(faces), seed)
        progress(done := done + 1)
    linked = {name: _link(embedder, faces, seed, day) for day, name in enumerate(_DAYS)}
    progress(done := done + len(_DAYS))
    for name in _HAT_METHODS:
        hats[name] = _guess_hats(METHODS[name], faces, effort, seed)
        progress(done := done + 1)
    return PrivacyResult(
        attacks=attacks,
        probes=probes,
        recovered={name: one.figures() for name, one in recovered.items()},
        faces_recovered=faces_recovered,
        linked=linked,
        hats=hats,
        people=len(faces),
        model_id=embedder.model_id,
        run=recorder.finish({embedder.model_id: weights}, files_of(data)),
    )


@dataclass(frozen=True, slots=True)
class _Inversion:
    """What is made again (faces, or the person as stored), and from what.

    Attributes:
        faces: make the face again, else the person as stored.
        heads: vectors of pictures with their heads left on.
        blurred: not from vectors but from a few pixels of a blurred head, as a control.
    """

    faces: bool = True
    heads: bool = False
    blurred: bool = False


_INVERSIONS: Final = {
    "face, from vectors": _Inversion(),
    "face, from vectors with heads left on": _Inversion(heads=True),
    "face, from a blurred head": _Inversion(blurred=True),
    "clothes, from vectors": _Inversion(faces=False),
}


_PROBES: Final = (
    ("vectors, linear", False, False),
    ("vectors, two layers", False, True),
    ("vectors with heads left on, two layers", True, True),
)


def steps(effort: Effort) -> int:
    """Return how many attacks `run_privacy` makes."""
    return len(effort.methods) + len(_PROBES) + len(_INVERSIONS) + len(_DAYS) + len(_HAT_METHODS)


def around_head(pixels: Image, head: NDArray[np.float32]) -> Float:
    """Return a square around the head as found, float32 (3, 32, 32) in [-1, 1]."""
    middle = (head[:2] + head[2:]) / 2
    scale = _LOOK / (2 * _REACH * float(head[3] - head[1]))
    shift = _LOOK / 2 - middle * scale
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    look = cv2.warpAffine(pixels, matrix, (_LOOK, _LOOK), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(look.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1, np.float32)


def _compose(
    faces: Faces, bodies: int, rng: np.random.Generator, *, train: bool, hats: bool = False
) -> _Photos:
    composed, people, worn, used = [], [], [], []
    for person, photos in enumerate(faces):
        cut = round(len(photos) * _TRAIN_SHARE)
        for photo in photos[:cut] if train else photos[cut:]:
            for _ in range(bodies):
                hat = int(rng.integers(len(HAT_COLOURS))) if hats else 0
                composed.append(compose(photo, rng, HAT_COLOURS[hat]))
                people.append(person)
                worn.append(hat)
                used.append(photo)
    return _Photos(composed, np.array(people, np.int64), np.array(worn, np.int64), used)


def _hidden(photos: _Photos, hide: Hide) -> Float:
    return np.stack([around_head(hide(c.pixels, c.found), c.found) for c in photos.composed])


def _attack(hide: Hide, train: _Photos, test: _Photos, epochs: int, seed: int) -> Attacked:
    examples = Examples(_hidden(train, hide), train.person, _hidden(test, hide), test.person)
    guess = retrained_recogniser(examples, epochs, seed)
    return Attacked.of(guess, test.person, test.person, examples.classes, seed)


def _guess_hats(hide: Hide, faces: Faces, effort: Effort, seed: int) -> Attacked:
    rng = np.random.default_rng(seed + 1)
    train = _compose(faces, max(1, effort.bodies // 4), rng, train=True, hats=True)
    test = _compose(faces, max(1, _TEST_BODIES // 2), rng, train=False, hats=True)
    examples = Examples(_hidden(train, hide), train.hat, _hidden(test, hide), test.hat)
    guess = retrained_recogniser(examples, effort.epochs, seed)
    return Attacked.of(guess, test.hat, test.person, len(HAT_COLOURS), seed)


def _probe(
    embedder: CropEmbedder,
    train: _Photos,
    test: _Photos,
    effort: Effort,
    seed: int,
    *,
    heads: bool,
    hidden: bool,
) -> Attacked:
    few = slice(None, None, max(1, effort.bodies // _PROBE_BODIES))
    examples = Examples(
        _vectors(embedder, train.composed[few], heads),
        train.person[few],
        _vectors(embedder, test.composed, heads),
        test.person,
    )
    guess = probe(examples, _PROBE_EPOCHS, seed, hidden=hidden)
    return Attacked.of(guess, test.person, test.person, examples.classes, seed)


def _invert(
    look: _Inversion,
    embedder: CropEmbedder,
    train: _Photos,
    test: _Photos,
    effort: Effort,
    seed: int,
) -> Recovered:
    few = slice(None, None, max(1, effort.bodies // _PROBE_BODIES))
    known = [
        Known(_given(look, embedder, chosen), _wanted(look, chosen), chosen.person)
        for chosen in (_thinned(train, few), test)
    ]
    return invert(known[0], known[1], _DECODER_EPOCHS, seed)


def _thinned(photos: _Photos, few: slice) -> _Photos:
    return _Photos(photos.composed[few], photos.person[few], photos.hat[few], photos.faces[few])


def _given(look: _Inversion, embedder: CropEmbedder, photos: _Photos) -> Float:
    """Return what the attacker holds of each photo: a vector, or a few blurred pixels."""
    if not look.blurred:
        return _vectors(embedder, photos.composed, look.heads)
    heads = _hidden(photos, METHODS["gaussian blur"]).mean(axis=1)
    side = (_BLURRED, _BLURRED)
    return np.stack([cv2.resize(h, side, interpolation=cv2.INTER_AREA).ravel() for h in heads])


def _wanted(look: _Inversion, photos: _Photos) -> Float:
    if look.faces:
        return np.stack([as_picture(face, FACE) for face in photos.faces])
    return np.stack([as_picture(_stored(c, False).pixels, CLOTHES) for c in photos.composed])


def _identified(made: Recovered, person: Labels, people: int, seed: int) -> Attacked:
    return Attacked.of(made.guess, person, person, people, seed)


def _link(embedder: CropEmbedder, faces: Faces, seed: int, day: int) -> Attacked:
    """Find everybody of the first day again on `day` by the nearest vector, one try each.

    What people wear is the same all day; pose, light and photo are new in every picture.
    """
    known = _day(embedder, faces, seed, 0, first=0)
    again = _day(embedder, faces, seed, day, first=_LINK_PHOTOS)
    likeness = again @ known.T
    closest = likeness.reshape(len(again), len(faces), _LINK_PHOTOS).max(axis=2).argmax(axis=1)
    person = np.repeat(np.arange(len(faces)), _LINK_PHOTOS)
    return Attacked.of(closest, person, person, len(faces), seed)


def _day(embedder: CropEmbedder, faces: Faces, seed: int, day: int, first: int) -> Float:
    """Return vectors (people · photos, D) of one day, by person."""
    pose = np.random.default_rng([seed, day, first])
    composed = [
        compose(photos[i % len(photos)], pose, wardrobe=np.random.default_rng([seed, day, who]))
        for who, photos in enumerate(faces)
        for i in range(first, first + _LINK_PHOTOS)
    ]
    return _vectors(embedder, composed, False)


def _vectors(embedder: CropEmbedder, composed: Sequence[Composed], heads: bool) -> Float:
    crops = [_stored(c, heads) for c in composed]
    return embedder.describe(crops, light_of(crops)).vectors


def _stored(one: Composed, heads: bool) -> EmbeddableCrop:
    image = ResearchImage(one.pixels)
    if heads:
        return image.with_head()
    return image.redacted(region(one.pixels, one.found, "head"))
