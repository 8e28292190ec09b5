"""Bodies and answers of schedules of weeks."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.plant import Code
from api.shapes.times import Day, Moment
from db.scheduling.order_facts import OrderFacts
from db.scheduling.schedules import Schedule
from db.scheduling.slots import Offers
from db.scheduling.weeks import Tried
from db.scheduling.weights import Version
from workorder_core.scheduling.checking import Broken, Rule
from workorder_core.scheduling.weeks import Differences, Planned, State, order_and_part

Part = Annotated[int, Field(ge=1, le=99)]


class ScheduleIn(BaseModel):
    """A plan of a week to work on by hand."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"site": "NTH", "from_date": "2026-10-05"}]}
    )

    site: Code
    from_date: Day = Field(description="a date of the week, which begins on a Monday")


class ScheduleOut(BaseModel):
    """The schedule of a site's week."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    site: str
    from_date: date = Field(description="its Monday")
    dates: int = Field(description="how many dates it has")
    version: int
    state: State = Field(description="draft is a proposal; of each state but superseded a week has one at most")
    state_since: datetime
    made_by: str
    made_at: datetime
    read_at: datetime = Field(description="when the facts were read that it was made from")
    run_id: UUID | None
    based_on: int | None = Field(description="the schedule that it was made to follow")
    weights_version: int = Field(description="0: the weights that a plant begins with")
    seconds: float | None = Field(description="how long it took to make; null: a person made it")
    costs: dict[str, float] | None = Field(description="money by term, and the total; null: you may not see costs")
    causes: list[str] = Field(description="what it was made because of, in sentences; empty: somebody asked for it")
    accepted_by: str | None
    accepted_at: datetime | None
    published_by: str | None
    published_at: datetime | None

    @classmethod
    def of(cls, schedule: Schedule, *, costs: bool) -> "ScheduleOut":
        facts = {name: getattr(schedule, name) for name in cls.model_fields if name != "costs"}
        return cls(**facts, costs=dict(schedule.costs) if costs else None)


class VisitOut(BaseModel):
    """A visit of a schedule: an order, or one part of it."""

    order_id: UUID
    part: int = Field(description="1, or the number of the visit of an order that is longer than a shift")
    number: str
    title: str
    priority: int
    status: str
    people: list[str] = Field(description="codes of technicians; the first one has the order")
    starts_at: datetime
    ends_at: datetime
    pinned_by: str | None = Field(description="who set it by hand, so that no run moves it")
    pinned_at: datetime | None
    told_at: datetime | None = Field(description="when its people were told of it as it is")

    @classmethod
    def of(cls, planned: Planned, facts: Mapping[UUID, OrderFacts]) -> "VisitOut":
        order = facts[planned.order]
        return cls(
            order_id=planned.order,
            part=planned.part,
            number=order.number,
            title=order.title,
            priority=order.priority,
            status=order.status,
            people=list(planned.people),
            starts_at=planned.starts_at,
            ends_at=planned.ends_at,
            pinned_by=planned.pinned_by,
            pinned_at=planned.pinned_at,
            told_at=planned.told_at,
        )


class UnscheduledOut(BaseModel):
    """An order that is not in a schedule, and why."""

    order_id: UUID
    part: int
    number: str
    title: str
    priority: int
    completion_due: datetime | None
    why: str = Field(description="empty: no run has looked for a time since it came")
    taken_out_by: str | None = Field(description="who took it out by hand, so that no run puts it back")
    taken_out_at: datetime | None


class BrokenOut(BaseModel):
    """A rule that a schedule breaks as the facts are now."""

    model_config = ConfigDict(from_attributes=True)

    rule: Rule
    sentence: str
    job: str | None = Field(description="the order's id, with /2 for its second visit")
    person: str | None

    @classmethod
    def of(cls, broken: Broken) -> "BrokenOut":
        return cls.model_validate(broken)


class VisitIn(BaseModel):
    """Who does an order, and from when on; how long it takes follows from the order and the people."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"people": ["holm"], "starts_at": "2026-10-05T08:00:00Z"}]},
    )

    people: list[Code] = Field(min_length=1, max_length=20, description="codes; the first one has the order")
    starts_at: Moment


class TriedOut(BaseModel):
    """What a visit would do. Nothing is stored."""

    allowed: bool
    broken: list[BrokenOut]
    ends_at: datetime
    cost_before: float | None = Field(description="null: you may not see costs")
    cost_after: float | None

    @classmethod
    def of(cls, tried: Tried, *, costs: bool) -> "TriedOut":
        assert tried.visit is not None
        return cls(
            allowed=not tried.broken,
            broken=[BrokenOut.of(each) for each in tried.broken],
            ends_at=tried.visit.ends_at,
            cost_before=tried.before if costs else None,
            cost_after=tried.after if costs else None,
        )


class SlotOut(BaseModel):
    """A time at which work fits into the plan without anything else being moved."""

    model_config = ConfigDict(from_attributes=True)

    from_date: date = Field(description="the Monday of its week")
    schedule_id: int | None = Field(description="the plan of that week; null: it has none yet")
    people: list[str] = Field(description="codes of technicians; the first one has the order")
    starts_at: datetime
    ends_at: datetime
    cost: float | None = Field(description="what it adds to the costs of the plan; null: you may not see costs")


class SlotsOut(BaseModel):
    """The cheapest times for an order, or for work that nobody has ordered yet. Nothing is stored."""

    slots: list[SlotOut] = Field(description="three at most, an hour apart at least, the cheapest first")
    why: str = Field(description="why there is none; empty where there is one")
    currency: str = Field(description="of the costs; empty: the site has none")

    @classmethod
    def of(cls, offers: Offers, *, costs: bool) -> "SlotsOut":
        found = [SlotOut.model_validate(each) for each in offers.offers]
        shown = found if costs else [each.model_copy(update={"cost": None}) for each in found]
        return cls(slots=shown, why=offers.why, currency=offers.currency)


class AcceptIn(BaseModel):
    """What to accept of a proposal."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    orders: list[UUID] | None = Field(
        None, min_length=1, max_length=5000, description="the changes of these orders only; null: all"
    )


class ChangeOut(BaseModel):
    """What becomes of an order in one schedule, compared with another."""

    order_id: UUID
    part: int
    number: str
    change: Literal["assigned", "moved", "dropped"]
    people_before: list[str]
    starts_before: datetime | None
    people_after: list[str]
    starts_after: datetime | None


class WeightsOut(BaseModel):
    """What a plan's costs weigh at a site."""

    model_config = ConfigDict(from_attributes=True)

    version: int = Field(description="0: the weights that a plant begins with")
    document: dict[str, Any]
    made_by: str | None
    made_at: datetime | None
    why: str

    @classmethod
    def of(cls, version: Version) -> "WeightsOut":
        return cls.model_validate(version)


class WeightsIn(BaseModel):
    """What a plan's costs weigh; what is left out is as a plant begins with it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"document": {"travel_km": 0.6, "moved_today": 40}}]}
    )

    document: dict[str, Any] = Field(max_length=20)


def changes_of(
    found: Differences, before: Sequence[Planned], after: Sequence[Planned], facts: Mapping[UUID, OrderFacts]
) -> list[ChangeOut]:
    """Return the differences of two schedules with who and when, by the order's number."""
    old, new = {each.job: each for each in before}, {each.job: each for each in after}
    kinds = [("assigned", found.assigned), ("moved", found.moved), ("dropped", found.dropped)]
    rows = []
    for kind, jobs in kinds:
        for job in jobs:
            was, will, (order, part) = old.get(job), new.get(job), order_and_part(job)
            rows.append(
                ChangeOut.model_validate(
                    {
                        "order_id": order,
                        "part": part,
                        "number": facts[order].number,
                        "change": kind,
                        "people_before": list(was.people) if was else [],
                        "starts_before": was.starts_at if was else None,
                        "people_after": list(will.people) if will else [],
                        "starts_after": will.starts_at if will else None,
                    }
                )
            )
    return sorted(rows, key=lambda each: (each.number, each.part))
