"""Where seals of the audit trail go outside the venue, so that cutting the trail shows there.

Who holds the venue's folder can put back an earlier trail with all that it keeps of itself. What a
file on another mount, a syslog server or a webhook has received is not theirs to take back: a seal
holds for all lines up to its own.
"""

import json
import logging
import logging.handlers
import os
import re
import socket
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from reid.core.errors import PolicyError

_WITHIN: Final = 5.0  # seconds
_WRITTEN: Final = re.compile(r"reid-audit\b[^\n]*? line=(\d{1,15}) seal=([0-9a-f]{64})")
_SYSLOG_PORT: Final = 514


@dataclass(frozen=True, slots=True)
class Seal:
    """The number of a line, and the seal that holds for it and all before."""

    line: int
    text: str

    def written(self, venue: str) -> str:
        """Return it as one line of a file or of syslog."""
        return f"reid-audit venue={json.dumps(venue)} line={self.line} seal={self.text}"


def seals_in(text: str) -> list[Seal]:
    """Return the seals that a file, or an extract of a syslog, holds; whatever else is in it."""
    return [Seal(int(line), seal) for line, seal in _WRITTEN.findall(text)]


class Sink(Protocol):
    """Takes a seal; raises OSError if it could not be handed over."""

    name: str

    def send(self, seal: Seal) -> None: ...


class FileSink:
    """Appends to a file on another mount."""

    name = "file"

    def __init__(self, path: Path, venue: str) -> None:
        self.path, self._venue = path, venue

    def send(self, seal: Seal) -> None:
        """Append a seal, durably; the file is made if need be."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(self.path, flags, 0o600)
        try:
            os.write(descriptor, f"{seal.written(self._venue)}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def seals(self) -> list[Seal]:
        """Return all that it holds; OSError if it cannot be read."""
        return seals_in(self.path.read_text(encoding="utf-8", errors="replace"))


class SyslogSink:
    """Sends to this machine's syslog, or to a server."""

    name = "syslog"

    def __init__(self, address: str, venue: str) -> None:
        self._venue = venue
        self._kind = socket.SOCK_DGRAM
        self._address: str | tuple[str, int] = address
        if not address.startswith("/"):
            parts = urlsplit(address)
            self._kind = socket.SOCK_STREAM if parts.scheme == "tcp" else socket.SOCK_DGRAM
            self._address = (parts.hostname or "", parts.port or _SYSLOG_PORT)

    def send(self, seal: Seal) -> None:
        """Send a seal; over UDP nobody says whether it came."""
        handler = _Syslog(self._address, logging.handlers.SysLogHandler.LOG_AUTH, self._kind)
        try:
            text = seal.written(self._venue)
            handler.emit(logging.LogRecord("reid", logging.INFO, "", 0, text, None, None))
        finally:
            handler.close()


class _Syslog(logging.handlers.SysLogHandler):
    def createSocket(self) -> None:  # noqa: N802 - the handler's own name
        super().createSocket()
        if not self.unixsocket:
            self.socket.settimeout(_WITHIN)  # type: ignore[attr-defined]

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - likewise
        raise ConnectionError("syslog did not take the seal") from None


class WebhookSink:
    """Posts JSON to an address."""

    name = "webhook"

    def __init__(self, address: str, venue: str) -> None:
        self._address, self._venue = address, venue

    def send(self, seal: Seal) -> None:
        """Post a seal."""
        said = {"venue": self._venue, "line": seal.line, "seal": seal.text}
        body = json.dumps(said | {"text": seal.written(self._venue)}).encode()
        request = urllib.request.Request(
            self._address, body, {"content-type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=_WITHIN):
            pass


class Outside:
    """All sinks of a venue, and what each has received from this process."""

    def __init__(self, sinks: Sequence[Sink] = ()) -> None:
        self.sinks = tuple(sinks)
        self._sent: dict[str, Seal] = {}

    def at_once(self, seal: Seal) -> None:
        """Send a seal where that takes no network; what fails is sent again by `send`."""
        for sink in self.sinks:
            if isinstance(sink, FileSink):
                try:
                    self._send(sink, seal)
                except OSError:  # the loop that sends tells of it
                    continue

    def send(self, seal: Seal | None) -> None:
        """Send the newest seal to those that have not received it.

        Raises:
            OSError: one of them could not take it; the others have it.
        """
        failed: OSError | None = None
        for sink in self.sinks if seal else ():
            try:
                if seal and self._sent.get(sink.name) != seal:
                    self._send(sink, seal)
            except OSError as error:
                failed = error
        if failed is not None:
            raise failed

    def _send(self, sink: Sink, seal: Seal) -> None:
        sink.send(seal)
        self._sent[sink.name] = seal

    @property
    def files(self) -> list[FileSink]:
        """Those that can be read back."""
        return [sink for sink in self.sinks if isinstance(sink, FileSink)]


def file_sink(text: str, folder: object, venue: str) -> FileSink:
    """Return the sink of a file.

    Raises:
        PolicyError: it lies in the venue's folder, where whoever cuts the trail finds it.
    """
    path = Path(text)
    if not path.is_absolute():
        raise PolicyError("audit.file must be an absolute path, best on another mount")
    if isinstance(folder, Path) and path.resolve().is_relative_to(folder.resolve()):
        raise PolicyError("audit.file lies in the venue's folder: name a file elsewhere")
    return FileSink(path, venue)
