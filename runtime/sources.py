"""What the engine understands and listens to, as the settings say, and what it has to remember of it."""

from psycopg import Connection

from db import sources
from ingest import mapping
from ingest.formats import Formats
from ingest.thingsboard import ThingsBoard
from runtime.settings import Settings


def understood(settings: Settings, conn: Connection | None = None) -> Formats:
    """Return the formats of the settings, with what the database remembers of them. Raises WrongMapping."""
    board = None
    if settings.thingsboard_site is not None:
        board = ThingsBoard(settings.thingsboard_site, settings.thingsboard_device)
    return Formats(
        mappings=[mapping.read(each) for each in settings.mappings],
        thingsboard=board,
        taken=None if conn is None else sources.taken(conn),
    )


def topics(settings: Settings) -> list[str]:
    """Return what to subscribe to: the topics of the settings, and those of every format."""
    return list(dict.fromkeys([*settings.topics, *understood(settings).filters()]))


def remember(conn: Connection, formats: Formats) -> None:
    """Write what has to outlive this process, in the batch's own transaction."""
    sources.take(conn, formats.newly_taken())
