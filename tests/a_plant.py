"""A plant in the middle of a working day: machines, people, readings, orders. For tests and pictures."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from psycopg import Connection

from db.orders import decisions, work_orders
from db.people import assignments
from db.plant import plant
from db.telemetry import readings
from ingest.messages import Reason, Refused
from judge.columns import Columns
from runtime.cli.plant_file import load_plant
from workorder_core.intake import priority
from workorder_core.intake.decisions import AddEvidence, Open
from workorder_core.intake.findings import Finding, Sign
from workorder_core.orders import lifecycle
from workorder_core.orders.details import Complete, Start
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import CloseOut
from workorder_core.people.access import Role, Who
from workorder_core.words import CloseFinding, Criticality, FailureMode, OrderType, Severity

SAMPLE = Path(__file__).parent.parent / "data" / "samples" / "plant.toml"
_NAMES = UUID("00000000-0000-0000-0000-00000000a11a")
STEP = timedelta(minutes=10)

USUAL = {
    "speed": (2950.0, 8.0, "rpm"),
    "flow": (182.0, 2.5, "m3/h"),
    "discharge_pressure": (6.1, 0.06, "bar"),
    "bearing_temp": (58.0, 0.7, "degC"),
    "bearing_temp_radial": (54.0, 0.6, "degC"),
    "oil_temp": (46.0, 0.6, "degC"),
    "vibration": (1.7, 0.09, "mm/s"),
}


@dataclass(frozen=True, slots=True)
class Drift:
    """How a signal leaves what is usual: by so much at ``at``, over the hours before."""

    signal: str
    by: float
    hours: float


@dataclass(frozen=True, slots=True)
class Seeded:
    """The ids of what was made."""

    orders: dict[str, UUID]
    assets: dict[str, int]


DRIFTS: dict[str, Sequence[Drift]] = {
    "P-103": [Drift("bearing_temp", 13.5, 30), Drift("vibration", 1.3, 30), Drift("oil_temp", 4.0, 26)],
    "P-105": [Drift("bearing_temp", 41.0, 1.5), Drift("bearing_temp_radial", 17.0, 1.5)],
    "P-104": [Drift("flow", -74.0, 0.7), Drift("discharge_pressure", -2.1, 0.7)],
    "P-106": [Drift("vibration", 0.9, 50)],
    "P-102": [Drift("oil_temp", 7.0, 40)],
}


def build(conn: Connection, *, now: datetime, days: float = 2, seed: int = 7) -> Seeded:
    """Fill a migrated database; nothing is committed."""
    load_plant(conn, SAMPLE, at=now - timedelta(days=days))
    assets = {asset.code: asset.id for asset in plant.assets(conn, now=now)}
    _measure(conn, assets, now, days, random.Random(seed))
    orders = {
        "emergency": _open(conn, assets["P-105"], Criticality.HIGH, runaway, now, timedelta(minutes=9)),
        "predictive": _open(conn, assets["P-103"], Criticality.HIGH, wearing, now, timedelta(hours=6)),
        "reactive": _open(conn, assets["P-104"], Criticality.HIGH, no_flow, now, timedelta(hours=5)),
        "unspecific": _open(conn, assets["P-106"], Criticality.MEDIUM, unusual, now, timedelta(hours=30)),
        "done": _open(conn, assets["P-102"], Criticality.MEDIUM, hot_oil, now, timedelta(days=3)),
    }
    _more_evidence(conn, orders["predictive"], assets["P-103"], now)
    asset = plant.asset(conn, assets["P-101"], now=now)
    orders["by hand"] = work_orders.create_by_hand(
        conn,
        asset=asset,
        kind=OrderType.INSPECTION,
        title="Look at the coupling guard, it rattles",
        component="coupling",
        failure_mode=FailureMode.NOI,
        actor="person:Mette Lund",
        at=now - timedelta(hours=2),
        why="Heard on the morning round.",
    ).id
    _work(conn, orders, now)
    return Seeded(orders, assets)


def refusals(now: datetime) -> list[Refused]:
    """Messages as devices send them on a bad day."""
    at = int(now.timestamp() * 1e6)
    sent = [
        (
            "P-108",
            b'{"ts": 1772441640000, "values": {"flow": NaN}}',
            Reason.WRONG_SHAPE,
            "'flow' is NaN, which is no number",
        ),
        ("P-107", b"\x93NUMPY\x01\x00v\x00{'descr'", Reason.NOT_JSON, "the payload is not JSON"),
        ("P-104", b'{"values": {"flow": 181.2}}', Reason.NO_TIME, "there is no 'ts': say when it was measured"),
    ]
    return [
        Refused(topic=f"plantwright/v1/NTH/{asset}", payload=payload, received_us=at, reason=reason, problem=problem)
        for asset, payload, reason, problem in sent
    ]


def a_finding(
    asset: str = "NTH/P-103",
    *,
    component: str = "bearing",
    mode: FailureMode = FailureMode.OHE,
    severity: Severity = Severity.DEGRADING,
    source: str = "model:level shift",
    at: datetime,
    lasted: timedelta,
    score: float | None = None,
    limit: float | None = None,
    signs: Sequence[tuple[str, float, float]] = (("bearing_temp", 71.4, 1.0),),
    summary: str = "the thrust bearing runs 13 °C hotter than it should at this load",
) -> Finding:
    """A finding whose signs are (signal, value, share)."""
    return Finding(
        asset=asset,
        arrival=10**9,
        component=component,
        failure_mode=mode,
        severity=severity,
        source=source,
        version="9f2c41d07ab3",
        since=at - lasted,
        at=at,
        score=score,
        limit=limit,
        signs=tuple(
            Sign(
                signal=name,
                value=value,
                unit=USUAL[name][2],
                usual_low=USUAL[name][0] - 3.5 * USUAL[name][1],
                usual_high=USUAL[name][0] + 3.5 * USUAL[name][1],
                share=share,
            )
            for name, value, share in signs
        ),
        summary=summary,
    )


def runaway(at: datetime) -> Finding:
    return a_finding(
        "NTH/P-105",
        severity=Severity.SAFETY,
        source="rule:bearing_too_hot",
        at=at,
        lasted=timedelta(minutes=10),
        limit=95.0,
        signs=[("bearing_temp", 97.8, 0.8), ("bearing_temp_radial", 70.3, 0.2)],
        summary="the thrust bearing is at 97.8 °C, above the safety limit of 95 °C, and still rising",
    )


def wearing(at: datetime) -> Finding:
    return a_finding(
        "NTH/P-103",
        at=at,
        lasted=timedelta(hours=7),
        score=0.93,
        limit=0.6,
        signs=[("bearing_temp", 69.2, 0.52), ("vibration", 2.8, 0.31), ("oil_temp", 49.4, 0.17)],
    )


def no_flow(at: datetime) -> Finding:
    return a_finding(
        "NTH/P-104",
        component="impeller",
        mode=FailureMode.LOO,
        severity=Severity.MALFUNCTION,
        source="rule:flow_lost",
        at=at,
        lasted=timedelta(minutes=20),
        limit=120.0,
        signs=[("flow", 108.0, 0.7), ("discharge_pressure", 4.0, 0.3)],
        summary="flow has fallen to 108 m³/h at full speed, and the pressure with it",
    )


def unusual(at: datetime) -> Finding:
    return a_finding(
        "NTH/P-106",
        component="machine",
        mode=FailureMode.UNK,
        at=at,
        lasted=timedelta(hours=12),
        score=0.71,
        limit=0.6,
        signs=[("vibration", 2.2, 0.82), ("speed", 2949.0, 0.18)],
        summary="the machine vibrates more than it should at this speed; what it is, the signals don't say",
    )


def hot_oil(at: datetime) -> Finding:
    return a_finding(
        "NTH/P-102",
        component="lubrication",
        at=at,
        lasted=timedelta(hours=9),
        score=0.77,
        limit=0.6,
        signs=[("oil_temp", 51.0, 1.0)],
        summary="the oil runs 5 °C hotter than it should at this load",
    )


def _measure(conn: Connection, assets: dict[str, int], now: datetime, days: float, chance: random.Random) -> None:
    """Store readings that end a moment before ``now``: daily cycles, noise, and what goes wrong."""
    signals = plant.signals(conn, list(assets.values()))
    ids: list[int] = []
    at_us: list[int] = []
    arrivals: list[int] = []
    values: list[float] = []
    steps = int(timedelta(days=days) / STEP)
    for number in range(steps):
        at = now - timedelta(seconds=40) - (steps - 1 - number) * STEP
        for code, asset_id in assets.items():
            day = math.sin(2 * math.pi * (at.hour + at.minute / 60) / 24)
            for signal in signals[asset_id]:
                mean, noise, _ = USUAL[signal.name]
                drift = sum(_drift(each, now - at) for each in DRIFTS.get(code, ()) if each.signal == signal.name)
                ids.append(signal.id)
                at_us.append(int(at.timestamp() * 1_000_000))
                arrivals.append(number + 1)
                values.append(round(mean + noise * (chance.gauss(0, 0.6) + 1.2 * day) + drift, 4))
    stored = Columns(ids, at_us, [each + 800_000 for each in at_us], arrivals, values, [False] * len(ids))
    readings.insert_new(conn, stored)
    conn.execute("UPDATE judge_position SET next_arrival = %s", [steps + 1])


def _drift(drift: Drift, before: timedelta) -> float:
    part = 1 - before / timedelta(hours=drift.hours)
    return drift.by * part**1.5 if part > 0 else 0.0


def _open(conn, asset_id, criticality, finding_at, now, ago) -> UUID:
    finding = finding_at(now - ago)
    order_id = uuid5(_NAMES, finding.summary)
    urgency = priority.of_finding(criticality, finding.severity)
    decisions.apply(conn, Open(order_id, finding, None), urgency, asset_id=asset_id, now=now - ago)
    return order_id


def _more_evidence(conn: Connection, order_id: UUID, asset_id: int, now: datetime) -> None:
    urgency = priority.of_finding(Criticality.HIGH, Severity.DEGRADING)
    for ago, score, temperature in ((4.0, 0.95, 70.1), (0.5, 0.98, 71.4)):
        finding = a_finding(
            at=now - timedelta(hours=ago),
            lasted=timedelta(hours=13 - ago),
            score=score,
            limit=0.6,
            signs=[("bearing_temp", temperature, 0.55), ("vibration", 3.0, 0.3), ("oil_temp", 50.0, 0.15)],
        )
        decisions.apply(conn, AddEvidence(order_id, finding), urgency, asset_id=asset_id, now=now)


def _work(conn: Connection, orders: dict[str, UUID], now: datetime) -> None:
    """Let people do what they do: one order is being worked on, one is done and waits for somebody to look."""
    planner = Who("person:Ingrid Dahl", frozenset({Role.PLANNER}))

    def take(name, step, ago, why="") -> None:
        at = now - timedelta(hours=ago)
        work_orders.change(conn, orders[name], lambda order: step(order, at), actor=planner.actor, at=at, why=why)

    assignments.assign_to(conn, orders["reactive"], "petersen", who=planner, at=now - timedelta(hours=4.5))
    take("reactive", lambda order, at: lifecycle.apply_step(order, Step.START, Start(), at=at), 4)
    assignments.assign_to(conn, orders["done"], "holm", who=planner, at=now - timedelta(hours=60))
    take("done", lambda order, at: lifecycle.apply_step(order, Step.START, Start(), at=at), 50)
    close_out = CloseOut(
        finding=CloseFinding.CONFIRMED,
        failure_mode=FailureMode.OHE,
        cause="wear",
        remedy="service",
        note="Oil was black; changed oil and filter.",
    )
    take(
        "done",
        lambda order, at: lifecycle.apply_step(order, Step.COMPLETE, Complete(close_out), at=at),
        1,
        close_out.note,
    )
