"""Sends files, and holds the settings for what may be attached."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from psycopg import Connection

from db.files import files
from db.files.files import Allowed, Attachment

ONLY_ITSELF = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""The content policy of a file shown in a browser: it may run and load nothing."""


def _allowed(request: Request) -> Allowed:
    allowed: Allowed = request.app.state.files
    return allowed


FileRules = Annotated[Allowed, Depends(_allowed)]
"""The files that the settings allow people to attach."""


def send(conn: Connection, file: Attachment, request: Request, *, small: bool = False) -> Response:
    """Return a file, or its thumbnail. It never changes: a reader who has it gets 304. The caller has checked that the
    requester may see the file's owner.
    """
    # Revalidated each time, so that nobody sees it after signing out; sent once.
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
