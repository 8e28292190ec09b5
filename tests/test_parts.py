"""What the tests themselves are made of."""

import os
import re
import signal
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from runtime.embedded import process
from tests.parts import memory, run_folders

ROOT = Path(__file__).parent.parent
RUN = """
import sys
from pathlib import Path
from runtime.embedded import postgres
from tests.parts import memory, run_folders
folder = run_folders.begin()
postgres.start(memory.folder(folder) / "postgres")
print(folder, flush=True)
sys.stdin.read()
"""


def test_a_killed_run_is_cleared_by_the_next_one_with_its_server_and_a_living_one_is_not(run_folder: Path) -> None:
    command = [sys.executable, "-c", RUN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        data = memory.folder(folder) / "postgres" / "data"
        pid = int((data / "postmaster.pid").read_text().split()[0])
        run_folders.clear_abandoned()
        assert process.runs(pid, str(data))
        assert folder.exists() and data.exists()
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        run_folders.clear_abandoned()
    assert not process.runs(pid, str(data))
    assert not folder.exists() and not data.exists()
    assert run_folder.exists() and memory.folder(run_folder).exists()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_names_whatever_its_packages_need(lock: str) -> None:
    """Installed with hashes, a package that only another one asks for is refused where the lock does not have it."""
    text = (ROOT / lock).read_text()
    locked = {
        canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)
    }
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    waiting, seen = [Requirement(each) for each in asked], set[tuple[str, str]]()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        assert one.specifier.contains(locked.get(name, "nothing"), prereleases=True), f"{one} is not in {lock}"
        for extra in ("", *one.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                needed = map(Requirement, requires(name) or ())
                waiting += [each for each in needed if each.marker is None or each.marker.evaluate({"extra": extra})]
    assert len(seen) > 50
