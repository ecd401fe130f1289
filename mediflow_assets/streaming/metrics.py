"""The service's figures as Prometheus metrics. Numbers and partitions only."""

from collections.abc import Mapping
from typing import Any

from mediflow_assets.contracts.events import partition_of
from mediflow_assets.errors import StreamFailed


class Metrics:
    """Gauges and counters of one service; served where a port is given, on loopback unless a host is."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge

        self.registry = CollectorRegistry()
        told: dict[str, Any] = {"registry": self.registry}
        self._rows = Counter("mediflow_stream_rows", "messages landed", **told)
        self._batches = Counter("mediflow_stream_batches", "batches committed", **told)
        self._failures = Counter("mediflow_stream_failures", "failures that were tried again", **told)
        self._alerts = Counter("mediflow_stream_alerts", "alerts that were new", **told)
        self._lag = Gauge("mediflow_stream_lag", "messages of the topic not landed", ["partition"], **told)
        self._offset = Gauge("mediflow_stream_landed_offset", "last offset landed", ["partition"], **told)
        self._bronze = Gauge("mediflow_stream_event_to_bronze_ms", "last batch", ["quantile"], **told)
        self._alert = Gauge("mediflow_stream_event_to_alert_ms", "last 1,000 alerts", ["quantile"], **told)
        self._rate = Gauge("mediflow_stream_rows_per_second", "last batch, while it was written", **told)
        self._quarantined = Gauge("mediflow_stream_quarantined_share", "of all messages landed", **told)
        self._last = Gauge("mediflow_stream_last_batch_timestamp_seconds", "when it was committed", **told)
        self._version = Gauge("mediflow_stream_baselines_version", "version of gold/cost_baselines", ["mode"], **told)
        self._server: Any = None
        if port:
            from prometheus_client import start_http_server

            try:
                self._server, _ = start_http_server(port, host, self.registry)
            except OSError:
                raise StreamFailed(
                    f"Port {port} is taken: set MEDIFLOW_METRICS_PORT to another one, or to 0 for no metrics."
                ) from None

    def landed(self, rows: int, seconds: float, delays: Mapping[str, int], through: Mapping[int, int]) -> None:
        """A batch was committed."""
        self._rows.inc(rows)
        self._batches.inc()
        self._rate.set(rows / seconds if seconds else 0)
        self._last.set_to_current_time()
        _set(self._bronze, delays)
        for partition, last in through.items():
            self._offset.labels(str(partition)).set(last)

    def alerted(self, new: int, delays: Mapping[str, int]) -> None:
        """Alerts were taken in."""
        self._alerts.inc(new)
        _set(self._alert, delays)

    def alerting(self, mode: str, version: int) -> None:
        """The query of alerts was started."""
        self._version.clear()
        self._version.labels(mode).set(version)

    def lag(self, behind: Mapping[str, int]) -> None:
        """How many messages of each partition are not landed."""
        for delivery, messages in behind.items():
            self._lag.labels(str(partition_of(delivery)[1])).set(messages)

    def quarantined(self, share: float) -> None:
        """Which share of the messages is in quarantine."""
        self._quarantined.set(share)

    def failed(self) -> None:
        """Something failed and is tried again."""
        self._failures.inc()

    def close(self) -> None:
        """Serve no longer."""
        if self._server is not None:
            self._server.shutdown()


def _set(gauge: Any, delays: Mapping[str, int]) -> None:
    for name, quantile in (("p50_ms", "0.5"), ("p99_ms", "0.99")):
        if name in delays:
            gauge.labels(quantile).set(delays[name])
