"""The log of changes; and changes of safety facts, which need two people."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.asking import PLANS, SEES, Asking, Conn, Now
from api.paging import Id, Order, PagedByFifty
from api.shapes.changes import ChangeOut, DecisionIn, SafetyProposalOut
from db.plant import changes, confirming, safety
from db.plant.safety import Proposal
from workorder_core.people.access import Who

router = APIRouter(tags=["changes"])
NEWEST_FIRST = Order[changes.Change](tuple[Id], lambda each: (each.id,))
PROPOSALS = Order[Proposal](tuple[Id], lambda each: (each.id,))
WAITS: dict[int | str, dict[str, Any]] = {
    202: {"model": SafetyProposalOut, "description": "A change that reduces safety waits for a second person"}
}
"""The additional answer of a route whose changes may need a second person."""
NOTHING_SAID = DecisionIn()


def waits(proposal: Proposal) -> Response:
    """Return the answer to a change that waits for a second person, with the proposal's Location."""
    body = SafetyProposalOut.model_validate(proposal).model_dump_json()
    headers = {"Location": f"/api/v1/safety-proposals/{proposal.id}"}
    return Response(body, 202, headers, media_type="application/json")


def kinds_for(who: Who) -> tuple[str, ...]:
    """Return the kinds of changes that somebody may read."""
    of_costs = changes.OF_COSTS if who.sees_costs else ()
    return changes.OF_PLANT + of_costs + (changes.OF_ACCESS if who.sites is None and who.may(()) else ())


@router.get("/changes", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    kind: Annotated[
        str | None, Query(max_length=40, description="asset, signal, technician, job plan, document, rule …")
    ] = None,
    subject: Annotated[str | None, Query(max_length=300, description="like NTH/P-101")] = None,
    site: Annotated[str | None, Query(max_length=64, description="a site's code")] = None,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="of it and of what belongs to it")] = None,
) -> list[ChangeOut]:
    """List changes to data that decisions depend on, the newest first; plant-wide ones only for users who see every
    site."""
    kinds = [each for each in kinds_for(who) if kind in (None, each)]
    (before,) = part.after(NEWEST_FIRST) or (None,)
    found = changes.page(
        conn,
        kinds=kinds,
        subject=subject,
        site=site,
        asset_id=asset_id,
        within=who.sites,
        before=before,
        limit=part.fetched,
    )
    return [ChangeOut.model_validate(each) for each in part.of_fetched(found, NEWEST_FIRST)]


@router.get("/safety-proposals", dependencies=[SEES])
def proposals(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    waiting: Annotated[bool | None, Query(description="only those that wait (true) or are decided (false)")] = None,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="of one asset")] = None,
) -> list[SafetyProposalOut]:
    """List proposed changes that reduce safety, the newest first."""
    (before,) = part.after(PROPOSALS) or (None,)
    found = safety.page(conn, waiting=waiting, asset_id=asset_id, within=who.sites, before=before, limit=part.fetched)
    return [SafetyProposalOut.model_validate(each) for each in part.of_fetched(found, PROPOSALS)]


@router.get("/safety-proposals/{proposal_id}", dependencies=[SEES])
def proposal(proposal_id: int, conn: Conn) -> SafetyProposalOut:
    """Read one proposed change."""
    return SafetyProposalOut.model_validate(safety.get(conn, proposal_id))


@router.post("/safety-proposals/{proposal_id}/confirm", dependencies=[PLANS])
def confirm(proposal_id: int, conn: Conn, now: Now, who: Asking, body: DecisionIn = NOTHING_SAID) -> SafetyProposalOut:
    """Confirm the change, as a second person: whoever proposed it cannot."""
    return SafetyProposalOut.model_validate(
        confirming.confirm(conn, proposal_id, actor=who.actor, at=now, why=body.why)
    )


@router.post("/safety-proposals/{proposal_id}/reject", dependencies=[PLANS])
def reject(proposal_id: int, conn: Conn, now: Now, who: Asking, body: DecisionIn = NOTHING_SAID) -> SafetyProposalOut:
    """Reject the change. Whoever proposed it withdraws it by this."""
    return SafetyProposalOut.model_validate(confirming.reject(conn, proposal_id, actor=who.actor, at=now, why=body.why))
