"""Migrates a database to the schema of this code."""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from yoyo import get_backend, read_migrations

MIGRATIONS = Path(__file__).parent / "migrations"
_BASELINE = "0001_baseline"
_OF_0_1 = frozenset((MIGRATIONS / "of_0_1.txt").read_text(encoding="utf-8").split())
"""The migrations of the last version 0.1: together they made what the baseline makes at once."""


class SchemaTooOld(Exception):
    """A database of version 0.1 lacks some of that version's migrations, so that this code cannot migrate it."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            f"this database is of a version 0.1 that lacks {len(missing)} of its migrations (the first: {missing[0]}): "
            "run the last release of 0.1 on it once (`plantwright migrate`), then this one"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """Facts about the database server. ``timescaledb`` and ``edition`` are None without the extension."""

    postgresql: str
    timescaledb: str | None
    edition: str | None
    applied: tuple[str, ...]
    waiting: tuple[str, ...]


def migrate(url: str) -> list[str]:
    """Apply the pending migrations, each in its own transaction, and return their names.

    Two processes that start at once wait for each other. The timescaledb extension is created if the server has it. The
    schema of the last version 0.1 is adopted unchanged. Raises SchemaTooOld.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        _create_timescaledb(conn)
    with get_backend(_yoyo_url(url)) as backend, backend.lock(timeout=60):
        every = read_migrations(str(MIGRATIONS))
        with psycopg.connect(url, autocommit=True) as conn:
            adopts = _is_the_last_of_0_1(_applied(conn))
        if adopts:
            backend.mark_migrations(each for each in every if each.id == _BASELINE)
        waiting = backend.to_apply(every)
        backend.apply_migrations(waiting)
        return [migration.id for migration in waiting]


def waiting(conn: psycopg.Connection) -> list[str]:
    """Return the migrations of this code that the database does not have yet."""
    applied = _applied(conn)
    return [name for name in _known() if name not in applied]


def read_only(conn: psycopg.Connection) -> bool:
    """Return whether the database is read-only: a standby, or set so."""
    return _one(conn, "SHOW transaction_read_only") == "on"


def facts(url: str) -> ServerFacts:
    """Return the server's facts and the state of its schema. Changes nothing."""
    known = _known()
    with psycopg.connect(url, autocommit=True) as conn:
        version = _one(conn, "SHOW server_version")
        timescaledb = _one(conn, "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
        edition = _one(conn, "SHOW timescaledb.license") if timescaledb else None
        applied = _applied(conn)
    return ServerFacts(
        postgresql=str(version),
        timescaledb=timescaledb,
        edition=edition,
        applied=tuple(name for name in known if name in applied),
        waiting=tuple(name for name in known if name not in applied),
    )


def _known() -> list[str]:
    return [path.stem for path in sorted(MIGRATIONS.glob("*.sql"))]


def _applied(conn: psycopg.Connection) -> set[str]:
    migrated = _one(conn, "SELECT to_regclass('_yoyo_migration')::text")
    return {str(row[0]) for row in conn.execute("SELECT migration_id FROM _yoyo_migration")} if migrated else set()


def _is_the_last_of_0_1(applied: set[str]) -> bool:
    if _BASELINE in applied or not applied & _OF_0_1:
        return False
    missing = sorted(_OF_0_1 - applied)
    if missing:
        raise SchemaTooOld(missing)
    return True


def _create_timescaledb(conn: psycopg.Connection) -> None:
    available = _one(conn, "SELECT name FROM pg_available_extensions WHERE name = 'timescaledb'")
    preloaded = "timescaledb" in (_one(conn, "SHOW shared_preload_libraries") or "")
    if available and preloaded:
        conn.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")


def _one(conn: psycopg.Connection, query: str) -> str | None:
    row = conn.execute(query.encode()).fetchone()
    return None if row is None or row[0] is None else str(row[0])


def _yoyo_url(url: str) -> str:
    scheme, rest = url.split("://", 1)
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url
