"""The settings that a command takes."""

import os
from pathlib import Path

import pytest

from app.commands.environment import settings_in_use
from app.data_folder import DataFolder
from app.file_lock import taken
from app.operations.in_force import tell
from app.telemetry import logs
from tests.api.service import settings_of


def test_a_command_takes_the_settings_of_the_running_service_and_of_its_own_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "configure", lambda *_, **__: None)  # it would set up later tests, too
    folder = DataFolder(tmp_path)
    folder.log.touch()
    monkeypatch.setenv("KEYART_DATA", str(tmp_path))
    monkeypatch.setenv("KEYART_RETENTION_DAYS", "20")
    usual = settings_in_use("audit")
    assert (usual.exploration_floor, usual.hold_seconds) == (0.02, 86400)
    handle = taken(folder.service_lock)
    assert handle is not None
    with os.fdopen(handle, "r+") as lock:
        running = settings_of(data=tmp_path, preset="demo", exploration_floor=0.2, retention_days=10)
        tell(lock, running, 8123)
        found = settings_in_use("audit")
        assert (found.exploration_floor, found.hold_seconds, found.port) == (0.2, 0, 8123)
        assert found.retention_days == 20, "This shell sets it."
    assert settings_in_use("audit") == usual, "The service has ended."
