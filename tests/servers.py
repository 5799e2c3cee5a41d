"""Real servers that tests start for themselves: PostgreSQL, and one that speaks S3."""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa

INITDB = shutil.which("initdb") or next(
    iter(sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))), None
)
needs_postgresql = pytest.mark.skipif(INITDB is None, reason="needs PostgreSQL's initdb")
needs_s3 = pytest.mark.skipif(
    find_spec("moto") is None or find_spec("flask") is None, reason="needs moto[server]"
)

DATABASE_PASSWORD = "secret-of-the-database"
ACCESS_KEY, SECRET_KEY = "access-key-of-the-test", "secret-key-of-the-test"
BUCKET = "sightings-test"


def free_port() -> int:
    """Return a port that nobody uses, outside those that the system lends to outgoing connections:
    a server that is stopped must find its port free when it starts again."""
    for port in random.SystemRandom().sample(range(15_000, 32_000), 200):
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")


def wait_for(port: int, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens at port {port}")


class PostgreSQL:
    """A server with its data in a folder; it can be stopped and started again."""

    def __init__(self) -> None:
        assert INITDB is not None
        self._tools = Path(INITDB).resolve().parent
        # Not in pytest's own folder: the next session closes that to the user that runs this.
        self._folder, self.port = Path(tempfile.mkdtemp(prefix="reid-pg-")), free_port()
        user = _unprivileged(self._folder)
        self._as_user = {"user": user} if user else {}
        subprocess.run(
            [INITDB, "-D", self._folder / "data", "-U", "reid", "--auth=trust", "--no-sync"],
            check=True, capture_output=True, **self._as_user,
        )  # fmt: skip
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://reid:{DATABASE_PASSWORD}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and again if it could not; returns once it answers."""
        for _ in range(5):
            self._spawn()
            if self._ready():
                return
            self._server.kill()
            self._server.wait(10)
        raise TimeoutError("PostgreSQL does not start")

    def _spawn(self) -> None:
        self._server = subprocess.Popen(
            [self._tools / "postgres", "-D", self._folder / "data", "-p", str(self.port),
             "-k", self._folder, "-c", "fsync=off"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as_user,
        )  # fmt: skip

    def stop(self) -> None:
        """End it and every session at once."""
        self._server.send_signal(signal.SIGINT)
        self._server.wait(20)

    def remove(self) -> None:
        """End it for good."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self, name: str) -> str:
        """Make another database; returns its URL."""
        engine = sa.create_engine(_driver(self.url), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return self.url.rpartition("/")[0] + f"/{name}"

    def _ready(self) -> bool:
        """Wait until it answers; False if it ended instead, or takes very long."""
        engine = sa.create_engine(_driver(self.url))
        try:
            for _ in range(600):
                try:
                    with engine.connect():
                        return True
                except sa.exc.OperationalError:
                    if self._server.poll() is not None:
                        return False
                    time.sleep(0.1)
        finally:
            engine.dispose()
        return False


class S3:
    """A process that speaks S3 and keeps everything in memory."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "s3.log"
        with self.log.open("w") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdout=log, stderr=log,
            )  # fmt: skip
        wait_for(self.port)
        self._client().create_bucket(Bucket=BUCKET)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
        }

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """Return every object's bytes by key."""
        client = self._client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def freeze(self) -> None:
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._server.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._server.kill()
        self._server.wait(10)

    def _client(self):
        import boto3

        return boto3.client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
        )  # fmt: skip


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    try:
        yield server
    finally:
        server.remove()


@contextmanager
def s3(folder: Path) -> Iterator[S3]:
    server = S3(folder)
    try:
        yield server
    finally:
        server.stop()


def _driver(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:")


def _unprivileged(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: hand the folder to somebody else."""
    if os.geteuid() != 0:
        return None
    name = next((n for n in ("postgres", "nobody") if _exists(n)), None)
    if name is None:
        pytest.skip("no unprivileged user to run PostgreSQL as")
    shutil.chown(folder, name)
    return name


def _exists(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False
