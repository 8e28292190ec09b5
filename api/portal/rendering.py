"""The portal's pages: no script, one stylesheet, nothing from elsewhere."""

import re
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.board import words
from api.language import formats
from api.language import templates as i18n
from workorder_core.language import ENGLISH, Reader, current, speaking
from workorder_core.sentences import Said, translated

_BOARD = Path(__file__).parent.parent / "board"
STYLE = _BOARD / "static" / "portal.css"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_BOARD / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
    finalize=lambda value: translated(value) if isinstance(value, Said) else value,
)
i18n.install(_ENVIRONMENT)
for _name in ("site_time", "site_span", "words", "sentence", "path_part", "money", "plain_amount"):
    _ENVIRONMENT.filters[_name] = getattr(words, _name)
_ENVIRONMENT.filters["day"] = formats.day

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


def page(request: Request, template: str, *, status: int = 200, **facts: Any) -> Response:
    """Return a page in the requester's language."""
    with speaking(getattr(request.state, "reader", None) or Reader(ENGLISH)):
        text = _ENVIRONMENT.get_template(f"portal/{template}").render(
            language=current().code, signs_in=request.app.state.signs_in, path=request.url.path, **facts
        )
    return HTMLResponse(text, status, headers=HEADERS)


def sorry(request: Request, status: int, detail: Said) -> Response:
    """Return a page that says why something does not work. Whoever works here scanned the label of an order, say:
    signing in leads them to it.
    """
    scanned = re.fullmatch(r"/r/([\w-]+)", request.url.path)
    return page(request, "sorry.html", status=status, detail=detail, scanned=scanned[1] if scanned else None)


def language_of(request: Request) -> str:
    """Return the code of the requester's language."""
    reader: Reader | None = getattr(request.state, "reader", None)
    return reader.language.code if reader is not None else ENGLISH.code
