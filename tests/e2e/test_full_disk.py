"""A disk that fills up while the service runs: viewers get pictures, and all goes on once there is room."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Start, title_id
from tests.e2e.service import Service, until

pytestmark = pytest.mark.long

SIZE = "24m"
PIECE = bytes(1 << 16)
SETTINGS = {
    "workers": 1,
    "reward_window_seconds": 1,
    "hold_seconds": 2,
    "learn_cap": 0,
    "decision_timeout_ms": 2_000,
    "admin_key": "the-admin-key-of-tests",
}


@pytest.fixture
def data(catalogue: Path, tmp_path: Path) -> Iterator[Path]:
    """A data folder on a small disk of its own; what the service says is written elsewhere."""
    folder = tmp_path / "data"
    folder.mkdir()
    if not done("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)):
        pytest.skip("A small disk can't be mounted here; root can do it.")
    try:
        shutil.copytree(catalogue, folder, dirs_exist_ok=True)
        yield folder
    finally:
        until("the last process has left the disk", lambda: done("umount", str(folder)))


def done(command: str, *arguments: str) -> bool:
    found = shutil.which(command)
    if found is None:
        return False
    return not subprocess.run([found, *arguments], capture_output=True, check=False).returncode


def filled(ballast: Path) -> None:
    """Write until there is no room for another byte."""
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(PIECE)


def asked(service: Service, profile: str) -> Any:
    """Ask for a picture as this viewer; there has to be one, whatever happens."""
    status, body = service.get(f"/artwork?title={title_id(0)}&profile={profile}")
    assert status == 200, service.log[-3000:]
    return json.loads(body)


def decided(service: Service, profile: str) -> Any:
    """Ask until the answer is a decision."""

    def choice() -> Any:
        answer = asked(service, profile)
        return answer if answer["decision_id"] else None

    return until("decisions are made", choice)


def sent(service: Service, path: str, body: object) -> tuple[int, str | None]:
    """Return the status, and for how long the client is told to wait."""
    connection = HTTPConnection("127.0.0.1", service.port, timeout=40)
    try:
        connection.request("POST", path, json.dumps(body))
        response = connection.getresponse()
        response.read()
        return response.status, response.headers.get("Retry-After")
    finally:
        connection.close()


async def test_on_a_full_disk_viewers_get_pictures_and_all_goes_on_when_there_is_room(
    start: Start, data: Path
) -> None:
    service = await asyncio.to_thread(start, "--no-samples", **SETTINGS)
    before = decided(service, "ada")
    click = {"decision_id": before["decision_id"]}
    everyone = service.processes()
    ballast = data / "ballast"

    def falls_back() -> bool:
        filled(ballast)
        return asked(service, "somebody")["decision_id"] is None

    until("pictures are fallbacks", falls_back)
    for number in range(15):
        assert asked(service, f"viewer-{number}")["image"]["url"]
        assert sent(service, "/clicks", click) == (503, "5")
        assert service.get(before["image"]["url"])[0] == 200
        for path in ("/healthz", "/readyz", "/metrics"):
            assert service.get(path)[0] == 200
        assert service.get(f"/nothing/{number}")[0] == 404
    until("the trainer meets the full disk, too", lambda: '"state_unwritable"' in service.log)
    assert '"ended"' not in service.log
    ballast.unlink()
    after = decided(service, "grace")
    assert sent(service, "/clicks", {"decision_id": after["decision_id"]})[0] == 202
    assert sent(service, "/clicks", click)[0] == 202
    until("the trainer has learned again", lambda: service.log.count('"leading"') > 1)
    assert service.processes() == everyone
    assert '"ended"' not in service.log
