"""Maintenance plans as a table that people import: a row is a plan, known by its code."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from workorder_core.digits import plain
from workorder_core.far_times import near_day
from workorder_core.planning.documents import to_document
from workorder_core.planning.plans import (
    AfterOutage,
    ByCalendar,
    ByCondition,
    ByMeter,
    InvalidPlan,
    MaintenancePlan,
    ObjectKind,
    OnFreeDay,
    Package,
    Season,
    WhenOpen,
    Work,
)
from workorder_core.planning.recurrence import InvalidRule
from workorder_core.sentences import say
from workorder_core.tables.cells import CellKind, Column, Value
from workorder_core.tables.tables import Change, Decision, Facts, Row, RowProblem, Same, Table, decide_by_columns
from workorder_core.words import OrderType

NAME = "plans"
_SEASON = re.compile(r"(\d\d?)-(\d\d?)\s*(?:to|/|\.\.)\s*(\d\d?)-(\d\d?)")
_DAYS = ("early_days", "late_days", "lead_days", "window_days", "group_days")
_AT = {"calendar": "rule", "meter": "meter", "condition": "alarm"}
"""The column that a part of a plan is written in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """The codes that a site has, of what plans can be for and what they can name."""

    assets: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    job_plans: frozenset[str] = frozenset()
    checklists: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()


class _Wrong(ValueError):
    """A cell cannot be read as its part of a plan."""

    def __init__(self, column: str, problem: str) -> None:
        super().__init__(problem)
        self.column, self.problem = column, problem


def _choices(kind: type[StrEnum]) -> Mapping[str, Value]:
    return {each.value.replace("_", " "): each.value for each in kind}


_TYPES: Mapping[str, Value] = {
    each.value: each.value for each in (OrderType.PREVENTIVE, OrderType.PROACTIVE, OrderType.INSPECTION)
}
_COLUMNS = (
    Column(name="code", title="Code", kind=CellKind.CODE, also=("plan", "maintenance plan", "id", "warpl")),
    Column(name="title", title="Title", needed=True, most=200, also=("work", "description", "text", "task")),
    Column(name="object", title="For", needed=True, choices=_choices(ObjectKind), also=("object", "object kind")),
    Column(
        name="objects", title="Which", needed=True, most=4000, also=("objects", "asset", "equipment", "tag", "assets")
    ),
    Column(name="location", title="Location of the order", most=64, also=("location", "functional location")),
    Column(name="type", title="Type", choices=_TYPES, also=("order type",)),
    Column(name="rule", title="Rule", most=500, also=("rrule", "recurrence", "interval")),
    Column(name="starts", title="From", most=40, also=("starts", "start", "start date", "first date")),
    Column(name="on_free_day", title="On a day without work", choices=_choices(OnFreeDay), also=("free day",)),
    Column(name="season", title="Season", most=40),
    Column(name="meter", title="Meter", most=200, also=("signal", "counter", "measuring point")),
    Column(name="meter_every", title="After", kind=CellKind.DECIMAL, also=("meter every", "meter interval")),
    Column(name="meter_unit", title="Unit of the meter", most=30, also=("meter unit",)),
    Column(name="wraps_at", title="Meter wraps at", kind=CellKind.DECIMAL, also=("wraps at",)),
    Column(name="meter_early", title="Meter tolerance early", kind=CellKind.DECIMAL),
    Column(name="meter_late", title="Meter tolerance late", kind=CellKind.DECIMAL),
    Column(name="alarm", title="Alarm", most=200),
    Column(name="health_below", title="Health below", kind=CellKind.DECIMAL),
    Column(name="shift_factor", title="Shift factor", kind=CellKind.DECIMAL),
    Column(name="early_days", title="Tolerance early (days)", kind=CellKind.WHOLE, also=("tolerance early",)),
    Column(name="late_days", title="Tolerance late (days)", kind=CellKind.WHOLE, also=("tolerance late",)),
    Column(name="lead_days", title="Made ahead (days)", kind=CellKind.WHOLE, also=("lead time", "made ahead")),
    Column(name="window_days", title="Window (days)", kind=CellKind.WHOLE, also=("window",)),
    Column(name="when_open", title="While the last order is open", choices=_choices(WhenOpen)),
    Column(name="after_outage", title="What was missed in an outage", choices=_choices(AfterOutage)),
    Column(name="packages", title="Packages", most=4000),
    Column(name="job_plan", title="Job plan", most=100, also=("task list", "plnnr")),
    Column(name="skill", title="Skill", most=200, also=("trade", "craft", "work centre")),
    Column(name="hours", title="Hours", kind=CellKind.DECIMAL, also=("duration", "work")),
    Column(name="checklist", title="Checklist", most=64),
    Column(name="inspection_route", title="Route of the round", most=64, also=("route",)),
    Column(name="stops_asset", title="Stops the asset", kind=CellKind.YES_NO, also=("shutdown", "downtime")),
    Column(name="group", title="Group", most=200),
    Column(name="group_days", title="Group within (days)", kind=CellKind.WHOLE),
    Column(name="active", title="In force", kind=CellKind.YES_NO, also=("active",)),
)


def season_of(text: str) -> Season:
    """Return the season of a text such as ``04-01 to 10-15``. Raises ValueError with what to write."""
    found = _SEASON.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        begins, ends = (int(found[1]), int(found[2])), (int(found[3]), int(found[4]))
        for month, day in (begins, ends):
            date(2024, month, day)  # 29 February is a day
    except ValueError:
        raise ValueError(say("write it as month-day to month-day: 04-01 to 10-15")) from None
    return Season(begins, ends)


def season_said(season: Season) -> str:
    """Return a season as it is written: ``04-01 to 10-15``."""
    return " to ".join(f"{month:02}-{day:02}" for month, day in (season.begins, season.ends))


def facts_of(plan: MaintenancePlan) -> dict[str, Value | None]:
    """Return the row of a plan, as the table has it; None where a cell is empty."""
    calendar, meter, condition = plan.calendar, plan.meter, plan.condition
    season = None if calendar is None else calendar.season
    facts: dict[str, Value | None] = {
        "rule": None if calendar is None else calendar.rule,
        "starts": None if calendar is None else calendar.starts.isoformat(timespec="minutes"),
        "on_free_day": None if calendar is None else calendar.on_free_day.value,
        "season": None if season is None else season_said(season),
        "meter": None if meter is None else meter.signal,
        "meter_every": None if meter is None else _decimal(meter.every),
        "meter_unit": None if meter is None else meter.unit or None,
        "wraps_at": None if meter is None else _decimal(meter.wraps_at),
        "meter_early": None if meter is None or not meter.early else _decimal(meter.early),
        "meter_late": None if meter is None or not meter.late else _decimal(meter.late),
        "alarm": None if condition is None else condition.alarm,
        "health_below": None if condition is None else _decimal(condition.health_below),
        "objects": ", ".join(plan.objects),
        "packages": " | ".join(map(_package_said, plan.packages)) or None,
        "hours": _decimal(plan.hours),
        "active": plan.active,
        "code": plan.code,
    }
    document = to_document(plan)
    return {each.name: facts[each.name] if each.name in facts else _plain(document, each) for each in _COLUMNS}


def _plain(document: Mapping[str, Any], column: Column) -> Value | None:
    value: Value | None = document[column.name]
    return Decimal(str(value)) if column.name == "shift_factor" else value


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.15g}")


def _package_said(each: Package) -> str:
    cells = [each.name, str(each.every), "" if each.hours is None else plain(each.hours), each.job_plan or ""]
    return "; ".join(cells).rstrip("; ")


def plan_of(site: str, facts: Facts) -> MaintenancePlan:
    """Return the plan of a row. Raises InvalidPlan, InvalidRule, and ValueError for a cell that is no part of one."""
    objects = tuple(each.strip() for each in str(facts["objects"]).split(",") if each.strip())
    checklist, route = _text(facts, "checklist"), _text(facts, "inspection_route")
    chosen: dict[str, Any] = {
        name: kind(str(facts[name]))
        for name, kind in (("type", OrderType), ("when_open", WhenOpen), ("after_outage", AfterOutage))
        if facts.get(name) is not None
    }
    chosen |= {name: int(str(facts[name])) for name in _DAYS if facts.get(name) is not None}
    chosen |= {name: bool(facts[name]) for name in ("stops_asset", "active") if facts.get(name) is not None}
    return MaintenancePlan(
        code=str(facts["code"]),
        site=site,
        title=str(facts["title"]),
        object=ObjectKind(str(facts["object"])),
        objects=objects,
        location=_text(facts, "location"),
        work=Work.INSPECTION_ROUND if checklist or route else Work.ORDER,
        checklist=checklist,
        inspection_route=route,
        calendar=_calendar(facts),
        meter=_meter(facts),
        condition=_condition(facts),
        shift_factor=Decimal(str(facts.get("shift_factor") or 0)),
        packages=_packages(_text(facts, "packages") or ""),
        job_plan=_text(facts, "job_plan"),
        skill=_text(facts, "skill"),
        hours=_number(facts, "hours"),
        group=_text(facts, "group"),
        **chosen,
    )


def _text(facts: Facts, name: str) -> str | None:
    value = facts.get(name)
    return None if value is None else str(value)


def _number(facts: Facts, name: str) -> float | None:
    value = facts.get(name)
    if value is None:
        return None
    if not 0 <= float(str(value)) <= 1e12:
        raise _Wrong(name, say("write a number from 0 to 1,000,000,000,000"))
    return float(str(value))


def _calendar(facts: Facts) -> ByCalendar | None:
    rule = _text(facts, "rule")
    if rule is None:
        return None
    try:
        starts = datetime.fromisoformat(_text(facts, "starts") or "").replace(second=0, microsecond=0)
        near_day(starts.date())
    except ValueError:
        raise _Wrong(
            "starts", say("write the day and the time as the site's clock shows them: 2026-01-31 08:00")
        ) from None
    free_day = OnFreeDay(_text(facts, "on_free_day") or OnFreeDay.KEEP)
    return ByCalendar(rule=rule, starts=starts, on_free_day=free_day, season=_season(_text(facts, "season")))


def _season(text: str | None) -> Season | None:
    try:
        return None if text is None else season_of(text)
    except ValueError as error:
        raise _Wrong("season", str(error)) from None


def _meter(facts: Facts) -> ByMeter | None:
    signal = _text(facts, "meter")
    if signal is None:
        return None
    every = _number(facts, "meter_every")
    if not every:
        raise _Wrong("meter_every", say("write the meter interval after which it is due"))
    return ByMeter(
        signal=signal,
        every=every,
        unit=_text(facts, "meter_unit") or "",
        wraps_at=_number(facts, "wraps_at"),
        early=_number(facts, "meter_early") or 0.0,
        late=_number(facts, "meter_late") or 0.0,
    )


def _condition(facts: Facts) -> ByCondition | None:
    alarm, below = _text(facts, "alarm"), _number(facts, "health_below")
    return None if alarm is None and below is None else ByCondition(alarm=alarm, health_below=below)


def _packages(text: str) -> tuple[Package, ...]:
    found = []
    for line in filter(None, map(str.strip, text.replace("\n", "|").split("|"))):
        name, every, hours, job_plan = ([cell.strip() for cell in line.split(";")] + [""] * 4)[:4]
        try:
            number = None if not hours else float(hours.replace(",", "."))
            package = Package(name=name or every, every=int(every), hours=number, job_plan=job_plan or None)
        except ValueError:
            package = None
        if package is None or not 1 <= package.every <= 1000 or not 0 <= (package.hours or 0) <= 10_000:
            raise _Wrong(
                "packages",
                say(
                    "write name; every how many occurrences; hours; job plan, and | between packages: "
                    "monthly; 1; 0.5 | yearly; 12; 8"
                ),
            )
        found.append(package)
    return tuple(found)


def plans(site: str, there: There) -> Table:
    """Return the table of a site's plans, which may name what is ``there``."""

    def check(table: Table, rows: Sequence[Row], known: Mapping[str, Facts]) -> list[RowProblem]:
        return [problem for row in rows for problem in _check(table, row, known.get(row.key, {}), site, there)]

    def decide(table: Table, row: Row, known: Facts | None) -> Decision:
        return _decide(table, row, known, site)

    return Table(
        name=NAME, title="Maintenance plans", one="maintenance plan", columns=_COLUMNS, key="code",
        decide=decide, check=check,
    )  # fmt: skip


def _decide(table: Table, row: Row, known: Facts | None, site: str) -> Decision:
    """Compare what a row makes of a plan with the plan, so that another way to write the same changes nothing."""
    if known is None:
        return decide_by_columns(table, row, known)
    after = facts_of(plan_of(site, _with(known, row)))
    was = {
        name: known.get(name)
        for name, value in row.values.items()
        if value is not None and after[name] != known.get(name)
    }
    return Change(replace(row, values=after), was) if was else Same(row)


def _with(known: Facts, row: Row) -> Facts:
    return {**known, **{name: value for name, value in row.values.items() if value is not None}}


def _check(table: Table, row: Row, known: Facts, site: str, there: There) -> list[RowProblem]:
    """Return what is wrong with a plan, at the column that has to be changed; what cannot be read was said already."""
    facts = _with(known, row)
    if len(row.values) < len(table.columns) or any(
        each.needed and facts.get(each.name) is None for each in table.columns
    ):
        return []
    try:
        plan = plan_of(site, facts)
    except InvalidPlan as error:
        return [_at(table, row, _AT.get(error.field, error.field), error.problem)]
    except InvalidRule as error:
        return [_at(table, row, "rule", error.problem)]
    except _Wrong as error:
        return [_at(table, row, error.column, error.problem)]
    return [_at(table, row, *missing) for missing in _missing(plan, there)]


def _at(table: Table, row: Row, column: str, problem: str) -> RowProblem:
    return table.wrong(row, column, problem)


def _missing(plan: MaintenancePlan, there: There) -> list[tuple[str, str]]:
    """Return the columns that name what the site does not have."""
    kinds = {ObjectKind.CLASS: there.classes, ObjectKind.LOCATION: there.locations}
    asked = [("objects", each, kinds.get(plan.object, there.assets)) for each in plan.objects]
    asked += [("job_plan", each, there.job_plans) for each in _job_plans(plan)]
    if plan.object is ObjectKind.ROUTE:
        asked.append(("location", plan.location or "", there.locations))
    asked += [("checklist", plan.checklist, there.checklists)] if plan.checklist else []
    asked += [("inspection_route", plan.inspection_route, there.routes)] if plan.inspection_route else []
    return [
        (column, say("the site has nothing with the code {code}", code=code))
        for column, code, known in asked
        if code not in known
    ]


def _job_plans(plan: MaintenancePlan) -> list[str]:
    codes = (plan.job_plan, *(each.job_plan for each in plan.packages))
    return list(dict.fromkeys(each for each in codes if each))


PLANS = plans("", There())
"""The table as far as its columns go; what is stored is checked by one that knows the site."""
