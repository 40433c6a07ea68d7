"""A real `keyart serve` in a folder of its own, started, watched and stopped as an operator would."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TypeVar

KEYART = str(Path(sys.executable).with_name("keyart"))
END_SECONDS = 5.0
"""What the service promises: so long after Ctrl-C, SIGTERM or the death of the parent every process is gone."""
SLACK = 30.0
"""What a busy machine may add to that. `make soak` measures it, in test_times.py."""
T = TypeVar("T")


def free_port() -> int:
    """Return a port that nobody listens on, from below those that the kernel gives to outgoing connections.

    Of those one could be taken, or even be connected to itself, while the service that is being tested is down.
    Each of the test processes that run side by side has ports of its own.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % processes
    while True:
        port = random.SystemRandom().randrange(20_000 + number, 32_000, processes)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def environment(data: Path, settings: Mapping[str, object]) -> dict[str, str]:
    """Return this process' environment with these settings and no others."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("KEYART_", "PROMETHEUS_", "COV"))
    }
    given = {f"KEYART_{name.upper()}": str(value) for name, value in settings.items()}
    return {**inherited, "KEYART_DATA": str(data), "COLUMNS": "200", **given}


def keyart(data: Path, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [KEYART, *arguments],
        env=environment(data, settings),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def until(what: str, condition: Callable[[], T], seconds: float = 90.0) -> T:
    """Poll until the condition holds, and return what it returned; fail with `what` if it never does."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"Waited {seconds} s in vain: {what}.")
        time.sleep(0.02)
    return found


async def soon(what: str, condition: Callable[[], T], seconds: float = 90.0) -> T:
    """Do as `until` does while the event loop goes on."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"Waited {seconds} s in vain: {what}.")
        await asyncio.sleep(0.02)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def children(pid: int) -> dict[int, str]:
    """Return the command line of each living child, whichever of the process's threads started it."""
    found: dict[int, str] = {}
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in map(int, thread.read_text().split()):
                command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if alive(child):
                    found[child] = command
    return found


def _folder_of_another_program(data: Path) -> Path:
    """Return a working folder with an `app` of its own, as many projects have, which nobody may load."""
    folder = data.with_name(f"{data.name}.project")
    folder.mkdir(exist_ok=True)
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app" / "__init__.py").write_text('raise RuntimeError("This is not Keyart.")\n')
    return folder


class Service:
    def __init__(self, data: Path, *options: str, **settings: object):
        """Take options and settings of `keyart serve`; unless `port` is among these a free one is used."""
        self.data, self.port = data, free_port()
        self._options = options
        self._workers = settings.get("workers", 1)
        self._environment = environment(data, {"port": self.port, **settings})
        self._log = data.with_name(f"{data.name}.log")
        self._seen: set[int] = set()
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> "Service":
        """Start it in a process group of its own, and don't wait."""
        if self.process:
            self.process.wait()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=_folder_of_another_program(self.data),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def start(self) -> "Service":
        self.launch()
        return self.wait_ready()

    @property
    def command(self) -> list[str]:
        return [KEYART, "serve", *self._options]

    def wait_ready(self) -> "Service":
        def ready() -> bool:
            assert self.process
            assert self.process.poll() is None, f"keyart serve ended early:\n{self.log[-3000:]}"
            started = len(self.workers()) == self._workers and len(self.trainers()) == 1
            return started and self.get("/readyz")[0] == 200  # an orphan might answer that, too

        until("/readyz answers 200", ready)
        self.processes()
        return self

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def serving(self) -> int:
        """The process id of the supervisor."""
        return self.pid

    def processes(self) -> set[int]:
        """Return every process of the service, and remember it."""
        found = {self.serving, *children(self.serving)}
        self._seen |= found
        return found

    def workers(self) -> list[int]:
        return [pid for pid, command in children(self.serving).items() if " worker " in command]

    def trainers(self) -> list[int]:
        return [pid for pid, command in children(self.serving).items() if " train " in command]

    @property
    def key(self) -> str:
        """The admin key: the one that was set, or was made at first start."""
        return self._environment.get("KEYART_ADMIN_KEY") or (self.data / "admin-key").read_text().strip()

    def get(self, path: str, *, key: str = "", timeout: float = 20.0) -> tuple[int, bytes]:
        """Return status and body; 0 and nothing if no answer came."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException):
            return 0, b""
        finally:
            connection.close()

    def send(self, number: signal.Signals) -> None:
        os.kill(self.serving, number)

    def wait_gone(self, seconds: float = END_SECONDS + SLACK) -> None:
        """Wait until no process that was ever seen of this service is left; the one started here is waited for."""
        assert self.process

        def gone() -> bool:
            assert self.process
            self.process.poll()
            return not any(alive(pid) for pid in self._seen)

        until("every process of the service ends", gone, seconds)
        self.process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its status once all its processes are gone."""
        assert self.process
        self.processes()
        self.send(number)
        self.wait_gone()
        return self.process.returncode

    def clean_up(self) -> None:
        """Leave nothing behind, whatever the test came to."""
        if self.process is None:
            return
        self.processes()
        for pid in {self.process.pid, *self._seen}:
            with suppress(ProcessLookupError):
                if alive(pid):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()


class Attended(Service):
    """A service that was started by something like `make`, which waits for it."""

    @property
    def command(self) -> list[str]:
        return ["/bin/sh", "-c", '"$@"; exit $?', "sh", KEYART, "serve", "--with-parent", *self._options]

    @property
    def serving(self) -> int:
        return next(iter(children(self.pid)), self.pid)

    def processes(self) -> set[int]:
        found = {self.pid} | super().processes()
        self._seen |= found
        return found
