"""The errors of a store."""


class StoreTimeoutError(Exception):
    """The store could not answer in the given time; no part of its answer is served."""


class UnwritableStoreError(Exception):
    """The store could not write because its disk is full or fails; nothing was written. The sentence says why."""


class LostStoreError(UnwritableStoreError):
    """A file in use was deleted or replaced: writes to it would be lost, and are not acknowledged.

    The sentence names the file and the remedy.
    """


class FullLogError(UnwritableStoreError):
    """The log has reached the size that it may have."""


class UnusableStoreError(Exception):
    """The store does not open. The sentence gives the reason and the remedy."""


class UnknownVersionError(UnusableStoreError):
    """A later version of Keyart wrote into the store what this one does not know. The sentence says what to do."""

    def __init__(self, where: str, met: str, known: str):
        super().__init__(
            f"{where} {met}, and this version of Keyart knows {known}: start the later version again, or replace "
            "the data folder with a backup from before the upgrade (docs/operations.md, Upgrade)."
        )


class LostLeaseError(Exception):
    """Another trainer leads now; the caller must not write again."""
