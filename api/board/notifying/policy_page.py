"""The page of a site's notification policy: what is in force, its document, and its versions."""

import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from psycopg import Connection
from pydantic import ValidationError

from api.asking import KNOWN, PLANS_PEOPLE, SEES, Asking, Conn, Now
from api.board.forms.form_errors import InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.notifying.news_form import OF_PEOPLE, WrittenNews, numbers, read
from api.board.rendering import page
from api.once import SentForm
from api.shapes.notifying.notifications import EXAMPLE, NotificationPolicyIn
from db.notifying import policies
from db.notifying.policies import UnknownTargets
from db.oncall import rotas
from db.oncall.chiefs import NoChief
from db.people import workforce
from db.plant import plant
from db.plant.plant import Site
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import NO_POLICY, Digest, from_document
from workorder_core.people.access import Role
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
    policy = from_document(newest.document) if newest else NO_POLICY
    return page(
        request,
        "notifying/policy.html",
        now=now,
        sites=sites,
        site=chosen,
        versions=versions[:20],
        number=newest.version if newest else 0,
        policy=policy,
        choices=list(Choice),
        channels=OF_PEOPLE,
        digests=list(Digest),
        numbers=numbers(policy),
        whom=_whom(conn, chosen),
        text=json.dumps(document, indent=2, ensure_ascii=False),
        example=json.dumps(EXAMPLE, indent=2),
    )


def _whom(conn: Connection, site: Site) -> list[str]:
    """Return whom a policy of a site can name, as the form offers it."""
    found = [f"role:{each.value}" for each in Role]
    found += [f"rota:{each.rota.code}" for each in rotas.listed(conn, site=site.code)]
    found += [f"crew:{each.code}" for each in workforce.of_site(conn, site.id).crews]
    found += [f"person:{each}" for each in sorted(rotas.can_be_called(conn, site.code))]
    return ["everybody", "chief", "concerned", "requester", *found]


@router.post("/notification-policy/news", dependencies=[PLANS_PEOPLE])
@shown_on(
    lambda _, form: f"/notification-policy?site={quote(form.get('site', ''))}",
)
def write_rows(conn: Conn, now: Now, who: Asking, sent: SentForm, form: Annotated[WrittenNews, Form()]) -> Response:
    """Store the next version of a site's policy, from the form with a row for each kind of news."""
    code = plant.site_by_code(conn, form.site, who.sites).code
    document = read(form)
    facts: dict[str, Any] = {"actor": who.actor, "at": now, "why": form.why.strip()}
    try:
        policies.save(conn, code, document, expected_version=form.version, **facts)
    except NoChief as error:
        named = {f"to_{choice}" for choice, rule in document["events"].items() if "chief" in rule["to"]}
        raise InvalidForm(fields=dict.fromkeys(named, str(error))) from None
    except UnknownTargets as error:
        rules = document["events"].items()
        named = {f"to_{choice}" for choice, rule in rules if not set(error.targets).isdisjoint(rule["to"])}
        raise InvalidForm(fields=dict.fromkeys(named, str(error))) from None
    return sent.leads_to(f"/notification-policy?site={code}")


@router.post("/notification-policy", dependencies=[PLANS_PEOPLE])
@shown_on(
    lambda _, form: f"/notification-policy?site={quote(form.get('site', ''))}",
    at={UnknownTargets: "document", NoChief: "document"},
)
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
