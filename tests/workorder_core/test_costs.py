"""Money to the cent: rounding, the cost of an order, the cost model, and what a set of rules would have cost."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from workorder_core.costs import money
from workorder_core.costs.cost_model import CostModel, Entry, Priced, Prices, worth
from workorder_core.costs.money import NoSuchCurrency
from workorder_core.costs.order_cost import CostFacts, PricedPart, cost_of

D = Decimal
ROUNDED = {
    "half a cent goes up": ("2.005", "EUR", "2.01"),
    "less than half goes down": ("2.0049", "EUR", "2.00"),
    "yen have no decimals": ("99.5", "JPY", "100"),
    "dinars have three": ("1.0005", "KWD", "1.001"),
}


@pytest.mark.parametrize(("amount", "currency", "expected"), ROUNDED.values(), ids=ROUNDED)
def test_amounts_are_rounded_half_up_to_the_currencys_smallest_unit(amount, currency, expected):
    assert money.rounded(D(amount), currency) == D(expected)


def test_a_quantity_counts_as_it_is_written_and_not_as_a_binary_fraction():
    assert money.times(D("0.35"), 0.1, "EUR") == D("0.04"), "as binary fractions it would be 0.03"
    assert money.times(D("84.50"), 1.1, "EUR") == D("92.95")


def test_what_is_no_currency_is_refused():
    assert money.check_currency("DKK") == "DKK"
    for code in ("EURO", "eur", "XXX", ""):
        with pytest.raises(NoSuchCurrency):
            money.check_currency(code)


def total(facts):
    found = cost_of(facts)
    assert found is not None
    return found


def part(line=1, used=None, needed=1.0, unit_cost="10.005", currency="EUR", name="bearing"):
    cost = None if unit_cost is None else D(unit_cost)
    return PricedPart(
        line=line, part=name, needed=needed, used=used, unit_cost=cost, currency=None if cost is None else currency
    )


FACTS = CostFacts(currency="EUR", hours=3.5, estimated=False, skill="mechanical", rate=D("84.55"))


def test_an_orders_cost_is_its_labour_its_parts_and_what_was_paid_besides_each_line_rounded():
    facts = replace(
        FACTS, parts=(part(1, used=3), part(2, used=3, name="seal")), external=D("420"), external_currency="EUR"
    )
    found = total(facts)
    assert (found.labour, found.parts, found.external) == (D("295.93"), D("60.04"), D("420.00"))
    assert found.total == D("775.97")
    assert found.missing == ()


def test_what_the_total_has_not_in_it_is_said():
    facts = replace(
        FACTS,
        rate=None,
        parts=(part(1, unit_cost=None), part(2, currency="USD", name="seal"), part(3, unit_cost=None, used=0)),
        external=D(9),
        external_currency="GBP",
    )
    found = total(facts)
    assert found.total == D("0.00")
    assert found.missing == (
        "there is no labour rate for mechanical",
        "bearing has no price",
        "seal is priced in USD",
        "9 GBP of external costs are in another currency",
    )


def test_parts_count_as_needed_until_somebody_says_how_many_were_used():
    assert total(replace(FACTS, parts=(part(needed=2, unit_cost="5"),))).parts == D("10.00")
    assert total(replace(FACTS, parts=(part(needed=2, used=1, unit_cost="5"),))).parts == D("5.00")


def test_without_a_currency_there_is_no_cost():
    assert cost_of(replace(FACTS, currency=None)) is None


SITE = Entry(prices=Prices(failure=D(1000), down_hour=D(100), failure_hours=D(8), wasted_visit=D(50)))
PUMPS = Entry(asset_class="pump", prices=Prices(failure=D(3000), notice_hours=D(24)))
P101 = Entry(asset="P-101", prices=Prices(down_hour=D(0)))
MODEL = CostModel(currency="EUR", entries=(P101, PUMPS, SITE))


def test_an_assets_own_price_counts_before_its_classs_and_that_before_the_sites():
    assert MODEL.of("P-101", "pump") == Prices(
        failure=D(3000), down_hour=D(0), failure_hours=D(8), wasted_visit=D(50), notice_hours=D(24)
    )
    assert MODEL.of("F-1", "fan") == SITE.prices
    assert CostModel(currency="EUR").of("F-1", "fan") == Prices()


def priced(asset, of_class):
    return Priced(currency="EUR", prices=MODEL.of(asset, of_class))


def test_misses_late_orders_and_visits_for_nothing_cost_and_what_was_avoided_is_saved():
    prices = {
        "NTH/P-101": priced("P-101", "pump"),
        "NTH/P-102": priced("P-102", "pump"),
        "NTH/F-1": priced("F-1", "fan"),
    }
    (found,) = worth(
        prices,
        failures=[
            ("NTH/P-102", timedelta(hours=30)),  # in time
            ("NTH/P-102", timedelta(hours=23)),  # a day's notice is needed
            ("NTH/P-101", None),  # missed, and its downtime costs nothing
            ("NTH/F-1", timedelta(hours=-1)),  # found when it had failed
        ],
        false=["NTH/F-1", "NTH/P-101"],
    )
    assert (found.missed, found.late, found.false) == (D("3000.00"), D("3800.00") + D("1800.00"), D("100.00"))
    assert (found.avoided, found.avoided_count, found.late_count) == (D("3800.00"), 1, 2)
    assert found.cost == D("8700.00")
    assert found.saved == D("3700.00"), "the failure that was avoided, less the visits for nothing"
    assert found.unpriced == ()


def test_each_currency_is_added_up_by_itself_and_what_has_no_price_is_named():
    prices = {
        "NTH/P-1": Priced(currency="EUR", prices=SITE.prices),
        "STH/P-1": Priced(currency="DKK", prices=Prices(wasted_visit=D(7))),
    }
    dkk, eur = worth(prices, failures=[("NTH/P-1", None), ("STH/P-1", None), ("ELSE/X", None)], false=["STH/P-1"])
    assert (dkk.currency, dkk.cost, dkk.unpriced) == ("DKK", D("7.00"), ("STH/P-1",))
    assert (eur.currency, eur.cost) == ("EUR", D("1800.00"))
