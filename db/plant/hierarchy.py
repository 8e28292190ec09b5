"""An asset's upstream asset, class and criticality. Every change becomes an input of the judge, with who made it."""

from dataclasses import fields, replace
from datetime import datetime

from psycopg import Connection
from psycopg.rows import scalar_row

from db import sql
from db.errors import Cycle, NotFound
from db.plant import changes, plant, safety
from db.plant.plant import Asset
from db.plant.safety import Proposal, Superseded
from workorder_core.plant.safety import AssetFacts, to_confirm
from workorder_core.words import Criticality

_QUERIES = sql.load("hierarchy")


def change(
    conn: Connection,
    asset_id: int,
    *,
    asset_class: str | None = None,
    criticality: Criticality | None = None,
    safety_critical: bool | None = None,
    parent: str | None,
    actor: str,
    at: datetime,
    why: str = "",
) -> Asset | Proposal:
    """Change an asset's class, criticality and upstream asset: ``parent`` is the code of another asset of its site.

    ``safety_critical`` says whether work on it is verified by a second person. None leaves class, criticality and that
    unchanged, but removes the upstream asset. What makes a safety-critical asset less safe is not changed but proposed,
    and the proposal is returned. Raises NotFound, Cycle, and what ``safety.propose`` raises.
    """
    before, above = _locked(conn, asset_id, at)
    was = _facts(before)
    wanted = AssetFacts(
        asset_class=asset_class or was.asset_class,
        criticality=criticality or was.criticality,
        safety_critical=was.safety_critical if safety_critical is None else safety_critical,
        parent=parent,
    )
    _refuse_cycle(conn, before, above, parent)
    waits = to_confirm(was, wanted)
    changes.made_by(conn, actor, why)
    _save(conn, asset_id, replace(wanted, **{name: getattr(was, name) for name in waits}))
    if waits:
        old, new = ({name: getattr(facts, name) for name in waits} for facts in (was, wanted))
        return safety.propose(conn, before.key, asset_id=asset_id, was=old, change=new, why=why, actor=actor, at=at)
    return plant.asset(conn, asset_id, now=at)


def confirm(conn: Connection, asset_id: int, proposal: Proposal, *, actor: str, at: datetime) -> None:
    """Apply a confirmed change of an asset. Raises Superseded if the asset has changed since the proposal."""
    before, _ = _locked(conn, asset_id, at)
    was = _facts(before)
    if {name: getattr(was, name) for name in proposal.was} != proposal.was:
        raise Superseded(proposal.subject)
    changed = dict(proposal.change)
    if "criticality" in changed:
        changed["criticality"] = Criticality(changed["criticality"])
    changes.made_by(conn, actor, f"confirmed what {proposal.proposed_by} proposed: {proposal.why}")
    _save(conn, asset_id, replace(was, **changed))


def _locked(conn: Connection, asset_id: int, at: datetime) -> tuple[Asset, dict[int, int | None]]:
    plant.asset(conn, asset_id, now=at)
    with conn.cursor() as cursor:
        above: dict[int, int | None] = dict(cursor.execute(_QUERIES["lock"], {"asset_id": asset_id}).fetchall())
    return plant.asset(conn, asset_id, now=at), above


def _refuse_cycle(conn: Connection, asset: Asset, above: dict[int, int | None], parent: str | None) -> None:
    if parent is None:
        return
    with conn.cursor(row_factory=scalar_row) as cursor:
        up = cursor.execute(_QUERIES["asset_of_site"], {"asset_id": asset.id, "code": parent}).fetchone()
    if up is None:
        raise NotFound("asset", f"{asset.site_code}/{parent}")
    seen = set[int]()
    while up is not None and up not in seen:
        if up == asset.id:
            raise Cycle(asset.code, parent)
        seen.add(up)
        up = above[up]


def _facts(asset: Asset) -> AssetFacts:
    return AssetFacts(**{each.name: getattr(asset, each.name) for each in fields(AssetFacts)})


def _save(conn: Connection, asset_id: int, facts: AssetFacts) -> None:
    values = {each.name: getattr(facts, each.name) for each in fields(AssetFacts)}
    conn.execute(_QUERIES["change"], values | {"asset_id": asset_id, "criticality": int(facts.criticality)})
