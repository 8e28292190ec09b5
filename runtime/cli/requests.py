"""``plantwright requests``: personal data of requesters, exported and erased; how a site answers requests."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from psycopg import Connection

from runtime.cli.command_line import Database, connected, console, shown_errors
from runtime.processes.people import actor

app = typer.Typer(help="Requests: personal data of requesters, rules of the portal.", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="number of a request, NTH-R12, or the contact that somebody gave")]


@app.command()
def export(which: Which, database: Database = None) -> None:
    """Write everything that is stored about a requester as JSON, without the content of photos."""
    from db.requests import personal, requests

    with shown_errors(), connected(database) as conn:
        found: list[dict[str, Any]] = []
        for key in _chosen(conn, which):
            person = personal.person(conn, key)
            facts = asdict(requests.get(conn, key)) | {"person": asdict(person) if person else None}
            facts["messages"] = [asdict(each) for each in personal.messages(conn, key)]
            facts["photos"] = [asdict(each) for each in personal.photos(conn, key)]
            found.append(facts)
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False, default=str))


@app.command()
def erase(which: Which, database: Database = None) -> None:
    """Erase everything personal of a request, or of all requests of a contact; the log of changes records it."""
    from db.requests import personal, requests

    with shown_errors(), connected(database) as conn:
        chosen = _chosen(conn, which)
        for key in chosen:
            asked = requests.get(conn, key)
            personal.erase(conn, key, number=asked.number, site=asked.site_code, actor=actor(), at=datetime.now(UTC))
            console.print(f"{asked.number}: erased", highlight=False)
        if not chosen:
            console.print("nothing is stored about this contact", highlight=False)


@app.command()
def rules(
    site: Annotated[str, typer.Option("--site", help="code of the site")],
    open_to_all: Annotated[bool | None, typer.Option("--open/--closed", help="whether strangers can ask")] = None,
    emergency_number: Annotated[str | None, typer.Option(help="shown at once if somebody is in danger")] = None,
    at_once: Annotated[
        bool | None, typer.Option("--at-once/--confirmed", help="danger makes an emergency order without confirmation")
    ] = None,
    keep_days: Annotated[int | None, typer.Option(min=1, max=3650, help="days to keep personal data")] = None,
    video_url: Annotated[str | None, typer.Option(help="https address of the plant's own video call")] = None,
    choose_times: Annotated[
        bool | None,
        typer.Option("--times/--no-times", help="whether requesters choose a time of the schedule"),
    ] = None,
    database: Database = None,
) -> None:
    """Show how a site answers requests, and change what is given."""
    from db.plant import plant
    from db.requests import requests
    from workorder_core.requests.emergencies import EmergencyPolicy

    with shown_errors(), connected(database) as conn:
        site_id = plant.site_by_code(conn, site).id
        policy = None if at_once is None else EmergencyPolicy.AT_ONCE if at_once else EmergencyPolicy.CONFIRMED
        given: dict[str, Any] = {"open": open_to_all, "emergency_number": emergency_number, "policy": policy}
        given |= {"keep_days": keep_days, "video_url": video_url, "choose_times": choose_times}
        changed = {name: value for name, value in given.items() if value is not None}
        now = requests.rules(conn, site_id)
        if changed:
            now = replace(now, **changed)
            requests.put_rules(conn, site_id, now)
        for name, value in asdict(now).items():
            console.print(f"{name}: {value}", highlight=False)


def _chosen(conn: Connection, which: str) -> list[UUID]:
    """Return the requests of a contact, or the one of a number. Raises NotFound for neither."""
    from db.requests import personal, requests

    of_contact = personal.of_contact(conn, which)
    if of_contact or "@" in which:
        return of_contact
    return [requests.by_number(conn, which).id]
