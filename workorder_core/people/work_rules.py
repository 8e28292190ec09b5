"""How a site lets people work: rest, hours a week, when an ending certificate is announced."""

from dataclasses import dataclass, field

from workorder_core.scheduling.ways import Speeds


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRules:
    """The defaults are those of directive 2003/88/EC, articles 3 and 6.

    Parameters
    ----------
    rest_minutes
        The least time between two shifts on which somebody works.
    week_minutes
        The most work and travel in seven dates in a row; None: no bound.
    warn_days
        How many days before its end a certificate is announced.
    """

    rest_minutes: int = 11 * 60
    week_minutes: int | None = 48 * 60
    warn_days: int = 30
    speeds: Speeds = field(default_factory=Speeds)
