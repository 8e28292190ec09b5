"""Confirms and rejects proposed changes of safety facts. The caller owns the transaction."""

from datetime import datetime

from psycopg import Connection

from db.orders import job_plans
from db.plant import hierarchy, safety
from db.plant.safety import Proposal


def confirm(conn: Connection, proposal_id: int, *, actor: str, at: datetime, why: str = "") -> Proposal:
    """Apply a proposed change, as a second person. Raises NotFound, AlreadyDecided, SamePerson, Superseded."""
    found = safety.decide(conn, proposal_id, "confirmed", actor=actor, at=at, why=why)
    if found.asset_id is not None:
        hierarchy.confirm(conn, found.asset_id, found, actor=actor, at=at)
    else:
        job_plans.confirm(conn, found.plan or "", found, actor=actor, at=at)
    return safety.get(conn, proposal_id)


def reject(conn: Connection, proposal_id: int, *, actor: str, at: datetime, why: str = "") -> Proposal:
    """Reject a proposed change; whoever proposed it may do this too. Raises NotFound, AlreadyDecided."""
    safety.decide(conn, proposal_id, "rejected", actor=actor, at=at, why=why)
    return safety.get(conn, proposal_id)
