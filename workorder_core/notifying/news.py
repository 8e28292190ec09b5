"""The messages about what is no order's own step: alarms, stock, documents, schedules, certificates. Pure."""

from collections.abc import Mapping
from typing import Any

from workorder_core.language import _
from workorder_core.notifying import times
from workorder_core.notifying.kinds import Choice, Happened
from workorder_core.sentences import stored

WRITTEN = frozenset(
    {
        Choice.ALARM.value,
        Choice.STOCK_LOW.value,
        Choice.PARTS_LACKING.value,
        Choice.SHADOWED.value,
        Choice.DOCUMENT.value,
        Choice.SCHEDULED.value,
        Choice.CERTIFICATE_ENDING.value,
        Choice.SWAP.value,
    }
)
"""The kinds of news that this module writes."""


def write(event: Happened, choice: Choice, subject: str, *, time: str) -> tuple[str, list[str]]:
    """Return the subject and the lines of a message; ``time`` is when it happened, as its reader reads it."""
    head, lines, action = _said(event, choice, subject)
    lines.append(_("Since: %(time)s", time=time) if choice is Choice.ALARM else _("Time: %(time)s", time=time))
    lines.append(_("What to do: %(action)s", action=action))
    return head, lines


def page(choice: Choice) -> str | None:
    """Return the path of the page that news is about; None: that of its order."""
    match choice:
        case Choice.ALARM:
            return "/alarms"
        case Choice.STOCK_LOW:
            return "/stock"
        case Choice.SHADOWED | Choice.DOCUMENT:
            return "/changes"
        case Choice.SCHEDULED:
            return "/my-work"
        case Choice.CERTIFICATE_ENDING:
            return "/week"
        case Choice.SWAP:
            return "/on-call"
    return None


def _said(event: Happened, choice: Choice, subject: str) -> tuple[str, list[str], str]:
    data = event.data

    def text(name: str) -> str:
        return stored(str(data.get(name) or ""))

    match choice:
        case Choice.ALARM:
            summary = text("summary") or text("source")
            lines = [
                _("Asset: %(asset)s", asset=subject),
                _("Alarm: %(alarm)s", alarm=summary),
                _("Severity: %(number)s", number=data.get("severity") or "?"),
            ]
            return _("Alarm: %(asset)s %(alarm)s", asset=subject, alarm=summary), lines, _("look at the asset's alarms")
        case Choice.STOCK_LOW:
            amounts = {"have": text("on_hand"), "point": text("reorder_point"), "unit": text("unit")}
            lines = [
                _("Item: %(item)s %(name)s", item=subject, name=text("name")),
                _("Store: %(store)s", store=text("store")),
                _("On hand: %(have)s %(unit)s, reorder point: %(point)s", **amounts),
            ]
            return (
                _("Stock low: %(item)s %(name)s", item=subject, name=text("name")),
                lines,
                _("order more, or count it"),
            )
        case Choice.PARTS_LACKING:
            head = _("Parts lacking: %(order)s", order=subject)
            return head, [_("Order: %(order)s", order=subject)], _("see which parts it lacks, and when they come")
        case Choice.SCHEDULED:
            lines = [_("From: %(day)s, %(count)s days", day=text("from"), count=data.get("dates") or "?")]
            return _("Schedule published: %(schedule)s", schedule=subject), lines, _("see what you do when")
        case Choice.CERTIFICATE_ENDING:
            named = {"certificate": text("certificate"), "name": text("name") or subject}
            lines = [
                _("Technician: %(name)s", name=named["name"]),
                _("Certificate: %(name)s, until %(day)s", name=text("certificate"), day=text("valid_until")),
            ]
            return _("Certificate ends: %(certificate)s of %(name)s", **named), lines, _("have it renewed")
        case Choice.SWAP:
            return _of_swap(event, subject)
    lines = [_("Changed: %(subject)s", subject=subject), _("Reason: %(why)s", why=text("why")) if text("why") else ""]
    if choice is Choice.SHADOWED:
        return _("Rule changed: %(rule)s", rule=subject), lines, _("see why, and whether the rule is to be changed")
    return _("Document changed: %(document)s", document=subject), lines, _("see what has changed")


def _of_swap(event: Happened, rota: str) -> tuple[str, list[str], str]:
    data, zone = event.data, str(event.data.get("zone") or "UTC")
    asker, other = str(data.get("asker") or ""), str(data.get("other") or "")
    head, action = {
        "rota.swap_asked": (
            _("Swap a turn on call? %(name)s asks, %(rota)s", name=asker, rota=rota),
            _("agree, or decline with a reason"),
        ),
        "rota.swap_agreed": (
            _("Swap agreed: %(name)s, %(rota)s", name=other, rota=rota),
            _("see when you are on call"),
        ),
        "rota.swap_declined": (_("Swap declined: %(name)s, %(rota)s", name=other, rota=rota), _("ask somebody else")),
    }.get(event.kind) or (
        _("Swap withdrawn: %(name)s, %(rota)s", name=asker, rota=rota),
        _("nothing: your turns stay as they are"),
    )
    lines = [
        f"{rota}: {data.get('title', '')}, {data.get('layer', '')}",
        _("Turn of %(name)s: %(begins)s until %(ends)s", name=asker, begins=_time(data, "begins_at", zone),
          ends=_time(data, "ends_at", zone)),
        _("In return, turn of %(name)s: %(begins)s until %(ends)s", name=other,
          begins=_time(data, "back_begins_at", zone), ends=_time(data, "back_ends_at", zone))
        if data.get("back_begins_at")
        else _("Nothing in return."),
        _("Reason: %(why)s", why=stored(str(data["why"]))) if data.get("why") else "",
    ]  # fmt: skip
    return head, lines, action


def _time(data: Mapping[str, Any], name: str, zone: str) -> str:
    """Return a time of an event by a clock that may be unknown here."""
    return times.shown(data.get(name) or "", zone)
