"""A connection between a client and a server that can be torn."""

import contextlib
import socket
import threading
import time

from tests.servers import free_port


class Proxy:
    """Passes bytes on to a port of this machine, until told to cut what runs.

    `asked` is what clients have sent so far.
    """

    def __init__(self, target: int) -> None:
        self.asked = bytearray()
        self.port, self._target = free_port(), target
        self._open: set[socket.socket] = set()
        self._refuse_until = 0.0
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def tear(self, seconds: float) -> None:
        """Reset every connection, in the middle of whatever it carries, and refuse new ones."""
        self._refuse_until = time.monotonic() + seconds
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.tear(1e9)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if time.monotonic() < self._refuse_until:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                for pair in ((client, server), (server, client)):
                    self._open.add(pair[0])
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if target.getpeername()[1] == self._target:
                    self.asked += data
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.discard(source)
        source.close()
