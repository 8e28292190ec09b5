"""Escalation policies as documents of a site, by version."""

from collections.abc import Collection

from psycopg import Connection

from db.documents.site_documents import Kind
from db.errors import StoreError
from db.oncall import chiefs, rotas
from db.oncall.chiefs import NoChief
from db.people import workforce
from db.plant import plant
from workorder_core.escalating.documents import from_document, to_document
from workorder_core.escalating.policies import Policy
from workorder_core.sentences import joined, say


class UnknownInPolicy(StoreError):
    """A policy that names rotas, crews or locations that its site does not have. ``field`` says where."""

    def __init__(self, field: str, missing: Collection[str]) -> None:
        super().__init__(say("the site has nothing with the code {code}", code=joined(sorted(missing))))
        self.field, self.missing = field, missing


def _check(conn: Connection, policy: Policy) -> None:
    rotas.check_people(conn, policy.people, policy.site)
    layers = {each.rota.code: {one.name for one in each.rota.layers} for each in rotas.listed(conn, site=policy.site)}
    for step in policy.steps:
        for each in step.whom:
            if each.name in policy.rotas and str(each).startswith("rota:"):
                if each.name not in layers:
                    raise UnknownInPolicy("steps", [each.name])
                if each.layer and each.layer not in layers[each.name]:
                    raise UnknownInPolicy("steps", [f"{each.name}/{each.layer}"])
    site = plant.site_by_code(conn, policy.site)
    if missing := policy.crews - {each.code for each in workforce.of_site(conn, site.id).crews}:
        raise UnknownInPolicy("steps", missing)
    if policy.asks_chief and chiefs.of_site(conn, policy.site) is None:
        raise NoChief(policy.site, "steps")
    if policy.covers.areas:
        known = {each.code for each in plant.locations(conn, within=[policy.site])}
        if missing := policy.covers.areas - known:
            raise UnknownInPolicy("areas", missing)


POLICIES: Kind[Policy] = Kind("escalation_policy", "escalation policy", to_document, from_document, _check)
"""Reads and writes policies."""
