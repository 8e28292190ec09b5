"""Rules in force that can never become active on some asset, because its device reports too seldom."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import Connection

from db import sql
from rules import pace
from rules.rulebook import Rulebook
from rules.table import in_words
from rules.threshold import EVERY, Threshold

_QUERIES = sql.load("documents")
SHOWN = 3
"""Assets named in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """A rule that cannot become active on an asset (``<site>/<asset>``), where a signal comes every ``every_us``."""

    rule: Threshold
    asset: str
    signal: str
    every_us: int


def of(conn: Connection, book: Rulebook) -> list[Slow]:
    """Return what cannot become active, by rule and asset, judged by the spacing of the newest readings."""
    lasting = [rule for rule in _all(book) if pace.lasts(rule)]
    if not lasting:
        return []
    names = sorted({signal for rule in lasting for signal in pace.signals(rule)})
    asked = {
        "classes": sorted({rule.asset_class for rule in lasting}),
        "signals": None if EVERY in names else names,
    }
    measured: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for asset, asset_class, signal, every_us in conn.execute(_QUERIES["paces"], asked):
        measured[asset_class, asset][signal] = every_us
    return [
        found
        for (asset_class, asset), paces in measured.items()
        for rule in book.rules_for(asset_class, asset)
        for found in _on(rule, asset, paces)
    ]


def by_rule(found: Iterable[Slow]) -> Mapping[str, str]:
    """Return one sentence per rule, by its id, naming a few of the assets and saying what to do after a semicolon."""
    of_rule: dict[str, list[Slow]] = defaultdict(list)
    for each in found:
        of_rule[each.rule.id].append(each)
    return {name: _told(each[0], each[1:]) for name, each in of_rule.items()}


def _told(slow: Slow, others: list[Slow]) -> str:
    nor = f", nor on {_named(others)}" if others else ""
    return (
        f"{slow.asset} reports {slow.signal} every {in_words(slow.every_us)}, longer than max_gap "
        f"({in_words(slow.rule.max_gap_us)}): {slow.rule.id} cannot become active there{nor}; give it a longer max_gap"
    )


def _named(found: list[Slow]) -> str:
    names = list(dict.fromkeys(each.asset for each in found))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _on(rule: Threshold, asset: str, paces: Mapping[str, int]) -> Iterable[Slow]:
    wanted = pace.signals(rule)
    for signal in sorted(paces.keys() - rule.excluded):
        if not wanted.isdisjoint({signal, EVERY}) and pace.never_active(rule, paces[signal]):
            yield Slow(rule=rule, asset=asset, signal=signal, every_us=paces[signal])


def _all(book: Rulebook) -> list[Threshold]:
    return [*book.rules, *(each.instead for each in book.overrides if each.instead is not None)]
