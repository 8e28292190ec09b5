"""Sixteen clients at once move the same stock: the ledger sums to it, and nothing is there twice."""

import json
import random
import threading
import urllib.error
import urllib.request
from collections import Counter
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from db.inventory import levels
from tests import people
from tests.api.access.test_eight_clients import doors
from workorder_core.inventory import ledger
from workorder_core.people.access import Role

__all__ = ["doors"]
CLIENTS, MOVES = 16, 12


def call(address: str, key: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"X-API-Key": key, "Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"{address}/api/v1{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


@pytest.mark.slow
def test_sixteen_clients_leave_a_ledger_that_sums_to_the_stock_and_reserve_nothing_twice(doors, seeded, database):
    with psycopg.connect(database) as conn:
        key = people.add_key(conn, "store", Role.PLANNER, Role.STOREKEEPER)
    made = [
        call(doors[0], key, "POST", "/stores", {"site": "NTH", "code": "MAIN", "name": "Main", "bins": ["A1", "B1"]})[1]
    ]
    bins = [each["id"] for each in made[0]["bins"]]
    items = []
    for code in ("SEAL", "BRG", "OIL"):
        items.append(call(doors[0], key, "POST", "/items", {"site": "NTH", "code": code, "name": code})[1]["id"])
        call(doors[0], key, "POST", f"/items/{items[-1]}/receive", {"quantity": 5})
    orders = [str(seeded.orders[name]) for name in ("by hand", "reactive", "predictive", "emergency")]
    told: Counter[int] = Counter()

    def reserve_one(number: int) -> None:
        body = {"item_id": items[0], "quantity": 1}
        status, _ = call(doors[number % 2], key, "POST", f"/work-orders/{orders[number % 4]}/reservations", body)
        told[status] += 1

    def work(number: int) -> None:
        chance = random.Random(number)
        for _ in range(MOVES):
            item, order, many = chance.choice(items), chance.choice(orders), chance.randint(1, 3)
            what, body = chance.choice([
                ("issue", {"quantity": many, "order_id": order}),
                ("issue", {"quantity": many, "order_id": order, "emergency": True, "why": "down"}),
                ("return", {"quantity": 1, "order_id": order}), ("receive", {"quantity": many}),
                ("count", {"found": many, "bin_id": chance.choice(bins)}),
                ("transfer", {"quantity": 1, "from_bin": bins[0], "to_bin": bins[1]}), ("reserve", {}),
            ])  # fmt: skip
            path = f"/items/{item}/{what}"
            if what == "reserve":
                path, body = f"/work-orders/{order}/reservations", {"item_id": item, "quantity": many}
            status, answer = call(doors[number % 2], key, "POST", path, body)
            told[status] += 1
            assert status in (201, 409), answer

    def at_once(do: Any) -> None:
        threads = [threading.Thread(target=do, args=(number,)) for number in range(CLIENTS)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(300)

    at_once(reserve_one)
    with psycopg.connect(database) as conn:
        level = levels.get(conn, items[0], made[0]["id"])
        assert (level.on_hand, level.reserved, level.lacking) == (5, 5, 11)
    at_once(work)
    assert set(told) <= {201, 409}
    assert sum(told.values()) == CLIENTS * (MOVES + 1)
    with psycopg.connect(database) as conn:
        for item in items:
            level, stock = (
                levels.get(conn, item, made[0]["id"]),
                ledger.replay(levels.ledger(conn, item, made[0]["id"])),
            )
            assert (level.on_hand, level.reserved, level.shortage) == (stock.on_hand, stock.reserved, stock.shortage)
            assert 0 <= level.reserved <= level.on_hand
            in_bins = {(each.bin_id, each.lot): each.quantity for each in levels.lots(conn, item)}
            assert in_bins == {at: each.quantity for at, each in stock.bins.items()}
            assert not (level.lacking > 0 and level.free > 0), "what is free is with who waits"
