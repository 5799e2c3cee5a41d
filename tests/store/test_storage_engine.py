"""LanceDB without the REST client that it never uses here; asked for, the client is there."""

import subprocess
import sys

TABLES = """
import sys, tempfile
from pathlib import Path
from reid.store.storage_engine import lancedb
client = "lance_namespace_urllib3_client"
assert f"{client}.models" in sys.modules
assert f"{client}.api" not in sys.modules, "the client was built"
with tempfile.TemporaryDirectory() as folder:
    table = lancedb.connect(folder).create_table("t", [{"a": 1}, {"a": 2}])
    assert table.count_rows("a > 1") == 1
assert f"{client}.api" not in sys.modules, "tables in folders need it after all"
"""

ASKED = """
import sys
import reid.store.storage_engine
import lance_namespace_urllib3_client as client
assert client.ApiClient.__name__ == "ApiClient"
from lance_namespace_urllib3_client import Configuration, TableApi
import lance_namespace_urllib3_client.models.query_table_request as one
assert one.QueryTableRequest is client.QueryTableRequest
try:
    client.no_such_name
except AttributeError:
    pass
else:
    raise SystemExit("a name that is not there")
"""

AFTER = """
import lance_namespace_urllib3_client as client
whole = client.ApiClient
from reid.store.storage_engine import lancedb
import lance_namespace_urllib3_client as again
assert again.ApiClient is whole
"""


def run(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_tables_need_no_client() -> None:
    run(TABLES)


def test_the_client_is_loaded_when_it_is_asked_for() -> None:
    run(ASKED)


def test_a_client_that_is_loaded_already_stays() -> None:
    run(AFTER)
