"""Two years of the sample plant's ordinary life as a list: what was to be done, who did it, what was found.

Pure, and the same under the same seed. ``living`` writes it to a database.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from db.orders.closing import FollowUp, PartUsed
from workorder_core.orders.close_out import Cause, Mechanism, Remedy
from workorder_core.orders.order import CloseOut
from workorder_core.words import CloseFinding, FailureMode, HoldReason, OrderType, Severity

YEARS = timedelta(days=730)
QUIET = timedelta(days=70)
"""The last days, left out here: they belong to the small past and the demo's own story."""
SITE_ZONE = ZoneInfo("Europe/Copenhagen")
PUMPS = tuple(f"P-{number}" for number in range(101, 109))

_DAY = ("holm", "petersen", "yilmaz", "nowak")
_ELECTRICAL = ("lund", "yilmaz", "nowak")
_INSTRUMENTS = ("okafor", "lund", "nowak")
PRICES = {
    "oil ISO VG 68": Decimal("7.85"),
    "bearing 6312": Decimal("96.40"),
    "mechanical seal 45 mm": Decimal("412.50"),
    "impeller": Decimal("1840.00"),
    "coupling element": Decimal("58.90"),
    "temperature sensor PT100": Decimal("74.25"),
    "contactor 45 kW": Decimal("131.00"),
    "strainer basket": Decimal("39.95"),
}
"""The unit price of each part, in EUR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the engine found: a rule or a model, and the signal that led to it."""

    source: str
    severity: Severity
    signal: str
    unit: str
    value: float
    usual: tuple[float, float]
    summary: str
    lasted: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One order from its beginning to its end; all later times are in hours after ``at``.

    Parameters
    ----------
    seen
        What the engine found; None if somebody requested it (``by``).
    held, rework
        Why the work waited, and whether it was sent back once; None and False if all went well.
    """

    at: datetime
    asset: str
    type: OrderType
    title: str
    skill: str
    technician: str
    found: CloseOut
    by: str = "berg"
    component: str = "pump"
    mode: FailureMode = FailureMode.UNK
    plan: str | None = None
    measured: tuple[float, ...] = ()
    wait_h: float = 2.0
    hours: float = 1.0
    parts: tuple[PartUsed, ...] = ()
    external: Decimal | None = None
    follow_ups: tuple[FollowUp, ...] = ()
    remark: str = ""
    held: HoldReason | None = None
    rework: bool = False
    seen: Seen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """A kind of failure with its usual findings and repairs."""

    component: str
    mode: FailureMode
    title: str
    skill: str
    people: Sequence[str]
    mechanism: Mechanism
    remedy: Remedy
    note: str
    part: PartUsed | None
    hours: float
    down_h: float
    signs: tuple[str, str, float, float, float] | None = None
    """Signal, unit, value, usual low and usual high, if the engine can see it."""
    plan: str | None = None


_TROUBLES = (
    _Trouble(
        component="bearing", mode=FailureMode.OHE, title="Bearing: overheating", skill="mechanical", people=_DAY,
        mechanism=Mechanism.WEAR, remedy=Remedy.REPLACE, note="Raceway pitted; both bearings replaced.",
        part=PartUsed(part="bearing 6312", used=2), hours=6, down_h=7, signs=("bearing_temp", "degC", 78.4, 44.0, 63.0),
    ),
    _Trouble(
        component="bearing", mode=FailureMode.VIB, title="Bearing: vibration", skill="mechanical", people=_DAY,
        mechanism=Mechanism.VIBRATION, remedy=Remedy.REPLACE, note="Outer race spalled.",
        part=PartUsed(part="bearing 6312", used=2), hours=6.5, down_h=7, signs=("vibration", "mm/s", 5.1, 0.9, 2.3),
        plan="BEARING-SWAP",
    ),
    _Trouble(
        component="impeller", mode=FailureMode.LOO, title="Impeller: low output", skill="mechanical", people=_DAY,
        mechanism=Mechanism.EROSION, remedy=Remedy.REPLACE, note="Vanes worn thin; wear ring renewed too.",
        part=PartUsed(part="impeller", used=1), hours=9, down_h=11, signs=("flow", "m3/h", 131.0, 182.0, 236.0),
    ),
    _Trouble(
        component="shaft_seal", mode=FailureMode.ELP, title="Water below the shaft seal", skill="mechanical",
        people=_DAY, mechanism=Mechanism.LEAKAGE, remedy=Remedy.REPLACE, note="Seal faces scored.",
        part=PartUsed(part="mechanical seal 45 mm", used=1), hours=4.5, down_h=5,
    ),
    _Trouble(
        component="coupling", mode=FailureMode.NOI, title="Coupling rattles", skill="mechanical", people=_DAY,
        mechanism=Mechanism.LOOSENESS, remedy=Remedy.ADJUST, note="Element worn, realigned to 0.04 mm.",
        part=PartUsed(part="coupling element", used=1), hours=3, down_h=3.5,
    ),
    _Trouble(
        component="control_cabinet", mode=FailureMode.FTS, title="Does not start from the control room",
        skill="electrical", people=_ELECTRICAL, mechanism=Mechanism.OPEN_CIRCUIT, remedy=Remedy.REPLACE,
        note="Contactor burnt.", part=PartUsed(part="contactor 45 kW", used=1), hours=2, down_h=3,
    ),
    _Trouble(
        component="temperature_sensor", mode=FailureMode.AIR, title="Bearing temperature jumps",
        skill="instrumentation", people=_INSTRUMENTS,
        mechanism=Mechanism.FAULTY_SIGNAL, remedy=Remedy.REPLACE, note="Cable chafed through.",
        part=PartUsed(part="temperature sensor PT100", used=1), hours=1.5, down_h=0,
    ),
)  # fmt: skip

_OTHER = (
    (FailureMode.PLU, Mechanism.BLOCKAGE, Remedy.REFIT, "Not that: the strainer was full of leaves. Cleaned."),
    (FailureMode.AIR, Mechanism.FAULTY_SIGNAL, Remedy.ADJUST, "Not that: the transmitter had drifted. Adjusted."),
)
_NOTHING = (
    "Measured again, all within limits.",
    "Quiet and cool; a hot day and full load.",
    "Nothing to be seen. Somebody had throttled the valve.",
)
_HOLDS = (HoldReason.PARTS, HoldReason.ACCESS, HoldReason.PERMIT)


def life(seed: int, *, until: datetime) -> list[Work]:
    """Return what happened in the two years that end ``QUIET`` before a moment, by its beginning."""
    chance = random.Random(f"two years {seed}")
    begin, end = until - YEARS, until - QUIET
    return sorted(
        [*_rounds(chance, begin, end), *_yearly(chance, begin, end), *_troubles(chance, begin, end)],
        key=lambda work: (work.at, work.asset, work.title),
    )


def _at(day: datetime, hour: int, minute: int) -> datetime:
    """Return a time on a working day of the site; weekends move to Monday."""
    local = day.astimezone(SITE_ZONE).date()
    local += timedelta(days=(7 - local.weekday()) if local.weekday() > 4 else 0)
    return datetime.combine(local, time(hour, minute), SITE_ZONE).astimezone(day.tzinfo)


def _rounds(chance: random.Random, begin: datetime, end: datetime) -> Iterator[Work]:
    """Yield one round per quarter at each pump; some find something that should be done soon."""
    for number, asset in enumerate(PUMPS):
        day = begin + timedelta(days=3 + 9 * number)
        while day < end - timedelta(days=10):
            vibration, temperature = round(chance.uniform(0.9, 2.9), 1), round(chance.uniform(41, 64), 0)
            loud = vibration > 2.5
            follow_up = FollowUp(
                title="Align the coupling", type=OrderType.PROACTIVE, component="coupling",
                why=f"{vibration} mm/s at twice the speed on the round",
            )  # fmt: skip
            yield Work(
                at=_at(day, 7, chance.randrange(60)),
                asset=asset,
                type=OrderType.INSPECTION,
                title="Inspection round",
                skill="mechanical",
                technician=chance.choice(_DAY[:3]),
                plan="PUMP-ROUND",
                measured=(vibration, temperature),
                hours=round(chance.uniform(0.6, 1.4), 1),
                found=_nothing(Remedy.SERVICE, "Loud; see the follow-up." if loud else "All as it should be."),
                follow_ups=(follow_up,) if loud else (),
                wait_h=chance.uniform(1, 5),
            )
            if loud:
                yield _alignment(chance, asset, day + timedelta(days=chance.randrange(6, 15)))
            day += timedelta(days=91)


def _alignment(chance: random.Random, asset: str, day: datetime) -> Work:
    return Work(
        at=_at(day, 8, chance.randrange(60)),
        asset=asset,
        type=OrderType.PROACTIVE,
        title="Renew the coupling element before it wears out",
        skill="mechanical",
        technician="holm",
        component="coupling",
        hours=round(chance.uniform(2, 3.5), 1),
        parts=(PartUsed(part="coupling element", used=1),),
        found=_nothing(Remedy.ADJUST, "Aligned to 0.03 mm."),
    )


def _yearly(chance: random.Random, begin: datetime, end: datetime) -> Iterator[Work]:
    """Yield the yearly work: oil changes, and the strainers in autumn."""
    for number, asset in enumerate(PUMPS):
        for year in range(2):
            day = begin + timedelta(days=365 * year + 20 + 31 * number)
            if day < end - timedelta(days=10):
                yield Work(
                    at=_at(day, 14, chance.randrange(50)),
                    asset=asset,
                    type=OrderType.PREVENTIVE,
                    title="Yearly oil change",
                    skill="mechanical",
                    technician="petersen",
                    component="bearing",
                    plan="OIL-CHANGE",
                    hours=round(chance.uniform(1.2, 2.2), 1),
                    parts=(PartUsed(part="oil ISO VG 68", used=2.5, unit="l"),),
                    found=_nothing(Remedy.SERVICE, "Oil was clear."),
                    held=HoldReason.PARTS if chance.random() < 0.15 else None,
                )
            strainer = begin + timedelta(days=365 * year + 290 + 3 * number)
            if strainer < end - timedelta(days=10):
                yield Work(
                    at=_at(strainer, 9, chance.randrange(50)),
                    asset=asset,
                    type=OrderType.PREVENTIVE,
                    title="Clean the strainer",
                    skill="mechanical",
                    technician=chance.choice(_DAY),
                    component="strainer",
                    hours=round(chance.uniform(0.8, 1.6), 1),
                    parts=(PartUsed(part="strainer basket", used=1),) if chance.random() < 0.3 else (),
                    found=_nothing(Remedy.REFIT, "Leaves, a plastic bag."),
                )


def _troubles(chance: random.Random, begin: datetime, end: datetime) -> Iterator[Work]:
    """Yield the failures: about one a week, more in winter; the engine finds most of those it can see."""
    day = begin + timedelta(days=2)
    while day < end - timedelta(days=12):
        trouble, asset = chance.choice(_TROUBLES), chance.choice(PUMPS)
        at = day.replace(hour=chance.randrange(24), minute=chance.randrange(60))
        if trouble.signs is not None and chance.random() < 0.8:
            yield _found_by_the_engine(chance, trouble, asset, at)
        else:
            yield _asked_for(chance, trouble, asset, _at(day, chance.randrange(6, 17), chance.randrange(60)))
        winter = day.month in (11, 12, 1, 2)
        day += timedelta(days=chance.uniform(3, 8) if winter else chance.uniform(5, 13))


def _found_by_the_engine(chance: random.Random, trouble: _Trouble, asset: str, at: datetime) -> Work:
    assert trouble.signs is not None
    signal, unit, value, low, high = trouble.signs
    severity = chance.choices(
        (Severity.DEGRADING, Severity.MALFUNCTION, Severity.SAFETY), weights=(70, 24, 6 if signal != "flow" else 0)
    )[0]
    rule = severity is not Severity.DEGRADING
    said = f"{signal.replace('_', ' ')} is {value} {unit}, usually {low:g} to {high:g}"
    seen = Seen(
        source=f"rule:{signal.replace('_', '-')}-limit" if rule else "model:level-shift",
        severity=severity,
        signal=signal,
        unit=unit,
        value=round(value * (1.15 if severity is Severity.SAFETY else 1.0), 1),
        usual=(low, high),
        summary=f"{said}: above its limit" if rule and value > high else said,
        lasted=timedelta(minutes=chance.randrange(20, 400)),
    )
    kind = chance.choices(("confirmed", "nothing", "other"), weights=(85, 8, 7) if rule else (70, 19, 11))[0]
    return _repaired(
        chance, trouble, asset, at, type_=severity.order_type, kind=kind, seen=seen,
        wait_h=chance.uniform(0.1, 0.6) if severity is Severity.SAFETY else chance.uniform(2, 40),
    )  # fmt: skip


def _asked_for(chance: random.Random, trouble: _Trouble, asset: str, at: datetime) -> Work:
    kind = chance.choices(("confirmed", "nothing", "other"), weights=(80, 14, 6))[0]
    return _repaired(chance, trouble, asset, at, type_=OrderType.REACTIVE, kind=kind, wait_h=chance.uniform(0.5, 20))


def _repaired(
    chance: random.Random,
    trouble: _Trouble,
    asset: str,
    at: datetime,
    *,
    type_: OrderType,
    kind: str,
    wait_h: float,
    seen: Seen | None = None,
) -> Work:
    confirmed = kind == "confirmed"
    worse = 2.0 if type_ is OrderType.EMERGENCY else 1.0
    down = round(trouble.down_h * worse * chance.uniform(0.7, 1.5) * 60) if confirmed else 0
    outside = confirmed and chance.random() < 0.12
    return Work(
        at=at,
        asset=asset,
        type=type_,
        title=trouble.title,
        skill=trouble.skill,
        technician=chance.choice(trouble.people),
        by="dahl",
        component=trouble.component,
        mode=trouble.mode,
        plan=trouble.plan if seen is None and confirmed else None,
        measured=(1.4,),
        wait_h=wait_h,
        hours=round(trouble.hours * chance.uniform(0.7, 1.4), 1) if confirmed else round(chance.uniform(0.4, 1.5), 1),
        parts=(trouble.part,) if confirmed and trouble.part is not None else (),
        external=Decimal(chance.randrange(18_000, 95_000)).scaleb(-2) if outside else None,
        remark="" if seen else "Seen on the way to work.",
        held=chance.choice(_HOLDS) if confirmed and chance.random() < 0.2 else None,
        rework=confirmed and chance.random() < 0.07,
        seen=seen,
        found=_close_out(chance, trouble, kind, down),
    )


def _close_out(chance: random.Random, trouble: _Trouble, kind: str, down: int) -> CloseOut:
    if kind == "nothing":
        return _nothing(Remedy.CHECK, chance.choice(_NOTHING))
    mode, mechanism, remedy, note = chance.choice(_OTHER)
    if kind == "confirmed":
        mode, mechanism, remedy, note = trouble.mode, trouble.mechanism, trouble.remedy, trouble.note
    return CloseOut(
        finding=CloseFinding.CONFIRMED if kind == "confirmed" else CloseFinding.OTHER_CAUSE,
        failure_mode=mode,
        cause=chance.choices((Cause.WEAR, Cause.OPERATING_ERROR, Cause.INSTALLATION), weights=(8, 1, 1))[0],
        remedy=remedy,
        note=note,
        mechanism=mechanism,
        downtime_minutes=down,
    )


def _nothing(remedy: Remedy, note: str) -> CloseOut:
    cause = Cause.NO_CAUSE_FOUND
    return CloseOut(finding=CloseFinding.NOTHING_FOUND, failure_mode=None, cause=cause, remedy=remedy, note=note)
