"""Templates, and what all of them can say."""

import re
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.board import words
from workorder_core.access import Who

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
for name in (
    "age",
    "due",
    "number",
    "usual",
    "unit",
    "who",
    "step",
    "words",
    "sentence",
    "source",
    "priority_class",
    "target",
    "labelled",
    "named",
    "site_time",
    "site_span",
    "minutes",
):
    _ENVIRONMENT.filters[name] = getattr(words, name)


_FORM = re.compile(r'(<form\b[^>]*\bmethod="post"[^>]*>)')
"""Every form that changes something is given its session's token here, so that no template can forget it."""


def page(request: Request, template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
    """Return a page of the board."""
    who: Who | None = getattr(request.state, "who", None)
    text = _ENVIRONMENT.get_template(template).render(
        path=request.url.path,
        version=request.app.version,
        who=who,
        engine_alarms=getattr(request.state, "engine_alarms", []),
        administers=who is not None and who.sites is None and who.may(()),
        **facts,
    )
    token: str | None = getattr(request.state, "form_token", None)
    return HTMLResponse(
        text if token is None else _FORM.sub(rf'\1<input type="hidden" name="csrf" value="{token}">', text), status
    )
