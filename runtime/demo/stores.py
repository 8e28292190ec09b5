"""The store of the sample plant: items, stock, a reservation that waits, a purchase request, tools lent and booked."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.inventory import items, levels, moving, prices, purchases, reserving, tools
from db.inventory.amounts import Amount, Where
from db.inventory.items import Item, ItemFacts
from db.orders import work_orders
from db.orders.order_lists import Filters
from db.plant.plant import Site
from runtime.demo import store_year
from runtime.demo.store_year import Kept
from workorder_core.inventory.purchasing import State
from workorder_core.orders.statuses import WAITING
from workorder_core.people.access import Role, Who

KEEPER = Who("person:krog", frozenset({Role.STOREKEEPER}))
CLASS = "centrifugal_pump"
BINS = ("A1", "A2", "B1", "C1")
ITEMS: tuple[tuple[Any, ...], ...] = (
    # code, name, unit, class, supplier, days, price, other units, bin, stock, reorder point, quantity, in each pump
    ("SEAL-45", "Mechanical seal 45 mm", "pcs", "seals", "Sealco", 21, "128.40", {}, "A1", 4, 2, 4, 1),
    ("BRG-6312", "Bearing 6312", "pcs", "bearings", "Nordlager", 7, "64.90", {"box": 4}, "A2", 6, 4, 8, 2),
    ("OIL-68", "Oil ISO VG 68", "l", "lubricants", "Petrona", 3, "7.35", {"can": 20}, "C1", 38, 20, 40, 3),
    ("COUPL-90", "Coupling insert 90", "pcs", "couplings", "Nordlager", 14, "22.10", {}, "B1", 1, 3, 6, 1),
    ("GASKET-80", "Gasket DN 80", "pcs", "seals", "Sealco", 5, "1.85", {"box": 50}, "A1", 120, 40, 100, 4),
)
TOOLS = (
    ("PULLER-3", "Bearing puller", "cabinet 3"), ("HEATER-1", "Induction heater", "cabinet 1"),
    ("LASER-1", "Laser for aligning", "office of the workshop"),
)  # fmt: skip


def put(conn: Connection, site: Site, *, now: datetime, year: bool = False) -> None:
    """Give a site without stores one, with a request, an order that waits, a lent tool and a booked one.

    ``year``: with a year of movements behind it. The caller commits.
    """
    if items.stores(conn, None, site.code):
        return
    store = items.add_store(conn, site.id, site.code, "MAIN", "Main store", BINS)
    bins = {each["code"]: each["id"] for each in store.bins}
    known: dict[str, Item] = {}
    begun = now - timedelta(days=20)
    opened = begun - store_year.YEAR if year else begun
    kept = list[Kept]()
    for code, name, unit, of, supplier, days, price, units, place, stock, point, many, each in ITEMS:
        facts = ItemFacts(
            name=name, item_class=of, supplier=supplier, lead_time_days=days,
            units={other: Decimal(factor) for other, factor in units.items()},
        )  # fmt: skip
        item = prices.set_price(conn, items.add(conn, site.id, site.code, code, unit, facts), Decimal(price))
        known[code] = item
        there = Amount(quantity=Decimal(point + many if year else stock), why="opening stock")
        moving.receive(conn, item.id, there, Where(bin_id=bins[place]), who=KEEPER, at=opened)
        rule = {"minimum": Decimal(1), "reorder_point": Decimal(point), "reorder_quantity": Decimal(many)}
        levels.set_rule(conn, item.id, store.id, **rule, at=opened + timedelta(hours=1))
        items.put_bill(conn, item, CLASS, Decimal(each))
        kept.append(Kept(item, store.id, bins[place], Decimal(stock)))
    if year:
        store_year.live(conn, site.code, kept, until=begun, who=KEEPER)
    grease = Where(bin_id=bins["C1"], lot="G-2503")
    moving.receive(
        conn, known["OIL-68"].id, Amount(quantity=Decimal(2), why="sample of another supplier"), grease, who=KEEPER,
        at=begun, expires_on=(now + timedelta(days=200)).date(),
    )  # fmt: skip
    for request in purchases.page(conn, within=[site.code], states=[State.REQUESTED], limit=9):
        due = (now + timedelta(days=9)).date()
        purchases.order(conn, request.id, at=begun + timedelta(days=1), reference="4500117", expected_on=due)
    _reserve(conn, site, known, now)
    _lend(conn, site, now)


def _lend(conn: Connection, site: Site, now: datetime) -> None:
    """Lend a tool that is overdue, and book two for the next days."""
    puller, heater, laser = tools_of(conn, site)
    tools.lend(
        conn, laser, "Anna Holm", due_at=now - timedelta(hours=3), who=KEEPER, at=now - timedelta(days=1),
        note="for the coupling of P-104",
    )  # fmt: skip
    day = now.date() + timedelta(days=2)
    day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
    morning = datetime.combine(day, time(7), ZoneInfo(site.time_zone))
    for tool, borrower in ((puller, "Jonas Petersen"), (heater, "Jonas Petersen"), (laser, "Marta Nowak")):
        tools.book(
            conn, tool, borrower, starts_at=morning, ends_at=morning + timedelta(hours=8), who=KEEPER, at=now,
            note="bearings" if tool != laser else "aligning",
        )  # fmt: skip


def tools_of(conn: Connection, site: Site) -> list[int]:
    """Create the tools and return their ids."""
    return [tools.add(conn, site.id, site.code, code, name, place).id for code, name, place in TOOLS]


def _reserve(conn: Connection, site: Site, known: dict[str, Item], now: datetime) -> None:
    """Reserve parts for two orders that are still to be done; the second waits for a coupling insert."""
    found = work_orders.page(conn, Filters(site=site.code, status=sorted(WAITING)), limit=2)
    for listed, wanted in zip(found, (("BRG-6312", 2), ("COUPL-90", 2)), strict=False):
        code, many = wanted
        amount = Amount(quantity=Decimal(many))
        reserving.reserve(conn, listed.order.id, known[code].id, amount, who=KEEPER, at=now)
