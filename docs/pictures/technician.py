"""Make the picture of the technician's app from those that its proof takes: ``python docs/pictures/technician.py``.

Runs the whole order without a network of tests/browser/app, and puts the day, the steps and the conflict side by side
into technician.webp.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_SHOWN = ("day", "steps", "conflict")
_GAP = 20


def main() -> None:
    """Run the proof, then compose its pictures."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "-m", "slow", "tests/browser/app", "-k", "whole_order"]
        subprocess.run(command, cwd=_ROOT, check=True, env=os.environ | {"PLANTWRIGHT_TEST_SHOTS": folder})
        pictures = [Image.open(Path(folder) / f"{name}.png").convert("RGB") for name in _SHOWN]
    width = sum(each.width for each in pictures) + _GAP * (len(pictures) + 1)
    whole = Image.new("RGB", (width, max(each.height for each in pictures) + 2 * _GAP), "#dbe2e6")
    left = _GAP
    for each in pictures:
        whole.paste(each, (left, _GAP))
        left += each.width + _GAP
    whole.save(_HERE / "technician.webp", quality=70, method=6)


if __name__ == "__main__":
    main()
