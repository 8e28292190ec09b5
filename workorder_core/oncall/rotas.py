"""Rotas: who is on call by which layer, in turns, at which hours. Pure data that refuses what cannot be a rota."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workorder_core.errors import WorkOrderError
from workorder_core.planning.site_time import EVERY_DAY
from workorder_core.sentences import say

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
LAYERS_MOST, PEOPLE_MOST, HOURS_MOST, TURN_MOST = 10, 50, 20, 366


class InvalidRota(WorkOrderError):
    """A document that is no rota. ``field`` is the path of what is wrong, such as ``layers.0.people``."""

    def __init__(self, problem: str, *, field: str) -> None:
        super().__init__(say("{field}: {problem}", field=field, problem=problem))
        self.field, self.problem = field, problem


class Unit(StrEnum):
    """What the length of a turn is counted in."""

    DAYS = "days"
    WEEKS = "weeks"


class OnHolidays(StrEnum):
    """The hours of a layer on a public holiday."""

    AS_USUAL = "as_usual"
    WHOLE_DAY = "whole_day"
    """On call from midnight to midnight, besides its usual hours: nobody else is at the plant."""
    OFF = "off"
    """Not on call by hours that begin on that day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hours of the week. They belong to the day on which they begin.

    Parameters
    ----------
    weekdays
        ISO weekdays, 1 = Monday.
    begins, ends
        Local times. Hours that end when they begin or earlier end on the next day; from 00:00 to 00:00 is a whole day.
    """

    weekdays: frozenset[int] = EVERY_DAY
    begins: time = time()
    ends: time = time()


ALWAYS = (Hours(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """People who are on call in turns, such as the first or the second who is called.

    Parameters
    ----------
    people
        Names of users in the order of their turns. One person may have several turns of a round.
    starts
        The day of the first hand-over, to the first of the people. With turns of weeks its weekday is that of every
        hand-over. Nobody is on call before.
    turn, unit
        The length of a turn.
    hands_over
        Local time of every hand-over.
    hours
        When the layer is on call at all; empty: always.
    """

    name: str
    people: tuple[str, ...]
    starts: date
    turn: int = 1
    unit: Unit = Unit.WEEKS
    hands_over: time = time(8)
    hours: tuple[Hours, ...] = ()
    on_holidays: OnHolidays = OnHolidays.AS_USUAL

    @property
    def turn_days(self) -> int:
        """The days from one hand-over to the next."""
        return self.turn * (7 if self.unit is Unit.WEEKS else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Who is on call for what, at one site. Its layers are on call beside each other, the first one is called first.

    Parameters
    ----------
    purpose
        What they are called for, in a sentence for people.
    zone
        IANA name: hand-overs and hours are by its clock.
    country, subdivision
        ISO 3166 codes of the public holidays; None: none.
    covered
        The hours in which somebody has to be on call; when nobody is, the rota has a gap. Empty: always.
    """

    code: str
    site: str
    title: str
    layers: tuple[Layer, ...]
    purpose: str = ""
    zone: str = "UTC"
    country: str | None = None
    subdivision: str | None = None
    covered: tuple[Hours, ...] = ()
    version: int = 1

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise InvalidRota(say("letters, digits and . _ - only, beginning with a letter or digit"), field="code")
        if not self.title.strip():
            raise InvalidRota(say("it must not be empty"), field="title")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise InvalidRota(
                say("{zone!r} is no time zone such as Europe/Berlin", zone=self.zone), field="zone"
            ) from None
        if not 1 <= len(self.layers) <= LAYERS_MOST:
            raise InvalidRota(say("a rota has 1 to {most} layers", most=LAYERS_MOST), field="layers")
        _check_hours("covered", self.covered)
        names = Counter(each.name for each in self.layers)
        for number, layer in enumerate(self.layers):
            _check(f"layers.{number}", layer)
            if names[layer.name] > 1:
                raise InvalidRota(
                    say("there are two layers with the name {name}", name=layer.name), field=f"layers.{number}.name"
                )

    @property
    def people(self) -> frozenset[str]:
        """The names of everybody who has turns."""
        return frozenset(name for layer in self.layers for name in layer.people)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Somebody is on call in a layer for a while, instead of whose turn it is, and outside the layer's hours too.

    Of two at the same time the later one counts, by ``id``. One of a layer that the rota has no more has no effect.
    """

    id: int
    layer: str
    person: str
    begins: datetime
    ends: datetime


def _check(field: str, layer: Layer) -> None:
    if not layer.name.strip():
        raise InvalidRota(say("it must not be empty"), field=f"{field}.name")
    if not 1 <= len(layer.people) <= PEOPLE_MOST:
        raise InvalidRota(say("a layer has 1 to {most} people", most=PEOPLE_MOST), field=f"{field}.people")
    if not 1 <= layer.turn_days <= TURN_MOST:
        raise InvalidRota(say("a turn lasts 1 to {most} days", most=TURN_MOST), field=f"{field}.turn")
    if not 1970 <= layer.starts.year <= 2190:
        raise InvalidRota(say("it must be a day between 1970 and 2190"), field=f"{field}.starts")
    if layer.hands_over.tzinfo is not None:
        raise InvalidRota(say("it is by the clock of the rota, so it has no offset"), field=f"{field}.hands_over")
    _check_hours(f"{field}.hours", layer.hours)


def _check_hours(field: str, hours: Collection[Hours]) -> None:
    if len(hours) > HOURS_MOST:
        raise InvalidRota(say("there are more than {most}", most=HOURS_MOST), field=field)
    for number, each in enumerate(hours):
        if not each.weekdays or not each.weekdays <= EVERY_DAY:
            raise InvalidRota(say("weekdays are numbers from 1, Monday, to 7"), field=f"{field}.{number}.weekdays")
        if each.begins.tzinfo is not None or each.ends.tzinfo is not None:
            raise InvalidRota(say("it is by the clock of the rota, so it has no offset"), field=f"{field}.{number}")
