"""What a store's stock adds up to, who gets what of it, when more is bought, and how units are read."""

import math
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder_core.inventory import issuing, ledger, purchasing, reordering, reserving
from workorder_core.inventory.errors import (
    IllegalPurchase,
    InvalidQuantity,
    LotExpired,
    NotEnough,
    NotThatMany,
    UnknownUnit,
)
from workorder_core.inventory.issuing import Lot
from workorder_core.inventory.ledger import Impossible, Kind, Movement, Stock
from workorder_core.inventory.purchasing import State
from workorder_core.inventory.quantities import ZERO, Units, of_number
from workorder_core.inventory.reordering import Level
from workorder_core.inventory.reserving import Coming, Offer

D = Decimal
ONE, TWO = UUID(int=1), UUID(int=2)
quantities = st.integers(1, 9).map(D)
lines = st.sampled_from([(ONE, 1), (ONE, 2), (TWO, 1)])
bins = st.sampled_from([(1, ""), (1, "L7"), (2, "")])


@st.composite
def asked(draw):
    """What somebody wants of a store, as the store would write it."""
    kind, many = draw(st.sampled_from(list(Kind))), draw(quantities)
    (order, line), (bin_id, lot) = draw(lines), draw(bins)
    of_order, in_bin = {"order_id": order, "line": line}, {"bin_id": bin_id, "lot": lot}
    match kind:
        case Kind.RECEIVE:
            return Movement(kind=kind, quantity=many, **in_bin)
        case Kind.ISSUE:
            short = draw(st.sampled_from([ZERO, many]))
            return Movement(
                kind=kind, quantity=-many, shortage=short, reserved=-draw(st.sampled_from([ZERO, many])),
                **in_bin, **of_order,
            )  # fmt: skip
        case Kind.RETURN:
            return Movement(kind=kind, quantity=many, **in_bin, **of_order)
        case Kind.RESERVE | Kind.RELEASE:
            return Movement(kind=kind, reserved=many if kind is Kind.RESERVE else -many, **of_order)
    return Movement(kind=kind, quantity=many * draw(st.sampled_from([1, -1])), **in_bin)


@given(st.lists(asked(), max_size=60))
def test_whatever_is_asked_stock_is_what_its_ledger_sums_to_and_never_negative_or_reserved_twice(wanted):
    stock, written = Stock(), []
    for each in wanted:
        try:
            stock = ledger.apply(stock, each)
        except Impossible:
            continue
        written.append(each)
    assert stock == ledger.replay(written)
    assert stock.on_hand == sum((each.quantity for each in written), ZERO)
    assert stock.reserved == sum((each.reserved for each in written), ZERO)
    assert stock.shortage == sum((each.shortage for each in written), ZERO)
    assert 0 <= stock.reserved <= stock.on_hand
    assert min([each.quantity for each in stock.bins.values()], default=ZERO) >= 0
    issued = {kind: [each for each in written if each.kind is kind] for kind in (Kind.ISSUE, Kind.RETURN)}
    net = sum((each.shortage - each.quantity for each in issued[Kind.ISSUE] + issued[Kind.RETURN]), ZERO)
    assert net == sum((each.issued for each in stock.lines.values()), ZERO)


a_lot = st.builds(
    Lot, bin_id=st.integers(1, 3), lot=st.sampled_from(["", "A"]), quantity=st.integers(0, 9).map(D),
    since=st.integers(1, 99),
)  # fmt: skip


@given(st.lists(a_lot, max_size=5), quantities, st.data(), st.booleans())
def test_an_issue_takes_just_what_was_asked_for_and_from_others_only_in_an_emergency(lots, quantity, data, emergency):
    there = sum((each.quantity for each in lots), ZERO)
    reserved = data.draw(st.integers(0, int(there)).map(D))
    own = data.draw(st.integers(0, int(reserved)).map(D))
    free = there - reserved
    facts = {"own": own, "free": free, "emergency": emergency, "default_bin": 7, "unit": "pcs"}
    try:
        made = issuing.issue(lots, quantity=quantity, **facts)
    except NotEnough as refused:
        made, available = None, refused.available
    if made is None:
        assert not emergency
        assert quantity > available == own + free
        return
    taken = sum((each.quantity for each in made.picks), ZERO)
    short = sum((each.shortage for each in made.picks), ZERO)
    assert taken + short == quantity
    assert taken <= there
    assert short == 0 or (emergency and taken == there)
    assert sum((each.reserved for each in made.picks), ZERO) == min(own, taken)
    assert made.cut == max(ZERO, taken - own - free)
    assert made.cut == 0 or emergency
    assert made.cut <= reserved - own, "there is nobody else to take it from"


def test_the_earliest_lot_goes_first_and_what_the_book_lacks_is_a_shortage_of_the_last_bin():
    lots = [Lot(bin_id=2, lot="B", quantity=D(3), since=9), Lot(bin_id=1, lot="A", quantity=D(2), since=4)]
    made = issuing.issue(lots, quantity=D(6), own=D(4), free=D(1), emergency=True, default_bin=5, unit="pcs")
    assert [(each.lot, each.quantity, each.shortage, each.reserved) for each in made.picks] == [
        ("A", 2, 0, 2), ("B", 3, 0, 2), ("B", 0, 1, 0),
    ]  # fmt: skip
    empty = issuing.issue([], quantity=D(2), own=ZERO, free=ZERO, emergency=True, default_bin=5, unit="pcs")
    assert [(each.bin_id, each.quantity, each.shortage) for each in empty.picks] == [(5, 0, 2)]


def test_what_expires_first_goes_first_and_what_has_expired_goes_in_an_emergency_only_and_last():
    today = date(2026, 3, 2)
    old = Lot(bin_id=1, lot="OLD", quantity=D(5), since=1, expires_on=date(2026, 3, 1))
    soon = Lot(bin_id=1, lot="SOON", quantity=D(2), since=9, expires_on=today)
    keeps = Lot(bin_id=1, lot="KEEPS", quantity=D(4), since=2)
    facts: dict[str, Any] = {"own": ZERO, "free": D(11), "default_bin": 1, "unit": "pcs", "today": today}
    made = issuing.issue([old, keeps, soon], quantity=D(3), emergency=False, **facts)
    assert [(each.lot, each.quantity) for each in made.picks] == [("SOON", 2), ("KEEPS", 1)]
    with pytest.raises(LotExpired, match=r"6 have not expired \(OLD 2026-03-01\)"):
        issuing.issue([old, keeps, soon], quantity=D(7), emergency=False, **facts)
    with pytest.raises(NotEnough):
        issuing.issue([old, keeps, soon], quantity=D(12), emergency=False, **facts)
    urgent = issuing.issue([old, keeps, soon], quantity=D(7), emergency=True, **facts)
    assert [(each.lot, each.quantity) for each in urgent.picks] == [("SOON", 2), ("KEEPS", 4), ("OLD", 1)]


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(0, 3), st.integers(0, 6))
def test_a_unit_is_converted_exactly_or_rounded_half_up_to_a_thousandth_and_never_by_floats(many, of, places, more):
    quantity, factor = D(many).scaleb(-places), D(of).scaleb(-more)
    exact = Fraction(many, 10**places) * Fraction(of, 10**more)
    units = Units("pcs", {"box": factor})
    thousandths = math.floor(exact * 1000 + Fraction(1, 2))
    if not 0 < thousandths <= 10**12:
        with pytest.raises(InvalidQuantity):
            units.in_own(quantity, "box")
    else:
        assert Fraction(units.in_own(quantity, "box")) == Fraction(thousandths, 1000)


def test_a_count_settles_the_shortage_and_the_newest_reservations_lose_what_is_not_there():
    assert issuing.count(D(0), D(2), D(5)) == issuing.Counted(D(5), D(-2))
    assert issuing.cuts([("first", D(2)), ("second", D(3))], D(4)) == [("second", D(3)), ("first", D(1))]
    assert issuing.removal(D(5), D(2), on_hand=D(5), reserved=D(4)) == D(1)
    with pytest.raises(NotThatMany):
        issuing.removal(D(1), D(2), on_hand=D(5), reserved=D(0))


@given(st.lists(st.tuples(st.integers(), quantities), max_size=8), st.integers(0, 30).map(D))
def test_what_is_free_is_shared_out_in_order_and_nothing_more(waiting, free):
    waiting = list(dict(waiting).items())
    given_away = dict(reserving.allocate(waiting, free))
    assert sum(given_away.values(), ZERO) == min(free, sum((each[1] for each in waiting), ZERO))
    short = False
    for key, lack in waiting:
        assert given_away.get(key, ZERO) <= lack
        assert not (short and given_away.get(key, ZERO)), "somebody was passed over"
        short = short or given_away.get(key, ZERO) < lack


def test_who_waits_is_told_a_date_as_far_as_what_comes_reaches():
    monday = date(2026, 3, 2)
    waiting = [("a", D(2)), ("b", D(3)), ("c", D(1))]
    assert reserving.expected(waiting, Coming(D(5), monday)) == {"a": monday, "b": monday, "c": None}
    assert reserving.expected(waiting, None) == {"a": None, "b": None, "c": None}
    both = reserving.waiting([("SEAL", D(1), monday), ("BRG", D(2), date(2026, 3, 9)), ("OIL", ZERO, None)])
    assert both == reserving.Waiting(("SEAL", "BRG"), date(2026, 3, 9))
    one_unknown = reserving.waiting([("SEAL", D(1), monday), ("BRG", D(2), None)])
    assert one_unknown == reserving.Waiting(("SEAL", "BRG"), None)
    assert reserving.waiting([("OIL", ZERO, None)]) is None


def test_a_line_is_reserved_where_there_is_all_of_it_else_where_there_is_most():
    offers = [Offer(1, "A", D(2)), Offer(2, "B", D(9)), Offer(3, "C", D(50))]
    assert reserving.choose_store(offers, D(5)) == 2
    assert reserving.choose_store(offers, D(1)) == 1
    assert reserving.choose_store(offers, D(99)) == 3
    assert reserving.choose_store([], D(1)) is None


@given(
    st.integers(-20, 40).map(D), st.integers(0, 20).map(D), st.none() | st.integers(0, 20).map(D),
    st.none() | st.integers(1, 9).map(D),
)  # fmt: skip
def test_what_is_bought_brings_the_position_to_the_reorder_point_and_by_no_more_than_one_lot_above(
    free, lacking, point, lot
):
    level = Level(free=max(free, ZERO), lacking=lacking, reorder_point=point, reorder_quantity=lot)
    wanted = reordering.proposal(level)
    assert (wanted is None) == (level.position >= (point or 0))
    if wanted is not None:
        assert level.position + wanted >= (point or 0)
        assert level.position + wanted < (point or 0) + (lot or D("0.001"))


def test_a_box_of_twelve_is_twelve_and_an_unknown_unit_is_refused_with_those_there_are():
    units = Units("pcs", {"box": D(12)})
    assert units.in_own(D("1.5"), "box") == D(18)
    assert units.in_own(D(3)) == D(3)
    assert units.in_own(of_number(0.1)) == D("0.1")
    with pytest.raises(UnknownUnit, match="pcs, box"):
        units.in_own(D(1), "pallet")
    for wrong in (D(0), D(-1), D("NaN"), D("Infinity"), D("1e12"), D("0.0001")):
        with pytest.raises(InvalidQuantity):
            units.in_own(wrong)


def test_a_purchase_request_ends_once():
    assert purchasing.after_receipt(7, State.ORDERED, wanted=D(5), received=D(3)) is State.ORDERED
    assert purchasing.after_receipt(7, State.ORDERED, wanted=D(5), received=D(5)) is State.RECEIVED
    for ended in (State.RECEIVED, State.CANCELLED):
        for to in State:
            with pytest.raises(IllegalPurchase, match="it has ended"):
                purchasing.move(7, ended, to)
    assert reordering.expected_on(date(2026, 2, 26), 5) == date(2026, 3, 3)
