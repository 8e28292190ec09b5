"""What is personal about requests: who asks, their words, messages and photos. All of it can be erased; nothing of it
is in any hashed history. The caller owns the transaction.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import sql
from db.errors import NotFound
from db.files import files
from db.plant import changes
from workorder_core.requests.emergencies import PortalRules
from workorder_core.sentences import say

_QUERIES = sql.load("request_people")
MOST_PHOTOS = 5
MOST_MESSAGES = 100
LONGEST = 4000
"""The most characters of a message."""


class TooManyOfOne(Exception):
    """A request has as many photos or messages as it may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks, how to reach them, and in their own words: what is wrong, where, and since when."""

    name: str = ""
    contact: str = ""
    what: str
    place: str = ""
    since: str = ""
    rating_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message; without an actor the requester wrote it."""

    seq: int
    at: datetime
    actor: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo; ``attachment_id`` is its copy at the order."""

    id: UUID
    kind: str
    at: datetime
    attachment_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoContent:
    """The bytes of a photo, and of its thumbnail, which is a JPEG."""

    kind: str
    content: bytes
    thumbnail: bytes


def add(conn: Connection, request_id: UUID, person: Person) -> None:
    """Store who asks."""
    conn.execute(_QUERIES["add_person"], asdict(person) | {"id": request_id})


def person(conn: Connection, request_id: UUID) -> Person | None:
    """Return who asks; None if it was erased."""
    with conn.cursor(row_factory=class_row(Person)) as cursor:
        return cursor.execute(_QUERIES["person"], {"id": request_id}).fetchone()


def keep_rating_words(conn: Connection, request_id: UUID, words: str) -> None:
    """Store the words with a rating."""
    conn.execute(_QUERIES["words_of_rating"], {"id": request_id, "words": words})


def add_message(conn: Connection, request_id: UUID, text: str, *, actor: str | None, at: datetime) -> None:
    """Store a message of a locked request. Raises TooManyOfOne."""
    if len(messages(conn, request_id)) >= MOST_MESSAGES:
        raise TooManyOfOne(say("there are {most} messages already; please call instead", most=MOST_MESSAGES))
    conn.execute(_QUERIES["add_message"], {"id": request_id, "text": text, "actor": actor, "at": at})


def messages(conn: Connection, request_id: UUID) -> list[Message]:
    """Return what both sides have written, the oldest first."""
    with conn.cursor(row_factory=class_row(Message)) as cursor:
        return cursor.execute(_QUERIES["messages"], {"id": request_id}).fetchall()


def add_photo(conn: Connection, request_id: UUID, content: bytes, *, at: datetime) -> None:
    """Store a photo, decoded within limits and re-encoded without metadata. The content decides what it is.

    Raises InvalidAttachment, TooManyOfOne.
    """
    if len(photos(conn, request_id)) >= MOST_PHOTOS:
        raise TooManyOfOne(say("there are {most} photos already", most=MOST_PHOTOS))
    kind, picture = files.cleaned_picture("photo", content)
    facts: dict[str, Any] = {"id": request_id, "photo_id": uuid4(), "kind": kind, "at": at}
    conn.execute(_QUERIES["add_photo"], facts | {"content": picture.content, "thumbnail": picture.small})


def photos(conn: Connection, request_id: UUID) -> list[Photo]:
    """Return the photos of a request, the oldest first."""
    with conn.cursor(row_factory=class_row(Photo)) as cursor:
        return cursor.execute(_QUERIES["photos"], {"id": request_id}).fetchall()


def photo(conn: Connection, request_id: UUID, photo_id: UUID) -> PhotoContent:
    """Return a photo of just this request. Raises NotFound."""
    with conn.cursor(row_factory=class_row(PhotoContent)) as cursor:
        found = cursor.execute(_QUERIES["photo"], {"id": request_id, "photo_id": photo_id}).fetchone()
    if found is None:
        raise NotFound("photo", photo_id)
    return found


def note_attached(conn: Connection, photo_id: UUID, attachment_id: UUID) -> None:
    """Record the copy of a photo at an order."""
    conn.execute(_QUERIES["attached"], {"photo_id": photo_id, "attachment_id": attachment_id})


def erase(conn: Connection, request_id: UUID, *, number: str, site: str, actor: str, at: datetime) -> None:
    """Delete everything personal of a request, with the copies of its photos at its order, and record that in the log
    of changes. Its private address leads nowhere afterwards. Erasing twice changes nothing.
    """
    erased = conn.execute(_QUERIES["erased"], {"id": request_id, "actor": actor, "at": at}).rowcount
    if not erased:
        return
    conn.execute(_QUERIES["erase_people"], {"id": request_id})
    for each in ("erase_messages", "erase_mails", "erase_links", "erase_answers", "erase_answerers"):
        conn.execute(_QUERIES[each], {"id": request_id})
    with conn.cursor(row_factory=scalar_row) as cursor:
        copies = cursor.execute(_QUERIES["erase_photos"], {"id": request_id}).fetchall()
    for each in filter(None, copies):
        try:
            files.delete(conn, each, actor=actor, at=at)
        except NotFound:
            continue  # somebody has deleted it at the order
    changes.append(conn, "request", number, "erased", old={}, new={}, site=site, asset_id=None, actor=actor, at=at)


def of_contact(conn: Connection, contact: str) -> list[UUID]:
    """Return the requests of somebody, by the contact that they gave."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["of_contact"], {"contact": contact.strip()}).fetchall()


def outdated(conn: Connection, *, now: datetime, limit: int = 1000) -> list[UUID]:
    """Return the requests whose personal data has been kept for as long as their site keeps it."""
    asked = {"now": now, "keep_days": PortalRules().keep_days, "limit": limit}
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["outdated"], asked).fetchall()


def lock(conn: Connection, request_id: UUID) -> None:
    """Let nobody else add photos to a request until the transaction ends."""
    conn.execute(_QUERIES["lock_request"], {"id": request_id})
