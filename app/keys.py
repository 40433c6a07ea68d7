"""Keys that all workers share: made once, kept in the store."""

import os
import secrets

import msgspec
import structlog

from app.settings import Settings
from app.store.protocol import Log

log = structlog.get_logger()

KEY_BYTES = 32


async def identity_key(store_log: Log) -> bytes:
    """Return the key of groups and pseudonyms. It never rotates: with another everyone would be a stranger."""
    return await store_log.make_setting("identity_key", secrets.token_bytes(KEY_BYTES))


async def signing_keys(store_log: Log) -> list[bytes]:
    """Return the keys that decision ids are signed with; the last is the one in use."""
    first = msgspec.json.encode([secrets.token_bytes(KEY_BYTES)])
    return msgspec.json.decode(await store_log.make_setting("signing_keys", first), type=list[bytes])


def admin_key(settings: Settings) -> str | None:
    """Return the admin key that is set, or the one that was made in the data folder."""
    if settings.admin_key:
        return settings.admin_key.get_secret_value()
    path = settings.data / "admin-key"
    return path.read_text().strip() if path.is_file() and not settings.on_loopback else None


def make_admin_key(settings: Settings) -> None:
    """Make an admin key where the service can be reached from elsewhere and none is set; say once where it is."""
    path = settings.data / "admin-key"
    if settings.admin_key or settings.on_loopback or path.exists():
        return
    half = path.with_suffix(".tmp")
    half.unlink(missing_ok=True)
    file = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as opened:
        opened.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
    half.replace(path)  # killed before this, the next start makes another: never an empty key
    log.warning("admin_key_made", path=str(path))
