"""Job plans belong to the plant or to a site, and a permit is not lost by one person's word."""

import pytest

from workorder_core.orders.job_plans import JobPlan, PlanStep, StepKind
from workorder_core.people.access import Role
from workorder_core.plant.safety import lost_permits
from workorder_core.words import FailureMode

V1 = "/api/v1/job-plans"
WHY = "&why=the%20valve%20locks%20itself"
PERMIT = {"kind": "permit", "instruction": "Isolation and lock-out"}
PLAN = {"title": "Swap", "failure_mode": "OHE", "steps": [PERMIT, {"instruction": "Swap it"}]}
BARE = PLAN | {"steps": [{"instruction": "Swap it"}]}


@pytest.fixture
def south(pool, seeded):
    with pool.connection() as conn:
        site = conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South') RETURNING id").fetchone()[0]
        asset = "INSERT INTO assets (site_id, code, name) VALUES (%s, 'S-1', 'Pump') RETURNING id"
        return conn.execute(asset, [site]).fetchone()[0]


@pytest.fixture
def plants(known):
    return known(Role.PLANNER, name="head")


@pytest.fixture
def north(known):
    return known(Role.PLANNER, name="ada", sites=["NTH"])


def made(client, asset, **more):
    body = {"asset_id": asset, "type": "reactive", "title": "Hot", "failure_mode": "OHE"} | more
    order = client.post("/api/v1/work-orders", json=body, headers={"Idempotency-Key": f"{asset} {more}"}).json()
    steps = client.get(f"/api/v1/work-orders/{order['id']}/content").json()["steps"]
    return order["plan"], [step["instruction"] for step in steps]


def test_a_planner_of_one_site_writes_and_retires_its_own_plans_only(plants, north, south):
    assert plants.put(f"{V1}/SWAP", json=PLAN).status_code == 200
    assert plants.put(f"{V1}/OTHER?site=STH", json=PLAN).json()["site"] == "STH"
    for path, status in ((f"{V1}/SWAP", 403), (f"{V1}/NEW", 403), (f"{V1}/OTHER?site=STH", 404)):
        assert north.put(path, json=PLAN).status_code == status
        assert north.delete(path).status_code == status
    assert north.put(f"{V1}/OTHER?site=NTH", json=PLAN).json()["version"] == 1, "codes of sites do not meet"
    assert [(each["site"], each["code"]) for each in north.get(V1).json()] == [(None, "SWAP"), ("NTH", "OTHER")]
    assert north.get(f"{V1}/OTHER?site=STH").status_code == 404
    assert north.get(f"{V1}/OTHER").status_code == 404


def test_orders_get_their_own_sites_plan_before_the_plants(plants, north, south, seeded):
    plants.put(f"{V1}/SWAP", json=PLAN)
    north.put(f"{V1}/SWAP?site=NTH", json=PLAN | {"steps": [PERMIT, {"instruction": "Our own way"}]})
    mine, steps = made(plants, seeded.assets["P-102"])
    assert (mine, steps[-1]) == ("NTH/SWAP", "Our own way")
    assert made(plants, south) == ("SWAP", ["Isolation and lock-out", "Swap it"])
    assert made(plants, seeded.assets["P-103"], plan="SWAP")[0] == "NTH/SWAP"
    assert made(plants, south, plan="SWAP")[0] == "SWAP"


LOSING = {
    "a version without it": lambda c: c.put(f"{V1}/SWAP?site=NTH{WHY}", json=BARE),
    "retiring it": lambda c: c.delete(f"{V1}/SWAP?site=NTH{WHY}"),
    "a plan that is preferred to it": lambda c: c.put(
        f"{V1}/NEW?site=NTH{WHY}", json=BARE | {"asset_class": "centrifugal_pump"}
    ),
    "a plan for another fault": lambda c: c.put(f"{V1}/SWAP?site=NTH{WHY}", json=PLAN | {"failure_mode": "VIB"}),
}


@pytest.mark.parametrize("change", LOSING.values(), ids=LOSING)
def test_a_permit_is_lost_by_two_people_only(north, known, seeded, change):
    north.put(f"{V1}/SWAP?site=NTH", json=PLAN)
    asked = change(north)
    assert (asked.status_code, asked.json()["was"]["permits_lost"]) == (202, ["Isolation and lock-out"])
    assert made(north, seeded.assets["P-102"])[1] == ["Isolation and lock-out", "Swap it"]
    assert north.post(f"{asked.headers['Location']}/confirm").status_code == 403
    done = known(Role.PLANNER, name="bo", sites=["NTH"]).post(f"{asked.headers['Location']}/confirm")
    assert done.json()["verdict"] == "confirmed"
    assert "Isolation and lock-out" not in made(north, seeded.assets["P-103"])[1]


def test_the_plants_permits_are_not_lost_by_a_sites_own_plan(plants, north, seeded):
    plants.put(f"{V1}/SWAP", json=PLAN)
    asked = north.put(f"{V1}/QUICK?site=NTH{WHY}", json=BARE)
    assert asked.status_code == 202
    assert north.get(f"{V1}/QUICK?site=NTH").status_code == 404


def test_another_plan_for_an_order_keeps_its_permits(north, seeded):
    north.put(f"{V1}/SWAP?site=NTH", json=PLAN)
    north.put(f"{V1}/LOOK?site=NTH", json={"title": "Look", "steps": [{"instruction": "Look at it"}]})
    body = {"asset_id": seeded.assets["P-102"], "type": "reactive", "title": "Hot", "failure_mode": "OHE"}
    order = north.post("/api/v1/work-orders", json=body, headers={"Idempotency-Key": "k"}).json()
    path = f"/api/v1/work-orders/{order['id']}"
    assert north.post(f"{path}/plan", json={"plan": "LOOK"}).json()["plan"] == "NTH/LOOK"
    steps = north.get(f"{path}/content").json()["steps"]
    assert [step["instruction"] for step in steps] == ["Isolation and lock-out", "Look at it"]
    assert "Isolation" in north.post(f"{path}/start").json()["detail"]


def plan(code="A", *permits, site=None, mode=FailureMode.OHE, asset_class=None, mandatory=True):
    steps = tuple(PlanStep(kind=StepKind.PERMIT, instruction=each, mandatory=mandatory) for each in permits)
    return JobPlan(code=code, title=code, steps=steps, site=site, failure_mode=mode, asset_class=asset_class)


LOST = {
    "a new plan": (None, plan("A", "lock"), [], ()),
    "the same permits": (plan("A", "lock"), plan("A", "lock"), [], ()),
    "one more permit": (plan("A", "lock"), plan("A", "lock", "gas"), [], ()),
    "one permit less": (plan("A", "lock", "gas"), plan("A", "gas"), [], ("lock",)),
    "mandatory no longer": (plan("A", "lock"), plan("A", "lock", mandatory=False), [], ("lock",)),
    "retired": (plan("A", "lock"), None, [], ("lock",)),
    "retired without permits": (plan("A"), None, [], ()),
    "preferred to another": (None, plan("A", asset_class="pump"), [plan("B", "lock")], ("lock",)),
    "for another fault": (None, plan("A", mode=FailureMode.VIB), [plan("B", "lock")], ()),
    "for a class, beside another's": (None, plan("A", asset_class="fan"), [plan("B", "lock", asset_class="pump")], ()),
    "for any class, behind a class's own": (None, plan("A"), [plan("B", "lock", asset_class="pump")], ()),
    "a site's before the plant's": (None, plan("A", site="N"), [plan("B", "lock", asset_class="pump")], ("lock",)),
    "the plant's behind a site's": (None, plan("A", asset_class="pump"), [plan("B", "lock", site="N")], ()),
    "another site's": (None, plan("A", site="S"), [plan("B", "lock", site="N")], ()),
}


@pytest.mark.parametrize(("before", "after", "others", "lost"), LOST.values(), ids=LOST)
def test_which_permits_orders_lose(before, after, others, lost):
    assert lost_permits(before, after, others) == lost
