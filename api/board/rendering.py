"""Templates, and what all of them can say."""

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.board import words
from api.keys import Keys

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
):
    _ENVIRONMENT.filters[name] = getattr(words, name)
_ENVIRONMENT.filters["site_time"] = words.site_time


def page(request: Request, template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
    """Return a page of the board."""
    keys: Keys = request.app.state.keys
    text = _ENVIRONMENT.get_template(template).render(
        path=request.url.path, version=request.app.version, keyed=bool(keys), **facts
    )
    return HTMLResponse(text, status)
