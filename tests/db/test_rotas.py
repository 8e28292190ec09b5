"""Rotas in the database: versions that keep the past, overrides, and gaps that are found ahead."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import psycopg
import pytest
from psycopg.errors import CheckViolation

from db.alarms import engine_alarms
from db.errors import AlreadyExists, NotFound
from db.events import events
from db.oncall import counting, looking_ahead, overrides, rotas, swaps
from db.oncall.overrides import InvalidOverride
from db.oncall.rotas import CannotBeCalled, RotaChanged
from runtime.processes import jobs
from workorder_core.alarms.engine_alarms import Code
from workorder_core.oncall.rotas import Layer, Rota, Unit
from workorder_core.oncall.swaps import InvalidSwap, Proposal, State, SwapAnswer, SwapOver, turns

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        yield conn


@pytest.fixture
def people(conn):
    conn.execute("INSERT INTO sites (code, name, time_zone) VALUES ('NTH', 'North', 'UTC'), ('STH', 'South', 'UTC')")
    for name, sites in (("anna", None), ("ben", ["NTH"]), ("cem", ["STH"]), ("dora", None)):
        conn.execute(
            "INSERT INTO users (name, full_name, password_hash, must_change, roles, sites, created_at) "
            "VALUES (%s, upper(%s), 'x', false, '{technician}', %s, now())",
            [name, name, sites],
        )
    return conn


def a_rota(*names: str, **facts: object) -> Rota:
    layer = Layer(
        name="first",
        people=names or ("anna", "ben"),
        starts=date(2026, 3, 1),
        turn=1,
        unit=Unit.DAYS,
        hands_over=time(8),
    )
    return replace(Rota(code="PUMPS", site="NTH", title="Pumps", layers=(layer,)), **facts)  # type: ignore[arg-type]


def on_call(conn, stored, at):
    found = counting.duties(conn, {stored.id: stored.rota}, at, at + timedelta(microseconds=1))[stored.id]
    return [each.person for each in found]


def test_a_new_version_changes_nothing_of_the_past(people):
    stored = rotas.add(people, a_rota(), actor="x", at=NOW - 10 * DAY)
    before = on_call(people, stored, NOW - DAY)
    changed = rotas.save(people, stored.id, a_rota("dora"), actor="x", at=NOW, why="Dora alone")
    assert changed.rota.version == 2
    assert on_call(people, changed, NOW - DAY) == before
    assert on_call(people, changed, NOW + DAY) == ["dora"]
    assert on_call(people, changed, NOW - 11 * DAY) == [], "the rota was not there yet"
    rotas.retire(people, stored.id, actor="x", at=NOW + 2 * DAY)
    assert on_call(people, changed, NOW + DAY) == ["dora"]
    assert on_call(people, changed, NOW + 3 * DAY) == []
    assert [(each.version, each.rota is None) for each in rotas.versions(people, stored.id)] == [
        (3, True),
        (2, False),
        (1, False),
    ]
    with pytest.raises(CheckViolation), people.transaction():
        people.execute("UPDATE on_call_rota_versions SET why = 'x'")


def test_a_rota_has_people_who_can_be_called_at_its_site(people):
    with pytest.raises(CannotBeCalled, match="cem, nobody"):
        rotas.add(people, a_rota("anna", "nobody", "cem"), actor="x", at=NOW)
    stored = rotas.add(people, a_rota(), actor="x", at=NOW)
    with pytest.raises(AlreadyExists):
        rotas.add(people, a_rota(), actor="x", at=NOW)
    with pytest.raises(RotaChanged):
        rotas.save(people, stored.id, a_rota("ben"), actor="x", at=NOW, expected_version=7)
    assert rotas.save(people, stored.id, a_rota(), actor="x", at=NOW).rota.version == 1, "nothing has changed"
    with pytest.raises(NotFound):
        rotas.get(people, stored.id, ["STH"])


def test_an_override_counts_from_now_and_until_it_is_cancelled(people):
    stored = rotas.add(people, a_rota(), actor="x", at=NOW - DAY)
    facts = {"layer": "first", "person": "dora", "actor": "x"}
    made = overrides.add(people, stored, begins=NOW - 5 * HOUR, ends=NOW + 9 * HOUR, at=NOW, **facts)
    assert made.begins_at == NOW
    assert on_call(people, stored, NOW) == ["dora"]
    assert on_call(people, stored, NOW - HOUR) != ["dora"]
    overrides.cancel(people, stored, made.id, actor="x", at=NOW + HOUR)
    overrides.cancel(people, stored, made.id, actor="y", at=NOW + 2 * HOUR)
    assert on_call(people, stored, NOW) == ["dora"], "it did count until then"
    assert on_call(people, stored, NOW + HOUR) != ["dora"]
    assert overrides.get(people, stored.id, made.id).cancelled_by == "x"
    with pytest.raises(InvalidOverride):
        overrides.add(people, stored, begins=NOW, ends=NOW, at=NOW, **facts)
    with pytest.raises(InvalidOverride):
        overrides.add(people, stored, begins=NOW, ends=NOW + HOUR, at=NOW, **facts | {"layer": "second"})
    with pytest.raises(CannotBeCalled):
        overrides.add(people, stored, begins=NOW, ends=NOW + HOUR, at=NOW, **facts | {"person": "cem"})


def test_who_is_on_call_now_and_next(people):
    rotas.add(people, a_rota(), actor="x", at=NOW - DAY)
    (found,) = overrides.on_call(people, at=NOW)
    assert found.duty is not None and found.following is not None
    assert (found.duty.person, found.full_name, found.duty.ends) == ("ben", "BEN", datetime(2026, 3, 5, 8, tzinfo=UTC))
    assert found.following.person == "anna"
    assert overrides.on_call(people, at=NOW, within=["STH"]) == []


def gaps_said(conn, now):
    return [each.problem for each in engine_alarms.standing(conn, now=now) if each.code is Code.ON_CALL_GAP]


def test_a_gap_is_an_alarm_of_the_engine_until_somebody_fills_it(people):
    now = datetime.now(UTC)
    stored = rotas.add(people, a_rota(), actor="x", at=now - DAY)
    assert gaps_said(people, now) == []
    people.execute("UPDATE users SET disabled_at = now() WHERE name = 'ben'")
    people.commit()
    assert jobs.look_for_gaps(people) == 1
    (gap,) = looking_ahead.first_gaps(people, now=now)
    assert gap.unreachable == ["ben"]
    assert gap.begins - now < DAY
    assert "ben cannot be called" in gaps_said(people, now)[0]
    assert engine_alarms.standing(people, now=now, within=["STH"]) == engine_alarms.standing(
        people, now=now, within=["nowhere"]
    )
    assert looking_ahead.first_gaps(people, now=now, within=["STH"]) == []
    rotas.save(people, stored.id, a_rota("anna"), actor="x", at=now)
    assert gaps_said(people, now) == []


def test_a_gap_that_has_begun_keeps_its_begin(people):
    now = datetime.now(UTC)
    stored = rotas.add(people, a_rota("ben"), actor="x", at=now - DAY)
    people.execute("UPDATE users SET disabled_at = now() WHERE name = 'ben'")
    looking_ahead.look(people, stored.id, stored.rota, now=now)
    (first,) = looking_ahead.first_gaps(people, now=now)
    looking_ahead.look(people, stored.id, stored.rota, now=now + HOUR)
    (later,) = looking_ahead.first_gaps(people, now=now + HOUR)
    assert later.begins == first.begins
    assert "Nobody is on call by the rota NTH/PUMPS until" in gaps_said(people, now + HOUR)[0]


def turn_of(conn, stored, person):
    return next(
        each
        for each in turns(counting.duties(conn, {stored.id: stored.rota}, NOW, NOW + 20 * DAY)[stored.id])
        if each.person == person and each.begins > NOW
    )


def test_a_swap_that_is_agreed_to_changes_who_is_on_call_and_stays_in_the_history(people):
    stored = rotas.add(people, a_rota(), actor="x", at=NOW - 10 * DAY)
    annas, bens = turn_of(people, stored, "anna"), turn_of(people, stored, "ben")
    asked = Proposal(
        layer="first", asker="anna", other="ben", begins=annas.begins, ends=annas.ends, back=(bens.begins, bens.ends)
    )
    swap = swaps.ask(people, stored, asked, at=NOW, why="a wedding")
    rival = swaps.ask(people, stored, replace(asked, other="dora", back=None), at=NOW)
    assert [each.id for each in swaps.waiting(people, "ben", now=NOW)] == [swap.id]
    assert on_call(people, stored, annas.begins) == ["anna"], "asking changes nothing"
    for person in ("anna", "dora"):
        with pytest.raises(InvalidSwap):
            swaps.answer(people, stored, swap.id, SwapAnswer.AGREE, person=person, at=NOW)
    done = swaps.answer(people, stored, swap.id, SwapAnswer.AGREE, person="ben", at=NOW + HOUR)
    assert (done.state, done.answered_by, done.answered_at) == (State.AGREED, "person:ben", NOW + HOUR)
    assert on_call(people, stored, annas.begins) == ["ben"]
    assert on_call(people, stored, bens.begins) == ["anna"]
    assert {each.why for each in overrides.ahead(people, stored.id, now=NOW)} == {"swapped by ANNA and BEN"}
    assert swaps.get(people, stored.id, rival.id).state is State.WITHDRAWN
    with pytest.raises(SwapOver):
        swaps.answer(people, stored, swap.id, SwapAnswer.DECLINE, person="ben", at=NOW + HOUR)
    assert [each.state for each in swaps.of_rota(people, stored.id)] == [State.WITHDRAWN, State.AGREED]
    events.number(people)
    kinds = [each.kind for each in events.after(people, 0, limit=100) if each.kind.startswith("rota.swap")]
    assert sorted(kinds) == ["rota.swap_agreed", "rota.swap_asked", "rota.swap_asked", "rota.swap_withdrawn"]


def test_a_swap_of_a_turn_that_has_changed_hands_meanwhile_changes_nothing(people):
    stored = rotas.add(people, a_rota(), actor="x", at=NOW - 10 * DAY)
    annas = turn_of(people, stored, "anna")
    asked = Proposal(layer="first", asker="anna", other="ben", begins=annas.begins, ends=annas.ends)
    swap = swaps.ask(people, stored, asked, at=NOW)
    span = {"begins": annas.begins, "ends": annas.begins + HOUR}
    overrides.add(people, stored, layer="first", person="dora", actor="x", at=NOW, **span)
    with pytest.raises(InvalidSwap):
        swaps.answer(people, stored, swap.id, SwapAnswer.AGREE, person="ben", at=NOW)
    assert on_call(people, stored, annas.ends - HOUR) == ["anna"]
    assert swaps.answer(people, stored, swap.id, SwapAnswer.WITHDRAW, person="anna", at=NOW).state is State.WITHDRAWN
    with pytest.raises(CannotBeCalled):
        swaps.ask(people, stored, replace(asked, other="cem"), at=NOW)
    rotas.retire(people, stored.id, actor="x", at=NOW)
    with pytest.raises(InvalidSwap):
        swaps.ask(people, rotas.get(people, stored.id), asked, at=NOW)
