"""Who is on call when: the duties of a rota within a period, at one moment, and the gaps in which nobody is. Pure.

All moments are timezone-aware; periods include their begin and exclude their end. A local time that summer time leaves
out is the first moment after it, one that occurs twice is the first of the two.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from workorder_core.oncall.rotas import ALWAYS, Hours, Layer, OnHolidays, Override, Rota
from workorder_core.planning.site_time import SiteTime, public_holidays

LOOKS_AHEAD = timedelta(days=14)
"""How far ahead gaps are looked for, so that somebody can still fill them."""
_DAY = timedelta(days=1)
Period = tuple[datetime, datetime]
InForce = tuple[datetime, Rota | None]
"""A version of a rota, and from when it is in force, until the next one is; None: nobody is on call by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Somebody is on call in a layer from ``begins`` until ``ends`` (UTC). ``override``: the id of what put them there
    instead of whose turn it is; None: it is their turn.
    """

    layer: str
    person: str
    begins: datetime
    ends: datetime
    override: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Nobody is on call from ``begins`` until ``ends`` (UTC), though somebody has to be. ``unreachable`` are those
    whose turn it is, but who cannot be called, for example because their user is disabled.
    """

    begins: datetime
    ends: datetime
    unreachable: tuple[str, ...] = ()


def duties(rota: Rota, overrides: Collection[Override], begins: datetime, ends: datetime) -> list[Duty]:
    """Return who is on call within a period: layer by layer in the rota's order, each by time.

    A duty that reaches beyond the period is cut. Consecutive turns of one person are one duty.
    """
    begins, ends = begins.astimezone(UTC), ends.astimezone(UTC)
    found = list[Duty]()
    for layer in rota.layers:
        by_turn = _turns(rota, layer, begins, ends)
        of_layer = sorted((each for each in overrides if each.layer == layer.name), key=lambda each: each.id)
        for override in of_layer:
            by_turn = _overridden(by_turn, override, begins, ends)
        found += _joined(sorted(by_turn, key=lambda each: each.begins))
    return found


def duties_of_versions(
    versions: Sequence[InForce], overrides: Collection[Override], begins: datetime, ends: datetime
) -> list[Duty]:
    """Return who is on call within a period by the versions of a rota, the oldest first: what is past stays as it was.

    Layers are in the order of the newest version; those that it has no more come last.
    """
    found = list[Duty]()
    for (since, rota), (until, _) in pairwise([*versions, (ends, None)]):
        low, high = max(since, begins), min(until, ends)
        if rota is not None and low < high:
            found += duties(rota, overrides, low, high)
    newest = next((rota for _, rota in reversed(versions) if rota is not None), None)
    order = [layer.name for layer in newest.layers] if newest else []
    layers = by_layer(found)
    return [
        each
        for name in dict.fromkeys([*order, *layers])
        for each in _joined(sorted(layers.get(name, []), key=lambda duty: duty.begins))
    ]


def on_call(rota: Rota, overrides: Collection[Override], at: datetime) -> dict[str, str]:
    """Return the person on call in each layer at a moment, in the order of the layers; layers with nobody are left
    out.
    """
    found = duties(rota, overrides, at, at + timedelta(microseconds=1))
    return {each.layer: each.person for each in found}


def gaps(
    rota: Rota,
    overrides: Collection[Override],
    begins: datetime,
    ends: datetime,
    *,
    unreachable: Collection[str] = (),
) -> list[Gap]:
    """Return when nobody is on call within a period though somebody has to be, in order.

    People who are ``unreachable`` count as nobody.
    """
    every = duties(rota, overrides, begins, ends)
    open_periods = _union(_hours(rota, rota.covered or ALWAYS, OnHolidays.AS_USUAL, begins, ends))
    for each in every:
        if each.person not in unreachable:
            open_periods = _without(open_periods, (each.begins, each.ends))
    missed = [each for each in every if each.person in unreachable]
    return [
        Gap(
            begins=first,
            ends=last,
            unreachable=tuple(sorted({each.person for each in missed if each.begins < last and first < each.ends})),
        )
        for first, last in open_periods
    ]


def by_layer(found: Iterable[Duty]) -> Mapping[str, list[Duty]]:
    """Return duties by their layers."""
    layers = dict[str, list[Duty]]()
    for each in found:
        layers.setdefault(each.layer, []).append(each)
    return layers


def _turns(rota: Rota, layer: Layer, begins: datetime, ends: datetime) -> list[Duty]:
    """Return the duties of a layer by its turns alone."""
    clock = SiteTime(zone=rota.zone)
    first = _turn_at(clock, layer, begins)
    bounds = [_handed_over(clock, layer, first)]
    while bounds[-1] < ends:
        bounds.append(_handed_over(clock, layer, first + len(bounds)))
    periods = _union(_hours(rota, layer.hours or ALWAYS, layer.on_holidays, begins, ends))
    found = list[Duty]()
    for number, (since, until) in enumerate(pairwise(bounds), start=first):
        person = layer.people[number % len(layer.people)]
        found += [
            Duty(layer=layer.name, person=person, begins=low, ends=high) for low, high in _within(periods, since, until)
        ]
    return found


def _turn_at(clock: SiteTime, layer: Layer, at: datetime) -> int:
    """Return the number of the turn at a moment; 0, the first one, for an earlier moment."""
    number = max((clock.local(at).date() - layer.starts).days // layer.turn_days, 0)
    # The hand-over of that very day may be later.
    return number - 1 if number and _handed_over(clock, layer, number) > at else number


def _handed_over(clock: SiteTime, layer: Layer, number: int) -> datetime:
    day = layer.starts + timedelta(days=number * layer.turn_days)
    return clock.moment(datetime.combine(day, layer.hands_over))


def _hours(
    rota: Rota, hours: Sequence[Hours], on_holidays: OnHolidays, begins: datetime, ends: datetime
) -> Iterator[Period]:
    """Yield the periods of hours of the week, cut to a period. They may overlap."""
    clock = SiteTime(zone=rota.zone)
    # Where clocks are set back over midnight, a day has begun though its date is that of the day before again.
    day, last = clock.local(begins).date() - _DAY, clock.local(ends).date() + _DAY
    while day <= last:
        for low, high in _of_day(rota, hours, on_holidays, day):
            period = max(clock.moment(low), begins), min(clock.moment(high), ends)
            if period[0] < period[1]:
                yield period
        day += _DAY


def _of_day(rota: Rota, hours: Sequence[Hours], on_holidays: OnHolidays, day: date) -> Iterator[Period]:
    """Yield the local times of the hours that begin on a day."""
    if on_holidays is not OnHolidays.AS_USUAL and day in public_holidays(rota.country, rota.subdivision, day.year):
        if on_holidays is OnHolidays.OFF:
            return
        yield datetime.combine(day, time()), datetime.combine(day + _DAY, time())
    for each in hours:
        if day.isoweekday() in each.weekdays:
            until = day + _DAY if each.ends <= each.begins else day
            yield datetime.combine(day, each.begins), datetime.combine(until, each.ends)


def _union(periods: Iterable[Period]) -> list[Period]:
    """Return periods by time, those joined that touch or overlap."""
    found = list[Period]()
    for low, high in sorted(periods):
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found


def _within(periods: Sequence[Period], begins: datetime, ends: datetime) -> Iterator[Period]:
    """Yield the parts of separate, ordered periods within another one."""
    first = max(bisect_right(periods, begins, key=lambda each: each[0]) - 1, 0)
    for low, high in periods[first:]:
        if low >= ends:
            return
        if high > begins:
            yield max(low, begins), min(high, ends)


def _without(periods: Iterable[Period], taken: Period) -> list[Period]:
    found = list[Period]()
    for low, high in periods:
        parts = (low, min(high, taken[0])), (max(low, taken[1]), high)
        found += [part for part in parts if part[0] < part[1]]
    return found


def _overridden(found: Sequence[Duty], override: Override, begins: datetime, ends: datetime) -> list[Duty]:
    low, high = max(override.begins.astimezone(UTC), begins), min(override.ends.astimezone(UTC), ends)
    if low >= high:
        return list(found)
    kept = [
        replace(each, begins=since, ends=until)
        for each in found
        for since, until in _without([(each.begins, each.ends)], (low, high))
    ]
    return [*kept, Duty(layer=override.layer, person=override.person, begins=low, ends=high, override=override.id)]


def _joined(found: Iterable[Duty]) -> list[Duty]:
    joined = list[Duty]()
    for each in found:
        before = joined[-1] if joined else None
        if before and (before.person, before.override, before.ends) == (each.person, each.override, each.begins):
            joined[-1] = replace(before, ends=each.ends)
        else:
            joined.append(each)
    return joined
