"""Files of orders: what each is, and, in a table of its own, what is in it. The caller owns the transaction."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from db import sql
from db.errors import NotFound, StoreError
from db.orders import order_history

_QUERIES = sql.load("attachments")
LARGEST = 10_000_000
"""Bytes of a file: a photo of a telephone, a data sheet."""

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
"""By kind, how a file's name ends where it is saved: a text called ``note.html`` or ``note.bat`` would be run."""


class AttachmentWrong(StoreError):
    """A file cannot be attached."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name!r} is not attached: {problem}")
        self.name, self.problem = name, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of an order; ``size`` is in bytes."""

    id: UUID
    order_id: UUID
    name: str
    kind: str
    size: int
    sha256: bytes
    at: datetime
    actor: str

    @property
    def saved_as(self) -> str:
        """The name for whoever saves it, which ends as its kind does."""
        endings = _ENDINGS[self.kind]
        return self.name if self.name.lower().endswith(endings) else f"{self.name}{endings[0]}"


def add(conn: Connection, order_id: UUID, name: str, content: bytes, *, actor: str, at: datetime) -> Attachment:
    """Attach a file to an order whose row this transaction holds. Its kind is what it is, not what it is called.

    Raises AttachmentWrong.
    """
    # What is not printable could let a name end otherwise than it looks.
    shown = "".join(filter(str.isprintable, name)).replace("/", "_").replace("\\", "_").strip()[-200:] or "file"
    if not content:
        raise AttachmentWrong(shown, "it is empty")
    if len(content) > LARGEST:
        raise AttachmentWrong(shown, f"it is larger than {LARGEST // 1_000_000} MB; make it smaller")
    kind = _kind(content)
    if kind is None:
        raise AttachmentWrong(shown, "it is neither a picture (PNG, JPEG, GIF, WebP) nor a PDF nor plain text")
    made = Attachment(
        id=uuid4(),
        order_id=order_id,
        name=shown,
        kind=kind,
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        at=at,
        actor=actor,
    )
    facts = {name: getattr(made, name) for name in Attachment.__dataclass_fields__}
    conn.execute(_QUERIES["add"], facts)
    conn.execute(_QUERIES["add_content"], {"id": made.id, "content": content})
    told = {"attachment": {"id": str(made.id), "name": shown, "size": made.size, "sha256": made.sha256.hex()}}
    order_history.append(conn, order_id, at=at, actor=actor, step="attach", new=told, why=shown)
    return made


def of_order(conn: Connection, order_id: UUID) -> list[Attachment]:
    """Return the files of an order, the oldest first."""
    with conn.cursor(row_factory=class_row(Attachment)) as cursor:
        return cursor.execute(_QUERIES["of_order"], {"order_id": order_id}).fetchall()


def read(conn: Connection, order_id: UUID, attachment_id: UUID) -> tuple[Attachment, bytes]:
    """Return a file of an order and what is in it. Raises NotFound."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["read"], {"id": attachment_id, "order_id": order_id}).fetchone()
    if row is None:
        raise NotFound("attachment", attachment_id)
    content = bytes(row.pop("content"))
    return Attachment(**row), content


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
