"""A fresh database a test: SQLite, and PostgreSQL where a server is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.desk.cases import CaseRecords, open_records
from tests.fast import cheap_hashes  # noqa: F401


@pytest.fixture
def records(tmp_path: Path) -> Iterator[CaseRecords]:
    opened = open_records(tmp_path)
    yield opened
    opened.database.close()
