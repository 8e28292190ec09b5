"""The statuses of an order that go together. SQL is given the same lists (`db.sql`), in the order of `Status`."""

from workorder_core.words import Status

UNAPPROVED = frozenset({Status.DRAFT, Status.AWAITING_APPROVAL})
WAITING = frozenset({Status.OPEN, Status.PLANNED, Status.SCHEDULED, Status.DISPATCHED})
"""Approved, and the work has not begun."""
BEGUN = frozenset({Status.IN_PROGRESS, Status.ON_HOLD})
UNGIVEN = frozenset({Status.OPEN, Status.PLANNED, Status.SCHEDULED})
"""Approved, and no technician has been sent yet."""
BOOKED = frozenset({Status.SCHEDULED, Status.DISPATCHED})
"""It has a date or a technician, and the work has not begun."""
OCCUPYING = BEGUN | BOOKED
"""It occupies its technician's time, or will."""
DONE = frozenset({Status.COMPLETED, Status.VERIFIED})
FINAL = frozenset({Status.CLOSED, Status.CANCELLED, Status.CANNOT_COMPLETE})
"""Final: no more work is done. A closed order can be reopened for a while."""
