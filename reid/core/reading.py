"""Files that somebody may have edited or damaged: whatever they hold, an error is one line."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, get_type_hints

from reid.core.errors import ReidError

Made = TypeVar("Made")


class Readable(Protocol):
    """A file of a folder, or of a bucket."""

    def read_bytes(self) -> bytes: ...


def read_utf8(path: Readable, kind: type[ReidError]) -> str:
    """Return a file's text.

    Raises:
        FileNotFoundError: there is none.
        ReidError: of this kind: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise kind(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise kind(f"{path} is no text in UTF-8: restore it") from None


def read_toml(path: Readable, kind: type[ReidError]) -> dict[str, Any]:
    """Return what a TOML file holds.

    Raises:
        FileNotFoundError: there is none.
        ReidError: of this kind: it cannot be read, or is not TOML.
    """
    text = read_utf8(path, kind)
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, OverflowError) as error:
        raise kind(f"{path} is not TOML: {first_line(error)}") from None
    except RecursionError:
        raise kind(f"{path} is not TOML: nested too deeply") from None


def read_json(path: Readable, kind: type[ReidError]) -> Any:
    """Return what a JSON file holds.

    Raises:
        FileNotFoundError: there is none.
        ReidError: of this kind: it cannot be read, or is not JSON.
    """
    text = read_utf8(path, kind)
    try:
        return json.loads(text)
    except ValueError as error:
        raise kind(f"{path} is not JSON: {first_line(error)}") from None
    except RecursionError:
        raise kind(f"{path} is not JSON: nested too deeply") from None


def typed(kind: type[Made], said: Mapping[str, Any]) -> Made:
    """Make a dataclass of plain values from JSON; what a newer version says besides is left out.

    Raises:
        TypeError: something is missing, or of another type.
    """
    kinds = get_type_hints(kind)
    known = {name: value for name, value in said.items() if name in kinds}
    for name, value in known.items():
        wanted = (int, float) if kinds[name] is float else kinds[name]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise TypeError(f"{name} is {value!r}")
    return kind(**known)


def first_line(error: Exception) -> str:
    """Return the beginning of what an error says: it may repeat what a file holds."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
