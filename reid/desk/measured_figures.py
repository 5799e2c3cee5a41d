"""Measured leak and group figures of a venue, for its impact report; never made up.

They come from what `reid bench privacy|detection|fairness --json` wrote: a file in the venue's
folder that `venue.toml` names, else the figures that come beside the shipped weights
(``models/NAME/figures.json``, the three results by name). Where there is neither, the report says
that nothing has been measured and how to do it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reid.core.errors import PolicyError
from reid.core.reading import read_json
from reid.desk.policy import Policy
from reid.storage.venue_path import Folder
from reid.weights import registry

QUESTIONS: Final = {
    "privacy": "can somebody be recognised from what is stored",
    "detection": "are the heads gone",
    "fairness": "does it work equally well for everybody",
}
"""Benchmark → what it answers."""

_SHIPPED: Final = "figures.json"
_STORED: Final = "as shipped, head"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One benchmark's result, as far as the report tells it.

    Attributes:
        benchmark: one of `QUESTIONS`.
        origin: file it was read from; empty where nothing has been measured.
        model: of which model; None for nothing.
        when: ISO 8601.
        figures: name → rates in [0, 1] and counts.
        lines: the same in words.
        foreign: the venue uses another model than the one measured.
    """

    benchmark: str
    origin: str = ""
    model: str | None = None
    when: str = ""
    figures: Mapping[str, Any] | None = None
    lines: tuple[str, ...] = ()
    foreign: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the figures and where they come from; ``measured`` is false for nothing."""
        if self.figures is None:
            return {"measured": False, "how": self._how(), "text": self.text()}
        return {
            "measured": True,
            "text": self.text(),
            "file": self.origin,
            "model": self.model,
            "when": self.when,
            "of_the_model_in_use": not self.foreign,
            "figures": self.figures,
        }

    def text(self) -> list[str]:
        """Return lines for people."""
        if self.figures is None:
            return [f"{QUESTIONS[self.benchmark]}: NOT MEASURED; {self._how()}"]
        head = f"{QUESTIONS[self.benchmark]} (model {self.model}, {self.when[:10]}, {self.origin}):"
        warning = ["  CAREFUL: the venue uses another model; measure that one"] * self.foreign
        return [head, *(f"  {line}" for line in self.lines), *warning]

    def _how(self) -> str:
        name = self.benchmark
        return (
            f"run `reid bench {name} --data DIR --json > VENUE/{name}.json` and name the file "
            f'in venue.toml: [measured] {name} = "{name}.json"'
        )


def measured_figures(folder: Folder, policy: Policy, embedder: str | None) -> list[Measurement]:
    """Return what has been measured, one entry a benchmark.

    `embedder` is the model id of the sightings stored, None while there are none.

    Raises:
        PolicyError: a file that the rules name is missing, or no result of that benchmark.
    """
    return [_measurement(name, folder, policy, embedder) for name in QUESTIONS]


def _measurement(name: str, folder: Folder, policy: Policy, embedder: str | None) -> Measurement:
    given = getattr(policy.measured, name)
    result, origin = _shipped(name, embedder) if given is None else (_read(folder / given), given)
    if result is None:
        return Measurement(name)
    try:
        if result["run"]["benchmark"] != name:
            raise KeyError(name)
        figures, lines = _TELL[name](result)
        model, when = str(result["model_id"]), str(result["run"]["started"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError):
        raise PolicyError(
            f"{origin} is no result of `reid bench {name} --json`: write it again"
        ) from None
    foreign = name != "detection" and embedder is not None and model != embedder
    return Measurement(name, origin, model, when, figures, tuple(lines), foreign)


def _read(path: Folder) -> dict[str, Any]:
    try:
        found = read_json(path, PolicyError)
    except FileNotFoundError:
        raise PolicyError(f"{path} is missing, but venue.toml names it under [measured]") from None
    if not isinstance(found, dict):
        raise PolicyError(f"{path} is not a result of `reid bench … --json`")
    return found


def _shipped(name: str, embedder: str | None) -> tuple[dict[str, Any] | None, str]:
    """Return the figures beside the shipped weights that the venue uses, and their file."""
    for model in registry.shipped():
        path = model.folder / _SHIPPED
        mine = model.kind == "detector" if name == "detection" else model.model_id == embedder
        if mine and path.is_file():
            found = _read(path).get(name)
            if isinstance(found, dict):
                return found, f"models/{model.name}/{_SHIPPED}"
    return None, ""


def _privacy(result: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    attacks = {"recogniser retrained on stored pictures": result["attacks"][_STORED]}
    probes = {f"probe on stored vectors, {kind}": one for kind, one in result["probes"].items()}
    figures = {**attacks, **probes}
    lines = [
        f"{name}: right in {_percent(one['accuracy'])} {_interval(one['interval'])}, guessing "
        f"{_percent(one['chance'])}: " + ("no better than guessing" if one["at_chance"] else "LEAK")
        for name, one in figures.items()
    ]
    return {"people": result["people"], **figures}, [*lines, f"among {result['people']} people"]


def _detection(result: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    cover = result["coverage"]["head"]
    lines = [
        f"faces wholly covered: {cover['hits']} of {cover['n']} "
        f"({_percent(cover['share'])} {_interval(cover['interval'])})",
        f"people found: {_percent(result['recall'])} of {result['n_people']}",
    ]
    kept = ("recall", "n_people", "n_images")
    return {"head_coverage": cover, **{name: result[name] for name in kept}}, lines


def _fairness(result: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    changes: dict[str, Any] = result["changes"]
    lines = []
    for name, one in changes.items():
        rates = "; ".join(
            f"{label} {_arms(one[key])}"
            for key, label in (
                ("false_match", "false matches"),
                ("miss", "misses"),
                ("redaction_failure", "heads left over"),
                ("skin_left", "of them with skin"),
            )
            if key in one  # results of earlier versions lack the last
        )
        lines.append(f"{name}: {rates} ({one['n_people']} people an arm)")
    return changes, lines


_TELL: Final = {"privacy": _privacy, "detection": _detection, "fairness": _fairness}


def _arms(rates: Mapping[str, float]) -> str:
    return " / ".join(f"{arm} {_percent(rate)}" for arm, rate in rates.items())


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _interval(ends: Iterable[float]) -> str:
    low, high = ends
    return f"[{100 * low:.1f}, {100 * high:.1f}]"
