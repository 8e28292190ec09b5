"""C-MAPSS files: 26 columns, unit, cycle, three settings, 21 sensors; blank-separated, plain or gzip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def engines(path: Path) -> dict[int, Array]:
    """Each unit's sensors, cycles by 21, in the order of the file. numpy opens gzip by itself."""
    table = np.loadtxt(path)
    return {int(unit): table[table[:, 0] == unit, 5:26] for unit in np.unique(table[:, 0])}
