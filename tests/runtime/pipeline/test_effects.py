"""The order book, the store, the shadow and the backtest's ledger make the same orders of the same decisions."""

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from db.documents import shadow
from db.orders import decisions, work_orders
from db.plant import plant
from runtime.backtest.ledger import Ledger
from runtime.cli.plant_file import load_plant
from tests import a_plant
from workorder_core.intake import intake, priority
from workorder_core.intake.decisions import Collect, Decision, Merge
from workorder_core.intake.effects import What, apply_decision
from workorder_core.intake.order_book import OrderBook
from workorder_core.orders.lifecycle import DONE, FINAL, WAITING
from workorder_core.words import WHOLE_MACHINE, Criticality, FailureMode, Severity, Status

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FAULTS = [
    (WHOLE_MACHINE, FailureMode.UNK),
    ("bearing", FailureMode.OHE),
    ("bearing", FailureMode.VIB),
    ("seal", FailureMode.ELP),
]
SIGNALS = tuple(a_plant.USUAL)


@dataclass
class Four:
    """The four folds of one stream of decisions, and what of the evidence the book leaves out by order."""

    conn: Any
    run_id: int
    assets: dict[str, int]
    book: OrderBook = field(default_factory=OrderBook)
    ledger: Ledger = field(default_factory=Ledger)
    uncounted: Counter[UUID] = field(default_factory=Counter)

    def apply(self, decision: Decision, at: datetime) -> None:
        finding = decision.finding
        urgency = priority.of_finding(Criticality.HIGH, finding.severity)
        asset_id = self.assets[finding.asset]
        self.book.apply(decision)
        self.ledger.apply(decision)
        shadow.apply(self.conn, self.run_id, decision, asset_id=asset_id)
        decisions.apply(self.conn, decision, urgency, asset_id=asset_id, now=at)
        if isinstance(decision, Collect) or finding.cleared:
            self.uncounted[decision.order_id] += 1
        if isinstance(decision, Merge):
            self.uncounted[decision.order_id] += self.uncounted[decision.duplicate_id]

    def move(self, asset: str, order_id: UUID, status: Status, at: datetime) -> None:
        self.book.moved(asset, order_id, status, at=at)
        if status in FINAL:
            self.ledger.end(order_id, at, status.value)
        work_orders.change(
            self.conn, order_id, lambda it: replace(it, status=status, status_since=at), actor="person:a", at=at
        )

    def agree(self) -> None:
        shadowed = {order.id: order for order in shadow.orders(self.conn, self.run_id)}
        entries = {entry.id: entry for entry in self.book.all()}
        counted = dict(self.conn.execute("SELECT order_id, count(*) FROM evidence GROUP BY order_id").fetchall())
        assert len(list(self.ledger)) == len(shadowed)
        for kept in self.ledger:
            stored, shade = work_orders.get(self.conn, kept.id), shadowed[kept.id]
            facts = (kept.component, kept.failure_mode, kept.type, kept.duplicate_of)
            assert facts == (stored.component, stored.failure_mode, stored.type, stored.duplicate_of)
            assert facts == (shade.component, shade.failure_mode, shade.type, shade.duplicate_of)
            assert (kept.ended_at is not None) == (stored.status in FINAL)
            if kept.duplicate_of is not None:
                assert (stored.status, counted.get(kept.id)) == (Status.CANCELLED, None)
                assert kept.id not in entries
                continue
            assert kept.evidence == shade.evidence == counted[kept.id]
            entry = entries[kept.id]
            assert facts[:3] == (entry.component, entry.failure_mode, entry.severity.order_type)
            assert entry.status is stored.status
            assert kept.evidence == entry.evidence + self.uncounted[kept.id]


def findings(chance: random.Random, asset: str, at: datetime) -> Any:
    component, mode = chance.choices(FAULTS, [4, 3, 2, 1])[0]
    found = a_plant.a_finding(
        asset,
        component=component,
        mode=mode,
        severity=chance.choices(list(Severity), [12, 3, 1])[0],
        source=chance.choice(["rule:a", "model:b"]),
        at=at,
        lasted=timedelta(minutes=5),
        signs=((chance.choice(SIGNALS), 71.4, 1.0),),
    )
    return replace(found, inferred=mode.specific and chance.random() < 0.2)


def decided(chance: random.Random, four: Four, at: datetime) -> Decision | None:
    asset, other = chance.sample(sorted(four.assets), 2)
    finding = findings(chance, asset, at)
    chosen = chance.random()
    if chosen < 0.1:
        return intake.clear(replace(finding, cleared=True), four.book.of(asset))
    if chosen < 0.2:
        causes = [entry for entry in four.book.of(other) if entry.unfinished]
        return Collect(causes[0].id, other, finding) if causes else None
    return intake.decide(finding, four.book.of(asset), intake.Policy())


def test_all_four_make_the_same_orders_of_a_random_stream_of_decisions(database):
    seen: Counter[What] = Counter()
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE, at=START - timedelta(days=1))
        assets = {f"{each.site_code}/{each.code}": each.id for each in plant.assets(conn, now=START)[:2]}
        run_id = shadow.begin(
            conn, "the same", rulebook=None, models={"default": {"name": "off"}}, actor="person:a", why="to see"
        )
        conn.commit()
        for seed in range(4):
            chance, at, four = random.Random(seed), START, Four(conn, run_id, assets)
            for _ in range(70):
                at += timedelta(minutes=chance.choice([1, 10, 50, 200]))
                decision = decided(chance, four, at)
                if decision is not None:
                    seen[apply_decision(decision).what] += 1
                    four.apply(decision, at)
                entries = [entry for entry in four.book.all() if entry.unfinished]
                if entries and chance.random() < 0.15:
                    entry = chance.choice(entries)
                    nexts = DONE if entry.status in WAITING else FINAL
                    four.move(entry.asset, entry.id, chance.choice(sorted(nexts)), at)
                four.agree()
            conn.rollback()
    assert set(seen) == set(What), "each kind of decision was made"
