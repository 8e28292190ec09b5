"""From a notebook to the plant: documents tried in shadow, put in force, rolled back. Each change records who and
why.
"""

import getpass
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import psycopg

from db.documents import documents as versions
from db.documents import shadow
from db.documents.documents import Kind
from runtime.backtest import shadowed
from runtime.workbench.trial import Rules, difference_table, documents, orders_table


@dataclass(frozen=True, slots=True)
class OnTrial:
    """A run in shadow on a plant."""

    database: str
    run: int

    @property
    def state(self) -> shadow.ShadowRun:
        """Return the run's present state."""
        with psycopg.connect(self.database) as conn:
            return shadow.run(conn, self.run)

    @property
    def orders(self) -> pd.DataFrame:
        """Return the orders that it would have opened so far."""
        with psycopg.connect(self.database) as conn:
            return orders_table(shadowed.orders(conn, self.run))

    def against_live(self) -> pd.DataFrame:
        """Return how it differs from what the plant has done since it began; empty if they agree."""
        with psycopg.connect(self.database) as conn:
            return difference_table(shadowed.against_live(conn, shadow.run(conn, self.run)))

    def promote(self, why: str, by: str | None = None) -> None:
        """Put its documents in force from the engine's next batch on, with what they have learned, as a new version."""
        self._end("promoted", why, by)

    def drop(self, why: str, by: str | None = None) -> None:
        """End it without changing what is in force."""
        self._end("dropped", why, by)

    def _end(self, outcome: Literal["promoted", "dropped"], why: str, by: str | None) -> None:
        with psycopg.connect(self.database) as conn:
            shadow.end(conn, self.run, outcome, actor=_person(by), why=why)


def begin(database: str, name: str, rules: Rules, models: Rules, why: str, by: str | None) -> OnTrial:
    """Try documents in shadow. Raises AlreadyExists while another run is active, and what an invalid document
    raises.
    """
    given = documents(rules, models)
    with psycopg.connect(database) as conn:
        run = shadow.begin(conn, name, rulebook=given.rulebook, models=given.models, actor=_person(by), why=why)
    return OnTrial(database, run)


def list_versions(database: str, kind: Literal["rulebook", "models"]) -> pd.DataFrame:
    """Return the versions of a document, the newest first."""
    with psycopg.connect(database) as conn:
        found = versions.versions(conn, Kind(kind), limit=500)
    columns = ["number", "recorded_at", "actor", "why", "arrival", "document"]
    return pd.DataFrame([{name: getattr(each, name) for name in columns} for each in found], columns=columns)


def roll_back(
    database: str, kind: Literal["rulebook", "models"], why: str, number: int | None = None, by: str | None = None
) -> int:
    """Put an earlier version in force again (None: the one before the newest) and return the new one's number."""
    with psycopg.connect(database) as conn:
        return versions.roll_back(conn, Kind(kind), number, actor=_person(by), why=why).number


def _person(by: str | None) -> str:
    return f"person:{by or getpass.getuser()}"
