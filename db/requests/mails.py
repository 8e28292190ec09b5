"""Mails to requesters: made from the events of their requests and orders, sent one at a time. The caller owns the
transaction.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row

from db import sql, storable
from db.events.events import Event
from db.requests import requests
from workorder_core.requests import asking, mailing
from workorder_core.requests.asking import RequestStatus
from workorder_core.requests.mailing import Facts, News, Withheld
from workorder_core.words import Status

_QUERIES = sql.load("request_mails")
A_DAY = timedelta(days=1)
GATHER = timedelta(minutes=1)
"""How long a mail waits for newer news, which it then gives way to. A question and the receipt do not wait."""
LONGEST_DETAIL = 500
WRITTEN, QUOTED = "request.written", "request.quoted"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMail:
    """A mail that is due; ``address`` is where it goes, ``language`` what its reader reads."""

    request_id: UUID
    seq: int
    news: News
    made_at: datetime
    attempts: int
    address: str
    language: str
    facts: Facts


def follow(conn: Connection, found: Sequence[Event], *, now: datetime) -> None:
    """Make the mails about the requests that some events concern, one for each request at most."""
    of_requests = {UUID(each.data["request"]) for each in found if each.kind.startswith("request.")}
    written = {UUID(each.data["request"]) for each in found if each.kind == WRITTEN and each.data["by_plant"]}
    quoted = {UUID(each.data["request"]) for each in found if each.kind == QUOTED}
    orders = {each.order_id for each in found if each.kind.startswith("order.") and each.order_id is not None}
    if not of_requests and not orders:
        return
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["concerned"], {"ids": list(of_requests), "orders": list(orders)}).fetchall()
    for row in rows:
        order = None if row["order_status"] is None else Status(row["order_status"])
        stage = asking.stage(RequestStatus(row["status"]), order).code
        news = mailing.news_of(stage, row["mailed_stage"]) or (News.WRITTEN if row["id"] in written else None)
        if row["id"] in quoted:
            news = News.QUOTED
        elif news is News.INTERRUPTED and row["waits"]:
            news = None  # for the answer to the quote, which a mail of its own is about
        conn.execute(_QUERIES["stage_is_known"], {"id": row["id"], "stage": stage})
        if news is not None and mailing.address_of(row["contact"]) is not None and row["no_mails_at"] is None:
            _make(conn, row["id"], news, row["contact"], now)


def next_due(conn: Connection, *, now: datetime) -> DueMail | None:
    """Return the mail that is due, the oldest first; None if there is none."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["next_due"], {"now": now}).fetchone()
    if row is None:
        return None
    return DueMail(
        request_id=row["request_id"],
        seq=row["seq"],
        news=News(row["news"]),
        made_at=row["made_at"],
        attempts=row["attempts"],
        address=row["contact"].strip(),
        language=row["language"],
        facts=Facts(
            number=row["number"],
            thing=row["thing"],
            zone=row["zone"],
            starts_at=row["scheduled_start"],
            technician=(row["technician"] or "").split(" ")[0],
            words=row["words"] or "",
        ),
    )


def make_link(conn: Connection, request_id: UUID, *, now: datetime) -> str:
    """Return the token of a new private address of a request. All of its addresses work, until it is erased."""
    token = secrets.token_urlsafe(32)
    conn.execute(_QUERIES["add_link"], {"id": request_id, "token": requests.digest(token), "at": now})
    return token


def save(conn: Connection, mail: DueMail, state: str, *, detail: str, due_at: datetime, at: datetime) -> None:
    """Record how an attempt ended: ``sent``, ``failed``, or ``pending`` until ``due_at``."""
    facts = {"id": mail.request_id, "seq": mail.seq, "state": state, "due_at": due_at, "at": at}
    conn.execute(_QUERIES["save"], facts | {"detail": storable.text(detail)[:LONGEST_DETAIL]})


def stop(conn: Connection, request_id: UUID, *, at: datetime) -> None:
    """Send no more mails about a request. A second time changes nothing."""
    conn.execute(_QUERIES["stop"], {"id": request_id, "at": at})
    conn.execute(_QUERIES["give_way"], {"id": request_id, "at": at, "why": "stopped"})


def stopped(conn: Connection, request_id: UUID) -> bool:
    """Return whether no mails are sent about a request because its requester wants none."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(_QUERIES["stopped"], {"id": request_id}).fetchone())


def _make(conn: Connection, request_id: UUID, news: News, contact: str, now: datetime) -> None:
    asked = {"id": request_id, "contact": contact, "since": now - A_DAY}
    with conn.cursor(row_factory=dict_row) as cursor:
        counts = cursor.execute(_QUERIES["made_lately"], asked).fetchone()
    assert counts is not None, "a count gives a row"
    conn.execute(_QUERIES["give_way"], {"id": request_id, "at": now, "why": Withheld.SUPERSEDED})
    why = mailing.withheld(counts["of_request"], counts["to_address"])
    wait = timedelta(0) if news in (News.NEW, News.ASKED_BACK, News.QUOTED) else GATHER
    facts = {"id": request_id, "news": news, "at": now, "due_at": now + wait}
    conn.execute(
        _QUERIES["add"],
        facts | {"state": "pending" if why is None else "withheld", "detail": why or "", "ended_at": why and now},
    )
