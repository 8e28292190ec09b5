"""The page on which users choose the language of their pages and mails."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.language.catalogues import LANGUAGES
from api.once import SentForm
from api.routers.notifying.receivers import person
from db.people import users
from workorder_core.language import _

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


@router.get("/language", dependencies=[SEES])
def mine(request: Request, who: Asking) -> Response:
    """Show the user's language, and the available ones."""
    is_person = who.actor.startswith("person:")
    return page(request, "language.html", languages=LANGUAGES, own=who.language, is_person=is_person)


@router.post("/language", dependencies=[SEES])
@shown_on("/language")
def choose(
    conn: Conn, now: Now, who: Asking, sent: SentForm, language: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Store the choice; none: as the browser asks."""
    if language and language not in LANGUAGES:
        raise InvalidForm(fields={"language": _("choose one from the list")})
    users.set_language(conn, person(who), language or None, actor=who.actor, at=now)
    return sent.leads_to("/language")
