"""Finds a sample plant: the one beside the code, or another seed made by the same script."""

import os
import subprocess
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
SHIPPED_SEED = 1
PYTHON_VARIABLE = "PLANTWRIGHT_SAMPLES_PYTHON"


class NoSuchSample(Exception):
    """The sample does not exist and cannot be made here."""


def folder_of(seed: int, cache: Path) -> Path:
    """Return the folder of a seed's files, making them (about half a minute) if they do not exist yet."""
    if seed == SHIPPED_SEED:
        return SAMPLES
    folder = cache / f"seed-{seed}"
    if (folder / "truth.json").exists():
        return folder
    python = os.environ.get(PYTHON_VARIABLE)
    if not python:
        raise NoSuchSample(f"the plant of seed {seed} has to be made first: run `./run demo --seed {seed}`, which can")
    folder.mkdir(parents=True, exist_ok=True)
    script = SAMPLES / "make_plant.py"
    made = subprocess.run([python, str(script), "--seed", str(seed), "--out", str(folder)], check=False)
    if made.returncode:
        raise NoSuchSample(f"{script.name} could not make the plant of seed {seed}; it says why above")
    return folder
