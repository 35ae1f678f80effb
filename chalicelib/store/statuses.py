"""The statuses of a candidate, and the one rule for changing them."""

import enum


class Status(enum.StrEnum):
    """How far the consideration of a candidate is. In the order of a part's board."""

    CAST = "cast"
    OFFERED = "offered"
    ON_HOLD = "on_hold"
    ON_AVAIL = "on_avail"
    CALLBACK = "callback"
    AUDITIONING = "auditioning"
    SHORTLISTED = "shortlisted"
    BACKUP = "backup"
    SUBMITTED = "submitted"
    PASSED = "passed"
    DECLINED = "declined"
    RELEASED = "released"

    @property
    def stage(self) -> str:
        """Its place on the board, as two digits."""
        return f"{list(Status).index(self):02}"

    @property
    def group(self) -> str:
        """The place of its group among an actor's candidacies."""
        return "0" if self in ENGAGEMENT else "2" if self in ENDED else "1"

    def next(self) -> list["Status"]:
        """Return the statuses that may follow. An engagement ends only by one of ENDED."""
        if self in ENDED:
            return [Status.SHORTLISTED]
        excluded = SELECTION if self in ENGAGEMENT else ENDED
        return [status for status in Status if status not in excluded and status is not self]


ENGAGEMENT = frozenset({Status.ON_HOLD, Status.OFFERED, Status.CAST})
ENDED = frozenset({Status.DECLINED, Status.RELEASED})
SELECTION = frozenset(Status) - ENGAGEMENT - ENDED


class PartStatus(enum.StrEnum):
    """Whether a part is still to be cast."""

    OPEN = "open"
    CAST = "cast"
    CLOSED = "closed"
