"""Codes that pages say as words, by what they are: a new enum whose codes a page shows gets a line here."""

import calendar
import re
from collections.abc import Iterable, Mapping
from enum import Enum, IntEnum
from pathlib import Path
from typing import get_args

from api import naming, problems
from api.board import changed
from api.board.planning.written import UNITS
from api.routers.engine import EngineOut
from db.documents import documents
from db.files import files
from db.files.files import Of
from db.orders import order_links
from db.orders.order_links import LinkKind
from db.plant import changes
from ingest.messages import Reason
from rules.kinds import KINDS
from workorder_core import words
from workorder_core.alarms import alarm_states
from workorder_core.alarms.silence import Suppressed
from workorder_core.escalating import course
from workorder_core.inspections.answers import Verdict
from workorder_core.inspections.audits import AuditKind, FindingState, FindingStep, Grade
from workorder_core.inspections.checklists import ItemKind
from workorder_core.inspections.rounds import RoundStatus, RoundStep, StopStatus
from workorder_core.intake.effects import What
from workorder_core.inventory.bookings import BookingState
from workorder_core.inventory.ledger import Kind
from workorder_core.inventory.purchasing import State as PurchaseState
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice
from workorder_core.oncall import swaps
from workorder_core.oncall.rotas import OnHolidays
from workorder_core.orders.close_out import Cause, Mechanism, Remedy
from workorder_core.orders.edits import Edit
from workorder_core.orders.job_plans import StepKind
from workorder_core.orders.lifecycle import Step
from workorder_core.people.access import Role
from workorder_core.people.skills import SKILL_OF_COMPONENT
from workorder_core.planning.deciding import Becomes
from workorder_core.planning.forecast import Period
from workorder_core.planning.plans import AfterOutage, ObjectKind, OnFreeDay, WhenOpen
from workorder_core.plant.new_names import NameKind
from workorder_core.requests import asking
from workorder_core.requests.asking import RequestStatus, RequestStep
from workorder_core.requests.quotes import LineKind, QuoteState
from workorder_core.runs import runs
from workorder_core.tables.cells import CellKind
from workorder_core.tables.plant_tables import TABLES
from workorder_core.words import WHOLE_MACHINE

_ENUMS: tuple[type[Enum], ...] = (
    RequestStatus,
    RequestStep,
    LineKind, QuoteState,
    Kind, PurchaseState, BookingState,
    words.Status, words.OrderType, words.Priority, words.Severity, words.Criticality, words.Origin, words.HoldReason,
    words.OperatingState, words.CloseFinding, Role, alarm_states.State, Suppressed, runs.State, StepKind, LinkKind,
    swaps.State, Reason, Choice, Channel, NameKind, Of, documents.Kind, Step, Edit, alarm_states.Move, What,
    Verdict, OnHolidays, course.State, RoundStatus, StopStatus, AuditKind, FindingState, Grade, RoundStep, FindingStep,
    ObjectKind, OnFreeDay, Period, WhenOpen, AfterOutage, Becomes,
)  # fmt: skip


def _said(of: Iterable[Enum]) -> list[str]:
    return [(each.name.lower() if isinstance(each, IntEnum) else str(each.value)).replace("_", " ") for each in of]


_LOGGED = re.compile(r"TRIGGER \w+ AFTER .*? ON public\.(\w+) .*?log_change\w*\('")


def _logged_fields() -> set[str]:
    """Return the columns of the tables whose changes triggers write into the log, but keys, as words."""
    schema = (Path(__file__).parents[2] / "db/schema.sql").read_text(encoding="utf-8")
    found = set[str]()
    for table in set(_LOGGED.findall(schema)):
        columns = schema.split(f"CREATE TABLE public.{table} (\n")[1].split("\n);")[0].splitlines()
        found |= {line.split()[0].strip('"') for line in columns if not line.strip().startswith("CONSTRAINT")}
    unsaid = changed._SAID_ELSEWHERE | changed._LABELS.keys() | {"id", "actor"}
    return {
        each.replace("_", " ")
        for each in found - unsaid
        if not each.endswith(("_id", "_by"))
        and each not in ("recorded_at", "changed_at", "made_at", "requested_at", "last_number", "state_since")
    }


_OTHER_TITLES = {"Not Found", "Method Not Allowed", "Invalid form", "Not understood", "Out of range", "Failure"}
"""Titles of errors that no table of errors has: of HTTP itself, of forms, of what fails."""

CODED: Mapping[str, list[str]] = {
    **{each.__qualname__ + "@" + each.__module__: _said(each) for each in _ENUMS},
    "states of receivers and messages": [
        "active",
        "paused",
        "disabled",
        "pending",
        "held",
        "gathered",
        "withheld",
        "delivered",
        "skipped",
    ],
    "what judges": ["rule", "model"],
    "classes of the sample": ["centrifugal pump", "pump", "fan", "compressor", "motor", "valve"],
    "Target": ["start", "completion"],
    "ItemKind": [each.label for each in ItemKind],
    "FailureMode": [mode.label for mode in words.FailureMode],
    "Cause": [each.label for each in Cause],
    "Remedy": [each.label for each in Remedy],
    "Mechanism": [each.label for each in Mechanism],
    "links from the other side": list(order_links._OTHER_WAY.values()),
    "kinds of cells": [str(each) for each in CellKind],
    "columns of tables": [
        each for table in TABLES.values() for each in (table.title, *(c.title for c in table.columns))
    ],
    "kinds of files": [each for each in files._CALLED.values() if " " in each],
    "kinds of names": [naming._MANY.get(kind, f"{kind}s") for kind in NameKind],
    "verdicts of proposals": ["confirmed", "rejected"],
    "targets": ["response", "completion"],
    "titles of errors": sorted({each.title for each in problems.PROBLEMS.values()} | _OTHER_TITLES),
    "components and trades": [*SKILL_OF_COMPONENT, *set(SKILL_OF_COMPONENT.values()), WHOLE_MACHINE],
    "stages of requests": sorted(set(asking._STAGES.values())),
    "history": ["unassigned"],
    "kinds in the log of changes": [*changes.OF_PLANT, *changes.OF_COSTS, *changes.OF_ACCESS],
    "in the log of changes": [
        "added",
        "changed",
        "removed",
        "archived",
        "disabled",
        "signed",
        "given a new secret",
        "user added",
        "user changed",
        "password changed",
        "key added",
        "key revoked",
        "device bound",
        "device unbound",
    ],
    "fields in the log of changes": sorted(_logged_fields()),
    "states of the engine": list(get_args(EngineOut.model_fields["state"].annotation)),
    "kinds of rules": [each.replace("_", " ") for each in KINDS],
    "units of calendars": list(UNITS),
    "days and months": [*calendar.day_abbr, *calendar.month_abbr[1:], *calendar.day_name, *calendar.month_name[1:]],
}
"""The words of each, as they are in the catalogues."""
