"""How soon work must begin: the asset's criticality times the finding's severity, safety above both.

The priority says what is at stake, so it does not change when people are late; lateness is the order's escalation.
"""

from collections.abc import Mapping

from workorder_core.intake.decisions import Urgency
from workorder_core.sentences import coded, say
from workorder_core.words import Criticality, OrderType, Priority, Severity

_C, _S, _P = Criticality, Severity, Priority

TABLE: Mapping[Severity, Mapping[Criticality, Priority]] = {
    # product of the two numbers: up to 2 low, 3 and 4 medium, 6 and above high
    _S.DEGRADING: {_C.LOW: _P.LOW, _C.MEDIUM: _P.LOW, _C.HIGH: _P.MEDIUM, _C.CRITICAL: _P.MEDIUM},
    _S.MALFUNCTION: {_C.LOW: _P.LOW, _C.MEDIUM: _P.MEDIUM, _C.HIGH: _P.HIGH, _C.CRITICAL: _P.HIGH},
    # no product: people come before the plant, whatever the asset is worth
    _S.SAFETY: dict.fromkeys(_C, _P.EMERGENCY),
}

_SEVERITY_OF_TYPE: Mapping[OrderType, Severity] = {
    OrderType.EMERGENCY: Severity.SAFETY,
    OrderType.REACTIVE: Severity.MALFUNCTION,
    OrderType.PREDICTIVE: Severity.DEGRADING,
    OrderType.PREVENTIVE: Severity.DEGRADING,
    OrderType.PROACTIVE: Severity.DEGRADING,
    OrderType.INSPECTION: Severity.DEGRADING,
}

_IN_WORDS: Mapping[Severity, str] = {
    Severity.DEGRADING: say("a failure is foreseen but the machine still does its work"),
    Severity.MALFUNCTION: say("the machine does not do its work as it should"),
    Severity.SAFETY: say("people or the plant are at risk"),
}


_OF_ASSET: Mapping[Criticality, str] = {
    Criticality.LOW: say("of low criticality"),
    Criticality.MEDIUM: say("of medium criticality"),
    Criticality.HIGH: say("of high criticality"),
    Criticality.CRITICAL: say("critical"),
}


def of_finding(criticality: Criticality, severity: Severity) -> Urgency:
    """Return the priority of what a rule or a model has found on an asset, and why."""
    priority = TABLE[severity][criticality]
    if severity is Severity.SAFETY:
        reason = say("{risk}: safety comes before everything, whatever the asset is worth", risk=_IN_WORDS[severity])
    else:
        reason = say(
            "{risk}, and the asset is {criticality}", risk=_IN_WORDS[severity], criticality=_OF_ASSET[criticality]
        )
    return _urgency(priority, reason)


def of_type(criticality: Criticality | None, kind: OrderType) -> Urgency:
    """Return the default priority of an order that a person or a schedule makes.

    Work at a location without an asset counts as work on an asset of medium criticality.
    """
    criticality = criticality or Criticality.MEDIUM
    if kind in (OrderType.EMERGENCY, OrderType.REACTIVE, OrderType.PREDICTIVE):
        return of_finding(criticality, _SEVERITY_OF_TYPE[kind])
    priority = TABLE[_SEVERITY_OF_TYPE[kind]][criticality]
    return _urgency(
        priority,
        say("planned {type} work on an asset that is {criticality}", type=kind, criticality=_OF_ASSET[criticality]),
    )


def _urgency(priority: Priority, reason: str) -> Urgency:
    return Urgency(priority, say("{priority}: {reason}.", priority=coded(priority.name.capitalize()), reason=reason))
