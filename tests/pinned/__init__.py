"""What others rely on, held as it is: see `tests.pinned.subjects`."""
