"""The page on which users choose their e-mails."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import ValidationError

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from api.routers.notifying.receivers import delivery, person
from api.shapes.receivers import NotificationsIn
from db.events import deliveries, receivers
from workorder_core.notifying.whom import Choice
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
SHOWN = 20


@router.get("/notifications", dependencies=[SEES])
def mine(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show which e-mails the user gets, and what was sent recently."""
    is_person = who.actor.startswith("person:")
    receiver = receivers.of_user(conn, person(who)) if is_person else None
    return page(
        request,
        "notifications.html",
        now=now,
        is_person=is_person,
        receiver=receiver,
        messages=deliveries.of_receiver(conn, receiver.id, limit=SHOWN) if receiver else [],
        choices=list(Choice),
        mail_from=delivery(request).mail_from,
        technician=who.technician,
        sees_all=who.sites is None,
    )


@router.post("/notifications", dependencies=[SEES])
@shown_on("/notifications")
def choose(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    address: Annotated[str, Form(max_length=300)] = "",
    choices: Annotated[Sequence[str], Form()] = (),
) -> Response:
    """Store the choices."""
    try:
        wanted = NotificationsIn.model_validate({"address": address, "choices": list(choices)})
    except ValidationError as wrong:
        fields = {str(each["loc"][0]) for each in wrong.errors()}
        said = {
            "address": say("write an e-mail address, like mara@example.com"),
            "choices": say("choose from the list"),
        }
        raise InvalidForm(fields={name: said[name] for name in fields}) from None
    receivers.choose(conn, person(who), wanted.address, wanted.choices, actor=who.actor, at=now)
    return sent.leads_to("/notifications")
