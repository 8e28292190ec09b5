"""Every error leaves as application/problem+json (RFC 9457): one table from error type to status code."""

import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from psycopg import DataError, OperationalError
from psycopg.errors import DiskFull, QueryCanceled, ReadOnlySqlTransaction
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api.asking import Forbidden, OfEverySite
from api.board.form_errors import FormWrong
from api.description import UnknownParameter
from api.keys import FormNotOurs, KeyMissing, PasswordMustChange
from api.naming import UnknownNames
from api.once import KeyInFlight, KeyUsedOtherwise, NoIdempotencyKey
from api.paging import WrongCursor
from api.passwords import WeakPassword
from db.documents.budgets import SafetyRule
from db.errors import AlreadyThere, FaultHasOrder, NotFound, NothingOnTrial, Ring, VersionConflict
from db.orders.attachments import AttachmentWrong
from db.orders.order_links import LinkWrong
from db.people.assignments import NobodyEligible
from db.people.users import NobodyLeft, UnknownSites
from db.plant.calendars import NoSuchCountry
from db.plant.devices import WrongBinding
from db.plant.safety import DecidedAlready, Overtaken, SamePerson, WaitsAlready, WhyMissing
from db.telemetry.quarantine import NotAgain
from models.documents import WrongModels
from rules.rulebook import WrongRulebook
from workorder_core.alarms.alarm_states import AlarmReasonMissing, IllegalAlarmMove, MayNotBeShelved, WrongEnd
from workorder_core.errors import CurrencyMissing, IllegalMove, NotAllowed, NotQualified, NotReady, ReasonMissing
from workorder_core.orders.job_plans import StepWrong
from workorder_core.orders.working_time import NoWorkingTime
from workorder_core.plant.signals import WrongMeaning

_log = structlog.get_logger("api")


class AskedTooMuch(Exception):
    """The answer would be larger than anybody can use."""

    def __init__(self, what: str, most: int, mend: str) -> None:
        super().__init__(f"{what} are more than {most}; {mend}")
        self.what, self.most = what, most


class WrongRange(Exception):
    """A span of time ends before it begins."""

    def __init__(self, start: str, end: str) -> None:
        super().__init__(f"'{start}' must lie before '{end}'; exchange them or choose a later end")


STATUS: Mapping[type[Exception], int] = {
    NoIdempotencyKey: 400,
    KeyMissing: 401,
    Forbidden: 403,
    OfEverySite: 403,
    FormNotOurs: 403,
    PasswordMustChange: 403,
    NotAllowed: 403,
    NotFound: 404,
    IllegalMove: 409,
    NotReady: 409,
    FaultHasOrder: 409,
    KeyInFlight: 409,
    AlreadyThere: 409,
    NobodyLeft: 409,
    NotQualified: 409,
    IllegalAlarmMove: 409,
    MayNotBeShelved: 409,
    SafetyRule: 409,
    SamePerson: 403,
    WaitsAlready: 409,
    DecidedAlready: 409,
    Overtaken: 409,
    WhyMissing: 422,
    Ring: 409,
    NobodyEligible: 409,
    VersionConflict: 412,
    ReasonMissing: 422,
    CurrencyMissing: 422,
    AlarmReasonMissing: 422,
    WrongEnd: 422,
    KeyUsedOtherwise: 422,
    StepWrong: 422,
    WrongMeaning: 422,
    WrongBinding: 422,
    NoSuchCountry: 422,
    AttachmentWrong: 422,
    LinkWrong: 409,
    NoWorkingTime: 422,
    WrongModels: 422,
    WrongRulebook: 422,
    NothingOnTrial: 422,
    NotAgain: 422,
    UnknownSites: 422,
    UnknownNames: 422,
    WeakPassword: 422,
    AskedTooMuch: 422,
    WrongRange: 422,
    WrongCursor: 422,
    UnknownParameter: 422,
    DataError: 422,
    UnicodeEncodeError: 422,
    QueryCanceled: 503,
    ReadOnlySqlTransaction: 503,
    DiskFull: 503,
    OperationalError: 503,
    PoolTimeout: 503,
}

DESCRIBED: Mapping[int | str, dict[str, Any]] = {
    "default": {
        "description": "What is wrong, and the mend (RFC 9457)",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail", "instance"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "instance": {"type": "string"},
                    },
                }
            }
        },
    }
}
"""How every error leaves, for the description of the API."""

_TITLES: Mapping[type[Exception], str] = {
    DataError: "Not storable",
    UnicodeEncodeError: "Not storable",
    QueryCanceled: "Too slow",
    ReadOnlySqlTransaction: "Database read-only",
    DiskFull: "Database full",
    OperationalError: "Database away",
    PoolTimeout: "Database away",
}

_MOST_ERRORS = 20
"""Errors of a request that are said: one with a hundred thousand is answered as shortly as another."""


def titles() -> dict[int, list[str]]:
    """Return the titles of the problems that the API answers with, by status."""
    found: dict[int, set[str]] = {404: {"Not Found"}, 422: {"Not understood"}}
    for kind, status in STATUS.items():
        found.setdefault(status, set()).add(_title(kind, kind))
    return {status: sorted(found[status]) for status in sorted(found)}


Render = Callable[[Request, int, str, str], Response]
"""Makes a page of an error for who looks at the board: (request, status, title, sentence)."""
Again = Callable[[Request, Exception, int, str], Awaitable[Response | None]]
"""Makes the page of a refused form again: (request, error, status, sentence); None where the request is no form."""


def install(app: FastAPI, page: Render, *, wants_page: Callable[[Request], bool], again: Again) -> None:
    """Make every error of an application leave as a problem, or as a page for who looks at the board."""

    def answer(request: Request, status: int, title: str, detail: str, **more: Any) -> Response:
        if wants_page(request):
            return page(request, status, title, detail)
        return problem(request, status, title, detail, **more)

    async def known(request: Request, error: Exception) -> Response:
        status, title, detail = _known(request, error)
        response = await run_in_threadpool(answer, request, status, title, detail, **_facts(error))
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        allowed = (error.headers or {}).get("Allow", "another method")
        detail = {
            404: f"there is nothing at {request.url.path}; the paths are listed at /api/v1/openapi.json",
            405: f"{request.method} is not possible at {request.url.path}; use {allowed}",
        }.get(error.status_code, str(error.detail))
        response = answer(request, error.status_code, str(error.detail), detail)
        response.headers.update(error.headers or {})
        return response

    async def form(request: Request, error: Exception) -> Response:
        assert isinstance(error, FormWrong)
        return await run_in_threadpool(answer, request, error.status, "Form wrong", str(error))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = [{"where": _where(each["loc"]), "problem": each["msg"]} for each in error.errors()[:_MOST_ERRORS]]
        told = "; ".join(f"{each['where']}: {each['problem']}" for each in errors)
        sentence = f"the request cannot be used as it is: {told}"
        return await run_in_threadpool(answer, request, 422, "Not understood", sentence, errors=errors)

    def unknown(request: Request, error: Exception) -> Response:
        # As text: a renderer of tracebacks that shows variables would write keys and passwords into the log.
        lines = "".join(traceback.format_exception(error))
        _log.error("a request failed", path=request.url.path, method=request.method, traceback=lines)
        return answer(request, 500, "Failure", "plantwright failed at this; its log says where, please report it")

    for kind in STATUS:
        app.add_exception_handler(kind, _or_again(known, again, _told))
    app.add_exception_handler(FormWrong, _or_again(form, again, lambda _, error: (_status(error), str(error))))
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, _or_again(invalid, again, lambda *_: (422, "")))
    app.add_exception_handler(Exception, unknown)


Handler = Callable[[Request, Exception], Awaitable[Response]]


def _or_again(handle: Handler, again: Again, told: Callable[[Request, Exception], tuple[int, str]]) -> Handler:
    """Return a handler that shows a refused form again, and answers everything else as before."""

    async def handler(request: Request, error: Exception) -> Response:
        shown = await again(request, error, *told(request, error))
        return await handle(request, error) if shown is None else shown

    return handler


def _known(request: Request, error: Exception) -> tuple[int, str, str]:
    """Return the status of an error that the table has, its title and its sentence."""
    kind = next(each for each in type(error).__mro__ if each in STATUS)
    if kind is DataError and request.method in ("GET", "HEAD"):
        # Nothing was to be stored.
        return STATUS[kind], "Out of range", _OUT_OF_RANGE
    return STATUS[kind], _title(type(error), kind), _SENTENCES.get(kind, str)(error)


def _told(request: Request, error: Exception) -> tuple[int, str]:
    status, _, sentence = _known(request, error)
    return status, sentence


def _status(error: Exception) -> int:
    return error.status if isinstance(error, FormWrong) else 422


def problem(request: Request, status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    """Return a problem document. ``detail`` is a sentence that says the mend."""
    slug = title.lower().replace(" ", "-")
    body = {"type": f"/problems/{slug}", "title": title, "status": status, "detail": detail}
    body |= {"instance": request.url.path} | more
    return JSONResponse(_sendable(body), status, media_type="application/problem+json")


_NOT_STORABLE = "a value cannot be stored: a text has characters that no text has, or a number is out of range"
_OUT_OF_RANGE = "the database cannot work this out: something asked for, or a sum of what is stored, is out of range"
_SENTENCES: Mapping[type[Exception], Callable[[Exception], str]] = {
    DataError: lambda _: _NOT_STORABLE,
    UnicodeEncodeError: lambda _: _NOT_STORABLE,
    QueryCanceled: lambda _: "this took the database longer than a request may take; ask for less at a time",
    ReadOnlySqlTransaction: lambda _: (
        "the database takes no changes now: it is a standby, or was made read-only; nothing was changed"
    ),
    DiskFull: lambda _: "the disk of the database is full; make room there; nothing was changed",
    OperationalError: lambda _: "the database cannot be reached now; try again in a moment",
    PoolTimeout: lambda _: "the database is too busy now; try again in a moment",
}


def _sendable(value: Any) -> Any:
    """Return what can be sent: halves of characters, which JSON's escapes can name, are question marks."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_sendable(name): _sendable(each) for name, each in value.items()}
    return [_sendable(each) for each in value] if isinstance(value, list) else value


def _title(error: type[Exception], kind: type[Exception]) -> str:
    """Return the words of the error's name: IllegalMove is "Illegal move"."""
    if kind in _TITLES:
        return _TITLES[kind]
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in error.__name__)
    return words.strip().capitalize()


def _facts(error: Exception) -> dict[str, Any]:
    if isinstance(error, IllegalMove | IllegalAlarmMove):
        return {"possible": [str(step) for step in error.possible]}
    if isinstance(error, NotReady):
        return {"missing": list(error.missing)}
    if isinstance(error, VersionConflict):
        return {"version": error.actual}
    if isinstance(error, UnknownNames):
        return {"new": [{"kind": each.kind, "name": each.name, "alike": list(each.alike)} for each in error.found]}
    return {}


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("body", "query", "path", "header")) or "body"
