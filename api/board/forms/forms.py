"""The forms of pages: reading one-click answers, and returning a refused form. A handler raises the errors. Its
transaction is rolled back, and the form's page is rendered again for the same user, with the typed values and each
problem at its field.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData

from api.asking import Forbidden, NeedsEverySite, NotForContractors
from api.board.forms.form_errors import InvalidForm, Question
from api.board.forms.not_understood import sentence_of
from api.board.forms.refilled import Refused
from api.keys import FormNotOurs, KeyMissing, PasswordMustChange
from db.errors import Cycle, TechnicianUnknown
from db.people.users import UnknownSites
from db.plant.safety import WhyMissing
from workorder_core.alarms.alarm_states import AlarmReasonMissing, InvalidEnd
from workorder_core.errors import NotQualified, ReasonMissing
from workorder_core.sentences import joined, say

Sent = Sequence[tuple[str, str]]
Where = Callable[[Mapping[str, str], Mapping[str, str]], str]
"""Returns the page of a form from the path's parameters and the form's fields."""

_ELSEWHERE = (KeyMissing, Forbidden, NeedsEverySite, NotForContractors, FormNotOurs, PasswordMustChange)
"""Errors that do not depend on the form's content."""
_AT: Mapping[type[Exception], str] = {
    ReasonMissing: "why",
    AlarmReasonMissing: "why",
    WhyMissing: "why",
    NotQualified: "why",
    InvalidEnd: "hours",
    Cycle: "parent",
    UnknownSites: "sites",
    TechnicianUnknown: "technician",
}
"""The field at which an error is shown, if the form has it."""
_HEADERS = {b"content-type", b"content-length", b"transfer-encoding", b"if-none-match", b"x-have"}


@dataclass(frozen=True, slots=True)
class OnPage:
    """The page of a form, and the field at which an error is shown."""

    where: Where
    at: Mapping[type[Exception], str]


def shown_on(
    where: str | Where, at: Mapping[type[Exception], str] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the page of a handler's form, as a path with the handler's own parameters in braces."""

    def of_path(params: Mapping[str, str], _: Mapping[str, str]) -> str:
        assert isinstance(where, str)
        return where.format(**params)

    def mark(handler: Callable[..., Any]) -> Callable[..., Any]:
        handler.form = OnPage(of_path if isinstance(where, str) else where, {**_AT, **(at or {})})  # type: ignore[attr-defined]
        return handler

    return mark


def form_of(endpoint: object) -> OnPage | None:
    """Return the page of a handler's form; None if it has none."""
    found: OnPage | None = getattr(endpoint, "form", None)
    return found


class FormRoute(APIRoute):
    """A route of a page. The values of a pressed answer button are merged into the form before it is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which reads the form with the answer in it."""
        handle = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return handle

        async def answered(request: Request) -> Response:
            form = await request.form()
            answer = form.get("answer")
            if isinstance(answer, str):
                said = parse_qsl(answer[:60_000], keep_blank_values=True)
                names = {name for name, _ in said if name != "new"} | {"answer"}
                # From now on the request's form is this one.
                request._form = FormData([*((k, v) for k, v in form.multi_items() if k not in names), *said])
            return await handle(request)

        return answered


async def again(request: Request, error: Exception, status: int, detail: str) -> Response | None:
    """Return the page of a refused form, with the typed values; None if there is no such page."""
    form = form_of(request.scope.get("endpoint"))
    if form is None or request.method != "POST" or status >= 500 or isinstance(error, _ELSEWHERE):
        return None
    sent = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    fields, asked = _wrong(error, form, sent, detail)
    if isinstance(error, RequestValidationError) and not fields:
        return None
    params = {name: str(value) for name, value in request.path_params.items()}
    refused = Refused(
        action=request.url.path,
        sent=sent,
        status=status,
        problem=detail,
        fields=fields,
        asked=asked,
        headers=error.headers if isinstance(error, InvalidForm) else {},
    )
    return await inside(request, form.where(params, dict(sent)), refused=refused)


def _wrong(error: Exception, form: OnPage, sent: Sent, detail: str) -> tuple[Mapping[str, str], Mapping[str, Question]]:
    if isinstance(error, InvalidForm):
        return error.fields, error.asked
    if isinstance(error, RequestValidationError):
        return {
            str(each["loc"][1]): sentence_of(each)
            for each in error.errors()
            if each["loc"][0] == "body" and len(each["loc"]) > 1
        }, {}
    unstorable = {name: say("contains characters that are not allowed") for name, value in sent if not _is_text(value)}
    if unstorable:
        return unstorable, {}
    if isinstance(error, NotQualified):
        detail = say("needed here: {reasons}", reasons=joined(error.reasons, "; "))
    name = next((form.at[kind] for kind in type(error).__mro__ if kind in form.at), "")
    return ({name: detail} if name else {}), {}


def _is_text(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


async def inside(request: Request, there: str, **more: Any) -> Response | None:
    """Return the page at a path, rendered for the requester, with additions to its scope; None if unavailable."""
    path, _, query = there.partition("?")
    scope = {name: value for name, value in request.scope.items() if name not in ("endpoint", "route", "path_params")}
    scope |= {
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [each for each in request.scope["headers"] if each[0] not in _HEADERS],
        "state": dict(request.scope.get("state", {})),
        **more,
    }
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    serve: Callable[..., Awaitable[None]] = request.app.router
    await serve(scope, receive, send)
    start = next(each for each in sent if each["type"] == "http.response.start")
    refused: Refused | None = more.get("refused")
    if start["status"] != (refused.status if refused else 200):
        return None
    headers = {name.decode(): value.decode() for name, value in start["headers"] if name != b"content-length"}
    body = b"".join(each.get("body", b"") for each in sent if each["type"] == "http.response.body")
    return Response(body, start["status"], headers | dict(refused.headers if refused else {}))
