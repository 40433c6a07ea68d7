"""Freed memory, given back to the system."""

import ctypes
from collections.abc import Callable


def _trimmer() -> Callable[[int], object] | None:
    """Return glibc's `malloc_trim`; other C libraries give free memory back automatically, or never."""
    found: Callable[[int], object] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found


_trim = _trimmer()


def give_back() -> None:
    """Give back empty pages of the heap. It takes some milliseconds, so it is for rare occasions.

    A flood of bodies leaves many holes in the heap, and glibc automatically gives back only its end.
    """
    if _trim:
        _trim(0)
