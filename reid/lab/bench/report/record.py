"""What a figure was measured with: code, weights, data, seed, machine. Kept with every result."""

import hashlib
import os
import platform
import subprocess
import time
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from pydantic import Field, JsonValue, SerializerFunctionWrapHandler, model_serializer

from reid import __version__
from reid.lab.bench.metrics.figures import Figures
from reid.weights import registry

_CHUNK: Final = 1 << 20
_DIGEST: Final = 16  # bytes

SCHEMA: Final = 2
"""Version of what a result holds: 1 knew no command, label, data's name, models."""

_SINCE_2: Final = ("schema_version", "command", "label", "data_name", "models")
_LIBRARIES: Final = ("numpy", "torch", "openvino", "opencv-python", "ultralytics", "lancedb")


class Machine(Figures):
    """A machine, without its name; `libraries` are versions by name."""

    processor: str
    cores: int
    system: str
    python: str
    libraries: dict[str, str]


class Record(Figures):
    """How to get the same figures again.

    Attributes:
        benchmark: name of the command.
        settings: its options.
        version: of this program.
        commit: of its source; ends in ``+`` where files were changed since; None in a wheel.
        weights: hash by name of each model used; of a shipped one, of its whole folder, as
            thresholds and temperatures in its `model.toml` count too.
        data: hash of names and contents of all files used.
        seed: of everything random.
        machine: processor, cores, system, libraries.
        started: when, ISO 8601, UTC.
        seconds: how long it took.
        schema_version: `SCHEMA` of the program that wrote it.
        command: the command line, files and folders by their names alone.
        label: tells results of one command from each other, as `reid bench all` names them.
        data_name: name of the data set's folder, or of the files.
        models: of `weights`, those that ship with this program: their model ids.
    """

    benchmark: str
    settings: dict[str, JsonValue]
    version: str
    commit: str | None
    weights: dict[str, str]
    data: str | None
    seed: int
    machine: Machine
    started: str
    seconds: float
    schema_version: int = 1
    command: str | None = None
    label: str | None = None
    data_name: str | None = None
    models: dict[str, str] = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write a record of an older version as that version did."""
        fields: dict[str, Any] = handler(self)
        if self.schema_version > 1:
            return fields
        return {name: value for name, value in fields.items() if name not in _SINCE_2}


class Recorder:
    """Starts the clock of a run; `finish` makes its record."""

    def __init__(
        self, benchmark: str, seed: int, settings: Mapping[str, JsonValue] | None = None
    ) -> None:
        self._benchmark, self._seed = benchmark, seed
        self._settings = dict(settings or {})
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._commit = code_commit()  # of what runs, whatever is checked out meanwhile
        self._begun = time.perf_counter()

    def finish(
        self, weights: dict[str, Path | None], files: Iterable[Path] = (), data: str | None = None
    ) -> Record:
        """Return the record: `files` are hashed unless the hash `data` is known already."""
        seconds = time.perf_counter() - self._begun
        listed = sorted(files)
        used = {name: path for name, path in weights.items() if path is not None}
        ours = {name: model for name, path in used.items() if (model := _shipped(path))}
        return Record(
            benchmark=self._benchmark,
            settings=self._settings,
            version=__version__,
            commit=self._commit,
            weights={
                name: hash_of(ours[name].folder if name in ours else path)
                for name, path in used.items()
            },
            data=data or (hash_files(listed) if listed else None),
            seed=self._seed,
            machine=machine(),
            started=self._started,
            seconds=round(seconds, 2),
            schema_version=SCHEMA,
            models={name: model.model_id for name, model in ours.items()},
        )


def hash_of(path: Path) -> str:
    """Hash a file, or all files of a folder; an OpenVINO ``.xml`` counts with its ``.bin``.

    Of a folder with a ``model.toml`` that file counts, and those that it names: a word changed in
    the card leaves the weights what they were.
    """
    if (path / "model.toml").is_file():
        named = tomllib.loads((path / "model.toml").read_text())["files"]
        return hash_files([path / "model.toml", *(path / name for name in sorted(named))])
    if path.is_dir():
        return hash_files(sorted(p for p in path.rglob("*") if p.is_file()))
    beside = path.with_suffix(".bin")
    return hash_files([path, beside] if path.suffix == ".xml" and beside.is_file() else [path])


def _shipped(path: Path) -> registry.Shipped | None:
    """Return the shipped model that `path` is a file or folder of."""
    found = path.resolve()
    return next((m for m in registry.shipped() if found.is_relative_to(m.folder.resolve())), None)


def hash_files(paths: Iterable[Path]) -> str:
    """Hash the names and contents of files, in the order given (BLAKE2b, 16 bytes, hex)."""
    digest = hashlib.blake2b(digest_size=_DIGEST)
    for path in paths:
        digest.update(f"{path.parent.name}/{path.name}\0".encode(errors="surrogateescape"))
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def code_commit() -> str | None:
    """Return the commit of this program's source, with a ``+`` where files differ from it."""
    folder = Path(__file__).parents[2]  # its parent is the whole package
    head = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not head:
        return None
    changed = _git(folder.parent, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return f"{head}+" if changed else head


def machine() -> Machine:
    """Describe this machine, without its name."""
    return Machine(
        processor=_processor(),
        cores=_cores(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        libraries={name: v for name in _LIBRARIES if (v := _version(name))},
    )


def _cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
