"""``plantwright policies``: a site's notification policy and its escalation policies, from and to a file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from psycopg import Connection

from runtime.cli.command_line import Database, connected, console, shown_errors, write_json
from runtime.cli.rotas import SiteCode
from runtime.processes.people import actor

app = typer.Typer(help="Policies: who hears of what, and who is asked to acknowledge.", no_args_is_help=True)
PARTS = {"notification", "escalation"}


@app.command(name="import")
def import_policies(
    file: Annotated[Path, typer.Argument(help="JSON, as `policies export` writes it")],
    site: SiteCode,
    apply: Annotated[bool, typer.Option("--apply", help="store them; otherwise only show what would change")] = False,
    why: Annotated[str, typer.Option(help="reason for the change")] = "",
    database: Database = None,
) -> None:
    """Import policies, all or none of them. Without --apply nothing is stored; the same file again changes nothing, and
    what is not in it stays as it is.
    """
    from db.plant import plant

    document = _loaded(file)
    with shown_errors(), connected(database) as conn:
        plant.site_by_code(conn, site)
        with conn.transaction(force_rollback=not apply):
            for name, effect in _store(conn, document, site, at=datetime.now(UTC), why=why):
                console.print(f"{name}: {effect}", highlight=False)
    if not apply:
        console.print("nothing is stored; add --apply to store it", highlight=False)


@app.command(name="export")
def export_policies(
    site: SiteCode,
    file: Annotated[Path | None, typer.Argument(help="where to write it; default: the terminal")] = None,
    database: Database = None,
) -> None:
    """Write a site's policies as JSON, as `policies import` reads them; retired ones are left out."""
    from db.plant import plant

    with shown_errors(), connected(database) as conn:
        plant.site_by_code(conn, site)
        document = _written(conn, site)
    write_json(document, file)


def _written(conn: Connection, site: str) -> dict[str, Any]:
    from api.shapes.notifying.notifications import NotificationPolicyIn
    from db.escalating.policies import POLICIES
    from db.notifying import policies
    from workorder_core.escalating.documents import to_document

    newest = next(iter(policies.versions(conn, site)), None)
    # The database keeps no order of fields.
    notification = NotificationPolicyIn.model_validate(newest.document).document() if newest else None
    found = POLICIES.listed(conn, site=site)
    escalation = [{"code": each.content.code, **to_document(each.content)} for each in found]
    return {"notification": notification, "escalation": escalation}


def _store(
    conn: Connection, document: Mapping[str, Any], site: str, *, at: datetime, why: str
) -> Iterator[tuple[str, str]]:
    """Store the policies of a file, and yield the name of each with what changes."""
    facts: dict[str, Any] = {"actor": actor(), "at": at, "why": why}
    if document.get("notification") is not None:
        yield "notification", _store_notification(conn, document["notification"], site, facts)
    for each in document.get("escalation") or []:
        yield _store_escalation(conn, each, site, facts)


def _store_notification(conn: Connection, document: Any, site: str, facts: Mapping[str, Any]) -> str:
    from pydantic import ValidationError

    from api.shapes.notifying.notifications import NotificationPolicyIn
    from db.notifying import policies

    try:
        wanted = NotificationPolicyIn.model_validate(document).document()
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = ".".join(map(str, ("notification", *first["loc"])))
        raise typer.BadParameter(f"{where}: {first.get('ctx', {}).get('error', first['msg'])}") from None
    before = next(iter(policies.versions(conn, site)), None)
    after = policies.save(conn, site, wanted, **facts)
    return _effect(None if before is None else before.version, after.version)


def _store_escalation(conn: Connection, document: Any, site: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    from db.escalating.policies import POLICIES
    from workorder_core.escalating.documents import from_document
    from workorder_core.escalating.policies import InvalidPolicy

    if not isinstance(document, dict) or not isinstance(document.get("code"), str):
        raise typer.BadParameter("escalation: each policy is an object with its code")
    code = document["code"]
    try:
        policy = from_document({name: each for name, each in document.items() if name != "code"}, code=code, site=site)
    except InvalidPolicy as wrong:
        raise typer.BadParameter(f"{code}: {wrong}") from None
    before = POLICIES.by_code(conn, site, code)
    if before is None:
        POLICIES.add(conn, policy, **facts)
        return code, "new"
    after = POLICIES.save(conn, before.id, replace(policy, version=before.content.version), **facts)
    return code, _effect(before.content.version, after.content.version)


def _effect(before: int | None, after: int) -> str:
    if before is None:
        return "new"
    return "no change" if before == after else "changed"


def _loaded(file: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}") from None
    if not isinstance(document, dict) or not PARTS.issuperset(document):
        raise typer.BadParameter(f"{file} must be an object with {' and '.join(sorted(PARTS))}")
    if not isinstance(document.get("escalation") or [], list):
        raise typer.BadParameter("escalation: it must be a list of policies")
    return document
