"""A separate service for one run: started in a temporary folder, ended and deleted afterwards."""

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.audience.service import Service, ServiceError

ROOM = 150 << 20
"""Bytes that a run takes: pictures, and the log of some 50,000 steps."""
READY_SECONDS = 120.0
GRACE_SECONDS = 8.0
LOOK_SECONDS = 0.1
KEY_BYTES = 24
TOLD = 3
SERVES = re.compile(r"Keyart serves (http://\S+)")


@contextmanager
def staged(reward: str) -> Iterator[Service]:
    """Yield a service with the demo preset and the sample catalogue, once it is ready."""
    key = secrets.token_hex(KEY_BYTES)
    _look_for_room(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="keyart-audience-", ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "service.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                # In a separate session, so that Ctrl-C comes here alone and the counts can be printed.
                [sys.executable, "-P", "-m", "app", "serve", "--with-parent"],
                env=_environment(Path(folder) / "data", reward, key),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        try:
            yield Service(_address(process, log), key)
        except ServiceError as error:
            said = _last(log)
            if not said or said in str(error):
                raise
            raise ServiceError(f"{error} The last line of the run's service: {said}") from None
        finally:
            _end(process)


def _look_for_room(folder: str) -> None:
    if (free := shutil.disk_usage(folder).free) < ROOM:
        raise ServiceError(
            f"The temporary folder, {folder}, has {free >> 20} MiB left, and a run takes some {ROOM >> 20}; make "
            "room, or set TMPDIR to a folder on another disk."
        )


def _environment(data: Path, reward: str, key: str) -> dict[str, str]:
    """Return this process' environment with the demo's settings and no others.

    Without the browse page, no sample viewers come first.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KEYART_", "PROMETHEUS_"))}
    settings = {"KEYART_PRESET": "demo", "KEYART_BROWSE": "0", "KEYART_PORT": "0", "KEYART_LOG_LEVEL": "warning"}
    chosen = {"KEYART_DATA": str(data), "KEYART_REWARD": reward, "KEYART_ADMIN_KEY": key}
    return {**kept, "COLUMNS": "200", **settings, **chosen}


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the service says where it serves, which it does once it makes decisions."""
    until = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if found := SERVES.search(log.read_text(errors="replace")):
            return found[1]
        time.sleep(LOOK_SECONDS)
    raise ServiceError(
        f"The service for the run did not start; it said: {_last(log) or 'nothing'}. Start one yourself and give "
        "its address with --url."
    )


def _last(log: Path) -> str:
    """Return the last lines of a service, except its address."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if not SERVES.search(line)]
    return " ".join(lines[-TOLD:])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, even if an impatient user interrupts once more."""
    with suppress(subprocess.TimeoutExpired):
        try:
            process.terminate()
            process.wait(GRACE_SECONDS)
        finally:
            process.kill()  # nothing happens to one that has ended; what it started ends with it
            process.wait(GRACE_SECONDS)
