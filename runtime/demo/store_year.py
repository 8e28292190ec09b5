"""A year of the sample store: what was issued week by week, bought when it was low, and counted each quarter.

The same under the same seed.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from psycopg import Connection

from db.inventory import levels, moving, purchases
from db.inventory.amounts import Amount, Where
from db.inventory.items import Item
from workorder_core.inventory.purchasing import OPEN, State
from workorder_core.people.access import Who

YEAR = timedelta(days=365)
_STEP = timedelta(days=9)
_JOBS: Mapping[str, tuple[str, int, int]] = {
    # Why it was issued, how many at most, in one of how many steps.
    "SEAL-45": ("seal of P-10{pump} renewed", 1, 9),
    "BRG-6312": ("bearings of P-10{pump} replaced", 2, 5),
    "OIL-68": ("oil of P-10{pump} topped up", 5, 1),
    "COUPL-90": ("coupling of P-10{pump} aligned", 1, 6),
    "GASKET-80": ("strainer of P-10{pump} cleaned", 2, 2),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """An item, where it is kept, and how much of it there is when the year is over."""

    item: Item
    store_id: int
    bin_id: int
    stock: Decimal


def live(conn: Connection, site: str, kept: Sequence[Kept], *, until: datetime, who: Who) -> None:
    """Let the year that ends at a moment happen: stock is there and has its reorder points when it begins."""
    chance = random.Random(f"a year of stock at {site}")
    at = until - YEAR
    while at < until - _STEP:
        at += _STEP
        _buy(conn, site, at, who)
        morning = at.replace(hour=7, minute=0, second=0, microsecond=0)
        for each in kept:
            _use(conn, each, chance, morning + timedelta(minutes=chance.randrange(400)), who)
    _buy(conn, site, until, who, at_once=True)
    for each in kept:
        where = Where(bin_id=each.bin_id)
        moving.count(conn, each.item.id, each.stock, where, who=who, at=until, why="yearly stock-taking")


def _use(conn: Connection, kept: Kept, chance: random.Random, at: datetime, who: Who) -> None:
    why, most, one_in = _JOBS[kept.item.code]
    wanted, pump, happens = Decimal(chance.randint(1, most)), chance.randint(1, 8), chance.randrange(one_in) == 0
    if happens and levels.get(conn, kept.item.id, kept.store_id).free >= wanted:
        amount = Amount(quantity=wanted, why=why.format(pump=pump))
        moving.issue(conn, kept.item.id, amount, Where(store_id=kept.store_id), who=who, at=at)


def _buy(conn: Connection, site: str, at: datetime, who: Who, *, at_once: bool = False) -> None:
    """Order what is asked for, and receive what was expected by now; ``at_once``: whatever is open."""
    for each in purchases.page(conn, within=[site], states=sorted(OPEN), limit=50):
        if each.state is State.REQUESTED:
            purchases.order(conn, each.id, at=at, reference=f"45{each.id:05}")
        elif at_once or (each.expected_on is not None and each.expected_on <= at.date()):
            purchases.receive(conn, each.id, Amount(quantity=each.coming), Where(), who=who, at=at)
    if at_once:
        for each in purchases.page(conn, within=[site], states=sorted(OPEN), limit=50):
            purchases.receive(conn, each.id, Amount(quantity=each.coming), Where(), who=who, at=at)
