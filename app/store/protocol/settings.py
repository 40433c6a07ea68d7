"""Settings that all processes share."""

from typing import Protocol


class SharedSettings(Protocol):
    """Values under names, such as keys and the name of the current catalogue."""

    async def setting(self, name: str) -> bytes | None: ...

    async def make_setting(self, name: str, value: bytes) -> bytes:
        """Store `value` unless there is one, and return the one that is stored: every process gets the same."""

    async def swap_setting(self, name: str, expected: bytes | None, value: bytes) -> bool:
        """Replace a setting if it is still `expected`."""
