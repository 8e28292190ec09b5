"""A plant whose ingest is disturbed, and what its run must agree on with one that nobody disturbed."""

from contextlib import AbstractContextManager
from pathlib import Path

import psycopg

from tests.runtime.pipeline import cut
from tests.runtime.pipeline.cut import Outcome
from tests.runtime.processes import kills
from tests.runtime.processes.kills import Running


class Plant:
    """One plant whose ingest process is started again and again."""

    def __init__(self, database: str, broker_url: str, folder: Path) -> None:
        self.database, self.broker = database, broker_url
        self.log = folder / "ingest.log"
        self.environment = kills.environment(database=database, broker=broker_url)

    def ingesting(self) -> AbstractContextManager[Running]:
        return kills.plantwright("ingest", env=self.environment, log=self.log)

    def dying(self, point: str, batch: int) -> AbstractContextManager[Running]:
        return kills.mortal_ingest(point, batch, self.environment, self.log)


def finish(ingest: Running, database: str) -> None:
    """Let it judge what is left, and stop it as a service manager does."""
    with psycopg.connect(database, autocommit=True) as conn:
        ingest.wait_until(lambda: cut.all_stored(conn), "everything published is stored and judged")
    ingest.stop()


def is_as_uninterrupted(database: str, uninterrupted: Outcome) -> None:
    found = cut.outcome(database)
    assert found.readings == cut.published() and found.stored == len(cut.published()), "not every reading once"
    assert cut.differences(found, uninterrupted) == []
