"""docs/events.md says what there is: its example runs, and its bounds are the code's."""

import re
from pathlib import Path
from typing import get_args

from api.events import hub, stream
from api.routers import events
from workorder_core.people import seeing

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")


def test_the_bounds_are_the_codes():
    assert f"{hub.MOST} streams a process, {hub.MOST_OF_ONE} a person" in PAGE
    assert f"every {stream.HEARTBEAT_S:.0f} seconds" in PAGE


def test_every_sort_of_event_is_on_the_page_and_can_be_asked_for():
    named = set(re.findall(r"`([a-z_]+)\.", PAGE))
    assert named >= seeing.SEEN_BY.keys()
    assert set(get_args(events.Subject)) == seeing.SEEN_BY.keys()
