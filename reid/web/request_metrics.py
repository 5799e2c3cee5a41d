"""Prometheus metrics of the app; numbers only, no names."""

import json
import logging
import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG: Final = logging.getLogger("reid.web")

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """Counts and times; each app has its own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "reid_requests_total", "Requests by status class.", ["status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "reid_request_seconds", "Time to answer.", buckets=_BUCKETS, registry=self.registry
        )
        self.search_seconds = Histogram(
            "reid_search_seconds", "Time to search.", buckets=_BUCKETS, registry=self.registry
        )
        self.sightings = Gauge("reid_sightings", "Sightings stored.", registry=self.registry)
        self.open_cases = Gauge("reid_open_cases", "Open cases.", registry=self.registry)
        self.alerts = Counter("reid_alerts_total", "Alerts raised.", registry=self.registry)
        self.erased = Counter("reid_erased_total", "Sightings erased.", registry=self.registry)
        self.streams = Gauge("reid_alert_streams", "Open pages.", registry=self.registry)

        self._erased = 0

    def erased_so_far(self, sightings: int) -> None:
        """Bring the count of erased sightings up to date."""
        self.erased.inc(max(0, sightings - self._erased))
        self._erased = sightings

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class RequestMetrics:
    """ASGI middleware: logs each request without content, and measures it.

    A line names the route, not the address: no ids, no query. Pictures and static files are
    counted but not logged one by one.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        self._metrics.requests.labels(f"{status // 100}xx").inc()
        path = str(scope["path"])
        if path.startswith(("/static/", "/events")) or "/picture/" in path:
            return
        self._metrics.request_seconds.observe(seconds)
        line = {
            "method": scope["method"],
            "route": getattr(scope.get("route"), "path", "none"),
            "status": status,
            "ms": round(1000 * seconds, 1),
            "user": scope.get("state", {}).get("actor"),
        }
        LOG.info(json.dumps(line))
