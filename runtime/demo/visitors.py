"""Requests of people at the sample plant: one that waits, one with a quote, one that instructions have settled, and a
bad rating to review. By the functions that the portal and the API call.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from psycopg import Connection

from db.plant import plant
from db.requests import listing, quotes, requests, self_help
from db.requests.personal import Person
from db.requests.requests import Request
from workorder_core.people.access import Role, Who
from workorder_core.requests.asking import RequestStep
from workorder_core.requests.quotes import LineKind, Price, of_price

PLANNER = Who("person:berg", frozenset({Role.PLANNER}))
PRICES = (
    Price(code="MECH", kind=LineKind.LABOUR, name="Fitter", unit="h", unit_price=Decimal("92.00")),
    Price(code="TRIP", kind=LineKind.OTHER, name="Travel", unit="", unit_price=Decimal("45.00")),
    Price(code="SEAL", kind=LineKind.PART, name="Mechanical seal 45 mm", unit="pcs", unit_price=Decimal("212.40")),
)
HELP = (
    "Pump does not start",
    "Is the emergency stop at the panel pulled out? Turn it, and start again.",
)
VALID = timedelta(days=30)


def put(conn: Connection, *, site: str, now: datetime) -> int:
    """Have people ask, unless somebody has asked already; return how many requests there are. The caller commits.

    The site needs a currency.
    """
    place = plant.site_by_code(conn, site)
    if listing.newest_first(conn, None, site=site, limit=1):
        return 0
    quotes.put_price_list(conn, place.id, site, PRICES, actor=PLANNER.actor, at=now)
    written = self_help.add(conn, place.id, title=HELP[0], steps=HELP[1], actor=PLANNER.actor, at=now)
    _ask(conn, site, "P-101", "There is a puddle under the pump since this morning", now)
    quoted = _ask(conn, site, "P-102", "The shaft drips, a new seal please", now - timedelta(hours=5))
    lines = [of_price(each, Decimal(1)) for each in PRICES]
    made = quotes.offer(conn, quoted.id, lines, valid_until=(now + VALID).date(), who=PLANNER, at=now)
    quotes.answer(conn, quoted.id, made.version, accept=True, name="Erika", at=now)
    requests.accept(conn, quoted.id, title="Renew the shaft seal", actor=PLANNER.actor, at=now)
    helped = _ask(conn, site, "P-103", "Does not start", now - timedelta(days=2))
    self_help.settle(conn, helped, written.id, "", actor=PLANNER.actor, at=now - timedelta(days=2))
    requests.rate(conn, helped.id, 5, "Worked at once", at=now - timedelta(days=1))
    lost = _ask(conn, site, "P-104", "It hums", now - timedelta(days=3))
    words = "It hums while it runs at full speed: nothing is wrong."
    requests.say_and_take(conn, lost.id, RequestStep.SETTLE, words, actor=PLANNER.actor, at=now - timedelta(days=2))
    requests.rate(conn, lost.id, 2, "It is louder than before", at=now - timedelta(days=1))
    return 4


def _ask(conn: Connection, site: str, code: str, what: str, at: datetime) -> Request:
    pump = plant.asset_by_key(conn, site, code, now=at)
    made, _ = requests.create(conn, pump, Person(name="Erika", what=what), danger=False, language="en", at=at)
    return made
