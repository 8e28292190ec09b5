"""The sentences of an asset's findings. They are stored, so each is ``kept``: pages match them with their templates
again."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from judge.limits.hits import Hit
from rules.table import in_words
from workorder_core.alarms.standard import CHATTER
from workorder_core.intake.findings import FailureDates, Sign
from workorder_core.plant.health import Health
from workorder_core.sentences import kept
from workorder_core.words import FailureMode

if TYPE_CHECKING:
    from judge.asset.asset_findings import Doubt, Facts


def of_anomaly(signs: Sequence[Sign]) -> str:
    """Say that a machine behaves unusually, and which signals make it so."""
    return kept("does not behave as it usually does: {signals}", signals=", ".join(map(_unusual, signs)))


def of_end(why: str, sign: Sign) -> str:
    """Say that a model's alarm is over, and what its leading signal shows now."""
    return kept("{why}: {signal} {value}", why=why, signal=_told(sign.signal), value=_quantity(sign.value, sign.unit))


def likely(summary: str, mode: FailureMode, because: str, alike: float) -> str:
    """Name the likely failure mode of an unusual behaviour, and the pattern that it matches."""
    return kept(
        "{summary}. Likely {mode}: {because} (alike {alike:.2f})",
        summary=summary,
        mode=mode.label,
        because=because,
        alike=alike,
    )


def of_lead_time(found: Health, unit: str) -> str:
    """Say when a signal is likely to reach its limit or, if none is known, ten times its usual range."""
    days = [each for each in (found.likely_at, found.earliest_at, found.latest_at) if each is not None]
    facts = {
        "signal": _told(found.signal),
        "value": _quantity(found.value, unit),
        "limit": _quantity(found.limit, unit),
        "likely": days[0],
        "earliest": days[1],
        "latest": days[2],
        "health": found.index,
    }
    if found.known:
        return kept(
            "{signal} is {value} and on its way to its limit of {limit}: likely on {likely:%d %b %H:%M} UTC "
            "({earliest:%d %b %H:%M} to {latest:%d %b %H:%M}); health {health:.0f} %",
            **facts,
        )
    return kept(
        "{signal} is {value} and on its way to what is ten times its usual range: {limit}: "
        "likely on {likely:%d %b %H:%M} UTC ({earliest:%d %b %H:%M} to {latest:%d %b %H:%M}); health {health:.0f} %",
        **facts,
    )


def of_fleet(fails: FailureDates, signs: Sequence[Sign]) -> str:
    """Say when an asset is likely to fail, by the lives of its class, and which signals say so."""
    facts = {"signals": ", ".join(_told(each.signal) for each in signs), "early": fails.early}
    if fails.likely is None:
        return kept(
            "is worn as others were before they failed, by {signals}: 10 % fail by {early:%d %b %Y %H:%M} UTC", **facts
        )
    if fails.late is None:
        return kept(
            "is worn as others were before they failed, by {signals}: likely to fail on {likely:%d %b %Y %H:%M} UTC "
            "({early:%d %b %Y %H:%M} at the earliest)",
            **facts,
            likely=fails.likely,
        )
    return kept(
        "is worn as others were before they failed, by {signals}: likely to fail on {likely:%d %b %Y %H:%M} UTC "
        "({early:%d %b %Y %H:%M} to {late:%d %b %Y %H:%M})",
        **facts,
        likely=fails.likely,
        late=fails.late,
    )


def of_doubt(doubt: "Doubt", unit: str, low: float | None, high: float | None) -> str:
    """Say that a value is implausible and which safety rules it blinds, or that it is plausible again."""
    between = kept("{low} to {high}", low=_or_any(low), high=_or_any(high))
    if low is None and high is None:
        between = kept("far beyond anything seen of it")
    shown = {"signal": _told(doubt.signal), "value": _quantity(doubt.value, unit)}
    if not doubt.rules:
        return kept("{signal} shows {value}, which can be true again", **shown)
    if len(doubt.rules) == 1:
        return kept(
            "{signal} shows {value}, which cannot be true ({between}): {rule} is blind until it is repaired",
            **shown,
            between=between,
            rule=doubt.rules[0],
        )
    return kept(
        "{signal} shows {value}, which cannot be true ({between}): {rules} are blind until it is repaired",
        **shown,
        between=between,
        rules=", ".join(doubt.rules),
    )


def of_late(summary: str, at: datetime, behind_us: int) -> str:
    """Say that a rule's finding is of a late reading, measured at ``at``, ``behind_us`` behind the newest one."""
    if behind_us <= 0:
        return kept("{summary} at {at:%d %b %H:%M} UTC. It came late", summary=summary, at=at)
    return kept(
        "{summary} at {at:%d %b %H:%M} UTC. It came late, {behind} behind the machine's newest reading",
        summary=summary,
        at=at,
        behind=in_words(behind_us),
    )


def of_chatter(rule: str) -> str:
    """Say that a rule chatters."""
    return kept(
        "{rule} became active {count} times within a minute: its signal chatters, or its limits lie near "
        "each other; it stays active until it has been calm for ten minutes",
        rule=rule,
        count=CHATTER,
    )


def of_calm(rule: str) -> str:
    """Say that a rule no longer chatters."""
    return kept("{rule} has been calm for ten minutes", rule=rule)


def of_rule(facts: "Facts", hit: Hit, signs: Sequence[Sign]) -> str:
    """Word a rule's finding, or the end of its condition."""
    rule = hit.rule
    active = hit.condition.active
    if not hit.judged:
        return kept("{rule} does not judge while the machine is {state}", rule=rule.id, state=facts.state.value)
    if rule.expression is not None:
        values = ", ".join(f"{_told(sign.signal)} {_quantity(sign.value, sign.unit)}" for sign in signs)
        text = rule.expression.text
        if active:
            return f"{text}: {values}"
        return kept("no longer {expression}: {values}", expression=text, values=values)
    if rule.kind == "stale":
        names = ", ".join(_told(sign.signal) for sign in signs)
        if not active:
            return kept("every signal is measured again")
        return kept(
            "{signals}: not measured for {minutes:.4g} min, longer than {limit:.4g} min",
            signals=names,
            minutes=hit.value,
            limit=rule.raise_at,
        )
    unit = "" if rule.kind == "model_score" else facts.unit(rule.signal)
    told = _told(rule.signal)
    if rule.measure is not None:
        told, unit = rule.measure.describe(told), rule.measure.unit(unit)
    if not active and not math.isfinite(hit.value):
        return kept(
            "no trend is certain any more by which {signal} reaches the limit",
            signal=_told(rule.signal),
        )
    value = _quantity(hit.value, unit)
    if not active:
        limit = _quantity(rule.clear_at, unit)
        return kept("{signal} is back at {value}; it clears past {limit}", signal=told, value=value, limit=limit)
    limit = _quantity(rule.raise_at, unit)
    if rule.upper:
        return kept("{signal} is {value}, above its limit of {limit}", signal=told, value=value, limit=limit)
    return kept("{signal} is {value}, below its limit of {limit}", signal=told, value=value, limit=limit)


def _unusual(sign: Sign) -> str:
    facts = {
        "signal": _told(sign.signal),
        "value": _quantity(sign.value, sign.unit),
        "low": sign.usual_low,
        "high": sign.usual_high,
    }
    if sign.trend is None:
        return kept("{signal} {value} (usual {low:.4g} to {high:.4g})", **facts)
    return kept("{signal} {value} (usual {low:.4g} to {high:.4g}, {trend:+.3g} a day)", **facts, trend=sign.trend)


def _or_any(limit: float | None) -> str:
    return kept("any value") if limit is None else f"{limit:.4g}"


def _quantity(value: float, unit: str) -> str:
    return f"{value:.4g} {unit}".rstrip()


def _told(signal: str) -> str:
    return signal.replace("_", " ")
