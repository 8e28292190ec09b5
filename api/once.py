"""What creates something is done once, however often it is asked for: the header Idempotency-Key."""

import hashlib
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from api.asking import Asking, Conn, Now
from db import idempotency
from db.idempotency import Answer

MOST_LETTERS = 200


class NoIdempotencyKey(Exception):
    """A request that must not be done twice carries no key by which its repetition would be known."""

    def __init__(self) -> None:
        super().__init__(
            "this creates something: send an Idempotency-Key, a text of your own such as a UUID, and the same one "
            "when you send the request again"
        )


class KeyUsedOtherwise(Exception):
    """A key comes again with another request."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the Idempotency-Key {key!r} was used for another request; take a new one")
        self.key = key


class KeyInFlight(Exception):
    """The first request with a key has not been answered yet."""

    def __init__(self, key: str) -> None:
        super().__init__(f"a request with the Idempotency-Key {key!r} is being worked on; ask again in a moment")
        self.key = key


class Once:
    """Does what creates something, or gives the answer that was given before."""

    def __init__(
        self,
        request: Request,
        conn: Conn,
        now: Now,
        who: Asking,
        idempotency_key: Annotated[
            str | None,
            Header(max_length=MOST_LETTERS, description="by which a repeated request is known, such as a UUID"),
        ] = None,
    ) -> None:
        self.request, self.conn, self.now, self.who = request, conn, now, who
        self.key = (idempotency_key or "").strip()

    def __call__(self, body: BaseModel | bytes, make: Callable[[Response], BaseModel]) -> Response:
        """Return the answer of ``make``, kept with the request in the same transaction, or the one kept before."""
        if not self.key:
            raise NoIdempotencyKey
        sent = body if isinstance(body, bytes) else body.model_dump_json().encode()
        asked = hashlib.sha256(f"{self.request.method} {self.request.url.path}\n".encode() + sent).digest()
        if not idempotency.begin(self.conn, self.who.actor, self.key):
            raise KeyInFlight(self.key)
        known = idempotency.find(self.conn, self.who.actor, self.key)
        if known is not None:
            if known.request != asked:
                raise KeyUsedOtherwise(self.key)
            return _response(known)
        headers = Response()
        made = make(headers)
        told = {name: headers.headers[name] for name in ("ETag", "Location") if name in headers.headers}
        answer = Answer(request=asked, status=201, headers=told, body=made.model_dump_json())
        idempotency.keep(self.conn, self.who.actor, self.key, answer, at=self.now)
        return _response(answer)


OnlyOnce = Annotated[Once, Depends(Once)]


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), media_type="application/json")
