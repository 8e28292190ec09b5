"""The health index on engines that run to failure: ``python -m bench.cmapss --fleet FILE --engines FILE --out FILE``.

The index and its limit are learned on the fleet's file. OUT gets unit and cycle of each engine's first sustained alarm.
Missed: fewer than 10 cycles before the end; false: more than 125. ``--halves FILE`` instead learns on each half of one
file and judges on the other.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.cmapss_files import Array, engines
from models.health_index import HealthIndex

MISSED_BELOW, FALSE_ABOVE = 10, 125
MARGIN = 7
"""The limit is chosen so that no engine of the fleet is called within so many cycles of a false alarm."""


def learn(fleet: list[Array]) -> HealthIndex:
    """The index of this fleet, with its limit."""
    index = HealthIndex.learn(fleet)
    traces = [index.trace(frames) for frames in fleet]
    return replace(index, limit=index.earliest_limit(traces, longest_lead=FALSE_ABOVE - MARGIN))


def first_alarms(index: HealthIndex, fleet: dict[int, Array]) -> dict[int, int | None]:
    """The cycle, counted from 1, of each engine's first sustained alarm."""
    alarms = {unit: index.alarm(index.trace(frames)) for unit, frames in fleet.items()}
    return {unit: None if at is None else at + 1 for unit, at in alarms.items()}


def report(alarms: dict[int, int | None], fleet: dict[int, Array]) -> dict[str, object]:
    """Leads in cycles, as if each file ended with its engine's failure."""
    leads = [len(fleet[unit]) - at for unit, at in alarms.items() if at is not None]
    missed = sum(at is None or len(fleet[unit]) - at < MISSED_BELOW for unit, at in alarms.items())
    return {
        "engines": len(fleet),
        "missed": missed,
        "false": sum(lead > FALSE_ABOVE for lead in leads),
        "lead_median": float(np.median(leads)) if leads else None,
        "lead_p5": round(float(np.percentile(leads, 5)), 1) if leads else None,
        "lead_min": min(leads, default=None),
        "lead_max": max(leads, default=None),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench cmapss", description=__doc__)
    parser.add_argument("--fleet", type=Path, help="engines that ran to failure, to learn from")
    parser.add_argument("--engines", type=Path, help="engines to watch")
    parser.add_argument("--out", type=Path, help="CSV of unit and cycle of the first sustained alarm")
    parser.add_argument("--halves", type=Path, help="learn on one half of this file, judge on the other, and reverse")
    given = parser.parse_args(arguments)
    if given.halves:
        fleet = engines(given.halves)
        units = sorted(fleet)
        halves = {"first": units[: len(units) // 2], "second": units[len(units) // 2 :]}
        for name, learned in halves.items():
            index = learn([fleet[unit] for unit in learned])
            others = {unit: frames for unit, frames in fleet.items() if unit not in learned}
            print(
                json.dumps(
                    {"learned on": name, "limit": round(index.limit, 2)} | report(first_alarms(index, others), others)
                )
            )
        return
    if not (given.fleet and given.engines):
        parser.error("give --fleet and --engines, or --halves")
    index = learn(list(engines(given.fleet).values()))
    watched = engines(given.engines)
    alarms = first_alarms(index, watched)
    if given.out:
        with given.out.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("unit", "cycle"))
            writer.writerows((unit, "" if at is None else at) for unit, at in alarms.items())
    print(json.dumps({"limit": round(index.limit, 2)} | report(alarms, watched)))


if __name__ == "__main__":
    main()
