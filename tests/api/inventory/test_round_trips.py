"""A list that pages offer as a file is a table that can be imported: unchanged, it changes nothing."""

import pytest

from api.language.catalogues import language as catalogue
from api.shapes.runs import ImportIn
from runtime.runs import imports
from workorder_core.language import speaking

V1 = "/api/v1"
LISTS = {
    "items": ("items", 2),
    "stock-bins": ("stock", 3),
    "bills-of-material": ("bills", 2),
    "maintenance-plans": ("plans", 4),
    "checklist-items": ("checklists", 7),
    "route-stops": ("routes", 2),
}
"""By the list: its table, and how many rows it has here."""
ITEMS = (
    b"Material;Description;UoM;Vendor;Lead time;Pack;Pack size\n"
    b'SEAL;"Seal 45 mm; ""double"", left";;Sealco, Aarhus;21;box;12\n007;Oil;l;;;;\n'
)
STOCK = b"Item;Store;Bin;Batch;Quantity\nSEAL;MAIN;A1;L7;4\nSEAL;MAIN;A1;;3\n007;MAIN;C1;;38,125\n"
BILLS = b"Class;Item;Qty\ncentrifugal_pump;SEAL;1\ncentrifugal_pump;007;2,5\n"
CALENDAR = {"rule": "FREQ=MONTHLY;BYMONTHDAY=31", "starts": "2026-01-31T08:00", "on_free_day": "next"}
PLANS = (
    {"code": "GREASE", "title": "Grease; both", "object": "asset", "objects": ["P-101"], "calendar": CALENDAR,
     "hours": 0.25, "shift_factor": "0.35", "early_days": 2, "late_days": 3, "skill": "mechanical"},
    {"code": "OIL", "title": "Change the oil", "object": "class", "objects": ["centrifugal_pump"],
     "meter": {"signal": "run_hours", "every": 1500.5, "unit": "h", "wraps_at": 100000, "early": 10, "late": 20}},
    {"code": "WALK", "title": "Walk", "object": "route", "objects": ["P-102", "P-101"], "location": "{place}",
     "calendar": CALENDAR | {"season": [[4, 1], [10, 15]]}, "active": False},
    {"code": "WARM", "title": "Look at it", "object": "asset", "objects": ["P-101"],
     "condition": {"health_below": 70.5}, "calendar": CALENDAR,
     "packages": [{"name": "monthly", "every": 1, "hours": 0.5}, {"name": "yearly", "every": 12}],
     "group": "G1", "group_days": 3, "when_open": "merge", "after_outage": "catch_up", "stops_asset": True},
)  # fmt: skip
POINTS = (
    {"key": "seal", "kind": "yes_no", "text": "Shaft seal dry; really?", "fails": ["no"], "severity": "malfunction"},
    {"key": "leak", "kind": "choice", "text": "How much?", "choices": ["drops", "a stream"], "fails": ["a stream"],
     "severity": "safety", "only_if": {"key": "seal", "answer": "no"}},
    {"key": "temp", "kind": "measurement", "text": "Bearing temperature", "unit": "degC", "low": "-20.5", "high": 80,
     "signal": "bearing_temp", "severity": "malfunction", "photo_if_failed": True},
    {"key": "odd", "kind": "measurement", "text": "Pressure", "unit": "bar", "high": "1234567.125"},
    {"key": "note", "kind": "text", "text": "Anything else", "needed": False},
    {"key": "look", "kind": "photo", "text": "The gland"},
    {"key": "sign", "kind": "signature", "text": "Walked by"},
)  # fmt: skip


@pytest.fixture
def plant_of_tables(client, pool, seeded):
    with pool.connection() as conn:
        for table, content in (("items", ITEMS), ("stock", STOCK), ("bills", BILLS)):
            asked = ImportIn(table=table, apply=True)
            assert imports.run(conn, "NTH", f"{table}.csv", content, asked, actor="person:ida").applied
    place = client.get(f"{V1}/locations").json()[0]["code"]
    asset = next(each["id"] for each in client.get(f"{V1}/assets").json() if each["code"] == "P-101")

    def post(path: str, body: dict):
        made = client.post(
            f"{V1}{path}", json={"site": "NTH"} | body, headers={"Idempotency-Key": f"{path}{body['code']}"}
        )
        assert made.status_code == 201, made.text
        return made.json()

    for plan in PLANS:
        post("/maintenance-plans", plan | ({"location": place} if plan.get("location") else {}))
    checklist = post("/checklists", {"code": "PUMP", "title": "Daily look", "items": list(POINTS)})
    stops = [{"asset_id": asset, "checklist_id": checklist["id"]}] * 2
    post("/inspection-routes", {"code": "HALL", "title": "The hall", "stops": stops})


def test_each_list_is_imported_again_as_it_is(client, pool, plant_of_tables):
    for path, (table, rows) in LISTS.items():
        for form in ("xlsx", "csv", "csv-bom"):
            for language in ("en", "de"):
                file = client.get(f"{V1}/{path}?format={form}", headers={"Accept-Language": language})
                assert file.status_code == 200, file.text
                name = f"{path}.{form.partition('-')[0]}"
                with pool.connection() as conn, speaking(catalogue(language)):
                    made = imports.run(conn, "NTH", name, file.content, ImportIn(table=table), actor="person:ida")
                found = made.plan
                case = (path, form, language, [str(each) for each in found.wrong], found.change)
                assert (found.same, found.wanted, found.wrong) == (rows, [], []), case
