"""docs/triage.md: its bodies are taken, its numbers are the code's."""

import json
import re
from pathlib import Path

from pydantic import TypeAdapter

from api.shapes.runs import RunIn, TriageRunIn
from api.shapes.triage import DangerWordsIn, InForceIn, SuggestIn
from models.triage import forest, selective
from runtime.settings import Settings
from workorder_core.triage import learning

PAGE = (Path(__file__).parents[2] / "docs" / "triage.md").read_text(encoding="utf-8")
SUGGEST, DANGER, RUN, IN_FORCE = (json.loads(each) for each in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))


def test_the_bodies_of_the_page_can_be_sent() -> None:
    assert SuggestIn(**SUGGEST).site == "NTH"
    assert isinstance(TypeAdapter(RunIn).validate_python(RUN), TriageRunIn)
    assert InForceIn(**IN_FORCE).number == 2
    assert DangerWordsIn(**DANGER).words == ["NH3", "valve 7 open"]


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    assert f"{selective.GOAL + selective.MARGIN:.1%}".replace("%", " %") in PAGE
    assert f"forest** of {forest.TREES} randomised trees" in PAGE
    assert f"fewer than {selective.LEAST_TEXTS} " in PAGE
    assert f"{learning.FIRST} labels for the first one, then {learning.NEXT} or a tenth" in PAGE
    assert f"it takes {learning.progress(new=0, learned_from=812).needed}." in PAGE
    assert f"at {Settings().triage_at} of the site" in PAGE
