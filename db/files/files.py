"""Files of orders, assets and locations; their content is in a table of its own.

The caller owns the transaction, and has checked that the user may see what the files belong to.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row

from db import sql
from db.errors import NotFound, StoreError
from db.files import pictures
from db.files.pictures import InvalidPicture, Picture
from db.orders import order_history
from db.plant import changes
from workorder_core.sentences import coded, say

_QUERIES = sql.load("files")
LARGEST = 10_000_000
"""The most bytes of a file: a phone's photo, a data sheet."""

MOST_OF_ONE = 1_000
"""Files of an asset or a location."""

_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"%PDF-": "application/pdf",
}
KINDS = (*_BEGINNINGS.values(), "image/webp", "text/plain")
_ENDINGS = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".csv", ".tsv", ".log", ".md", ".json"),
}
"""The extension by kind under which a file is saved: a text called ``note.html`` or ``note.bat`` would be executed."""
_CALLED = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WebP",
    "application/pdf": "PDF",
    "text/plain": "plain text",
}


class InvalidAttachment(StoreError):
    """A file cannot be attached."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(say("{name!r} is not attached: {problem}", name=name, problem=problem))
        self.name, self.problem = name, problem


class Of(StrEnum):
    """The kinds of owners of files."""

    ORDER = "order"
    ASSET = "asset"
    LOCATION = "location"


@dataclass(frozen=True, slots=True)
class Owner:
    """A file's owner: an order by its UUID, an asset or a location by its number."""

    of: Of
    id: UUID | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The permitted files: kinds of ``KINDS``, and bytes of one file, ``LARGEST`` at most."""

    kinds: Collection[str] = KINDS
    largest: int = LARGEST

    @property
    def said(self) -> str:
        """Return the kinds in words."""
        return ", ".join(_CALLED[each] for each in KINDS if each in self.kinds)


USUAL = Allowed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of an order, an asset or a location; ``size`` is in bytes."""

    id: UUID
    order_id: UUID | None = None
    asset_id: int | None = None
    location_id: int | None = None
    name: str
    kind: str
    size: int
    sha256: bytes
    at: datetime
    actor: str

    @property
    def saved_as(self) -> str:
        """Return the name under which to save it, with the ending of its kind."""
        endings = _ENDINGS[self.kind]
        return self.name if self.name.lower().endswith(endings) else f"{self.name}{endings[0]}"

    @property
    def is_picture(self) -> bool:
        return self.kind in pictures.FORMATS


def add(
    conn: Connection,
    owner: Owner,
    name: str,
    content: bytes,
    *,
    actor: str,
    at: datetime,
    allowed: Allowed = USUAL,
    file_id: UUID | None = None,
) -> Attachment:
    """Attach a file. Its content decides its kind, not its name; a picture is stored without metadata. ``file_id`` is
    the id that it gets; None: a new one.

    An order must be locked by this transaction. Raises InvalidAttachment.
    """
    # An unprintable character could make a name end differently from how it looks.
    shown = "".join(filter(str.isprintable, name)).replace("/", "_").replace("\\", "_").strip()[-200:] or "file"
    content = _as_jpeg(shown, content)
    kind = _checked(shown, content, allowed)
    if owner.of is not Of.ORDER and len(of(conn, owner)) >= MOST_OF_ONE:
        raise InvalidAttachment(
            shown, say("there are {most:,} files already; delete what is out of date", most=MOST_OF_ONE)
        )
    small = None
    if kind in pictures.FORMATS:
        picture = _cleaned(shown, content, kind)
        content, small = picture.content, picture.small
    made = Attachment(
        id=file_id or uuid4(),
        **{f"{owner.of.value}_id": owner.id},  # type: ignore[arg-type]
        name=shown,
        kind=kind,
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        at=at,
        actor=actor,
    )
    conn.execute(_QUERIES["add"], {name: getattr(made, name) for name in Attachment.__dataclass_fields__})
    conn.execute(_QUERIES["add_content"], {"id": made.id, "content": content, "thumbnail": small})
    _log(conn, made, "attach", "added", actor=actor, at=at)
    return made


def cleaned_picture(name: str, content: bytes) -> tuple[str, Picture]:
    """Return the kind of a picture, and the picture re-encoded without metadata. Raises InvalidAttachment."""
    content = _as_jpeg(name, content)
    kind = _checked(name, content, Allowed(kinds=tuple(pictures.FORMATS)))
    return kind, _cleaned(name, content, kind)


def _as_jpeg(name: str, content: bytes) -> bytes:
    """Return a photo in HEIC as JPEG, which every browser shows; anything else as it is."""
    if len(content) > LARGEST or not pictures.is_heic(content):
        return content
    try:
        return pictures.from_heic(content)
    except InvalidPicture as wrong:
        raise InvalidAttachment(name, str(wrong)) from None


def _cleaned(name: str, content: bytes, kind: str) -> Picture:
    try:
        picture = pictures.clean(content, kind)
    except InvalidPicture as wrong:
        raise InvalidAttachment(name, str(wrong)) from None
    if len(picture.content) > 2 * LARGEST:
        raise InvalidAttachment(name, say("it would be too large uncompressed; make it smaller"))
    return picture


def _checked(name: str, content: bytes, allowed: Allowed) -> str:
    if not content:
        raise InvalidAttachment(name, say("it is empty"))
    if len(content) > allowed.largest:
        raise InvalidAttachment(
            name, say("it is larger than {largest} MB; make it smaller", largest=allowed.largest // 1_000_000)
        )
    kind = _kind(content)
    if kind is None:
        raise InvalidAttachment(
            name, say("it is neither a picture (PNG, JPEG, HEIC, GIF, WebP) nor a PDF nor plain text")
        )
    if kind not in allowed.kinds:
        raise InvalidAttachment(
            name,
            say(
                "it is {called}; only these can be attached here: {said}",
                called=coded(_CALLED[kind]),
                said=coded(allowed.said),
            ),
        )
    return kind


def delete(conn: Connection, file_id: UUID, *, actor: str, at: datetime) -> Attachment:
    """Delete a file's content; its owner's history records who deleted it and when. Raises NotFound."""
    gone = get(conn, file_id)
    conn.execute(_QUERIES["delete_content"], {"id": file_id})
    conn.execute(_QUERIES["delete"], {"id": file_id, "actor": actor, "at": at})
    _log(conn, gone, "detach", "removed", actor=actor, at=at)
    return gone


def of(conn: Connection, owner: Owner) -> list[Attachment]:
    """Return an owner's files, the oldest first."""
    with conn.cursor(row_factory=class_row(Attachment)) as cursor:
        return cursor.execute(_QUERIES[f"of_{owner.of.value}"], {"owner": owner.id}).fetchall()


def of_order(conn: Connection, order_id: UUID) -> list[Attachment]:
    """Return the files of an order, the oldest first."""
    return of(conn, Owner(Of.ORDER, order_id))


def get(conn: Connection, file_id: UUID) -> Attachment:
    """Return a file's facts, without its content. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Attachment)) as cursor:
        found = cursor.execute(_QUERIES["get"], {"id": file_id}).fetchone()
    if found is None:
        raise NotFound("attachment", file_id)
    return found


def of_this_order(conn: Connection, order_id: UUID, file_id: UUID) -> Attachment:
    """Return the facts of a file of exactly that order. Raises NotFound."""
    found = get(conn, file_id)
    if found.order_id != order_id:
        raise NotFound("attachment", file_id)
    return found


def content(conn: Connection, file_id: UUID) -> bytes:
    """Return a file's content. Raises NotFound."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found: bytes | None = cursor.execute(_QUERIES["content"], {"id": file_id}).fetchone()
    if found is None:
        raise NotFound("attachment", file_id)
    return bytes(found)


def thumbnail(conn: Connection, file: Attachment) -> tuple[bytes, str]:
    """Return a picture's thumbnail with its kind. Raises NotFound for a file that is not a picture."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["thumbnail"], {"id": file.id}).fetchone()
    if row is None or not file.is_picture:
        raise NotFound("small picture of", file.id)
    return bytes(row["content"]), "image/jpeg" if row["small"] else file.kind


def _log(conn: Connection, file: Attachment, step: str, what: str, *, actor: str, at: datetime) -> None:
    said: dict[str, Any] = {"id": str(file.id), "name": file.name, "size": file.size, "sha256": file.sha256.hex()}
    gone = step == "detach"
    old, new = ({"attachment": said}, {}) if gone else ({}, {"attachment": said})
    if file.order_id is not None:
        order_history.append(conn, file.order_id, at=at, actor=actor, step=step, old=old, new=new, why=file.name)
        return
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["owner"], {"id": file.id}).fetchone()
    assert row is not None
    facts = {"file": file.name, "sha256": said["sha256"]}
    changes.append(
        conn,
        "file",
        row["subject"],
        what,
        old=facts if gone else {},
        new={} if gone else facts,
        site=row["site"],
        asset_id=file.asset_id,
        actor=actor,
        at=at,
    )


def _kind(content: bytes) -> str | None:
    for beginning, kind in _BEGINNINGS.items():
        if content.startswith(beginning):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    readable = all(letter.isprintable() or letter in "\t\n\r\f\u00a0" for letter in text)
    return "text/plain" if readable else None
