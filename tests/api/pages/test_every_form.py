"""Every form of the routes: what is wrong is said at its field, all at once, and what is sent twice is done once."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from psycopg import sql

from api.app import create
from api.board.forms.page_forms import forms_of
from api.language import chosen
from tests.api.pages.form_facts import HTML, database, names, plants_of_forms, seeded
from tests.parts import pictures, pseudo

__all__ = ["database", "names", "plants_of_forms", "seeded"]

ALARM = {"alarm": "{hot}"}


@dataclass(frozen=True)
class Known:
    """A form: where it is and goes to, what it is sent with, and what of that is wrong by field."""

    page: str
    action: str
    right: Mapping[str, object] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


ON_CALL = {"title": "Nights", "zone": "UTC", "name_1": "first", "people_1": "mette", "starts_1": "2026-03-07"}
PLANNED = {"site": "NTH", "title": "Grease", "objects": "P-101", "starts": "2026-01-10T08:00", "rule": "FREQ=MONTHLY"}
FORMS = {
    "/rounds": Known("/rounds", "/rounds", {"route_id": "{route}"}),
    "/rounds/{round_id}/start": Known("/rounds/{due}", "/rounds/{due}/start"),
    "/rounds/{round_id}/pause": Known("/rounds/{walked}", "/rounds/{walked}/pause"),
    "/rounds/{round_id}/resume": Known("/rounds/{paused}", "/rounds/{paused}/resume"),
    "/rounds/{round_id}/cancel": Known("/rounds/{due}", "/rounds/{due}/cancel", {"why": "rain"}, {"why": " "}),
    "/rounds/{round_id}/finish": Known(
        "/rounds/{answered}", "/rounds/{answered}/finish", {"name": "Ola", "drawn": "1,2 3,4"}, {"name": " "}
    ),
    "/rounds/{round_id}/stops/{position}": Known(
        "/rounds/{walked}/stops/1", "/rounds/{walked}/stops/1", {"a_seal": "yes", "a_temp": "61", "do": "done"},
        {"a_temp": "warm"},
    ),
    "/rounds/{round_id}/stops/{position}/skip": Known(
        "/rounds/{walked}/stops/1", "/rounds/{walked}/stops/1/skip", {"why": "scaffold"}, {"why": " "}
    ),
    "/checklists": Known(
        "/checklists/new", "/checklists",
        {"site": "NTH", "code": "NEW", "title": "New", "text_1": "Dry?", "kind_1": "yes_no", "needed_1": "yes"},
        {"code": "a b", "title": " "},
    ),
    "/checklists/{checklist_id}": Known(
        "/checklists/{checklist}", "/checklists/{checklist}",
        {"title": "Other", "text_1": "Dry?", "kind_1": "yes_no", "text_2": "Hot?", "kind_2": "measurement"},
        {"low_2": "cold", "high_2": "x"},
    ),
    "/checklists/{checklist_id}/archive": Known(
        "/checklists/{checklist}", "/checklists/{checklist}/archive", {"why": "old"}
    ),
    "/inspection-routes": Known(
        "/inspection-routes/new", "/inspection-routes",
        {"site": "NTH", "code": "NEW", "title": "New", "asset_1": "{asset}", "checklist_1": "{checklist}"},
        {"title": " "},
    ),
    "/inspection-routes/{route_id}": Known(
        "/inspection-routes/{route}", "/inspection-routes/{route}",
        {"title": "Other", "asset_1": "{asset}", "checklist_1": "{checklist}"}, {"title": " "},
    ),
    "/inspection-routes/{route_id}/archive": Known("/inspection-routes/{route}", "/inspection-routes/{route}/archive"),
    "/audits": Known("/audits", "/audits", {"site": "NTH", "title": "Permits", "kind": "records"}, {"title": " "}),
    "/audits/{audit_id}/findings": Known(
        "/audits/{audit}", "/audits/{audit}/findings",
        {"statement": "No end", "grade": "minor", "owner": "holm", "due": "2031-01-01"},
        {"statement": " ", "owner": " "},
    ),
    "/audits/{audit_id}/findings/{seq}/answer": Known(
        "/audits/{audit}", "/audits/{audit}/findings/1/answer", {"said": "done"}, {"said": " "}
    ),
    "/audits/{audit_id}/findings/{seq}/settle": Known(
        "/audits/{audit}", "/audits/{audit}/findings/1/settle", {"step": "withdraw", "said": "none"}, {"said": " "}
    ),
    "/audits/{audit_id}/close": Known("/audits/{settled}", "/audits/{settled}/close", {"conclusion": "fine"}),
    "/technician-devices/{mobile_id}/revoke": Known("/technician-devices", "/technician-devices/{mobile}/revoke"),
    "/technician-devices/reports/{op_id}": Known(
        "/technician-devices", "/technician-devices/reports/{report}",
        {"decision": "set_aside", "why": "by phone already"}, {"why": " "},
    ),
    "/orders/{order_id}/reports/{op_id}": Known(
        "/orders/{order}", "/orders/{order}/reports/{op}", {"decision": "set_aside", "why": "by phone already"},
        {"why": " "},
    ),
    "/escalations/policies/new": Known(
        "/escalations/policies/new", "/escalations/policies/new",
        {"site": "NTH", "code": "NEW", "title": "Gas", "order_types": "emergency", "whom_1": "mette, rota:PUMPS/first"},
        {"title": " ", "whom_1": " ", "wait_1": "soon", "repeat": "x", "priorities": "high", "alarm_severities": "1.5"},
    ),
    "/escalations/policies/{policy_id}": Known(
        "/escalations/policies/{policy}", "/escalations/policies/{policy}",
        {"title": "More", "order_types": "emergency", "whom_1": "mette", "whom_2": "everybody"},
        {"whom_1": "rota:NONE"},
    ),
    "/escalations/policies/{policy_id}/retire": Known(
        "/escalations/policies/{policy}", "/escalations/policies/{policy}/retire"
    ),
    "/escalations/{escalation_id}/acknowledge": Known(
        "/escalations/{escalation}", "/escalations/{escalation}/acknowledge"
    ),
    "/escalations/{escalation_id}/hand-on": Known(
        "/escalations/{escalation}", "/escalations/{escalation}/hand-on", {"to": "mette", "reason": "her pump"}
    ),
    "/asked/{token}/{given}": Known("/asked/{token}", "/asked/{token}/acknowledge"),
    "/on-call/new": Known(
        "/on-call/new", "/on-call/new",
        ON_CALL | {"site": "NTH", "code": "NEW"},
        {"title": " ", "people_1": " ", "starts_1": "soon", "turn_1": "0.5", "hours_1": "always", "covered": "Xx 1-2"},
    ),
    "/on-call/{rota_id}": Known("/on-call/{rota}", "/on-call/{rota}", ON_CALL, {"zone": "Mars/Olympus"}),
    "/on-call/{rota_id}/retire": Known("/on-call/{rota}", "/on-call/{rota}/retire", {"reason": "one team now"}),
    "/escalations/chief": Known(
        "/escalations", "/escalations/chief", {"site": "NTH", "person": "mette"}, {"person": "nobody-there"}
    ),
    "/on-call/{rota_id}/overrides": Known(
        "/on-call/{rota}", "/on-call/{rota}/overrides",
        {"layer": "first", "person": "mette", "begins": "2041-01-01T08:00", "ends": "2041-01-02T08:00"},
        {"begins": "soon", "ends": "late"},
    ),
    "/on-call/{rota_id}/overrides/{override_id}/cancel": Known(
        "/on-call/{rota}", "/on-call/{rota}/overrides/{override}/cancel"
    ),
    "/planned-work/new": Known(
        "/planned-work/new", "/planned-work/new", PLANNED | {"code": "GREASE"},
        {"title": " ", "starts": "soon", "shift_factor": "2", "packages": "monthly"},
    ),
    "/planned-work/plans/{plan_id}": Known(
        "/planned-work/plans/{plan}", "/planned-work/plans/{plan}", PLANNED | {"lead_days": "9"}, {"lead_days": "x"}
    ),
    "/planned-work/plans/{plan_id}/skip": Known(
        "/planned-work/plans/{plan}", "/planned-work/plans/{plan}/skip", {"reason": "overhauled"}, {"reason": " "}
    ),
    "/planned-work/plans/{plan_id}/count": Known(
        "/planned-work/plans/{plan}", "/planned-work/plans/{plan}/count", {"count": "120"},
        {"count": "much", "read_at": "soon"},
    ),
    "/skills/asked": Known(
        "/skills?site=NTH", "/skills/asked",
        {"site": "NTH", "of": "component", "code": "motor", "skill": "electrical", "level": "3"},
        {"code": " ", "level": "9"},
    ),
    "/skills/certificates": Known(
        "/skills?site=NTH", "/skills/certificates", {"site": "NTH", "skill": "electrical", "certificates": ""},
        {"skill": " "},
    ),
    "/estimates/take-over": Known(
        "/estimates?site=NTH", "/estimates/take-over", {"site": "NTH", "kind": "job_plan", "key": "NTH/OFTEN"}
    ),
    "/week/plan": Known("/week?week=2031-03-03", "/week/plan", {"site": "NTH", "week": "2031-03-03"}),
    "/week/what-if": Known(
        "/week?week=2031-03-03", "/week/what-if", {"site": "NTH", "week": "2031-03-03", "like": "holm"}
    ),
    "/week/begin": Known("/week?week=2031-03-03", "/week/begin", {"site": "NTH", "week": "2031-03-03"}),
    "/week/{schedule_id}/orders/{order_id}/move": Known(
        "/week/{accepted_week}/orders/{week_order}", "/week/{accepted_week}/orders/{week_order}/move",
        {"person": "holm", "day": "2031-03-19", "time": "09:00"}, {"day": "soon"},
    ),
    "/week/{schedule_id}/orders/{order_id}/take-out": Known(
        "/week/{accepted_week}/orders/{week_order}", "/week/{accepted_week}/orders/{week_order}/take-out"
    ),
    "/week/{schedule_id}/orders/{order_id}/pin": Known(
        "/week/{accepted_week}/orders/{week_order}", "/week/{accepted_week}/orders/{week_order}/pin", {"pinned": "yes"}
    ),
    "/week/{schedule_id}/freeze": Known(
        "/week/{accepted_week}?day=2031-03-18", "/week/{accepted_week}/freeze", {"day": "2031-03-18"}
    ),
    "/week/{schedule_id}/accept": Known("/week/{draft_week}", "/week/{draft_week}/accept"),
    "/week/{schedule_id}/accept-some": Known(
        "/week/{draft_week}", "/week/{draft_week}/accept-some", {"order": "{draft_order}"}
    ),
    "/week/{schedule_id}/publish": Known("/week/{accepted_week}", "/week/{accepted_week}/publish"),
    "/week/{schedule_id}/discard": Known("/week/{draft_week}", "/week/{draft_week}/discard"),
    "/alarms/rules/{step}": Known(
        "/alarms/rules", "/alarms/rules/shadow", {"rule": "oil-warm", "why": "loose"}, {"why": " "}
    ),
    "/alarms/acknowledge": Known("/alarms", "/alarms/acknowledge", ALARM),
    "/alarms/reset": Known("/alarms", "/alarms/reset", {"alarm": "{latched}"}),
    "/alarms/shelve": Known(
        "/alarms", "/alarms/shelve", ALARM | {"hours": "8", "why": "known"}, {"hours": "", "why": " "}
    ),
    "/alarms/unshelve": Known("/alarms", "/alarms/unshelve", {"alarm": "{shelved}"}),
    "/alarms/take_out_of_service": Known(
        "/alarms", "/alarms/take_out_of_service", ALARM | {"hours": "8", "why": "loose"}, {"why": " "}
    ),
    "/alarms/return_to_service": Known("/alarms", "/alarms/return_to_service", {"alarm": "{out}"}),
    "/safety-proposals/{proposal_id}/{verdict}": Known("/changes", "/safety-proposals/{proposal}/confirm"),
    "/devices": Known(
        "/devices", "/devices", {"device": "d2", "assets": "NTH/P-101", "new": "d2"},
        {"device": "a+b", "assets": "P#101"},
    ),
    "/assets/{asset_id}/label": Known("/assets/{asset}", "/assets/{asset}/label"),
    "/orders/{order_id}/label/void": Known("/orders/{order}", "/orders/{order}/label/void"),
    "/locations/{location_id}/label": Known("/locations/{place}", "/locations/{place}/label"),
    "/assets/{asset_id}/files/new": Known("/assets/{asset}", "/assets/{asset}/files/new"),
    "/locations/{location_id}/files/new": Known("/locations/{place}", "/locations/{place}/files/new"),
    "/files/{file_id}/delete": Known("/assets/{asset}", "/files/{file}/delete"),
    "/costs/{site_code}/currency": Known(
        "/costs/NTH", "/costs/NTH/currency", {"currency": "eur"}, {"currency": "QQQ"}
    ),
    "/costs/{site_code}/labour-rate": Known(
        "/costs/NTH", "/costs/NTH/labour-rate",
        {"skill": "mechanical", "from_date": "2026-01-01", "per_hour": "620,50"},
        {"from_date": "soon", "per_hour": "much"},
    ),
    "/costs/{site_code}/model": Known(
        "/costs/NTH", "/costs/NTH/model", {"of": "asset:P-101", "failure": "90 000", "notice_hours": "24"},
        {"of": "odd", "down_hour": "-1", "failure_hours": "0,001", "wasted_visit": "nan", "notice_hours": "1e99"},
    ),
    "/orders/{order_id}/part-prices": Known(
        "/orders/{planned}", "/orders/{planned}/part-prices", {"unit_cost": "128,40"}, {"unit_cost": "much"}
    ),
    "/stock/items/new": Known(
        "/stock", "/stock/items/new", {"code": "BRG", "name": "Bearing", "lead": "7", "price": "12,50"},
        {"code": "a/b", "name": " ", "lead": "soon", "price": "much", "others": "box"},
    ),
    "/stock/stores/new": Known(
        "/stock", "/stock/stores/new", {"store": "VAN", "bins": "V1 V2"}, {"store": " ", "bins": " "}
    ),
    "/stock/items/{item_id}/facts": Known(
        "/stock/items/{item}", "/stock/items/{item}/facts", {"name": "Shaft seal", "others": "box = 12"},
        {"name": " ", "lead": "soon", "price": "-1", "others": "box = x"},
    ),
    "/stock/items/{item_id}/rule": Known(
        "/stock/items/{item}", "/stock/items/{item}/rule", {"store": "{store}", "reorder_point": "2", "minimum": "1"},
        {"store": "x", "minimum": "9", "reorder_point": "some", "reorder_quantity": "-1"},
    ),
    "/stock/items/{item_id}/do/{verb}": Known(
        "/stock/items/{item}", "/stock/items/{item}/do/issue", {"quantity": "1", "why": "sample"},
        {"quantity": "many", "order": "NO-1", "place": "x"},
    ),
    "/stock/items/{item_id}/keep/{verb}": Known(
        "/stock/items/{item}", "/stock/items/{item}/keep/receive", {"quantity": "2", "unit_cost": "8,40"},
        {"quantity": "many", "place": "x", "unit_cost": "much"},
    ),
    "/orders/{order_id}/stock/{verb}": Known(
        "/orders/{order}", "/orders/{order}/stock/reserve", {"item": "{item}", "item_quantity": "2"},
        {"item": "x", "item_quantity": "many"},
    ),
    "/purchases/{request_id}/{verb}": Known(
        "/purchases", "/purchases/{request}/receive", {"quantity": "3"},
        {"quantity": "many", "to_bin": "x", "unit_cost": "much"},
    ),
    "/tools/new": Known("/tools", "/tools/new", {"code": "T-2", "name": "Gauge"}, {"code": "a/b", "name": " "}),
    "/stock/items/{item_id}/ask": Known(
        "/stock/items/{other_item}", "/stock/items/{other_item}/ask", {"wanted": "2", "for_store": "{store}"},
        {"wanted": "much", "for_store": "x"},
    ),
    "/stock/counting/{store_id}": Known(
        "/stock/counting?store={store}", "/stock/counting/{store}", {"found_1": "4"}, {"found_1": "four"}
    ),
    "/stock/bills/{verb}": Known(
        "/stock/bills", "/stock/bills/put", {"asset_class": "centrifugal_pump", "item": "{item}", "many": "2"},
        {"asset_class": " ", "many": "0"},
    ),
    "/tools/{tool_id}/facts": Known(
        "/tools/{tool}", "/tools/{tool}/facts", {"name": "Puller 3", "kept_at": "cabinet 4"}, {"name": " "}
    ),
    "/tools/{tool_id}/book": Known(
        "/tools/{tool}", "/tools/{tool}/book",
        {"booked_for": "Holm", "starts_at": "2040-01-01T08:00", "ends_at": "2040-01-01T16:00"},
        {"booked_for": " ", "starts_at": "soon", "order": "NTH-0"},
    ),
    "/tool-bookings/{booking_id}/cancel": Known("/tools/{tool}", "/tool-bookings/{booking}/cancel"),
    "/tools/{tool_id}/{verb}": Known(
        "/tools/{tool}", "/tools/{tool}/lend", {"borrower": "Holm", "due_at": "2040-01-01T16:00"},
        {"borrower": " ", "due_at": "soon", "order": "NO-1"},
    ),
    "/devices/{device}/unbind": Known("/devices", "/devices/d1/unbind"),
    "/new-order": Known(
        "/new-order", "/new-order", {"asset_id": "{asset}", "kind": "inspection", "title": "Look"},
        {"title": " ", "kind": "odd", "hours": "many"},
    ),
    "/orders/{order_id}/plan-steps/{seq}": Known(
        "/orders/{planned}", "/orders/{planned}/plan-steps/1", {"value": "2,5"}, {"value": "much"}
    ),
    "/orders/{order_id}/remarks/new": Known(
        "/orders/{order}", "/orders/{order}/remarks/new", {"text": "It hums"}, {"text": " "}
    ),
    "/orders/{order_id}/files/new": Known("/orders/{order}", "/orders/{order}/files/new"),
    "/orders/{order_id}/links/{verb}": Known(
        "/orders/{order}", "/orders/{order}/links/new", {"kind": "blocks", "number": "{number}"},
        {"kind": "odd", "number": " "},
    ),
    "/access/users": Known(
        "/access", "/access/users", {"name": "kari", "roles": ["viewer"]}, {"name": "!", "roles": "odd", "sites": "XXX"}
    ),
    "/access/users/{user_name}": Known(
        "/access", "/access/users/mette", {"full_name": "Mette L", "roles": ["planner"]}, {"roles": "odd"}
    ),
    "/access/users/{user_name}/password": Known("/access", "/access/users/mette/password"),
    "/access/keys": Known(
        "/access", "/access/keys", {"name": "scada", "roles": ["viewer"]}, {"name": "!", "roles": "odd"}
    ),
    "/access/keys/{key_name}/revoke": Known("/access", "/access/keys/erp/revoke"),
    "/shadow/{run_id}/{verb}": Known("/shadow/{run}", "/shadow/{run}/dropped", {"why": "too many"}, {"why": " "}),
    "/assets/{asset_id}/signals/{signal:path}": Known(
        "/assets/{asset}/signals/flow", "/assets/{asset}/signals/flow",
        {"numbers": "states", "states": "RUNNING = 1", "unit": ""},
        {"states": "RUNNING", "plausible_low": "low", "plausible_high": "high"},
    ),
    "/orders/{order_id}/{step}": Known(
        "/orders/{working}", "/orders/{working}/complete",
        {"finding": "confirmed", "cause": "wear", "remedy": "replace"},
        {"hours": "two", "downtime": "-3", "parts": "12", "cause": ""},
    ),
    "/assets/{asset_id}/downtimes": Known(
        "/assets/{asset}", "/assets/{asset}/downtimes",
        {"starts_at": "2030-01-01T08:00", "ends_at": "2030-01-01T09:00", "reason": "new seal"},
        {"starts_at": "soon", "ends_at": "late", "reason": " "},
    ),
    "/assets/{asset_id}/judged-as": Known(
        "/assets/{asset}", "/assets/{asset}/judged-as",
        {"asset_class": "centrifugal_pump", "criticality": "2", "parent": "", "why": "moved"},
        {"asset_class": " ", "criticality": "9"},
    ),
    "/downtimes/{downtime_id}/cancel": Known("/assets/{asset}", "/downtimes/{downtime}/cancel"),
    "/imports": Known("/imports", "/imports", {"table": "assets", "site": "NTH"}),
    "/imports/{upload_id}": Known(
        "/imports/{upload}?table=assets", "/imports/{upload}", {"column_code": "Tag", "column_name": "Name"},
        {"column_code": ""},
    ),
    "/triage/{site_code}/in-force": Known(
        "/triage/NTH", "/triage/NTH/in-force", {"number": "", "why": "words are enough"}, {"number": "x", "why": " "}
    ),
    "/triage/{site_code}/learn": Known("/triage/NTH", "/triage/NTH/learn"),
    "/triage/{site_code}/danger-words": Known(
        "/triage/NTH", "/triage/NTH/danger-words", {"words": "NH3", "why": "agreed"}, {"words": "N", "why": " "}
    ),
    "/runs/{run_key}/cancel": Known("/runs/{waiting}", "/runs/{waiting}/cancel"),
    "/runs/{run_key}/apply": Known("/runs/{dry}", "/runs/{dry}/apply"),
    "/backtests/new": Known(
        "/backtests/new", "/backtests/new", {"rulebook": "1", "assets": "NTH/P-101", "warm_up": "2,5"},
        {"rulebook_text": "threshold = 1", "models_text": "[", "assets": "NTH/P-9", "since": "soon", "warm_up": "long"},
    ),
    "/audit-report": Known(
        "/audit-report", "/audit-report", {"site": "NTH", "since": "2026-01-01T00:00", "kind": "order"},
        {"site": "XXX", "since": "soon", "until": "late", "kind": "odd", "anchor": "5f1c"},
    ),
    "/quarantine/{kept_id}/retry": Known("/quarantine", "/quarantine/{kept}/retry"),
    "/quarantine/{kept_id}/drop": Known("/quarantine", "/quarantine/{kept}/drop"),
    "/outbox": Known(
        "/outbox", "/outbox", {"name": "erp", "url": "https://erp.example.com/in", "kinds": ["order.*"]},
        {"name": " ", "url": "ftp://erp", "kinds": "odd", "sites": "X X"},
    ),
    "/outbox/{receiver_id}/{verb}": Known("/outbox/{receiver}", "/outbox/{receiver}/pause"),
    "/notification-policy": Known(
        "/notification-policy?site=NTH", "/notification-policy", {"site": "NTH", "document": "{{}}", "version": "0"},
        {"document": '{{"events": {{"alarm": {{"to": ["person:nobody-there"]}}}}}}'},
    ),
    "/notification-policy/news": Known(
        "/notification-policy?site=NTH", "/notification-policy/news",
        {"site": "NTH", "version": "0", "to_alarm": "role:planner", "channels_alarm": "banner", "one_by_one": "4"},
        {"to_alarm": "nobody", "to_warned": "role:boss", "seconds_apart": "soon", "zone": "Nowhere"},
    ),
    "/report": Known(
        "/report?at=asset-{asset}", "/report", {"at": "asset-{asset}", "danger": "no", "what": "Drips"}, {"what": " "}
    ),
    "/my-requests/{ask_id}/messages": Known(
        "/my-requests/{own}", "/my-requests/{own}/messages", {"text": "Still drips"}, {"text": " "}
    ),
    "/my-requests/{ask_id}/files/new": Known("/my-requests/{own}", "/my-requests/{own}/files/new"),
    "/my-requests/{ask_id}/withdraw": Known("/my-requests/{own}", "/my-requests/{own}/withdraw"),
    "/my-requests/{ask_id}/rating": Known(
        "/my-requests/{settled_request}", "/my-requests/{settled_request}/rating", {"rating": "5", "words": "Quick"},
        {"rating": "very"},
    ),
    "/requests/{ask_id}/accept": Known(
        "/requests/{asked}", "/requests/{asked}/accept", {"title": "New seal", "kind": "reactive"}, {"title": " "}
    ),
    "/requests/{ask_id}/merge": Known(
        "/requests/{asked}", "/requests/{asked}/merge", {"order": "{number_of_working}"}, {"order": " "}
    ),
    "/my-requests/{ask_id}/quotes/{quote_version}/answer": Known(
        "/my-requests/{quoted}", "/my-requests/{quoted}/quotes/1/answer",
        {"answer_is": "decline", "quote_words": "Too much"},
    ),
    "/requests/{ask_id}/quotes": Known(
        "/requests/{asked}/quotes/new", "/requests/{asked}/quotes",
        {"text_1": "Seal", "quantity_1": "2", "price_1": "10.5", "valid_until": "2031-03-01"},
        {"quantity_1": "two", "price_1": "much", "valid_until": "soon"},
    ),
    "/requests/{ask_id}/quotes/{quote_version}/withdraw": Known(
        "/requests/{quoted}", "/requests/{quoted}/quotes/1/withdraw"
    ),
    "/costs/{site_code}/price-list": Known(
        "/costs/NTH/price-list", "/costs/NTH/price-list", {"prices": "MECH; labour; Fitter; h; 92"},
        {"prices": "MECH; labour"},
    ),
    "/self-help/{site_code}": Known(
        "/self-help?site=NTH", "/self-help/NTH", {"title": "Does not start", "steps": "Turn the switch.", "of": ""},
        {"title": " ", "steps": " ", "of": "moon"},
    ),
    "/self-help/{site_code}/{help_id}/retire": Known("/self-help?site=NTH", "/self-help/NTH/{help}/retire"),
    "/requests/{ask_id}/say": Known(
        "/requests/{asked}", "/requests/{asked}/say", {"words": "Which one?", "what": "ask_back"}, {"words": " "}
    ),
    "/outbox/{receiver_id}/messages/{event_id}/{verb}": Known(
        "/outbox/{receiver}", "/outbox/{receiver}/messages/{event}/skip"
    ),
}  # fmt: skip
OF_PEOPLE = {
    "/escalations/{escalation_id}/decline",
    "/on-call/{rota_id}/swaps",
    "/on-call/{rota_id}/swaps/{swap_id}/{given}",
    "/notifications",
    "/notifications/seen",
    "/notifications/test/{channel}",
    "/language",
    "/my-calendars",
    "/my-calendars/{feed_id}/revoke",
    "/my-requests/{ask_id}/times",
}
"""What a key has not: only who was asked declines; notifications are tried with who has an e-mail address, calendars in
test_feeds; times of one's own request need a schedule."""
FILES = {
    "/imports": ("assets.csv", b"Tag;Name\nP-1;Pump\n"),
}
"""What is sent with forms that need a file."""
SESSION = {"/login", "/logout", "/try-as", "/password"}
"""What opens, ends or changes a session: it is tried where signing in is."""
REFUSED = [path for path, form in FORMS.items() if form.wrong]


def posted(routes) -> Iterator[str]:
    for route in iter_route_contexts(routes):
        if "POST" in (route.methods or ()) and not str(route.path).startswith("/api/"):
            yield str(route.path)


def stored(pool) -> dict[str, str]:
    """A digest of each table."""
    with pool.connection() as conn:
        tables = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        found = {}
        for (name,) in tables:
            rows = conn.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name))).fetchall()
            found[name] = hashlib.sha256("\n".join(sorted(row[0] for row in rows)).encode()).hexdigest()
        return found


def filled(form: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    return {name: value.format(**names) if isinstance(value, str) else value for name, value in form.items()}


def its_form(page: str, action: str) -> str:
    """The first form of a page that is sent there."""
    forms: list[str] = re.findall(r"<form\b.*?</form>", page, re.DOTALL)
    return next(each for each in forms if f'action="{action}"' in each)


def unseen(form: str) -> dict[str, str]:
    """The hidden fields of a form, as a browser sends them."""
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in after if before.get(name) != after[name]}


def test_every_form_of_the_routes_is_tried_here():
    found = set(posted(create(None, keys={}).routes))  # type: ignore[arg-type]
    assert found - SESSION - OF_PEOPLE == set(FORMS)


@pytest.mark.parametrize("path", REFUSED)
def test_what_is_wrong_is_said_at_its_field_all_at_once_and_what_was_typed_is_there(
    path, client, names, pool, monkeypatch
):
    """Asked in a language that has each marked text in brackets: what is said at a field is in a catalogue."""
    monkeypatch.setattr(chosen, "language", lambda code: pseudo.language())
    form = FORMS[path]
    before = stored(pool)
    action, page = form.action.format(**names), client.get(form.page.format(**names), headers=HTML).text
    sent = {**unseen(its_form(page, action)), **filled({**form.right, **form.wrong}, names)}
    answer = client.post(action, data=sent, headers=HTML, follow_redirects=False)
    assert answer.status_code == 422, answer.text[:400]
    assert not changed(before, stored(pool))
    marked = re.findall(r'<span class="wrong"[^>]* id="wrong-(\w+)"', answer.text)
    assert sorted(marked) == sorted(form.wrong)
    said = re.findall(r'<span class="wrong"[^>]*>([^<]*)', answer.text)
    assert [each for each in said if "⟦" not in each] == []
    for name in form.wrong:
        assert re.search(rf'<(?:input|select|textarea)\b[^>]*name="{name}"[^>]*aria-invalid="true"', answer.text), name
    for name, value in sent.items():
        kind = re.search(rf'<(input|textarea)\b[^>]*name="{name}"[^>]*aria-invalid="true"[^>]*>([^<]*)', answer.text)
        if kind and value and not re.search(r'type="(?:checkbox|radio)"', kind[0]):
            assert f'value="{value}"' in unescape(kind[0]) or value == unescape(kind[2]), f"{name} is still there"


@pytest.mark.parametrize("path", FORMS)
def test_a_form_that_is_sent_twice_is_done_once(path, client, names, pool):
    form = FORMS[path]
    action, page = form.action.format(**names), client.get(form.page.format(**names), headers=HTML).text
    sent = {**unseen(its_form(page, action)), **filled(form.right, names)}
    assert sent["once"]
    files = {"file": FILES[path]} if path in FILES else None
    if path.endswith("files/new"):
        files = {"file": ("new.png", pictures.a_picture())}
    start = stored(pool)
    answers, states = [], []
    for _ in range(2):
        answers.append(client.post(action, data=sent, files=files, headers=HTML, follow_redirects=False))
        states.append(stored(pool))
    assert [each.status_code for each in answers] in ([303, 303], [200, 200]), answers[0].text[:400]
    assert answers[0].headers.get("location") == answers[1].headers.get("location")
    assert changed(start, states[0]) - {"idempotent_answers"}, "the first does something"
    assert not changed(*states), "the second does nothing"


TYPED = ("a\0b", "\ud800", "²", "NaN", "9" * 400, "0." + "0" * 400 + "1", "0001-01-01T00:00", "[\n;;;")
"""What nobody should type."""


@pytest.mark.slow
@pytest.mark.parametrize("path", FORMS)
def test_whatever_is_typed_into_a_field_is_stored_or_refused_with_a_sentence(path, client, names):
    form = FORMS[path]
    action, page = form.action.format(**names), client.get(form.page.format(**names), headers=HTML).text
    hidden = unseen(its_form(page, action))
    right = {name: str(value) for name, value in filled(form.right, names).items()}
    shown = [one.name for each in forms_of(page) if each.tag.attrs.get("action") == action for one in each.fields]
    heads = {**client.headers, **HTML, "Content-Type": "application/x-www-form-urlencoded"}
    plain = TestClient(client.app, base_url="http://localhost", headers=heads, raise_server_exceptions=False)
    wrong = []
    for number, (name, typed) in enumerate((f, t) for f in sorted({*right, *hidden, *shown} - {"once"}) for t in TYPED):
        body = urlencode(hidden | right | {name: typed, "once": f"once-{number}"}, errors="surrogatepass")
        answer = plain.post(action, content=body, follow_redirects=False)
        said = re.sub(r"<[^>]+>|\s+", " ", answer.text)
        if answer.status_code >= 500 or (answer.status_code >= 400 and len(said) < 20):
            wrong.append((name, typed[:40], answer.status_code))
    assert wrong == []
