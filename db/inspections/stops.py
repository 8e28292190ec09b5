"""Stops of a round: answers, photos, readings, and the orders of failed points. The caller owns the transaction, and
has checked that the requester may see the round.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import class_row, dict_row, kwargs_row, scalar_row, tuple_row

from db import sql
from db.errors import NotFound
from db.files import files, pictures
from db.files.files import InvalidAttachment
from db.files.pictures import InvalidPicture
from db.inspections import doubts, history, points
from db.telemetry import entered
from workorder_core.inspections import answers, rounds
from workorder_core.inspections.answers import Answer, Given, Verdict
from workorder_core.inspections.checklists import Checklist, Item, ItemKind, from_document
from workorder_core.inspections.rounds import RoundStatus, StopChanged, StopIncomplete, StopStatus
from workorder_core.sentences import say
from workorder_core.words import Status

_QUERIES = sql.load("inspection_rounds")
LATE = timedelta(minutes=2)
"""What arrives so long after it was answered was sent late, and history says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop of a round. Its checklist has the version that it keeps or, before the round begins, the newest one."""

    round_id: int
    position: int
    asset_id: int
    asset: str
    asset_name: str
    checklist_id: int
    checklist: str
    checklist_version: int | None
    asks: Checklist
    status: StopStatus
    scanned: bool
    version: int
    at: datetime | None
    actor: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer as typed, with its evaluation: ``verdict`` is None until it can be evaluated."""

    round_id: int
    position: int
    item: str
    typed: str
    note: str
    drawn: str
    photo_id: UUID | None
    number: float | None
    verdict: Verdict | None
    at: datetime
    actor: str
    order_id: UUID | None
    order_number: str | None
    order_status: Status | None
    order_site: str | None

    @property
    def given(self) -> Given:
        return Given(typed=self.typed, note=self.note, photo=self.photo_id is not None, drawn=self.drawn)


class InvalidPhoto(InvalidAttachment):
    """A file is no photo that can be kept; ``item`` is the key of the item that it was sent for."""

    def __init__(self, item: str, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.item = item


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo as sent."""

    name: str
    content: bytes


def of_round(conn: Connection, round_id: int) -> list[Stop]:
    """Return the stops of a round in walking order."""
    with conn.cursor(row_factory=kwargs_row(_stop)) as cursor:
        return cursor.execute(_QUERIES["stops"], {"id": round_id}).fetchall()


def outline(conn: Connection, round_id: int) -> dict[int, StopStatus]:
    """Return the statuses of a round's stops by position, in walking order: cheap, also with 500 stops."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(_QUERIES["outline"], {"id": round_id}).fetchall()
    return {position: StopStatus(status) for position, status in found}


def get(conn: Connection, round_id: int, position: int) -> Stop:
    """Return one stop. Raises NotFound."""
    with conn.cursor(row_factory=kwargs_row(_stop)) as cursor:
        found = cursor.execute(_QUERIES["stop"], {"id": round_id, "position": position}).fetchone()
    if found is None:
        raise NotFound("stop", position)
    return found


def answered(conn: Connection, round_id: int, position: int | None = None) -> list[Answered]:
    """Return the answers of a round, or of one of its stops."""
    with conn.cursor(row_factory=kwargs_row(_answered)) as cursor:
        return cursor.execute(_QUERIES["answers"], {"id": round_id, "position": position}).fetchall()


def save(
    conn: Connection,
    round_id: int,
    position: int,
    given: Mapping[str, Given],
    photos: Mapping[str, Photo] | None = None,
    *,
    finish: bool,
    scanned: bool = False,
    expected_version: int | None = None,
    answered_at: datetime | None = None,
    actor: str,
    at: datetime,
    reads: bool = True,
) -> Stop:
    """Store the input of a stop, as typed; to ``finish`` it, all answers must be present and valid.

    An item that is not in ``given`` keeps its answer. A finished stop opens the orders of its failed points and passes
    its measurements to the engine (unless ``reads`` is False, for invented history). Finishing again replaces the
    answers: the earlier ones are in the history. A late stop counts from ``answered_at``, within the round's time;
    history records when it arrived. Raises NotFound, IllegalRoundStep, StopChanged, StopIncomplete,
    InvalidAttachment.
    """
    stop, began = _locked(conn, round_id, position, expected_version)
    seen_at = rounds.answered_at(answered_at, began=began, now=at)
    before = {each.item: each for each in answered(conn, round_id, position)}
    new = {key: _add_photo(conn, stop, key, each, actor=actor, at=seen_at) for key, each in (photos or {}).items()}
    all_given = {key: each.given for key, each in before.items()} | dict(given)
    for key in all_given:
        photo = key in new or (key in before and before[key].photo_id is not None)
        all_given[key] = Given(
            typed=all_given[key].typed, note=all_given[key].note, photo=photo, drawn=all_given[key].drawn
        )
    for key in new.keys() - all_given.keys():
        all_given[key] = Given(photo=True)
    read = answers.read_all(stop.asks, all_given)
    if finish and (read.wrong or read.missing):
        raise StopIncomplete(position, {**read.missing, **read.wrong})
    known = {each.key for each in stop.asks.items}
    for key, each in all_given.items():
        if key in known and (key in given or key in new or finish):
            _put(conn, stop, key, each, read.answers.get(key), new.get(key), actor=actor, at=seen_at)
    status = StopStatus.DONE if finish else stop.status
    facts = {"id": round_id, "position": position, "status": status.value, "scanned": scanned, "why": ""}
    if not finish:
        facts["why"] = stop.why
    conn.execute(_QUERIES["save_stop"], facts | {"at": seen_at, "actor": actor})
    late = seen_at if at - seen_at >= LATE else None
    _tell(conn, stop, before, all_given, read.answers, finish=finish, scanned=scanned, late=late, actor=actor, at=at)
    if finish:
        _follow(conn, stop, read, before, reads=reads, actor=actor, at=at, seen_at=seen_at)
    return get(conn, round_id, position)


def skip(
    conn: Connection,
    round_id: int,
    position: int,
    why: str,
    *,
    expected_version: int | None = None,
    actor: str,
    at: datetime,
) -> Stop:
    """Record that a stop was missed, and why. Raises NotFound, IllegalRoundStep, StopChanged, StopIncomplete."""
    stop, _ = _locked(conn, round_id, position, expected_version)
    if not why.strip():
        raise StopIncomplete(position, {"why": say("say why it was missed")})
    facts = {"id": round_id, "position": position, "status": StopStatus.SKIPPED.value, "scanned": False}
    conn.execute(_QUERIES["save_stop"], facts | {"why": why.strip(), "at": at, "actor": actor})
    told = {"stop": position, "asset": stop.asset}
    history.note(conn, round_id=round_id, at=at, actor=actor, what="stop_skipped", told=told, why=why)
    return get(conn, round_id, position)


def _add_photo(conn: Connection, stop: Stop, item: str, photo: Photo, *, actor: str, at: datetime) -> UUID:
    """Store a photo of an answer without its metadata; return its id. Raises InvalidPhoto."""
    name = "".join(filter(str.isprintable, photo.name)).strip()[-200:] or "photo"
    if len(photo.content) > files.LARGEST:
        raise InvalidPhoto(
            item, name, say("it is larger than {largest} MB; make it smaller", largest=files.LARGEST // 1_000_000)
        )
    kind = next((kind for begin, kind in _PICTURES.items() if photo.content.startswith(begin)), None)
    if photo.content[:4] == b"RIFF" and photo.content[8:12] == b"WEBP":
        kind = "image/webp"
    if kind is None:
        raise InvalidPhoto(item, name, say("it is not a picture (PNG, JPEG, GIF, WebP)"))
    try:
        picture = pictures.clean(photo.content, kind)
    except InvalidPicture as wrong:
        raise InvalidPhoto(item, name, str(wrong)) from None
    made = uuid4()
    facts: dict[str, Any] = {"photo_id": made, "id": stop.round_id, "position": stop.position, "item": item}
    facts |= {"name": name, "kind": kind, "content": picture.content, "thumbnail": picture.small}
    facts |= {"sha256": hashlib.sha256(picture.content).digest(), "at": at, "actor": actor}
    conn.execute(_QUERIES["add_photo"], facts)
    return made


_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A stored photo; ``thumbnail`` is the photo itself if it is small, otherwise a JPEG (``small``)."""

    kind: str
    name: str
    content: bytes
    thumbnail: bytes
    small: bool


def photo(conn: Connection, round_id: int, photo_id: UUID) -> Picture:
    """Return a photo of a round. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Picture)) as cursor:
        found = cursor.execute(_QUERIES["photo"], {"id": round_id, "photo_id": photo_id}).fetchone()
    if found is None:
        raise NotFound("photo", photo_id)
    return found


def _locked(
    conn: Connection, round_id: int, position: int, expected_version: int | None
) -> tuple[Stop, datetime | None]:
    """Lock a round and one of its stops, which must be answerable now; return the stop and the round's start."""
    conn.execute(_QUERIES["lock"], {"id": round_id})
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["get"], {"id": round_id}).fetchone()
    if row is None:
        raise NotFound("round", round_id)
    with conn.cursor(row_factory=scalar_row) as cursor:
        cursor.execute(_QUERIES["lock_stop"], {"id": round_id, "position": position})
    stop = get(conn, round_id, position)
    rounds.check_answerable(row["number"], RoundStatus(row["status"]))
    if expected_version is not None and expected_version != stop.version:
        raise StopChanged(position, stop.actor or "somebody")
    return stop, row["started_at"]


def _put(
    conn: Connection,
    stop: Stop,
    key: str,
    given: Given,
    answer: Answer | None,
    photo_id: UUID | None,
    *,
    actor: str,
    at: datetime,
) -> None:
    facts: dict[str, Any] = {"id": stop.round_id, "position": stop.position, "item": key, "typed": given.typed.strip()}
    facts |= {"note": given.note.strip(), "drawn": given.drawn, "photo_id": photo_id, "at": at, "actor": actor}
    facts |= {"number": answer.number if answer else None, "verdict": answer.verdict.value if answer else None}
    conn.execute(_QUERIES["put_answer"], facts)


def _tell(
    conn: Connection,
    stop: Stop,
    before: Mapping[str, Answered],
    given: Mapping[str, Given],
    read: Mapping[str, Answer],
    *,
    finish: bool,
    scanned: bool,
    late: datetime | None,
    actor: str,
    at: datetime,
) -> None:
    """Record the answers in the history, with the previous ones if they were corrected; ``late``: answered then."""
    told: dict[str, Any] = {"stop": stop.position, "asset": stop.asset}
    told["answers"] = {key: read[key].said if key in read else each.typed for key, each in given.items() if each}
    told["failed"] = [key for key, each in read.items() if each.verdict is Verdict.FAILED]
    corrected = {
        key: each.typed
        for key, each in before.items()
        if each.typed and key in given and given[key].typed != each.typed
    }
    if corrected:
        told["before"] = corrected
    if scanned:
        told["scanned"] = True
    if late is not None:
        told["answered_at"] = late.isoformat()
    what = "stop_done" if finish else "stop_saved"
    history.note(conn, round_id=stop.round_id, at=at, actor=actor, what=what, told=told)


def _follow(
    conn: Connection,
    stop: Stop,
    read: answers.Read,
    before: Mapping[str, Answered],
    *,
    reads: bool,
    actor: str,
    at: datetime,
    seen_at: datetime,
) -> None:
    """Pass the measurements to the engine, and open the orders of failed points."""
    for item in stop.asks.items:
        answer = read.answers.get(item.key)
        if answer is None:
            continue
        same = item.key in before and stop.status is StopStatus.DONE and before[item.key].number == answer.number
        if reads and item.kind is ItemKind.MEASUREMENT and item.signal and answer.number is not None and not same:
            _give(conn, stop, item, answer.number, actor=actor, at=at, seen_at=seen_at)
        if answer.verdict is Verdict.FAILED:
            points.follow(conn, stop, item, answer, actor=actor, at=at)


def _give(
    conn: Connection, stop: Stop, item: Item, value: float, *, actor: str, at: datetime, seen_at: datetime
) -> None:
    """Give the engine a measurement as a reading; one that does not fit the signal stays an answer, which is said."""
    if (doubt := doubts.of_value(conn, stop.asset_id, item)) is not None:
        told = {"stop": stop.position, "asset": stop.asset, "item": item.key}
        history.note(conn, round_id=stop.round_id, at=at, actor=actor, what="no_reading", told=told, why=doubt)
        return
    entered.add(conn, stop.asset_id, item.signal, value, unit=item.unit, observed_at=seen_at, actor=actor)


def _stop(**row: Any) -> Stop:
    title, items = row.pop("title"), row.pop("items")
    asks = Checklist(title=title, items=tuple(map(from_document, items)))
    return Stop(**row | {"asks": asks, "status": StopStatus(row["status"])})


def _answered(**row: Any) -> Answered:
    verdict, status = row["verdict"], row["order_status"]
    return Answered(
        **row | {"verdict": Verdict(verdict) if verdict else None, "order_status": Status(status) if status else None}
    )
