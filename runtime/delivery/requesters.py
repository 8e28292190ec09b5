"""Sends mails to requesters, who have no account: one at a time, each with a private link of its own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr

import structlog
from psycopg import Connection

from api.language import catalogues
from db.requests import mails
from db.requests.mails import DueMail
from runtime.delivery import mail
from workorder_core.language import speaking
from workorder_core.notifying.attempts import DELAYS, Fault, Outcome
from workorder_core.requests import mailing
from workorder_core.sentences import kept

LASTS = timedelta(days=2)
"""A mail that could not be sent for so long says nothing that its reader does not know by now."""
_log = structlog.get_logger("delivery")


def send_due(
    conn: Connection, server: mail.Server | None, portal: str | None, clock: Callable[[], datetime], *, most: int = 20
) -> int:
    """Send the mails that are due, ``most`` at most; return how many were tried. No transaction is open meanwhile.

    After a failure of our own the others wait: a mail server that does not answer is not asked twenty times.
    """
    for tried in range(most):
        with conn.transaction():
            due = mails.next_due(conn, now=clock())
            token = None if due is None or server is None else mails.make_link(conn, due.request_id, now=clock())
        if due is None:
            return tried
        outcome = _send(due, server, portal, token, clock())
        with conn.transaction():
            _record(conn, due, outcome, clock())
        if outcome.fault is Fault.OWN:
            return tried + 1
    return most


def message(due: DueMail, sender: str, *, portal: str | None, token: str | None, now: datetime) -> EmailMessage:
    """Return a mail in the requester's language, marked so that no answering machine answers it."""
    link = None if portal is None or token is None else f"{portal.rstrip('/')}/r/s/{token}"
    with speaking(catalogues.language(due.language)):
        letter = mailing.write(due.news, due.facts, link=link)
    key = f"{due.request_id}.{due.seq}"
    made = mail.written(letter, sender, due.address, key=key, now=now, thread=str(due.request_id))
    made["Content-Language"] = due.language  # after the content, which replaces the headers that describe it
    return made


def _send(due: DueMail, server: mail.Server | None, portal: str | None, token: str | None, now: datetime) -> Outcome:
    if server is None:
        return Outcome(Fault.OWN, mail.NOT_SET_UP)
    if due.address.lower() == parseaddr(server.sender)[1].lower():
        return Outcome(Fault.FINAL, kept("the address is the sender's own"))
    try:
        made = message(due, server.sender, portal=portal, token=token, now=now)
    except (ValueError, MessageError) as error:
        return Outcome(Fault.FINAL, kept("the address cannot be used: {error}", error=error))
    return mail.hand_over(server, due.address, made)


def _record(conn: Connection, due: DueMail, outcome: Outcome, now: datetime) -> None:
    state, again = "pending", now + max(DELAYS[1], DELAYS[min(due.attempts + 1, len(DELAYS) - 1)])
    if outcome.fault is None:
        state = "sent"
    elif outcome.fault is Fault.FINAL or again > due.made_at + LASTS:
        state = "failed"
    mails.save(conn, due, state, detail=outcome.detail, due_at=again, at=now)
    level = _log.info if outcome.fault is None else _log.warning
    level("attempt to mail a requester", request=due.facts.number, news=due.news.value, said=outcome.detail)
