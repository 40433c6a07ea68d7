"""The admin key of a service that was started with none, and the commands that find it."""

import re
import stat
from pathlib import Path

import httpx2
import pytest

from app.commands.calling import key_for
from app.settings import Settings
from app.wiring.keys import KeyFileError
from tests.e2e.conftest import Start
from tests.e2e.service import keyart


def test_the_first_start_makes_a_key_and_the_command_line_finds_it(start: Start, data: Path) -> None:
    service = start(preset="demo")
    assert stat.S_IMODE((data / "admin-key").stat().st_mode) == 0o600
    assert service.log.count('"admin_key_made"') == 1
    assert service.key not in service.log
    assert service.get("/report")[0] == 401
    assert service.get("/report", key=service.key)[0] == 200

    opened = keyart(data, "open", "--no-browser", port=service.port)
    assert opened.returncode == 0, opened.stderr
    address = f"http://127.0.0.1:{service.port}"
    assert re.fullmatch(rf"{address}/session/links/[\w=-]+\n", opened.stdout)
    with httpx2.Client(base_url=address) as browser:
        assert browser.get(opened.stdout.strip(), follow_redirects=True).url.path == "/dashboard"
        assert browser.get("/session").json()["role"] == "admin"
        assert browser.delete("/session", headers={"Origin": address}).status_code == 204
        assert browser.get("/session").status_code == 401

    found = keyart(data, "audience", "--url", address, "--steps", "500")
    assert "500 steps" in found.stderr, "the command could read the report"

    elsewhere = keyart(data, "open", "--no-browser", "--url", "https://keyart.example/art/", port=service.port)
    assert elsewhere.stdout.startswith("https://keyart.example/art/session/links/")


def test_a_command_without_the_key_says_what_to_do(start: Start, data: Path, tmp_path: Path) -> None:
    service = start(preset="demo")
    other = keyart(tmp_path / "other", "open", port=service.port)
    assert other.returncode == 1
    assert "set KEYART_DATA to the service's data folder, or KEYART_ADMIN_KEY" in other.stderr
    wrong = keyart(data, "open", port=service.port, admin_key="not-the-key-of-that-service")
    assert wrong.returncode == 1
    assert "has another admin key" in wrong.stderr
    audience = keyart(tmp_path / "other", "audience", "--url", f"http://127.0.0.1:{service.port}")
    assert audience.returncode == 1
    assert "asks for its admin key" in audience.stderr
    assert "There is no admin key in" in audience.stderr


def test_the_key_of_the_folder_is_sent_to_this_machine_alone(tmp_path: Path) -> None:
    (tmp_path / "admin-key").write_text("the-key-that-goes-nowhere")
    settings = Settings(data=tmp_path)
    for address in ("http://127.0.0.1:8000", "http://localhost", "http://[::1]:1/x", "https://127.9.9.9"):
        assert key_for(settings, address) == "the-key-that-goes-nowhere"
    for address in (
        "http://10.0.0.1",
        "http://localhost.evil.example",
        "http://127.0.0.1@evil.example",
        "http://",
    ):
        with pytest.raises(KeyFileError, match="this machine alone; set KEYART_ADMIN_KEY"):
            key_for(settings, address)


def test_a_key_file_that_is_of_no_use_ends_the_start_with_a_sentence(data: Path) -> None:
    (data / "admin-key").write_text("short")
    done = keyart(data, "serve", port=0)
    assert done.returncode == 1
    assert "delete the file and start again" in done.stderr
    assert "Traceback" not in done.stderr
