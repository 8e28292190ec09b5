"""One stop of a round on a phone: an asset, its questions, the photos, and immediate errors."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from api.asking import KNOWN, SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.inspections.round_pages import next_page
from api.board.rendering import page
from api.once import SentForm
from db.files.files import LARGEST
from db.inspections import points, rounds, stops
from db.inspections.stops import InvalidPhoto, Photo, Stop
from db.plant import plant
from workorder_core.inspections.answers import Given
from workorder_core.inspections.rounds import WALKED, RoundStep, StopChanged, StopIncomplete
from workorder_core.language import _

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
Position = Annotated[int, Path(ge=1, le=500)]
_ANSWER, _NOTE, _PHOTO, _DRAWN = "a_", "note_", "photo_", "drawn_"
MOST_LETTERS = 4_000


@router.get("/rounds/{round_id}/stops/{position}", dependencies=[SEES])
def stop(
    request: Request,
    round_id: int,
    position: Position,
    conn: Conn,
    now: Now,
    scanned: Annotated[bool, Query()] = False,
) -> Response:
    """Show one stop: its asset, its questions, and earlier failed points that are still open."""
    found, shown = rounds.get(conn, round_id), stops.get(conn, round_id, position)
    walk = stops.outline(conn, round_id)
    return page(
        request,
        "inspections/stop.html",
        now=now,
        round=found,
        zone=found.time_zone,
        stop=shown,
        scanned=scanned,
        asset=plant.asset(conn, shown.asset_id, now=now),
        answers={each.item: each for each in stops.answered(conn, round_id, position)},
        open_points={each.item: each for each in points.open_points(conn, round_id, position)},
        before=max((each for each in walk if each < position), default=None),
        after=min((each for each in walk if each > position), default=None),
        walked=found.status in WALKED,
    )


class Sent:
    """The content of a stop's form: answers, remarks and photos by the keys of their items."""

    def __init__(self, fields: Mapping[str, str], photos: Mapping[str, Photo]) -> None:
        self.fields, self.photos = fields, photos

    def given(self, asked: Stop) -> dict[str, Given]:
        """Return the input for each item of a stop. Raises InvalidForm for a text that is too long."""
        found: dict[str, Given] = {}
        with Fields() as read:
            for item in asked.asks.items:
                typed, note = self.fields.get(_ANSWER + item.key, ""), self.fields.get(_NOTE + item.key, "")
                long = _("write %(most)s characters at most", most=f"{MOST_LETTERS:,}")
                read.need(_ANSWER + item.key, len(typed) <= MOST_LETTERS, long)
                read.need(_NOTE + item.key, len(note) <= MOST_LETTERS, long)
                drawn = self.fields.get(_DRAWN + item.key, "")
                found[item.key] = Given(typed=typed, note=note, drawn=drawn)
        return found


async def _sent(request: Request) -> Sent:
    form = await request.form()
    fields: dict[str, str] = {}
    photos: dict[str, Photo] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields[name] = value
        elif isinstance(value, UploadFile) and name.startswith(_PHOTO) and value.filename:
            content = await value.read(LARGEST + 1)
            if content:
                photos[name.removeprefix(_PHOTO)] = Photo(name=value.filename, content=content)
    return Sent(fields, photos)


SentStop = Annotated[Sent, Depends(_sent)]


@router.post("/rounds/{round_id}/stops/{position}", dependencies=[WORKS_OR_PLANS])
@shown_on("/rounds/{round_id}/stops/{position}")
def save(
    round_id: int,
    position: Position,
    conn: Conn,
    now: Now,
    who: Asking,
    once: SentForm,
    sent: SentStop,
    do: Annotated[str, Form(max_length=20)] = "done",
    version: Annotated[str, Form(max_length=12)] = "",
    ago_s: Annotated[str, Form(max_length=12)] = "",
) -> Response:
    """Finish a stop and continue, or save the input so far: for later, for a photo, for somebody else.

    ``ago_s`` is how many seconds ago, by the device's own clock, the last answer was given: what was typed without a
    network counts from then, whatever that clock says the time is.
    """
    asked = stops.get(conn, round_id, position)
    facts: dict[str, Any] = {"finish": do == "done", "scanned": sent.fields.get("scanned") == "yes"}
    facts["answered_at"] = now - timedelta(seconds=int(ago_s)) if _is_span(ago_s) else None
    facts |= {"expected_version": int(version) if version.isdecimal() else None, "actor": who.actor, "at": now}
    try:
        stops.save(conn, round_id, position, sent.given(asked), sent.photos, **facts)
    except StopIncomplete as wrong:
        raise InvalidForm(fields={_field(asked, key): problem for key, problem in wrong.problems.items()}) from None
    except InvalidPhoto as wrong:
        raise InvalidForm(fields={_PHOTO + wrong.item: str(wrong)}) from None
    except StopChanged as changed:
        raise InvalidForm(str(changed), status=412) from None
    if do == "pause":
        rounds.take_step(conn, round_id, RoundStep.PAUSE, actor=who.actor, at=now)
        return once.leads_to(f"/rounds/{round_id}")
    if do != "done":
        return once.leads_to(f"/rounds/{round_id}/stops/{position}")
    return once.leads_to(next_page(round_id, stops.outline(conn, round_id), position))


def _is_span(text: str) -> bool:
    """Whether a text is a number of seconds, up to a month."""
    return text.isdecimal() and len(text) < 8 and int(text) < 31 * 86_400


def _field(asked: Stop, key: str) -> str:
    """Return the field at which an item's problem is shown."""
    item = asked.asks.item(key)
    return (_PHOTO if item.kind.value == "photo" else _ANSWER) + key


@router.post("/rounds/{round_id}/stops/{position}/skip", dependencies=[WORKS_OR_PLANS])
@shown_on("/rounds/{round_id}/stops/{position}")
def skip(
    round_id: int,
    position: Position,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    why: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Record that a stop was missed, and why, and continue."""
    with Fields() as read:
        read.need("why", why.strip(), _("say why it was missed"))
    stops.skip(conn, round_id, position, why, actor=who.actor, at=now)
    return sent.leads_to(next_page(round_id, stops.outline(conn, round_id), position))
