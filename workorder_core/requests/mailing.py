"""Mails to a requester about each step of their request: what is worth one, how many at most, and their words. Pure.

Nobody has proved that the address is theirs: a mail repeats nothing that was typed into a form, and there is a bound on
how many go to an address. Mails are only sent, never read, so that no answering machine can make a loop.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workorder_core.language import _
from workorder_core.notifying import times
from workorder_core.notifying.letters import LONGEST, Letter, one_line

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?")
MOST_OF_REQUEST = 20
"""Mails about one request in a day."""
MOST_TO_ADDRESS = 10
"""Mails to one address in a day, whatever number of requests name it."""


class News(StrEnum):
    """What a mail says."""

    NEW = "new"
    ASKED_BACK = "asked_back"
    ACCEPTED = "accepted"
    APPOINTED = "appointed"
    WORKING = "working"
    INTERRUPTED = "interrupted"
    DONE = "done"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    SETTLED = "settled"
    QUOTED = "quoted"
    """There is a quote to accept or decline."""
    WRITTEN = "written"
    """The plant has written a message, which is no step."""


class Withheld(StrEnum):
    """Why a mail is not sent."""

    TOO_MANY_OF_REQUEST = "too_many_of_request"
    TOO_MANY_TO_ADDRESS = "too_many_to_address"
    SUPERSEDED = "superseded"
    """Something newer is to be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a mail is about. ``words``: what the plant has written last; ``technician``: a first name, or empty."""

    number: str
    thing: str
    zone: str
    starts_at: datetime | None = None
    technician: str = ""
    words: str = ""


def address_of(contact: str) -> str | None:
    """Return a contact as an e-mail address; None if it is none, such as a phone number.

    >>> address_of(" erika@example.org "), address_of("0170 555"), address_of("a@b.example\\nBcc: c@d.example")
    ('erika@example.org', None, None)
    """
    text = contact.strip()
    return text if _ADDRESS.fullmatch(text) and ".." not in text else None


def news_of(stage: str, mailed: str | None) -> News | None:
    """Return the news of a request's stage; None if it was mailed already, or is the requester's own doing.

    >>> news_of("done", "working"), news_of("done", "done"), news_of("withdrawn", "new")
    (<News.DONE: 'done'>, None, None)
    """
    return News(stage) if stage != mailed and stage in set(News) else None


def withheld(of_request: int, to_address: int) -> Withheld | None:
    """Return why a mail is not sent, from how many were made in the last day; None: it is sent.

    >>> withheld(0, 9), withheld(0, 10)
    (None, <Withheld.TOO_MANY_TO_ADDRESS: 'too_many_to_address'>)
    """
    if of_request >= MOST_OF_REQUEST:
        return Withheld.TOO_MANY_OF_REQUEST
    return Withheld.TOO_MANY_TO_ADDRESS if to_address >= MOST_TO_ADDRESS else None


def write(news: News, facts: Facts, *, link: str | None) -> Letter:
    """Return the mail in the requester's language; ``link`` is a private address of the request."""
    said = _said(news, facts)
    lines = [facts.thing, said]
    if news is News.APPOINTED and facts.technician:
        lines.append(_("Technician: %(name)s", name=facts.technician))
    if news in (News.ASKED_BACK, News.DECLINED, News.SETTLED, News.QUOTED, News.WRITTEN) and facts.words:
        lines += ["", facts.words[:LONGEST]]
    footer = _(
        "You get this mail because this address was given with the request. Replies are not read: answer on the page "
        "behind the link, which is private. There you can also end these mails."
    )
    head = _("Request %(number)s: %(said)s", number=facts.number, said=said)
    return Letter(one_line(head), tuple(lines), link, footer)


def _said(news: News, facts: Facts) -> str:
    if news is News.APPOINTED and facts.starts_at is not None:
        return _("Planned for %(time)s.", time=times.shown(facts.starts_at, facts.zone))
    return {
        News.NEW: _("We have received it."),
        News.ASKED_BACK: _("We have a question."),
        News.ACCEPTED: _("It was accepted; there is no appointment yet."),
        News.APPOINTED: _("It is planned."),
        News.WORKING: _("Somebody is working on it."),
        News.INTERRUPTED: _("Work has begun and is interrupted."),
        News.DONE: _("It is done. How did it go?"),
        News.CANCELLED: _("It ended without being done."),
        News.DECLINED: _("It was declined."),
        News.SETTLED: _("It can be solved without a visit."),
        News.QUOTED: _("There is a quote for you. Please accept or decline it."),
        News.WRITTEN: _("There is a message for you."),
    }[news]
