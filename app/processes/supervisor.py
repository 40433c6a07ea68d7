"""The parent of the workers and a trainer: it starts, restarts and ends them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

from app.processes.heartbeat import Heartbeat
from app.telemetry.metric_files import FOLDER, settle

log = structlog.get_logger()

LOOK_SECONDS = 0.1
GRACE_SECONDS = 4.0
"""Seconds from the signal to the children to killing them."""
CALM_SECONDS = 5.0
"""Seconds of life after which a child is restarted immediately; before, the supervisor makes a growing pause."""
LONGEST_PAUSE = 5.0


@dataclass(slots=True)
class Child:
    name: str
    command: Sequence[str]
    inherited: Sequence[int] = ()
    """The file descriptors that it inherits."""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    due: float = field(default=0.0)
    heartbeat: Heartbeat | None = None
    """The pipe of its beats; None if it is not watched."""
    end: str = ""
    """The end of the former process: it `ended` alone, or was `hung` and killed. The next one counts that."""

    def start(self, environment: dict[str, str]) -> None:
        replacing = ["--replaces", self.end] if self.heartbeat and self.end else []
        self.process = subprocess.Popen(  # noqa: S603  our own
            [*self.command, *replacing], pass_fds=self.inherited, env=environment
        )
        self.started, self.end = time.monotonic(), ""
        if self.heartbeat:
            self.heartbeat.begin()
        log.info("started", child=self.name, pid=self.process.pid)

    def note_death(self) -> int | None:
        """Return the id of the process if it has died, and decide when it is started again."""
        if self.process is None or self.process.poll() is None:
            return None
        pid, lived = self.process.pid, time.monotonic() - self.started
        self.end = self.end or "ended"
        log.warning("ended", child=self.name, pid=pid, status=self.process.returncode, lived=round(lived, 1))
        self.pause = 0.0 if lived > CALM_SECONDS else min(LONGEST_PAUSE, max(0.1, self.pause * 2))
        self.due, self.process = time.monotonic() + self.pause, None
        return pid

    def kill_if_hung(self, elapsed: float) -> None:
        """Kill a process that was silent for too long, without waiting for its end."""
        if self.process is None or self.heartbeat is None or self.end:
            return
        self.heartbeat.listen(elapsed)
        if self.heartbeat.is_hung():
            self.end = "hung"
            log.error("hung", child=self.name, pid=self.process.pid)
            self.process.kill()


class Supervisor:
    def __init__(
        self,
        listener: socket.socket,
        workers: int,
        metrics_folder: Path,
        *,
        trainer: bool = True,
        parent: int | None = None,
    ):
        """Take the socket that the workers share. If `parent` is given, end when it is no longer the parent."""
        me = str(os.getpid())
        base = [sys.executable, "-P", "-m", "app"]  # -P: the folder that it starts in may have an `app` as well
        shared = listener.fileno()
        worker = [*base, "worker", "--socket", str(shared), "--parent", me]
        hearts = [Heartbeat() for _ in range(workers)]
        train = [*base, "train", "--parent", me, "--holder", f"trainer of {socket.gethostname()} {me}"]
        self._children = [
            Child(
                f"worker-{number}",
                [*worker, "--heartbeat", str(heart.handle)],
                [shared, heart.handle],
                heartbeat=heart,
            )
            for number, heart in enumerate(hearts, 1)
        ]
        if trainer:
            self._children.append(Child("trainer", train))
        self._metrics_folder = metrics_folder
        self._environment = {**os.environ, FOLDER: str(metrics_folder)}
        self._parent = parent
        self._stopping = False

    def run(self, when_started: Callable[[], object]) -> None:
        """Keep all children running until SIGTERM or SIGINT; then end them within five seconds."""
        shutil.rmtree(self._metrics_folder, ignore_errors=True)
        self._metrics_folder.mkdir(parents=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            self._start_due()
            when_started()
            looked = time.monotonic()
            while not self._stopping and not self._orphaned():
                self._bury()
                self._start_due()
                time.sleep(LOOK_SECONDS)
                looked, before = time.monotonic(), looked
                for child in self._children:
                    child.kill_if_hung(looked - before)
        finally:
            self._end_all()

    @property
    def stopping(self) -> bool:
        return self._stopping

    def _stop(self, _: int, __: FrameType | None) -> None:
        self._stopping = True

    def _orphaned(self) -> bool:
        return self._parent is not None and os.getppid() != self._parent

    def _start_due(self) -> None:
        for child in self._children:
            if child.process is None and time.monotonic() >= child.due and not self._stopping:
                child.start(self._environment)

    def _bury(self) -> None:
        for child in self._children:
            pid = child.note_death()
            if pid is not None:
                settle(self._metrics_folder, pid)

    def _end_all(self) -> None:
        running = [child.process for child in self._children if child.process]
        for process in running:
            process.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
