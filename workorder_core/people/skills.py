"""What a fault asks of people: from component and failure mode to a skill, and from a skill to certificates.

The tables here are the defaults. A site can have entries of its own, which come before them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workorder_core.words import FailureMode

MECHANICAL, ELECTRICAL, INSTRUMENTATION = "mechanical", "electrical", "instrumentation"
USUAL_LEVEL = 3
"""The level of a skill of which none is recorded, from 1 (can do it supervised) to 5."""

SKILL_OF_COMPONENT: Mapping[str, str] = {
    "bearing": MECHANICAL,
    "coupling": MECHANICAL,
    "gearbox": MECHANICAL,
    "impeller": MECHANICAL,
    "hydraulics": MECHANICAL,
    "lubrication": MECHANICAL,
    "rotor": MECHANICAL,
    "seal": MECHANICAL,
    "shaft": MECHANICAL,
    "valve": MECHANICAL,
    "cooling": MECHANICAL,
    "drive": ELECTRICAL,
    "electrical": ELECTRICAL,
    "motor": ELECTRICAL,
    "winding": ELECTRICAL,
    "instrument": INSTRUMENTATION,
    "sensor": INSTRUMENTATION,
    "transmitter": INSTRUMENTATION,
}

SKILL_OF_FAILURE_MODE: Mapping[FailureMode, str] = {
    FailureMode.AIR: INSTRUMENTATION,
    FailureMode.ERO: INSTRUMENTATION,
    FailureMode.FTS: ELECTRICAL,
    FailureMode.UST: ELECTRICAL,
    FailureMode.BRD: MECHANICAL,
    FailureMode.ELP: MECHANICAL,
    FailureMode.ELU: MECHANICAL,
    FailureMode.HIO: MECHANICAL,
    FailureMode.INL: MECHANICAL,
    FailureMode.LOO: MECHANICAL,
    FailureMode.NOI: MECHANICAL,
    FailureMode.OHE: MECHANICAL,
    FailureMode.PLU: MECHANICAL,
    FailureMode.STD: MECHANICAL,
    FailureMode.VIB: MECHANICAL,
}

CERTIFICATES_OF_SKILL: Mapping[str, frozenset[str]] = {ELECTRICAL: frozenset({"high voltage switching"})}
"""Certificates without which nobody may do the work."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A skill that work asks for, at least at a level."""

    skill: str
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillTables:
    """A site's own entries; what has none goes by the defaults.

    Parameters
    ----------
    of_component, of_failure_mode
        By a word of the component, or the mode; None: it asks for no skill.
    certificates
        By skill; an empty set: it needs none.
    """

    of_component: Mapping[str, Asked | None] = field(default_factory=dict)
    of_failure_mode: Mapping[str, Asked | None] = field(default_factory=dict)
    certificates: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def asked(self, component: str, failure_mode: FailureMode) -> Asked | None:
        """Return the skill that a fault asks for; None when it is not known well enough to ask for one.

        A wrong reading is instrument work wherever it is taken; otherwise the component decides before the mode.
        """
        if failure_mode is FailureMode.AIR:
            return self._of_mode(failure_mode)
        words = component.lower().replace("_", " ").replace("-", " ").split()
        for word in reversed(words):
            if word in self.of_component:
                return self.of_component[word]
            if word in SKILL_OF_COMPONENT:
                return Asked(SKILL_OF_COMPONENT[word])
        return self._of_mode(failure_mode)

    def _of_mode(self, failure_mode: FailureMode) -> Asked | None:
        if failure_mode.value in self.of_failure_mode:
            return self.of_failure_mode[failure_mode.value]
        skill = SKILL_OF_FAILURE_MODE.get(failure_mode)
        return None if skill is None else Asked(skill)

    def certificates_of(self, skill: str) -> frozenset[str]:
        """Return the certificates without which nobody may do work that asks for a skill."""
        return self.certificates.get(skill, CERTIFICATES_OF_SKILL.get(skill, frozenset()))

    def entries(self) -> list["Entry"]:
        """Return everything that asks for a skill, or for none by the site's own decision, by what and by code."""
        of_modes = {mode.value: skill for mode, skill in SKILL_OF_FAILURE_MODE.items()}
        found = [
            Entry(of=of, code=code, asked=own[code] if code in own else Asked(default[code]), own=code in own)
            for of, own, default in (
                ("component", self.of_component, SKILL_OF_COMPONENT),
                ("failure_mode", self.of_failure_mode, of_modes),
            )
            for code in own.keys() | default.keys()
        ]
        return sorted(found, key=lambda each: (each.of, each.code))

    def certificates_by_skill(self) -> list[tuple[str, frozenset[str], bool]]:
        """Return skills with their certificates, and whether the site has an entry of its own."""
        skills = sorted(self.certificates.keys() | CERTIFICATES_OF_SKILL.keys())
        return [(skill, self.certificates_of(skill), skill in self.certificates) for skill in skills]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a component or a failure mode asks for; ``asked`` None: nothing; ``own``: by the site's own table."""

    of: str
    code: str
    asked: Asked | None
    own: bool


DEFAULTS = SkillTables()


def required_skill(component: str, failure_mode: FailureMode, tables: SkillTables = DEFAULTS) -> str | None:
    """Return the skill that a fault asks for by a site's tables; None when it asks for none."""
    asked = tables.asked(component, failure_mode)
    return None if asked is None else asked.skill
