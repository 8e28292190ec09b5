"""Site-dependent vehicle routing with time windows (Cordeau and Laporte): how far above the best known the search ends.

./run bench sdvrptw --data DIR --seconds 60 [--out FILE]

DIR holds NAME.vrp and NAME.sol. Solutions number clients as the .sol files do, the vehicle stands for the technician.
"""

from __future__ import annotations

import json
import statistics

from bench.planning_parts import measured, sdvrptw
from runtime.scheduling.search import solve_in_rounds


def main() -> None:
    """Solve each instance and print one JSON object."""
    asked = measured.arguments("SDVRPTW", seconds=60.0)
    measured.compile_first()
    now = measured.CLOCKS[asked.clock]
    solutions, gaps, faults = [], {}, {}
    for file in measured.chosen(asked.data.glob("*.vrp"), asked.only):
        instance = sdvrptw.read(file)
        found = solve_in_rounds(sdvrptw.problem_of(instance), seed=asked.seed, seconds=asked.seconds, now=now)
        routes = {r + 1: [j + 1 for j in jobs] for r, jobs in enumerate(found.routes)}
        cost = sum(sdvrptw.length_of(instance, visits) for visits in routes.values())
        wrong = sdvrptw.faults(instance, routes)
        if wrong:
            faults[file.stem] = wrong
        if file.with_suffix(".sol").exists():
            gaps[file.stem] = round(100 * (cost / sdvrptw.best_known(file.with_suffix(".sol")) - 1), 3)
        rows = [{"technician": who, "visits": visits} for who, visits in routes.items() if visits]
        solutions.append({"instance": file.stem, "seconds": asked.seconds, "cost": cost, "routes": rows})
        print(file.stem, round(cost), gaps.get(file.stem), wrong or "valid", flush=True)
    measured.write(asked.out, solutions)
    known = list(gaps.values())
    print(
        json.dumps(
            {
                "bench": "sdvrptw",
                "seconds": asked.seconds,
                "clock": asked.clock,
                "gap_percent": gaps,
                "median_gap_percent": round(statistics.median(known), 3) if known else None,
                "worst_gap_percent": max(known, default=None),
                "faults": faults,
            }
        )
    )


if __name__ == "__main__":
    main()
