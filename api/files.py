"""The one way in which a file leaves, and what may come in."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from psycopg import Connection

from db.files import files
from db.files.files import Allowed, Attachment

ONLY_ITSELF = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""What a file may do that a browser shows: nothing, and load nothing."""


def _allowed(request: Request) -> Allowed:
    allowed: Allowed = request.app.state.files
    return allowed


FileRules = Annotated[Allowed, Depends(_allowed)]
"""What the settings let people attach."""


def send(conn: Connection, file: Attachment, request: Request, *, small: bool = False) -> Response:
    """Return a file, or a small picture of it. It never changes: who has it already is answered 304.

    Whoever calls this has checked that who asks sees what the file is of.
    """
    # Asked for each time, so that nobody sees it who has signed out; sent once.
    tag = f'"{file.id}{"-small" if small else ""}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Content-Security-Policy": ONLY_ITSELF}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    content, kind = files.thumbnail(conn, file) if small else (files.content(conn, file.id), file.kind)
    how = "inline" if file.is_picture else "attachment"
    headers |= {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(file.saved_as)}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=kind + ("; charset=utf-8" if kind.startswith("text/") else ""), headers=headers)
