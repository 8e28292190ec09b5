"""Documents of a site that people write, by version: one mechanism for every kind. The caller owns the transaction.

A kind has a code, site, title and version of its own, and functions that read, write and check it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row
from psycopg.types.json import Jsonb

from db import scope, sql, storable
from db.errors import AlreadyExists, NotFound, StoreError
from workorder_core.sentences import say

_QUERIES = sql.load("site_documents")


class DocumentChanged(StoreError):
    """Somebody has changed a document since it was read."""

    def __init__(self, noun: str, key: str, expected: int, version: int) -> None:
        super().__init__(
            say(
                "{key} is at version {version}, not {expected}: read it again, then change it",
                key=key,
                version=version,
                expected=expected,
            )
        )
        self.noun, self.key, self.expected, self.version = noun, key, expected, version


class Written(Protocol):
    """What a document is read as: a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def code(self) -> str: ...
    @property
    def site(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def version(self) -> int: ...


T = TypeVar("T", bound=Written)


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    """A stored document. One that is ``retired_at`` some time is in force no more."""

    id: int
    site_id: int
    content: T
    retired_at: datetime | None

    @property
    def key(self) -> str:
        """Its site and code, ``NTH/NIGHT``."""
        return f"{self.content.site}/{self.content.code}"


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """A version of a document, with its author and reason. ``content`` None: it was retired."""

    version: int
    content: T | None
    made_by: str
    made_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of document.

    Parameters
    ----------
    name, noun
        As the table and as people call it.
    write, read
        The document's JSON without code, site and version, and back: read(document, code=, site=, version=).
    check
        Raises what prevents a document from being stored, such as an unknown user.
    """

    name: str
    noun: str
    write: Callable[[T], dict[str, Any]]
    read: Callable[..., T]
    check: Callable[[Connection, T], None]

    def get(self, conn: Connection, document_id: int, within: Collection[str] | None = None) -> Stored[T]:
        """Return a document. Raises NotFound, also for one of a site that is not within."""
        rows = self._rows(conn, "get", {"id": document_id, "within": scope.codes(within)})
        if not rows:
            raise NotFound(self.noun, document_id)
        return self._stored(rows[0])

    def by_code(self, conn: Connection, site: str, code: str) -> Stored[T] | None:
        """Return a site's document by its code; None if there is none."""
        rows = self._rows(conn, "by_code", {"site": site, "code": code})
        return self._stored(rows[0]) if rows else None

    def listed(
        self,
        conn: Connection,
        *,
        within: Collection[str] | None = None,
        site: str | None = None,
        retired: bool = False,
        after: tuple[str, str] | None = None,
        limit: int | None = None,
    ) -> list[Stored[T]]:
        """Return documents by site and code; ``after`` is the site and code of the last one of a page."""
        after_site, after_code = after or (None, None)
        asked = {"within": scope.codes(within), "site": site, "retired": retired, "limit": limit}
        found = self._rows(conn, "listed", asked | {"after_site": after_site, "after_code": after_code})
        return [self._stored(row) for row in found]

    def add(self, conn: Connection, content: T, *, actor: str, at: datetime, why: str = "") -> Stored[T]:
        """Store a new document, in force from ``at``. Raises AlreadyExists, and what ``check`` raises."""
        self.check(conn, content)
        facts = self._facts(content) | {"site": content.site, "kind": self.name, "code": content.code, "at": at}
        with conn.cursor(row_factory=scalar_row) as cursor:
            document_id = cursor.execute(_QUERIES["add"], facts).fetchone()
        if document_id is None:
            raise AlreadyExists(self.noun, f"{content.site}/{content.code}")
        self._note(conn, document_id, 1, facts["document"], actor, at, why)
        return self.get(conn, document_id)

    def save(
        self,
        conn: Connection,
        document_id: int,
        content: T,
        *,
        actor: str,
        at: datetime,
        why: str = "",
        expected_version: int | None = None,
    ) -> Stored[T]:
        """Store the next version, in force from ``at``; without a change nothing is stored.

        Raises NotFound, DocumentChanged, and what ``check`` raises.
        """
        conn.execute(_QUERIES["lock"], {"id": document_id})
        before = self.get(conn, document_id)
        if expected_version is not None and expected_version != before.content.version:
            raise DocumentChanged(self.noun, before.key, expected_version, before.content.version)
        content = replace(content, code=before.content.code, site=before.content.site, version=before.content.version)
        if content == before.content and before.retired_at is None:
            return before
        self.check(conn, content)
        facts = self._facts(content) | {"id": document_id}
        with conn.cursor(row_factory=scalar_row) as cursor:
            version = cursor.execute(_QUERIES["save"], facts).fetchone()
        assert version is not None, "the document is locked"
        self._note(conn, document_id, version, facts["document"], actor, at, why)
        return self.get(conn, document_id)

    def retire(self, conn: Connection, document_id: int, *, actor: str, at: datetime, why: str = "") -> None:
        """End a document; a second time changes nothing. Raises NotFound."""
        self.get(conn, document_id)
        with conn.cursor(row_factory=scalar_row) as cursor:
            version = cursor.execute(_QUERIES["retire"], {"id": document_id, "at": at}).fetchone()
        if version is not None:
            self._note(conn, document_id, version, None, actor, at, why)

    def versions(self, conn: Connection, document_id: int) -> list[Version[T]]:
        """Return the versions, the newest first. Raises NotFound."""
        now = self.get(conn, document_id).content
        return [
            Version(
                version=row["version"],
                content=None
                if row["document"] is None
                else self.read(row["document"], code=now.code, site=now.site, version=row["version"]),
                made_by=row["made_by"],
                made_at=row["made_at"],
                why=row["why"],
            )
            for row in self._rows(conn, "versions", {"id": document_id})
        ]

    def _facts(self, content: T) -> dict[str, Any]:
        return {"title": storable.text(content.title), "document": Jsonb(self.write(content))}

    def _note(
        self,
        conn: Connection,
        document_id: int,
        version: int,
        document: Jsonb | None,
        actor: str,
        at: datetime,
        why: str,
    ) -> None:
        facts = {"id": document_id, "version": version, "document": document, "actor": actor, "at": at}
        conn.execute(_QUERIES["add_version"], facts | {"why": storable.text(why)})

    def _stored(self, row: Mapping[str, Any]) -> Stored[T]:
        content = self.read(row["document"], code=row["code"], site=row["site"], version=row["version"])
        return Stored(row["id"], row["site_id"], content, row["retired_at"])

    def _rows(self, conn: Connection, query: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        with conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(_QUERIES[query], {"kind": self.name, **asked}).fetchall()
