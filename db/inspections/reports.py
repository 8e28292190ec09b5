"""The signed report of a round, stored unchanged, and its verification. The caller commits."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.errors import NotFound
from db.inspections.rounds import Round
from db.plant import changes

_QUERIES = sql.load("inspection_rounds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report and its SHA-256: of the stored bytes now, as stored beside them, and as in the log of changes."""

    content: bytes
    now: str
    stored: str
    logged: str | None
    at: datetime
    actor: str

    @property
    def unaltered(self) -> bool:
        """Whether all three are equal."""
        return self.now == self.stored == self.logged


def keep(conn: Connection, of: Round, content: bytes, *, actor: str, at: datetime) -> Report:
    """Store the report of a finished round, with its hash beside it and in the chain of the log of changes."""
    digest = hashlib.sha256(content)
    conn.execute(
        _QUERIES["keep_report"], {"id": of.id, "content": content, "sha256": digest.digest(), "at": at, "actor": actor}
    )
    told = {"sha256": digest.hexdigest(), "by": of.signed_name}
    changes.append(conn, "round", of.number, "signed", new=told, site=of.site, actor=actor, at=at)
    return get(conn, of.id)


def get(conn: Connection, round_id: int) -> Report:
    """Return the report of a round. Raises NotFound if it was not signed."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["report"], {"id": round_id}).fetchone()
    if row is None:
        raise NotFound("signed report of round", round_id)
    content = bytes(row["content"])
    return Report(
        content=content,
        now=hashlib.sha256(content).hexdigest(),
        stored=bytes(row["sha256"]).hex(),
        logged=row["logged"],
        at=row["at"],
        actor=row["actor"],
    )
