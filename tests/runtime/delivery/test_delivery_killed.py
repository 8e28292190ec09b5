"""Delivery killed at every step: nothing lost, order kept, and twice only what was under way, with one id."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from db.events import events
from tests.runtime.delivery.mortal_delivery import POINTS

ROOT = Path(__file__).parents[3]


def deliver(post, point, times):
    command = [sys.executable, "-m", "tests.runtime.delivery.mortal_delivery", post.url, point, str(times)]
    return subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode


def kill_and_finish(post, http, points):
    """Begin with each point in turn, killed there, while events come; then deliver the rest."""
    post.hook(http.url)
    for number, point in enumerate(points):
        post.happen(*(f"{number}/{each}" for each in range(5)))
        assert (
            deliver(post, point, 1 + number % 3 if point.startswith(("sent", "noted", "about")) else 1)
            == -signal.SIGKILL
        )
    assert deliver(post, "never", 1) == 0
    return [str(each.uid) for each in events.after(post.conn, 0)]


def once_each(ids):
    return list(dict.fromkeys(ids))


def test_killed_between_sending_and_noting_it_sends_again_with_the_same_id(post, http):
    written = kill_and_finish(post, http, [POINTS[4]])
    assert once_each(http.accepted) == written
    assert len(http.accepted) == len(written) + 1


@pytest.mark.slow
def test_killed_at_every_step_nothing_is_lost_and_order_is_kept(post, http):
    written = kill_and_finish(post, http, POINTS)
    assert once_each(http.accepted) == written
    again = len(http.accepted) - len(written)
    assert 2 <= again <= 3, "what was sent and not noted: at two points, and no more"
    for place, each in enumerate(http.accepted[1:], 1):
        assert each not in http.accepted[: place - 1], "only the message that was under way comes again, at once"
