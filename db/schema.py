"""Bringing a database to the schema of this code."""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from yoyo import get_backend, read_migrations

_MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What the database server is. ``timescaledb`` and ``edition`` are None where the extension is not there."""

    postgresql: str
    timescaledb: str | None
    edition: str | None
    applied: tuple[str, ...]
    waiting: tuple[str, ...]


def migrate(url: str) -> list[str]:
    """Apply the migrations that are waiting, each in its own transaction, and return their names.

    Two processes that start at once wait for each other. The timescaledb extension is created where the server has it.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        _create_timescaledb(conn)
    with get_backend(_yoyo_url(url)) as backend, backend.lock(timeout=60):
        waiting = backend.to_apply(read_migrations(str(_MIGRATIONS)))
        backend.apply_migrations(waiting)
        return [migration.id for migration in waiting]


def waiting(conn: psycopg.Connection) -> list[str]:
    """Return the migrations of this code that the database has not got yet."""
    known = [path.stem for path in sorted(_MIGRATIONS.glob("*.sql"))]
    migrated = _one(conn, "SELECT to_regclass('_yoyo_migration')::text")
    applied = {row[0] for row in conn.execute("SELECT migration_id FROM _yoyo_migration")} if migrated else set()
    return [name for name in known if name not in applied]


def read_only(conn: psycopg.Connection) -> bool:
    """Return whether the database takes no changes: a standby, or one that was made read-only."""
    return _one(conn, "SHOW transaction_read_only") == "on"


def facts(url: str) -> ServerFacts:
    """Ask the server what it is and how far its schema has come. Changes nothing."""
    known = [path.stem for path in sorted(_MIGRATIONS.glob("*.sql"))]
    with psycopg.connect(url, autocommit=True) as conn:
        version = _one(conn, "SHOW server_version")
        timescaledb = _one(conn, "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
        edition = _one(conn, "SHOW timescaledb.license") if timescaledb else None
        migrated = _one(conn, "SELECT to_regclass('_yoyo_migration')::text")
        rows = conn.execute("SELECT migration_id FROM _yoyo_migration").fetchall() if migrated else []
    applied = {str(row[0]) for row in rows}
    return ServerFacts(
        postgresql=str(version),
        timescaledb=timescaledb,
        edition=edition,
        applied=tuple(name for name in known if name in applied),
        waiting=tuple(name for name in known if name not in applied),
    )


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
