"""Keys that all workers share: made once, and kept in the store or in a file."""

import os
import secrets
from pathlib import Path

import msgspec
import structlog

from app.api.roles import Role
from app.data_folder import DataFolder
from app.settings import Settings
from app.settings.checks import KEY, SHORTEST_KEY
from app.store.protocol import Log

log = structlog.get_logger()

KEY_BYTES = 32
ANOTHER = "delete the file and start again, so that Keyart makes another"


async def identity_key(store_log: Log) -> bytes:
    """Return the key of groups and pseudonyms. It never rotates: with another everyone would be a stranger."""
    return await store_log.make_setting("identity_key", secrets.token_bytes(KEY_BYTES))


async def signing_keys(store_log: Log) -> list[bytes]:
    """Return the keys that decision ids are signed with; the last is the one in use."""
    first = msgspec.json.encode([secrets.token_bytes(KEY_BYTES)])
    return msgspec.json.decode(await store_log.make_setting("signing_keys", first), type=list[bytes])


class KeyFileError(Exception):
    """The file of the admin key is not usable. The sentence gives the reason and the remedy."""


def key_file(settings: Settings) -> Path:
    return DataFolder(settings.data).admin_key


def keys_of(settings: Settings) -> dict[Role, str]:
    """Return the key of each role that has one. There is always an admin key. Raises `KeyFileError`."""
    keys: dict[Role, str] = {"admin": admin_key(settings)}
    if settings.editor_key:
        keys["editor"] = settings.editor_key.get_secret_value()
    if settings.client_key:
        keys["client"] = settings.client_key.get_secret_value()
    if len(set(keys.values())) < len(keys):
        raise KeyFileError(f"The key in {key_file(settings)} is also the key of another role; {ANOTHER}.")
    return keys


def admin_key(settings: Settings) -> str:
    """Return the admin key that is set, or the one in the data folder. Raises `KeyFileError`."""
    if settings.admin_key:
        return settings.admin_key.get_secret_value()
    path = key_file(settings)
    try:
        key = path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise KeyFileError(
            f"There is no admin key in {path}; set KEYART_DATA to the service's data folder, or KEYART_ADMIN_KEY."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not ASCII text"
        raise KeyFileError(
            f"Keyart cannot read the admin key from {path} ({reason}); run this as the user of the service, "
            "or set KEYART_ADMIN_KEY."
        ) from error
    if not KEY.fullmatch(key):
        raise KeyFileError(
            f"The key in {path} has fewer than {SHORTEST_KEY} characters, or others than ASCII; {ANOTHER}."
        )
    return key


def make_admin_key(settings: Settings) -> None:
    """Make an admin key if none is set and none was made, and log its path once."""
    path = key_file(settings)
    if settings.admin_key or path.exists():
        return
    half = path.with_suffix(".tmp")
    half.unlink(missing_ok=True)
    file = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as opened:
        opened.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
    half.replace(path)  # killed before this, the next start makes another: never an empty key
    log.warning("admin_key_made", path=str(path))
