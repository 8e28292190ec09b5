"""Files uploaded for a run to read. The caller owns the transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import class_row

from db import sql
from db.errors import NotFound

_QUERIES = sql.load("runs")
LARGEST = 10_000_000
"""The most bytes of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file uploaded for a site; ``size`` is in bytes."""

    id: UUID
    site: str
    name: str
    size: int
    content: bytes
    at: datetime
    actor: str


def add(conn: Connection, site: str, name: str, content: bytes, *, actor: str, at: datetime) -> Upload:
    """Store a file of 1 to ``LARGEST`` bytes."""
    upload_id = uuid4()
    facts = {"id": upload_id, "site": site, "name": name, "content": content, "actor": actor, "at": at}
    conn.execute(_QUERIES["add_upload"], facts)
    return get(conn, upload_id)


def get(conn: Connection, upload_id: UUID) -> Upload:
    """Return a file. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        found = cursor.execute(_QUERIES["upload"], {"id": upload_id}).fetchone()
    if found is None:
        raise NotFound("upload", upload_id)
    return found
