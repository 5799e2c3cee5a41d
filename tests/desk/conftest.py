"""Cheap hashes."""

from tests.fast import cheap_hashes as cheap_hashes
