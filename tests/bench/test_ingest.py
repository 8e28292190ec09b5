"""The measurement of ingest runs, on a real broker and a real database, and its last line is what it found."""

import json

import pytest

from bench import ingest


@pytest.mark.slow
def test_the_quick_form_measures_the_whole_path_beside_the_minimal_loop(capsys):
    ingest.main(
        [
            "--quick",
            "--messages",
            "30000",
            "--assets",
            "50",
            "--only",
            "single",
            "--ways",
            "drain",
            "--subjects",
            "minimal",
            "whole",
        ]
    )
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["single"]
    assert found["medians"].keys() == {"b_drain", "d_drain"}
    assert found["medians"]["d_drain"].keys() >= {"per_s", "cpu_us", "database_cpu_us", "peak_mb"}
    assert found["d_over_b_drain"] > 0
    assert found["at_a_steady_rate"]["p50_ms"] > 0
