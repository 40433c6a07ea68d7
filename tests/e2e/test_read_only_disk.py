"""A disk that takes nothing any more while the service runs: viewers get pictures, and writes get 503."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.assets.builders import a_picture, encoded
from tests.e2e.conftest import Start, artwork_id, title_id
from tests.e2e.service import Service, keyart, until
from tests.e2e.test_full_disk import done

KEY = "the-admin-key-of-this-test"
FOLDERS = ("catalogue", "uploads", "images")


@pytest.fixture
def data(catalogue: Path, tmp_path: Path) -> Iterator[Path]:
    """A data folder whose documents, uploads and pictures are on disks of their own."""
    folder = tmp_path / "data"
    shutil.copytree(catalogue, folder)
    mounted = []
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
        kept = (folder / name).rename(folder / f"{name}.kept")
        (folder / name).mkdir()
        if not done("mount", "-t", "tmpfs", "none", str(folder / name)):
            pytest.skip("A disk can't be mounted here; root can do it.")
        mounted.append(folder / name)
        shutil.copytree(kept, folder / name, dirs_exist_ok=True)
        shutil.rmtree(kept)
    try:
        yield folder
    finally:
        for each in mounted:
            until("the last process has left the disk", lambda each=each: done("umount", str(each)))  # type: ignore[misc]


def sent(service: Service, method: str, path: str, body: bytes, kind: str = "application/json") -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", service.port, timeout=40)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {KEY}", "Content-Type": kind})
        response = connection.getresponse()
        said = response.read()
        assert response.status != 503 or response.headers["Content-Type"] == "application/problem+json"
        return response.status, json.loads(said) if said else None
    finally:
        connection.close()


def form(picture: bytes) -> tuple[bytes, str]:
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="new.jpg"\r\n\r\n'
    return head + picture + b"\r\n--edge--\r\n", "multipart/form-data; boundary=edge"


async def test_on_a_read_only_disk_edits_are_refused_with_503_and_pictures_served(
    start: Start, data: Path
) -> None:
    picture = encoded(a_picture((640, 360), "teal"))
    service = await asyncio.to_thread(start, "--no-samples", workers=1, admin_key=KEY)
    title, artwork = title_id(0), artwork_id(0, 1)
    edits: list[tuple[str, str, bytes, str]] = [
        ("PUT", "/titles/new-title", b'{"name": "New"}', "application/json"),
        ("PUT", f"/titles/{title}", b'{"name": "Another"}', "application/json"),
        ("PUT", f"/titles/{title}/pin", json.dumps({"artwork": artwork}).encode(), "application/json"),
        ("PATCH", f"/titles/{title}/artworks/{artwork}", b'{"status": "paused"}', "application/json"),
        ("PATCH", "/catalogue", b'{"barred": ["ai-generated"]}', "application/json"),
        ("DELETE", f"/titles/{title}/artworks/{artwork}", b"", "application/json"),
        ("POST", f"/titles/{title}/artworks", *form(picture)),
        ("DELETE", f"/titles/{title}", b"", "application/json"),
    ]
    for name in FOLDERS:
        assert done("mount", "-o", "remount,ro", str(data / name))
    for method, path, body, kind in edits:
        status, problem = await asyncio.to_thread(sent, service, method, path, body, kind)
        assert status == 503, (method, path, problem, service.log[-3000:])
        assert "Read-only file system" in problem["detail"], problem
        choice = json.loads(service.get(f"/artwork?title={title}&profile=ada")[1])
        assert choice["decision_id"]
        assert service.get(choice["image"]["url"])[0] == 200
    assert '"request_failed"' not in service.log
    for name in FOLDERS:
        assert done("mount", "-o", "remount,rw", str(data / name))
    for method, path, body, kind in edits:
        status, answer = await asyncio.to_thread(sent, service, method, path, body, kind)
        assert status in {200, 201, 204}, (method, path, answer)


def test_commands_say_that_the_disk_is_read_only(data: Path, catalogue: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    assert done("mount", "-t", "tmpfs", "none", str(disk))
    try:
        shutil.copytree(catalogue, disk / "data")
        assert done("mount", "-o", "remount,ro", str(disk))
        for command in (["serve", "--no-samples"], ["train"], ["import", str(catalogue / "images")]):
            told = keyart(disk / "data", *command, port=0)
            assert told.returncode == 1, told
            assert "Traceback" not in told.stderr
            assert str(disk / "data") in told.stderr
    finally:
        until("the last process has left the disk", lambda: done("umount", str(disk)))
