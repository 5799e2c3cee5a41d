"""Running the app: address, TLS, expiry by itself, a stop that finishes what was begun."""

import logging
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from reid.core.errors import ReidError, UsageError
from reid.core.memory_dumps import forbid_memory_dumps
from reid.core.supervisor import Supervisor
from reid.desk.desk import Desk
from reid.storage.venue_path import Folder
from reid.watch.alerting import Alerting
from reid.watch.notify import Notifier
from reid.watch.schedule import STATUS_EVERY, supervise_seals
from reid.watch.status import WEB, write_loops
from reid.web.app import create_app
from reid.web.connections import Gate, Limits, allow_files, connections_of
from reid.web.setup import Setup
from reid.web.setup_app import create_setup

EXPIRE_EVERY: Final = 60.0
"""Seconds between two looks for what is over its time."""

_STOP_WITHIN: Final = 10  # seconds
_TEND_EVERY: Final = 2.0  # seconds
_IDLE: Final = 30  # seconds a browser's connection is kept while somebody looks at pictures
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the app listens and how browsers reach it."""

    host: str = "127.0.0.1"
    port: int = 8440
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False

    @property
    def tls(self) -> bool:
        """Whether the app itself speaks TLS."""
        return self.certificate is not None

    @property
    def by_other_names(self) -> bool:
        """Whether browsers are likely to reach it by another name than this machine's."""
        return self.behind_proxy or self.host not in _LOCAL


def run_setup(
    folder: Folder, database: str | None, where: Listening, started: Callable[[str], None]
) -> socket.socket | None:
    """Let whoever has the one-time link set a venue up; `run` goes on at the same socket.

    Args:
        folder: where the venue will lie.
        database: URL of its PostgreSQL database, or None.
        where: to listen.
        started: called with the link, once requests are taken there.

    Returns:
        The socket, still listening: browsers wait there for the desk. None if it was stopped.

    Raises:
        UsageError: as `run`.
    """
    forbid_memory_dumps()
    _check(where)
    listening = _listen(where)
    _log_to_stderr()
    setup = Setup(folder, database, lambda: None, where.tls or where.behind_proxy)
    server = uvicorn.Server(configured(create_setup(setup), where))
    finished = threading.Event()

    def finish() -> None:
        finished.set()
        server.should_exit = True

    setup.finish = finish
    started(f"{_address(where)}/setup?key={setup.link.key}")
    server.run(sockets=[listening.dup()])
    if finished.is_set():
        return listening
    listening.close()
    return None


def _address(where: Listening) -> str:
    return f"{'https' if where.tls else 'http'}://{where.host}:{where.port}"


def run(
    desk: Desk,
    where: Listening,
    started: Callable[[str], None],
    listening: socket.socket | None = None,
) -> None:
    """Serve until stopped.

    Args:
        desk: the venue's.
        where: to listen.
        started: called with the app's address, once requests are taken there.
        listening: a socket that listens there already.

    Raises:
        UsageError: reachable from other machines without TLS, TLS files that are not a pair, or
            an address that cannot be listened at.
    """
    forbid_memory_dumps()
    _check(where)
    listening = listening or _listen(where)
    _log_to_stderr()
    supervisor = supervised(desk, threading.Event())
    app = create_app(
        desk, tls=where.tls, behind_proxy=where.behind_proxy, supervisor=supervisor,
        hosts=(where.host,),
    )  # fmt: skip
    supervisor.start()
    threading.Thread(target=_tend, args=(supervisor,), daemon=True).start()
    threading.Thread(target=_warm, args=(desk,), daemon=True).start()
    desk.note_start("serve", {"tls": where.tls})
    started(_address(where))
    try:
        uvicorn.Server(configured(app, where)).run(sockets=[listening])
    finally:
        listening.close()
        supervisor.end(_STOP_WITHIN)
        desk.records.database.close()


def configured(app: FastAPI, where: Listening, limits: Limits | None = None) -> uvicorn.Config:
    """Return how uvicorn runs the app: TLS, limits, deadlines, nothing said of what was typed."""
    limits = limits or _limits()
    shared = frozenset({"127.0.0.1", "::1"}) if where.behind_proxy else frozenset[str]()
    tls = _tls(where.certificate, where.key) if where.certificate and where.key else None
    return uvicorn.Config(
        app,
        http=connections_of(Gate(limits, shared), tls),
        ws="none",
        access_log=False,
        log_level="critical",  # its tracebacks would repeat what was typed
        server_header=False,
        proxy_headers=where.behind_proxy,
        forwarded_allow_ips="127.0.0.1",
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_STOP_WITHIN,
    )


def _limits() -> Limits:
    """Return limits that leave files for the table, the database and the models."""
    usual = Limits()
    allowed = allow_files(2 * usual.connections)
    most = min(usual.connections, allowed // 2)
    return replace(usual, connections=most, of_address=min(usual.of_address, most // 2))


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key, password="")  # else it would ask in the terminal
    return context


def _listen(where: Listening) -> socket.socket:
    """Take the address before anything is said to be served there."""
    try:
        family = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((where.host, where.port), family=family)
    except OSError as error:
        raise UsageError(
            f"cannot listen at {where.host}:{where.port} ({error.strerror or 'unknown'}): "
            "choose another --port or --host"
        ) from None


def _check(where: Listening) -> None:
    if (where.certificate is None) != (where.key is None):
        raise UsageError("TLS needs both --tls-certificate and --tls-key")
    for path in (where.certificate, where.key):
        if path is not None and not path.is_file():
            raise UsageError(f"{path} does not exist: name a PEM file")
    if where.certificate is not None and where.key is not None:
        _check_pair(where.certificate, where.key)
    if where.host not in _LOCAL and not where.tls:
        raise UsageError(
            f"{where.host} is reached from other machines: give --tls-certificate and --tls-key, "
            "or listen at 127.0.0.1 behind a proxy that speaks TLS (--behind-tls-proxy)"
        )


def _check_pair(certificate: Path, key: Path) -> None:
    try:
        _tls(certificate, key)
    except (ssl.SSLError, OSError):
        raise UsageError(
            f"{certificate} and {key} are not a PEM certificate and its unlocked key"
        ) from None


def supervised(desk: Desk, stop: threading.Event) -> Supervisor:
    """Return the loops beside the app: alerts, what is over its time, what leaves the desk."""
    supervisor, alerting, notifier = Supervisor(stop), Alerting(desk), Notifier.of(desk)

    def alert() -> None:
        for raised in alerting.look():
            notifier.notify(raised)

    supervisor.add("alerts", alert, alerting.every)
    supervisor.add("retention", desk.keep_retention, EXPIRE_EVERY)
    notifier.supervise(supervisor)
    supervise_seals(desk, supervisor)
    supervisor.add(
        "status", lambda: write_loops(desk.folder, WEB, supervisor.status()), STATUS_EVERY
    )
    return supervisor


def _tend(supervisor: Supervisor) -> None:
    """Start loops again whose threads have died, until told to stop."""
    while not supervisor.stop.wait(_TEND_EVERY):
        supervisor.start()


def _warm(desk: Desk) -> None:
    """Read all sightings now, so that the first search need not wait for it."""
    try:
        if desk.has_sightings:
            desk.snapshots.get()
    except ReidError as error:
        logging.getLogger("reid").warning('{"problem": "%s"}', type(error).__name__)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter('{"at": "%(asctime)s", "log": %(message)s}'))
    logger = logging.getLogger("reid")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
