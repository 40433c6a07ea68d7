"""What the supervisor tells of its settings: all that others judge by, and no key."""

import fcntl
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.data_folder import SERVICE_LOCK as LOCK
from app.operations.in_force import in_force, in_use, tell
from app.settings import Settings

SETTINGS = {
    "hold_seconds": 5,
    "cors_origins": "https://a.example,https://c.example",
    "public_url": "https://b.example/keyart",
    "log_bytes": "20GiB",
}


def test_a_running_service_tells_its_settings_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=tmp_path, admin_key=SecretStr("secret-secret-secret"), **SETTINGS)  # type: ignore[arg-type]
    for name in ("HOLD_SECONDS", "RETENTION_DAYS"):
        monkeypatch.setenv(f"KEYART_{name}", "20")
    monkeypatch.setenv("KEYART_CLIENT_KEY", "this-shell-s-own-key")
    with (tmp_path / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tell(lock, Settings(data=tmp_path, preset="demo"), 1)
        tell(lock, settings, 8123)  # what stood there goes
        told = in_force(tmp_path)

    assert told
    assert told.pid == os.getpid()
    assert told.settings.admin_key
    assert told.settings.client_key is None
    same = {"port": 8123, "admin_key": settings.admin_key}
    assert told.settings.model_copy(update=same) == settings.model_copy(update=same)
    assert "secret-secret" not in (tmp_path / LOCK).read_text()


def test_what_a_service_that_has_ended_told_is_not_in_force(tmp_path: Path) -> None:
    with (tmp_path / LOCK).open("a") as lock:
        tell(lock, Settings(data=tmp_path), 8000)
    assert not in_use(tmp_path)
    assert in_force(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "{}", '{"pid": 1, "settings": [], "keys": []}', "[]"])
def test_a_service_that_tells_nothing_readable_has_told_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / LOCK).write_text(content)
    with (tmp_path / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert in_use(tmp_path)
        assert in_force(tmp_path) is None
