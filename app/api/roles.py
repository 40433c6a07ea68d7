"""The roles that a key gives, and the roles that may make each kind of call."""

from collections.abc import Mapping
from typing import Final, Literal

Role = Literal["admin", "editor", "client"]
Roles = tuple[Role, ...]
ADMINS: Final[Roles] = ("admin",)
EDITORS: Final[Roles] = ("editor", "admin")
"""The roles that may change the catalogue, and read the report and the log of edits."""
CLIENTS: Final[Roles] = ("client", "admin")
"""The roles that may write profiles and give feedback by profile."""
ANYONE: Final[Roles] = ("admin", "editor", "client")
"""All roles."""
KEYS: Final[Mapping[Role, str]] = {
    "admin": "the admin key",
    "editor": "the editors' key",
    "client": "the client key",
}
