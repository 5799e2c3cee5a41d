"""The storage engine: opened by address, its failures in one line, its conflicts known."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from reid.core.errors import SpaceMismatch, StoreError
from reid.storage.venue_path import Bucket, Folder, storage_fault, storage_options
from reid.store.storage_engine import lancedb

METADATA_CACHE: Final = 32 << 20
"""Bytes of what versions consist of. Each commit adds to it, so that a watch would grow for hours:
LanceDB's own limit is 1 GB."""

INDEX_CACHE: Final = 1 << 30
"""Bytes of indexes that are read; LanceDB's own limit is 6 GB."""


def connect(folder: Folder) -> Any:
    """Open the database of tables in a venue's folder."""
    options = storage_options() if isinstance(folder, Bucket) else None
    return lancedb.connect(str(folder), storage_options=options, session=caches())


def caches() -> Any:
    """Return LanceDB's caches for a connection, of a size that is known."""
    return lancedb.Session(
        index_cache_size_bytes=INDEX_CACHE, metadata_cache_size_bytes=METADATA_CACHE
    )


def is_conflict(error: BaseException) -> bool:
    """Whether a commit failed only because another writer was faster."""
    return bool(
        re.search("conflict|too many concurrent|incompatible tr", str(error), re.IGNORECASE)
    )


@contextmanager
def explained(folder: Folder, verb: str) -> Iterator[None]:
    """Turn failures of the storage engine into one line."""
    try:
        yield
    except (StoreError, SpaceMismatch):
        raise
    except (RuntimeError, OSError, ValueError) as error:
        text = str(error)
        if isinstance(folder, Bucket):
            raise StoreError(f"{folder} cannot be {verb}: {storage_fault(error)}") from None
        if "No space left" in text or "os error 28" in text:
            raise StoreError(f"{folder}: disk full; free some space and run it again") from None
        if "ermission denied" in text:
            raise StoreError(f"{folder} cannot be {verb}: permission denied") from None
        reason = text.splitlines()[0][:120] if text else type(error).__name__
        raise StoreError(f"{folder} cannot be {verb} ({reason})") from error
