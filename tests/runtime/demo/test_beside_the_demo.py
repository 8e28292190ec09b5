"""The commands that the README prints, run as printed beside a running demo: a newcomer's first five minutes."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from runtime.demo.demo import NEXT
from runtime.embedded import postgres, process

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PREFIX = "./run plantwright "
PATIENCE_S = 600
STARTS_SOMETHING = {"demo", "serve"}


def printed() -> list[str]:
    """Every `./run plantwright` command of the README and of the demo's own hints, without its remark."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ ").split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    commands = [line for line in [*lines, *(command for command, _ in NEXT)] if line.startswith(PREFIX)]
    return [each for each in dict.fromkeys(commands) if each.removeprefix(PREFIX).split()[0] not in STARTS_SOMETHING]


@pytest.fixture(scope="module")
def demo(run_folder: Path) -> Iterator[tuple[Path, str]]:
    """A demo that has reached the present, in a folder of its own: the folder, and what its terminal shows."""
    folder = run_folder / "beside"
    folder.mkdir(mode=0o711)
    terminal = folder / "terminal.txt"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
    command = [
        sys.executable,
        "-m",
        "runtime.cli.main",
        "demo",
        "--data-dir",
        str(folder),
        "--port",
        str(process.free_port()),
    ]
    with terminal.open("w") as output:
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while "Now in real time" not in terminal.read_text():
            assert running.poll() is None, terminal.read_text()
            assert time.monotonic() < deadline, terminal.read_text()
            time.sleep(0.5)
        yield folder, terminal.read_text()
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(120)


def test_each_command_of_the_readme_works_as_printed(demo: tuple[Path, str]) -> None:
    _, terminal = demo
    assert len(printed()) >= 5
    exported = dict(re.findall(r"^  export (\w+)=(\S+)", terminal, re.MULTILINE))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")} | exported
    for each in printed():
        command = [sys.executable, "-m", "runtime.cli.main", *shlex.split(each.removeprefix(PREFIX))]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert done.returncode == 0, f"{each}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


def test_the_terminal_says_where_everything_is_and_holds_no_log_lines(demo: tuple[Path, str]) -> None:
    folder, terminal = demo
    for what in (
        "board     http://127.0.0.1:",
        "broker    mqtt://127.0.0.1:",
        "database  plantwright on",
        "log       ",
    ):
        assert what in terminal, terminal
    assert "[info" not in terminal
    assert "judging" in (folder / "plantwright.log").read_text()


def test_no_alarm_of_the_engine_greets_a_newcomer(demo: tuple[Path, str]) -> None:
    from datetime import UTC, datetime

    from db.alarms import engine_alarms

    url = postgres.running(demo[0] / "postgres")
    assert url is not None
    with psycopg.connect(url) as conn:
        assert engine_alarms.standing(conn, now=datetime.now(UTC)) == []
