"""An order's history for people: what was done, by whom, and what it changed, in words and the site's time. A row has
only the changed fields, and rows of earlier versions may have fewer: no field is required here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from api.board import words
from db.orders.order_history import HistoryRow
from db.orders.order_links import Link
from workorder_core.language import N_, _
from workorder_core.orders.close_out import Cause, Remedy
from workorder_core.sentences import stored, translated
from workorder_core.words import CloseFinding, FailureMode, HoldReason, Priority

Text = str | Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of history as a page shows it: ``facts`` are (name, old value or "", new value)."""

    done: str
    by: str
    at: datetime
    why: str
    facts: Sequence[tuple[str, Text, Text]]
    links: Sequence[Link] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """The names behind codes in history: technicians' by code, users' by sign-in name; and the site's time zone."""

    people: Mapping[str, str]
    users: Mapping[str, str]
    zone: str


def entries(rows: Sequence[HistoryRow], names: Names, links: Sequence[Link] = ()) -> list[Entry]:
    """Return the rows of a history, the newest first."""
    return [_entry(row, names, links) for row in reversed(rows)]


def _entry(row: HistoryRow, names: Names, links: Sequence[Link]) -> Entry:
    done = words.sentence(words.step(row.step))
    given = row.new.get("assignee")
    if given and row.step in ("assign", "schedule"):
        person = _person(given, names)
        done = (
            _("Assigned to %(name)s", name=person) if row.step == "assign" else _("Scheduled for %(name)s", name=person)
        )
    facts = [] if row.step == "open" else list(_facts(row, names))
    return Entry(
        done=done,
        by=words.who(row.actor, names.users),
        at=row.at,
        why=_why(row, names.zone),
        facts=facts,
        links=_links(row, links),
    )


def _why(row: HistoryRow, zone: str) -> str:
    """Return a row's reason; the engine's names the rule or model, with its sentence in the past tense."""
    source, colon, told = row.why.partition(": ")
    if row.actor != "system:engine" or not colon or not source.startswith(("rule:", "model:")):
        return stored(row.why) if row.actor.startswith("system:") else row.why
    return words.sentence(f"{words.source(source)}: {words.reported(told, zone, row.at)}")


def _facts(row: HistoryRow, names: Names) -> Sequence[tuple[str, Text, Text]]:
    told: list[tuple[str, Text, Text]] = []
    for name, (label, say) in _TOLD.items():
        if name not in row.new or (name == "assignee" and row.step in ("assign", "schedule")):
            continue
        before, after = row.old.get(name), row.new[name]
        if before in (None, [], "") and after in (None, [], ""):
            continue
        told.append((_(label), "" if before in (None, [], "") else _said(say, before, names), _said(say, after, names)))
    for price in (value for name, value in row.new.items() if row.step == "prices" and name.startswith("price ")):
        said = _("none") if price["unit_cost"] is None else words.money(Decimal(price["unit_cost"]), price["currency"])
        told.append((_("Price of %(part)s", part=price["part"]), "", said))
    return told


def _said(say: Callable[[Any, Names], Text], value: Any, names: Names) -> Text:
    if value in (None, [], ""):
        return _("none")
    try:
        return say(value, names)
    except (ValueError, TypeError, KeyError, AttributeError):
        # A value written by an earlier version is better shown raw than not at all.
        return str(value)


def _links(row: HistoryRow, links: Sequence[Link]) -> Sequence[Link]:
    link = row.new.get("link") or row.old.get("link")
    if not isinstance(link, Mapping):
        return ()
    ends = (link.get("from_id"), link.get("to_id"))
    return [each for each in links if str(each.id) in ends and each.kind == link.get("kind")]


def _text(value: Any, _names: Names) -> Text:
    return words.sentence(words.words(", ".join(value) if isinstance(value, list) else str(value)))


def _time(value: Any, names: Names) -> Text:
    return words.site_time(datetime.fromisoformat(value), names.zone)


def _person(value: Any, names: Names) -> str:
    return names.people.get(str(value), str(value))


def _hours(value: Any, _names: Names) -> Text:
    return f"{words.amount(float(value))} h"


def _priority(value: Any, _names: Names) -> Text:
    return words.words(Priority(int(value)).name.lower())


def _mode(value: Any, _names: Names) -> Text:
    return translated(FailureMode(value).label)


def _hold(value: Any, _names: Names) -> Text:
    reason = HoldReason(value)
    return (
        _("%(reason)s (the clock stopped)", reason=words.words(reason.value))
        if reason.stops_clock
        else words.words(reason.value)
    )


def _close_out(value: Any, _names: Names) -> Text:
    mode = value.get("failure_mode")
    found = words.words(CloseFinding(value["finding"]).value) + (
        f": {translated(FailureMode(mode).label)}" if mode else ""
    )
    causes, remedies = {each.value: each.label for each in Cause}, {each.value: each.label for each in Remedy}
    cause, remedy = value.get("cause", ""), value.get("remedy", "")
    return _(
        "%(found)s; cause: %(cause)s; remedy: %(remedy)s",
        found=found,
        cause=words.words(causes.get(cause, cause)),
        remedy=words.words(remedies.get(remedy, remedy)),
    )


def _reported(value: Any, names: Names) -> Text:
    """Return when something happened by the device's clock, and how wrong that is."""
    at, skew = value.get("at"), float(value.get("skew_s", 0))
    said = _("time unknown") if at is None else words.site_time(datetime.fromisoformat(at), names.zone)
    if abs(skew) < _SKEW_SHOWN_S:
        return said
    ahead = words.minutes(round(abs(skew) / 60))
    if skew > 0:
        return _("%(time)s (its clock is %(minutes)s ahead)", time=said, minutes=ahead)
    return _("%(time)s (its clock is %(minutes)s behind)", time=said, minutes=ahead)


_SKEW_SHOWN_S = 120.0
"""A device's clock is said to be wrong from here on, in seconds."""
_TOLD: Mapping[str, tuple[str, Callable[[Any, Names], Text]]] = {
    "title": (N_("Title"), _text),
    "type": (N_("Type"), _text),
    "priority": (N_("Priority"), _priority),
    "component": (N_("Component"), _text),
    "failure_mode": (N_("Failure mode"), _mode),
    "required_skill": (N_("Skill"), _text),
    "other_skills": (N_("Other skills"), _text),
    "required_certificates": (N_("Certificates"), _text),
    "required_tools": (N_("Tools"), _text),
    "requested_for": (N_("Needed by"), _time),
    "scheduled_start": (N_("Start"), _time),
    "scheduled_end": (N_("End"), _time),
    "assignee": (N_("Technician"), _person),
    "response_due": (N_("Start by"), _time),
    "completion_due": (N_("Complete by"), _time),
    "hold_reason": (N_("Waiting for"), _hold),
    "estimated_hours": (N_("Estimated"), _hours),
    "actual_hours": (N_("Hours worked"), _hours),
    "cost": (N_("External costs"), _text),
    "currency": (N_("Currency"), _text),
    "plan": (N_("Job plan"), lambda value, _names: str(value)),
    "close_out": (N_("Found"), _close_out),
    "reported": (N_("On the device"), _reported),
    "people": (N_("Asked"), lambda value, _names: str(value)),
    "to": (N_("To"), lambda value, _names: str(value)),
}
"""The labels of changed fields; the others follow from the step, or are only for the engine."""
