"""Anything that can be sent, with errors injected: nothing stops, and every value is accounted for."""

from pathlib import Path

import pytest

from bench import fuzz


def test_a_few_thousand_messages_of_all_formats_with_errors_at_every_stage(database: str, tmp_path: Path) -> None:
    result = fuzz.run(database, tmp_path, messages=1_500, seed=4, say=print, poison=0.003, every=6_000)
    assert result.kept, result
    assert result.messages == 1_500
    assert result.injected >= 2
    assert result.unreadable >= 2
    assert result.stored + result.repeated + result.kept_back == result.values
    assert result.repeated > 20
    assert result.quarantined > 100


@pytest.mark.slow
def test_fifty_thousand_messages_of_all_formats_in_bounded_memory(database: str, tmp_path: Path) -> None:
    result = fuzz.run(database, tmp_path, messages=50_000, seed=5, say=print)
    assert result.kept, result
    assert result.rss_mb[-1] < 2 * result.rss_mb[len(result.rss_mb) // 3]
