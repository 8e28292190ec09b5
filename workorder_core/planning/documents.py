"""Maintenance plans as documents, for storing, sending and comparing. Pure."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from workorder_core.planning.plans import (
    AfterOutage,
    ByCalendar,
    ByCondition,
    ByMeter,
    MaintenancePlan,
    ObjectKind,
    OnFreeDay,
    Package,
    Season,
    WhenOpen,
    Work,
)
from workorder_core.words import OrderType

_ENUMS = {
    "object": ObjectKind,
    "type": OrderType,
    "work": Work,
    "when_open": WhenOpen,
    "after_outage": AfterOutage,
}
_OUTSIDE = ("code", "site", "version", "active")
"""Fields of a plan that are stored beside its document."""


def to_document(plan: MaintenancePlan) -> dict[str, Any]:
    """Return a plan's document: JSON without the fields stored beside it."""
    document = {each.name: getattr(plan, each.name) for each in fields(plan) if each.name not in _OUTSIDE}
    document |= {name: document[name].value for name in _ENUMS}
    document["objects"] = list(plan.objects)
    document["shift_factor"] = str(plan.shift_factor)
    document["packages"] = [_facts(each) for each in plan.packages]
    document["meter"] = None if plan.meter is None else _facts(plan.meter)
    document["condition"] = None if plan.condition is None else _facts(plan.condition)
    document["calendar"] = None if plan.calendar is None else _calendar(plan.calendar)
    return document


def _facts(part: Package | ByMeter | ByCondition) -> dict[str, Any]:
    return {each.name: getattr(part, each.name) for each in fields(part)}


def _calendar(calendar: ByCalendar) -> dict[str, Any]:
    season = calendar.season
    return {
        "rule": calendar.rule,
        "starts": calendar.starts.isoformat(timespec="minutes"),
        "on_free_day": calendar.on_free_day.value,
        "season": None if season is None else [list(season.begins), list(season.ends)],
    }


def from_document(
    document: Mapping[str, Any], *, code: str, site: str, version: int = 1, active: bool = True
) -> MaintenancePlan:
    """Return the plan of a document. Raises InvalidPlan, InvalidRule, ValueError or KeyError for an invalid one."""
    facts = dict(document)
    facts |= {name: kind(facts[name]) for name, kind in _ENUMS.items() if name in facts}
    calendar, meter, condition = (facts.get(name) for name in ("calendar", "meter", "condition"))
    return MaintenancePlan(
        **facts
        | {
            "objects": tuple(facts["objects"]),
            "shift_factor": Decimal(str(facts.get("shift_factor", "0"))),
            "packages": tuple(Package(**each) for each in facts.get("packages", ())),
            "calendar": None if calendar is None else _read_calendar(calendar),
            "meter": None if meter is None else ByMeter(**meter),
            "condition": None if condition is None else ByCondition(**condition),
        },
        code=code,
        site=site,
        version=version,
        active=active,
    )


def _read_calendar(facts: Mapping[str, Any]) -> ByCalendar:
    season = facts.get("season")
    return ByCalendar(
        rule=facts["rule"],
        starts=datetime.fromisoformat(facts["starts"]),
        on_free_day=OnFreeDay(facts.get("on_free_day", OnFreeDay.KEEP)),
        season=None if season is None else Season(tuple(season[0]), tuple(season[1])),
    )
