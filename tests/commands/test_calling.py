"""Calls of a running service by commands."""

import socket
from pathlib import Path

import pytest
import typer

from app.commands.calling import address_for, called
from tests.api.service import settings_of


def test_without_a_service_on_the_folder_the_settings_name_the_address(tmp_path: Path) -> None:
    assert address_for(settings_of(data=tmp_path, port=8123)) == "http://127.0.0.1:8123"


def test_a_service_that_takes_longer_is_not_said_to_be_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        settings = settings_of(data=tmp_path, port=busy.getsockname()[1], admin_key="a-key-for-a-busy-service")
        with pytest.raises(typer.Exit):
            called(settings, "GET", "/candidate", seconds=0.05)
    said = capsys.readouterr().err
    assert "did not answer within" in said
    assert "It may still carry out the order" in said
