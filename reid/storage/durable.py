"""Small files that a power failure must not take back."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reid.core.errors import StoreError
from reid.storage.venue_path import Folder


def touch_durably(path: Folder) -> None:
    """Create an empty file, readable by its owner alone, that stays over a power failure.

    Raises:
        StoreError: it cannot be created.
    """
    with _explained(path):
        path.touch(mode=0o600)
        if isinstance(path, Path):
            sync_folder(path.parent)


def write_durably(path: Folder, text: str) -> None:
    """Replace a file, readable by its owner alone, such that a crash leaves the old or the new.

    Raises:
        StoreError: it cannot be written; the old one is as it was.
    """
    with _explained(path):
        if not isinstance(path, Path):
            path.write_text(text)  # S3 replaces an object whole or not at all
            return
        fresh = path.with_name(f"{path.name}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fresh.replace(path)
        sync_folder(path.parent)  # else a power failure may take the new name back


def sync_folder(folder: Path) -> None:
    """Have a folder's entries written: what was created or renamed in it stays so."""
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(folder: Path) -> None:
    """Have all files below a folder written, and the folders that name them."""
    for path in [*folder.rglob("*"), folder]:
        if path.is_dir():
            sync_folder(path)
        elif path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def hold_alone(descriptor: int) -> bool:
    """Lock an open file or folder until it is closed; False where another process has it.

    The system frees it when its holder dies. Where the system has no such locks, it is not held.
    """
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _explained(path: Folder) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(f"{path} cannot be written ({reason}): free some space first") from None
