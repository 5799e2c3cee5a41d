"""The venue's sightings: one table, on disk or on S3-compatible storage."""

import os

# Both halves of the storage engine warn of their own working, which helps no user.
os.environ.setdefault("LANCE_LOG", "error")
os.environ.setdefault("LANCEDB_LOG", "error")

from reid.store.completed_work import CompletedWork
from reid.store.filter import Filter
from reid.store.migrations import SCHEMA_VERSION
from reid.store.rows import Columns, Keys
from reid.store.table import TABLE, Store

__all__ = ["SCHEMA_VERSION", "TABLE", "Columns", "CompletedWork", "Filter", "Keys", "Store"]
