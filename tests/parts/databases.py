"""A fresh database for each test, copied from a template that was migrated once for the run."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from runtime.embedded import process

Content = TypeVar("Content")


def named(url: str, database: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def template(server_url: str, run_folder: Path, migrate: Callable[[str], object]) -> str:
    """Make the migrated template on a server once for all processes of a run, and return its name."""
    name = f"template_{run_folder.name}".replace("-", "_")
    with process.alone(run_folder / f"template-{urlsplit(server_url).port}.lock"):
        with psycopg.connect(server_url, autocommit=True) as conn:
            if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [name]).fetchone():
                return name
            conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate(named(server_url, name))
        with psycopg.connect(server_url, autocommit=True) as conn:
            conn.execute(sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE true").format(sql.Identifier(name)))
    return name


def drop_template(server_url: str, run_folder: Path) -> None:
    """Remove a run's template from a server that lives on after the run."""
    name = sql.Identifier(f"template_{run_folder.name}".replace("-", "_"))
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE false").format(name))
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def fresh(server_url: str, template_name: str | None = None) -> Iterator[str]:
    """Give the URL of a new database, a copy of the template or empty, and drop it afterwards whoever is connected."""
    name = sql.Identifier(f"test_{uuid.uuid4().hex}")
    # Copied as files: page by page through the log takes several times as long.
    how = sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY")
    copy = how.format(sql.Identifier(template_name)) if template_name else sql.SQL("")
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}{}").format(name, copy))
    try:
        yield named(server_url, name._obj[0])
    finally:
        with psycopg.connect(server_url, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


class Filled(Generic[Content]):
    """A template with content, for tests that all begin with the same: copied, it costs a tenth of being filled.

    It is made anew when it is a minute old, so that what it says of the last hours is true. One process's own.
    """

    _FOR_S = 60.0

    def __init__(self, server_url: str, template_name: str, fill: Callable[[psycopg.Connection], Content]) -> None:
        self._server_url, self._template_name, self._fill = server_url, template_name, fill
        self._content: Content | None = None
        self._made_s = 0.0
        self._open = ExitStack()

    def fresh(self) -> AbstractContextManager[str]:
        """Give the URL of a new copy, and drop it afterwards."""
        if self._content is None or time.monotonic() - self._made_s > self._FOR_S:
            self.close()
            url = self._open.enter_context(fresh(self._server_url, self._template_name))
            with psycopg.connect(url) as conn:
                self._content = self._fill(conn)
            self._name, self._made_s = urlsplit(url).path.removeprefix("/"), time.monotonic()
        return fresh(self._server_url, self._name)

    def content(self) -> Content:
        """Return what the latest copy has, the caller's own."""
        assert self._content is not None, "nothing was copied yet"
        return deepcopy(self._content)

    def close(self) -> None:
        """Drop the template."""
        self._content = None
        self._open.close()
