"""The speed of rules: ``python -m bench.rules``. Readings through the judge, under 10, 1,000 and 100,000 rules.

Each reading is a frame of one value, judged as the engine judges it: the judge's fold, no model, no database. First
each signal has one threshold rule, however many rules and signals there are: what a reading costs must not grow. Then
one signal has ten and a hundred rules: that is the price of a rule. Every other kind has a price of its own. Prints one
JSON object; medians of several turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import Any

from judge.inputs import Event, JudgedFrame
from judge.judge import Judge
from judge.limits.rule_sets import RuleSets
from rules import rulebook

START_US = 1_772_000_000_000_000
SECOND_US = 1_000_000
OF_A_KIND = 20
_COMMON = {"asset_class": "pump", "component": "bearing", "failure_mode": "OHE", "severity": "malfunction"}
KINDS: dict[str, dict[str, Any]] = {
    "rate": {"signal": "s0", "over": "10 min", "raise_at": 1e6, "clear_below": 1.0},
    "deviation": {"signal": "s0", "from": "s1", "raise_at": 1e6, "clear_below": 1.0},
    "count": {"signal": "s0", "above": 1e6, "times": 3, "within": "10 min"},
    "stuck": {"signal": "s0", "for": "30 d"},
    "stale": {"signal": "*", "after": "15 min"},
    "time_to_limit": {"signal": "s0", "above": 1e6, "over": "7 d", "within": "1 h"},
    "expression": {"when": "s0 > 1000000.0 && s1 < 10.0"},
}


def threshold(signal: str, name: str) -> dict[str, Any]:
    """A limit that ordinary readings do not pass."""
    return _COMMON | {"id": name, "signal": signal, "raise_at": 100.0, "clear_below": 90.0, "for": "1 min"}


def judge_of(rules: RuleSets) -> Judge:
    """Return a judge of one asset under these rules."""
    judge = Judge()
    judge.rulesets = rules
    judge.decide([Event.of(1, "asset", "S/A", {"class": "pump", "criticality": 2})])
    return judge


def rule_sets(rules: dict[str, list[dict[str, Any]]]) -> RuleSets:
    """Return the rules of a document."""
    # The state is never known, so that no model judges; rules do.
    state = {"asset_class": "pump", "signal": "speed", "running_above": 2, "stopped_below": 1}
    return RuleSets(rulebook.parse(rules | {"operating_state": [state]}))


def frames(count: int, signals: int) -> list[JudgedFrame]:
    """Readings of one value each, a second apart, of one signal after the other."""
    return [
        JudgedFrame(3 + i, "S/A", START_US + i * SECOND_US, {f"s{i % signals}": 50.0 + (i * 7919 % 1000) / 100})
        for i in range(count)
    ]


def seconds(rules: dict[str, list[dict[str, Any]]], signals: int, readings: int, turns: int) -> float:
    """Median time of judging so many readings."""
    taken, sets = [], rule_sets(rules)
    for _ in range(turns):
        judge, inputs = judge_of(sets), frames(readings, signals)
        began = time.perf_counter()
        judge.decide(inputs)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    count, turns = asked.readings, asked.turns
    none = seconds({}, 10, count, turns)
    of_size = {}
    for rules in (10, 1_000, 100_000):
        document = {"threshold": [threshold(f"s{i}", f"r{i}") for i in range(rules)]}
        of_size[rules] = seconds(document, rules, count, turns)
    per_signal = {}
    for rules in (10, 100):
        document = {"threshold": [threshold("s0", f"r{i}") for i in range(rules)]}
        per_signal[rules] = seconds(document, 1, count // rules, turns) / (count // rules) / rules
    kinds, readings = {}, count // 10
    for kind, keys in KINDS.items():
        # Twenty of a kind, so that their price stands out; of two signals one has them, but for those that see both.
        document = {kind: [_COMMON | {"id": f"{kind}-{i}"} | keys for i in range(OF_A_KIND)]}
        evaluations = OF_A_KIND * (readings if kind in ("stale", "expression") else readings / 2)
        bare = seconds({}, 2, readings, turns)
        kinds[kind] = round((seconds(document, 2, readings, turns) - bare) / evaluations * 1e6, 2)
    found = {
        "readings": count,
        "us_per_reading_without_rules": round(none / count * 1e6, 2),
        "us_per_reading_by_rules": {str(size): round(each / count * 1e6, 2) for size, each in of_size.items()},
        "readings_per_s_by_rules": {str(size): round(count / each) for size, each in of_size.items()},
        "us_per_evaluation_by_rules_of_a_signal": {str(n): round(each * 1e6, 2) for n, each in per_signal.items()},
        "threshold_evaluations_per_s": round(1 / per_signal[10]),
        "us_per_evaluation_by_kind": kinds,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
