"""docs/runs.md: its bodies are asked for and taken, its numbers and names are the code's."""

import json
import re
from pathlib import Path
from uuid import uuid4

from pydantic import TypeAdapter

from api.shapes.runs import RunIn
from runtime.runs.worker import Limits
from runtime.settings import Settings
from workorder_core.runs.runs import KINDS, MOST_CRASHES, State

PAGE = (Path(__file__).parents[2] / "docs" / "runs.md").read_text(encoding="utf-8")


def test_the_pages_bodies_are_taken_and_there_is_one_of_each_kind():
    bodies = [json.loads(each) for each in re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)]
    for body in bodies:
        sent = body | ({"upload_id": str(uuid4())} if "upload_id" in body else {})
        assert TypeAdapter(RunIn).validate_python(sent).kind == body["kind"]
    assert {body["kind"] for body in bodies} == KINDS.keys()


def test_the_pages_names_and_numbers_are_the_codes():
    assert all(f"`{state.value}`" in PAGE for state in State)
    usual = Settings()
    for name in ("run_memory_mb", "runs_at_once", "runs_kept_days"):
        value = getattr(usual, name)
        assert f"`{name}` ({value})" in PAGE or f"`{name}`, {value})" in PAGE, name
    assert f"A lease** of {Limits().lease_s:.0f} seconds" in PAGE
    assert f"killed after {Limits().grace_s:.0f} seconds" in PAGE
    assert MOST_CRASHES == 3
    assert "kills its process three times is given up" in PAGE
    assert [kind for kind in KINDS.values() if not kind.safe_again] == [], "the page says that all of them are safe"


def test_the_pages_paths_are_there():
    for path in re.findall(r"\]\((\.\./[\w/.]+)\)", PAGE):
        assert (Path(__file__).parents[2] / "docs" / path).exists(), path
