"""``plantwright users`` and ``plantwright keys``."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import psycopg
import typer

from db.people import api_keys
from db.people.users import Standing
from runtime.cli import requests
from runtime.cli.command_line import Database, connected, console, shown_errors
from runtime.processes import people
from runtime.settings import CODE, InvalidSettings
from workorder_core.people.access import Role

users_app = typer.Typer(help="Users: people who may sign in.", no_args_is_help=True)
requests_app = requests.app
keys_app = typer.Typer(help="API keys for systems.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="the name to sign in with: lower-case letters, digits, and . _ @ -")]
Roles = Annotated[list[Role], typer.Option("--role", help="one or more; an administrator may do everything")]
Sites = Annotated[list[str] | None, typer.Option("--site", help="codes of the sites to see; default: all")]


@contextmanager
def _connected(database: str | None) -> Iterator[psycopg.Connection]:
    with shown_errors(), connected(database) as conn:
        yield conn


@users_app.command(name="list")
def list_users(database: Database = None) -> None:
    """List the users."""
    with _connected(database) as conn:
        people.show_users(conn, console)


@users_app.command(name="add")
def add_user(
    name: Name,
    role: Roles,
    site: Sites = None,
    full_name: Annotated[str, typer.Option(help="the full name")] = "",
    technician: Annotated[str | None, typer.Option(help="<site>/<code> if the user is a technician")] = None,
    database: Database = None,
) -> None:
    """Create a user and print a password for the first sign-in, when it has to be changed."""
    with _connected(database) as conn:
        name = name.strip().lower()
        if not re.fullmatch(r"[a-z0-9][a-z0-9._@-]{0,63}", name):
            raise InvalidSettings(f"{name!r} is no name to sign in with: use letters, digits, and . _ @ -")
        standing = Standing(
            full_name=full_name,
            roles=frozenset(role),
            sites=frozenset(site) if site else None,
            technician_site=technician and technician.partition("/")[0],
            technician=technician and technician.partition("/")[2],
        )
        password = people.add(conn, name, standing)
    console.print(f"{name} signs in with the one-time password [bold]{password}[/bold]", highlight=False)


@users_app.command(name="password")
def new_password(name: Name, database: Database = None) -> None:
    """Give a user a new one-time password, and sign them out everywhere."""
    with _connected(database) as conn:
        password = people.new_password(conn, name)
    console.print(f"{name} signs in with the one-time password [bold]{password}[/bold]", highlight=False)


@users_app.command()
def disable(
    name: Name, again: Annotated[bool, typer.Option("--enable", help="let the user sign in again")] = False,
    database: Database = None,
) -> None:  # fmt: skip
    """Stop a user from signing in; the history keeps their name."""
    with _connected(database) as conn:
        people.disable(conn, name, disabled=not again)
    console.print(f"{name} can sign in again" if again else f"{name} can sign in no more, and is signed out")


@keys_app.command(name="list")
def list_keys(database: Database = None) -> None:
    """List the keys, without their secrets."""
    with _connected(database) as conn:
        people.show_keys(conn, console)


@keys_app.command(name="add")
def add_key(
    name: Annotated[str, typer.Argument(help="the system's name, as the history shows it")],
    role: Roles,
    site: Sites = None,
    database: Database = None,
) -> None:
    """Create a key and print it; it cannot be shown again."""
    with _connected(database) as conn:
        if not re.fullmatch(CODE, name):
            raise InvalidSettings(f"{name!r} is no name for a key: use letters, digits, and . _ -")
        sites = frozenset(site) if site else None
        key = api_keys.add(conn, name, roles=frozenset(role), sites=sites, actor=people.actor(), at=datetime.now(UTC))
    console.print(f"{name} sends this key, which is not shown again: [bold]{key}[/bold]", highlight=False)


@keys_app.command()
def revoke(name: Annotated[str, typer.Argument(help="the key's name")], database: Database = None) -> None:
    """Revoke a key."""
    with _connected(database) as conn:
        api_keys.revoke(conn, name, actor=people.actor(), at=datetime.now(UTC))
    console.print(f"{name} opens nothing any more")
