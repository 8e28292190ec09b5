"""The health of an asset, its trend, and when it is likely to reach its limit. No I/O, no clock.

A signal's health is 100 % while it is within its usual range, and 0 % once it has reached its limit: that of the
rulebook if there is one on this side, otherwise ten times its usual range. The asset's is that of its worst
signal. The trend is Sen's line through each signal's residuals, which a change of duty does not move.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from models.residuals import Residual, ResidualHistory
from rules import trend
from rules.ruleset import RuleSet
from rules.trend import Trend
from workorder_core.intake.findings import Sign
from workorder_core.plant.health import Health

DAY_US = 86_400_000_000
ROOM = 10.0
"""Without a known limit, a signal is assumed to fail at this many times half its usual range."""
PRESSING = 3
"""This many samples in a row have to agree that the limit is near."""
FARTHEST = timedelta(days=3650)


def is_pressing(health: Health, lead: timedelta) -> bool:
    """Return whether the trend's whole interval leads to the limit, and may cross it sooner than ``lead``."""
    if health.index >= 100.0 or health.latest_at is None or health.earliest_at is None:
        return False
    return health.earliest_at - health.at <= lead


def assess(at: datetime, history: ResidualHistory, rules: RuleSet) -> Health | None:
    """Return an asset's health as of its newest sample; None while it is unknown."""
    worst: tuple[float, str, Residual, float, bool] | None = None
    for signal, residual in sorted(history.residuals.items()):
        if residual.sigma <= 0.0:
            continue
        room, known = _room(residual, signal, rules)
        half = 3.0 * residual.sigma
        used = min(max((abs(residual.level - residual.expected) - half) / (room - half), 0.0), 1.0)
        if worst is None or used > worst[0]:
            worst = used, signal, residual, room, known
    if worst is None:
        return None
    used, signal, residual, room, known = worst
    side = math.copysign(1.0, residual.level - residual.expected)
    health = Health(
        at=at,
        index=100.0 * (1.0 - used),
        signal=signal,
        value=residual.level,
        limit=residual.expected + side * room,
        known=known,
    )
    found = _heading(history, signal, side, room) if used > 0.0 else None
    return health if found is None else _with_trend(health, found, room - 3.0 * residual.sigma)


def change_a_day(history: ResidualHistory, signal: str) -> Trend | None:
    """Return the daily trend of a signal's residuals; None if its direction is not certain."""
    for times, values in (history.near(signal), history.far(signal)):
        found = _line(times, values, math.inf)
        if found is not None and found.slope_low * found.slope_high > 0.0:
            return found
    return None


def signs_of(history: ResidualHistory, units: Mapping[str, str]) -> list[Sign]:
    """Return the signals of the newest sample, the most deviating first."""
    off = {signal: residual.off for signal, residual in history.residuals.items()}
    total = sum(each * each for each in off.values()) or 1.0
    return [
        Sign(
            signal=signal,
            value=history.residuals[signal].level,
            unit=units.get(signal, ""),
            usual_low=history.residuals[signal].expected - 3.0 * history.residuals[signal].sigma,
            usual_high=history.residuals[signal].expected + 3.0 * history.residuals[signal].sigma,
            share=each * each / total,
        )
        for signal, each in sorted(off.items(), key=lambda item: (-abs(item[1]), item[0]))
    ]


def _room(residual: Residual, signal: str, rules: RuleSet) -> tuple[float, bool]:
    """Return how far a signal may deviate on this side, and whether that is a rule's limit."""
    half = 3.0 * residual.sigma
    upper = residual.level >= residual.expected
    rooms = []
    for rule in rules.of(signal):
        if rule.kind == "threshold" and rule.upper is upper:
            room = rule.raise_at - residual.expected if upper else residual.expected - rule.raise_at
            if room > half:
                rooms.append(room)
    return (min(rooms), True) if rooms else (ROOM * half, False)


def _heading(history: ResidualHistory, signal: str, side: float, room: float) -> Trend | None:
    """Return the trend that reaches its limit soonest among those certain to reach one; otherwise the newest one."""
    near, far = (_line(times, side * values, room) for times, values in (history.near(signal), history.far(signal)))
    certain = [each for each in (near, far) if each is not None and each.certain]
    return min(certain, key=lambda each: each.until) if certain else near


def _line(times: npt.NDArray[np.int64], values: npt.NDArray[np.float64], limit: float) -> Trend | None:
    if not len(times):
        return None
    return trend.towards((times - times[-1]) / DAY_US, values, limit, correlated=True)


def _with_trend(health: Health, found: Trend, room: float) -> Health:
    return replace(
        health,
        change=-100.0 * found.slope / room,
        change_low=-100.0 * found.slope_high / room,
        change_high=-100.0 * found.slope_low / room,
        likely_at=_after(health.at, found.until),
        earliest_at=_after(health.at, found.earliest),
        latest_at=_after(health.at, found.latest),
    )


def _after(at: datetime, days: float) -> datetime | None:
    return at + timedelta(days=days) if days * 86_400 <= FARTHEST.total_seconds() else None
