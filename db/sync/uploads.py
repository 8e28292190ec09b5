"""Files of devices that arrive piece by piece and are stored once. The caller owns the transaction."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import sql
from db.errors import NotFound, StoreError
from db.files import files
from db.files.files import Allowed, InvalidAttachment, Of, Owner
from db.orders import work_orders
from db.sync import devices, receiving
from workorder_core.people.access import Who
from workorder_core.sentences import say

_QUERIES = sql.load("sync_uploads")
LARGEST_PIECE = 1_000_000
"""The most bytes of one piece."""
MOST_UNFINISHED = 300
"""Files of one device that are not whole yet."""


class FileIdTaken(StoreError):
    """Another file has the id, or the same one was announced with another size, checksum or order."""

    def __init__(self, file_id: UUID) -> None:
        super().__init__(say("another file has this id; give each file its own"))
        self.file_id = file_id


class TooManyUnfinished(StoreError):
    """A device begins more files than it finishes."""

    def __init__(self, most: int) -> None:
        super().__init__(say("{most} files of this device are not whole yet; send the rest of them first", most=most))
        self.most = most


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a device says of a file with each piece; ``sha256`` is of the whole file."""

    id: UUID
    device_id: UUID
    order_id: UUID
    name: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """How far a file has come. ``refused`` says why it cannot be stored; it is not tried again."""

    id: UUID
    device_id: UUID
    order_id: UUID
    name: str
    size: int
    sha256: bytes
    received: int
    stored_at: datetime | None
    refused: str | None


def put(
    conn: Connection, file: Announced, begins_at: int, piece: bytes, *, who: Who, now: datetime, allowed: Allowed
) -> Upload:
    """Store a piece, and the file once it is whole; return how far it has come. A piece that is here already, or comes
    too early, changes nothing. Raises NotFound, DeviceOfAnother, FileIdTaken, TooManyUnfinished.
    """
    devices.own(conn, file.device_id, who)
    upload = _begun(conn, file, who, now)
    if upload.stored_at is not None or upload.refused is not None:
        return upload
    new = piece[max(0, upload.received - begins_at) : max(0, upload.size - begins_at)]
    if begins_at <= upload.received and new:
        conn.execute(_QUERIES["add_piece"], {"id": file.id, "begins_at": upload.received, "content": new})
        if upload.received + len(new) == upload.size:
            _finish(conn, upload, who, now, allowed)
    return _locked(conn, file.id)


def get(conn: Connection, file_id: UUID, device_id: UUID, who: Who) -> Upload:
    """Return how far a file of somebody's own device has come. Raises NotFound and DeviceOfAnother."""
    devices.own(conn, device_id, who)
    found = _locked(conn, file_id)
    if found.device_id != device_id:
        raise NotFound("file", file_id)
    return found


def _begun(conn: Connection, file: Announced, who: Who, now: datetime) -> Upload:
    """Return a file of which a piece has come, locked; it is of an order that somebody has, had or sees."""
    try:
        work_orders.get(conn, file.order_id, who)
    except NotFound:
        if not receiving.had(conn, file.order_id, who):
            raise
    facts: dict[str, Any] = {"id": file.id, "device": file.device_id, "order_id": file.order_id, "name": file.name}
    facts |= {"size": file.size, "sha256": file.sha256, "now": now}
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        found = cursor.execute(_QUERIES["upload"], {"id": file.id}).fetchone()
    if found is None:
        with conn.cursor(row_factory=scalar_row) as cursor:
            unfinished: int = cursor.execute(_QUERIES["unfinished"], facts).fetchone() or 0
            taken = cursor.execute(_QUERIES["taken"], facts).fetchone()
        if taken:
            raise FileIdTaken(file.id)
        if unfinished >= MOST_UNFINISHED:
            raise TooManyUnfinished(MOST_UNFINISHED)
        conn.execute(_QUERIES["begin"], facts)
        found = _locked(conn, file.id)
    same = (found.device_id, found.order_id, found.size, found.sha256)
    if same != (file.device_id, file.order_id, file.size, file.sha256):
        raise FileIdTaken(file.id)
    return found


def _locked(conn: Connection, file_id: UUID) -> Upload:
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        found = cursor.execute(_QUERIES["upload"], {"id": file_id}).fetchone()
    if found is None:
        raise NotFound("file", file_id)
    return found


def _finish(conn: Connection, upload: Upload, who: Who, now: datetime, allowed: Allowed) -> None:
    """Store a file that is whole on its order, whatever became of the order: it shows work that happened."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        content = b"".join(bytes(each) for each in cursor.execute(_QUERIES["pieces"], {"id": upload.id}))
    ended: dict[str, Any] = {"id": upload.id, "stored_at": now, "refused": None, "received": upload.size}
    if hashlib.sha256(content).digest() != upload.sha256:
        ended |= {"stored_at": None, "received": 0}
    else:
        work_orders.lock(conn, upload.order_id)
        owner = Owner(Of.ORDER, upload.order_id)
        try:
            facts: dict[str, Any] = {"actor": who.actor, "at": now, "allowed": allowed, "file_id": upload.id}
            files.add(conn, owner, upload.name, content, **facts)
        except InvalidAttachment as wrong:
            ended |= {"stored_at": None, "refused": str(wrong)}
    conn.execute(_QUERIES["drop_pieces"], {"id": upload.id})
    conn.execute(_QUERIES["ended"], ended)
