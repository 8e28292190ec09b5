"""The cost of a work order: hours × rate, plus parts, plus external costs. Each line is rounded, then added."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from workorder_core.costs import money
from workorder_core.sentences import coded, say


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedPart:
    """A part of an order. ``used`` None: not used yet, so ``needed`` counts. ``unit_cost`` None: unknown."""

    line: int
    part: str
    needed: float
    used: float | None
    unit_cost: Decimal | None
    currency: str | None

    @property
    def quantity(self) -> float:
        return self.needed if self.used is None else self.used


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFacts:
    """The facts that determine an order's cost.

    Parameters
    ----------
    currency
        The site's; None if it is not set, and then there is no cost.
    hours
        Worked, or estimated until hours are recorded. None: neither is known.
    skill, rate
        The trade that is paid for, and its hourly rate on the day of the work; None: no rate.
    external, external_currency
        External costs: contractors, hire, freight.
    """

    currency: str | None
    hours: float | None
    estimated: bool
    skill: str | None
    rate: Decimal | None
    parts: Sequence[PricedPart] = ()
    external: Decimal | None = None
    external_currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCost:
    """An order's cost in ``currency``. ``missing`` lists, as sentences, what the total does not include."""

    currency: str
    labour: Decimal
    parts: Decimal
    external: Decimal
    hours: float | None
    rate: Decimal | None
    estimated: bool
    missing: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        return self.labour + self.parts + self.external


def cost_of(facts: CostFacts) -> OrderCost | None:
    """Return the cost of an order; None if its site has no currency."""
    currency = facts.currency
    if currency is None:
        return None
    missing: list[str] = []
    labour = external = parts = money.rounded(Decimal(0), currency)
    if facts.hours is None:
        missing.append(say("the hours of work are not recorded"))
    elif facts.rate is None:
        trade = coded(facts.skill) if facts.skill else say("work without a trade")
        missing.append(say("there is no labour rate for {trade}", trade=trade))
    else:
        labour = money.times(facts.rate, facts.hours, currency)
    for each in facts.parts:
        if each.unit_cost is None:
            if each.quantity:
                missing.append(say("{part} has no price", part=each.part))
        elif each.currency != currency:
            missing.append(say("{part} is priced in {currency}", part=each.part, currency=each.currency))
        else:
            parts += money.times(each.unit_cost, each.quantity, currency)
    if facts.external is not None:
        if facts.external_currency == currency:
            external = money.rounded(facts.external, currency)
        else:
            missing.append(
                say(
                    "{amount} {currency} of external costs are in another currency",
                    amount=facts.external,
                    currency=facts.external_currency,
                )
            )
    return OrderCost(
        currency=currency,
        labour=labour,
        parts=parts,
        external=external,
        hours=facts.hours,
        rate=facts.rate,
        estimated=facts.estimated,
        missing=tuple(missing),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSum:
    """The cost of several orders together. ``incomplete``: for how many the total lacks something."""

    currency: str
    labour: Decimal
    parts: Decimal
    external: Decimal
    orders: int
    incomplete: int

    @property
    def total(self) -> Decimal:
        return self.labour + self.parts + self.external


def summed(costs: Sequence[OrderCost]) -> CostSum | None:
    """Add up the costs of orders of one site; None if there are none."""
    if not costs:
        return None
    return CostSum(
        currency=costs[0].currency,
        labour=sum((each.labour for each in costs), Decimal(0)),
        parts=sum((each.parts for each in costs), Decimal(0)),
        external=sum((each.external for each in costs), Decimal(0)),
        orders=len(costs),
        incomplete=sum(bool(each.missing) for each in costs),
    )
