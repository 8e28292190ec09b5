"""The words of the offline protocol: kinds of operations, verdicts, and what a planner decides."""

from enum import StrEnum


class OpKind(StrEnum):
    """The kinds of operations, each one act of a person on a device."""

    MOVE = "move"
    TRAVEL = "travel"
    PLAN_STEP = "plan_step"
    REMARK = "remark"
    FIELD = "field"
    PARTS = "parts"
    NEED = "need"
    HOURS = "hours"
    READING = "reading"
    PHOTO = "photo"
    SIGNATURE = "signature"
    FOLLOW_UP = "follow_up"
    REQUEST = "request"
    ACKNOWLEDGE = "acknowledge"


WITHOUT_ORDER = frozenset({OpKind.REQUEST, OpKind.ACKNOWLEDGE})
"""The kinds that name no order."""


class Verdict(StrEnum):
    """The answer to an operation. The device forgets an operation after any of them except ``early``."""

    APPLIED = "applied"
    ALREADY = "already"
    """It was received before; the answer has the first verdict."""
    MERGED = "merged"
    """The order is already as the operation wants it."""
    CONFLICT = "conflict"
    """The field has changed since the device read it: nothing was overwritten, a person chooses."""
    KEPT = "kept"
    """Work that cannot be applied now: it stays on the order until a planner decides."""
    REFUSED = "refused"
    EARLY = "early"
    """An earlier operation of the device has not arrived: not stored, to be sent again after it."""


STORED = frozenset(Verdict) - {Verdict.ALREADY, Verdict.EARLY}
"""The verdicts with which an operation is stored, once."""
WAITING = frozenset({Verdict.CONFLICT, Verdict.KEPT})
"""The verdicts after which a person decides."""


class Decision(StrEnum):
    """What became of an operation that waited for a person."""

    TAKEN_OVER = "taken_over"
    SET_ASIDE = "set_aside"
    RESOLVED = "resolved"
    """A later operation of the device has settled the conflict."""


class Because(StrEnum):
    """The reasons of verdicts, for programs."""

    MALFORMED = "malformed"
    NOT_FOUND = "not-found"
    OP_ID_REUSED = "op-id-reused"
    EARLIER_MISSING = "earlier-missing"
    DEVICE_REVOKED = "device-revoked"
    NO_LONGER_YOURS = "no-longer-yours"
    ILLEGAL_MOVE = "illegal-move"
    NOT_ALLOWED = "not-allowed"
    NOT_READY = "not-ready"
    NOT_QUALIFIED = "not-qualified"
    MISSING = "missing"
    CHANGED_MEANWHILE = "changed-meanwhile"
    FAILED = "failed"
