"""Which catalogue is the current one."""

from typing import Final

SETTING: Final = "catalogue"
"""The setting of the store that names it."""
