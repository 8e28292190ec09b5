"""Lists as files: the address of a list with ``format=csv`` or ``format=xlsx`` gives the whole of it.

It is made by requesting the list itself, page by page, on behalf of the requester. So the filters are the list's, each
page is a short transaction of its own, and permissions are checked for every page. A file never needs
more memory than a page of it.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from psycopg_pool import ConnectionPool
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.language import formats
from api.papers import lists
from api.papers.columns import FORMATS, Cell, FileTooLong, ListFile, PartOfFile, TooManyFiles
from api.papers.sheets import BOM, MOST_ROWS, Sheet, csv_lines
from api.problems import PROBLEMS, problem
from db.plant import plant
from workorder_core.language import ENGLISH, Language, speaking

MOST_AT_ONCE = 4
"""The most files that a process makes at once; more are answered 503."""
_CHUNK = 64 * 1024
_NEXT = re.compile(r'<([^>]+)>; rel="next"')


class CutOff(Exception):
    """A page of the list was refused after a part of the file had been sent: the answer is cut off."""


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer of the list."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    next: str | None
    """The query of the next page."""
    liked: Language
    """The language of who asks: of a file for people."""
    of: Mapping[str, Any]
    """The path's parameters, added to every row."""

    def items(self, within: str) -> list[dict[str, Any]]:
        """Return the rows, which are those of a field where the answer is no list."""
        found = json.loads(self.body)
        items: list[dict[str, Any]] = found[within] if isinstance(found, dict) else found
        return items


class Exports:
    """Answers requests for lists as files."""

    def __init__(self, app: ASGIApp, *, pool: ConnectionPool) -> None:
        self.app, self.pool = app, pool
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = _wanted(scope)
        if wanted is None:
            await self.app(scope, receive, send)
            return
        file, kind, query = wanted
        if self._at_once >= MOST_AT_ONCE:
            await _refusal(scope, TooManyFiles())(scope, receive, send)
            return
        self._at_once += 1
        try:
            answer = await self._answered(scope, file, kind, query)
            await answer(scope, receive, send)
        except (PartOfFile, FileTooLong) as refused:
            await _refusal(scope, refused)(scope, receive, send)
        finally:
            self._at_once -= 1

    async def _answered(self, scope: Scope, file: ListFile, kind: str, query: list[tuple[str, str]]) -> Response:
        if {"limit", "cursor"} & {name for name, _ in query}:
            raise PartOfFile
        page = [("limit", str(file.rows_a_page))] if file.paged else []
        first = await self._page(scope, urlencode([*query, *page]))
        if first.status != 200:
            answer = Response(first.body, first.status)
            answer.raw_headers = [*first.headers]
            return answer
        rows = self._rows(scope, file, await run_in_threadpool(self._sites), first)
        name = f"{file.name}-{datetime.now(UTC):%Y-%m-%d}.{kind.partition('-')[0]}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        with speaking(ENGLISH if kind == "csv" else first.liked):
            top = file.headers
            comma = kind == "csv-bom" and formats.digits(".") == ","
        if kind == "xlsx":
            pieces = _as_xlsx(await _sheet(file, top, rows))
        else:
            pieces = _as_csv(top, rows, bom=kind == "csv-bom", comma=comma)
        return StreamingResponse(pieces, headers=headers, media_type=FORMATS[kind])

    async def _rows(
        self, scope: Scope, file: ListFile, sites: Sequence[plant.Site], page: _Page
    ) -> AsyncIterator[list[list[Cell]]]:
        """Yield the rows page by page, given the first page."""
        while True:
            yield await run_in_threadpool(self._written, file, sites, page)
            if page.next is None:
                return
            page = await self._page(scope, page.next)
            if page.status != 200:
                raise CutOff(f"{scope['path']}: a page of it was answered {page.status}")

    def _written(self, file: ListFile, sites: Sequence[plant.Site], page: _Page) -> list[list[Cell]]:
        """Return the cells of a page's rows, each in its site's local time."""
        items = [
            {**page.of, **each}
            for item in page.items(file.within)
            for each in (file.split(item) if file.split else (item,))
        ]
        nameless = {each["asset_id"] for each in items if each.get("asset_id") and not each.get("asset")}
        keys: Mapping[int, str] = {}
        if nameless:
            with self.pool.connection(timeout=10) as conn:
                keys = plant.asset_keys(conn, nameless)
        codes, zones = {each.id: each.code for each in sites}, {each.code: each.time_zone for each in sites}
        rows = []
        for item in items:
            asset = item.get("asset") or keys.get(item.get("asset_id", 0))
            site = item.get("site") or codes.get(item.get("site_id", 0)) or (asset or "").partition("/")[0]
            rows.append(file.row(item | {"asset": asset, "site": site}, zones.get(site, "UTC")))
        return rows

    def _sites(self) -> list[plant.Site]:
        with self.pool.connection(timeout=10) as conn:
            return plant.sites(conn)

    async def _page(self, scope: Scope, query: str) -> _Page:
        """Request one page of the list, on behalf of the requester of the file."""
        asked = dict(scope) | {"query_string": query.encode(), "state": dict(scope.get("state") or {})}
        started: Message = {"status": 500, "headers": []}
        body = bytearray()

        async def nothing_more() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def collect(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = message
            else:
                body.extend(message.get("body", b""))

        await self.app(asked, nothing_more, collect)
        scope["route"] = asked.get("route")
        headers = [*started["headers"]]
        on = _NEXT.search(Headers(raw=headers).get("link", ""))
        following = on[1].partition("?")[2] if on else None
        # Of a request that was refused, they are whatever was written there.
        of = {
            name: int(key)
            for name, key in asked.get("path_params", {}).items()
            if name == "asset_id" and started["status"] == 200
        }
        liked = asked["state"].get("liked", ENGLISH)
        return _Page(started["status"], headers, bytes(body), following, liked, of)


def _wanted(scope: Scope) -> tuple[ListFile, str, list[tuple[str, str]]] | None:
    """Return the requested list, the file's kind and the list's filters."""
    if scope["type"] != "http" or scope["method"] != "GET" or b"format=" not in scope["query_string"]:
        return None
    file = lists.at(scope["path"])
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kinds = [value for name, value in query if name == "format"]
    if file is None or len(kinds) != 1 or kinds[0] not in FORMATS:
        return None
    return file, kinds[0], [each for each in query if each[0] != "format"]


async def _as_csv(
    headers: Sequence[str], rows: AsyncIterator[list[list[Cell]]], *, bom: bool, comma: bool
) -> AsyncIterator[bytes]:
    yield (BOM.encode() if bom else b"") + csv_lines([headers], comma=comma)
    async for page in rows:
        yield await run_in_threadpool(csv_lines, page, comma=comma)


async def _sheet(file: ListFile, headers: Sequence[str], rows: AsyncIterator[list[list[Cell]]]) -> IO[bytes]:
    """Write the whole list to a temporary file. Raises FileTooLong."""
    made: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed when it has been sent
    with Sheet(file.name, headers) as sheet:
        async for page in rows:
            if sheet.rows + len(page) > MOST_ROWS:
                raise FileTooLong(MOST_ROWS)
            await run_in_threadpool(sheet.add, page)
        await run_in_threadpool(sheet.save, made)
    made.seek(0)
    return made


async def _as_xlsx(made: IO[bytes]) -> AsyncIterator[bytes]:
    with made:
        while piece := made.read(_CHUNK):
            yield piece


def _refusal(scope: Scope, refused: Exception) -> Response:
    how = PROBLEMS[type(refused)]
    response = problem(Request(scope), how, str(refused))
    if how.status == 503:
        response.headers["Retry-After"] = "2"
    return response
