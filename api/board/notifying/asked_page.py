"""The page that a message's link opens, without signing in: what its person is asked, and the buttons that answer.

Opening it changes nothing, however often a mail scanner does it; only a pressed button does. The link is for one person
and one message, and shows no more than the message did.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.asking import Conn, Now
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.language import chosen
from db.errors import NotFound
from db.escalating import escalations, links
from db.escalating.escalations import CannotDecline
from db.oncall.rotas import CannotBeCalled
from workorder_core.escalating.course import ALLOWED, UNFINISHED, Answer

open_router = APIRouter(include_in_schema=False, route_class=FormRoute)
Token = Annotated[str, Path(max_length=100)]
# Not no-referrer: a browser would send a pressed button with "Origin: null", as a form of another site's page.
_QUIET = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex"}


@open_router.get("/asked/{token}")
def show(request: Request, token: Token, conn: Conn, now: Now) -> Response:
    """Show what the link's person is asked."""
    link, asks = links.read(conn, token, now=now)
    chosen.know(request, link.language)
    answer = page(
        request,
        "escalations/asked.html",
        now=now,
        token=token,
        person=link.person,
        asks=asks,
        until=link.expires_at,
        zone=asks[0].zone if asks else "UTC",
        unfinished=[each for each in asks if each.state in UNFINISHED],
        allowed=ALLOWED,
    )
    answer.headers.update(_QUIET)
    return answer


@open_router.post("/asked/{token}/{given}")
@shown_on("/asked/{token}", at={CannotDecline: "reason", CannotBeCalled: "to"})
def answer(
    token: Token,
    given: Answer,
    conn: Conn,
    now: Now,
    which: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
    to: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Answer for all that the message asks, or for one of it; show the page again."""
    link, asks = links.read(conn, token, now=now)
    meant = [each for each in asks if which in ("", str(each.escalation_id))]
    if not meant:
        raise NotFound("escalation", which)
    for each in meant:
        # Of all together, what somebody else takes care of already stays theirs.
        if not which and each.state not in UNFINISHED:
            continue
        escalations.answer(
            conn,
            each.escalation_id,
            given,
            actor=f"person:{link.person}",
            how="link",
            at=now,
            why=reason.strip(),
            to=to.strip() or None,
        )
    return RedirectResponse(f"/asked/{token}", 303)
