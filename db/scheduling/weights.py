"""What a plan's costs weigh at a site, version by version. The caller owns the transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from db import sql
from db.errors import StoreError
from workorder_core.scheduling.documents import weights_document, weights_of
from workorder_core.scheduling.policy import ALONE, Policy, policy_document, policy_of
from workorder_core.scheduling.problem import Weights
from workorder_core.scheduling.reserves import HELD_BACK, shares_of
from workorder_core.sentences import say

_QUERIES = sql.load("schedules")


class WeightsChanged(StoreError):
    """Somebody has written other weights since they were read."""

    def __init__(self, expected: int, version: int) -> None:
        super().__init__(
            say(
                "the weights are at version {version}, not {expected}: read them again, then change them",
                version=version,
                expected=expected,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a site's weights; 0 is what a plant begins with."""

    version: int
    document: Mapping[str, Any]
    made_by: str | None
    made_at: datetime | None
    why: str

    @property
    def weights(self) -> Weights:
        """Return the weights."""
        return weights_of(_of_costs(self.document))

    @property
    def held_back(self) -> Mapping[str, float]:
        """Return the share of each day that is held back for emergencies, by skill."""
        return shares_of(self.document)

    @property
    def policy(self) -> Policy:
        """Return what a run may accept by itself."""
        return policy_of(self.document)


def _of_costs(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in document.items() if name not in (ALONE, HELD_BACK)}


_BEGINS_WITH = weights_document(Weights()) | {ALONE: policy_document(Policy()), HELD_BACK: {}}
USUAL = Version(version=0, document=_BEGINS_WITH, made_by=None, made_at=None, why="")


def of_site(conn: Connection, site_id: int) -> Version:
    """Return the weights in force."""
    with conn.cursor(row_factory=class_row(Version)) as cursor:
        return cursor.execute(_QUERIES["weights"], {"site_id": site_id}).fetchone() or USUAL


def write(
    conn: Connection,
    site_id: int,
    document: Mapping[str, Any],
    *,
    actor: str,
    at: datetime,
    why: str = "",
    expected_version: int | None = None,
) -> Version:
    """Store the next version and return it. Raises InvalidWeights, and WeightsChanged."""
    before = of_site(conn, site_id).version
    if expected_version is not None and expected_version != before:
        raise WeightsChanged(expected_version, before)
    weights = weights_of(_of_costs(document))
    whole = weights_document(weights) | {ALONE: policy_document(policy_of(document)), HELD_BACK: shares_of(document)}
    facts = {"site_id": site_id, "version": before + 1, "document": Jsonb(whole), "actor": actor, "at": at, "why": why}
    with conn.cursor(row_factory=scalar_row) as cursor:
        if cursor.execute(_QUERIES["add_weights"], facts).fetchone() is None:
            raise WeightsChanged(before, before + 1)
    return of_site(conn, site_id)
