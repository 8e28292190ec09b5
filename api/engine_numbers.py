"""What the judging process counts of itself, for Prometheus: it listens on no port; it writes figures once a second."""

import time
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from psycopg import Connection

from db.telemetry import engine_metrics
from db.telemetry.engine_metrics import MetricsReport

MOST_ASSETS = 20
"""Assets whose clocks are told: those furthest off. A label for each of ten thousand would cost more than it tells."""
SKEWS_EVERY_S = 60.0


class EngineNumbers(Collector):
    """The figures as they stood when they were last looked at. Counters begin anew when the engine does."""

    def __init__(self) -> None:
        self._report: MetricsReport | None = None
        self._skews: dict[str, float] = {}
        self._skews_at = -SKEWS_EVERY_S

    def look(self, conn: Connection) -> None:
        """Read what the engine has written."""
        self._report = engine_metrics.read(conn)
        if time.monotonic() - self._skews_at >= SKEWS_EVERY_S:
            self._skews, self._skews_at = engine_metrics.skews(conn, limit=MOST_ASSETS), time.monotonic()

    def collect(self) -> Iterable[Metric]:
        """Yield the numbers; of an engine that has never run only the clocks."""
        skew = GaugeMetricFamily(
            "plantwright_device_clock_skew_seconds",
            f"Reception less the device's time, of its newest reading; the {MOST_ASSETS} largest. Below 0 it is ahead.",
            labels=["asset"],
        )
        for asset, seconds in self._skews.items():
            skew.add_metric([asset], seconds)
        yield skew
        if self._report is not None:
            yield from _of(self._report)


def _of(report: MetricsReport) -> Iterable[Metric]:
    metrics = report.metrics
    for name, text, value in (
        ("lag_seconds", "How long what has arrived at the broker waits to be judged, at most.", report.lag_s),
        ("lag_limit_seconds", "How long it may.", metrics.lag_limit_s),
        ("behind", "1: the engine's own alarm, what arrives waits longer than it may.", float(report.behind)),
        ("figures_age_seconds", "Since the engine last wrote its figures; it does so every second.", report.age_s),
        ("queue_messages", "Messages taken off the wire and not judged yet.", float(metrics.queue)),
        ("batch_messages", "Messages in the newest batch.", float(metrics.batch_newest)),
        ("batch_messages_largest", "Messages in the largest batch.", float(metrics.batch_largest)),
        ("messages_per_second", "Over the last half minute.", metrics.messages_per_s),
        ("readings_per_second", "Over the last half minute.", metrics.readings_per_s),
    ):
        yield GaugeMetricFamily(f"plantwright_ingest_{name}", text, value)
    yield CounterMetricFamily("plantwright_ingest_messages", "Messages committed and acknowledged.", metrics.messages)
    yield CounterMetricFamily("plantwright_ingest_batches", "Batches committed.", metrics.batches)
    readings = CounterMetricFamily(
        "plantwright_ingest_readings", "Readings, by what became of them.", labels=["outcome"]
    )
    for outcome, count in (("stored", metrics.stored), ("late", metrics.late), ("repeated", metrics.repeated)):
        readings.add_metric([outcome], count)
    yield readings
    refused = CounterMetricFamily("plantwright_ingest_refused", "Refusals, by reason.", labels=["reason"])
    for reason, count in metrics.refused.items():
        refused.add_metric([reason], count)
    yield refused
    stages = CounterMetricFamily("plantwright_ingest_stage_seconds", "Time of each stage of a batch.", labels=["stage"])
    for stage, seconds in metrics.stage_s.items():
        stages.add_metric([stage], seconds)
    yield stages
