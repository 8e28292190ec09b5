"""The requester, with roles and sites. What each role may do is defined next to each action."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The roles of people and systems."""

    VIEWER = "viewer"
    REQUESTER = "requester"
    TECHNICIAN = "technician"
    STOREKEEPER = "storekeeper"
    PLANNER = "planner"
    RELIABILITY_ENGINEER = "reliability_engineer"
    ADMINISTRATOR = "administrator"


COST_ROLES = frozenset({Role.PLANNER, Role.RELIABILITY_ENGINEER})
"""The roles that see labour rates and costs without a personal permission."""


@dataclass(frozen=True, slots=True)
class Who:
    """A known person or system.

    Parameters
    ----------
    actor
        As history records it: ``person:<name>``, ``key:<name>`` or ``system:<part>``.
    sites
        The codes of the sites that they see; None for all.
    technician
        Their code among the technicians, for those who do the work themselves.
    technician_site
        The code of that technician's site: another site may have the same code for somebody else.
    allowed_costs
        An administrator lets them see costs whatever their roles are.
    language
        The code of the language that they have chosen for their pages; None where they have not.
    contractor
        The id of the technician of a firm that they are: they see only the orders that they have or had, and no costs
        whatever their roles are. None for everybody else, and for administrators.
    """

    actor: str
    roles: frozenset[Role]
    sites: frozenset[str] | None = None
    technician: str | None = None
    technician_site: str | None = None
    allowed_costs: bool = False
    language: str | None = None
    contractor: int | None = None

    @property
    def person(self) -> str | None:
        """The name by which they sign in; None for a key or a system."""
        kind, _, name = self.actor.partition(":")
        return name if kind == "person" else None

    @property
    def sees_costs(self) -> bool:
        """Whether they may see the costs of work and failures: by a role, or by an administrator's permission."""
        return self.contractor is None and (self.allowed_costs or self.may(COST_ROLES))

    @property
    def sees_prices(self) -> bool:
        """Whether they may see item prices: whoever sees costs, and whoever buys."""
        return self.contractor is None and (self.sees_costs or self.may((Role.STOREKEEPER,)))

    def sees(self, site: str) -> bool:
        return self.sites is None or site in self.sites

    def may(self, roles: Collection[Role]) -> bool:
        """Whether they have one of the roles. An administrator has them all: a small plant has one person."""
        return Role.ADMINISTRATOR in self.roles or not self.roles.isdisjoint(roles)


def system(part: str) -> Who:
    """Return the actor for a part of plantwright itself, which may do whatever its own rules require."""
    return Who(f"system:{part}", frozenset({Role.ADMINISTRATOR}))
