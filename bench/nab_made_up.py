"""Made-up series in the character of operations data: ``python -m bench.nab_made_up --out DIR [--seed N]``.

DIR becomes a tree that `bench.nab` reads, with windows.json beside it: quiet and broken days, idle and busy processors,
jobs, bytes, requests, costs, temperatures, rides, traffic, counts of messages. Each series has events of many sizes;
only the greatest are labelled, as people would, and each label's window is a part of a tenth of the series. So what is
told of the lesser ones counts as false. The series stand in for a corpus that is not at hand; nothing is fitted to it.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from bench.cmapss_files import Array

ROWS = 4032
"""Two weeks at five minutes."""
DAY = 288
UNSCORED = 0.16
"""No event begins in this part of a series."""
WINDOW_SHARE = 0.1
START = datetime.fromisoformat("2014-04-01")


@dataclass(frozen=True, slots=True)
class MadeUp:
    """One series, and the rows at which labelled events begin."""

    name: str
    values: Array
    labels: Sequence[int] = ()
    rows_a_day: int = DAY

    def stamps(self) -> list[str]:
        step = timedelta(days=1) / self.rows_a_day
        return [(START + k * step).isoformat(" ", "seconds") for k in range(len(self.values))]

    def windows(self) -> list[tuple[int, int]]:
        """First and last row of each label's window; those that overlap are one."""
        count = len(self.values)
        half = max(4, int(count * WINDOW_SHARE / max(1, len(self.labels)) / 2))
        found: list[tuple[int, int]] = []
        for label in sorted(self.labels):
            first, last = max(0, label - half), min(count - 1, label + half)
            if found and first <= found[-1][1]:
                found[-1] = (found[-1][0], last)
            else:
                found.append((first, last))
        return found


class Maker:
    """Draws series; everything of one seed comes from one stream of chance."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def wander(self, count: int, keeps: float, step: float) -> Array:
        """An autoregressive walk of the first order."""
        steps = self.rng.normal(0.0, step, count)
        walk = np.zeros(count)
        for k in range(1, count):
            walk[k] = keeps * walk[k - 1] + steps[k]
        return walk

    def places(self, count: int, events: int, apart: int) -> list[int]:
        """Rows for so many events, in no order, as long as there is room."""
        found: list[int] = []
        for _ in range(1000):
            row = int(self.rng.integers(int(UNSCORED * count), count - 12))
            if len(found) < events and all(abs(row - other) > apart for other in found):
                found.append(row)
        return found

    def happen(self, values: Array, row: int, kind: str, size: float) -> None:
        """Change the values from a row on; ``size`` is in their unit."""
        rng = self.rng

        def stretch(least: int, most: int) -> slice:
            return slice(row, min(len(values), row + int(rng.integers(least, most))))

        if kind == "spike":
            part = stretch(1, 4)
            values[part] += size * rng.uniform(0.7, 1.0, len(values[part]))
        elif kind == "dip":
            values[stretch(1, 6)] -= size
        elif kind == "burst":
            part = stretch(5, 50)
            values[part] += 0.6 * size * rng.uniform(0.5, 1.0, len(values[part]))
        elif kind == "shift":
            values[row:] += 0.35 * size * rng.choice([-1, 1])
        elif kind == "hump":
            part = stretch(30, 200)
            values[part] += 0.4 * size * np.sin(np.linspace(0, np.pi, len(values[part])))
        elif kind == "restless":
            part = stretch(60, 300)
            values[part] += rng.normal(0, 0.25 * size, len(values[part]))
        else:
            values[stretch(5, 60)] = values.min()

    def eventful(
        self,
        values: Array,
        kinds: Sequence[str],
        labelled: int,
        lesser: int,
        scale: float,
        *,
        great: tuple[float, float] = (8.0, 25.0),
        small: tuple[float, float] = (2.5, 7.0),
        apart: int = 80,
    ) -> list[int]:
        """Let great events and lesser ones happen, sizes in scales; return where the great ones begin."""
        rows = self.places(len(values), labelled + lesser, apart)
        sizes = [*self.rng.uniform(*great, labelled), *self.rng.uniform(*small, lesser)]
        for row, size in zip(rows, sizes, strict=False):
            self.happen(values, row, str(self.rng.choice(kinds)), size * scale)
        return rows[:labelled]

    def square_days(self, noise: float) -> Array:
        of_day = np.arange(ROWS) % DAY
        return np.where((of_day > 108) & (of_day < 216), 80.0, 20.0) + self.rng.uniform(0, noise + 1e-9, ROWS)

    def days(self) -> list[MadeUp]:
        rng = self.rng
        found = [MadeUp("quiet_days", self.square_days(noise)) for noise in (0.0, 0.0, 4.0)]
        found += [MadeUp("flat", np.full(ROWS, 45.0)), MadeUp("noise", rng.uniform(17, 23, ROWS))]
        for change in ("flat", "higher", "lower", "missing"):
            values = self.square_days(4.0)
            noon = slice(first := int(rng.integers(9, 12)) * DAY + 108, first + 108)
            if change in ("flat", "missing"):
                values[noon] = (50.0 if change == "flat" else 20.0) + rng.uniform(0, 4, 108)
            else:
                values[noon] += 80.0 if change == "higher" else -60.0
            found.append(MadeUp(f"day_{change}", values, [first + 60]))
        values = rng.uniform(18, 22, ROWS)
        for k in range(0, ROWS - 6, 60):
            values[k + int(rng.integers(6))] = 40.0
        dense = int(rng.integers(2600, 3400))
        values[dense : dense + 400 : 12] = 40.0
        found.append(MadeUp("denser_spikes", values, [dense + 40]))
        return found

    def servers(self) -> list[MadeUp]:
        rng = self.rng
        found = []
        for _ in range(4):
            grain = float(rng.choice([0.002, 0.066]))
            spread = grain * rng.uniform(0.8, 2.0)
            values = rng.uniform(0.1, 2.0) + spread * rng.standard_t(3, ROWS)
            labels = self.eventful(
                values, ("spike", "burst", "shift", "restless"), int(rng.integers(0, 3)), 5, 2 * spread
            )
            found.append(MadeUp("idle", np.round(np.maximum(values, 0) / grain) * grain, labels))
        for _ in range(5):
            spread = rng.uniform(0.5, 4.0)
            values = rng.uniform(10, 70) + self.wander(ROWS, float(rng.choice([0.5, 0.9, 0.97])), 0.4 * spread)
            values += rng.normal(0, spread, ROWS)
            labels = self.eventful(values, ("spike", "burst", "shift", "dip", "hump"), 2, 5, spread)
            found.append(MadeUp("busy", np.clip(values, 0, 100), labels))
        for every in (12, 96):
            values = 2.3 + 0.3 * rng.gamma(2, 1, ROWS)
            values[np.arange(0, ROWS - 1, every) + rng.integers(0, 2, len(range(0, ROWS - 1, every)))] += 14.0
            labels = self.eventful(values, ("spike", "burst", "outage"), 3, 4, 5.0, great=(4, 10), small=(1, 3))
            found.append(MadeUp("jobs", values, labels))
        for _ in range(2):
            values = rng.lognormal(10, rng.uniform(0.3, 1.0), ROWS) * (rng.random(ROWS) < rng.uniform(0.2, 1.0))
            scale = float(np.percentile(values, 99))
            labels = self.eventful(
                values, ("spike", "burst"), int(rng.integers(1, 4)), 6, scale, great=(3, 12), small=(0.8, 2)
            )
            found.append(MadeUp("bytes", values, labels))
        values = rng.lognormal(0, 0.25, ROWS) * (60 + 50 * np.sin(2 * np.pi * np.arange(ROWS) / DAY - 1))
        labels = self.eventful(values, ("spike", "burst"), 2, 6, 60.0, great=(4, 8), small=(1, 3))
        found.append(MadeUp("requests", np.round(np.maximum(values, 0)), labels))
        values = 45 + rng.normal(0, 1.6, ROWS)
        labels = self.eventful(values, ("spike", "burst", "dip"), 3, 5, 1.8, great=(5, 14))
        found.append(MadeUp("latency", values, labels))
        return found

    def costs(self) -> list[MadeUp]:
        found = []
        for _ in range(6):
            hours = np.arange(1624)
            log = self.rng.normal(0, 0.25, 1624) + 0.3 * np.sin(2 * np.pi * hours / 24) + self.wander(1624, 0.98, 0.04)
            values = 0.1 * np.exp(log)
            mean = float(values.mean())
            labels = self.eventful(
                values,
                ("spike", "burst"),
                int(self.rng.integers(1, 4)),
                6,
                mean,
                great=(2.5, 8),
                small=(1, 2.2),
                apart=50,
            )
            found.append(MadeUp("cost", values, labels, 24))
        return found

    def machines(self) -> list[MadeUp]:
        rng = self.rng
        hours = np.arange(7267)
        room = 71 + self.wander(7267, 0.99, 0.3) + 2 * np.sin(2 * np.pi * hours / 24) + rng.normal(0, 0.5, 7267)
        room_labels = self.eventful(room, ("hump", "dip"), 2, 6, 1.6, great=(8, 14), apart=300)
        rows = np.arange(16_000)
        machine = (
            85 + self.wander(16_000, 0.995, 0.35) + rng.normal(0, 0.8, 16_000) + 2 * np.sin(2 * np.pi * rows / DAY)
        )
        machine_labels = self.eventful(
            machine, ("hump", "outage", "shift", "dip"), 4, 10, 4.0, great=(6, 14), apart=500
        )
        rows = np.arange(18_050)
        load = 35 + 8 * np.sin(2 * np.pi * rows / DAY) + rng.normal(0, 3, 18_050)
        load += (rng.random(18_050) < 0.03) * rng.exponential(8, 18_050)
        wrong = int(rng.integers(12_000, 17_000))
        load[wrong : wrong + 900] += rng.uniform(20, 40)
        return [
            MadeUp("room", room, room_labels, 24),
            MadeUp("machine", machine, machine_labels),
            MadeUp("misconfigured", np.clip(load, 0, 100), [wrong + 300]),
        ]

    def people(self) -> list[MadeUp]:
        rng = self.rng
        half_hours = np.arange(10_320)
        of_day, day = half_hours % 48 / 48, half_hours // 48
        rides = 15_000 - 8000 * np.cos(2 * np.pi * (of_day - 0.15))
        rides -= 2500 * np.cos(4 * np.pi * (of_day - 0.05)) * np.where(day % 7 > 4, 0.3, 1.0)
        rides = rides * rng.normal(1, 0.04, int(day[-1]) + 1)[day] + rng.normal(0, 450, len(rides))
        odd = sorted(int(each) for each in rng.choice(np.arange(40, int(day[-1]) - 1), 5, replace=False))
        for each in odd:
            rides[day == each] *= rng.choice([0.4, 0.6, 1.3])
        found = [MadeUp("rides", rides, [each * 48 + 24 for each in odd], 48)]
        for count in (1882, 5315):
            values = rng.gamma(2, 0.03, count) + 0.05 * np.sin(2 * np.pi * np.arange(count) / DAY) ** 2
            labels = self.eventful(values, ("burst", "spike", "restless"), 2, 8, 0.08, great=(5, 12), small=(2, 6))
            found.append(MadeUp("keys", values, labels))
        for number in range(7):
            count, a_day = int(rng.integers(1127, 2500)), int(rng.choice([96, 144, DAY]))
            of_day = np.arange(count) % a_day / a_day
            if number < 2:
                values = 3 + 9 * np.exp(-(((of_day - 0.6) / 0.12) ** 2)) * rng.gamma(4, 0.25, count)
                values, kinds, scale = values + rng.gamma(2, 0.8, count), ("spike", "burst"), 6.0
            elif number < 5:
                values = 68 - 14 * np.exp(-(((of_day - 0.7) / 0.05) ** 2)) * rng.uniform(0.2, 1, count)
                values += rng.normal(0, 3, count) - (rng.random(count) < 0.03) * rng.exponential(10, count)
                kinds, scale = ("dip", "outage"), 8.0
            else:
                values = 200 * rng.gamma(5, 0.2, count) * (1 + 1.2 * np.exp(-(((of_day - 0.6) / 0.1) ** 2)))
                kinds, scale = ("spike", "burst"), 300.0
            labels = self.eventful(
                values, kinds, int(rng.integers(1, 4)), 6, scale, great=(3, 8), small=(1, 2.5), apart=40
            )
            found.append(MadeUp("traffic", np.maximum(values, 0), labels, a_day))
        return found

    def messages(self) -> list[MadeUp]:
        rng = self.rng
        found = []
        rows = np.arange(15_840)
        for _ in range(10):
            mean = float(rng.choice([3.0, 12.0, 25.0, 60.0]))
            rate = mean * (1 + 0.7 * np.sin(2 * np.pi * rows / DAY)) * np.exp(0.2 * np.sin(2 * np.pi * rows / DAY / 7))
            rate *= np.exp(self.wander(len(rows), 0.8, 0.15))
            burstiness = float(rng.choice([2.0, 5.0]))
            values = rng.negative_binomial(burstiness, burstiness / (burstiness + rate)).astype(np.float64)
            labelled = int(rng.integers(2, 5))
            places = self.places(len(rows), labelled + 25, 120)
            sizes = [*rng.uniform(8, 40, labelled), *np.minimum(rng.pareto(2, 25) + 1, 7)]
            for row, size in zip(places, sizes, strict=False):
                part = slice(row, min(len(rows), row + int(rng.integers(2, 50))))
                length = len(values[part])
                values[part] += mean * size * np.exp(-3 * np.arange(length) / length) * rng.uniform(0.5, 1, length)
            found.append(MadeUp("messages", np.round(values), places[:labelled]))
        return found

    def corpus(self) -> list[MadeUp]:
        """All series, some sixty with over a hundred windows."""
        return [
            *self.days(), *self.servers(), *self.costs(), *self.machines(), *self.people(), *self.messages()
        ]  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench nab_made_up", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    table = {}
    for number, made in enumerate(Maker(given.seed).corpus()):
        name, stamps = f"{number:02}_{made.name}.csv", made.stamps()
        with (given.out / name).open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("timestamp", "value"))
            writer.writerows(zip(stamps, made.values.tolist(), strict=True))
        table[name] = [[stamps[first], stamps[last]] for first, last in made.windows()]
    (given.out / "windows.json").write_text(json.dumps(table))
    print(json.dumps({"series": len(table), "windows": sum(map(len, table.values()))}))


if __name__ == "__main__":
    main()
