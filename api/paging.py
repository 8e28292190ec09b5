"""Lists in pages: every list of what a plant may have many of is answered in parts of a bounded size."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request, Response

LARGEST = 1000
USUAL = 500
T = TypeVar("T")


class Paging:
    """The part of a list that is asked for. Where there is more, the answer's ``Link`` says where it goes on."""

    def __init__(
        self,
        request: Request,
        response: Response,
        limit: Annotated[
            int, Query(ge=1, le=LARGEST, description="so many at most; the header Link says where the list goes on")
        ] = USUAL,
        offset: Annotated[int, Query(ge=0, le=10_000_000, description="so many are left out before them")] = 0,
    ) -> None:
        self._request, self._response = request, response
        self.limit, self.offset = limit, offset

    @property
    def fetched(self) -> int:
        """How many to fetch: one more than is answered tells whether there are more."""
        return self.limit + 1

    def of_fetched(self, rows: Sequence[T]) -> Sequence[T]:
        """Return the part of what was fetched from ``offset`` on, ``fetched`` at most."""
        if len(rows) > self.limit:
            on = self._request.url.include_query_params(limit=self.limit, offset=self.offset + self.limit)
            self._response.headers["Link"] = f'<{on.path}?{on.query}>; rel="next"'
        return rows[: self.limit]

    def of_all(self, rows: Sequence[T]) -> Sequence[T]:
        """Return the part of a whole list."""
        return self.of_fetched(rows[self.offset : self.offset + self.fetched])


Paged = Annotated[Paging, Depends()]
