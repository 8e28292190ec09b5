"""What a handler may ask for: a connection, the time, who asks, and the version that they have read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Request
from psycopg import Connection
from psycopg_pool import ConnectionPool

from api.keys import Keys


def _connection(request: Request) -> Iterator[Connection]:
    pool: ConnectionPool = request.app.state.pool
    with pool.connection(timeout=10) as conn:
        yield conn


def _now() -> datetime:
    return datetime.now(UTC)


def _actor(request: Request) -> str:
    keys: Keys = request.app.state.keys
    return keys.actor(request)


def _version(
    if_match: Annotated[
        str | None,
        Header(
            description='the ETag that was read, as `"3"`: the step is refused if somebody has changed the order since'
        ),
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix("W/").strip('"')
    # What is no version matches no version.
    return int(digits) if digits.isdecimal() and len(digits) < 10 else -1


KNOWN = Depends(_actor)
"""What a router asks for, so that none of its handlers answers somebody unknown."""
Conn = Annotated[Connection, Depends(_connection, scope="function")]
"""A transaction. It commits after the handler and before the answer leaves; an error rolls it back."""
Now = Annotated[datetime, Depends(_now)]
Actor = Annotated[str, Depends(_actor)]
Version = Annotated[int | None, Depends(_version)]
