"""Make the sample plant: ``python make_plant.py --seed 1 --out DIR``. Needs requirements.lock beside this file.

The same seed gives the same plant. Writes one ``<asset>.csv.xz`` for each pump and ``truth.json``.
"""

import argparse
import json
import lzma
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pumps
from scenario import ASSETS, MINUTES, SIGNALS, Array, Plan, draw, without_faults

DECIMALS = {
    "speed": 0,
    "flow": 1,
    "discharge_pressure": 2,
    "bearing_temp": 1,
    "bearing_temp_radial": 1,
    "oil_temp": 1,
    "vibration": 2,
}
TEXT = [{"id": lzma.FILTER_LZMA2, "preset": 9, "lc": 4, "lp": 0, "pb": 0}]
"""Settings of xz that suit columns of digits; any reader of xz understands the result."""


def make(seed: int, out: Path, *, fine: bool = False) -> None:
    """Write the plant of this seed into a folder, which is made if need be."""
    around, plans = draw(seed)
    course, truths = pumps.simulate(seed, around, plans, fine=fine)
    readings = pumps.measure(seed, course)
    out.mkdir(parents=True, exist_ok=True)
    for i, asset in enumerate(ASSETS):
        text = _csv({signal: readings[signal][i] for signal in SIGNALS}, plans[asset])
        (out / f"{asset}.csv.xz").write_bytes(lzma.compress(text.encode(), filters=TEXT))
    truth = [asdict(t) for asset in ASSETS for t in truths[asset]]
    (out / "truth.json").write_text("[\n" + ",\n".join(json.dumps(t) for t in truth) + "\n]\n", encoding="utf-8")


def make_healthy(seed: int, out: Path) -> None:
    """Write ``healthy-<seed>.npz``: the pumps of this seed as if nothing ever failed, arrays of signals by minutes."""
    around, plans = draw(seed)
    course, _ = pumps.simulate(seed, around, without_faults(plans))
    readings = pumps.measure(seed, course)
    out.mkdir(parents=True, exist_ok=True)
    table = np.stack([np.round(np.abs(readings[signal]), DECIMALS[signal]) for signal in SIGNALS], axis=1)
    part = out / f"healthy-{seed}.part.npz"
    np.savez_compressed(part, **dict(zip(ASSETS, table.astype(np.float32), strict=True)))
    part.replace(out / f"healthy-{seed}.npz")


def _csv(readings: dict[str, Array], plan: Plan) -> str:
    columns = {
        signal: [f"{value:.{DECIMALS[signal]}f}" for value in np.abs(values)] for signal, values in readings.items()
    }
    if plan.stuck is not None:
        signal, begins, ends = plan.stuck
        columns[signal][begins:ends] = [columns[signal][begins]] * (ends - begins)
    if plan.absent is not None:
        signal, begins, ends = plan.absent
        columns[signal][begins:ends] = [""] * (ends - begins)
    lines = [",".join(("minute", "clock", *SIGNALS))]
    for minute, values in zip(range(MINUTES), zip(*columns.values(), strict=True), strict=True):
        lines.append(",".join((str(minute), plan.clock.get(minute, ""), *values)))
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the sample plant of a seed.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--fine", action="store_true", help="steps of a second throughout, to check the usual ones")
    parser.add_argument("--healthy", action="store_true", help="no faults, as one array a pump: healthy-SEED.npz")
    arguments = parser.parse_args()
    if arguments.healthy:
        make_healthy(arguments.seed, arguments.out)
        return
    make(arguments.seed, arguments.out, fine=arguments.fine)


if __name__ == "__main__":
    main()
