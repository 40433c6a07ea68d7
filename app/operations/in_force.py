"""The settings of the service on a data folder, which the supervisor writes into the file that it locks."""

import json
import os
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

from app.data_folder import DataFolder
from app.file_lock import held
from app.settings import Settings

_KEYS: Final = ("admin_key", "editor_key", "client_key")
TOLD: Final = frozenset(Settings.model_fields) - {*_KEYS, "store", "alarm_url"}
"""The settings that are written. Keys are left out, and addresses that may have a password."""


class InForce(NamedTuple):
    """The supervisor's process id, and its settings; a key that is set is there, but is not the key itself."""

    pid: int
    settings: Settings


def tell(lock: TextIO, settings: Settings, port: int) -> None:
    """Write the settings into the locked file; `port` is the one that is listened on."""
    told = settings.model_dump(mode="json", include=set(TOLD))
    told |= {"port": port, "data": str(settings.data.resolve())}
    lock.truncate(0)
    keys = [name for name in _KEYS if getattr(settings, name)]
    json.dump({"pid": os.getpid(), "settings": told, "keys": keys}, lock)
    lock.flush()


def in_use(folder: Path) -> bool:
    return held(DataFolder(folder).service_lock)


def in_force(folder: Path) -> InForce | None:
    """Return the settings of the service on the folder; None if no service runs, or it does not tell them."""
    if not in_use(folder):
        return None  # the content is that of a service that has ended
    try:
        document = json.loads(DataFolder(folder).service_lock.read_text())
        return InForce(int(document["pid"]), _restored(document["settings"], document["keys"]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _restored(told: dict[str, Any], keys: list[str]) -> Settings:
    """Make the settings again. All of them are given, so that none comes from this process' environment."""
    secrets = {name: f"not told: {name}".replace(" ", "-") if name in keys else None for name in _KEYS}
    silent = {name: Settings.model_fields[name].default for name in ("store", "alarm_url")}
    return Settings(**{**told, **secrets, **silent})
