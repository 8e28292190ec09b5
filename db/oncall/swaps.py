"""Swaps of turns: one person asks another, who agrees or declines; what was agreed to is overrides of the rota. The
caller owns the transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row

from db import sql, storable
from db.errors import NotFound
from db.oncall import counting, overrides, rotas
from db.oncall.rotas import Stored
from workorder_core.oncall import swaps
from workorder_core.oncall.swaps import LEADS_TO, InvalidSwap, Proposal, Replacement, State, SwapAnswer, SwapOver
from workorder_core.sentences import kept, say

_QUERIES = sql.load("swaps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """``asker`` asks ``other`` to be on call instead of them; what is ``back`` they take in return, None: nothing."""

    id: int
    rota_id: int
    site: str
    rota: str
    title: str
    zone: str
    layer: str
    asker: str
    asker_full: str
    other: str
    other_full: str
    begins_at: datetime
    ends_at: datetime
    back_begins_at: datetime | None
    back_ends_at: datetime | None
    why: str
    asked_at: datetime
    state: State
    answered_at: datetime | None
    answered_by: str | None
    answer_why: str

    @property
    def asker_name(self) -> str:
        return self.asker_full or self.asker

    @property
    def other_name(self) -> str:
        return self.other_full or self.other

    @property
    def proposal(self) -> Proposal:
        back = None
        if self.back_begins_at is not None and self.back_ends_at is not None:
            back = self.back_begins_at, self.back_ends_at
        return Proposal(
            layer=self.layer, asker=self.asker, other=self.other, begins=self.begins_at, ends=self.ends_at, back=back
        )


def ask(conn: Connection, stored: Stored, proposal: Proposal, *, at: datetime, why: str = "") -> Swap:
    """Store that somebody asks for a swap. Raises InvalidSwap and CannotBeCalled."""
    _replacements(conn, stored, proposal, at)
    back_begins, back_ends = proposal.back or (None, None)
    facts: dict[str, Any] = {"rota_id": stored.id, "layer": proposal.layer, "asker": proposal.asker}
    facts |= {"other": proposal.other, "begins": proposal.begins, "ends": proposal.ends, "at": at}
    facts |= {"back_begins": back_begins, "back_ends": back_ends, "why": storable.text(why.strip())}
    with conn.cursor(row_factory=scalar_row) as cursor:
        made = cursor.execute(_QUERIES["add"], facts).fetchone()
    assert made is not None
    return get(conn, stored.id, made)


def answer(
    conn: Connection, stored: Stored, swap_id: int, given: SwapAnswer, *, person: str, at: datetime, why: str = ""
) -> Swap:
    """Agree, decline, or withdraw; if both agree, the rota has its overrides from now on. Return the swap.

    Raises NotFound, SwapOver, and InvalidSwap: for who is not the one to answer, and if the rota has changed so that
    one of them has not got the turn any more.
    """
    rotas.lock(conn, stored.id)
    before = get(conn, stored.id, swap_id)
    if person != (before.asker if given is SwapAnswer.WITHDRAW else before.other):
        raise InvalidSwap("answer", say("only {name} can do this", name=_one(before, given)))
    if before.state is not State.ASKED or before.ends_at <= at or stored.retired_at is not None:
        raise SwapOver(before.state)
    facts = {"id": swap_id, "at": at, "actor": f"person:{person}", "why": storable.text(why.strip())}
    if given is SwapAnswer.AGREE:
        found = _replacements(conn, stored, before.proposal, at)
        _carry_out(conn, stored, before, found, at)
        conn.execute(_QUERIES["overtaken"], facts | {"why": kept("swapped with {name}", name=before.other_name)})
    conn.execute(_QUERIES["answer"], facts | {"state": LEADS_TO[given].value})
    return get(conn, stored.id, swap_id)


def get(conn: Connection, rota_id: int, swap_id: int) -> Swap:
    """Return a swap of a rota. Raises NotFound."""
    found = _rows(conn, "get", {"rota_id": rota_id, "id": swap_id})
    if not found:
        raise NotFound("swap", swap_id)
    return found[0]


def of_rota(conn: Connection, rota_id: int, *, before: int | None = None, limit: int | None = None) -> list[Swap]:
    """Return the swaps of a rota, the newest first; ``before`` is the id of the last one of a page."""
    return _rows(conn, "of_rota", {"rota_id": rota_id, "before": before, "limit": limit})


def waiting(conn: Connection, person: str, *, now: datetime) -> list[Swap]:
    """Return what somebody has to answer, and what they have asked and nobody has answered, by begin."""
    return _rows(conn, "waiting", {"person": person, "now": now})


def _replacements(conn: Connection, stored: Stored, proposal: Proposal, now: datetime) -> list[Replacement]:
    if stored.retired_at is not None:
        raise InvalidSwap("turn", say("the rota is retired"))
    rotas.check_people(conn, [proposal.asker, proposal.other], stored.rota.site)
    duties = []
    for begins, ends in ((proposal.begins, proposal.ends), proposal.back or (now, now)):
        low = max(begins, now)
        if low < ends <= begins + swaps.LONGEST:
            duties += counting.duties(conn, {stored.id: stored.rota}, low, ends)[stored.id]
    return swaps.replacements(proposal, duties, now=now)


def _carry_out(conn: Connection, stored: Stored, swap: Swap, found: list[Replacement], at: datetime) -> None:
    made = []
    for each in found:
        new = overrides.add(
            conn,
            stored,
            layer=swap.layer,
            person=each.person,
            begins=each.duty.begins,
            ends=each.duty.ends,
            actor=f"person:{swap.other}",
            at=at,
            why=kept("swapped by {one} and {other}", one=swap.asker_name, other=swap.other_name),
        )
        made.append(new.id)
    conn.execute(_QUERIES["of_swap"], {"swap": swap.id, "ids": made})


def _one(swap: Swap, given: SwapAnswer) -> str:
    return swap.asker_name if given is SwapAnswer.WITHDRAW else swap.other_name


def _rows(conn: Connection, query: str, asked: dict[str, Any]) -> list[Swap]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return [Swap(**row | {"state": State(row["state"])}) for row in cursor.execute(_QUERIES[query], asked)]
