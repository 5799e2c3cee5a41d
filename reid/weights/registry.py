"""Which weights there are: shipped ones with their cards, pulled ones, and how to get more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from platformdirs import user_cache_path

from reid.core.errors import ModelError
from reid.core.reading import first_line, read_toml, read_utf8
from reid.weights.adapted import base_of
from reid.weights.pins import check_card, check_pulled, sha256_of

Kind = Literal["detector", "embedder"]

PULLABLE: Final = {
    "yolo11n": "detector: people, COCO, ultralytics, AGPL-3.0, 5 MB",
    "yolo11s": "detector: people, COCO, ultralytics, AGPL-3.0, 18 MB",
    "yolo11m": "detector: people, COCO, ultralytics, AGPL-3.0, 39 MB",
    "yolov8n-pose": "heads from poses, COCO, ultralytics, AGPL-3.0, 6 MB",
    "yolo11n-pose": "heads from poses, COCO, ultralytics, AGPL-3.0, 6 MB",
}
"""Public weights one command away; never fetched otherwise."""

CARD: Final = "model.toml"

_PREFERRED: Final = ("yolo11m", "yolo11s", "yolo11n")


@dataclass(frozen=True, slots=True)
class Shipped:
    """Weights that come with the package.

    Attributes:
        name: folder name.
        kind: detector or embedder.
        model_id: names the model; for an embedder, its vector space.
        folder: where the files are.
        files: SHA-256 by file name.
        entry: the file or folder to load on a CPU.
        torch: the weights to load on a GPU; empty where there are none.
        licence: SPDX identifier.
        temperature: by which an embedder's scores are divided in the ranking, see its card.
        evidence: column or slot → what an embedder's beliefs are worth on real people, likewise.
    """

    name: str
    kind: Kind
    model_id: str
    folder: Path
    files: dict[str, str]
    entry: str
    torch: str
    licence: str
    temperature: float = 1.0
    evidence: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """What a loader takes on a CPU."""
        return self.folder / self.entry

    def best(self) -> Path:
        """Return what a loader takes on this machine."""
        return self.folder / self.torch if self.torch and has_gpu() else self.path

    def verify(self) -> None:
        """Compare the files with the card's hashes, and a shipped one's card with its pin.

        Raises:
            ModelError: a file is missing or changed.
        """
        if self.folder.parent == models_folder():
            check_card(self.name, self.folder / CARD)
        for name, expected in self.files.items():
            file = self.folder / name
            if sha256_of(file) != expected:
                raise ModelError(f"{file} is not the file that was shipped: install it again")


def has_gpu() -> bool:
    """Whether torch can compute on a GPU here."""
    import torch

    return torch.cuda.is_available()


def models_folder() -> Path:
    """Return where shipped weights are: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "_models"
    return installed if installed.is_dir() else package.parent / "models"


def pulled_folder() -> Path:
    """Return where `reid models pull` puts weights."""
    return user_cache_path("reid") / "models"


def shipped(folder: Path | None = None) -> list[Shipped]:
    """List the weights that come with the package, by name."""
    cards = sorted((folder or models_folder()).glob(f"*/{CARD}"))
    return [_read(path) for path in cards]


def pulled(folder: Path | None = None) -> dict[str, Path]:
    """Return the weights pulled so far, by name."""
    files = (folder or pulled_folder()).glob("*.pt")
    return {path.stem: path for path in sorted(files)}


def card(name: str) -> str:
    """Return the text of a model's card.

    Raises:
        ModelError: nothing of that name is shipped, pulled or can be pulled.
    """
    for model in shipped():
        if model.name == name:
            return read_utf8(model.folder / "README.md", ModelError)
    if name in PULLABLE:
        state = f"pulled: {pulled()[name]}" if name in pulled() else f"`reid models pull {name}`"
        return f"{name} - {PULLABLE[name]}\n{state}"
    raise ModelError(f"no model is named {name}: see `reid models list`")


def find_detector(given: Path | None) -> Path:
    """Return the detector to use: the one given, else one pulled before, else the shipped one.

    Whoever fetched public weights, trained on real photos, means to use them.

    Raises:
        ModelError: there is none.
    """
    if given is not None:
        return given
    available = pulled()
    for name in _PREFERRED:
        if name in available:
            check_pulled(name, available[name])
            return available[name]
    detector = _shipped_detector()
    if detector is not None:
        return detector
    raise ModelError(
        "no detector weights: run `reid models pull yolo11n` once (needs internet), "
        "or name a file with --detector PATH"
    )


def find_head_detector(given: Path | None) -> Path:
    """Return the detector that looks for heads in person crops: the one given, else the shipped.

    Public weights know people, but no heads; they serve where there is no other.

    Raises:
        ModelError: there is none.
    """
    return given or _shipped_detector() or find_detector(None)


def _shipped_detector() -> Path | None:
    for model in shipped():
        if model.kind == "detector":
            model.verify()
            return model.best()
    return None


def find_embedder() -> Shipped | None:
    """Return the shipped embedder, checked, or None where there is none."""
    for model in shipped():
        if model.kind == "embedder":
            model.verify()
            return model
    return None


@cache
def temperature_of(model_id: str) -> float:
    """Return an embedder's temperature in the ranking; 1 where no shipped card says otherwise.

    A venue's own weights say the same of clothes as those that they began from.
    """
    return next((m.temperature for m in shipped() if m.model_id == base_of(model_id)), 1.0)


@cache
def evidence_of(model_id: str) -> Mapping[str, Mapping[str, float]]:
    """Return what an embedder's beliefs are worth, by column or slot; empty where not measured.

    Those of a venue's own weights are worth what those of the shipped ones are.
    """
    return next((m.evidence for m in shipped() if m.model_id == base_of(model_id)), {})


def _temperature(card: dict[str, Any]) -> float:
    """Read a card's temperature; older ones say its inverse, `sharpness`."""
    return float(card.get("temperature", 1 / float(card.get("sharpness", 1.0))))


def _kind(said: object) -> Kind:
    if said == "detector":
        return "detector"
    if said == "embedder":
        return "embedder"
    raise ValueError(f"kind is {str(said)[:40]}")


def _evidence(said: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {
        str(slot): {str(name): float(value) for name, value in worth.items()}
        for slot, worth in said.items()
    }


def _read(path: Path) -> Shipped:
    data = read_toml(path, ModelError)
    try:
        return Shipped(
            name=path.parent.name,
            kind=_kind(data["kind"]),
            model_id=str(data["model_id"]),
            folder=path.parent,
            files={str(name): str(sha) for name, sha in data["files"].items()},
            entry=str(data["entry"]),
            torch=str(data.get("torch", "")),
            licence=str(data["licence"]),
            temperature=_temperature(data),
            evidence=_evidence(data.get("evidence", {})),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelError(
            f"{path} is damaged ({first_line(error)}): install the package again"
        ) from None
