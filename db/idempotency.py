"""Responses stored under the idempotency keys of their requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from db import sql

_QUERIES = sql.load("idempotency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response to a request; ``request`` is a hash of it."""

    request: bytes
    status: int
    headers: Mapping[str, str]
    body: str


def begin(conn: Connection, actor: str, key: str) -> bool:
    """Claim a key for this transaction; False while another one works on a request with it."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(_QUERIES["begin"], {"actor": actor, "key": key}).fetchone())


def wait(conn: Connection, actor: str, key: str) -> None:
    """Wait until no other transaction works on a request with a key, and keep others out until this one ends."""
    conn.execute(_QUERIES["wait"], {"actor": actor, "key": key})


def find(conn: Connection, actor: str, key: str) -> Answer | None:
    """Return the stored response to somebody's request with a key."""
    with conn.cursor(row_factory=class_row(Answer)) as cursor:
        return cursor.execute(_QUERIES["find"], {"actor": actor, "key": key}).fetchone()


def keep(conn: Connection, actor: str, key: str, answer: Answer, *, at: datetime) -> None:
    """Store a response under its key."""
    facts = {"request": answer.request, "status": answer.status, "headers": Jsonb(dict(answer.headers))}
    conn.execute(_QUERIES["keep"], facts | {"actor": actor, "key": key, "body": answer.body, "at": at})


def forget(conn: Connection, *, before: datetime) -> int:
    """Delete old responses and return how many; a request repeated after that is carried out again."""
    return conn.execute(_QUERIES["forget"], {"before": before}).rowcount
