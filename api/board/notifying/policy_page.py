"""The page of a site's notification policy: what is in force, its document, and its versions."""

import json
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import ValidationError

from api.asking import KNOWN, PLANS_PEOPLE, SEES, Asking, Conn, Now
from api.board.forms.form_errors import InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from api.shapes.notifying.notifications import EXAMPLE, NotificationPolicyIn
from db.notifying import policies
from db.notifying.policies import UnknownTargets
from db.plant import plant
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import NO_POLICY, from_document
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
LONGEST = 50_000


@router.get("/notification-policy", dependencies=[SEES])
def shown(
    request: Request, conn: Conn, now: Now, who: Asking, site: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Show a site's policy; without a site, that of the first one that is seen."""
    sites = plant.sites(conn, who.sites)
    chosen = plant.site_by_code(conn, site, who.sites) if site or not sites else sites[0]
    versions = policies.versions(conn, chosen.code)
    newest = versions[0] if versions else None
    # The database keeps no order of fields.
    document = NotificationPolicyIn.model_validate(newest.document if newest else {}).document()
    return page(
        request,
        "notifying/policy.html",
        now=now,
        sites=sites,
        site=chosen,
        versions=versions[:20],
        number=newest.version if newest else 0,
        policy=from_document(newest.document) if newest else NO_POLICY,
        choices=list(Choice),
        text=json.dumps(document, indent=2, ensure_ascii=False),
        example=json.dumps(EXAMPLE, indent=2),
    )


@router.post("/notification-policy", dependencies=[PLANS_PEOPLE])
@shown_on(lambda _, form: f"/notification-policy?site={quote(form.get('site', ''))}", at={UnknownTargets: "document"})
def change(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=64)] = "",
    document: Annotated[str, Form(max_length=LONGEST)] = "",
    why: Annotated[str, Form(max_length=2000)] = "",
    version: Annotated[int | None, Form(ge=0, le=2**31 - 1)] = None,
) -> Response:
    """Store the next version of a site's policy, in force at once."""
    code = plant.site_by_code(conn, site, who.sites).code
    try:
        wanted = NotificationPolicyIn.model_validate_json(document)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        at = ".".join(map(str, first["loc"])) or "JSON"
        reason = str(first.get("ctx", {}).get("error", first["msg"]))
        raise InvalidForm(fields={"document": say("{field}: {problem}", field=at, problem=reason)}) from None
    policies.save(conn, code, wanted.document(), actor=who.actor, at=now, why=why.strip(), expected_version=version)
    return sent.leads_to(f"/notification-policy?site={code}")
