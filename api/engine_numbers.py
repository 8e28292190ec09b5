"""The metrics of the judging process, for Prometheus: it has no port of its own and writes them every second."""

import time
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from psycopg import Connection

from db.telemetry import engine_metrics
from db.telemetry.engine_metrics import MetricsReport

MOST_ASSETS = 20
"""The most assets whose clock skew is shown, the largest. A label for each of ten thousand would cost too much."""
SKEWS_EVERY_S = 60.0


class EngineNumbers(Collector):
    """The metrics as last read. Counters restart with the engine."""

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
        """Yield the metrics; only clock skews for an engine that has never run."""
        skew = GaugeMetricFamily(
            "plantwright_device_clock_skew_seconds",
            f"Reception time minus device time of the newest reading; the {MOST_ASSETS} largest. Negative: ahead.",
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
        ("lag_seconds", "The longest time that a message waits to be judged.", report.lag_s),
        ("lag_limit_seconds", "The lag at which the engine raises an alarm.", metrics.lag_limit_s),
        ("behind", "1 if the lag exceeds its limit, which is an engine alarm.", float(report.behind)),
        ("figures_age_seconds", "Age of the engine's metrics; it writes them every second.", report.age_s),
        ("queue_messages", "Messages received and not judged yet.", float(metrics.queue)),
        ("batch_messages", "Messages in the newest batch.", float(metrics.batch_newest)),
        ("batch_messages_largest", "Messages in the largest batch.", float(metrics.batch_largest)),
        ("messages_per_second", "Average of the last half minute.", metrics.messages_per_s),
        ("readings_per_second", "Average of the last half minute.", metrics.readings_per_s),
    ):
        yield GaugeMetricFamily(f"plantwright_ingest_{name}", text, value)
    yield CounterMetricFamily("plantwright_ingest_messages", "Messages committed and acknowledged.", metrics.messages)
    yield CounterMetricFamily("plantwright_ingest_batches", "Batches committed.", metrics.batches)
    readings = CounterMetricFamily("plantwright_ingest_readings", "Readings, by outcome.", labels=["outcome"])
    for outcome, count in (("stored", metrics.stored), ("late", metrics.late), ("repeated", metrics.repeated)):
        readings.add_metric([outcome], count)
    yield readings
    refused = CounterMetricFamily("plantwright_ingest_refused", "Refused messages, by reason.", labels=["reason"])
    for reason, count in metrics.refused.items():
        refused.add_metric([reason], count)
    yield refused
    stages = CounterMetricFamily("plantwright_ingest_stage_seconds", "Time spent in each stage.", labels=["stage"])
    for stage, seconds in metrics.stage_s.items():
        stages.add_metric([stage], seconds)
    yield stages
