"""Calendars as iCalendar (RFC 5545): the same facts give the same bytes, so that programs fetch only what changed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from db.people.calendar_feeds import DatedDowntime, DatedOrder, Feed, NamedDuty
from workorder_core.language import _, code
from workorder_core.sentences import coded, stored, translated
from workorder_core.words import Origin, Priority, Status

_DUTIES = UUID("9d2a1d0e-6b7e-4d0c-8a55-0a4f8c7c2b61")
_DOWNTIMES = UUID("2c2f4f7e-52a5-4a55-9e0b-6f3c0d1f7a11")
_PRIORITIES = {Priority.EMERGENCY: 1, Priority.HIGH: 3, Priority.MEDIUM: 5, Priority.LOW: 9}
"""RFC 5545 counts 1 to 4 as high, 5 as medium, 6 to 9 as low."""
_USUAL = timedelta(hours=1)
"""How long an order without an end or an estimate is shown."""
_OPEN_ENDED = timedelta(days=1)
"""How long an open-ended downtime is shown."""
_CALLED_OFF = frozenset({Status.CANCELLED})


def of_orders(feed: Feed, orders: Sequence[DatedOrder], address: str) -> bytes:
    """Return a technician's dated orders, in the reader's language.

    ``address`` is the plant's base address, without a trailing slash.
    """
    made = _calendar(feed)
    for order in orders:
        event = Event()
        event.add("uid", f"{order.id}{_part(order)}@plantwright")
        event.add("sequence", order.version)
        event.add("summary", _named(f"{order.number} {_title(order)}", order.asset))
        end = order.scheduled_end or order.scheduled_start + _lasting(order.estimated_hours)
        _dated(event, feed, order.scheduled_start, max(end, order.scheduled_start), order.changed_at)
        page = f"{address}/orders/{order.id}"
        said = _(
            "%(priority)s priority, %(type)s, %(status)s",
            priority=translated(coded(order.priority.name.capitalize())),
            type=code(order.type.value),
            status=code(order.status.value),
        )
        event.add("description", f"{said}\n{page}")
        event.add("location", order.asset_path)
        event.add("url", page)
        event.add("priority", _PRIORITIES[order.priority])
        event.add("status", "CANCELLED" if order.status in _CALLED_OFF else "CONFIRMED")
        made.add_component(event)
    return _written(made)


def of_downtimes(feed: Feed, downtimes: Sequence[DatedDowntime], address: str) -> bytes:
    """Return the planned downtime of a site or an asset."""
    made = _calendar(feed)
    for each in downtimes:
        event = Event()
        event.add("uid", f"{uuid5(_DOWNTIMES, f'{each.site}/{each.id}/{each.recorded_at.isoformat()}')}@plantwright")
        event.add("sequence", 0 if each.cancelled_at is None else 1)
        event.add("summary", _downtime(each))
        _dated(
            event,
            feed,
            each.starts_at,
            each.ends_at or each.starts_at + _OPEN_ENDED,
            each.cancelled_at or each.recorded_at,
        )
        page = f"{address}/assets/{each.asset_id}"
        until = [] if each.ends_at else [_("Open-ended: it lasts until it is taken back.")]
        subject = _("Planned downtime of %(asset)s", asset=_named(each.asset_name, each.asset))
        event.add("description", "\n".join([subject, *until, page]))
        event.add("url", page)
        event.add("transp", "TRANSPARENT")
        event.add("status", "CONFIRMED" if each.cancelled_at is None else "CANCELLED")
        made.add_component(event)
    return _written(made)


def of_duties(feed: Feed, duties: Sequence[NamedDuty], address: str) -> bytes:
    """Return who is on call by a rota."""
    made = _calendar(feed)
    for each in duties:
        duty = each.duty
        event = Event()
        key = f"{feed.rota_id}/{duty.layer}/{duty.begins.isoformat()}"
        event.add("uid", f"{uuid5(_DUTIES, key)}@plantwright")
        event.add("summary", f"{each.name} ({duty.layer})")
        # When it last changed is not known, and a time that differs for each reading would be fetched each time.
        _dated(event, feed, duty.begins, duty.ends, feed.created_at)
        event.add("url", f"{address}/on-call/{feed.rota_id}")
        event.add("transp", "TRANSPARENT")
        made.add_component(event)
    return _written(made)


def _part(order: DatedOrder) -> str:
    """Return what tells the later visits of an order from its first."""
    return f"-{order.part}" if order.part > 1 else ""


def _title(order: DatedOrder) -> str:
    """Return a title; one of the engine in the reader's language."""
    return stored(order.title) if order.origin is Origin.ENGINE else order.title


def _downtime(each: DatedDowntime) -> str:
    summary = f"{each.asset} {each.reason}"
    return summary if each.ends_at else _("%(summary)s (open-ended)", summary=summary)


def _calendar(feed: Feed) -> Calendar:
    made = Calendar()
    made.add("prodid", "-//Plantwright//Calendars//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", translated(feed.title))
    made.add("x-wr-timezone", feed.time_zone)
    made.add("x-published-ttl", "PT15M")
    made.add("refresh-interval", timedelta(minutes=15), parameters={"VALUE": "DURATION"})
    return made


def _dated(event: Event, feed: Feed, start: datetime, end: datetime, changed: datetime) -> None:
    zone = ZoneInfo(feed.time_zone)
    event.add("dtstart", start.astimezone(zone).replace(microsecond=0))
    event.add("dtend", end.astimezone(zone).replace(microsecond=0))
    event.add("dtstamp", changed.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", changed.astimezone(UTC).replace(microsecond=0))


def _written(made: Calendar) -> bytes:
    made.add_missing_timezones()
    written: bytes = made.to_ical()
    return written


def _lasting(hours: float | None) -> timedelta:
    return timedelta(hours=hours) if hours else _USUAL


def _named(text: str, code: str | None) -> str:
    return text if code is None or code in text else f"{text} ({code})"
