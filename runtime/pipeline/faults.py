"""Errors that no message caused: they end ingest with an alarm, and leave every message unacknowledged."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import Error

from db.telemetry.judge import NotTheWriter


class OfNoMessage(Exception):
    """A stage of the main path that handles all messages alike failed."""

    def __init__(self, stage: str, error: Exception) -> None:
        said = str(error).strip().partition("\n")[0]
        super().__init__(f"{stage} failed with {type(error).__name__}{f': {said}' if said else ''}")
        self.stage, self.error = stage, error


@contextmanager
def of_no_message(stage: str) -> Iterator[None]:
    """Turn errors of the block into OfNoMessage. Errors of the database itself, and NotTheWriter, pass unchanged."""
    try:
        yield
    except (Error, NotTheWriter, OfNoMessage):
        raise
    except Exception as error:
        raise OfNoMessage(stage, error) from error
