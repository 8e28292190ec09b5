"""Technician routing and scheduling (Pillac, Guéret and Medaglia): how far above the best known the search ends.

./run bench trsp --data DIR --seconds 30 [--out FILE]

DIR holds the instances and best-known.tsv. Each solution is checked from the definition by code that shares nothing
with the search.
"""

from __future__ import annotations

import json
import statistics

from bench.planning_parts import measured, trsp
from runtime.scheduling.search import solve_in_rounds


def main() -> None:
    """Solve each instance and print one JSON object."""
    asked = measured.arguments("TRSP", seconds=30.0)
    best = trsp.best_known(asked.data / "best-known.tsv")
    measured.compile_first()
    now = measured.CLOCKS[asked.clock]
    solutions, gaps, faults = [], {}, {}
    for file in measured.chosen(asked.data.glob("*.txt"), asked.only):
        points = trsp.read(file)
        found = solve_in_rounds(trsp.problem_of(points), seed=asked.seed, seconds=asked.seconds, now=now)
        first = trsp.TECHNICIANS + 1
        routes = {
            r + 1: [j + first if j + first < len(points) else 0 for j in jobs]
            for r, jobs in enumerate(found.routes)
            if jobs
        }
        cost = sum(trsp.shortest_duration(points, who, visits) for who, visits in routes.items())
        wrong = trsp.faults(points, routes)
        if wrong:
            faults[file.stem] = wrong
        if file.stem in best:
            gaps[file.stem] = round(100 * (cost / best[file.stem] - 1), 3)
        rows = [{"technician": who, "visits": visits} for who, visits in routes.items()]
        solutions.append({"instance": file.stem, "seconds": asked.seconds, "cost": cost, "routes": rows})
        print(file.stem, round(cost, 2), gaps.get(file.stem), wrong or "valid", flush=True)
    measured.write(asked.out, solutions)
    mean = round(statistics.mean(gaps.values()), 3) if gaps else None
    print(
        json.dumps(
            {
                "bench": "trsp",
                "seconds": asked.seconds,
                "clock": asked.clock,
                "gap_percent": gaps,
                "mean_gap_percent": mean,
                "faults": faults,
            }
        )
    )


if __name__ == "__main__":
    main()
