"""Freed memory, given back to the system."""

import ctypes

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""A function of glibc; other C libraries give free memory back automatically, or never."""


def give_back() -> None:
    """Give back empty pages of the heap. It takes some milliseconds, so it is for rare occasions.

    A flood of bodies leaves many holes in the heap, and glibc automatically gives back only its end.
    """
    if _trim:
        _trim(0)
