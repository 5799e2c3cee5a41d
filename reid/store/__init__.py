"""The venue's sightings: one table, on disk or on S3-compatible storage."""

import os

os.environ.setdefault("LANCE_LOG", "error")  # what it warns of is its own working: users can't act

from reid.store.filter import Filter
from reid.store.ledger import Ledger
from reid.store.rows import SCHEMA_VERSION, Columns, Keys
from reid.store.table import TABLE, Store

__all__ = ["SCHEMA_VERSION", "TABLE", "Columns", "Filter", "Keys", "Ledger", "Store"]
