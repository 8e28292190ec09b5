"""Judges one asset by its class's fleet model: how worn it is, and how long it will live. No I/O, no clock."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from judge.asset import asset_findings
from judge.asset.asset_findings import Alarmed
from judge.moments import moment
from models.lives.fleet import FleetModel
from models.lives.life import Judged, LifeState
from models.lives.life_recording import Recording
from models.remaining_life import PROBABILITIES, Remaining
from workorder_core.intake.findings import FailureDates, Finding
from workorder_core.reliability.survival import Survival
from workorder_core.sentences import kept

if TYPE_CHECKING:
    from judge.asset.asset_judge import AssetJudge

DAY_US = 86_400_000_000
FARTHEST_DAYS = 36_500.0
SOONEST_DAYS = 1e-4
"""Some nine seconds: what is due at once."""
_log = structlog.get_logger("judge")


def judge(asset: "AssetJudge", arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
    """Follow a frame, and report an asset that is about to fail. A model that fails begins the asset's life again."""
    model = asset.fleet_model
    if not isinstance(model, FleetModel):
        if model is not None:
            model.add(asset.key, at_us, values)
        return
    if asset.life is None:
        asset.life = LifeState(model)
    try:
        judged = asset.life.add(at_us, values)
    except Exception:  # noqa: BLE001 - as of any model: one asset's must not stop the plant
        _log.exception("fleet model failed, starting over", asset=asset.key, model=model.version)
        begin_life(asset)
        return
    if judged is None:
        return
    if judged.remaining is not None:
        asset.survival = _survival(asset.life, judged, judged.remaining)
        asset.fresh_survival = True
    fails = None if asset.survival is None else dates(asset.survival)
    if judged.called and judged.remaining is not None and fails is not None:
        finding = asset_findings.of_fleet(asset.facts(), asset.life, judged, fails, arrival)
        asset.worn = Alarmed.by(finding)
        yield finding
    elif asset.worn is not None and not judged.called:
        was, asset.worn = asset.worn, None
        why = kept("is no longer worn as others were before they failed")
        yield asset_findings.over(asset.facts(), was, arrival, judged.at_us, values, why)


def use(asset: "AssetJudge", model: FleetModel | Recording | None) -> None:
    """Switch to another fleet model, which goes on with the life that it has learned of this asset."""
    if (None if model is None else model.version) == (None if asset.fleet_model is None else asset.fleet_model.version):
        asset.fleet_model = model
        return
    asset.fleet_model = model
    begin_life(asset)
    start = model.starts.get(asset.key) if isinstance(model, FleetModel) else None
    if isinstance(model, FleetModel) and start is not None:
        state = unpacked(model, start)
        # In a backtest of earlier times the life that is known now has not been lived yet.
        if asset.watermark_us is not None and state.at_us is not None and state.at_us <= asset.watermark_us:
            asset.life = state


def changed_survivals(
    assets: Mapping[str, "AssetJudge"], keys: Iterable[str]
) -> list[tuple[str, Survival | None, str]]:
    """Return the survival function of the assets whose function is new since the last call, and the version of the
    fleet model that it comes from; None where nothing is known any more.
    """
    found = []
    for key in sorted(keys):
        asset = assets.get(key)
        if asset is not None and asset.fresh_survival:
            asset.fresh_survival = False
            found.append((key, asset.survival, "" if asset.fleet_model is None else asset.fleet_model.version))
    return found


def begin_life(asset: "AssetJudge") -> None:
    """Begin a life: nothing is known of how long it will be."""
    if isinstance(asset.fleet_model, Recording) and asset.watermark_us is not None:
        asset.fleet_model.restored(asset.key, asset.watermark_us)
    if asset.life is not None or asset.survival is not None or asset.fleet_model is not None:
        asset.fresh_survival = True
    asset.life, asset.worn, asset.survival = None, None, None


def restored(model: FleetModel | Recording | None, dumped: Any) -> LifeState | None:
    """Continue a life from its dump; None if it was another model's."""
    if dumped is None or not isinstance(model, FleetModel) or dumped[0] != model.version:
        return None
    return LifeState.restore(model, dumped)


def packed(state: LifeState) -> str:
    """Return the state of a life as text, for a document."""
    return base64.b64encode(msgspec.msgpack.encode(state.dump())).decode()


def unpacked(model: FleetModel, text: str) -> LifeState:
    """Continue from `packed`, as a life of this model."""
    return LifeState.restore(model, msgspec.msgpack.decode(base64.b64decode(text)))


def dates(survival: Survival) -> FailureDates | None:
    """Return when an asset fails with 10, 50 and 90 %; None if even the first is later than is known."""
    early, likely, late = (survival.date(p) for p in (0.1, 0.5, 0.9))
    return None if early is None else FailureDates(early=early, likely=likely, late=late)


def _survival(life: LifeState, judged: Judged, remaining: Remaining) -> Survival | None:
    """The distribution of the remaining rows as a function of days, as far as the fleet tells."""
    days_a_row = life.row_us / DAY_US
    days, failed = list[float](), list[float]()
    for probability, rows in zip(PROBABILITIES, remaining.rows, strict=True):
        if rows is None or days_a_row <= 0.0:
            break
        at = min(max(rows * days_a_row, SOONEST_DAYS), FARTHEST_DAYS)
        if days and at <= days[-1]:
            failed[-1] = probability
            continue
        days.append(at)
        failed.append(probability)
    return Survival(moment(judged.at_us), tuple(days), tuple(failed)) if days else None
