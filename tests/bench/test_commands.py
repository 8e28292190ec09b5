"""Every measurement that the docs name can be run as they say."""

import re
import subprocess
from pathlib import Path

HERE = Path(__file__).parents[2]


def test_a_measurement_that_the_docs_name_is_there() -> None:
    texts = [path.read_text() for path in [HERE / "README.md", *(HERE / "docs").glob("*.md")]]
    named = {name for text in texts for name in re.findall(r"\./run bench ([a-z][a-z_-]*)", text)}
    assert {"skab", "nab", "cmapss", "cmapss-rul", "models"} <= named
    there = {path.stem for path in (HERE / "bench").glob("*.py")}
    assert {name.replace("-", "_") for name in named} <= there


def test_a_name_with_a_hyphen_is_run() -> None:
    command = ["./run", "bench", "cmapss-rul", "--help"]
    said = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "--train" in said.stdout
