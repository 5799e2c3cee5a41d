"""Cheap hashes."""

from tests.fast import cheap_hashes  # noqa: F401
