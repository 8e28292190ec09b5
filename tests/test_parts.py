"""What the tests themselves are made of."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from runtime.embedded import process
from tests.parts import memory, run_folders

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
