"""A maintenance plan as the fields of a form, and back."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from api.board.forms.form_errors import Fields, InvalidForm, figure, one_of
from workorder_core.digits import NotANumber, in_field, plain, typed
from workorder_core.far_times import near_day
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
from workorder_core.sentences import say
from workorder_core.tables.plan_table import season_of, season_said
from workorder_core.words import OrderType

UNITS = ("daily", "weekly", "monthly", "yearly")
_CHOICES: Mapping[str, type[StrEnum]] = {
    "object": ObjectKind,
    "type": OrderType,
    "when_open": WhenOpen,
    "after_outage": AfterOutage,
}
_OF_METER = ("wraps_at", "meter_early", "meter_late")


class Written(BaseModel):
    """The fields of the form, as typed."""

    site: str = Field("", max_length=64)
    code: str = Field("", max_length=64)
    title: str = Field("", max_length=200)
    object: str = Field("asset", max_length=20)
    objects: str = Field("", max_length=4000)
    location: str = Field("", max_length=64)
    type: str = Field("preventive", max_length=20)
    unit: str = Field("", max_length=20)
    interval: str = Field("1", max_length=10)
    rule: str = Field("", max_length=500)
    starts: str = Field("", max_length=40)
    on_free_day: str = Field("keep", max_length=20)
    season: str = Field("", max_length=40)
    signal: str = Field("", max_length=200)
    every: str = Field("", max_length=30)
    meter_unit: str = Field("", max_length=30)
    wraps_at: str = Field("", max_length=30)
    meter_early: str = Field("", max_length=30)
    meter_late: str = Field("", max_length=30)
    alarm: str = Field("", max_length=200)
    health_below: str = Field("", max_length=10)
    shift_factor: str = Field("0", max_length=10)
    early_days: str = Field("0", max_length=10)
    late_days: str = Field("0", max_length=10)
    lead_days: str = Field("14", max_length=10)
    window_days: str = Field("7", max_length=10)
    when_open: str = Field("skip", max_length=20)
    after_outage: str = Field("skip", max_length=20)
    packages: str = Field("", max_length=4000)
    job_plan: str = Field("", max_length=100)
    skill: str = Field("", max_length=200)
    checklist: str = Field("", max_length=64)
    inspection_route: str = Field("", max_length=64)
    hours: str = Field("", max_length=20)
    stops_asset: str = Field("", max_length=10)
    group: str = Field("", max_length=200)
    group_days: str = Field("0", max_length=10)
    active: str = Field("", max_length=10)
    why: str = Field("", max_length=2000)


def read(sent: Written, **kept: Any) -> MaintenancePlan:
    """Return the plan that a form describes; ``kept`` are fields that the form does not have. Raises InvalidForm with
    all errors, InvalidPlan and InvalidRule.
    """
    objects = tuple(each.strip() for each in sent.objects.replace("\n", ",").split(",") if each.strip())
    with Fields() as fields:
        fields.need("title", sent.title.strip(), say("say in a few words what is to be done"))
        fields.need("objects", objects, say("name what it is for"))
        season = fields("season", None, lambda: _season(sent.season))
        on_free_day = fields("on_free_day", OnFreeDay.KEEP, lambda: one_of(OnFreeDay, sent.on_free_day))
        calendar = fields("starts", None, lambda: _calendar(sent, season, on_free_day))
        chosen: dict[str, Any] = {
            name: fields(name, None, lambda name=name, kinds=kinds: one_of(kinds, getattr(sent, name)))  # type: ignore[misc]
            for name, kinds in _CHOICES.items()
        }
        days = {
            name: fields(name, 0, lambda name=name: _days(getattr(sent, name)))  # type: ignore[misc]
            for name in ("early_days", "late_days", "lead_days", "window_days", "group_days")
        }
        factor = fields("shift_factor", Decimal(0), lambda: _factor(sent.shift_factor))
        hours = fields("hours", None, lambda: figure(sent.hours, most=10_000))
        more = {
            name: fields(name, None, lambda name=name: figure(getattr(sent, name), most=1e12))  # type: ignore[misc]
            for name in _OF_METER
        }
        meter = fields("every", None, lambda: _meter(sent, more))
        health = fields("health_below", None, lambda: figure(sent.health_below, most=100))
        packages = fields("packages", (), lambda: _packages(sent.packages))
    checklist, route = sent.checklist.strip() or None, sent.inspection_route.strip() or None
    condition = ByCondition(alarm=sent.alarm.strip() or None, health_below=health)
    return MaintenancePlan(
        **{
            "code": sent.code.strip(),
            "site": sent.site.strip(),
            "title": sent.title.strip(),
            "objects": objects,
            "location": sent.location.strip() or None,
            "work": Work.INSPECTION_ROUND if checklist or route else Work.ORDER,
            "checklist": checklist,
            "inspection_route": route,
            "calendar": calendar,
            "meter": meter,
            "condition": condition if condition != ByCondition() else None,
            "shift_factor": factor,
            "packages": packages,
            "job_plan": sent.job_plan.strip() or None,
            "skill": sent.skill.strip() or None,
            "hours": hours,
            "stops_asset": bool(sent.stops_asset),
            "group": sent.group.strip() or None,
            "active": bool(sent.active),
            **chosen,
            **days,
        }
        | kept
    )


def _season(text: str) -> Season | None:
    try:
        return season_of(text) if text.strip() else None
    except ValueError as error:
        raise InvalidForm(str(error)) from None


def _calendar(sent: Written, season: Season | None, on_free_day: OnFreeDay) -> ByCalendar | None:
    rule = sent.rule.strip()
    if not rule and sent.unit in UNITS:
        rule = f"FREQ={sent.unit.upper()}" + (
            f";INTERVAL={sent.interval.strip()}" if sent.interval.strip() not in ("", "1") else ""
        )
    if not rule:
        return None
    try:
        starts = datetime.fromisoformat(sent.starts.strip())
        near_day(starts.date())
    except ValueError:
        raise InvalidForm(say("give a date and a time, as the site's clock shows them")) from None
    starts = starts.replace(second=0, microsecond=0, tzinfo=None)
    return ByCalendar(rule=rule, starts=starts, on_free_day=on_free_day, season=season)


def _meter(sent: Written, more: Mapping[str, float | None]) -> ByMeter | None:
    if not sent.signal.strip():
        return None
    every = figure(sent.every, most=1e12)
    if not every:
        raise InvalidForm(say("write the meter interval after which it is due"))
    return ByMeter(
        signal=sent.signal.strip(),
        every=every,
        unit=sent.meter_unit.strip(),
        wraps_at=more["wraps_at"] or None,
        early=more["meter_early"] or 0.0,
        late=more["meter_late"] or 0.0,
    )


def _days(text: str) -> int:
    value = figure(text or "0", most=3660)
    if value is None or value != int(value):
        raise InvalidForm(say("write a whole number of days"))
    return int(value)


def _factor(text: str) -> Decimal:
    try:
        value = typed(text.strip() or "0")
    except NotANumber as wrong:
        raise InvalidForm(*wrong.args) from None
    if not 0 <= value <= 1:
        raise InvalidForm(say("write a number from 0 to 1"))
    return value


def _packages(text: str) -> tuple[Package, ...]:
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(";")]
        if not any(cells):
            continue
        cells += [""] * (4 - len(cells))
        if not cells[1].isdecimal() or not 1 <= int(cells[1]) <= 1000:
            raise InvalidForm(say("write one line per package: name; every how many occurrences; hours; job plan"))
        hours = figure(cells[2], most=10_000)
        found.append(Package(name=cells[0] or cells[1], every=int(cells[1]), hours=hours, job_plan=cells[3] or None))
    return tuple(found)


def fields_of(plan: MaintenancePlan) -> Written:
    """Return the fields of a form that shows a plan."""
    calendar, meter, condition = plan.calendar, plan.meter, plan.condition
    lines = [
        "; ".join([each.name, str(each.every), "" if each.hours is None else plain(each.hours), each.job_plan or ""])
        for each in plan.packages
    ]
    same = {
        name: str(getattr(plan, name)) for name in ("early_days", "late_days", "lead_days", "window_days", "group_days")
    }
    return Written(
        site=plan.site,
        code=plan.code,
        title=plan.title,
        object=plan.object.value,
        objects=", ".join(plan.objects),
        location=plan.location or "",
        type=plan.type.value,
        rule="" if calendar is None else calendar.rule,
        starts="" if calendar is None else calendar.starts.isoformat(timespec="minutes"),
        on_free_day="keep" if calendar is None else calendar.on_free_day.value,
        season="" if calendar is None or calendar.season is None else season_said(calendar.season),
        signal="" if meter is None else meter.signal,
        every="" if meter is None else in_field(meter.every),
        meter_unit="" if meter is None else meter.unit,
        wraps_at="" if meter is None or meter.wraps_at is None else in_field(meter.wraps_at),
        meter_early="" if meter is None or not meter.early else in_field(meter.early),
        meter_late="" if meter is None or not meter.late else in_field(meter.late),
        alarm=(condition.alarm if condition else None) or "",
        health_below="" if condition is None or condition.health_below is None else in_field(condition.health_below),
        shift_factor=str(plan.shift_factor),
        when_open=plan.when_open.value,
        after_outage=plan.after_outage.value,
        packages="\n".join(lines),
        job_plan=plan.job_plan or "",
        skill=plan.skill or "",
        checklist=plan.checklist or "",
        inspection_route=plan.inspection_route or "",
        hours="" if plan.hours is None else in_field(plan.hours),
        stops_asset="yes" if plan.stops_asset else "",
        group=plan.group or "",
        active="yes" if plan.active else "",
        **same,
    )
