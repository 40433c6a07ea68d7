"""The rendering processes from their parent's side: no picture can harm it, stop the rest or leave a trace."""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO, Final, Self

from assets.checks import CatalogueError
from assets.codec import canonical, parsed
from assets.crop import Crop
from assets.picture import Job, Picture, PictureError
from assets.rendering.messages import DISK_FAULTS, Answer, Order
from assets.rendering.originals import Originals
from assets.rendering.workfolder import Workfolder

PATIENCE: Final = 120.0
"""Seconds for one picture, waiting included: a process that computes for too long ends itself, and much sooner."""
LIFETIME: Final = 250
"""Pictures after which a process is replaced, so that what it may leak stays little."""
LONGEST_ANSWER: Final = 1 << 20
MOST_THREADS: Final = 2
"""Renditions that a process encodes at the same time: two of the largest fit into its memory."""

_ROOT: Final = Path(__file__).resolve().parents[2]
# -P: the folder that an import is started in may hold a file named numpy.py, which must not run.
_COMMAND: Final = (sys.executable, "-P", "-m", "assets.rendering.worker")
_PASSED_ON: Final = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONDONTWRITEBYTECODE",
    "TMPDIR",
)
_ENVIRONMENT: Final = {
    # Less reserved memory: numpy's threads have a buffer each, and the C library keeps freed memory for later.
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(256 * 1024),
}

Result = tuple[Job, Picture | PictureError]


class Stopped(Exception):
    """A `develop_all` was told to end."""


class Stop:
    """Tells a `develop_all` that waits in another thread to end."""

    def __init__(self) -> None:
        self._mouth, self._ear = socket.socketpair()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._mouth.close()
        self._ear.close()

    def fileno(self) -> int:
        """Return the descriptor that is readable after `tell`."""
        return self._ear.fileno()

    def tell(self) -> None:
        self._mouth.close()


def develop_all(
    jobs: Sequence[Job],
    images: Path,
    processes: int,
    stop: Stop | None = None,
    originals: Originals | None = None,
) -> Iterator[Result]:
    """Yield each job with its picture or its fault, as they get ready; its renditions are in `images` by then.

    If there is a folder of `originals`, the original is there, too, unless there is no room. Raises `OSError` if
    the disk takes no more, and `ChildProcessError`, a kind of it, if no rendering process starts. All processes
    end immediately when the caller stops early or calls `stop.tell`, which raises `Stopped`.
    """
    images.mkdir(parents=True, exist_ok=True)
    yield from ((job, _unnameable(job)) for job in jobs if not _sendable(job))
    processes = max(1, processes)
    threads = max(1, min(MOST_THREADS, (os.cpu_count() or 1) // processes))
    crew = [_Child(images, originals, threads) for _ in range(processes)]
    try:
        yield from _developed((job for job in jobs if _sendable(job)), crew, stop)
    finally:
        for child in crew:
            child.end()


def _developed(waiting: Iterator[Job], crew: Sequence["_Child"], stop: Stop | None) -> Iterator[Result]:
    for child, job in zip(crew, waiting, strict=False):
        child.take(job)
    while busy := [child for child in crew if child.busy]:
        for child in _heard(busy, stop):
            if child.done():
                result = child.hand_over()
                for job in islice(waiting, 1):
                    child.take(job)
                yield result


def _sendable(job: Job) -> bool:
    try:
        return bool(canonical(job))
    except UnicodeEncodeError:
        return False


def _unnameable(job: Job) -> PictureError:
    return PictureError(f"{job.name!r} has a name that is not UTF-8; rename it.")


def _heard(busy: Sequence["_Child"], stop: Stop | None) -> list["_Child"]:
    """Wait until something happens; return who has said something, or died. Raises `Stopped`."""
    with selectors.DefaultSelector() as selector:
        for child in busy:
            selector.register(child.answers, selectors.EVENT_READ, child)
        if stop:
            selector.register(stop, selectors.EVENT_READ, stop)
        soonest = min(child.deadline for child in busy)
        heard = [key.data for key, _ in selector.select(max(0.0, soonest - time.monotonic()))]
    if stop in heard:
        raise Stopped
    for child in busy:
        if child not in heard and child.deadline <= time.monotonic():
            child.give_up()  # its death is reported once more
    return heard


class _Child:
    """A rendering process, started when it is needed and replaced when it died, and what it works on."""

    def __init__(self, images: Path, originals: Originals | None, threads: int) -> None:
        self._images, self._originals, self._threads = images, originals, threads
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._taken = 0
        self._job: Job | None = None
        self._there: tuple[Crop, ...] = ()
        self._folder: Workfolder | None = None
        self._keeping: Workfolder | None = None
        self._said = b""
        self._late = False
        self.deadline = 0.0

    @property
    def busy(self) -> bool:
        return self._job is not None

    @property
    def answers(self) -> IO[bytes]:
        return _pipe(self._running.stdout)

    def take(self, job: Job) -> None:
        if self._process and (self._taken >= LIFETIME or self._process.poll() is not None):
            self._end_process()
        self._process = self._process or self._started()
        self._taken += 1
        self._folder = Workfolder(self._images)
        self._keeping = self._originals.workfolder() if self._originals else None
        self._job, self._said, self._late = job, b"", False
        known = job.known.crops if job.known else ()
        self._there = tuple(crop for crop in (*job.crops, *known) if crop.is_whole(self._images))
        self.deadline = time.monotonic() + PATIENCE
        with suppress(BrokenPipeError):  # its death is reported in place of its answer
            keeping = str(self._keeping.path) if self._keeping else ""
            asked = replace(job, crops=self._there)
            order = Order(asked, str(self._folder.path), keeping, self._threads)
            _pipe(self._running.stdin).write(canonical(order) + b"\n")

    def done(self) -> bool:
        """Listen; return whether there is a whole answer, or none will come."""
        chunk = os.read(self.answers.fileno(), LONGEST_ANSWER)
        self._said += chunk
        if not self._ready and b"\n" in self._said:
            self._said, self._ready = self._said.partition(b"\n")[2], True
        return not chunk or self._said.endswith(b"\n") or len(self._said) > LONGEST_ANSWER

    def give_up(self) -> None:
        self._late = True
        self._running.kill()

    def hand_over(self) -> Result:
        if self._job is None or self._folder is None:
            raise RuntimeError("A rendering process sends a result for a picture that it did not get.")
        job, folder = self._job, self._folder
        with folder, self._keeping or nullcontext():
            result = self._result(job, folder)
            self._job = self._folder = self._keeping = None
            return job, result

    def _result(self, job: Job, folder: Workfolder) -> Picture | PictureError:
        """Take the picture that the process reports; end the process, perhaps taken over, if that is not valid."""
        if not self._said.endswith(b"\n"):
            return self._obituary(job, self._end_process())
        try:
            answer = parsed(Answer, self._said)
            if answer.disk in DISK_FAULTS:
                raise OSError(answer.disk, os.strerror(answer.disk), str(self._images))
            if answer.picture:
                picture = self._with_original(answer.picture)
                there = {name for crop in self._there for name in crop.names()}
                folder.adopt(name for crop in picture.crops for name in crop.names() if name not in there)
                return picture
        except (CatalogueError, FileNotFoundError):
            answer = Answer()
        if answer.fault and answer.fault.isprintable():
            return PictureError(answer.fault, answer.field)
        self._end_process()
        return PictureError(
            f"{job.name!r} caused an answer that is not valid from the process that read it; export it again."
        )

    def _with_original(self, picture: Picture) -> Picture:
        """Take the original, if there is room; the picture names one only if it is kept."""
        if self._originals and self._keeping and self._originals.take(picture.original, self._keeping):
            return picture
        return replace(picture, original="", treatment=None)

    def end(self) -> None:
        """End the process immediately, even at work, and delete its files."""
        self._end_process()
        for folder in (self._folder, self._keeping):
            if folder:
                folder.remove()

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("A picture was sent to a rendering process before the process was started.")
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        self._taken, self._ready = 0, False
        return subprocess.Popen(  # noqa: S603 - our own
            _COMMAND,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            process_group=0,  # Ctrl+C is for the parent, which ends its children itself
        )

    def _end_process(self) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.kill()
        with process:  # closes the pipes and waits
            pass
        return process.returncode

    def _obituary(self, job: Job, status: int) -> PictureError:
        if not self._ready:
            raise ChildProcessError(
                f"A rendering process ended with status {status} before it had begun; "
                "run `python -m assets.rendering.worker` to see why."
            )
        if self._late:
            return PictureError(f"{job.name!r} takes longer than {PATIENCE:.0f} seconds; export it smaller.")
        if status == -signal.SIGPROF:
            return PictureError(f"{job.name!r} takes too long to process; export it again, or smaller.")
        return PictureError(f"{job.name!r} ended the process that read it; export it again, or smaller.")


def _environment() -> dict[str, str]:
    """The environment of a rendering process, without the secrets of its parent."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return {**passed_on, "PYTHONPATH": path, **_ENVIRONMENT}


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise RuntimeError("A rendering process has no pipe to its parent.")
    return end
