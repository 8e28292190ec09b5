"""Templates, and the functions that all of them can use."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.asking import (
    ENGINEERS,
    HANDLES_STOCK,
    KEEPS_STOCK,
    PLANS,
    PLANS_PEOPLE,
    REQUESTS,
    SEES_ALL,
    SEES_COSTS,
    WORKS_OR_PLANS,
)
from api.board import words
from api.board.changed import changed
from api.board.forms.refilled import Refused, refill
from api.board.notifying import targets
from api.events.refreshes import MOMENT_S, Refreshes, Rendering, answer, asks_again
from api.guard import is_at_home
from api.keys import masked
from api.language import formats
from api.language import templates as i18n
from workorder_core.language import ENGLISH, current, speaking
from workorder_core.orders import statuses
from workorder_core.people.access import Who
from workorder_core.sentences import Said, translated

Number = Annotated[int, Query(alias="page", ge=1, le=40_000)]
"""The page of a list: numbered for people, who go back and forth; programs have cursors."""

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
    finalize=lambda value: translated(value) if isinstance(value, Said) else value,
)
i18n.install(_ENVIRONMENT)
for name in (
    "age",
    "due",
    "number",
    "amount",
    "usual",
    "unit",
    "move",
    "rate",
    "step",
    "words",
    "sentence",
    "said_again",
    "headline",
    "source",
    "priority_class",
    "target",
    "labelled",
    "named",
    "site_time",
    "site_span",
    "clock_span",
    "local_date",
    "day_of",
    "form_time",
    "clocked",
    "minutes",
    "condition",
    "reported",
    "path_part",
    "money",
    "plain_amount",
    "recurs",
    "size",
    "with_code",
):
    _ENVIRONMENT.filters[name] = getattr(words, name)
_ENVIRONMENT.filters["changed"] = changed
_ENVIRONMENT.filters["day"] = formats.day
_ENVIRONMENT.filters["whole"] = formats.whole


_NAMES: ContextVar[Mapping[str, str]] = ContextVar("full names", default=MappingProxyType({}))
"""The names of people while a page is rendered; imported macros cannot read variables of the page."""


def _who(actor: str) -> str:
    return words.who(actor, _NAMES.get())


def _whom(named: Iterable[object]) -> str:
    return ", ".join(targets.whom(each, _NAMES.get()) for each in named)


_ENVIRONMENT.filters["who"] = _who
_ENVIRONMENT.filters["whom"] = _whom
_ENVIRONMENT.globals["status_groups"] = statuses


_FORM = re.compile(r'(<form\b[^>]*\bmethod="post"[^>]*>)')
"""Every form that changes something gets its tokens here, so that no template can forget them."""

_FOLLOWS, _EVERY = re.compile(r' data-follows="([^"]*)"'), re.compile(r' data-every="(\d+)"')
_SAYS_NOTHING_NEW = re.compile(
    r'(<span data-(?:age|due)="[^"]*">)[^<]*|(<body data-now=")[^"]*" data-events="[^"]*'
    r'|(<input type="hidden" name="(?:csrf|once)" value=")[^"]*'
)
"""The parts that differ between answers without any event: spans of time, and the tokens of forms."""


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    refused: Refused | None = None,
    shared: bool = False,
    **facts: Any,
) -> Response:
    """Return a page of the board, or 304 to a page that asks again and has this version already.

    A refused form is shown with the typed values and the problems. ``shared``: users with the same roles, sites and
    language see the same below the page's header.
    """
    refused = refused or request.scope.get("refused")
    with speaking(getattr(request.state, "reader", ENGLISH)):
        text = _rendered(request, template, refused, facts)
        if refused is not None:
            text, status = refill(text, refused), refused.status
    who: Who | None = getattr(request.state, "who", None)
    if who is not None and status == 200 and refused is None and asks_again(request.scope):
        return _refreshed(request, text, who, shared=shared)
    tag = _tag(text)
    if status == 200 and request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    text = with_tokens(text, getattr(request.state, "form_token", None))
    return HTMLResponse(text, status, headers={"ETag": tag} if status == 200 else None)


def _rendered(request: Request, template: str, refused: Refused | None, facts: Mapping[str, Any]) -> str:
    who: Who | None = getattr(request.state, "who", None)
    _NAMES.set(full_names(request))
    return _ENVIRONMENT.get_template(template).render(
        language=current().code,
        path=request.url.path,
        version=request.app.version,
        who=who,
        newest_event=getattr(request.state, "newest_event", None) or "",
        rendered_at=datetime.now(UTC).isoformat(),
        engine_alarms=getattr(request.state, "engine_alarms", []) if who is None or who.contractor is None else [],
        banner=getattr(request.state, "banner", []),
        can_try_others=len(request.app.state.door.pages_as) > 1 and is_at_home(request),
        can=_can(who),
        administers=who is not None and who.sites is None and who.may(()),
        wrong=refused.fields if refused else {},
        only_live=asks_again(request.scope),
        **facts,
    )


def _refreshed(request: Request, text: str, who: Who, *, shared: bool) -> Response:
    """Return the live parts for an open page, and cache them for others who request the same."""
    refreshes: Refreshes = request.app.state.refreshes
    follows, every = _FOLLOWS.search(text), _EVERY.search(text)
    rendering = Rendering(
        text=text,
        tag=_tag(text),
        follows=frozenset(follows[1].split()) if follows else frozenset(),
        lasts_s=min(MOMENT_S, 0.8 * float(every[1])) if every else MOMENT_S,
        heard=request.state.heard,
        has_forms=_FORM.search(text) is not None,
        route=request.scope.get("route"),
    )
    refreshes.keep(request, who, request.state.reader.language.code, rendering, shared=shared)
    return answer(request, rendering, with_tokens)


def _tag(text: str) -> str:
    return f'"{hashlib.sha256(_SAYS_NOTHING_NEW.sub(_kept, text).encode()).hexdigest()[:32]}"'


def full_names(request: Request) -> Mapping[str, str]:
    """Return people's names by their names in histories."""
    names: Mapping[str, str] = getattr(request.state, "full_names", {})
    return names


def with_tokens(text: str, token: str | None) -> str:
    """Return a page with the tokens in its forms: the session's token, and a unique one."""
    return _FORM.sub(lambda form: form[1] + _hidden(token), text)


def _hidden(token: str | None) -> str:
    """Return the hidden fields of every form: its session's token, and a unique one by which a repeated form is
    recognised."""
    csrf = "" if token is None else f'<input type="hidden" name="csrf" value="{masked(token)}">'
    return f'{csrf}<input type="hidden" name="once" value="{secrets.token_urlsafe(16)}">'


_OPENS: Mapping[str, Any] = {
    "request": REQUESTS, "work": WORKS_OR_PLANS, "plan": PLANS, "engineer": ENGINEERS, "see_all": SEES_ALL,
    "see_costs": SEES_COSTS, "plan_people": PLANS_PEOPLE, "keep_stock": KEEPS_STOCK, "handle_stock": HANDLES_STOCK,
}  # fmt: skip


def _can(who: Who | None) -> Mapping[str, bool]:
    """Return the user's permissions, so that no page offers an action that would be refused. Contractors work on their
    orders, and remark on them."""
    open_to = {"work", "request"} if who is not None and who.contractor is not None else _OPENS.keys()
    return {name: who is not None and name in open_to and opens.dependency.lets(who) for name, opens in _OPENS.items()}


def _kept(found: re.Match[str]) -> str:
    return next((each for each in found.groups() if each is not None), "")


def shown_already(request: Request, part: str) -> str | None:
    """Return the stamp of the part that a reloading page has already drawn; that part need not be sent again."""
    for each in request.headers.get("x-have", "").split(","):
        name, _, stamp = each.strip().partition("=")
        if name == part:
            return stamp
    return None
