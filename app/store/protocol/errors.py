"""What a store raises."""


class StoreTimeoutError(Exception):
    """The store could not answer in the time it was given; nothing of it will be served."""


class UnwritableStoreError(Exception):
    """The store could not write, for its disk is full or fails; nothing was written. The sentence says why."""


class LostStoreError(UnwritableStoreError):
    """A file that is in use was deleted or replaced: what is written there would be lost, and is not acknowledged.

    The sentence says which file, and what to do.
    """


class FullLogError(UnwritableStoreError):
    """The log has reached the size that it may have."""


class UnusableStoreError(Exception):
    """The store can't be opened. The sentence says why, and what to do."""


class UnknownVersionError(UnusableStoreError):
    """A later version of Keyart wrote into the store what this one does not know. The sentence says what to do."""

    def __init__(self, where: str, met: str, known: str):
        super().__init__(
            f"{where} {met}, and this version of Keyart knows {known}: start the later version again, or put a "
            "backup from before the upgrade in the place of the data folder (docs/operations.md, Upgrade)."
        )


class LostLeaseError(Exception):
    """Another trainer leads now; whoever gets this must not write again."""
