"""What docs/escalation.md says is so: its policy, its table of minutes, and its numbers."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.shapes.notifying.escalations import NewPolicyIn
from workorder_core.escalating.course import (
    ITEMS_LISTED,
    LINK_LASTS,
    ONE_A_PERSON_EVERY,
    Answer,
    Ask,
    advance,
)
from workorder_core.escalating.policies import TargetKind

PAGE = (Path(__file__).parents[2] / "docs" / "escalation.md").read_text(encoding="utf-8")
(POLICY,) = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))


def test_the_policy_of_the_page_takes_its_steps_at_the_minutes_of_its_table():
    sent = NewPolicyIn(**POLICY)
    policy = sent.policy(sent.code, sent.site)
    rows = re.findall(r"^\| (\d+) \| (step \d|nobody has acknowledged) \|$", PAGE, re.MULTILINE)
    begin = at = datetime(2026, 3, 4, tzinfo=UTC)
    taken, found = 0, []
    while isinstance(decision := advance(policy, taken, now=at), Ask):
        step = policy.steps.index(decision.step) + 1
        found.append((str((at - begin) // timedelta(minutes=1)), f"step {step}"))
        taken, at = decision.taken, decision.next_at
    found.append((str((at - begin) // timedelta(minutes=1)), "nobody has acknowledged"))
    assert found == rows


def test_the_page_names_every_field_target_answer_and_number():
    fields = set(NewPolicyIn.model_fields) - {"site", "code", "title"}
    assert {each for each in fields if f"`{each}`" not in PAGE} == set()
    assert all(f"`{each.value}" in PAGE for each in TargetKind)
    assert all(f"`{each.value.replace('_', '-')}`" in PAGE for each in Answer)
    assert f"lists {ITEMS_LISTED}." in PAGE
    assert timedelta(hours=24) == LINK_LASTS and timedelta(minutes=1) == ONE_A_PERSON_EVERY
