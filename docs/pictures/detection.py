"""Draw how the default detector works, on pumps of the sample plant: ``.venv/bin/python docs/pictures/detection.py``.

Writes detection-wear.png and detection-duty.png beside this file, or into ``--into``. Nothing is drawn by hand: the
curves are what the detector says frame by frame.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import lzma
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

sys.path.insert(0, str(Path(__file__).parents[2]))

from models import kernel
from models.default_detector import DefaultDetector, ModelDocument

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
MINUTE_US = 60_000_000
SETTLES = 180
RUNNING = 600.0
DAY = 1440
DOCUMENT = ModelDocument(regime=("speed",))
RAW, LEVEL, USUAL, ALARM, MARK = "#9ca3af", "#1d4ed8", "#93c5fd", "#fecaca", "#b91c1c"


@dataclass
class Course:
    """What was seen and said of one pump, a value a judged minute."""

    days: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    level: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)
    off: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    alarm: list[bool] = field(default_factory=list)


def follow(asset: str, signal: str) -> Course:
    """Run a pump of the sample through the detector, three hours after each start and later."""
    detector, course, since = DefaultDetector(DOCUMENT), Course(), 0
    text = lzma.decompress((SAMPLES / f"{asset}.csv.xz").read_bytes()).decode()
    for row in csv.DictReader(io.StringIO(text)):
        minute = int(row.pop("minute"))
        if row.pop("clock"):
            continue
        values = {name: float(value) for name, value in row.items() if value}
        since = since + 1 if values.get("speed", 0.0) > RUNNING else 0
        if since <= SETTLES:
            continue
        alarm = detector.judge(minute * MINUTE_US, values) is not None
        looks = detector.residuals()
        look = looks.get(signal)
        sigma = look.sigma if look else math.nan
        course.days.append(minute / DAY)
        course.raw.append(values.get(signal, math.nan))
        course.speed.append(values["speed"])
        course.level.append(look.level if look else math.nan)
        course.low.append(look.expected - 3.0 * sigma if look else math.nan)
        course.high.append(look.expected + 3.0 * sigma if look else math.nan)
        course.off.append(max((abs(each.level - each.expected) / each.sigma for each in looks.values()), default=0.0))
        course.total.append(detector.score() * kernel.FULL * DOCUMENT.patience)
        course.alarm.append(alarm)
    return course


def draw(asset: str, signal: str, unit: str, days: tuple[float, float], path: Path) -> None:
    """Draw the signal in its usual range, how far the worst signal is off, the sum of evidence, and the speed."""
    course = follow(asset, signal)
    figure, axes = plt.subplots(4, 1, sharex=True, figsize=(9, 7), height_ratios=[3, 2, 2, 1])
    axes[0].plot(course.days, course.raw, ".", color=RAW, markersize=1, label="as measured")
    axes[0].fill_between(course.days, course.low, course.high, color=USUAL, alpha=0.6, label="usual at this speed")
    axes[0].plot(course.days, course.level, ".", color=LEVEL, markersize=1, label="level")
    axes[0].set_ylabel(f"{signal.replace('_', ' ')}\n{unit}")
    axes[0].legend(loc="upper left", fontsize=8, markerscale=6)
    axes[1].plot(course.days, course.off, ".", color=LEVEL, markersize=1)
    axes[1].axhline(DOCUMENT.drift, color=MARK, linestyle="--", linewidth=1)
    axes[1].set_ylabel("worst signal off,\nstandard deviations")
    axes[1].set_ylim(0, 12)
    axes[2].plot(course.days, course.total, ".", color=LEVEL, markersize=1)
    axes[2].axhline(DOCUMENT.patience, color=MARK, linestyle="--", linewidth=1)
    axes[2].set_ylabel("sum of evidence")
    axes[3].plot(course.days, course.speed, ".", color=RAW, markersize=1)
    axes[3].set_ylabel("speed\nrpm")
    axes[3].set_xlabel("day of the sample")
    for axis in axes:
        axis.fill_between(
            course.days, 0, 1, where=course.alarm, transform=axis.get_xaxis_transform(), color=ALARM, linewidth=0
        )
    for truth in json.loads((SAMPLES / "truth.json").read_text()):
        if truth["asset"] == asset and truth["kind"] == "predictive":
            for when, word in ((truth["begins_minute"], "wear begins"), (truth["fails_minute"], "fails")):
                for axis in axes:
                    axis.axvline(when / DAY, color=MARK, linewidth=1)
                axes[0].text(when / DAY, 1.01, word, transform=axes[0].get_xaxis_transform(), fontsize=8, color=MARK)
    axes[0].set_xlim(*days)
    shown = [v for d, v in zip(course.days, course.raw, strict=True) if days[0] <= d <= days[1] and v == v]
    axes[0].set_ylim(min(shown) - 0.1 * (max(shown) - min(shown)), max(shown) + 0.1 * (max(shown) - min(shown)))
    figure.suptitle(f"{asset}: {signal.replace('_', ' ')}. Red: the alarm.", x=0.01, ha="left", fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)
    print(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=Path(__file__).parent)
    into = parser.parse_args().into
    draw("P-101", "vibration", "mm/s RMS", (8.0, 18.2), into / "detection-wear.png")
    draw("P-108", "flow", "m³/h", (5.0, 18.0), into / "detection-duty.png")


if __name__ == "__main__":
    main()
