"""The examples of docs/notifications.md, run against what is really sent, and its settings, loaded."""

import json
import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from db.events.receivers import shown
from runtime.settings import Settings
from workorder_core.notifying.attempts import DELAYS

PAGE = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")
SECRET = shown(b"x" * 32)


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def verifiers():
    """The functions of the page."""
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(block, names)  # noqa: S102 - the page's own examples
    return names


def signed(body, at):
    """A message as it is sent, with headers as servers give them."""
    return {
        "webhook-id": "7f6b",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("7f6b", at, body.decode()),
    }


def test_both_ways_to_verify_accept_what_is_sent_and_refuse_what_was_changed(verifiers):
    body, now = blocks("json")[0].encode(), datetime.now(UTC)
    headers = signed(body, now)
    assert verifiers["receive"](body, headers, SECRET) == json.loads(body)
    assert verifiers["is_ours"](body, headers, SECRET)
    assert not verifiers["is_ours"](body + b" ", headers, SECRET)
    with pytest.raises(WebhookVerificationError):
        verifiers["receive"](body + b" ", headers, SECRET)
    with pytest.raises(WebhookVerificationError):
        verifiers["receive"](body, signed(body, now - timedelta(minutes=6)), SECRET)


def test_the_settings_of_the_page_can_be_used():
    for block in blocks("toml"):
        Settings(**tomllib.loads(block))


def test_the_page_has_the_delays():
    assert "at once, then 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h" in PAGE
    assert [each.total_seconds() for each in DELAYS] == [
        0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ]  # fmt: skip
