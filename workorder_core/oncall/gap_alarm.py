"""The sentences of the engine's alarm about rotas by which nobody is on call, now or soon. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from workorder_core.sentences import joined, say


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaGap:
    """A gap of a rota: nobody is on call though somebody has to be. ``zone`` is the rota's, ``unreachable`` those whose
    turn it is but who cannot be called.
    """

    rota_id: int
    rota: str
    zone: str
    begins: datetime
    ends: datetime
    unreachable: Sequence[str] = ()


def sentences(gaps: Sequence[RotaGap], *, now: datetime) -> tuple[str, str]:
    """Return the problem and what to do, for the first of some gaps at ``now`` (wall clock)."""
    first = gaps[0]
    zone = ZoneInfo(first.zone)
    begins, ends = (f"{each.astimezone(zone):%Y-%m-%d %H:%M}" for each in (first.begins, first.ends))
    facts = {"rota": first.rota, "begins": begins, "ends": ends, "zone": first.zone}
    if first.begins <= now:
        problem = say("Nobody is on call by the rota {rota} until {ends} ({zone})", **facts)
    else:
        problem = say("Nobody will be on call by the rota {rota} from {begins} to {ends} ({zone})", **facts)
    if first.unreachable:
        problem = say("{problem}: {names} cannot be called", problem=problem, names=joined(first.unreachable))
    if len(gaps) > 1:
        problem = say("{problem}; rotas with gaps: {count}", problem=problem, count=len(gaps))
    action = say("Put somebody on call on the page On call, or change the rota or the hours that it has to cover")
    return problem, action
