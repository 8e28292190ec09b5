"""The links of messages: each is one person's, for one message, for a day. Only hashes of their tokens are stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from db.errors import NotFound
from db.escalating import escalations
from db.escalating.escalations import QUERIES, Ask
from workorder_core.escalating.course import LINK_LASTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link is for: a person's message, until a time; ``language`` is their own choice."""

    message_id: UUID
    person: str
    expires_at: datetime
    language: str | None


def make(conn: Connection, message_id: UUID, person: str, *, now: datetime) -> str:
    """Return the token of a new link. A message that is sent again gets another one; each of them works."""
    token = secrets.token_urlsafe(32)
    conn.execute(QUERIES["forget_links"], {"now": now})
    facts = {"token": _hash(token), "message": message_id, "user": person, "until": now + LINK_LASTS}
    conn.execute(QUERIES["add_link"], facts)
    return token


def read(conn: Connection, token: str, *, now: datetime) -> tuple[Link, list[Ask]]:
    """Return what a link is for, and what its message asks. Raises NotFound, also once it has expired, or once its
    person sees nothing of that any more.
    """
    with conn.cursor(row_factory=class_row(Link)) as cursor:
        link = cursor.execute(QUERIES["link"], {"token": _hash(token), "now": now}).fetchone()
    if link is None:
        raise NotFound("link", "")
    asked = {"message": link.message_id, "user": link.person}
    if not (asks := list(escalations.ask_rows(conn, "asks_of_message", asked))):
        raise NotFound("link", "")
    return link, asks


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
