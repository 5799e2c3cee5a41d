"""Prometheus metrics of the app; numbers only, no names."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

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

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
