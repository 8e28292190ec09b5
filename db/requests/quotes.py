"""Quotes of requests and the price lists that they are taken from. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row

from db import sql
from db.costs import costs
from db.costs.costs import NoCurrency
from db.errors import NotFound
from db.orders import work_orders
from db.requests import personal, requests
from db.requests.requests import PORTAL, Request
from workorder_core.errors import NotReady
from workorder_core.orders.details import NOTHING, Hold
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.statuses import BEGUN
from workorder_core.people.access import Who, system
from workorder_core.requests import quotes
from workorder_core.requests.asking import RequestStatus
from workorder_core.requests.quotes import Line, LineKind, Price, QuoteRefused, QuoteState
from workorder_core.sentences import kept, say
from workorder_core.words import HoldReason, Status

_QUERIES = sql.load("quotes")
_PORTAL: Who = system(PORTAL.removeprefix("system:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """A version of a site's price list."""

    version: int
    currency: str
    made_by: str
    made_at: datetime
    prices: Sequence[Price] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedLine:
    """A line of a quote with its amount, in the quote's currency."""

    version: int
    seq: int
    kind: LineKind
    text: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal
    price_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A version of a request's quote. ``extra``: work had begun when it was made, and waits for the answer. Answered by
    ``system:portal`` means: by whoever has the private address, under the name that they gave.
    """

    version: int
    extra: bool
    state: QuoteState
    currency: str
    total: Decimal
    valid_until: date
    made_by: str
    made_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    answered_name: str
    answered_words: str
    lines: Sequence[QuotedLine] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", QuoteState(self.state))

    @property
    def is_offered(self) -> bool:
        return self.state is QuoteState.OFFERED

    @property
    def is_answered(self) -> bool:
        return self.state in (QuoteState.ACCEPTED, QuoteState.DECLINED)


def price_list(conn: Connection, site_id: int) -> PriceList | None:
    """Return a site's price list in force; None if it has none."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["price_list"], {"site_id": site_id}).fetchone()
        if row is None:
            return None
        found = cursor.execute(_QUERIES["prices"], {"site_id": site_id, "version": row["version"]}).fetchall()
    return PriceList(**row, prices=tuple(Price(**each | {"kind": LineKind(each["kind"])}) for each in found))


def put_price_list(
    conn: Connection, site_id: int, site: str, prices: Sequence[Price], *, actor: str, at: datetime
) -> PriceList:
    """Store a new version of a site's price list; quotes that were made keep their prices. Raises NoCurrency."""
    currency = costs.currency_of(conn, site_id)
    if currency is None:
        raise NoCurrency(site)
    conn.execute(_QUERIES["lock_site"], {"site_id": site_id})
    facts: dict[str, Any] = {"site_id": site_id, "currency": currency, "actor": actor, "at": at}
    with conn.cursor(row_factory=scalar_row) as cursor:
        version: int | None = cursor.execute(_QUERIES["add_price_list"], facts).fetchone()
    for each in prices:
        conn.execute(_QUERIES["add_price"], asdict(each) | {"site_id": site_id, "version": version})
    made = price_list(conn, site_id)
    assert made is not None, "it was just stored"
    return made


def offer(
    conn: Connection,
    request_id: UUID,
    lines: Sequence[Line],
    *,
    valid_until: date,
    words: str = "",
    who: Who,
    at: datetime,
) -> Quote:
    """Make a quote, or a newer version of it, and return it. Work that has begun is put on hold until it is answered;
    an order that waits is not started before.

    Raises QuoteRefused, NoCurrency.
    """
    request = _locked(conn, request_id)
    if not may_be_offered(request):
        raise QuoteRefused(say("request {number} has ended, or its order is another one's", number=request.number))
    currency = costs.currency_of(conn, request.site_id)
    if currency is None:
        raise NoCurrency(request.site_code)
    quotes.check(lines, currency, valid_until=valid_until, today=_today(request, at))
    prices = price_list(conn, request.site_id)
    if len(of_request(conn, request_id)) >= quotes.MOST_VERSIONS:
        raise QuoteRefused(say("there are {most} versions already", most=quotes.MOST_VERSIONS))
    conn.execute(_QUERIES["replace"], {"id": request_id, "actor": who.actor, "at": at})
    facts: dict[str, Any] = {
        "id": request_id,
        "extra": request.order_status in BEGUN,
        "currency": currency,
        "total": quotes.total(lines, currency),
        "valid_until": valid_until,
        "actor": who.actor,
        "at": at,
    }
    with conn.cursor(row_factory=scalar_row) as cursor:
        version: int | None = cursor.execute(_QUERIES["add"], facts).fetchone()
    for seq, line in enumerate(lines, 1):
        of_list = {"price_version": prices.version if line.price_code and prices else None}
        more = {"id": request_id, "version": version, "seq": seq, "amount": quotes.amount(line, currency)}
        conn.execute(_QUERIES["add_line"], asdict(line) | more | of_list)
    conn.execute(_QUERIES["responded"], {"id": request_id, "at": at})
    if words.strip():
        personal.add_message(conn, request_id, words.strip(), actor=who.actor, at=at)
    if request.order_id is not None and request.order_status is Status.IN_PROGRESS:
        why = kept("quote {version} of {number} waits for its answer", version=version, number=request.number)
        work_orders.take_step(
            conn, request.order_id, Step.HOLD, Hold(why, HoldReason.CUSTOMER), who=who, at=at, why=why
        )
    return of_request(conn, request_id)[0]


def may_be_offered(request: Request) -> bool:
    """Return whether a quote can be made: the request has not ended, and its order is its own."""
    return not request.stage.ended and request.status is not RequestStatus.MERGED and request.erased_at is None


def withdraw(conn: Connection, request_id: UUID, version: int, *, actor: str, at: datetime) -> Quote:
    """Take back a quote that nobody has answered; work that waited for it goes on. Raises QuoteRefused, NotFound."""
    request = _locked(conn, request_id)
    if not _one(conn, request, version).is_offered:
        raise QuoteRefused(say("this quote has been answered or replaced meanwhile"))
    return _end(conn, request, version, QuoteState.WITHDRAWN, actor=actor, at=at)


def answer(
    conn: Connection,
    request_id: UUID,
    version: int,
    *,
    accept: bool,
    name: str = "",
    words: str = "",
    actor: str = PORTAL,
    at: datetime,
) -> Quote:
    """Store the customer's answer, with who and when; work that waited for it goes on. ``name`` is what they call
    themselves, and is needed to accept without an account.

    Raises QuoteRefused, NotFound.
    """
    request = _locked(conn, request_id)
    quote = _one(conn, request, version)
    state = quotes.answered(
        quote.state,
        accept=accept,
        valid_until=quote.valid_until,
        today=_today(request, at),
        ended=request.stage.ended,
    )
    if accept and actor == PORTAL and not name.strip():
        raise QuoteRefused(say("write the name of who accepts it"))
    facts = {"id": request_id, "version": version, "name": name.strip(), "words": words.strip()}
    conn.execute(_QUERIES["add_answer"], facts)
    return _end(conn, request, version, state, actor=actor, at=at)


def of_request(conn: Connection, request_id: UUID) -> list[Quote]:
    """Return the quotes of a request with their lines, the newest first."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["of_request"], {"id": request_id}).fetchall()
    with conn.cursor(row_factory=class_row(QuotedLine)) as lines:
        found = lines.execute(_QUERIES["lines"], {"id": request_id}).fetchall() if rows else []
    return [Quote(**row, lines=tuple(each for each in found if each.version == row["version"])) for row in rows]


def _locked(conn: Connection, request_id: UUID) -> Request:
    """Lock a request and then its order, so that nobody starts work while a quote is made."""
    personal.lock(conn, request_id)
    request = requests.get(conn, request_id)
    if request.order_id is None:
        return request
    work_orders.lock(conn, request.order_id)
    return requests.get(conn, request_id)


def _one(conn: Connection, request: Request, version: int) -> Quote:
    found = next((each for each in of_request(conn, request.id) if each.version == version), None)
    if found is None:
        raise NotFound("quote", f"{request.number} {version}")
    return found


def _end(conn: Connection, request: Request, version: int, state: QuoteState, *, actor: str, at: datetime) -> Quote:
    facts = {"id": request.id, "version": version, "state": state, "actor": actor, "at": at}
    conn.execute(_QUERIES["answer"], facts)
    why = {
        QuoteState.ACCEPTED: kept("quote {version} of {number} was accepted", version=version, number=request.number),
        QuoteState.DECLINED: kept("quote {version} of {number} was declined", version=version, number=request.number),
    }.get(state, kept("quote {version} of {number} was withdrawn", version=version, number=request.number))
    if request.order_id is not None:
        _go_on(conn, request.order_id, why, at)
    return _one(conn, request, version)


def _go_on(conn: Connection, order_id: UUID, why: str, at: datetime) -> None:
    """Resume work that waited for its customer. Where something else is missing, it stays on hold: whoever resumes it
    is told what.
    """
    order = work_orders.lock(conn, order_id)
    if order.status is not Status.ON_HOLD or order.hold_reason is not HoldReason.CUSTOMER:
        return
    try:
        work_orders.take_step(conn, order_id, Step.RESUME, NOTHING, who=_PORTAL, at=at, why=why)
    except NotReady:
        return


def _today(request: Request, at: datetime) -> date:
    return at.astimezone(ZoneInfo(request.time_zone)).date()
