"""Answers every error as application/problem+json (RFC 9457): one table from error type to status code."""

import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from psycopg import DataError, OperationalError
from psycopg.errors import DiskFull, QueryCanceled, ReadOnlySqlTransaction
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api.asking import Forbidden, NeedsEverySite, NotForContractors
from api.board.forms.form_errors import InvalidForm
from api.board.forms.not_understood import for_page
from api.description import UnknownParameter
from api.events.hub import TooManyStreams
from api.keys import FormNotOurs, KeyMissing, PasswordMustChange
from api.naming import UnknownNames
from api.once import KeyInFlight, KeyReused, NoIdempotencyKey
from api.paging import InvalidCursor
from api.papers.columns import FileTooLong, PartOfFile, TooManyFiles
from api.papers.feeds import NotAPerson
from api.papers.labels import NothingChosen
from api.passwords import WeakPassword
from api.routers.inventory.problems import OF_STORES
from api.routers.notifying.problems import OF_ESCALATIONS
from api.routers.requests.problems import OF_REQUESTS
from api.routers.scheduling.problems import OF_SCHEDULES
from api.routers.sync.problems import OF_SYNC
from db.costs.costs import CurrencyInUse, NoCurrency
from db.documents.budgets import SafetyRule
from db.errors import AlreadyExists, Cycle, FaultHasOrder, NotFound, NothingOnTrial, VersionConflict
from db.files.files import InvalidAttachment
from db.inspections.checklists import InvalidRoute
from db.notifying.own import NotToBeChosen
from db.notifying.policies import PolicyChanged, UnknownTargets
from db.oncall.overrides import InvalidOverride
from db.oncall.rotas import CannotBeCalled, RotaChanged
from db.orders.order_links import InvalidLink
from db.people.assignments import NobodyEligible
from db.people.users import LastAdministrator, UnknownSites
from db.people.workforce import PatternInUse
from db.planning.generating import NotTheNext
from db.planning.plans import PlanChanged, UnknownObject
from db.plant.calendars import NoSuchCountry
from db.plant.devices import InvalidBinding
from db.plant.safety import AlreadyDecided, AlreadyProposed, SamePerson, Superseded, WhyMissing
from db.runs.runs import NothingToApply, RunFinished
from db.scheduling.weeks import NotAllowedHere
from db.telemetry.quarantine import NotRetriable
from ingest.tables.sheets import InvalidFile
from models.documents import InvalidModels
from rules.rulebook import InvalidRulebook
from workorder_core.alarms.alarm_states import AlarmReasonMissing, IllegalAlarmMove, InvalidEnd, MayNotBeShelved
from workorder_core.costs.money import NoSuchCurrency
from workorder_core.errors import CurrencyMissing, IllegalMove, NotAllowed, NotQualified, NotReady, ReasonMissing
from workorder_core.inspections.audits import AuditNotSettled, AuditReasonMissing, IllegalFindingStep, VerifiedByOwner
from workorder_core.inspections.checklists import InvalidChecklist
from workorder_core.inspections.owners import UnknownOwner
from workorder_core.inspections.rounds import (
    IllegalRoundStep,
    RoundIncomplete,
    SignedByAnother,
    StopChanged,
    StopIncomplete,
)
from workorder_core.orders.job_plans import InvalidStep
from workorder_core.orders.working_time import NoWorkingTime
from workorder_core.planning.meter_entries import CountRefused
from workorder_core.planning.plans import InvalidPlan
from workorder_core.planning.recurrence import InvalidRule
from workorder_core.plant.signals import InvalidMeaning
from workorder_core.sentences import say
from workorder_core.tables.layout import InvalidLayout

_log = structlog.get_logger("api")
_SECRET = re.compile(r"(?:(?<=/calendar/)|(?<=/r/s/))([^/]{0,4})[^/]*")  # private addresses: logs have their beginning


class TooMany(Exception):
    """The answer would be too large to be useful."""

    def __init__(self, what: str, most: int, action: str) -> None:
        super().__init__(say("{what} are more than {most}; {action}", what=what, most=most, action=action))
        self.what, self.most = what, most


class InvalidRange(Exception):
    """A time range ends before it begins."""

    def __init__(self, start: str, end: str) -> None:
        super().__init__(say("'{start}' must be before '{end}'; swap them or choose a later end", start=start, end=end))


class Problem(NamedTuple):
    """An error's answer: its status code, and its slug for programs and title for people. Slugs are public: a released
    one never changes, whatever the error's class is called.
    """

    status: int
    slug: str
    title: str


NOT_UNDERSTOOD = Problem(422, "not-understood", "Not understood")
OUT_OF_RANGE = Problem(422, "out-of-range", "Out of range")
FAILURE = Problem(500, "failure", "Failure")
_OF_ROOMS = (OF_STORES, OF_SCHEDULES, OF_ESCALATIONS, OF_SYNC, OF_REQUESTS)
PROBLEMS: Mapping[type[Exception], Problem] = {
    NoIdempotencyKey: Problem(400, "no-idempotency-key", "No idempotency key"),
    KeyMissing: Problem(401, "key-missing", "Key missing"),
    Forbidden: Problem(403, "forbidden", "Forbidden"),
    NeedsEverySite: Problem(403, "needs-every-site", "Needs every site"),
    NotForContractors: Problem(403, "not-for-contractors", "Not open to contractors"),
    FormNotOurs: Problem(403, "form-not-ours", "Form not ours"),
    PasswordMustChange: Problem(403, "password-must-change", "Password must change"),
    NotAllowed: Problem(403, "not-allowed", "Not allowed"),
    NotFound: Problem(404, "not-found", "Not found"),
    IllegalMove: Problem(409, "illegal-move", "Illegal move"),
    NotReady: Problem(409, "not-ready", "Not ready"),
    FaultHasOrder: Problem(409, "fault-has-order", "Fault has order"),
    KeyInFlight: Problem(409, "key-in-flight", "Key in flight"),
    AlreadyExists: Problem(409, "already-exists", "Already exists"),
    LastAdministrator: Problem(409, "last-administrator", "Last administrator"),
    NotQualified: Problem(409, "not-qualified", "Not qualified"),
    IllegalAlarmMove: Problem(409, "illegal-alarm-move", "Illegal alarm move"),
    MayNotBeShelved: Problem(409, "may-not-be-shelved", "May not be shelved"),
    SafetyRule: Problem(409, "safety-rule", "Safety rule"),
    SamePerson: Problem(403, "same-person", "Same person"),
    AlreadyProposed: Problem(409, "already-proposed", "Already proposed"),
    AlreadyDecided: Problem(409, "already-decided", "Already decided"),
    Superseded: Problem(409, "superseded", "Superseded"),
    WhyMissing: Problem(422, "why-missing", "Why missing"),
    Cycle: Problem(409, "cycle", "Cycle"),
    NobodyEligible: Problem(409, "nobody-eligible", "Nobody eligible"),
    VersionConflict: Problem(412, "version-conflict", "Version conflict"),
    ReasonMissing: Problem(422, "reason-missing", "Reason missing"),
    CurrencyMissing: Problem(422, "currency-missing", "Currency missing"),
    AlarmReasonMissing: Problem(422, "alarm-reason-missing", "Alarm reason missing"),
    InvalidEnd: Problem(422, "invalid-end", "Invalid end"),
    KeyReused: Problem(422, "key-reused", "Key reused"),
    InvalidStep: Problem(422, "invalid-step", "Invalid step"),
    InvalidMeaning: Problem(422, "invalid-meaning", "Invalid meaning"),
    InvalidBinding: Problem(422, "invalid-binding", "Invalid binding"),
    NoSuchCurrency: Problem(422, "no-such-currency", "No such currency"),
    NoCurrency: Problem(409, "no-currency", "No currency"),
    CurrencyInUse: Problem(409, "currency-in-use", "Currency in use"),
    PatternInUse: Problem(409, "shift-pattern-in-use", "Shift pattern in use"),
    NoSuchCountry: Problem(422, "no-such-country", "No such country"),
    InvalidFile: Problem(422, "invalid-file", "Invalid file"),
    InvalidLayout: Problem(422, "invalid-columns", "Invalid columns"),
    NothingToApply: Problem(409, "nothing-to-apply", "Nothing to apply"),
    RunFinished: Problem(409, "run-finished", "Run finished"),
    InvalidAttachment: Problem(422, "invalid-attachment", "Invalid attachment"),
    InvalidLink: Problem(409, "invalid-link", "Invalid link"),
    NoWorkingTime: Problem(422, "no-working-time", "No working time"),
    InvalidModels: Problem(422, "invalid-models", "Invalid models"),
    UnknownOwner: Problem(422, "unknown-owner", "Unknown owner"),
    CountRefused: Problem(422, "count-refused", "Count refused"),
    InvalidPlan: Problem(422, "invalid-maintenance-plan", "Invalid maintenance plan"),
    InvalidRule: Problem(422, "invalid-recurrence-rule", "Invalid recurrence rule"),
    UnknownObject: Problem(422, "unknown-object", "Unknown object"),
    NotTheNext: Problem(409, "not-the-next-occurrence", "Not the next occurrence"),
    PlanChanged: Problem(412, "maintenance-plan-changed", "Maintenance plan changed"),
    InvalidOverride: Problem(422, "invalid-override", "Invalid override"),
    CannotBeCalled: Problem(422, "cannot-be-called", "Cannot be called"),
    RotaChanged: Problem(412, "rota-changed", "Rota changed"),
    PolicyChanged: Problem(412, "notification-policy-changed", "Notification policy changed"),
    UnknownTargets: Problem(422, "unknown-targets", "Unknown targets"),
    NotToBeChosen: Problem(422, "not-to-be-chosen", "Not to be chosen"),
    InvalidRulebook: Problem(422, "invalid-rulebook", "Invalid rulebook"),
    InvalidChecklist: Problem(422, "invalid-checklist", "Invalid checklist"),
    InvalidRoute: Problem(422, "invalid-route", "Invalid route"),
    IllegalRoundStep: Problem(409, "illegal-round-step", "Illegal round step"),
    RoundIncomplete: Problem(409, "round-incomplete", "Round incomplete"),
    SignedByAnother: Problem(409, "signed-by-another", "Signed by another"),
    StopIncomplete: Problem(422, "stop-incomplete", "Stop incomplete"),
    StopChanged: Problem(412, "stop-changed", "Stop changed"),
    IllegalFindingStep: Problem(409, "illegal-finding-step", "Illegal finding step"),
    VerifiedByOwner: Problem(403, "verified-by-owner", "Verified by owner"),
    AuditReasonMissing: Problem(422, "audit-reason-missing", "Audit reason missing"),
    AuditNotSettled: Problem(409, "audit-not-settled", "Audit not settled"),
    NothingOnTrial: Problem(422, "nothing-on-trial", "Nothing on trial"),
    NotRetriable: Problem(422, "not-retriable", "Not retriable"),
    UnknownSites: Problem(422, "unknown-sites", "Unknown sites"),
    UnknownNames: Problem(422, "unknown-names", "Unknown names"),
    WeakPassword: Problem(422, "weak-password", "Weak password"),
    NotAPerson: Problem(409, "not-a-person", "Not a person"),
    NothingChosen: Problem(422, "nothing-chosen", "Nothing chosen"),
    TooMany: Problem(422, "too-many", "Too many"),
    PartOfFile: NOT_UNDERSTOOD,
    FileTooLong: OUT_OF_RANGE,
    TooManyFiles: Problem(503, "busy", "Busy"),
    InvalidRange: Problem(422, "invalid-range", "Invalid range"),
    InvalidCursor: Problem(422, "invalid-cursor", "Invalid cursor"),
    UnknownParameter: Problem(422, "unknown-parameter", "Unknown parameter"),
    DataError: Problem(422, "not-storable", "Not storable"),
    UnicodeEncodeError: Problem(422, "not-storable", "Not storable"),
    TooManyStreams: Problem(429, "too-many-streams", "Too many streams"),
    QueryCanceled: Problem(503, "too-slow", "Too slow"),
    ReadOnlySqlTransaction: Problem(503, "database-read-only", "Database read-only"),
    DiskFull: Problem(503, "database-full", "Database full"),
    OperationalError: Problem(503, "database-unavailable", "Database unavailable"),
    PoolTimeout: Problem(503, "database-unavailable", "Database unavailable"),
    **{error: Problem(*row) for of in _OF_ROOMS for error, row in of.items()},
}

DESCRIBED: Mapping[int | str, dict[str, Any]] = {
    "default": {
        "description": "What is wrong, and what to do (RFC 9457)",
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
"""The form of every error, for the description of the API."""

_MOST_ERRORS = 20
"""The most errors of a request that are reported: one with a hundred thousand is answered as briefly as any other."""


def titles() -> dict[int, list[str]]:
    """Return the titles of the problems that the API answers with, by status."""
    found: dict[int, set[str]] = {404: {"Not Found"}, 422: {"Not understood"}}
    for each in PROBLEMS.values():
        found.setdefault(each.status, set()).add(each.title)
    return {status: sorted(found[status]) for status in sorted(found)}


Render = Callable[[Request, int, str, str], Response]
"""Renders the page of an error, for users of the board: (request, status, title, sentence)."""
Again = Callable[[Request, Exception, int, str], Awaitable[Response | None]]
"""Renders the page of a refused form again: (request, error, status, sentence); None if the request is not a form."""


def install(app: FastAPI, page: Render, *, wants_page: Callable[[Request], bool], again: Again) -> None:
    """Answer every error of an application with a problem, or with a page for users of the board."""

    def answer(request: Request, how: Problem, detail: str, **more: Any) -> Response:
        if wants_page(request):
            return page(request, how.status, how.title, detail)
        return problem(request, how, detail, **more)

    async def known(request: Request, error: Exception) -> Response:
        how, detail = _known(request, error)
        response = await run_in_threadpool(answer, request, how, detail, **_facts(error))
        if how.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        allowed = (error.headers or {}).get("Allow", "another method")
        detail = {
            404: say("there is nothing at {path}; the paths are listed at /api/v1/openapi.json", path=request.url.path),
            405: say("{method} is not possible at {path}; use {allowed}", method=request.method,
                     path=request.url.path, allowed=allowed),
        }.get(error.status_code, str(error.detail))  # fmt: skip
        response = answer(request, _of_http(error), detail)
        response.headers.update(error.headers or {})
        return response

    async def form(request: Request, error: Exception) -> Response:
        assert isinstance(error, InvalidForm)
        how = Problem(error.status, "invalid-form", "Invalid form")
        return await run_in_threadpool(answer, request, how, str(error))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        wrong = error.errors()[:_MOST_ERRORS]
        errors = [{"where": _where(each["loc"]), "problem": each["msg"]} for each in wrong]
        told = "; ".join(f"{each['where']}: {each['problem']}" for each in errors)
        told = for_page(wrong) if wants_page(request) else told
        sentence = say("the request is invalid: {problems}", problems=told)
        return await run_in_threadpool(answer, request, NOT_UNDERSTOOD, sentence, errors=errors)

    def unknown(request: Request, error: Exception) -> Response:
        # As text: a traceback renderer that shows variables would write keys and passwords into the log.
        lines = "".join(traceback.format_exception(error))
        _log.error("request failed", path=_SECRET.sub(r"\1…", request.url.path), method=request.method, traceback=lines)
        return answer(
            request, FAILURE, say("plantwright failed at this request; its log has the details, please report it")
        )

    for kind in PROBLEMS:
        app.add_exception_handler(kind, _or_again(known, again, _told))
    app.add_exception_handler(InvalidForm, _or_again(form, again, lambda _, error: (_status(error), str(error))))
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


def _known(request: Request, error: Exception) -> tuple[Problem, str]:
    """Return the problem of an error from the table, and its sentence."""
    kind = next(each for each in type(error).__mro__ if each in PROBLEMS)
    if kind is DataError and request.method in ("GET", "HEAD"):
        return OUT_OF_RANGE, _OUT_OF_RANGE  # nothing was to be stored
    return PROBLEMS[kind], _SENTENCES.get(kind, str)(error)


def _of_http(error: HTTPException) -> Problem:
    """Return the problem of an HTTP error, such as an unknown path: by its status."""
    title = str(error.detail)
    return Problem(error.status_code, title.lower().replace(" ", "-"), title)


def _told(request: Request, error: Exception) -> tuple[int, str]:
    how, sentence = _known(request, error)
    return how.status, sentence


def _status(error: Exception) -> int:
    return error.status if isinstance(error, InvalidForm) else 422


def problem(request: Request, how: Problem, detail: str, **more: Any) -> JSONResponse:
    """Return a problem document. ``detail`` is a sentence that says what to do."""
    body = {"type": f"/problems/{how.slug}", "title": how.title, "status": how.status, "detail": detail}
    body |= {"instance": request.url.path} | more
    return JSONResponse(_sendable(body), how.status, media_type="application/problem+json")


_NOT_STORABLE = say(
    "a value cannot be stored: a text contains characters that are not allowed, or a number is out of range"
)
_OUT_OF_RANGE = say(
    "the database cannot compute this: a value in the request, or a sum of stored values, is out of range"
)
_SENTENCES: Mapping[type[Exception], Callable[[Exception], str]] = {
    DataError: lambda _: _NOT_STORABLE,
    UnicodeEncodeError: lambda _: _NOT_STORABLE,
    QueryCanceled: lambda _: say("the database took longer than a request may take; ask for less at a time"),
    ReadOnlySqlTransaction: lambda _: say(
        "the database accepts no changes now: it is a standby, or read-only; nothing was changed"
    ),
    DiskFull: lambda _: say("the database's disk is full; free some space there; nothing was changed"),
    OperationalError: lambda _: say("the database cannot be reached now; try again in a moment"),
    PoolTimeout: lambda _: say("the database is too busy now; try again in a moment"),
}


def _sendable(value: Any) -> Any:
    """Return a text that can be sent: lone surrogates, which JSON's escapes allow, become question marks."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_sendable(name): _sendable(each) for name, each in value.items()}
    return [_sendable(each) for each in value] if isinstance(value, list) else value


def _facts(error: Exception) -> dict[str, Any]:
    if isinstance(error, IllegalMove | IllegalAlarmMove | IllegalRoundStep | IllegalFindingStep):
        return {"possible": [str(step) for step in error.possible]}
    if isinstance(error, NotReady | RoundIncomplete):
        return {"missing": list(error.missing)}
    if isinstance(error, StopIncomplete):
        return {"problems": dict(error.problems)}
    if isinstance(error, VersionConflict):
        return {"version": error.actual}
    if isinstance(error, NotAllowedHere):
        return {"broken": [{"rule": str(each.rule), "sentence": each.sentence} for each in error.broken]}
    if isinstance(error, UnknownNames):
        return {"new": [{"kind": each.kind, "name": each.name, "alike": list(each.alike)} for each in error.found]}
    return {}


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("body", "query", "path", "header")) or "body"
