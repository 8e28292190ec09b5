"""Text triage: labels of short texts learned from the past, suggested for later ones, or nothing where unsure.

./run bench triage --train FILE --test FILE --text COLUMN --label COLUMN --date COLUMN --out FILE

Files are CSV, also compressed by gzip. Rows without a label are neither learned nor judged; where no test row has one,
all are suggested for. ``--out`` gets a row for each judged one, in the order of the file: its number (the first row
after the header is 1), label, suggestion (empty: none), the probability that the likeliest label is right, and the
three likeliest labels. The threshold is chosen on the training rows alone. The last line printed is one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import time
from pathlib import Path
from statistics import fmean

from models.triage import selective
from models.triage.selective import Suggestion

BINS = 15
TIMED = 200
"""Texts whose suggestion is timed, one after the other."""


def main() -> None:
    """Learn, suggest, write the rows, and print one JSON object."""
    asked = _arguments()
    past = [row for row in _rows(asked.train) if row[asked.label].strip() and row[asked.text].strip()]
    past.sort(key=lambda row: row[asked.date])
    began = time.perf_counter()
    processes = len(os.sched_getaffinity(0))
    labels = [row[asked.label].strip() for row in past]
    learned = selective.learn([row[asked.text] for row in past], labels, goal=asked.goal, processes=processes)
    learning_s = time.perf_counter() - began
    later = list(enumerate(_rows(asked.test), 1))
    judged = [(number, row) for number, row in later if row.get(asked.label, "").strip()] or later
    texts = [row[asked.text] for _, row in judged]
    began = time.perf_counter()
    for text in texts[:TIMED]:
        learned.suggest([text])
    each_ms = 1000 * (time.perf_counter() - began) / max(1, len(texts[:TIMED]))
    found = learned.suggest(texts)
    truth = [row.get(asked.label, "").strip() for _, row in judged]
    _write(asked.out, [number for number, _ in judged], truth, found)
    summary = {"bench": "triage", "label": asked.label, "learned": len(past), "judged": len(judged)}
    summary |= _measures(truth, found, set(labels))
    summary |= {"threshold": round(learned.threshold, 4), "past_right": round(learned.past.right, 4)}
    summary |= {"past_suggested": round(learned.past.suggested, 4)}
    print(json.dumps(summary | {"learning_s": round(learning_s, 1), "ms_per_text": round(each_ms, 2)}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="labels of short texts")
    parser.add_argument("--train", type=Path, required=True, help="CSV with the labelled past")
    parser.add_argument("--test", type=Path, required=True, help="CSV with what came later")
    for name in ("text", "label", "date"):
        parser.add_argument(f"--{name}", required=True, help=f"the column of the {name}")
    parser.add_argument("--out", type=Path, help="CSV for the suggestions")
    parser.add_argument("--goal", type=float, default=selective.GOAL, help="the share of suggestions to be right")
    return parser.parse_args()


def _rows(path: Path) -> list[dict[str, str]]:
    whole = path.read_bytes()
    text = (gzip.decompress(whole) if whole.startswith(b"\x1f\x8b") else whole).decode("utf-8-sig", "replace")
    return [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(text.splitlines(True))]


def _write(out: Path | None, numbers: list[int], truth: list[str], found: list[Suggestion]) -> None:
    if out is None:
        return
    with out.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["row", "label", "suggestion", "probability", "top3"])
        for number, label, each in zip(numbers, truth, found, strict=True):
            rows.writerow([number, label, each.label or "", f"{each.probability:.4f}", "|".join(each.top)])


def _measures(truth: list[str], found: list[Suggestion], known: set[str]) -> dict[str, float | None]:
    pairs = list(zip(truth, found, strict=True))
    suggested = [label == each.label for label, each in pairs if each.label is not None]
    right = [each.top[0] == label for label, each in pairs]
    return {
        "suggested": _rounded([each.label is not None for each in found]),
        "right_of_suggested": _rounded(suggested),
        "accuracy": _rounded(right),
        "top3": _rounded([label in each.top for label, each in pairs]),
        "calibration_error": round(_calibration_error([each.probability for each in found], right), 4),
        "never_seen": _rounded([label not in known for label in truth]),
    }


def _rounded(hits: list[bool]) -> float | None:
    return round(fmean(hits), 4) if hits else None


def _calibration_error(probabilities: list[float], right: list[bool]) -> float:
    """Return the expected calibration error: the mean difference between probability and share right, over 15 bins."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for probability, hit in zip(probabilities, right, strict=True):
        bins[min(BINS - 1, int(probability * BINS))].append((probability, hit))
    return sum(abs(sum(p - hit for p, hit in each)) for each in bins) / max(1, len(right))


if __name__ == "__main__":
    main()
