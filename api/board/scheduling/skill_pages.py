"""The page of what a site's work asks of people: skills by component and failure mode, certificates by skill."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.asking import KNOWN, PLANS_PEOPLE, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.naming import FormNames
from api.once import SentForm
from db.people import site_rules, technicians, workforce
from db.plant import plant
from workorder_core.people.access import Role
from workorder_core.people.skills import Asked
from workorder_core.plant.new_names import NameKind
from workorder_core.sentences import say
from workorder_core.tables import people_tables
from workorder_core.words import FailureMode

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
OF = ("component", "failure_mode")
Site = Annotated[str, Form(max_length=64)]
Named = Annotated[str, Form(max_length=200)]
Verb = Annotated[str, Form(max_length=10)]
MOST_CERTIFICATES = 50


@router.get("/skills", dependencies=[SEES])
def shown(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    code: Annotated[str, Query(alias="site", max_length=64)] = "",
) -> Response:
    """Show what components and failure modes ask for at a site, and which certificates skills ask for."""
    sites = plant.sites(conn, who.sites)
    site = next((each for each in sites if each.code == code), sites[0] if sites else None)
    if site is None:
        return page(request, "scheduling/skills.html", now=now, sites=sites, site=None)
    tables = site_rules.skill_tables(conn, site.id)
    people = technicians.listed(conn, site.id)
    return page(
        request,
        "scheduling/skills.html",
        now=now,
        sites=sites,
        site=site,
        entries=tables.entries(),
        by_skill=tables.certificates_by_skill(),
        skills=sorted({skill for one in people for skill in one.skills}),
        may_change=who.may((Role.PLANNER,)),
    )


@router.post("/skills/asked", dependencies=[PLANS_PEOPLE])
@shown_on(lambda _, form: f"/skills?site={form.get('site', '')}")
def put_asked(
    conn: Conn,
    who: Asking,
    names: FormNames,
    sent: SentForm,
    site: Site,
    of: Verb = "component",
    code: Named = "",
    skill: Named = "",
    level: Annotated[str, Form(max_length=4)] = "1",
    default: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Set what a component or a failure mode asks for, or let the default count again."""
    place = plant.site_by_code(conn, site, who.sites)
    code, wanted = code.replace("\0", "").strip(), skill.replace("\0", "").strip()
    with Fields() as read:
        read.need("of", of in OF, say("choose one from the list"))
        read.need("code", 1 <= len(code) <= 100, say("write a word of the component, or the code of the failure mode"))
        known = of != "failure_mode" or code in set(FailureMode)
        read.need("code", known, say("there is no such failure mode"))
        read.need("level", level.strip() in ("1", "2", "3", "4", "5"), say("write a level from 1 to 5"))
        if wanted and not default:
            read.ask("skill", names.question(NameKind.SKILL, [wanted], skill))
    key = code.lower() if of == "component" else code
    if default:
        workforce.drop_asked(conn, place.id, of, key)
    else:
        workforce.put_asked(conn, place.id, of, key, Asked(wanted, int(level)) if wanted else None)
    return sent.leads_to(f"/skills?site={place.code}")


@router.post("/skills/certificates", dependencies=[PLANS_PEOPLE])
@shown_on(lambda _, form: f"/skills?site={form.get('site', '')}")
def put_certificates(
    conn: Conn,
    who: Asking,
    names: FormNames,
    sent: SentForm,
    site: Site,
    skill: Named = "",
    certificates: Annotated[str, Form(max_length=4000)] = "",
    default: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Set the certificates that a skill asks for, or let the default count again."""
    place = plant.site_by_code(conn, site, who.sites)
    named = skill.replace("\0", "").strip()
    wanted = people_tables.certificates(certificates.replace("\0", ""))
    with Fields() as read:
        read.need("skill", named, say("write the skill"))
        fit = len(wanted) <= MOST_CERTIFICATES and all(len(each) <= 200 for each in wanted)
        read.need("certificates", fit, say("{most} certificates at most", most=MOST_CERTIFICATES))
        if not default:
            read.ask("skill", names.question(NameKind.SKILL, [named], skill))
            read.ask("certificates", names.question(NameKind.CERTIFICATE, sorted(wanted), certificates))
    if default:
        workforce.drop_certificates(conn, place.id, named)
    else:
        workforce.put_certificates(conn, place.id, named, wanted)
    return sent.leads_to(f"/skills?site={place.code}")
