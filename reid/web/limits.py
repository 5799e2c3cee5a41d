"""How often a client may do something."""

import time
from collections import defaultdict, deque


class Limiter:
    """Lets a client do something at most so often a minute; remembers few clients."""

    def __init__(self, most: int, seconds: float = 60.0, clients: int = 10_000) -> None:
        self._most, self._seconds, self._clients = most, seconds, clients
        self._seen: defaultdict[str, deque[float]] = defaultdict(deque)

    def allow(self, client: str) -> bool:
        """Count one more; False if it is one too many."""
        now = time.monotonic()
        if len(self._seen) > self._clients:
            self._seen.clear()
        times = self._seen[client]
        while times and now - times[0] > self._seconds:
            times.popleft()
        if len(times) >= self._most:
            return False
        times.append(now)
        return True
