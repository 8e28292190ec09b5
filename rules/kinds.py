"""The kinds of rules: the keys of each kind's table, and the rule that they make."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ingest import units
from rules import expression
from rules.expression import BELOW, Expression, InvalidExpression
from rules.measures import Count, Deviation, Rate, Stuck, TimeToLimit
from rules.table import Table
from rules.threshold import DEFAULT_STATES, EVERY, Threshold
from workorder_core.alarms.budget import Budget
from workorder_core.sentences import kept
from workorder_core.words import FailureMode, OperatingState, Severity

DEFAULT_MAX_GAP_US = 15 * 60_000_000
HOUR_US = 3_600_000_000
MOST_SHELF_US = 7 * 24 * HOUR_US
INSTRUMENT = "instrument"
"""The component of a finding about a signal itself."""
SCORE = "model score"
"""The pseudo-signal that a ``model_score`` rule reads: 0 ordinary to 1 full."""
FLEET = "fleet"

_COMMON = {
    "id", "asset_class", "component", "failure_mode", "severity", "states", "max_gap", "enabled",
    "inhibits", "explains", "latching", "max_shelf", "budget", "late",
}  # fmt: skip
_BUDGET = {"alarms_per_week", "precision", "close_outs", "may_go_to_shadow"}
_FAILURE_MODES = {mode.value: mode for mode in FailureMode}
_SEVERITIES = {each.name.lower(): each for each in Severity}
_STATES = {state.value: state for state in OperatingState}
_LATE = {"note": False, "order": True}
_SIDES = {"both": 0, "above": 1, "below": -1}
ALL_STATES = frozenset(OperatingState) - {OperatingState.MAINTENANCE}


def _limits(table: Table) -> dict[str, Any]:
    raise_at = table.number("raise_at")
    sides = [key for key in ("clear_below", "clear_above") if key in table]
    if len(sides) != 1:
        raise table.wrong(
            "clear_below", kept("give clear_below for an upper limit, or clear_above for a lower one, not both")
        )
    clear_at = table.number(sides[0])
    if sides[0] == "clear_below" and not clear_at < raise_at:
        raise table.wrong(
            "clear_below",
            kept("({clear_at}) must be lower than raise_at ({raise_at})", clear_at=clear_at, raise_at=raise_at),
        )
    if sides[0] == "clear_above" and not clear_at > raise_at:
        raise table.wrong(
            "clear_above",
            kept("({clear_at}) must be higher than raise_at ({raise_at})", clear_at=clear_at, raise_at=raise_at),
        )
    return {"raise_at": raise_at, "clear_at": clear_at}


def _threshold(table: Table) -> dict[str, Any]:
    return _limits(table)


def _rate(table: Table) -> dict[str, Any]:
    over = _duration(table, "over")
    gap = table.duration_us("max_gap", DEFAULT_MAX_GAP_US)
    return _limits(table) | {"measure": Rate(over, table.duration_us("per", HOUR_US), gap)}


def _deviation(table: Table) -> dict[str, Any]:
    reference, limits = table.name("from"), _limits(table)
    if limits["clear_at"] > limits["raise_at"]:
        raise table.wrong("clear_above", kept("a deviation has an upper limit; write clear_below, and side = 'below'"))
    name = "the fleet's median" if reference == FLEET else reference
    measure = Deviation(name, table.one_of("side", _SIDES, "both"))
    return limits | {"measure": measure, "reference": EVERY if reference == FLEET else reference}


def _count(table: Table) -> dict[str, Any]:
    limit, upper = _side(table)
    back = table.number("rearm", limit)
    if (back > limit) if upper else (back < limit):
        raise table.wrong(
            "rearm",
            kept("({back}) lies beyond the limit ({limit}); it must be on the normal side", back=back, limit=limit),
        )
    times = table.count("times", 1)
    if times > 60:
        raise table.wrong("times", kept("counts to 60 at most"))
    if not upper and back == limit:
        back = limit + abs(limit) * 1e-9 + 1e-12
    measure = Count(limit, back, _duration(table, "within"))
    return {"raise_at": float(times), "clear_at": min(1.0, times - 0.5), "measure": measure}


def _stuck(table: Table) -> dict[str, Any]:
    minutes = _duration(table, "for") / 60e6
    band = table.number("band", 0.0)
    if band < 0:
        raise table.wrong("band", kept("must be 0 or more, in the signal's unit"))
    measure = Stuck(band, table.duration_us("max_gap", DEFAULT_MAX_GAP_US))
    return {"raise_at": minutes, "clear_at": minutes / 2, "measure": measure}


def _stale(table: Table) -> dict[str, Any]:
    minutes = _duration(table, "after") / 60e6
    return {"raise_at": minutes, "clear_at": minutes / 2}


def _time_to_limit(table: Table) -> dict[str, Any]:
    limit, upper = _side(table)
    hours = _duration(table, "within") / HOUR_US
    return {"raise_at": hours, "clear_at": 1.5 * hours, "measure": TimeToLimit(limit, upper, _duration(table, "over"))}


def _model_score(table: Table) -> dict[str, Any]:
    limits = _limits(table)
    if not 0 < limits["clear_at"] < limits["raise_at"] <= 1:
        raise table.wrong(
            "raise_at", kept("a model's score lies between 0 and 1, and is cleared from above; use clear_below")
        )
    return limits | {"signal": SCORE}


def _expression(table: Table) -> dict[str, Any]:
    when = compiled(table, "when", bool)
    clears = compiled(table, "clear_when", bool) if "clear_when" in table else None
    return {
        "raise_at": 1.0,
        "clear_at": 0.5,
        "expression": when,
        "clears": clears,
        "signal": min(when.reads, default=BELOW),
    }


class Kind(NamedTuple):
    """A kind of rule: its own keys, how it is made of them, and its defaults."""

    keys: frozenset[str]
    make: Callable[[Table], Mapping[str, Any]]
    defaults: Mapping[str, str] = {}
    states: frozenset[OperatingState] = DEFAULT_STATES


_LIMITS = {"raise_at", "clear_below", "clear_above"}
_ONE = {"signal", "unit", "for"}
_OF_INSTRUMENT = {"component": INSTRUMENT, "failure_mode": "AIR", "severity": "degrading"}
KINDS: Mapping[str, Kind] = {
    "threshold": Kind(frozenset(_LIMITS | _ONE), _threshold),
    "rate": Kind(frozenset(_LIMITS | _ONE | {"over", "per"}), _rate),
    "deviation": Kind(frozenset(_LIMITS | _ONE | {"from", "side"}), _deviation),
    "count": Kind(frozenset({"signal", "unit", "above", "below", "rearm", "times", "within"}), _count),
    "stuck": Kind(frozenset({"signal", "unit", "for", "band", "except"}), _stuck, _OF_INSTRUMENT),
    "stale": Kind(frozenset({"signal", "after", "except"}), _stale, _OF_INSTRUMENT, ALL_STATES),
    "time_to_limit": Kind(
        frozenset({"signal", "unit", "above", "below", "within", "over"}), _time_to_limit, {"severity": "degrading"}
    ),
    "model_score": Kind(frozenset(_LIMITS | {"for"}), _model_score, {"severity": "degrading", "failure_mode": "UNK"}),
    "expression": Kind(frozenset({"when", "clear_when", "for"}), _expression),
}
_FOR_EVERY_SIGNAL = ("stuck", "stale")


def rule(kind: str, table: Table) -> Threshold | None:
    """Return the rule of a table, None where it is not enabled. Raises InvalidRulebook."""
    how = KINDS[kind]
    table.only(_COMMON | how.keys)
    if not table.flag("enabled", default=True):
        return None
    signal = table.name("signal") if "signal" in how.keys else ""
    if signal == EVERY and kind not in _FOR_EVERY_SIGNAL:
        raise table.wrong(
            "signal", kept("'*' is for {kinds} rules; name one signal", kinds=" and ".join(_FOR_EVERY_SIGNAL))
        )
    facts: dict[str, Any] = {
        "id": table.name("id"),
        "kind": kind,
        "asset_class": table.name("asset_class"),
        "signal": signal,
        "for_us": table.duration_us("for", 0) if kind != "stuck" else 0,
        "max_gap_us": table.duration_us("max_gap", DEFAULT_MAX_GAP_US),
        "states": _states(table, how.states),
        "component": table.name("component", how.defaults.get("component")),
        "failure_mode": table.one_of("failure_mode", _FAILURE_MODES, how.defaults.get("failure_mode")),
        "severity": table.one_of("severity", _SEVERITIES, how.defaults.get("severity")),
        "excluded": frozenset(table.texts("except")),
        "inhibits": table.flag("inhibits", default="explains" in table),
        "explains": _explains(table),
        "latching": table.flag("latching", default=False),
        "max_shelf_us": _max_shelf(table),
        "late": _late(kind, table, how),
        "budget": _budget(table),
        "unit": units.spelled(table.name("unit")) if "unit" in table else None,
    }
    made = Threshold(**{**facts, **how.make(table)})
    if made.budget is not None and made.budget.may_go_to_shadow and made.severity is Severity.SAFETY:
        raise table.wrong("budget", kept("a safety rule never goes to the shadow; leave may_go_to_shadow out"))
    return made


def compiled(table: Table, key: str, wanted: type) -> Expression:
    """Return the expression under a key. Raises InvalidRulebook with the place in it."""
    try:
        return expression.compiled(table.text(key), wanted=wanted)
    except InvalidExpression as error:
        raise table.wrong(key, str(error)) from None


def _duration(table: Table, key: str) -> int:
    us = table.duration_us(key)
    if us <= 0:
        raise table.wrong(key, kept("must be longer than 0 s"))
    return us


def _side(table: Table) -> tuple[float, bool]:
    sides = [key for key in ("above", "below") if key in table]
    if len(sides) != 1:
        raise table.wrong("above", kept("give the limit as either above = … or below = …"))
    return table.number(sides[0]), sides[0] == "above"


def _budget(table: Table) -> Budget | None:
    if "budget" not in table:
        return None
    inner = Table(table.table["budget"], table.source, "budget", 1)
    inner.location = f"{table.location}: budget"
    inner.only(_BUDGET)
    alarms = inner.number("alarms_per_week") if "alarms_per_week" in inner else None
    precision = inner.number("precision") if "precision" in inner else None
    if alarms is None and precision is None:
        raise table.wrong("budget", kept("limits nothing; give alarms_per_week, precision or both"))
    if alarms is not None and alarms < 0:
        raise inner.wrong("alarms_per_week", kept("must be 0 or more"))
    if precision is not None and not 0 < precision <= 1:
        raise inner.wrong("precision", kept("is a share of its close-outs, above 0 and at most 1, such as 0.6"))
    return Budget(
        alarms_per_week=alarms,
        precision=precision,
        close_outs=inner.count("close_outs", 1, 5),
        may_go_to_shadow=inner.flag("may_go_to_shadow", default=False),
    )


def _max_shelf(table: Table) -> int | None:
    if "max_shelf" not in table:
        return None
    us = table.duration_us("max_shelf")
    if us > MOST_SHELF_US:
        raise table.wrong("max_shelf", kept("is a week at most; take the alarm out of service for longer than that"))
    return us


def _late(kind: str, table: Table, how: Kind) -> bool:
    """Return whether late readings open an order; only a plain limit can be judged by one value alone."""
    if "late" not in table:
        return False
    if kind != "threshold":
        raise table.wrong(
            "late", kept("a {kind} rule needs more than one value; only a threshold can judge late readings", kind=kind)
        )
    opens: bool = table.one_of("late", _LATE)
    if opens and OperatingState.UNKNOWN not in _states(table, how.states):
        raise table.wrong("late", kept('the operating state at that time is not known; add "unknown" to states'))
    return opens


def _explains(table: Table) -> frozenset[FailureMode]:
    named = table.texts("explains")
    for each in named:
        if each not in _FAILURE_MODES:
            raise table.wrong(
                "explains",
                kept("{text!r} is not known; use one of {names}", text=each, names=", ".join(_FAILURE_MODES)),
            )
    return frozenset(_FAILURE_MODES[each] for each in named)


def _states(table: Table, default: frozenset[OperatingState]) -> frozenset[OperatingState]:
    if "states" not in table:
        return default
    states = table.table["states"]
    if not isinstance(states, list) or not states or not {*map(str, states)} <= {*_STATES}:
        raise table.wrong("states", kept("must be a list of {states}", states=", ".join(_STATES)))
    return frozenset(_STATES[state] for state in states)
