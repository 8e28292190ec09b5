"""The physics of the sample's pumps, by NASA's ProgPy, and the sensors that look at them.

Speeds, flow and temperatures follow ProgPy's CentrifugalPump with its own dynamics and wear. ProgPy knows neither
vibration nor what the pump is connected to; those relations are ours and stand here.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from progpy.models.centrifugal_pump import CentrifugalPumpBase  # type: ignore[import-not-found, unused-ignore]
from scenario import ASSETS, MINUTES, Array, Plan, Surroundings, Truth, wandering

KELVIN = 273.15
RPM = 2 * np.pi / 60
VOLTS_PER_RADIAN = 471.24 / 376.99
"""The drive lowers voltage with frequency; the quotient is that of ProgPy's own example."""
LET_GO = 900 * RPM
SETTLING_MINUTES = 600
COASTING_MINUTES = 5


class PerPump(np.ndarray[Any, Any]):
    """An array that ProgPy doesn't take for one: its leak term then accepts a pressure for each pump."""


class Station:
    """Eight pumps side by side, one element each.

    A minute in which a drive changes speed takes 60 steps of a second. In all others nothing is faster than the
    radial bearing (two minutes), so 2 steps of 30 s do, with rotor and water made heavier (48 and 60 s instead of 0.8
    and 5 s), which leaves their balance where it is. ``--fine`` takes 60 steps always; the README says how far off.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        n = len(ASSETS)
        spread = rng.uniform(-1, 1, (6, n))
        self.friction = 1.4e-6 * (1 + 0.06 * spread[0])
        self.free_passage = 8.24123e-5 * (1 + 0.02 * spread[1])
        self.pipe = 1.6e7 * (1 + 0.08 * spread[2])
        self.warmer = 0.8 * spread[3]
        self.smoothness = 1.25 + 0.3 * spread[4]
        self.fast = CentrifugalPumpBase(process_noise=0, measurement_noise=0)
        self.slow = CentrifugalPumpBase(process_noise=0, measurement_noise=0, I=3000, FluidI=60)
        for model in (self.fast, self.slow):
            model.parameters["c"] = self.free_passage
            model.parameters["wThrust"] = np.zeros(n)
        cold = np.full(n, KELVIN + 20.0)
        self.state: dict[str, Array] = {
            "w": np.zeros(n),
            "Q": np.zeros(n),
            "Tt": cold,
            "Tr": cold,
            "To": cold,
            "A": np.full(n, 12.7084),
            "rRadial": np.full(n, 1.8e-6) * (1 + 0.05 * spread[5]),
            "rThrust": self.friction.copy(),
            "QLeak": np.zeros(n),
        }
        self.discharge = np.zeros(n)

    def set_condition(self, *, passage: Array, wear: Array) -> None:
        """Set the share of the flow coefficient left and the growth of thrust friction per running minute."""
        nominal = (2800 * RPM) ** 2
        for model in (self.fast, self.slow):
            model.parameters["c"] = self.free_passage * passage
            model.parameters["wThrust"] = wear / 60 / nominal

    def minute(self, before: Array, after: Array, *, air: Array, main: Array, well: Array, fine: bool) -> None:
        """Go on for a minute, in which the drives go evenly from one synchronous speed (rad/s) to another."""
        model, steps = (self.fast, 60) if fine else (self.slow, 2)
        state = self.state
        for step in range(1, steps + 1):
            sync = before + (after - before) * step / steps
            w, q = state["w"], state["Q"]
            # A check valve parts the pump from the main until it can open it, so water never flows back.
            own = well + state["A"] * w**2 + model.parameters["b"] * w * q
            self.discharge = np.minimum(main + self.pipe * q**2, own)
            # The drive lets go of a stopping pump at low speed: ProgPy's motor formula has a pole while braking.
            let_go = (after == 0) & (sync < LET_GO)
            inputs = {
                "Tamb": air + self.warmer + KELVIN,
                "V": np.where(let_go, 0.0, VOLTS_PER_RADIAN * sync),
                "pdisch": self.discharge,
                "psuc": np.full_like(w, well),
                "wsync": np.maximum(sync, 3.0),
            }
            told = {**state, "A": state["A"].view(PerPump)}
            matrix = model.next_state(told, inputs, 60 / steps).matrix
            state = dict(zip(model.states, matrix, strict=True))
        self.state = state


def simulate(
    seed: int, around: Surroundings, plans: dict[str, Plan], *, fine: bool = False
) -> tuple[dict[str, Array], dict[str, list[Truth]]]:
    """Run the station through all minutes.

    Returns the true course of every quantity, an array of assets by minutes, and the truths, completed by the
    minutes that only physics could tell. ``fine`` takes steps of a second throughout.
    """
    station = Station(np.random.default_rng([seed, 200]))
    order = [plans[asset] for asset in ASSETS]
    command = np.array([plan.command for plan in order]) * RPM
    passage = np.array([plan.passage for plan in order])
    wear = np.array([plan.wear for plan in order])
    trips_at = np.array([plan.trips_at for plan in order]) + KELVIN
    repairs = [(minute, i) for i, plan in enumerate(order) for minute in plan.repaired_at]
    seizures = [(plan.seizes_at, i) for i, plan in enumerate(order) if plan.seizes_at is not None]
    coasts_until = np.full(len(order), -1)
    trips: dict[int, int] = {}

    first = {"air": around.air[0], "main": around.main[0], "well": around.well[0]}
    station.minute(np.zeros(len(order)), command[:, 0], **first, fine=True)
    for _ in range(SETTLING_MINUTES):
        station.minute(command[:, 0], command[:, 0], **first, fine=False)

    names = ("w", "Q", "Tt", "Tr", "To", "rThrust", "discharge")
    course = {name: np.empty((len(order), MINUTES)) for name in names}
    previous = command[:, 0]
    for minute in range(MINUTES):
        for at, i in repairs:
            if at == minute:
                station.state["rThrust"][i] = station.friction[i]
        for at, i in seizures:
            if at == minute:
                station.state["w"][i] = 0.0
                previous[i] = 0.0
        now = command[:, minute].copy()
        standing = (now == 0) & (previous == 0) & (coasts_until < minute)
        station.state["w"][standing] = 0.0
        station.set_condition(passage=passage[:, minute], wear=wear[:, minute])
        ramping = bool(np.any(np.abs(now - previous) > 20 * RPM) or np.any(coasts_until >= minute))
        station.minute(
            previous,
            now,
            air=around.air[minute],
            main=around.main[minute],
            well=around.well[minute],
            fine=fine or ramping,
        )
        previous = now
        for name in names[:-1]:
            course[name][:, minute] = station.state[name]
        course["discharge"][:, minute] = station.discharge
        for i in np.flatnonzero((station.state["Tt"] >= trips_at) & (now > 0)).tolist():
            back = minute + 1 + order[i].out_of_service
            command[i, minute + 1 : back] = 0.0
            wear[i, minute + 1 :] = 0.0
            previous[i] = 0.0
            coasts_until[i] = minute + COASTING_MINUTES
            repairs.append((back, i))
            trips[i] = minute
    course["friction"] = course["rThrust"] / station.friction[:, None] - 1
    course["passage"] = passage
    course["smoothness"] = np.broadcast_to(station.smoothness[:, None], passage.shape)
    course["roughness"] = np.broadcast_to(np.array([plan.roughness for plan in order])[:, None], passage.shape)
    return course, {asset: _completed(plan, trips.get(i)) for i, (asset, plan) in enumerate(plans.items())}


def _completed(plan: Plan, tripped: int | None) -> list[Truth]:
    if tripped is None:
        return plan.truths
    ends = tripped + 1 + plan.out_of_service
    return [replace(t, fails_minute=tripped, ends_minute=ends) if t.kind == "emergency" else t for t in plan.truths]


def measure(seed: int, course: dict[str, Array]) -> dict[str, Array]:
    """What the sensors make of the true course: noise, then resolution. Arrays of assets by minutes."""
    rng = np.random.default_rng([seed, 300])

    def sensed(value: Array, noise: float, resolution: float) -> Array:
        noisy = value + rng.standard_normal(value.shape) * noise
        return np.round(noisy / resolution) * resolution

    speed = course["w"] / RPM
    flow = course["Q"] * 3600
    return {
        "speed": np.where(speed < 5, 0.0, sensed(speed, 0.8, 1.0)),
        "flow": np.where(flow < 3, 0.0, sensed(flow, 0.9, 0.1)),
        "discharge_pressure": sensed(course["discharge"] / 1e5, 0.012, 0.01),
        "bearing_temp": sensed(course["Tt"] - KELVIN, 0.12, 0.1),
        "bearing_temp_radial": sensed(course["Tr"] - KELVIN, 0.12, 0.1),
        "oil_temp": sensed(course["To"] - KELVIN, 0.10, 0.1),
        "vibration": np.maximum(sensed(_vibration(rng, course), 0.015, 0.01), 0.0),
    }


def _vibration(rng: np.random.Generator, course: dict[str, Array]) -> Array:
    """RMS velocity at the bearing housing, mm/s: independent sources, so their squares add.

    Unbalance grows with speed; a bearing with its extra friction, ever less; a starved impeller cavitates. What is
    left at standstill comes from the neighbours through the floor.
    """
    pace = np.maximum(course["w"], 0.0) / (2800 * RPM)
    breath = np.array([wandering(rng, MINUTES, spread=0.02, minutes=30) for _ in ASSETS])
    unbalance = course["smoothness"] * pace**1.8 * (1 + breath)
    extra = np.maximum(course["friction"], 0.0)
    bearing = course["roughness"] * extra / (1 + extra / 4) * pace
    cavitation = 2.6 * (1 - course["passage"]) * pace * (1 + 4 * breath)
    floor = 0.06
    total: Array = np.sqrt(unbalance**2 + bearing**2 + cavitation**2 + floor**2)
    return np.asarray(total * (1 + 0.02 * rng.standard_normal(total.shape)))
