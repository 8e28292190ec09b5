"""What docs/messages.md says is so: its kinds, its policy, its fields, its table of times, and its states."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.shapes.notifying.notifications import NotificationPolicyIn, NotificationRuleIn
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import NO_SETTINGS, from_document
from workorder_core.notifying.when import Gather, decide

PAGE = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")
POLICY = from_document(
    NotificationPolicyIn.model_validate(json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])).document()
)
ROWS = re.findall(r"^\| (\d\d:\d\d) (\w+) \| (\d\d:\d\d) \|$", PAGE, re.MULTILINE)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("at", "choice", "sent"), ROWS, ids=[f"{row[1]} at {row[0]}" for row in ROWS])
def test_news_is_sent_when_the_page_says(at, choice, sent):
    now = datetime.fromisoformat(f"2026-03-04T{at}").replace(tzinfo=BERLIN)
    decided = decide(choice, POLICY, NO_SETTINGS, now=now, urgent=choice == "emergency")
    due = decided.at if isinstance(decided, Gather) else now
    assert due.astimezone(BERLIN).strftime("%H:%M") == sent
    assert timedelta(0) <= due - now < timedelta(days=1)


def test_the_page_has_every_kind_field_and_state():
    assert len(ROWS) == 4
    for each in (*Choice, *NotificationRuleIn.model_fields, *NotificationPolicyIn.model_fields):
        assert f"`{each}`" in PAGE or f'"{each}"' in PAGE, each
    for state in ("pending", "held", "gathered", "withheld", "delivered", "failed", "skipped"):
        assert f"`{state}`" in PAGE
