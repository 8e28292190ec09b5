"""The codes of a close-out: why it failed and what was done, after ISO 14224 (failure causes, activities)."""

from enum import StrEnum


class Cause(StrEnum):
    """The cause of the failure."""

    WEAR = "wear"
    OFF_DESIGN_SERVICE = "off_design_service"
    OPERATING_ERROR = "operating_error"
    MAINTENANCE_ERROR = "maintenance_error"
    INSTALLATION = "installation"
    FABRICATION = "fabrication"
    MATERIAL = "material"
    DESIGN = "design"
    NO_CAUSE_FOUND = "no_cause_found"
    OTHER = "other"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        return _LABELS.get(self.value, self.value.replace("_", " "))


class Remedy(StrEnum):
    """The remedy."""

    REPLACE = "replace"
    REPAIR = "repair"
    ADJUST = "adjust"
    REFIT = "refit"
    SERVICE = "service"
    MODIFY = "modify"
    OVERHAUL = "overhaul"
    CHECK = "check"
    TEST = "test"
    COMBINATION = "combination"
    OTHER = "other"
    NONE = "none"

    @property
    def label(self) -> str:
        return _LABELS.get(self.value, self.value.replace("_", " "))


class Mechanism(StrEnum):
    """By which process it failed: the failure mechanisms of ISO 14224."""

    LEAKAGE = "leakage"
    VIBRATION = "vibration"
    CLEARANCE = "clearance"
    DEFORMATION = "deformation"
    LOOSENESS = "looseness"
    STICKING = "sticking"
    CAVITATION = "cavitation"
    CORROSION = "corrosion"
    EROSION = "erosion"
    WEAR = "wear"
    BREAKAGE = "breakage"
    FATIGUE = "fatigue"
    OVERHEATING = "overheating"
    BURST = "burst"
    CONTROL_FAILURE = "control_failure"
    NO_SIGNAL = "no_signal"
    FAULTY_SIGNAL = "faulty_signal"
    OUT_OF_ADJUSTMENT = "out_of_adjustment"
    SOFTWARE = "software"
    SHORT_CIRCUIT = "short_circuit"
    OPEN_CIRCUIT = "open_circuit"
    NO_POWER = "no_power"
    EARTH_FAULT = "earth_fault"
    BLOCKAGE = "blockage"
    CONTAMINATION = "contamination"
    EXTERNAL = "external"
    OTHER = "other"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


_LABELS = {
    "wear": "expected wear and tear",
    "off_design_service": "run outside of what it is made for",
    "installation": "error in installation",
    "fabrication": "error in fabrication",
    "material": "unfit material",
    "design": "unfit design or capacity",
    "replace": "replaced",
    "repair": "repaired",
    "adjust": "adjusted or aligned",
    "refit": "refitted, cleaned or polished",
    "service": "serviced or lubricated",
    "modify": "modified",
    "overhaul": "overhauled",
    "check": "checked only",
    "test": "tested",
    "combination": "several of these",
    "none": "nothing was done",
}
