"""One file that holds many, each with its SHA-256: written whole or not at all, checked when read.

It is a ZIP, so that any program lists it. The last entry is a manifest: what is in the file, and
what the writer says about it.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Self

from reid.core.errors import StoreError, UsageError
from reid.storage.durable import hold_alone, sync_folder

MANIFEST: Final = "manifest.json"

_BLOCK: Final = 1 << 20  # bytes read at once
_SECONDS_OF_ZIP: Final = (1980, 1, 1, 0, 0, 0)  # no entry tells a time of its own
_DAMAGED: Final = (zipfile.BadZipFile, EOFError, ValueError, KeyError, TypeError, AttributeError,
                   NotImplementedError, RuntimeError, zlib.error)  # fmt: skip


class ArchiveWriter:
    """Writes entries into an archive; see `new_archive`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._files: dict[str, dict[str, str | int]] = {}

    @contextmanager
    def entry(self, name: str) -> Iterator[IO[bytes]]:
        """Open an entry to write; what was read back from it later is compared with its hash."""
        about = zipfile.ZipInfo(name, _SECONDS_OF_ZIP)
        about.compress_type = zipfile.ZIP_DEFLATED
        about.external_attr = 0o600 << 16
        with self._zip.open(about, "w", force_zip64=True) as plain:
            hashed = _Hashed(plain)
            yield hashed  # type: ignore[misc]
        self._files[name] = {"sha256": hashed.digest.hexdigest(), "bytes": hashed.size}

    def add(self, name: str, content: bytes) -> None:
        """Write an entry whole."""
        with self.entry(name) as out:
            out.write(content)

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the manifest, and with it the end of the archive."""
        text = json.dumps({**about, "files": self._files}, indent=1, ensure_ascii=False)
        self._zip.writestr(zipfile.ZipInfo(MANIFEST, _SECONDS_OF_ZIP), text)
        self._zip.close()


class _Hashed:
    """A file to write to that counts and hashes what passes."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.digest = hashlib.sha256()
        self.size = 0
        self.closed = False

    def write(self, content: Any) -> int:
        """Write bytes."""
        data = bytes(content)
        self.digest.update(data)
        self.size += len(data)
        return self._out.write(data)

    def flush(self) -> None:
        """Do nothing: the archive is flushed as a whole."""

    def close(self) -> None:
        """Do nothing: whoever opened the entry closes it."""

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


@contextmanager
def new_archive(target: Path) -> Iterator[ArchiveWriter]:
    """Write an archive beside its place, readable by its owner alone, and move it there when done.

    What a killed process left half written is overwritten by the next.

    Raises:
        UsageError: there is such a file already, or no such folder.
        StoreError: it cannot be written; nothing of it stays.
    """
    part = target.with_name(f".{target.name}.part")
    if target.exists():
        raise UsageError(f"{target} is there already: name another file")
    try:
        with _alone(part) as file:
            yield ArchiveWriter(file)
            file.flush()
            os.fsync(file.fileno())
            part.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(f"{target} cannot be written ({reason})") from None


@contextmanager
def _alone(part: Path) -> Iterator[IO[bytes]]:
    """Open a file that nobody else writes, empty; it is removed where that fails."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        if not hold_alone(descriptor):
            raise UsageError(f"{part} is being written by another process")
        os.truncate(descriptor, 0)
        part.chmod(0o600)
        try:
            yield file
        except BaseException:
            part.unlink(missing_ok=True)
            raise


class ArchiveReader:
    """Reads an archive, after every entry was compared with its hash.

    Raises:
        StoreError: it is none, cut short or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._explained():
            self._zip = zipfile.ZipFile(path)
            self.about: dict[str, Any] = json.loads(self._zip.read(MANIFEST))
            self._files: dict[str, dict[str, Any]] = self.about["files"]
            self._check()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """The entries."""
        return list(self._files)

    def open(self, name: str) -> IO[bytes]:
        """Open an entry to read."""
        return self._zip.open(name)

    def read(self, name: str) -> bytes:
        """Return an entry whole."""
        return self._zip.read(name)

    def _check(self) -> None:
        there = self._zip.namelist()
        if sorted(there) != sorted([*self._files, MANIFEST]):
            raise ValueError("other entries than the manifest names")
        for name, about in self._files.items():
            place = PurePosixPath(name)
            if place.is_absolute() or ".." in place.parts or "\\" in name:
                raise ValueError("an entry lies outside")
            if self._digest(name) != about["sha256"]:
                raise ValueError("an entry was changed")

    def _digest(self, name: str) -> str:
        digest = hashlib.sha256()
        with self._zip.open(name) as entry:
            while block := entry.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise UsageError(f"{self._path} does not exist") from None
        except OSError as error:
            raise StoreError(f"{self._path} cannot be read ({error.strerror})") from None
        except _DAMAGED:
            raise StoreError(f"{self._path} is damaged, or no backup: use another") from None
