"""The health index on engines that run to failure: ``python -m bench.cmapss --fleet FILE --engines FILE --out FILE``.

The index and its limit are learned on the fleet's file. OUT gets unit and cycle of each engine's first sustained alarm.
Missed: fewer than 10 cycles before the end; false: more than 125. ``--halves FILE`` instead learns on each half of one
file and judges on the other, and then so many ``--random`` halves; each of these also judges engines with made-up
faults that the half it learned from has not had (`bench.cmapss_unseen`).
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.cmapss_files import Array, engines
from bench.cmapss_unseen import FAULTS, made_up
from models.health_index import HealthIndex

MISSED_BELOW, FALSE_ABOVE = 10, 125
WANTED_LEAD, MARGIN = 40, 5
"""Cycles before the end that 95 % of engines shall be called; the fleet that the limit is learned on has more."""
SEED = 1


def learn(fleet: list[Array]) -> HealthIndex:
    """The index of this fleet, with its limit."""
    index = HealthIndex.learn(fleet)
    traces = [index.trace(frames) for frames in fleet]
    return replace(index, limit=index.latest_limit(traces, lead=WANTED_LEAD + MARGIN))


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


def halves(fleet: dict[int, Array], random: int) -> None:
    """Print what each half says of the other, and a summary over random halves."""
    units = sorted(fleet)
    half = len(units) // 2
    for name, learned in {"first": units[:half], "second": units[half:]}.items():
        index = learn([fleet[unit] for unit in learned])
        others = {unit: frames for unit, frames in fleet.items() if unit not in learned}
        said = report(first_alarms(index, others), others)
        print(json.dumps({"learned on": name, "limit": round(index.limit, 3)} | said))
    rng = np.random.default_rng(SEED)
    unseen = {name: made_up(fleet, fault, rng) for name, fault in FAULTS.items()}
    judged: dict[str, list[dict[str, object]]] = {}
    for _ in range(random):
        learned = rng.permutation(units)[:half].tolist()
        index = learn([fleet[unit] for unit in learned])
        others = {unit: frames for unit, frames in fleet.items() if unit not in learned}
        for name, watched in {"the others": others, **unseen}.items():
            judged.setdefault(name, []).append(report(first_alarms(index, watched), watched))
    for name, reports in judged.items():
        table = {
            key: [float(str(each[key] or 0)) for each in reports] for key in ("engines", "missed", "false", "lead_p5")
        }
        print(
            json.dumps(
                {
                    "random halves": random,
                    "judged on": name,
                    "engines": int(table["engines"][0]),
                    "missed_mean": round(float(np.mean(table["missed"])), 2),
                    "false_mean": round(float(np.mean(table["false"])), 2),
                    "false_most": int(max(table["false"])),
                    "lead_p5_mean": round(float(np.mean(table["lead_p5"])), 1),
                    "lead_p5_least": min(table["lead_p5"]),
                }
            )
        )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench cmapss", description=__doc__)
    parser.add_argument("--fleet", type=Path, help="engines that ran to failure, to learn from")
    parser.add_argument("--engines", type=Path, help="engines to watch")
    parser.add_argument("--out", type=Path, help="CSV of unit and cycle of the first sustained alarm")
    parser.add_argument("--halves", type=Path, help="learn on one half of this file, judge on the other, and reverse")
    parser.add_argument("--random", type=int, default=0, help="with --halves: so many random halves as well")
    given = parser.parse_args(arguments)
    if given.halves:
        halves(engines(given.halves), given.random)
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
    print(json.dumps({"limit": round(index.limit, 3)} | report(alarms, watched)))


if __name__ == "__main__":
    main()
