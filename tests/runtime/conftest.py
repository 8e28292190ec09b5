"""What a run leaves behind that nobody disturbs, for those that are."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.embedded import broker
from tests.parts import databases
from tests.runtime.pipeline import cut
from tests.runtime.pipeline.cut import Outcome
from tests.runtime.processes import kills
from tests.runtime.processes.undisturbed import Plant, finish


@pytest.fixture(scope="session")
def uninterrupted(embedded_server: str, _template: str, mosquitto_program: Path, run_folder: Path) -> Iterator[Outcome]:
    """What a run leaves behind that nobody disturbs."""
    folder = run_folder / f"uninterrupted-{os.getpid()}"
    folder.mkdir(mode=0o711)
    wire = broker.start(folder / "broker", inflight=2_000, queued=100_000, kind="mosquitto")
    try:
        with databases.fresh(embedded_server, _template) as database:
            cut.load_plant(database)
            with Plant(database, wire.url, folder).ingesting() as ingest, kills.published(wire.url, database):
                finish(ingest, database)
            yield cut.outcome(database)
    finally:
        wire.stop()
