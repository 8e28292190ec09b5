"""The scheduling problem as plain data, and a plan for it.

Every time is a whole number of minutes from ``Problem.starts_at``, a moment in UTC: a day on which the clocks change
has 23 or 25 hours, and nothing here has to know it. Money is in the currency of the site.

Nothing here decides. ``checking.check`` says what a plan must not do, ``costing.cost`` what it costs, and a solver
looks for a good one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Minute = int
"""Minutes from the start of the problem."""


@dataclass(frozen=True, slots=True)
class Span:
    """From ``starts`` to ``ends``, without its end."""

    starts: Minute
    ends: Minute

    def holds(self, starts: Minute, ends: Minute) -> bool:
        """Return whether work from ``starts`` to ``ends`` lies within."""
        return self.starts <= starts and ends <= self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Workday:
    """The time that one person can work in one go: a shift, with the date on which it begins at the site."""

    day: int
    """The number of the date within the problem; 0 is the date on which it starts."""
    starts: Minute
    ends: Minute
    latest: Minute
    """Until when overtime is allowed; ``ends`` where none is."""
    breaks: tuple[Span, ...] = ()
    """Neither work nor travel during these; a job or a way may be interrupted by a break."""
    start_place: str
    end_place: str
    left_at: Minute | None = None
    """When the person has left ``start_place`` already: on the road, or at work, at the moment of planning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A technician, one's own or a contractor's."""

    code: str
    name: str
    skills: Mapping[str, int] = field(default_factory=dict)
    """The level in each skill, 1 (can do it supervised) to 5."""
    certificates: Mapping[str, Minute | None] = field(default_factory=dict)
    """Until when each certificate is valid; None where it does not expire."""
    workdays: tuple[Workday, ...] = ()
    speed: float = 1.0
    """A job of 60 minutes takes this person 60 × speed: .8 is fast. A crew is as fast as its slowest."""
    hour_costs: float = 0.0
    """For each hour from leaving for the first visit to returning from the last, without breaks."""
    overtime_hour_costs: float = 0.0
    """The same for hours after the end of the shift, in place of ``hour_costs``."""
    day_costs: float = 0.0
    """What a day costs on which the person is used at all: a contractor's call-out."""
    contractor: bool = False
    rest: Minute = 0
    """The least time between returning from one workday and leaving for the next."""
    most_a_week: Minute | None = None
    """The most minutes of work, travel and waiting in any seven dates in a row."""


@dataclass(frozen=True, slots=True)
class Need:
    """A skill at a level that a job asks of one of those who do it."""

    skill: str
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One order, or one part of it, done by these people from ``starts`` to ``ends``, breaks included."""

    job: str
    people: tuple[str, ...]
    starts: Minute
    ends: Minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An order, or one visit of an order that is longer than a shift."""

    id: str
    """The order's id; with ``/2`` for its second visit."""
    order: str
    number: str
    """What people call the order: NTH-1042."""
    title: str
    place: str
    minutes: Minute
    """How long it takes a person of speed 1, or a crew together."""
    estimated: bool = False
    """Whether ``minutes`` is the median of the order's class because the order does not say."""
    priority: int
    """1 is the most urgent, 5 the least."""
    needs: tuple[Need, ...] = ()
    """Each has to be met by somebody of the crew; where the crew is one person, by that person."""
    certificates: frozenset[str] = frozenset()
    """Everybody who goes needs all of these, valid until the work ends."""
    crew: int = 1
    """How many people at once."""
    only: frozenset[str] | None = None
    """The people who may do it; None for all. A contractor sees no other orders than those given to the firm."""
    windows: tuple[Span, ...] = ()
    """When the work may be done: access hours of the asset, planned stops, an appointment. Empty: at any time."""
    not_before: Minute = 0
    """When its parts are there, at the earliest."""
    target: Minute | None = None
    """When it should be completed."""
    after: tuple[str, ...] = ()
    """Jobs, by id, that have to be over before this one begins."""
    blocked: str | None = None
    """Why it cannot be planned at all, as a sentence: it lacks a permit, or a part without an expected date."""
    tools: frozenset[str] = frozenset()
    """Tools and vehicles, by code, that it needs all the time."""
    emergency: bool = False
    """Whether it may be planned into the hours that are held back."""
    begun: bool = False
    """Whether work has begun. The visit of ``pinned`` stays as it is."""
    pinned: Visit | None = None
    """The visit that a planner has set by hand, or that has begun; a plan must not alter it."""
    published: Visit | None = None
    """The visit that has been published to people."""
    waiting: tuple[tuple[Minute, float], ...] = ()
    """The expected cost of failure until the work is done, as points (completed at, money) of a line that rises.
    Constant before the first and after the last. Empty: it costs nothing to wait."""
    waiting_by: str = ""
    """Where the probability in ``waiting`` comes from: ``failing.Basis``; empty without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """A tool or a vehicle: one thing, which cannot be in two places."""

    code: str
    name: str
    taken: tuple[Span, ...] = ()
    """When it is lent or booked for something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a plan's costs weigh, the plant's own document. Money, or money for each unit."""

    travel_km: float = 0.5
    lateness_hour: Mapping[int, float] = field(default_factory=lambda: {1: 200.0, 2: 80.0, 3: 20.0, 4: 5.0, 5: 1.0})
    """For each hour of completion beyond the target, by priority."""
    unscheduled_day: Mapping[int, float] = field(default_factory=lambda: {1: 5e3, 2: 2e3, 3: 400.0, 4: 100.0, 5: 20.0})
    """For an order that is not in the plan, for each date of the problem, by priority. It is as late, and has cost as
    much by waiting, as if it were completed at the end of the last workday."""
    failure_day: Mapping[int, float] = field(default_factory=lambda: {1: 0.1, 2: 0.02, 3: 0.005, 4: 0.001, 5: 0.0})
    """The probability that an asset fails on a day while an order of this priority waits, 0 to 0.99: where neither the
    asset nor its class says better."""
    moved_today: float = 30.0
    """For each person who was told of a visit on the problem's first date that is now another: somebody else's, on
    another date, an hour or more earlier or later, or not in the plan."""
    moved_tomorrow: float = 20.0
    moved_later: float = 10.0
    unfair_hour: float = 1.0
    """For each hour by which the work of one of the plant's own people differs from an equal share of all that they do,
    in proportion to the length of their shifts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Everything that a plan has to keep to, and what it costs."""

    starts_at: datetime
    """Minute 0, in UTC."""
    zone: str
    """The time zone of the site, for sentences and for what a date is."""
    dates: int
    """How many dates are planned."""
    currency: str
    people: tuple[Person, ...]
    jobs: tuple[Job, ...]
    means: tuple[Means, ...] = ()
    travel: Mapping[tuple[str, str], Minute]
    """Minutes from place to place; from a place to itself it is 0 and may be left out."""
    km: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Kilometres from place to place; 0 where it is left out."""
    weights: Weights = field(default_factory=Weights)
    held_back: Mapping[str, float] = field(default_factory=dict)
    """The share of each day that those with a skill keep free for emergencies (``reserves``)."""
    frozen_until: Minute = 0
    """What has been published and begins before this stays as it is (``tours.settled``)."""

    def at(self, minute: Minute) -> datetime:
        """Return the moment of a minute, in UTC."""
        return self.starts_at + timedelta(minutes=minute)

    def way(self, here: str, there: str) -> Minute:
        """Return the minutes of travel between two places."""
        return 0 if here == there else self.travel[here, there]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who does what when; a job without a visit is unscheduled."""

    visits: tuple[Visit, ...]
