"""The rule sets of a rulebook, by asset class and, for an asset with overrides, by asset."""

from rules import ruleset
from rules.rulebook import EMPTY, Rulebook
from rules.ruleset import RuleSet

EMPTY_SET = ruleset.of_asset(EMPTY, "")


class RuleSets:
    """The rule sets of a rulebook: assets of a class without overrides share one."""

    def __init__(self, rulebook: Rulebook = EMPTY) -> None:
        self.rulebook = rulebook
        self.looks_below = rulebook.looks_below
        self.judges_late = rulebook.judges_late
        self._special = {each.asset for each in rulebook.overrides}
        self._made: dict[tuple[str, str | None], RuleSet] = {}

    def of(self, asset_class: str, asset: str) -> RuleSet:
        """Return the rule set of an asset."""
        key = asset_class, asset if asset in self._special else None
        if key not in self._made:
            self._made[key] = ruleset.of_asset(self.rulebook, *key)
        return self._made[key]
