"""A judge's state in parts, and a judge made of them again. Its bytes depend on the inputs alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from judge import seen_values
from judge.asset import asset_dump
from judge.limits.fleets import Fleets
from judge.limits.rule_sets import RuleSets
from judge.models_in_force import ModelsInForce
from judge.moments import micros, moment
from judge.parts import Part
from judge.shadow import Shadow
from rules.rulebook import parse as parse_rulebook
from workorder_core.alarms.alarms import Standing
from workorder_core.alarms.silence import Silences
from workorder_core.intake.flood import Floods
from workorder_core.intake.inhibition import Inhibition
from workorder_core.intake.order_book import Entry, OrderBook
from workorder_core.words import FailureMode, Severity, Status

if TYPE_CHECKING:
    from judge.judge import Judge


def parts(judge: "Judge", name: str = "live") -> Iterator[Part]:
    """Yield the state part by part, an asset's each by itself; their bytes depend on the inputs alone."""
    if judge.lane is not None:
        judge.lane.settle()
    whole: dict[str, Any] = {
        "book": [_dump_entry(entry) for entry in judge.book.all()],
        "factors": {key: list(judge.models.factors[key]) for key in sorted(judge.models.factors)},
        "fleets": judge.fleets.dump(),
        "floods": judge.floods.dump(),
        "inhibition": judge.inhibition.dump(),
        "models": judge.models.documents,
        "rulebook": judge.rulebook.document,
        "rules_in_shadow": sorted(judge.rules_in_shadow),
        "shadow": None if judge.shadow is None else judge.shadow.dump(),
        "silences": judge.silences.dump(),
        "standing": judge.standing.dump(),
    }
    for kind, state in whole.items():
        yield Part(name, kind, "", msgspec.msgpack.encode(state))
    for key in sorted(judge.assets):
        yield Part(name, "asset", key, msgspec.msgpack.encode(asset_dump.dump(judge.assets[key])))
    if judge.shadow is not None:
        yield from parts(judge.shadow.judge, "shadow")


def restore(judge_of: Callable[[], "Judge"], parts: Iterable[Part], arrival: int) -> "Judge":
    """Continue from parts in the order in which `parts` yields them, made after input ``arrival``."""
    judges: dict[str, Judge] = {}
    for name, of_judge in groupby(parts, key=lambda part: part.judge):
        judges[name] = _of_parts(judge_of(), of_judge, arrival)
    judge = judges["live"]
    if judge.on_trial is not None:
        seen_values.share(judges["shadow"], judge)
        judge.shadow = Shadow.restore(judge.on_trial, judges["shadow"])
        judge.on_trial = None
    return judge


def _of_parts(judge: "Judge", parts: Iterable[Part], arrival: int) -> "Judge":
    whole = dict[str, Any]()
    judge.arrival = arrival
    for part in parts:
        state = msgspec.msgpack.decode(part.state)
        if part.kind != "asset":
            whole[part.kind] = state
            continue
        if whole:
            _go_on(judge, whole)
            whole = {}
        judge.put_asset(part.asset, state)
    if whole:
        _go_on(judge, whole)
    return judge


def _go_on(judge: "Judge", whole: Mapping[str, Any]) -> None:
    """Continue from the plant-wide parts."""
    if whole["rulebook"]:
        judge.rulesets = RuleSets(parse_rulebook(whole["rulebook"]))
    judge.fleets = Fleets(whole["fleets"])
    factors = {key: (version, factor) for key, (version, factor) in whole["factors"].items()}
    judge.models = ModelsInForce(whole["models"], factors)
    judge.book = OrderBook(iter([_restore_entry(entry) for entry in whole["book"]]))
    judge.inhibition = Inhibition.restore(whole["inhibition"])
    judge.floods = Floods.restore(whole["floods"])
    judge.standing = Standing.restore(whole["standing"])
    judge.silences = Silences.restore(whole["silences"])
    judge.rules_in_shadow = set(whole["rules_in_shadow"])
    judge.on_trial = whole["shadow"]


def _dump_entry(entry: Entry) -> list[Any]:
    return [
        entry.id.bytes, entry.asset, entry.component, entry.failure_mode.value, int(entry.severity), entry.status.value,
        micros(entry.opened_at), sorted(entry.signals), entry.evidence, micros(entry.last_evidence_at),
        micros(entry.last_seen_at), micros(entry.moved_at), sorted(entry.cleared), entry.inferred,
    ]  # fmt: skip


def _restore_entry(dumped: list[Any]) -> Entry:
    (
        order_id,
        asset,
        component,
        mode,
        severity,
        status,
        opened,
        signals,
        evidence,
        last_evidence,
        last_seen,
        moved,
        cleared,
        inferred,
    ) = dumped
    return Entry(
        id=UUID(bytes=order_id),
        asset=asset,
        component=component,
        failure_mode=FailureMode(mode),
        severity=Severity(severity),
        status=Status(status),
        opened_at=moment(opened),
        signals=frozenset(signals),
        evidence=evidence,
        last_evidence_at=moment(last_evidence),
        last_seen_at=moment(last_seen),
        moved_at=moment(moved),
        cleared=frozenset(cleared),
        inferred=inferred,
    )
