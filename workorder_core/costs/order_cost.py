"""The cost of a work order: hours × rate, plus parts, plus what was paid besides. Each line is rounded, then added."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from workorder_core.costs import money
from workorder_core.sentences import coded, say


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedPart:
    """A part of an order. ``used`` None: not used yet, so ``needed`` counts. ``unit_cost`` None: nobody has said."""

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
    """All that an order's cost follows from.

    Parameters
    ----------
    currency
        The site's; None where nobody has said, and then there is no cost.
    hours
        Worked, or estimated while nobody has said how long it took. None: neither is known.
    skill, rate
        The trade that is paid for, and what an hour of it costs on the day that the work was done; None: no rate.
    external, external_currency
        What was paid besides: contractors, hire, freight.
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
    """An order's cost in ``currency``. ``missing`` says in sentences what the total does not have in it."""

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
    """Return what an order costs; None where its site has no currency."""
    currency = facts.currency
    if currency is None:
        return None
    missing: list[str] = []
    labour = external = parts = money.rounded(Decimal(0), currency)
    if facts.hours is None:
        missing.append(say("nobody has said how many hours it took"))
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
    """What several orders cost together. ``incomplete``: of how many the total does not have everything."""

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
    """Add up what orders of one site cost; None where there are none."""
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
