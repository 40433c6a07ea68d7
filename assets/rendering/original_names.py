"""The files of a kept original: their names and their mode."""

from typing import Final

MODE: Final = 0o600
_DIGITS: Final = 32


def name_of(digest: str) -> str:
    """Return the name of an original, given the SHA-256 of its content."""
    return digest[:_DIGITS]


def copy_of(name: str) -> str:
    """Return the file name of the small copy of an original."""
    return f"{name}.webp"


def files_of(name: str) -> tuple[str, str]:
    return name, copy_of(name)
