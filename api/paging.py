"""Pages of lists: each continues after the last row of the page before, so that new rows move nothing. A list has an
`Order`: the values that it is sorted by, which are different for every row. A cursor consists of those values of a
page's last row, and a digest of the list and its filters. It is no secret and needs no signature: it is checked like
any other parameter, and permissions are checked for every page.
"""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Annotated, Any, Generic, Literal, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

T = TypeVar("T")
LONGEST_CURSOR = 4_000
Id = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Small = Annotated[int, Field(ge=-(2**15) + 1, le=2**15 - 1)]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
At = AwareDatetime
LINK = {
    "Link": {
        "description": 'where the list goes on, as `<address>; rel="next"` (RFC 8288); not there on the last page',
        "schema": {"type": "string"},
    }
}
"""The header of a list's answer, for the description of the API."""


class InvalidCursor(Exception):
    """A cursor was made up, or comes from another list or other filters."""

    def __init__(self) -> None:
        super().__init__(
            "this cursor is not of this list with these filters; leave it out for the first page, and for the others "
            "follow the Link of the page before"
        )


class Order(Generic[T]):
    """The sort order of a list.

    Parameters
    ----------
    kind
        The type of the values, a tuple, against which a cursor is checked.
    key
        Returns the values of a row. No two rows have the same ones.
    """

    def __init__(self, kind: Any, key: Callable[[T], tuple[Any, ...]]) -> None:
        self.key = key
        shape: Any = tuple.__class_getitem__((Text, kind))
        self.cursor: TypeAdapter[tuple[str, tuple[Any, ...]]] = TypeAdapter(shape)


class Paging:
    """The requested page of a list. If there is more, the answer's ``Link`` leads to the next one."""

    def __init__(self, request: Request, response: Response, limit: int, cursor: str | None) -> None:
        self._request, self._response, self._cursor = request, response, cursor
        self.limit = limit
        self.next: str | None = None
        """The address of the next page, for a body with a field for it; None: this is the last one."""

    @property
    def fetched(self) -> int:
        """How many rows to fetch: one more than is answered, to know whether there are more."""
        return self.limit + 1

    def after(self, order: Order[T]) -> tuple[Any, ...] | None:
        """Return the values of the row after which the page begins; None for the first page. Raises InvalidCursor."""
        if self._cursor is None:
            return None
        try:
            padded = self._cursor + "=" * (-len(self._cursor) % 4)
            of, values = order.cursor.validate_json(b64decode(padded, b"-_", validate=True), strict=True)
        except (Error, ValueError, ValidationError):
            raise InvalidCursor from None
        if of != self._sign():
            raise InvalidCursor
        return values

    def of_fetched(self, rows: Sequence[T], order: Order[T]) -> Sequence[T]:
        """Return the page from the fetched rows, ``fetched`` at most."""
        page = rows[: self.limit]
        if len(rows) > self.limit:
            said = order.cursor.dump_json((self._sign(), order.key(page[-1])), warnings=False)
            cursor = urlsafe_b64encode(said).decode().rstrip("=")
            on = self._request.url.include_query_params(limit=self.limit, cursor=cursor)
            self.next = f"{on.path}?{on.query}"
            self._response.headers["Link"] = f'<{self.next}>; rel="next"'
        return page

    def of_all(self, rows: Sequence[T], order: Order[T]) -> Sequence[T]:
        """Sort a whole list and return its page."""
        after = self.after(order)
        there = sorted(rows, key=order.key)
        return self.of_fetched([each for each in there if after is None or order.key(each) > after], order)

    def _sign(self) -> str:
        """Return a digest that identifies this list with its filters."""
        asked = self._request.query_params.multi_items()
        filters = sorted(each for each in asked if each[0] not in ("limit", "cursor"))
        text = f"{self._request.url.path}?{urlencode(filters, errors='replace')}"
        return blake2b(text.encode(errors="replace"), digest_size=6).hexdigest()


Cursor = Annotated[
    str | None,
    Query(
        max_length=LONGEST_CURSOR,
        description="where the page begins, as the `Link` of the page before says it; none: the first page",
    ),
]

Format = Annotated[
    Literal["json", "csv", "csv-bom", "xlsx"],
    Query(
        alias="format",
        description="csv, csv-bom (begins with the mark by which Excel knows UTF-8) or xlsx: the whole list as a file, "
        "by the same filters; without `limit` and `cursor`",
    ),
]


def _of(usual: int, largest: int) -> Any:
    about = "how many at most; the answer's header `Link` says where the list goes on"

    def paging(
        request: Request,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=largest, description=about)] = usual,
        cursor: Cursor = None,
        _: Format = "json",
    ) -> Paging:
        return Paging(request, response, limit, cursor)

    return Depends(paging)


Paged = Annotated[Paging, _of(500, 1000)]
"""For lists of plant data: a page usually has all of it."""

PagedByFifty = Annotated[Paging, _of(50, 500)]
"""For lists that grow, and lists whose beginning matters."""

PagedByWeight = Annotated[Paging, _of(50, 200)]
"""For lists of large rows."""


async def _as_file(_: Format = "json") -> None:
    """Describe the parameter; the answer as a file is made by ``api.papers.exporting``."""


AS_FILE = Depends(_as_file)
"""For lists that are answered whole, and can be had as a file too."""
