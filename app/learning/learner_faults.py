"""Faults of an own learner while it learns: each example may have one, so equal ones are logged once."""

import structlog

log = structlog.get_logger()


class LearnerFaults:
    def __init__(self) -> None:
        self._told = ""

    def tell(self, fault: str, position: int) -> None:
        """Log a fault, unless the one before had the same sentence."""
        if fault != self._told:
            log.error("example_failed", position=position, reason=fault)
        self._told = fault
