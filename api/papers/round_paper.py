"""The signed report of a round: its stops, answers and walker, its failed points and their orders."""

import base64
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from api.board.words import unit
from api.papers import typeset
from api.papers.typeset import clock
from db.inspections import history, reports, rounds, stops
from db.inspections.rounds import Round
from db.inspections.stops import Answered, Stop
from db.people import users
from workorder_core.inspections import answers
from workorder_core.inspections.answers import Verdict
from workorder_core.inspections.checklists import Item, ItemKind
from workorder_core.inspections.rounds import How, RoundStep, StopStatus


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
        "how": {How.HAND: "begun by hand", How.CODE: "begun by a scanned code", How.PLAN: "due by a plan"}[of.how],
        "due": clock(of.due_at, of.time_zone),
        "started": clock(of.started_at, of.time_zone),
        "finished": clock(of.finished_at, of.time_zone),
        "counts": {"stops": of.stops, "done": of.done, "skipped": of.skipped, "failed": of.failed},
        "stops": [_stop(conn, each, answered, of, called) for each in walked],
        "history": [
            {"at": clock(each.at, of.time_zone), "who": called(each.actor), "what": each.what.replace("_", " ")}
            for each in history.of_round(conn, of.id)
            if each.what in ("started", "paused", "resumed", "finished")
        ],
        "signed": {"name": of.signed_name, "by": called(actor), "at": clock(of.finished_at, of.time_zone)},
        "drawn": [
            [[int(number) for number in point.split(",")] for point in line.split(" ")]
            for line in of.signed_drawn.split(";")
            if line
        ],
        "footer": f"Signed {clock(at, of.time_zone)} by {of.signed_name} ({called(actor)})",
    }


def _stop(
    conn: Connection, stop: Stop, answered: dict[tuple[int, str], Answered], of: Round, called: Any
) -> dict[str, Any]:
    given = {key: each.given for (position, key), each in answered.items() if position == stop.position}
    read = answers.read_all(stop.asks, given)
    at = None if stop.at is None else stop.at.astimezone(ZoneInfo(of.time_zone))
    return {
        "position": stop.position,
        "asset": stop.asset,
        "name": "" if stop.asset_name == stop.asset else stop.asset_name,
        "checklist": f"{stop.checklist} version {stop.checklist_version}",
        "status": stop.status.value,
        "why": stop.why,
        "by": called(stop.actor),
        "at": "" if at is None else f"{at:%H:%M}",
        "scanned": stop.scanned,
        "answers": []
        if stop.status is StopStatus.SKIPPED
        else [
            _answer(conn, item, read, answered.get((stop.position, item.key)), of)
            for item in stop.asks.items
            if answers.asked(item, read.answers)
        ],
    }


def _answer(conn: Connection, item: Item, read: answers.Read, got: Answered | None, of: Round) -> dict[str, Any]:
    answer = read.answers.get(item.key)
    photo = "" if got is None or got.photo_id is None else _picture(conn, of.id, got)
    said = "" if answer is None or item.kind is ItemKind.PHOTO else _with_unit(answer.said, item)
    return {
        "asked": item.text,
        "limits": _with_unit(item.limits, item),
        "said": said or ("" if photo else "–"),
        "failed": answer is not None and answer.verdict is Verdict.FAILED,
        "why": "" if answer is None else answer.why,
        "note": "" if got is None else got.note,
        "order": "" if got is None else got.order_number or "",
        "photo": photo,
    }


def _with_unit(said: str, item: Item) -> str:
    """Return a value or limits with the unit for people: ``80 °C``."""
    return said.removesuffix(item.unit) + unit(item.unit) if item.unit and said.endswith(item.unit) else said


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
