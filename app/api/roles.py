"""The roles that a key gives, and which of them may do what."""

from collections.abc import Mapping
from typing import Final, Literal

Role = Literal["admin", "editor", "client"]
Roles = tuple[Role, ...]
ADMINS: Final[Roles] = ("admin",)
EDITORS: Final[Roles] = ("editor", "admin")
"""Who may change the catalogue, and read the report and the log of edits: no profiles, no decisions."""
CLIENTS: Final[Roles] = ("client", "admin")
"""Who may write profiles and give feedback by name."""
ANYONE: Final[Roles] = ("admin", "editor", "client")
"""Who has any key."""
KEYS: Final[Mapping[Role, str]] = {
    "admin": "the admin key",
    "editor": "the editors' key",
    "client": "the client key",
}
