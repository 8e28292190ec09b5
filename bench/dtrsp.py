"""Dynamic technician routing and scheduling (Pillac, Guéret and Medaglia 2012): requests that become known during the
day, rejections, and how far the final routes are above the best known of the static problem.

./run bench dtrsp --data DIR [--seconds 10] [--event 0.3] [--out FILE]

DIR holds the instances, best-known.tsv and dyn/NAME_rd_P.txt. ``--seconds`` is the time for the plan of what is known
from the start, ``--event`` for each time at which requests become known. The duration is the shortest that the final
routes could have had; what was begun, and when, is checked by the clock.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench.planning_parts import dtrsp, measured, trsp
from runtime.scheduling.problem import Problem
from runtime.scheduling.search import Now, Solution, solve

WARM = 0.01
"""The temperature of planning anew, as a share of that of planning from nothing."""


def main() -> None:
    """Run each day and print one JSON object."""
    parser = measured.parser("dynamic TRSP", seconds=10.0)
    parser.add_argument("--event", type=float, default=0.3, help="time for each event, by --clock")
    parser.add_argument("--degrees", default="10,30,50,70,90", help="percentages of dynamic requests")
    asked = parser.parse_args()
    best = trsp.best_known(asked.data / "best-known.tsv")
    measured.compile_first()
    now = measured.CLOCKS[asked.clock]
    days: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for file in measured.chosen(asked.data.glob("*.txt"), asked.only):
        for degree in map(int, asked.degrees.split(",")):
            known = asked.data / "dyn" / f"{file.stem}_rd_{degree}.txt"
            row = run(file, known, asked.seed, (asked.seconds, asked.event), now)
            row["gap_percent"] = round(100 * (row["cost"] / best[file.stem] - 1), 2)
            days[degree].append({"instance": file.stem, "degree": degree} | row)
            print({key: value for key, value in days[degree][-1].items() if key != "routes"}, flush=True)
    every = [row for rows in days.values() for row in rows]
    measured.write(asked.out, every)
    requests = 100
    print(
        json.dumps(
            {
                "bench": "dtrsp",
                "clock": asked.clock,
                "event_s": asked.event,
                "rejected_per_100": {
                    degree: round(100 * statistics.mean(len(row["rejected"]) for row in rows) / requests, 2)
                    for degree, rows in days.items()
                },
                "mean_gap_percent": {
                    degree: round(statistics.mean(row["gap_percent"] for row in rows), 2)
                    for degree, rows in days.items()
                },
                "longest_event_s": max((row["longest_event_s"] for row in every), default=0.0),
                "begun_moved": sum(row["begun_moved"] for row in every),
                "faults": [row["faults"] for row in every if row["faults"]],
            }
        )
    )


def run(file: Path, released: Path, seed: int, seconds: tuple[float, float], now: Now) -> dict[str, Any]:
    """Run one day: plan what is known at first, then plan anew whenever requests become known."""
    points, known = trsp.read(file), dtrsp.released(released)
    day = dtrsp.Day(points)
    events: dict[float, list[int]] = defaultdict(list)
    for visit in range(dtrsp.FIRST, len(points)):
        events[known.get(visit, -1.0)].append(visit)
    longest, moved = 0.0, 0
    for number, at in enumerate(sorted(events)):

        def search(problem: Problem, start: list[list[int]] | None, number: int = number) -> Solution:
            if number == 0:
                return solve(problem, seed=seed, seconds=seconds[0], now=now)
            return solve(problem, seed=seed + number, seconds=seconds[1], start=start, heat=WARM, now=now)

        began = now()
        day.advance(at)
        stays = [list(route.begun) for route in day.routes]
        day.ask(events[at], at, search)
        longest = max(longest, now() - began if number else 0.0)
        moved += sum(before != route.begun[: len(before)] for before, route in zip(stays, day.routes, strict=True))
    day.advance(float("inf"))
    routes = {route.who: route.visits for route in day.routes if route.visits}
    wrong = dtrsp.faults(points, known, day)
    for who, visits in routes.items():
        wrong += [f"technician {who} {fault}" for fault in trsp.faults_of(points, who, visits)]
    return {
        "cost": sum(trsp.shortest_duration(points, who, visits) for who, visits in routes.items()),
        "rejected": day.rejected,
        "events": len(events) - 1,
        "longest_event_s": round(longest, 3),
        "begun_moved": moved,
        "faults": wrong,
        "routes": [{"technician": who, "visits": visits} for who, visits in routes.items()],
    }


if __name__ == "__main__":
    main()
