"""The tests on a machine that is busy with something else: ``./run bench suite_under_load``.

No test may fail because a machine is slow. Keeps ``--load`` processes (4) computing without a pause and runs the quick
tests beside them, as ``./run test`` does; what follows ``--`` goes to pytest. Ends with pytest's exit code.
"""

import argparse
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_HERE = Path(__file__).parents[1]
_COMPUTE = "import os; parent = os.getppid()\nwhile os.getppid() == parent: sum(range(100_000))"
"""Ends with us, however we end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tests under load and print how long they took, in seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", type=int, default=4, help="processes that compute beside the tests")
    parser.add_argument("--workers", type=int, default=2, help="processes that run tests")
    parser.add_argument("pytest", nargs="*", help="options and files for pytest, after --")
    given = parser.parse_args(arguments)
    command = [sys.executable, "-m", "pytest", "-n", str(given.workers), "-m", "not slow", *given.pytest]
    began = time.monotonic()
    with busy(given.load):
        status = subprocess.run(command, cwd=_HERE, check=False).returncode
    print(f"{time.monotonic() - began:.0f} s under a load of {given.load}")
    return status


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep so many processes computing."""
    running = [subprocess.Popen([sys.executable, "-c", _COMPUTE]) for _ in range(processes)]
    try:
        yield
    finally:
        for each in running:
            each.kill()
            each.wait()


if __name__ == "__main__":
    sys.exit(main())
