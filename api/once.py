"""Executes a request that creates something once, however often it is sent. A system marks equal requests by the header
Idempotency-Key, a page by a token in each of its forms. In both cases the answer is stored in the transaction of its
request.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, TypeVar

from cryptography.fernet import Fernet
from fastapi import Depends, Header, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError
from starlette.datastructures import UploadFile
from starlette.types import Receive, Scope, Send

from api.asking import Asking, Conn, Now
from api.board.forms.forms import inside
from db import idempotency
from db.idempotency import Answer
from workorder_core.sentences import say

MOST_LETTERS = 200
_Made = TypeVar("_Made", bound=BaseModel)


class NoIdempotencyKey(Exception):
    """A request that must not be executed twice has no key by which its repetition would be recognised."""

    def __init__(self) -> None:
        super().__init__(
            "this creates something: send an Idempotency-Key, a text of your own such as a UUID, and the same one "
            "when you send the request again"
        )


class KeyReused(Exception):
    """A key was used for another request."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the Idempotency-Key {key!r} was used for another request; take a new one")
        self.key = key


class KeyInFlight(Exception):
    """The first request with a key has not been answered yet."""

    def __init__(self, key: str) -> None:
        super().__init__(
            say("a request with the Idempotency-Key {key!r} is still being processed; try again in a moment", key=key)
        )
        self.key = key


class Once:
    """Executes a creating request, or repeats its earlier answer."""

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

    def __call__(
        self,
        body: BaseModel | bytes,
        make: Callable[[Response], _Made],
        *,
        needed: bool = True,
        kept: Callable[[_Made], _Made] = lambda made: made,
    ) -> Response:
        """Return the answer of ``make``, stored with the request in the same transaction, or the one stored before. If
        no key is ``needed``, a request without one is executed each time. ``kept`` returns the answer in its stored
        form: without what is shown only once.
        """
        if not self.key:
            if needed:
                raise NoIdempotencyKey
            return Response(make(Response()).model_dump_json(), 201, media_type="application/json")
        sent = body if isinstance(body, bytes) else _as_sent(body)
        asked = hashlib.sha256(f"{self.request.method} {self.request.url.path}\n".encode() + sent).digest()
        if not idempotency.begin(self.conn, self.who.actor, self.key):
            raise KeyInFlight(self.key)
        known = idempotency.find(self.conn, self.who.actor, self.key)
        if known is not None:
            if known.request != asked:
                raise KeyReused(self.key)
            return _response(known)
        headers = Response()
        made = make(headers)
        told = {name: headers.headers[name] for name in ("ETag", "Location") if name in headers.headers}
        answer = Answer(request=asked, status=201, headers=told, body=kept(made).model_dump_json())
        idempotency.keep(self.conn, self.who.actor, self.key, answer, at=self.now)
        return _response(replace(answer, body=made.model_dump_json()))


def _as_sent(body: BaseModel) -> bytes:
    """Return the bytes that identify a body, even one that JSON cannot represent, which its handler refuses."""
    try:
        return body.model_dump_json().encode()
    except PydanticSerializationError:  # half a character
        return repr(body).encode(errors="backslashreplace")


OnlyOnce = Annotated[Once, Depends(Once)]


class AnsweredBefore(Exception):
    """A repeated form, which gets the answer of the first time."""

    def __init__(self, location: str, shown: Sequence[str] | None = None) -> None:
        super().__init__(location)
        self.location, self.shown = location, shown


@dataclass(frozen=True, slots=True)
class Sent:
    """The key by which a repeated form is recognised, and the secret that seals its answer. Empty: it has no token."""

    key: str = ""
    seal: bytes = b""

    def sealed(self) -> Fernet:
        """Return the cipher for an answer that only the form's sender may read again."""
        return Fernet(base64.urlsafe_b64encode(self.seal))


async def what_was_sent(request: Request) -> Sent:
    """Return the key by which a repeated form is recognised: its token and all that was typed. Empty: it has no token.
    Going back, typing something else and sending that is a different request.
    """
    form = await request.form()
    token = form.get("once")
    if not isinstance(token, str) or not token:
        return Sent()
    # The token itself is stored nowhere: secrets shown once are sealed with it.
    digest = hashlib.sha256(f"{request.url.path}\n{len(token)} {token}\n".encode(errors="replace"))
    for name, value in form.multi_items():
        if name in ("once", "csrf"):
            continue
        if isinstance(value, UploadFile):
            content = await value.read()
            await value.seek(0)
        else:
            content = value.encode(errors="replace")
        digest.update(f"{name} {len(content)}\n".encode() + content)
    # No header has a line break: a system's Idempotency-Key can never be mistaken for a form.
    return Sent(f"form\n{digest.hexdigest()}", hashlib.sha256(b"shown once " + token.encode(errors="replace")).digest())


class Form:
    """A form that somebody sent, perhaps twice. Raises AnsweredBefore if it has been answered. The second of two
    simultaneous ones waits for the first.
    """

    def __init__(self, conn: Conn, now: Now, who: Asking, sent: Annotated[Sent, Depends(what_was_sent)]) -> None:
        self.conn, self.now, self.who, self.sent = conn, now, who, sent
        if not sent.key:
            return
        idempotency.wait(conn, who.actor, sent.key)
        known = idempotency.find(conn, who.actor, sent.key)
        if known is not None:
            shown = json.loads(sent.sealed().decrypt(known.body)) if known.body else None
            raise AnsweredBefore(known.headers["Location"], shown)

    def leads_to(self, location: str) -> RedirectResponse:
        """Return the answer to an executed form, and store it in case the form is sent again."""
        self._keep(location, "")
        return RedirectResponse(location, 303)

    def shows(self, location: str, secret: Sequence[str]) -> Response:
        """Answer with a page that shows a secret, once; the same form sent again shows it again. It is stored sealed
        with the form's token, which only the sending page has.
        """
        self._keep(location, self.sent.sealed().encrypt(json.dumps(secret).encode()).decode() if self.sent.key else "")
        return Shows(location, secret)

    def _keep(self, location: str, body: str) -> None:
        if self.sent.key:
            answer = Answer(request=b"", status=303, headers={"Location": location}, body=body)
            idempotency.keep(self.conn, self.who.actor, self.sent.key, answer, at=self.now)


SentForm = Annotated[Form, Depends(Form)]


class Shows(Response):
    """A page with a secret. It is rendered after the commit, when the answer is sent."""

    def __init__(self, location: str, secret: Sequence[str]) -> None:
        super().__init__(status_code=200)
        self.location, self.secret = location, secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the page."""
        shown = await inside(Request(scope, receive), self.location, shown_once=self.secret)
        await (shown or RedirectResponse(self.location, 303))(scope, receive, send)


async def lead_there_again(_: Request, error: Exception) -> Response:
    """Answer a repeated form."""
    assert isinstance(error, AnsweredBefore)
    return RedirectResponse(error.location, 303) if error.shown is None else Shows(error.location, error.shown)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), media_type="application/json")
