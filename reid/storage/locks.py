"""One writer at a time: a file's lock in a venue's folder, PostgreSQL's for a venue on S3.

Both are freed by the operating system or the server when their holder dies. A lock on PostgreSQL is
also lost when the connection is; who is about to destroy something asks `still_held` first.
"""

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from filelock import FileLock, Timeout

from reid.core.errors import StoreError
from reid.storage.venue_path import Folder, waited


class Lock(Protocol):
    """A lock that its holder may take again."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...  # fmt: skip
    def still_held(self) -> bool:
        """Whether nobody else can have got it meanwhile."""
        ...


def lock_of(folder: Folder, name: str, timeout: float = 120.0, database: str | None = None) -> Lock:
    """Return a venue's lock of some name; waiting longer than `timeout` seconds is an error.

    `database` is the URL of the PostgreSQL server of a venue on S3, by default the environment's.
    """
    if isinstance(folder, Path):
        return FolderLock(folder, name, timeout)
    from reid.storage.database_lock import DatabaseLock  # loads SQLAlchemy

    return DatabaseLock(str(folder), name, timeout, database)


class FolderLock:
    """A lock on a file; each thread holds it for itself."""

    def __init__(self, folder: Path, name: str, timeout: float) -> None:
        self._folder, self._timeout = folder, timeout
        self._file = FileLock(folder / f"{name}.lock", timeout=timeout, mode=0o600)

    def __enter__(self) -> Self:
        try:
            self._file.acquire()
        except Timeout:
            raise StoreError(waited(self._folder, self._timeout)) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._file.release()

    def still_held(self) -> bool:
        """Whether it is held; the kernel takes it from nobody who lives."""
        return bool(self._file.is_locked)
