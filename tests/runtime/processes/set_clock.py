"""A wall clock of real processes that a test sets: a library that is loaded before them, compiled here."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.parts.fetch import PartMissing

_SOURCE = Path(__file__).with_suffix(".c")


class SetClock:
    """The wall clock of all processes that get ``environment``; their monotonic one goes on as the machine's."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            raise PartMissing("a wall clock that can be set needs a C compiler")
        library, self._file = folder / "set_clock.so", folder / "ahead"
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE)]
        subprocess.run(command, check=True, capture_output=True)
        self.environment = {"LD_PRELOAD": str(library), "SET_CLOCK": str(self._file)}
        self._file.write_bytes(bytes(8))

    def set(self, by_s: float) -> None:
        """Set it ahead of the machine's by so many seconds, at once for all."""
        with self._file.open("r+b", buffering=0) as handle:
            os.write(handle.fileno(), round(by_s * 1e9).to_bytes(8, "little", signed=True))
