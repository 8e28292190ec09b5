"""The words of maintenance, as codes that never change. Labels for people can be translated; codes cannot."""

from enum import IntEnum, StrEnum

from workorder_core.sentences import coded


class OrderType(StrEnum):
    """The six types of work order."""

    PREVENTIVE = "preventive"
    PROACTIVE = "proactive"
    PREDICTIVE = "predictive"
    REACTIVE = "reactive"
    EMERGENCY = "emergency"
    INSPECTION = "inspection"


class Severity(IntEnum):
    """How bad a finding is. The engine's order types follow from it, worst last."""

    DEGRADING = 1
    """A failure is foreseen: the machine still does its work."""
    MALFUNCTION = 2
    """Something has broken: the machine does not do its work as it should."""
    SAFETY = 3
    """People or the plant are at risk."""

    @property
    def order_type(self) -> OrderType:
        return _TYPE_OF_SEVERITY[self]


_TYPE_OF_SEVERITY = {
    Severity.DEGRADING: OrderType.PREDICTIVE,
    Severity.MALFUNCTION: OrderType.REACTIVE,
    Severity.SAFETY: OrderType.EMERGENCY,
}


class Criticality(IntEnum):
    """What the plant loses when the asset is down."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Priority(IntEnum):
    """How soon work must begin; 1 is the most urgent."""

    EMERGENCY = 1
    HIGH = 2
    MEDIUM = 3
    LOW = 4


class Status(StrEnum):
    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    OPEN = "open"
    PLANNED = "planned"
    """What it needs is known: the job plan, the hours, the parts."""
    SCHEDULED = "scheduled"
    """When it is done is known."""
    DISPATCHED = "dispatched"
    """A technician has it."""
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    VERIFIED = "verified"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    CANNOT_COMPLETE = "cannot_complete"

    @property
    def label(self) -> str:
        return coded(self.value.replace("_", " "))


class Origin(StrEnum):
    ENGINE = "engine"
    PERSON = "person"
    SCHEDULE = "schedule"


class HoldReason(StrEnum):
    """What work on hold waits for. All but the last stop the clock of the targets: they are outside our control."""

    PARTS = "parts"
    PERMIT = "permit"
    ACCESS = "access"
    CUSTOMER = "customer"
    """The answer to a quote, say."""
    OTHER = "other"

    @property
    def stops_clock(self) -> bool:
        return self is not HoldReason.OTHER


class OperatingState(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


class CloseFinding(StrEnum):
    """What the technician found: the label that rules and models are measured by."""

    CONFIRMED = "confirmed"
    NOTHING_FOUND = "nothing_found"
    OTHER_CAUSE = "other_cause"


class FailureMode(StrEnum):
    """Failure modes of ISO 14224 (rotating equipment)."""

    AIR = "AIR"
    BRD = "BRD"
    ELP = "ELP"
    ELU = "ELU"
    ERO = "ERO"
    FTS = "FTS"
    HIO = "HIO"
    INL = "INL"
    LOO = "LOO"
    NOI = "NOI"
    OHE = "OHE"
    PDE = "PDE"
    PLU = "PLU"
    SER = "SER"
    STD = "STD"
    UST = "UST"
    VIB = "VIB"
    OTH = "OTH"
    UNK = "UNK"

    @property
    def label(self) -> str:
        return coded(_LABELS[self])

    @property
    def specific(self) -> bool:
        """Return False for UNK and PDE, which say that something is wrong but not what."""
        return self not in (FailureMode.UNK, FailureMode.PDE)


_LABELS = {
    FailureMode.AIR: "abnormal instrument reading",
    FailureMode.BRD: "breakdown",
    FailureMode.ELP: "external leakage, process medium",
    FailureMode.ELU: "external leakage, utility medium",
    FailureMode.ERO: "erratic output",
    FailureMode.FTS: "fails to start",
    FailureMode.HIO: "high output",
    FailureMode.INL: "internal leakage",
    FailureMode.LOO: "low output",
    FailureMode.NOI: "noise",
    FailureMode.OHE: "overheating",
    FailureMode.PDE: "parameter deviation",
    FailureMode.PLU: "plugged",
    FailureMode.SER: "minor in-service problem",
    FailureMode.STD: "structural deficiency",
    FailureMode.UST: "spurious stop",
    FailureMode.VIB: "vibration",
    FailureMode.OTH: "other",
    FailureMode.UNK: "unknown",
}

WHOLE_MACHINE = "machine"
"""The component of a finding that cannot say which part of the asset it is about."""
