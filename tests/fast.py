"""Cheap password hashing for tests: the parameters are argon2's own, tested elsewhere."""

import pytest
from argon2 import PasswordHasher

import reid.desk.cases.accounts


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(reid.desk.cases.accounts, "PasswordHasher", lambda: cheap)
