"""The costs of failures, downtime and wasted visits: by asset, else by its class, else by its site."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal

from workorder_core.costs import money
from workorder_core.sentences import coded, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in the site's currency; None: not set here, so the wider entry applies.

    Parameters
    ----------
    failure
        The cost of a failure that was not avoided, besides the downtime.
    down_hour
        The cost of an hour of downtime.
    failure_hours
        The hours of downtime that such a failure causes.
    wasted_visit
        The cost of a false positive.
    notice_hours
        How many hours ahead an order must be opened to avoid the failure. A later one found the failure, but saved
        nothing.
    """

    failure: Decimal | None = None
    down_hour: Decimal | None = None
    failure_hours: Decimal | None = None
    wasted_visit: Decimal | None = None
    notice_hours: Decimal | None = None

    def over(self, wider: "Prices") -> "Prices":
        """Return these prices, completed by the wider ones."""
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
        """Its name for people."""
        if self.asset is not None:
            return say("asset {code}", code=self.asset)
        return coded("site") if self.asset_class is None else say("class {name}", name=coded(self.asset_class))


@dataclass(frozen=True, slots=True, kw_only=True)
class CostModel:
    """A site's cost model. ``currency`` None: the site has none, and then there are no entries."""

    currency: str | None
    entries: Sequence[Entry] = ()

    def of(self, asset: str, asset_class: str) -> Prices:
        """Return the prices that apply to an asset; None for one that is set nowhere."""
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
    """The cost of a set of rules and models in one currency, and the cost without it.

    Parameters
    ----------
    missed, late, false
        Failures without an order, failures whose order came too late to avoid them, and false positives.
    avoided
        The cost of the failures that were found in time.
    unpriced
        Assets with an unknown price, which counts as zero.
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
        """The cost of all the failures if there had been no orders."""
        return self.missed + self.late + self.avoided

    @property
    def saved(self) -> Decimal:
        """The saving compared with no orders at all; negative if it costs more."""
        return self.without - self.cost


def worth(
    prices: Mapping[str, Priced],
    *,
    failures: Iterable[tuple[str, timedelta | None]],
    false: Iterable[str],
) -> list[Worth]:
    """Add up the failures found and missed and the false positives, by currency.

    ``failures`` are assets with the lead of the first order that found the failure, None if none did; ``false`` is the
    asset of each false positive. Assets without prices are left out; ``Worth.unpriced`` names those with some unknown
    prices.
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
    """Return the cost of a failure, with its downtime; None if neither is known."""
    down = None
    if prices.down_hour is not None and prices.failure_hours is not None:
        down = prices.down_hour * prices.failure_hours
    known = [each for each in (prices.failure, down) if each is not None]
    return sum(known, Decimal(0)) if known else None
