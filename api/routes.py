"""The routes of the application: the operations of the API, and the pages. A new one is a line in a list here."""

from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from api import problems
from api.asking import KNOWN, SEES
from api.board import (
    alarm_pages,
    api_docs,
    change_pages,
    cost_pages,
    file_pages,
    my_calendars,
    own_language,
    pages,
    people,
    places,
    shadow_pages,
    signing,
)
from api.board import devices as devices_page
from api.board import engine as engine_page
from api.board import signals as signal_pages
from api.board.inspections import (
    audit_pages,
    checklist_pages,
    result_pages,
    round_pages,
    route_pages,
    stop_page,
)
from api.board.inventory import bill_pages, count_pages, moves, purchase_pages, stock_pages, tool_pages
from api.board.notifying import asked_page, escalation_pages, outbox, own_choices, policy_page, rota_pages, swap_pages
from api.board.orders import (
    answer_page,
    my_requests,
    my_work,
    new_order,
    order_page,
    reported_pages,
    steps,
    triage_page,
)
from api.board.orders import order_content as order_content_pages
from api.board.planning import calendar_pages, meter_form
from api.board.planning import pages as planning_pages
from api.board.requests import help_pages, own_pages, queue_pages, quote_pages
from api.board.runs import audit_report_pages, backtest_pages, import_pages, run_pages
from api.board.scheduling import estimate_pages, skill_pages, slot_pages, week_pages
from api.description import refuse_unknown_parameters
from api.papers import feeds, labels, prints
from api.routers import (
    access,
    alarms,
    changes,
    costs,
    documents,
    engine,
    events,
    health,
    quarantine,
    rules,
    technicians,
    triage,
    workforce,
)
from api.routers.inspections import audits, checklists, results, rounds
from api.routers.inventory import bookings, counting, items, purchases, reservations, stock, tools
from api.routers.notifying import escalations, own, receivers, rotas, swaps
from api.routers.notifying import policies as notification_policies
from api.routers.orders import job_plans, order_content, order_moves, work_orders
from api.routers.planning import plans as maintenance_plans
from api.routers.plant import calendars, devices, downtimes, files, hierarchy, plant, signals
from api.routers.requests import quotes, requests, self_help
from api.routers.runs import runs, uploads
from api.routers.scheduling import delays, estimates, schedules, slots
from api.routers.sync import changes as sync_changes
from api.routers.sync import operations as sync_operations
from api.routers.sync import uploads as sync_uploads
from api.tech import pages as tech_pages

V1: tuple[APIRouter, ...] = (
    work_orders.router,
    plant.router,
    hierarchy.router,
    signals.router,
    alarms.router,
    downtimes.router,
    technicians.router,
    workforce.router,
    documents.router,
    rules.router,
    engine.router,
    devices.router,
    quarantine.router,
    access.router,
    order_moves.router,
    order_content.router,
    job_plans.router,
    calendars.router,
    maintenance_plans.router,
    costs.router,
    files.router,
    changes.router,
    events.router,
    receivers.router,
    own.router,
    notification_policies.router,
    rotas.router,
    swaps.router,
    escalations.router,
    runs.router,
    uploads.router,
    checklists.router,
    rounds.router,
    results.router,
    audits.router,
    prints.router,
    labels.router,
    feeds.router,
    items.router,
    stock.router,
    reservations.router,
    purchases.router,
    tools.router,
    bookings.router,
    counting.router,
    schedules.router,
    delays.router,
    slots.router,
    estimates.router,
    triage.router,
    sync_operations.router,
    sync_changes.router,
    sync_uploads.router,
    requests.router,
    quotes.router,
    self_help.router,
)
"""The operations of the API, under /api/v1."""
PAGES: tuple[APIRouter, ...] = (
    pages.router,
    order_page.router,
    new_order.router,
    answer_page.router,
    triage_page.router,
    signal_pages.router,
    alarm_pages.router,
    shadow_pages.router,
    cost_pages.router,
    stock_pages.router,
    moves.router,
    purchase_pages.router,
    tool_pages.router,
    count_pages.router,
    bill_pages.router,
    file_pages.router,
    steps.router,
    order_content_pages.router,
    people.router,
    my_work.router,
    my_requests.router,
    engine_page.router,
    devices_page.router,
    places.router,
    my_calendars.router,
    change_pages.router,
    own_language.router,
    outbox.router,
    own_choices.router,
    policy_page.router,
    rota_pages.router,
    swap_pages.router,
    escalation_pages.router,
    reported_pages.router,
    audit_report_pages.router,
    backtest_pages.router,
    import_pages.router,
    run_pages.router,
    round_pages.router,
    stop_page.router,
    result_pages.router,
    checklist_pages.router,
    route_pages.router,
    audit_pages.router,
    calendar_pages.router,
    meter_form.router,
    planning_pages.router,
    week_pages.router,
    slot_pages.router,
    estimate_pages.router,
    skill_pages.router,
    queue_pages.router,
    quote_pages.router,
    help_pages.router,
    own_pages.router,
    api_docs.router,
    signing.router,
)
"""The pages, with the engine's alarms at their head."""


class _Branch(APIRouter):
    """A router whose routes are tried only if one of them begins like the requested path. FastAPI tries the routes of
    all routers in turn, each by a regular expression, which takes longer than many a handler.

    Parameters
    ----------
    at
        Which segment of a path the routes begin with: 1 for pages, 3 under ``/api/v1``.
    begins
        What that segment may be. None: as the routes' own paths say.
    """

    def __init__(
        self, routes: APIRouter | None = None, *, at: int, begins: frozenset[str] | None = None, **settings: Any
    ) -> None:
        super().__init__(**settings)
        # Its routes, not the router: to include what includes others, FastAPI resolves every route below once more.
        self.routes.extend(routes.routes if routes else ())
        self._at, self._begins = at, begins or _beginnings(self)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether, and how, one of the routes matches a request."""
        if self._begins is not None and not scope.get("root_path"):
            segments = scope["path"].split("/", self._at + 1)
            if len(segments) <= self._at or segments[self._at] not in self._begins:
                return Match.NONE, {}
        return super().matches(scope)


def _beginnings(routes: APIRouter) -> frozenset[str] | None:
    """Return the first segments of the routes' paths as they were declared; None if a request has to ask each."""
    paths = [each.path or "/" for each in routes.routes if isinstance(each, Route)]
    segments = frozenset(each.split("/")[1] for each in paths)
    return None if len(paths) < len(routes.routes) or any("{" in each for each in segments) else segments


@cache
def routes() -> tuple[BaseRoute, ...]:
    """Return the routes, which are the same in every application of a process.

    FastAPI resolves the dependencies of each handler, which costs a tenth of a second and thirty thousand objects:
    once.
    """
    every = APIRouter()
    v1 = _Branch(
        at=1,
        begins=frozenset({"api"}),
        prefix="/v1",
        dependencies=[KNOWN, Depends(refuse_unknown_parameters)],
        responses=dict(problems.DESCRIBED),
    )
    for operations in V1:
        v1.include_router(_Branch(operations, at=3))
    v1.add_api_route("/openapi.json", _openapi, dependencies=[SEES], include_in_schema=False)
    every.include_router(v1, prefix="/api")
    every.include_router(_Branch(health.router, at=1))
    every.include_router(_Branch(feeds.open_router, at=1))
    for page in PAGES:
        every.include_router(_Branch(page, at=1), dependencies=[engine_page.WITH_ALARMS])
    every.include_router(_Branch(signing.open_router, at=1))
    every.include_router(_Branch(asked_page.open_router, at=1))
    every.include_router(_Branch(tech_pages.router, at=1))
    return tuple(every.routes)


def _openapi(request: Request) -> dict[str, Any]:
    described: dict[str, Any] = request.app.openapi()
    return described
