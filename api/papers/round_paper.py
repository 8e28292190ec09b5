"""The signed report of a round: its stops, answers and walker, its failed points and their orders."""

import base64
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from api.board import words
from api.language import formats
from api.papers import typeset
from api.papers.typeset import clock
from db.inspections import history, reports, rounds, stops
from db.inspections.rounds import Round
from db.inspections.stops import Answered, Stop
from db.people import users
from workorder_core.digits import plain
from workorder_core.inspections import answers
from workorder_core.inspections.answers import Verdict
from workorder_core.inspections.checklists import Item, ItemKind
from workorder_core.inspections.rounds import How, RoundStep, StopStatus
from workorder_core.language import N_, _, ngettext, pgettext
from workorder_core.sentences import stored

_HOW = {How.HAND: N_("begun by hand"), How.CODE: N_("begun by a scanned code"), How.PLAN: N_("due by a plan")}
_DONE = {
    "started": N_("started"),
    "paused": N_("paused"),
    "resumed": N_("continued"),
    "finished": N_("finished and signed"),
}
"""Entries of the history that the report has."""


def finish(
    conn: Connection, round_id: int, name: str, drawn: str, *, actor: str, at: datetime, keep: bool = True
) -> Round:
    """Finish a round with a signature, and store its report with its hash. Raises what the step raises."""
    signed = rounds.take_step(
        conn, round_id, RoundStep.FINISH, signed_name=name, signed_drawn=drawn, actor=actor, at=at
    )
    if keep:
        reports.keep(conn, signed, typeset.pdf("round", facts(conn, signed, actor, at)), actor=actor, at=at)
    return signed


def readable(drawn: str) -> str:
    """Return a drawn signature; empty if it cannot be read: the name is what counts."""
    return drawn if answers.DRAWN.fullmatch(drawn) else ""


def facts(conn: Connection, of: Round, actor: str, at: datetime) -> dict[str, Any]:
    """Return the facts for the template."""
    names = users.full_names(conn)

    def called(who: str | None) -> str:
        plain = (who or "").partition(":")[2] or who or "–"
        return names.get(plain, plain)

    walked = stops.of_round(conn, of.id)
    answered = {(each.position, each.item): each for each in stops.answered(conn, of.id)}
    return {
        "number": of.number,
        "title": of.title,
        "site": of.site,
        "how": _(_HOW[of.how]),
        "due": clock(of.due_at, of.time_zone),
        "started": clock(of.started_at, of.time_zone),
        "finished": clock(of.finished_at, of.time_zone),
        "sound": not of.failed and not of.skipped,
        "done": _("%(done)s of %(stops)s stops done.", done=of.done, stops=of.stops),
        "missed": ngettext("%(num)s missed, with the reason.", "%(num)s missed, with the reasons.", of.skipped)
        if of.skipped
        else "",
        "failed": ngettext("%(num)s point failed.", "%(num)s points failed.", of.failed) if of.failed else "",
        "stops": [_stop(conn, each, answered, of, called) for each in walked],
        "history": [
            {"at": clock(each.at, of.time_zone), "who": called(each.actor), "what": _(_DONE[each.what])}
            for each in history.of_round(conn, of.id)
            if each.what in _DONE
        ],
        "signed_name": of.signed_name,
        "signed": _(
            "Signed by %(name)s, signed in as %(account)s, %(time)s",
            name=of.signed_name,
            account=called(actor),
            time=clock(of.finished_at, of.time_zone),
        ),
        "drawn": [
            [[int(number) for number in point.split(",")] for point in line.split(" ")]
            for line in of.signed_drawn.split(";")
            if line
        ],
        "footer": _(
            "Signed %(time)s by %(name)s (%(account)s)",
            time=clock(at, of.time_zone),
            name=of.signed_name,
            account=called(actor),
        ),
    }


def _stop(
    conn: Connection, stop: Stop, answered: dict[tuple[int, str], Answered], of: Round, called: Any
) -> dict[str, Any]:
    given = {key: each.given for (position, key), each in answered.items() if position == stop.position}
    read = answers.read_all(stop.asks, given)
    at = "" if stop.at is None else _time(stop.at, of)
    return {
        "position": stop.position,
        "asset": stop.asset,
        "name": "" if stop.asset_name == stop.asset else stop.asset_name,
        "checklist": _("%(plan)s, version %(version)s", plan=stop.checklist, version=stop.checklist_version),
        "status": stop.status.value,
        "why": stop.why,
        "by": called(stop.actor) if not at else _("%(name)s at %(time)s", name=called(stop.actor), time=at),
        "at": at,
        "scanned": stop.scanned,
        "answers": []
        if stop.status is StopStatus.SKIPPED
        else [
            _answer(conn, item, read, answered.get((stop.position, item.key)), of)
            for item in stop.asks.items
            if answers.asked(item, read.answers)
        ],
    }


def _time(at: datetime, of: Round) -> str:
    """Return a time of a round on its site's clock: with the day where it is another than that on which it began, and
    with the zone where the clock was changed meanwhile.
    """
    zone = ZoneInfo(of.time_zone)
    local, began, ended = (each.astimezone(zone) for each in (at, of.started_at or at, of.finished_at or at))
    day = "" if local.date() == began.date() else f"{local:%d.%m.} "
    return f"{day}{local:%H:%M}" + ("" if began.utcoffset() == ended.utcoffset() else f" {local:%Z}")


def _answer(conn: Connection, item: Item, read: answers.Read, got: Answered | None, of: Round) -> dict[str, Any]:
    answer = read.answers.get(item.key)
    photo = "" if got is None or got.photo_id is None else _picture(conn, of.id, got)
    said = "" if answer is None or item.kind is ItemKind.PHOTO else _said(item, answer)
    return {
        "asked": item.text,
        "limits": _limits(item),
        "said": said or ("" if photo else "–"),
        "failed": answer is not None and answer.verdict is Verdict.FAILED,
        "why": "" if answer is None else stored(answer.why),
        "note": "" if got is None else got.note,
        "order": _("order %(number)s", number=got.order_number) if got is not None and got.order_number else "",
        "photo": photo,
    }


def _said(item: Item, answer: answers.Answer) -> str:
    """Return an answer as people write it: ``80 °C``, ``yes``."""
    if item.kind is ItemKind.YES_NO:
        return pgettext("answer", "yes") if answer.said == "yes" else pgettext("answer", "no")
    return answer.said if answer.number is None else _with_unit(answer.number, item)


def _with_unit(number: float, item: Item) -> str:
    return f"{formats.digits(plain(number))} {words.unit(item.unit)}".strip()


def _limits(item: Item) -> str:
    """Return between which limits a measurement is fine: ``0.5 to 2.8 mm/s``; empty without any."""
    if item.low is not None and item.high is not None:
        low = formats.digits(plain(item.low))
        return _("%(low)s to %(high)s", low=low, high=_with_unit(item.high, item))
    if item.low is not None:
        return _("at least %(value)s", value=_with_unit(item.low, item))
    return "" if item.high is None else _("at most %(value)s", value=_with_unit(item.high, item))


def _picture(conn: Connection, round_id: int, got: Answered) -> str:
    """Return a small photo wrapped in an SVG, which a template can include."""
    assert got.photo_id is not None
    found = stops.photo(conn, round_id, got.photo_id)
    kind = "image/jpeg" if found.small else found.kind
    data = base64.b64encode(found.thumbnail).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300">'
        f'<image width="400" height="300" preserveAspectRatio="xMinYMid meet" href="data:{kind};base64,{data}"/></svg>'
    )
