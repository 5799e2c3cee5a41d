"""Results kept as JSON: written under the name of their command, read again, old or new."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from reid.core.errors import SourceError
from reid.lab.bench.registry import BENCHMARKS, result_type
from reid.lab.bench.report.record import SCHEMA
from reid.lab.bench.report.result import Result

STORED: Final = Path(__file__).parents[1] / "results"
"""The results that the pages of this repository are made of."""

_LONGEST: Final = 120  # characters of a file's name


@dataclass(frozen=True, slots=True)
class Stored:
    """One result and the file it is kept in."""

    path: Path
    result: Result


def save_result(result: Result, folder: Path) -> Path:
    """Write a result as JSON and return its path; the same command writes over its last result.

    Args:
        result: what was measured.
        folder: made where it is missing.

    Raises:
        SourceError: the file cannot be written.
    """
    path = folder / f"{_stem(result)}.json"
    text = json.dumps(result.to_json(), indent=1, ensure_ascii=False) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror})") from None
    return path


def read_results(paths: Iterable[Path]) -> list[Stored]:
    """Read results that `--save` or `--json` wrote, also several by name; folders hold files.

    Raises:
        SourceError: missing, no result, or of a version that cannot be read.
    """
    return [one for path in paths for file in _files(path) for one in _read(file)]


def readable_results(folder: Path) -> tuple[list[Stored], list[str]]:
    """Read a folder of results; what cannot be read is a line each, which names the command."""
    results: list[Stored] = []
    problems: list[str] = []
    for file in _files(folder):
        try:
            results += _read(file)
        except SourceError as error:
            problems.append(str(error).replace(str(file), file.name))
    return results, problems


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.glob("*.json"))
    return [path]


def _read(path: Path) -> Iterator[Stored]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise SourceError(f"{path} cannot be read ({why})") from None
    several = [found] if not isinstance(found, dict) or "run" in found else found.values()
    for one in several:
        yield Stored(path, _result(one, path))


def _result(found: Any, path: Path) -> Result:
    run = found.get("run") if isinstance(found, dict) else None
    if not isinstance(run, Mapping) or run.get("benchmark") not in BENCHMARKS:
        raise SourceError(f"{path} is no result of `reid bench NAME --save DIR`")
    if (version := run.get("schema_version", 1)) > SCHEMA:
        raise SourceError(f"{path} is of version {version}, newer than this program ({SCHEMA})")
    try:
        return result_type(run["benchmark"]).model_validate(found)
    except ValidationError as error:
        again = run.get("command") or f"reid bench {run['benchmark']}"
        fields = ", ".join(sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]}))
        raise SourceError(f"{path} is of another version ({fields}): renew it, `{again}`") from None


def _stem(result: Result) -> str:
    """Return a file's name: the command without what is said anyway, and the label."""
    said = (result.run.command or result.run.benchmark).removeprefix("reid bench ")
    words = f"{said} {result.run.label or ''}"
    words = re.sub(r"--data |\.(xml|onnx|pt|pth)\b", "", words)
    return re.sub(r"[^\w.]+", "-", words).strip("-.")[:_LONGEST].rstrip("-.") or "result"
