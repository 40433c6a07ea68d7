"""The switch of the browse page that lets made-up viewers use the service for a while: `keyart audience`."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from typing_extensions import TypedDict

from app.api.services import ADMIN, Service, Services
from app.data_folder import DataFolder
from app.file_lock import held, taken
from app.operations.health import reachable
from app.refusals import Conflict

router = APIRouter(include_in_schema=False, dependencies=[ADMIN])
VIEWERS: Final = 300
STEPS: Final = 20_000
"""How many pictures the audience looks at. After that it stops automatically; it takes at least 25 s."""
LONGEST_SAID: Final = 8000
PID_BYTES: Final = 12
_PID: Final = re.compile(r"\A(\d+) *\n")
_waits: Final[set[asyncio.Task[int]]] = set()
"""The tasks that wait for processes; the event loop itself keeps no reference to a task."""


class Running(TypedDict):
    """Whether an audience uses the service at this moment, and the lines that it or the last one printed."""

    running: bool
    said: str


@router.get("/browse/audience")
async def audience(services: Service) -> Running:
    return _running(_file(services))


@router.post("/browse/audience", status_code=202)
async def start(request: Request, services: Service) -> Running:
    """Start an audience. Only one can use the service at a time, also if the service has several workers."""
    file = _file(services)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = taken(file)
    if handle is None:
        raise Conflict("An audience uses the service at this moment; wait until it ends, or stop it.")
    try:
        await _begin(handle, _command(request, services))
    finally:
        os.close(handle)  # the process has it too, and the lock ends with the process
    return _running(file)


@router.delete("/browse/audience")
async def stop(services: Service) -> Running:
    """Stop the audience. It ends within a second or two, and prints what it did."""
    file = _file(services)
    if held(file) and (found := _PID.match(_read(file))):
        os.kill(int(found[1]), signal.SIGTERM)
    return _running(file)


async def _begin(handle: int, command: list[str]) -> None:
    """Start the process with the locked file as its output; the first line of the file is the process id."""
    os.ftruncate(handle, 0)
    os.write(handle, b"\n".rjust(PID_BYTES))  # the process writes after it
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=handle, stderr=handle, start_new_session=True
    )
    os.pwrite(handle, f"{process.pid}".encode(), 0)
    task = asyncio.create_task(process.wait())
    _waits.add(task)
    task.add_done_callback(_waits.discard)


def _command(request: Request, services: Services) -> list[str]:
    address = f"http://{reachable(services.settings.host)}:{request.scope['server'][1]}"
    sizes = ["--steps", str(STEPS), "--viewers", str(VIEWERS)]
    return [sys.executable, "-P", "-m", "app", "audience", "--url", address, *sizes, "--parent", str(os.getpid())]


def _file(services: Services) -> Path:
    return DataFolder(services.settings.data).audience


def _read(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""


def _running(file: Path) -> Running:
    return {"running": held(file), "said": _PID.sub("", _read(file))[-LONGEST_SAID:]}
