"""Memory that was freed, given back to the system."""

import ctypes
from collections.abc import Callable


def _trimmer() -> Callable[[int], object] | None:
    """Return glibc's `malloc_trim`; other C libraries give back what is free by themselves, or never."""
    found: Callable[[int], object] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found


_trim = _trimmer()


def give_back() -> None:
    """Let go of the pages that nothing is in. It takes some milliseconds, so it is for rare occasions.

    A flood of bodies leaves the heap full of holes, and glibc by itself gives back its end alone.
    """
    if _trim:
        _trim(0)
