"""The findings of one asset: the results of its limits and its model, in words, with its signals. No I/O, no clock."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from judge.asset import health, sentences
from judge.limits.hits import Hit
from judge.moments import micros, moment
from models.alarm import Anomaly
from models.asset_monitor import AssetMonitor
from models.document import ModelDocument
from models.lives.life import Judged, LifeState
from rules import patterns
from rules.kinds import INSTRUMENT
from rules.measures import TimeToLimit
from rules.rulebook import Rulebook
from rules.ruleset import RuleSet
from rules.trend import Trend
from workorder_core.intake.findings import OF_FLEET, FailureDates, Finding, Sign
from workorder_core.plant.health import Health
from workorder_core.words import WHOLE_MACHINE, FailureMode, OperatingState, Severity

MOST_SIGNS = 10
"""A finding names this many signals at most, those with the largest shares."""

UNIT_OF_SILENCE = "min without a value"


class Alarmed(NamedTuple):
    """The newest finding of an active model alarm: its leading signal, and that signal's value."""

    source: str
    version: str
    component: str
    since_us: int
    signal: str
    value: float

    @classmethod
    def by(cls, finding: Finding) -> "Alarmed":
        lead = finding.signs[0]
        return cls(finding.source, finding.version, finding.component, micros(finding.since), lead.signal, lead.value)


class Facts(NamedTuple):
    """The facts that a finding is worded from.

    ``units`` are those of its signals, ``trends`` the daily change of each, as far as requested since the newest look.
    """

    asset: str
    asset_class: str
    rulebook: Rulebook
    rules: RuleSet
    document: ModelDocument
    monitor: AssetMonitor | None
    state: OperatingState
    units: Mapping[str, str]
    trends: dict[str, Trend | None]

    def unit(self, signal: str) -> str:
        """Return the unit of a signal, or of what a rule derives from some."""
        derived = next((each.unit for each in self.rules.derived if each.name == signal), "")
        return self.units.get(signal, derived)

    def usual(self, signal: str) -> tuple[float, float] | None:
        """Return the usual range of a signal, where the model knows it."""
        return self.monitor.usual(signal) if self.monitor is not None else None


class Doubt(NamedTuple):
    """An implausible value, outside ``low`` to ``high``, and the safety rules that use its signal."""

    signal: str
    value: float
    low: float
    high: float
    rules: tuple[str, ...]


def of_hit(facts: Facts, hit: Hit, arrival: int) -> Iterator[Finding]:
    """Yield the finding of a rule, and another one if the rule has begun to chatter."""
    yield _of_rule(facts, hit, arrival)
    if hit.chatters or hit.calm:
        yield _of_chatter(facts, hit, arrival)


def of_model(facts: Facts, anomaly: Anomaly, arrival: int, at_us: int) -> Finding:
    """Return the finding of the model's alarm about the newest frame."""
    signs = tuple(
        _with_trend(
            facts,
            Sign(
                signal=part.signal,
                value=part.value,
                unit=facts.units.get(part.signal, ""),
                usual_low=part.usual_low,
                usual_high=part.usual_high,
                share=part.share,
            ),
        )
        for part in anomaly.contributions[:MOST_SIGNS]
    )
    return _inferred(
        facts,
        signs,
        sentences.of_anomaly(signs[:3]),
        arrival=arrival,
        source=f"model:{facts.document.name}",
        since=moment(anomaly.since_us),
        at=moment(at_us),
        score=anomaly.score,
        limit=anomaly.limit,
    )


def over(facts: Facts, was: Alarmed, arrival: int, at_us: int, values: Mapping[str, float], why: str) -> Finding:
    """Return the finding that ends a model's alarm."""
    low, high = facts.usual(was.signal) or (None, None)
    value, unit = values.get(was.signal, was.value), facts.units.get(was.signal, "")
    sign = Sign(signal=was.signal, value=value, unit=unit, usual_low=low, usual_high=high, share=1.0)
    return Finding(
        asset=facts.asset,
        arrival=arrival,
        component=was.component,
        failure_mode=FailureMode.UNK,
        severity=Severity.DEGRADING,
        source=was.source,
        version=was.version,
        since=moment(was.since_us),
        at=moment(at_us),
        score=None,
        limit=None,
        signs=(sign,),
        summary=sentences.of_end(why, sign),
        cleared=True,
    )


def of_lead_time(facts: Facts, found: Health, monitor: AssetMonitor, arrival: int) -> Finding:
    """Return the finding that the asset is likely to reach a limit within its lead time."""
    signs = tuple(_with_trend(facts, sign) for sign in health.signs_of(monitor.history, facts.units)[:MOST_SIGNS])
    return _inferred(
        facts,
        signs,
        sentences.of_lead_time(found, facts.units.get(found.signal, "")),
        arrival=arrival,
        source=f"model:{facts.document.name}:lead-time",
        since=moment(int(monitor.history.near(found.signal)[0][0])),
        at=found.at,
        score=None,
        limit=None,
    )


def of_fleet(facts: Facts, life: LifeState, judged: Judged, fails: FailureDates, arrival: int) -> Finding:
    """Return the finding that an asset is worn as others of its class were before they failed."""
    roots = life.roots() * life.model.index.votes
    total = float(roots.sum()) or 1.0
    signs = list[Sign]()
    for number in sorted(range(len(roots)), key=lambda each: (-roots[each], each))[:MOST_SIGNS]:
        signal = life.model.index.signals[number]
        name, (low, high) = life.model.signals[signal], life.usual(number)
        sign = Sign(
            signal=name, value=float(life.values[signal]), unit=facts.units.get(name, ""), usual_low=low,
            usual_high=high, share=float(roots[number]) / total,
        )  # fmt: skip
        if math.isfinite(sign.value) and (sign.share > 0.0 or not signs):
            signs.append(sign)
    return _inferred(
        facts,
        tuple(signs),
        sentences.of_fleet(fails, signs[:3]),
        arrival=arrival,
        source=OF_FLEET,
        since=moment(life.began_us or judged.at_us),
        at=moment(judged.at_us),
        score=None,
        limit=None,
        version=life.model.version,
        fails=fails,
    )


def of_doubt(facts: Facts, doubt: Doubt, arrival: int, since_us: int, at_us: int) -> Finding:
    """Return the finding that a safety rule's instrument reads implausible values or, without ``rules``, no longer
    does."""
    unit = facts.unit(doubt.signal)
    low = None if math.isinf(doubt.low) else doubt.low
    high = None if math.isinf(doubt.high) else doubt.high
    return Finding(
        asset=facts.asset,
        arrival=arrival,
        component=INSTRUMENT,
        failure_mode=FailureMode.AIR,
        severity=Severity.MALFUNCTION,
        source=f"implausible:{doubt.signal}",
        version=facts.rulebook.version,
        since=moment(since_us),
        at=moment(at_us),
        score=None,
        limit=None,
        signs=(Sign(signal=doubt.signal, value=doubt.value, unit=unit, usual_low=low, usual_high=high, share=1.0),),
        summary=sentences.of_doubt(doubt, unit, low, high),
        cleared=not doubt.rules,
    )


def of_late(facts: Facts, hit: Hit, arrival: int, newest_us: int | None) -> Finding:
    """Return the finding that late readings exceeded a limit; ``newest_us``: the asset's newest judged event time."""
    found = _of_rule(facts, hit, arrival)
    behind = 0 if newest_us is None else newest_us - hit.at_us
    summary = sentences.of_late(found.summary, found.at, behind)
    return replace(found, summary=summary, late=True, latching=False)


def _of_rule(facts: Facts, hit: Hit, arrival: int) -> Finding:
    rule = hit.rule
    plain = rule.kind == "threshold"
    share = 1.0 / len(hit.signs)
    signs = []
    for signal, value in hit.signs[:MOST_SIGNS]:
        usual = facts.usual(signal)
        low, high = usual or (None, None)
        if plain and usual is None:
            low, high = (None, rule.clear_at) if rule.upper else (rule.clear_at, None)
        unit = UNIT_OF_SILENCE if rule.kind == "stale" else facts.unit(signal)
        signs.append(Sign(signal=signal, value=value, unit=unit, usual_low=low, usual_high=high, share=share))
    limit = rule.measure.limit if isinstance(rule.measure, TimeToLimit) else None
    return Finding(
        asset=facts.asset,
        arrival=arrival,
        component=rule.component,
        failure_mode=rule.failure_mode,
        severity=rule.severity,
        source=f"rule:{rule.id}",
        version=facts.rulebook.version,
        since=moment(hit.at_us if hit.condition.beyond_since is None else hit.condition.beyond_since),
        at=moment(hit.at_us),
        score=hit.value if rule.kind == "model_score" else None,
        limit=rule.raise_at if plain or rule.kind == "model_score" else limit,
        signs=tuple(signs),
        summary=sentences.of_rule(facts, hit, signs),
        cleared=not hit.condition.active,
        latching=rule.latching,
    )


def _of_chatter(facts: Facts, hit: Hit, arrival: int) -> Finding:
    """Return the finding that a rule chatters: a fault of the instrument, or of limits too close to each other."""
    found = _of_rule(facts, hit, arrival)
    told = sentences.of_chatter(hit.rule.id)
    if hit.calm:
        told = sentences.of_calm(hit.rule.id) if hit.judged else found.summary
    return replace(
        found,
        component=INSTRUMENT,
        failure_mode=FailureMode.AIR,
        severity=Severity.DEGRADING,
        source=f"chatter:{hit.rule.id}",
        limit=None,
        score=None,
        summary=told,
        latching=False,
    )


def _inferred(
    facts: Facts,
    signs: tuple[Sign, ...],
    summary: str,
    *,
    arrival: int,
    source: str,
    since: datetime,
    at: datetime,
    score: float | None,
    limit: float | None,
    version: str | None = None,
    fails: FailureDates | None = None,
) -> Finding:
    """A finding of the model, with the component and the failure mode that its signals make likely."""
    component, mode = _component(facts, signs), FailureMode.UNK
    likely = patterns.likely(facts.rulebook.patterns_for(facts.asset_class), signs)
    if likely is not None:
        mode = likely.pattern.failure_mode
        component = component if component != WHOLE_MACHINE else likely.pattern.component or WHOLE_MACHINE
        because = likely.pattern.about or likely.pattern.id
        summary = sentences.likely(summary, mode, because, likely.alike)
    return Finding(
        asset=facts.asset,
        arrival=arrival,
        component=component,
        failure_mode=mode,
        severity=Severity.DEGRADING,
        source=source,
        version=facts.document.version if version is None else version,
        since=since,
        at=at,
        score=score,
        limit=limit,
        signs=signs,
        summary=summary,
        inferred=likely is not None,
        fails=fails,
    )


def _with_trend(facts: Facts, sign: Sign) -> Sign:
    if facts.monitor is None:
        return sign
    if sign.signal not in facts.trends:
        facts.trends[sign.signal] = health.change_a_day(facts.monitor.history, sign.signal)
    found = facts.trends[sign.signal]
    if found is None:
        return sign
    return replace(sign, trend=found.slope, trend_low=found.slope_low, trend_high=found.slope_high)


def _component(facts: Facts, signs: tuple[Sign, ...]) -> str:
    """The component to which at least half of the finding points."""
    tells = facts.rulebook.component_of_signal.get(facts.asset_class, {})
    shares: dict[str, float] = {}
    for sign in signs:
        if sign.signal in tells:
            shares[tells[sign.signal]] = shares.get(tells[sign.signal], 0.0) + sign.share
    return next((component for component, share in sorted(shares.items()) if share >= 0.5), WHOLE_MACHINE)
