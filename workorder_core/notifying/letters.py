"""The mail about an event: a subject and a plain text. Pure: callers give the site's time zone and the address.

A mail never reveals more than its reader sees on the order's page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from workorder_core.language import _, code
from workorder_core.notifying import news, times
from workorder_core.notifying.kinds import ASKED, Choice, Happened
from workorder_core.sentences import stored, translated
from workorder_core.words import Priority

LONGEST = 2000
"""The most characters of a person's text that a mail quotes."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail without its addresses. ``link`` is the page that it is about; None where the address is not known."""

    subject: str
    lines: tuple[str, ...]
    link: str | None
    footer: str

    @property
    def text(self) -> str:
        """The mail as plain text."""
        parts = ["\n".join(self.lines), self.link or "", "-- \n" + self.footer]
        return "\n\n".join(part for part in parts if part) + "\n"

    @property
    def html(self) -> str:
        """The mail as HTML, without images, styles or anything that is loaded."""
        rows = "<br>\n".join(escape(line) for line in self.lines)
        link = f'<p><a href="{escape(self.link)}">{escape(self.link)}</a></p>\n' if self.link else ""
        footer = f"<p><small>{escape(self.footer)}</small></p>"
        return f"<!doctype html>\n<html><body>\n<p>{rows}</p>\n{link}{footer}\n</body></html>\n"


def write(
    event: Happened,
    why: str,
    subject: str,
    *,
    order_id: object,
    zone: str,
    pages: str | None,
    chosen: bool = True,
    token: str | None = None,
) -> Letter:
    """Return the mail about an event, in the reader's language.

    Parameters
    ----------
    why
        The choice by which its reader gets it, or ``test``.
    subject
        The name, for people, of the event's subject.
    zone
        IANA name of the site's time zone, in which times are given.
    pages
        The address under which people open the pages; None: the mail has no link.
    chosen
        Whether its reader has chosen it, not only the site's policy.
    token
        Of the link by which its reader acknowledges, where somebody is asked.
    """
    path = f"/asked/{token}" if token else _page(event, why, order_id)
    link = None if pages is None else pages.rstrip("/") + path
    footer = because(why, chosen=chosen)
    if event.kind == ASKED:
        title, lines = _of_escalation(event, subject, zone)
        footer = _("You are asked because of an escalation policy. The link is yours alone, and works for 24 hours.")
    elif why in _OF_INSPECTIONS:
        title, lines = _of_inspection(event, subject, zone)
    elif why in news.WRITTEN:
        title, lines = news.write(event, Choice(why), subject, time=times.shown(event.at, zone))
    elif event.kind.startswith("request."):
        title, lines = _of_request(event, subject, zone)
    elif order_id is None and not event.kind.startswith("order."):
        title, lines = _of_engine(event, why, zone)
    else:
        title, lines = _of_order(event, why, subject, zone)
    return Letter(one_line(title), tuple(line for line in lines if line), link, footer)


def because(why: str, *, chosen: bool) -> str:
    """Return the last line of a message: why its reader gets it."""
    asked = translated(Choice(why).label) if why in list(Choice) else _("a test message was asked for")
    asked = asked[:1].lower() + asked[1:]
    if not chosen:
        return _("You get this message by the notification policy of the site: %(choice)s.", choice=asked)
    return _(
        "You get this mail because of your choice on the page Notifications: %(choice)s. "
        "It can come twice; its Message-ID is the same then.",
        choice=asked,
    )


_OF_INSPECTIONS = frozenset({Choice.ROUND_MISSED.value, Choice.FINDING_OVERDUE.value, Choice.FINDING_MINE.value})


def _page(event: Happened, why: str, order_id: object) -> str:
    """Return the path of the page that an event is about."""
    if why == Choice.ROUND_MISSED:
        return f"/rounds/{event.data.get('round', '')}"
    if why in (Choice.FINDING_OVERDUE, Choice.FINDING_MINE):
        return f"/audits/{event.data.get('audit', '')}#finding-{event.data.get('finding', '')}"
    if why in news.WRITTEN and (path := news.page(Choice(why))):
        return path
    if event.kind.startswith("request."):
        return f"/requests/{event.data.get('request', '')}"
    if order_id is not None:
        return f"/orders/{order_id}"
    return "/engine" if why == Choice.ENGINE_ALARM else "/notifications"


def _of_inspection(event: Happened, number: str, zone: str) -> tuple[str, list[str]]:
    data = event.data
    title, time = str(data.get("title", "")), _("Time: %(time)s", time=times.shown(event.at, zone))
    if event.kind == "round.missed":
        head = _("Round missed: %(number)s %(title)s", number=number, title=title)
        return head, [f"{number}: {title}", _("Nobody began it in time."), time]
    called = f"{number}/{data.get('finding', '')}"
    head = {
        "audit.found": _("Finding for you: %(number)s", number=called),
        "audit.finding_open": _("Answer rejected: finding %(number)s", number=called),
    }.get(event.kind) or _("Finding overdue: %(number)s, %(owner)s", number=called, owner=data.get("owner", ""))
    return head, [
        f"{called}: {title}",
        str(data.get("why", ""))[:LONGEST],
        _("Owner: %(owner)s", owner=data.get("owner", "")),
        _("Due: %(day)s", day=_due(data)) if _due(data) else "",
    ]


def _of_escalation(event: Happened, subject: str, zone: str) -> tuple[str, list[str]]:
    items, count = list(event.data.get("items") or ()), int(event.data.get("count") or 0)
    lines = [
        " · ".join(
            part for part in (str(each["subject"]), stored(str(each["title"]))[:LONGEST], str(each["place"])) if part
        )
        for each in items
    ]
    began = min((str(each["began_at"]) for each in items), default=None)
    if count > len(items):
        lines.append(_("and %(count)s more", count=count - len(items)))
    lines.append(_("Since: %(time)s", time=times.shown(began, zone)) if began else "")
    lines.append(_("Open the link, and acknowledge there, decline, or hand it on. Opening it alone does nothing."))
    title = stored(str(items[0]["title"])) if items else ""
    if count == 1:
        return _("PLEASE ACKNOWLEDGE: %(subject)s %(title)s", subject=subject, title=title), lines
    return _("PLEASE ACKNOWLEDGE: %(count)s alarms and orders", count=count), lines


def _of_request(event: Happened, number: str, zone: str) -> tuple[str, list[str]]:
    """Say that there is a request, or an answer to its quote; words and who asks are personal, on its page only."""
    answered = {
        "request.quote_accepted": _("Quote accepted: %(number)s", number=number),
        "request.quote_declined": _("Quote declined: %(number)s", number=number),
    }.get(event.kind)
    if answered is not None:
        action = _("see what follows for the order")
        return answered, [
            _("Time: %(time)s", time=times.shown(event.at, zone)),
            _("What to do: %(action)s", action=action),
        ]
    danger = bool(event.data.get("danger"))
    head = _("DANGER: new request %(number)s", number=number) if danger else _("New request: %(number)s", number=number)
    return head, [
        _("Request: %(number)s", number=number),
        _("Whoever made it speaks of danger.") if danger else "",
        _("Time: %(time)s", time=times.shown(event.at, zone)),
        _("What to do: %(action)s", action=_("accept it, ask back, or decline it with a reason")),
    ]


def _due(data: Mapping[str, Any]) -> str:
    """Return the day by which a finding is to be answered: the new one of those that a rejected answer changed."""
    due = data.get("due") or ""
    return str(due[-1] if isinstance(due, list) else due)


def _of_order(event: Happened, why: str, number: str, zone: str) -> tuple[str, list[str]]:
    data = event.data
    head = {
        Choice.ASSIGNED.value: _("Assigned to you"),
        Choice.EMERGENCY.value: _("EMERGENCY"),
        Choice.ESCALATED.value: _("Escalated"),
        Choice.REQUESTED.value: _("Requested"),
        Choice.WARNED.value: _("Target near"),
        Choice.DELAYED.value: _("On hold"),
    }.get(why, _("Order"))
    action = {
        Choice.ASSIGNED.value: _("begin it, or say why not"),
        Choice.EMERGENCY.value: _("see at once who takes care of it"),
        Choice.ESCALATED.value: _("see who takes care of it, and why it was not done in time"),
        Choice.REQUESTED.value: _("approve it, or reject it with a reason"),
        Choice.WARNED.value: _("see whether it will be done in time"),
        Choice.DELAYED.value: _("see what it waits for"),
    }.get(why)
    title, priority = stored(str(data.get("title", ""))), data.get("priority")
    due = {name: times.shown(data[name], zone) for name in ("response_due", "completion_due") if data.get(name)}
    return f"{head}: {number} {title}", [
        f"{number}: {title}",
        _("Asset: %(asset)s", asset=data.get("asset", "")),
        _("Type: %(type)s", type=code(str(data.get("type", "")))),
        _("Priority: %(priority)s", priority=code(Priority(priority).name.lower()))
        if priority in list(Priority)
        else "",
        _("Assigned to: %(name)s", name=data.get("assignee") or _("nobody yet")),
        _("First response by: %(time)s", time=due["response_due"]) if "response_due" in due else "",
        _("Completion by: %(time)s", time=due["completion_due"]) if "completion_due" in due else "",
        _("Reason: %(why)s", why=stored(str(data["why"]))[:LONGEST]) if data.get("why") else "",
        _("Time: %(time)s", time=times.shown(event.at, zone)),
        _("What to do: %(action)s", action=action) if action else "",
    ]


def _of_engine(event: Happened, why: str, zone: str) -> tuple[str, list[str]]:
    time = _("Time: %(time)s", time=times.shown(event.at, zone))
    if why not in list(Choice):
        return _("Test message"), [_("This is the test message that was asked for."), time]
    problem, action = (stored(str(event.data.get(name, ""))) for name in ("problem", "action"))
    if event.kind.endswith(".cleared"):
        return _("Engine alarm over: %(problem)s", problem=problem), [_("Over: %(problem)s.", problem=problem), time]
    return _("Engine alarm raised: %(problem)s", problem=problem), [
        _("Raised: %(problem)s.", problem=problem),
        _("What to do: %(action)s", action=action),
        time,
    ]


def one_line(text: str) -> str:
    return " ".join(text.split())[:200]
