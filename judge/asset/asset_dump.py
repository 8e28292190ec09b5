"""The state of an asset as plain data, and an asset made of it again."""

from typing import Any

import structlog

from judge.asset import by_fleet
from judge.asset.asset_findings import Alarmed
from judge.asset.asset_judge import AssetJudge, gathering_of
from judge.limits.fleets import Fleets
from judge.limits.limits import Limits
from judge.limits.rule_sets import RuleSets
from models.asset_monitor import AssetMonitor
from models.document import ModelDocument
from models.lives.fleet import FleetModel
from models.lives.life_recording import Recording
from models.named.estimator_state import StateError
from rules.operating_state import StateNow
from workorder_core.plant.seen import Seen
from workorder_core.words import Criticality, OperatingState

_log = structlog.get_logger("judge")


def dump(asset: AssetJudge) -> dict[str, Any]:
    """Return the state in plain types; the same history gives the same bytes."""
    return {
        "class": asset.asset_class,
        "criticality": int(asset.criticality),
        "parent": asset.parent,
        "area": asset.area,
        "units": dict(sorted(asset.units.items())),
        "named": sorted(asset.named),
        "plausible": {name: list(asset.plausible[name]) for name in sorted(asset.plausible)},
        "seen": {name: asset.seen[name].dump() for name in sorted(asset.seen)},
        "doubted": {name: asset.doubted[name] for name in sorted(asset.doubted)},
        "watermark_us": asset.watermark_us,
        "newest": {name: asset.newest[name] for name in sorted(asset.newest)},
        "state": [asset.state.state.value, asset.state.since, asset.state.last],
        "limits": asset.limits.dump(),
        "downtimes": {name: list(asset.downtimes[name]) for name in sorted(asset.downtimes)},
        "watch": None if asset.monitor is None else asset.monitor.state(),
        "pressing": asset.pressing,
        "gathering": asset.gathering.dump(),
        "alarmed": None if asset.alarmed is None else list(asset.alarmed),
        "ahead": None if asset.ahead is None else list(asset.ahead),
        "life": None if asset.life is None else asset.life.dump(),
        "worn": None if asset.worn is None else list(asset.worn),
    }


def restore(
    key: str,
    dumped: dict[str, Any],
    rulesets: RuleSets,
    fleets: Fleets,
    document: ModelDocument,
    factor: float = 1.0,
    fleet_model: FleetModel | Recording | None = None,
) -> AssetJudge:
    """Continue from a dump."""
    state, since, last = dumped["state"]
    return AssetJudge(
        key=key,
        rulesets=rulesets,
        fleets=fleets,
        document=document,
        asset_class=dumped["class"],
        criticality=Criticality(dumped["criticality"]),
        parent=dumped["parent"],
        area=dumped["area"],
        units=dict(dumped["units"]),
        named=frozenset(dumped["named"]),
        plausible={name: (low, high) for name, (low, high) in dumped["plausible"].items()},
        seen={name: Seen(*known) for name, known in dumped["seen"].items()},
        doubted=dict(dumped["doubted"]),
        watermark_us=dumped["watermark_us"],
        newest=dict(dumped["newest"]),
        state=StateNow(OperatingState(state), since, last),
        limits=Limits.restore(dumped["limits"], rulesets.of(dumped["class"], key)),
        downtimes={name: (start, end) for name, (start, end) in dumped["downtimes"].items()},
        monitor=None if dumped["watch"] is None else _restored(key, document, dumped["watch"]),
        factor=factor,
        pressing=dumped["pressing"],
        gathering=gathering_of(document, dumped["gathering"]),
        alarmed=None if dumped["alarmed"] is None else Alarmed(*dumped["alarmed"]),
        ahead=None if dumped["ahead"] is None else Alarmed(*dumped["ahead"]),
        fleet_model=fleet_model,
        life=by_fleet.restored(fleet_model, dumped["life"]),
        worn=None if dumped["worn"] is None else Alarmed(*dumped["worn"]),
    )


def _restored(key: str, document: ModelDocument, state: object) -> AssetMonitor | None:
    try:
        return AssetMonitor.restore(document, state)
    except StateError:
        # For example, a class that a newer release of river has dropped; that must not keep the plant from starting.
        _log.exception("model state unreadable, relearning from scratch", asset=key, model=document.name)
        return None
