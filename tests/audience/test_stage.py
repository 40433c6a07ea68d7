"""The service that a run starts for itself: what is said where it can't go on."""

import shutil
import sys
from pathlib import Path

import pytest

from app.audience.service import ServiceError
from app.audience.stage import staged
from tests.assets.builders import put

FAILING = b"""#!/bin/sh
echo "Keyart serves http://127.0.0.1:9 (docs at /docs); Ctrl-C stops it."
echo "store_unwritable: the disk is full"
exec sleep 60
"""


def test_a_temporary_folder_without_room_is_named_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100 << 20))
    with (
        pytest.raises(ServiceError, match="has 100 MiB left, and a run takes some 150; make room, or set TMPDIR"),
        staged("click"),
    ):
        pass


def test_what_its_service_said_last_is_told_where_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = put(tmp_path / "failing", FAILING)
    failing.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(failing))
    with (
        pytest.raises(
            ServiceError,
            match=r"^It stopped answering\. The last line of the run's service: store_unwritable: the disk",
        ),
        staged("click"),
    ):
        raise ServiceError("It stopped answering.")
