"""What failures, downtime and wasted visits cost: by asset, else by its class, else by its site."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal

from workorder_core.costs import money


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in the site's currency; None: not said here, so the wider entry counts.

    Parameters
    ----------
    failure
        What a failure that nobody avoided costs, besides the downtime.
    down_hour
        What an hour costs in which the asset is down.
    failure_hours
        For how many hours such a failure keeps the asset down.
    wasted_visit
        What an order costs at which nothing was wrong.
    notice_hours
        How many hours ahead an order must be for the failure to be avoided. An order that comes later found the
        failure, and saved nothing.
    """

    failure: Decimal | None = None
    down_hour: Decimal | None = None
    failure_hours: Decimal | None = None
    wasted_visit: Decimal | None = None
    notice_hours: Decimal | None = None

    def over(self, wider: "Prices") -> "Prices":
        """Return these prices, with the wider ones for what is not said here."""
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(wider, **{name: value for name, value in own.items() if value is not None})


PRICES = tuple(each.name for each in fields(Prices))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Prices of one asset (by its code), of a class, or, with neither, of the whole site."""

    asset: str | None = None
    asset_class: str | None = None
    prices: Prices

    @property
    def scope(self) -> str:
        """What people call it."""
        if self.asset is not None:
            return f"asset {self.asset}"
        return "site" if self.asset_class is None else f"class {self.asset_class}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostModel:
    """A site's cost model. ``currency`` None: the site has none, and then there are no entries."""

    currency: str | None
    entries: Sequence[Entry] = ()

    def of(self, asset: str, asset_class: str) -> Prices:
        """Return the prices that count for an asset; what is None there is said nowhere."""
        found = Prices()
        for entry in sorted(self.entries, key=lambda each: (each.asset is not None, each.asset_class is not None)):
            if entry.asset in (None, asset) and entry.asset_class in (None, asset_class):
                found = entry.prices.over(found)
        return found

    @property
    def is_set(self) -> bool:
        return any(each.prices != Prices() for each in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """An asset's prices in a currency."""

    currency: str
    prices: Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a set of rules and models would have cost in one currency, and what without it.

    Parameters
    ----------
    missed, late, false
        Failures without an order, failures whose order came too late to avert them, and orders for nothing.
    avoided
        What the failures that were found in time would have cost.
    unpriced
        Assets whose prices are not all known; what is not known counts as nothing.
    """

    currency: str
    missed: Decimal
    late: Decimal
    false: Decimal
    avoided: Decimal
    missed_count: int
    late_count: int
    false_count: int
    avoided_count: int
    unpriced: tuple[str, ...]

    @property
    def cost(self) -> Decimal:
        return self.missed + self.late + self.false

    @property
    def without(self) -> Decimal:
        """What all of the failures would have cost had there been no orders."""
        return self.missed + self.late + self.avoided

    @property
    def saved(self) -> Decimal:
        """How much less it costs than no orders at all; negative where it costs more."""
        return self.without - self.cost


def worth(
    prices: Mapping[str, Priced],
    *,
    failures: Iterable[tuple[str, timedelta | None]],
    false: Iterable[str],
) -> list[Worth]:
    """Add up what was found, missed and raised for nothing, by currency.

    ``failures`` are assets with the lead of the first order that found the failure, None where none did; ``false`` is
    the asset of each order for nothing. Assets without prices are left out; ``Worth.unpriced`` names those whose
    prices are known in part.
    """
    sums: dict[str, dict[str, list[Decimal]]] = {}
    unpriced: dict[str, set[str]] = {}

    def add(asset: str, what: str, amount: Decimal | None) -> None:
        priced = prices[asset]
        of_currency = sums.setdefault(priced.currency, {"missed": [], "late": [], "false": [], "avoided": []})
        if amount is None:
            unpriced.setdefault(priced.currency, set()).add(asset)
        of_currency[what].append(money.rounded(amount or Decimal(0), priced.currency))

    for asset, lead in failures:
        if asset in prices:
            add(asset, _kind(prices[asset].prices, lead), _failure(prices[asset].prices))
    for asset in false:
        if asset in prices:
            add(asset, "false", prices[asset].prices.wasted_visit)
    return [_added_up(currency, found, unpriced.get(currency, set())) for currency, found in sorted(sums.items())]


def _added_up(currency: str, found: Mapping[str, list[Decimal]], unpriced: set[str]) -> Worth:
    amounts = {name: sum(each, Decimal(0)) for name, each in found.items()}
    return Worth(
        currency=currency,
        missed=amounts["missed"],
        late=amounts["late"],
        false=amounts["false"],
        avoided=amounts["avoided"],
        missed_count=len(found["missed"]),
        late_count=len(found["late"]),
        false_count=len(found["false"]),
        avoided_count=len(found["avoided"]),
        unpriced=tuple(sorted(unpriced)),
    )


def _kind(prices: Prices, lead: timedelta | None) -> str:
    if lead is None:
        return "missed"
    notice = timedelta(hours=float(prices.notice_hours or 0))
    return "avoided" if lead >= max(notice, timedelta(0)) else "late"


def _failure(prices: Prices) -> Decimal | None:
    """Return what a failure costs, with its downtime; None where neither is known."""
    down = None
    if prices.down_hour is not None and prices.failure_hours is not None:
        down = prices.down_hour * prices.failure_hours
    known = [each for each in (prices.failure, down) if each is not None]
    return sum(known, Decimal(0)) if known else None
