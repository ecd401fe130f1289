"""Figures for Prometheus: requests by route and status, how long they took, what answers, what waits."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)


class Metrics:
    """The figures of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ["action", "status"]
        self._requests = Counter("mediflow_requests", "requests answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "mediflow_request_seconds",
            "from the first byte read to the reply",
            ["action"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._answered = Counter("mediflow_predictions", "patients scored", ["model"], registry=self.registry)
        self._version = Gauge(
            "mediflow_champion", "1 for the version that answers", ["model", "version"], registry=self.registry
        )
        self._dropped = Gauge(
            "mediflow_predictions_dropped", "predictions that the log had no room for", registry=self.registry
        )

    def told(self, action: str, status: int, seconds: float) -> None:
        """One request. `action` is a method and a route as written in the code: few, whatever is asked for."""
        self._requests.labels(action, str(status)).inc()
        self._seconds.labels(action).observe(seconds)

    def scored(self, model: str, patients: int) -> None:
        """Patients that a model answered for."""
        self._answered.labels(model).inc(patients)

    def page(self, champions: dict[str, str], dropped: int) -> bytes:
        """The text format."""
        self._version.clear()
        for model, version in champions.items():
            self._version.labels(model, version).set(1)
        self._dropped.set(dropped)
        found: Any = generate_latest(self.registry)
        return bytes(found)
