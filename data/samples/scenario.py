"""What happens at the sample's pump station: who runs when, what breaks and when. Drawn from the seed, no physics here.

Minute 0 is noon. Minutes are the sample's only clock; ``LIVE`` is the minute that a replay places at its anchor, and
the day after it can be repeated, because nothing in it depends on the day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

DAY = 1440
LIVE = 21 * DAY
MINUTES = LIVE + DAY
ASSETS = tuple(f"P-10{n}" for n in range(1, 9))
SIGNALS = ("speed", "flow", "discharge_pressure", "bearing_temp", "bearing_temp_radial", "oil_temp", "vibration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One true thing about one asset; ``fails_minute`` is None where nothing fails."""

    asset: str
    component: str
    what: str
    kind: str
    failure_mode: str | None = None
    begins_minute: int
    fails_minute: int | None = None
    ends_minute: int | None


@dataclass(slots=True)
class Plan:
    """One pump's three weeks and a day, minute by minute.

    Parameters
    ----------
    command
        Synchronous speed of the drive, rpm; 0 while it is told to stand still.
    wear
        Growth of the thrust bearing's friction, share per running minute.
    passage
        Share of the pump's flow coefficient that is left: 1 is free, 0.2 is nearly blocked.
    repaired_at
        Minutes at which the bearing is as new again.
    trips_at
        Thrust bearing temperature, degC, at which this pump is switched off in this sample; never when infinite.
    out_of_service
        Minutes that it stands still after such a trip, then it has a new bearing.
    roughness
        Vibration, mm/s, for each unit of extra friction: a flaking bearing shakes, a dry one mostly heats.
    """

    command: Array
    truths: list[Truth] = field(default_factory=list)
    wear: Array = field(default_factory=lambda: np.zeros(MINUTES))
    passage: Array = field(default_factory=lambda: np.ones(MINUTES))
    repaired_at: list[int] = field(default_factory=list)
    seizes_at: int | None = None
    trips_at: float = np.inf
    out_of_service: int = 0
    roughness: float = 4.6
    stuck: tuple[str, int, int] | None = None
    absent: tuple[str, int, int] | None = None
    clock: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all pumps share: air in the hall (degC), pressure in the main and in the suction well (Pa, gauge)."""

    air: Array
    main: Array
    well: Array


def draw(seed: int) -> tuple[Surroundings, dict[str, Plan]]:
    """Everything that the seed decides before physics. Each pump has a random stream of its own."""
    fates = (_wears, _runs_daily, _loses_flow, _loses_oil, _sensor_sticks, _sensor_absent, _clock_jumps, _new_duty)
    plans = {}
    for number, (asset, fate) in enumerate(zip(ASSETS, fates, strict=True)):
        rng = np.random.default_rng([seed, number])
        plan = fate(asset, rng)
        wander = wandering(rng, MINUTES, spread=7.0, minutes=240) + wandering(rng, MINUTES, spread=2.0, minutes=12)
        plan.command = np.where(plan.command > 0, plan.command + wander, 0.0)
        plans[asset] = plan
    return _surroundings(np.random.default_rng([seed, 100])), plans


def without_faults(plans: dict[str, Plan]) -> dict[str, Plan]:
    """The same pumps with the same duties and stops, of which nothing ever fails: no machine, no sensor, no clock."""
    return {asset: Plan(plan.command, roughness=plan.roughness) for asset, plan in plans.items()}


def wandering(rng: np.random.Generator, length: int, *, spread: float, minutes: float) -> Array:
    """A mean-reverting wander around 0 that forgets within so many minutes, kept within 2.5 spreads."""
    keep = np.exp(-1.0 / minutes)
    shocks = rng.standard_normal(length) * spread * np.sqrt(1 - keep**2)
    limit = 2.5 * spread
    value = rng.standard_normal() * spread
    values = []
    for shock in shocks.tolist():
        value = max(-limit, min(limit, value * keep + shock))
        values.append(value)
    return np.array(values)


def _surroundings(rng: np.random.Generator) -> Surroundings:
    minute = np.arange(MINUTES)
    weather = wandering(rng, MINUTES, spread=1.3, minutes=2 * DAY)
    weather[LIVE:] = weather[LIVE]
    # Warmest at 15:00, which is minute 180 of every day.
    air = rng.uniform(17.5, 20.5) + rng.uniform(1.8, 2.8) * np.cos((minute - 180) * 2 * np.pi / DAY) + weather
    # The town draws most in the morning and the evening, which lets the main's pressure down.
    demand = np.cos((minute - 450) * 4 * np.pi / DAY)
    main = 3.6e5 - 0.06e5 * demand + wandering(rng, MINUTES, spread=0.04e5, minutes=90)
    well = 0.60e5 + wandering(rng, MINUTES, spread=0.03e5, minutes=600)
    return Surroundings(air=air, main=main, well=well)


def _duty(rng: np.random.Generator, levels: Sequence[tuple[float, float]], *, jitter: int = 12) -> Array:
    """Speed over all days from (hour of the day, rpm from then on), in the order of the day that begins at noon."""
    command = np.full(MINUTES, levels[-1][1])
    for day in range(MINUTES // DAY):
        for hour, rpm in levels:
            early_or_late = 0 if day * DAY >= LIVE else int(rng.integers(-jitter, jitter + 1))
            command[day * DAY + int((hour - 12) % 24 * 60) + early_or_late :] = rpm
    return command


def _stand(command: Array, begins: int, ends: int) -> None:
    command[begins:ends] = 0.0


def _changeovers(rng: np.random.Generator, command: Array, days: Sequence[int]) -> None:
    """The weekly change to the spare pump: some hours of standing, in the morning."""
    for day in days:
        begins = day * DAY + int(rng.integers(1140, 1300))
        _stand(command, begins, begins + int(rng.integers(90, 240)))


def _maintenance(rng: np.random.Generator, asset: str, plan: Plan, day: int, hours: tuple[float, float]) -> None:
    begins = day * DAY + int(rng.integers(1180, 1260))
    ends = begins + int(rng.uniform(*hours) * 60)
    _stand(plan.command, begins, ends)
    what = "planned maintenance: the pump stands still, is inspected and greased, and starts cold"
    plan.truths.append(
        Truth(
            asset=asset, component="machine", what=what, kind="maintenance_stop", begins_minute=begins, ends_minute=ends
        )
    )


def _healthy(asset: str, what: str) -> Truth:
    return Truth(asset=asset, component="machine", what=what, kind="healthy", begins_minute=0, ends_minute=MINUTES)


def _moment(rng: np.random.Generator, first_day: float, last_day: float) -> int:
    return int(rng.uniform(first_day, last_day) * DAY)


def _wears(asset: str, rng: np.random.Generator) -> Plan:
    top = rng.uniform(2780, 2880)
    plan = Plan(_duty(rng, [(22, top - rng.uniform(160, 240)), (6, top)]))
    _changeovers(rng, plan.command, (2, 5))
    begins, fails = _moment(rng, 7, 10), _moment(rng, 16.2, 18.8)
    ends = fails + int(rng.uniform(26, 38) * 60)
    worst = rng.uniform(1.5, 1.8)
    age = np.linspace(0, 1, fails - begins + 1)
    # The friction on top of the healthy one: a slow rise over days, then flaking feeds on itself.
    friction = 1 + worst * (0.20 * age + 0.25 * age**2 + 0.55 * age**8)
    plan.wear[begins:fails] = np.diff(np.log(friction))
    plan.repaired_at.append(ends)
    plan.seizes_at = fails
    _stand(plan.command, fails, ends)
    what = "the thrust bearing wears for days, faster towards the end, until it seizes; then it gets a new one"
    plan.truths.append(
        Truth(
            asset=asset,
            component="thrust_bearing",
            what=what,
            kind="predictive",
            failure_mode="BRD",
            begins_minute=begins,
            fails_minute=fails,
            ends_minute=ends,
        )
    )
    return plan


def _runs_daily(asset: str, rng: np.random.Generator) -> Plan:
    plan = Plan(_duty(rng, [(22 - rng.uniform(0, 1), 0.0), (5.5 + rng.uniform(0, 1), rng.uniform(2700, 2860))]))
    plan.truths.append(_healthy(asset, "healthy: starts every morning and stops every night"))
    _maintenance(rng, asset, plan, int(rng.integers(8, 14)), (6, 10))
    return plan


def _loses_flow(asset: str, rng: np.random.Generator) -> Plan:
    top = rng.uniform(2760, 2880)
    plan = Plan(_duty(rng, [(17, top), (21, top - rng.uniform(220, 300)), (6, top), (9, top - rng.uniform(80, 130))]))
    _changeovers(rng, plan.command, (3, 18))
    begins = _moment(rng, 9, 14.5)
    stopped = begins + int(rng.uniform(3, 7) * 60)
    ends = stopped + int(rng.uniform(4, 10) * 60)
    left = rng.uniform(0.14, 0.26)
    plan.passage[begins:ends] = left
    plan.passage[begins : begins + 2] = (0.6 + 0.4 * left, 0.3 + 0.7 * left)
    _stand(plan.command, stopped, ends)
    what = (
        f"rags block the impeller within minutes while the pump runs on; stopped by hand at minute {stopped}, cleaned"
    )
    plan.truths.append(
        Truth(
            asset=asset,
            component="impeller",
            what=what,
            kind="reactive",
            failure_mode="LOO",
            begins_minute=begins,
            fails_minute=begins,
            ends_minute=ends,
        )
    )
    return plan


def _loses_oil(asset: str, rng: np.random.Generator) -> Plan:
    top = rng.uniform(2780, 2880)
    plan = Plan(_duty(rng, [(23, top - rng.uniform(150, 220)), (5, top)]), roughness=1.1)
    _changeovers(rng, plan.command, (2, 9))
    begins = _moment(rng, 11, 17.5)
    plan.wear[begins : begins + 5 * 60] = rng.uniform(0.016, 0.026)
    plan.trips_at = rng.uniform(114, 124)
    plan.out_of_service = int(rng.uniform(20, 36) * 60)
    what = "the thrust bearing loses its oil and runs hot within hours, past 105 degC, until the pump trips"
    plan.truths.append(
        Truth(
            asset=asset,
            component="thrust_bearing",
            what=what,
            kind="emergency",
            failure_mode="OHE",
            begins_minute=begins,
            ends_minute=None,
        )
    )
    return plan


def _sensor_sticks(asset: str, rng: np.random.Generator) -> Plan:
    top = rng.uniform(2740, 2860)
    plan = Plan(_duty(rng, [(22, top - rng.uniform(180, 260)), (6, top - rng.uniform(0, 60)), (10, top)]))
    _changeovers(rng, plan.command, (3, 6, 17))
    begins = _moment(rng, 8, 13.5)
    ends = begins + int(rng.uniform(26, 46) * 60)
    plan.stuck = ("bearing_temp_radial", begins, ends)
    what = "the radial bearing's temperature sensor repeats one value while the pump runs on; the pump is healthy"
    plan.truths.append(
        Truth(
            asset=asset,
            component="bearing_temp_radial_sensor",
            what=what,
            kind="sensor",
            failure_mode="AIR",
            begins_minute=begins,
            fails_minute=begins,
            ends_minute=ends,
        )
    )
    return plan


def _sensor_absent(asset: str, rng: np.random.Generator) -> Plan:
    top = rng.uniform(2740, 2860)
    plan = Plan(_duty(rng, [(21, top - rng.uniform(120, 200)), (6, top)]))
    _changeovers(rng, plan.command, (4, 18))
    begins = _moment(rng, 9, 14.5)
    ends = begins + int(rng.uniform(25, 46) * 60)
    plan.absent = ("vibration", begins, ends)
    what = "the vibration sensor's value is absent from every frame; the pump is healthy"
    plan.truths.append(
        Truth(
            asset=asset,
            component="vibration_sensor",
            what=what,
            kind="sensor",
            failure_mode="AIR",
            begins_minute=begins,
            fails_minute=begins,
            ends_minute=ends,
        )
    )
    return plan


def _clock_jumps(asset: str, rng: np.random.Generator) -> Plan:
    plan = Plan(_duty(rng, [(21 - rng.uniform(0, 1), 0.0), (6 + rng.uniform(0, 1), rng.uniform(2660, 2820))]))
    first = _moment(rng, 8, 10)
    second = _moment(rng, 11, 13)
    third = _moment(rng, 14, 17)
    for i in range(int(rng.integers(5, 13))):
        plan.clock[first + i] = f"1970-01-01T00:{i:02d}:00Z"
    for i in range(int(rng.integers(3, 9))):
        plan.clock[second + i] = f"2100-01-01T00:{i:02d}:00Z"
    for i in range(int(rng.integers(60, 121))):
        plan.clock[third + i] = "-3600"
    claims = ("jumps to 1970", "jumps to 2100", "falls back an hour")
    for claim, begins in zip(claims, (first, second, third), strict=True):
        length = next(n for n in range(MINUTES) if begins + n not in plan.clock)
        what = f"the device's clock {claim} for {length} frames; the pump is healthy"
        plan.truths.append(
            Truth(
                asset=asset,
                component="device_clock",
                what=what,
                kind="clock",
                begins_minute=begins,
                fails_minute=begins,
                ends_minute=begins + length,
            )
        )
    _maintenance(rng, asset, plan, int(rng.integers(5, 7)), (4, 6))
    return plan


def _new_duty(asset: str, rng: np.random.Generator) -> Plan:
    night, day = rng.uniform(2480, 2560), rng.uniform(2660, 2720)
    peak = day + rng.uniform(110, 160)
    before = _duty(rng, [(17, peak), (20, day), (22, night), (6, peak), (9, day)])
    after = _duty(rng, [(22, day), (6, peak)])
    changes = _moment(rng, 10, 13)
    plan = Plan(np.where(np.arange(MINUTES) < changes, before, after))
    what = f"healthy: from minute {changes} on it runs all day at the speed that it had at peak hours before"
    plan.truths.append(_healthy(asset, what))
    _changeovers(rng, plan.command, (3,))
    _maintenance(rng, asset, plan, int(rng.integers(15, 19)), (6, 10))
    return plan
