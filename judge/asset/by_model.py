"""Judges one asset by its model: its alarm, its health, and the limits that it is likely to reach. No I/O, no clock."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from judge.asset import asset_findings, by_fleet, health, operating
from judge.asset.asset_findings import Alarmed
from judge.asset.health import PRESSING
from judge.moments import moment
from models import asset_monitor
from models.alarm import Anomaly
from models.asset_monitor import AssetMonitor
from models.residuals import ResidualHistory
from workorder_core.intake.findings import Finding
from workorder_core.plant.health import Health
from workorder_core.sentences import kept
from workorder_core.words import CloseFinding

if TYPE_CHECKING:
    from judge.asset.asset_judge import AssetJudge

_log = structlog.get_logger("judge")


def judge(asset: "AssetJudge", arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
    """Judge a frame by the asset's model alone: its limits have been judged. A model that fails starts over."""
    if asset.fleet_model is not None:
        yield from by_fleet.judge(asset, arrival, at_us, values)
    yield from _judge(asset, arrival, at_us, values)


def _judge(asset: "AssetJudge", arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
    if asset.apart and not asset.apart.isdisjoint(values):
        values = {signal: value for signal, value in values.items() if signal not in asset.apart}
        if not values:
            return
    if asset.monitor is None:
        asset.monitor = asset_monitor.begin(asset.document, asset.factor)
    try:
        anomaly = asset.monitor.judge(at_us, values)
    except Exception:  # noqa: BLE001 - any model may be run here, and one asset's must not stop the plant
        # The same input would fail on every restart, so it is logged and this asset's model starts over.
        _log.exception("model failed, starting over", asset=asset.key, model=asset.document.name)
        start_over(asset)
        return
    if anomaly is not None:
        yield _of_model(asset, anomaly, arrival, at_us)
    elif asset.alarmed is not None:
        yield end_alarm(asset, arrival, at_us, values, kept("behaves as it usually does again"))
    if asset.monitor.history.count != asset.residuals_seen:
        yield from _look_ahead(asset, asset.monitor, arrival, at_us, values)
    if asset.limits.rules.of_score and asset.monitor.ready():
        for hit in asset.limits.judge_score(at_us, asset.monitor.score(), asset.state.state):
            yield from asset.of_hit(hit, arrival)


def _look_ahead(
    asset: "AssetJudge", monitor: AssetMonitor, arrival: int, at_us: int, values: Mapping[str, float]
) -> Iterator[Finding]:
    """Update the asset's health after the model has sampled it, and report a limit that it is about to reach."""
    asset.residuals_seen = monitor.history.count
    asset.trends.clear()
    found = health.assess(moment(at_us), monitor.history, asset.limits.rules)
    asset.health, asset.fresh = found, True
    lead = timedelta(days=asset.document.lead_time_days)
    if found is None or not lead or not health.is_pressing(found, lead):
        asset.pressing = 0
        if asset.ahead is not None:
            was, asset.ahead = asset.ahead, None
            yield _over(asset, was, arrival, at_us, values, kept("is not on its way to a limit any more"))
        return
    asset.pressing = min(asset.pressing + 1, PRESSING)
    if asset.pressing == PRESSING:
        yield _of_lead_time(asset, found, monitor, arrival)


def start_over(asset: "AssetJudge") -> None:
    """Forget what the model has learned."""
    asset.monitor = None
    _forget_residuals(asset)


def forget_trends(asset: "AssetJudge") -> None:
    """Forget the course of the residuals, and so the asset's health, until new looks have shown another."""
    if asset.monitor is not None:
        asset.monitor.history = ResidualHistory()
    _forget_residuals(asset)


def _forget_residuals(asset: "AssetJudge") -> None:
    asset.residuals_seen, asset.pressing = 0, 0
    asset.trends.clear()
    asset.health, asset.fresh = None, True


def learn_history(asset: "AssetJudge", frames: Iterable[tuple[int, Mapping[str, float]]], arrival: int) -> None:
    """Let the model learn from history. It yields no findings, and limits do not see it."""
    for at_us, values in frames:
        if asset.watermark_us is not None and at_us <= asset.watermark_us:
            continue
        if asset.gathering.due(at_us):
            _drop(asset.close_frame(arrival))
        asset.watermark_us = at_us
        asset.newest.update(dict.fromkeys(values, at_us))
        operating.follow(asset, at_us, values)
        if asset.gathering.step_us:
            asset.gathering.add(at_us, values, operating.model_judges(asset))
        elif operating.model_judges(asset):
            _drop(judge(asset, arrival, at_us, values))


def learn_again(asset: "AssetJudge", found: CloseFinding | None = None) -> None:
    """Re-baseline the model after a repair; ``found`` is the close-out's finding."""
    restored = found in (CloseFinding.CONFIRMED, CloseFinding.OTHER_CAUSE)
    if asset.monitor is not None:
        asset.monitor.rebaseline(faults=restored)
    if restored:
        by_fleet.begin_life(asset)
    _forget_residuals(asset)


def _of_model(asset: "AssetJudge", anomaly: Anomaly, arrival: int, at_us: int) -> Finding:
    finding = asset_findings.of_model(asset.facts(), anomaly, arrival, at_us)
    asset.alarmed = Alarmed.by(finding)
    return finding


def end_alarm(asset: "AssetJudge", arrival: int, at_us: int, values: Mapping[str, float], why: str) -> Finding:
    """End the model's alarm; return the finding that reports it."""
    was, asset.alarmed = asset.alarmed, None
    assert was is not None
    return _over(asset, was, arrival, at_us, values, why)


def _over(
    asset: "AssetJudge", was: Alarmed, arrival: int, at_us: int, values: Mapping[str, float], why: str
) -> Finding:
    return asset_findings.over(asset.facts(), was, arrival, at_us, values, why)


def _of_lead_time(asset: "AssetJudge", found: Health, monitor: AssetMonitor, arrival: int) -> Finding:
    finding = asset_findings.of_lead_time(asset.facts(), found, monitor, arrival)
    asset.ahead = Alarmed.by(finding)
    return finding


def _drop(findings: Iterator[Finding]) -> None:
    for _ in findings:
        pass
