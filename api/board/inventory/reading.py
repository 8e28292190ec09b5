"""Parses the fields of stock forms: quantities, bins, days, order numbers."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection

from api.board.forms.form_errors import InvalidForm
from db.errors import NotFound
from db.orders import work_orders
from workorder_core.digits import NotANumber, typed
from workorder_core.far_times import near, near_day
from workorder_core.inventory.quantities import MOST
from workorder_core.people.access import Who
from workorder_core.sentences import say


def number(text: str, *, places: int = 3, negative: bool = False) -> Decimal | None:
    """Parse a number, None if the field is empty; a decimal comma is accepted. Raises InvalidForm."""
    if not text.strip():
        return None
    try:
        value = typed(text)
    except NotANumber as wrong:
        raise InvalidForm(*wrong.args) from None
    if abs(value) > MOST or (value < 0 and not negative):
        raise InvalidForm(say("write a number from 0 to {most}, not {text!r}", most=str(MOST), text=text.strip()))
    if value != round(value, places):
        raise InvalidForm(
            say("write {places} decimals at most", places=places) if places else say("write a whole number")
        )
    return value


def quantity(text: str) -> Decimal:
    """Parse a quantity. Raises InvalidForm if it is empty, not a number or not above 0."""
    value = number(text)
    if not value:
        raise InvalidForm(say("write how many, such as 2 or 0.5"))
    return value


def order(conn: Connection, text: str, who: Who) -> UUID | None:
    """Return the order with the typed number, None if the field is empty. Raises InvalidForm."""
    if not text.strip():
        return None
    try:
        return work_orders.id_of_number(conn, text.strip().upper(), who)
    except NotFound:
        raise InvalidForm(say("there is no order {number}", number=text.strip().upper())) from None


def key(text: str) -> int | None:
    """Return the id chosen from a list, None if none was. Raises InvalidForm."""
    if not text.strip():
        return None
    if not text.isdecimal() or not 0 < int(text[:12]) < 2**31:
        raise InvalidForm(say("choose one of the list"))
    return int(text)


def day(text: str) -> date | None:
    """Parse a day, None if the field is empty. Raises InvalidForm."""
    if not text.strip():
        return None
    try:
        return near_day(date.fromisoformat(text.strip()))
    except ValueError:
        raise InvalidForm(say("choose a day")) from None


def moment(text: str, zone: str) -> datetime:
    """Parse a local time as a moment. Raises InvalidForm."""
    try:
        return near(datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone)))
    except ValueError:
        raise InvalidForm(say("choose a day and a time")) from None


def units(text: str) -> dict[str, Decimal]:
    """Parse other units, one per line: ``box = 12``. Raises InvalidForm."""
    found: dict[str, Decimal] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, sign, factor = line.partition("=")
        value = number(factor, places=6) if sign else None
        if not name.strip() or len(name.strip()) > 20 or not value:
            raise InvalidForm(say("write one unit a line, such as box = 12"))
        found[name.strip()] = value
    return found
