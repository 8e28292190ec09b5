"""docs/week.md: its bodies are asked for and taken, its setting is one, its numbers are the code's."""

import json
import re
from pathlib import Path

from pydantic import TypeAdapter

from api.shapes.runs import RunIn, ScheduleRunIn, WhatIfRunIn
from api.shapes.scheduling.schedules import VisitIn, WeightsIn
from db.scheduling.weeks import FREEZE
from runtime.settings import Settings
from workorder_core.scheduling.documents import weights_of
from workorder_core.scheduling.weeks import State

PAGE = (Path(__file__).parents[2] / "docs" / "week.md").read_text(encoding="utf-8")
RUN, VISIT, WHAT_IF, WEIGHTS = (json.loads(each) for each in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))


def test_the_run_of_the_page_can_be_asked_for():
    assert isinstance(TypeAdapter(RunIn).validate_python(RUN), ScheduleRunIn)


def test_the_visit_of_the_page_can_be_sent():
    assert VisitIn(**VISIT).people == ["holm"]


def test_the_what_if_of_the_page_can_be_asked_for():
    assert isinstance(TypeAdapter(RunIn).validate_python({"kind": "what_if", "input": WHAT_IF}), WhatIfRunIn)


def test_the_weights_of_the_page_are_weights():
    found = weights_of(WeightsIn(**WEIGHTS).document)
    assert (found.travel_km, found.moved_today, found.lateness_hour[1]) == (0.6, 40.0, 300.0)


def test_the_states_of_the_page_are_those_of_schedules():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [each.value for each in State]


def test_the_setting_and_the_hours_of_the_page_are_the_codes():
    assert 'schedule_at = "02:00"' in PAGE
    assert Settings(schedule_at="02:00").schedule_at == "02:00"
    assert f"{FREEZE.total_seconds() / 3600:.0f} hours" in PAGE
