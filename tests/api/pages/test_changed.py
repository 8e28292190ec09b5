"""The log of changes says in words what changed."""

import pytest

from api.board.changed import changed

ZONE = "Europe/Copenhagen"


def step(instruction, kind="instruction", **more):
    return {"kind": kind, "instruction": instruction, "mandatory": True, "unit": "", "low": None, "high": None} | more


LOCK, PULL, FIT = step("Lock out", "permit"), step("Pull the bearing"), step("Fit the new one")
LISTEN = step("Listen", mandatory=False)
SHAKE = step("Vibration", "measurement", unit="mm/s", high=2.8)
OIL = {"part": "oil", "quantity": 2.5, "unit": "l"}
CASES = {
    "a value": ({"criticality": 2}, {"criticality": 4}, ["criticality: 2 → 4"]),
    "what was added says what it has": (
        {},
        {"code": "X", "title": "Swap", "tools": [], "asset_class": "centrifugal_pump", "failure_mode": "VIB"},
        ["title: Swap, class: centrifugal pump, failure mode: vibration"],
    ),
    "steps of a new plan": (
        {},
        {"steps": [LOCK, SHAKE, LISTEN]},
        ["step 1: Lock out (permit)", "step 2: Vibration (measurement, up to 2.80 mm/s)", "step 3: Listen (optional)"],
    ),
    "a step is added": ({"steps": [LOCK, FIT]}, {"steps": [LOCK, PULL, FIT]}, ["step 2 added: Pull the bearing"]),
    "a step is removed": ({"steps": [LOCK, PULL, FIT]}, {"steps": [LOCK, FIT]}, ["step removed: Pull the bearing"]),
    "a step is reworded": (
        {"steps": [LOCK, PULL]},
        {"steps": [LOCK, step("Pull it gently")]},
        ["step 2 reworded: Pull the bearing → Pull it gently"],
    ),
    "a limit of a step": (
        {"steps": [SHAKE]},
        {"steps": [SHAKE | {"high": 3.1}]},
        ["step 1 reworded: Vibration (measurement, up to 2.80 mm/s) → Vibration (measurement, up to 3.10 mm/s)"],
    ),
    "steps change places": ({"steps": [PULL, LOCK]}, {"steps": [LOCK, PULL]}, ["steps in another order"]),
    "the last step goes": ({"steps": [LOCK]}, {"steps": []}, ["step removed: Lock out (permit)"]),
    "parts": (
        {"parts": [OIL]},
        {"parts": [OIL, {"part": "bearing 6312", "quantity": 2, "unit": "pcs"}]},
        ["part 2 added: 2 pcs bearing 6312"],
    ),
    "a list of words": ({"skills": ["a", "b"]}, {"skills": ["b", "c"]}, ["skills: removed a, added c"]),
    "roles": (
        {"roles": ["viewer"]},
        {"roles": ["reliability_engineer"]},
        ["roles: removed viewer, added reliability engineer"],
    ),
    "nothing and something": ({"sites": None}, {"sites": ["NTH"]}, ["sites: none → NTH"]),
    "yes and no": ({"safety_critical": True}, {"safety_critical": False}, ["safety-critical: yes → no"]),
    "minutes": ({"response_minutes": 60}, {"response_minutes": 90}, ["begin within: 1 h → 1 h 30 min"]),
    "days": ({"closed_on": []}, {"closed_on": ["2026-12-24"]}, ["days off: added 24 Dec 2026"]),
    "shifts": (
        {"shifts": []},
        {"shifts": [{"weekdays": [1, 2, 3, 4, 5], "start": "06:00", "end": "14:00"}]},
        ["shift 1: Mon to Fri 06:00–14:00"],
    ),
    "states of a signal": ({"states": None}, {"states": {"0": "off", "1": "on"}}, ["states: none → 0: off, 1: on"]),
    "what was removed": ({"title": "Swap", "skills": []}, {}, ["it was: title: Swap"]),
    "a plan that waits": (
        {"version": 1, "permits_lost": ["Lock out"]},
        {"plan": {"title": "Swap", "steps": [PULL]}},
        ["title: Swap", "step 1: Pull the bearing"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), CASES.values(), ids=CASES)
def test_what_changed_is_said_in_words(old, new, said):
    assert [str(line) for line in changed(old, new, ZONE)] == said


def test_a_time_is_the_sites_and_no_text_is_markup():
    [line] = changed({"starts_at": None}, {"starts_at": "2026-03-02T08:00:00+00:00"}, ZONE)
    assert ">Mon 2 Mar, 09:00 CET</time>" in str(line).replace(" 2026,", ",")
    assert str(changed({}, {"title": "<b>"}, ZONE)[0]) == "title: &lt;b&gt;"
    assert "&lt;b&gt;" in str(changed({"skills": ["<b>"]}, {"skills": []}, ZONE)[0])


@pytest.mark.parametrize(
    "odd", [{"steps": "none"}, {"steps": [1, None]}, {"shifts": [{}]}, {"parts": [{"quantity": "x"}]}]
)
def test_what_an_earlier_version_wrote_otherwise_is_shown_all_the_same(odd):
    assert isinstance(changed({}, odd, ZONE), list)
    assert isinstance(changed(odd, {"steps": [LOCK]}, ZONE), list)


def test_a_change_that_says_nothing_of_its_fields_has_no_lines():
    assert changed({}, {}, "UTC") == []
