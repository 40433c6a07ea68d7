"""Servers to be measured, each in processes of its own on the server's core, and what is read from them."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.bench import world

SERVER_CORE = "1"
READY_SECONDS = 60
NEARLY = 100
"""Records that may be left to fold when the load begins."""
LEARNED_SECONDS = 30
END_SECONDS = 10
LOOP = ("--loop", "uvloop", "--http", "httptools", "--no-access-log")
BARE = (*LOOP, "--log-level", "critical")
"""What the bare endpoint ran with when the budgets that it is the measure of were set."""
LIKE_OURS = (*LOOP, "--log-level", "warning", "--no-server-header", "--no-proxy-headers")
"""What `app.processes.worker` sets, too: a rival that did more for each request would be beaten by less."""


def pinned(core: str, command: Sequence[str]) -> list[str]:
    """Return the command to run on one core, where the machine has that core and the means."""
    can = shutil.which("taskset") and (os.cpu_count() or 1) > int(core)
    return ["taskset", "-c", core, *command] if can else list(command)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def surroundings() -> dict[str, str]:
    """Return this process' environment without what would set up the servers otherwise."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("KEYART_", "PROMETHEUS_"))}


@contextmanager
def process(
    command: Sequence[str], log: Path, environment: dict[str, str], tree: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python module on the server's core until the block ends; what it says goes to `log`.

    With `tree` it is the module of another checkout, in that checkout's own environment.
    """
    full = pinned(SERVER_CORE, [python_of(tree), "-m", *command])
    with log.open("ab") as said:
        started = subprocess.Popen(full, cwd=tree, env={**surroundings(), **environment}, stdout=said, stderr=said)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def python_of(tree: Path | None) -> str:
    """Return the Python of a checkout's environment, or this one's."""
    return str(tree / ".venv" / "bin" / "python") if tree else sys.executable


@contextmanager
def running(command: Sequence[str], port: int, probe: str, log: Path, **environment: str) -> Iterator[str]:
    """Run a server and yield its address once it answers `probe`."""
    url = f"http://127.0.0.1:{port}"
    with process(command, log, environment) as server:
        _await(f"{url}{probe}", server, log)
        yield url


@contextmanager
def keyart(data: Path, **settings: str) -> Iterator[str]:
    """Run Keyart with settings by their whole names."""
    port = free_port()
    given = _environment(data, port, settings)
    command = ["app", "serve", "--no-samples", "--with-parent"]
    with running(command, port, "/readyz", data / "serve.txt", **given) as url:
        yield url


@contextmanager
def checkout(
    tree: Path, data: Path, settings: dict[str, str], *, trainer: bool = True
) -> Iterator[tuple[str, int]]:
    """Run the service of a checkout with one worker; yield its address and the supervisor's process id."""
    port, log = free_port(), data / "serve.txt"
    command = ["app", "serve", "--no-samples", "--with-parent", *([] if trainer else ["--no-trainer"])]
    with process(command, log, _environment(data, port, settings), tree) as server:
        _await(f"http://127.0.0.1:{port}/readyz", server, log)
        yield f"http://127.0.0.1:{port}", server.pid


@contextmanager
def sampled(data: Path, samples: Path, **settings: str) -> Iterator[tuple[str, int]]:
    """Run Keyart with a worker that samples itself on SIGUSR1; yield its address and the worker's process id."""
    port, metrics = free_port(), data / "run" / "metrics"
    metrics.mkdir(parents=True)
    given = _environment(data, port, settings) | {"PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    with ExitStack() as stack:
        worker = stack.enter_context(process(["tests.bench.sampler", str(samples)], data / "worker.txt", given))
        stack.enter_context(process(["app", "train", "--parent", str(os.getpid())], data / "train.txt", given))
        _await(f"http://127.0.0.1:{port}/readyz", worker, data / "worker.txt")
        yield f"http://127.0.0.1:{port}", worker.pid


@contextmanager
def application(module: str, folder: Path, options: Sequence[str] = LIKE_OURS) -> Iterator[str]:
    """Run a FastAPI application on the same uvicorn; it keeps what it keeps in `folder`."""
    port = free_port()
    command = ["uvicorn", f"{module}:app", "--port", str(port), *options]
    probe = "/artwork?title=title-0"
    with running(command, port, probe, folder / "server.txt", RIVAL_FOLDER=str(folder)) as url:
        yield url


@contextmanager
def bare() -> Iterator[str]:
    with world.folder() as folder, application("tests.bench.bare", folder, BARE) as url:
        yield url


def warm_up(url: str) -> None:
    """Give 2,000 viewers a decision each and a third of them a click, and wait until all of it was learned."""
    for start in range(0, 2000, 50):
        chosen = [
            post(f"{url}/artwork", {"profile": f"p{n}", "titles": [f"title-{n % 40}"], "deferred": False})
            for n in range(start, start + 50)
        ]
        ids = [each["choices"][0]["decision_id"] for each in chosen[::3]]  # type: ignore[index]
        post(f"{url}/clicks", [{"decision_id": id_} for id_ in ids if id_])
    until = time.monotonic() + LEARNED_SECONDS
    while not _learned(url):
        if time.monotonic() >= until:
            raise RuntimeError(f"What came to {url} was not learned within {LEARNED_SECONDS} s.")
        time.sleep(0.1)


def _learned(url: str) -> bool:
    """Whether a worker has a snapshot, and the trainer is at the end of what the last round left, too."""
    behind = metric(url, "keyart_log_position") - metric(url, "keyart_trainer_position")
    return behind < NEARLY and metric(url, "keyart_snapshot_load_seconds_count") > 0


def post(url: str, body: object) -> dict[str, object]:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def text(url: str) -> str:
    with urlopen(url, timeout=10) as answer:
        content: bytes = answer.read()
        return content.decode()


def metric(url: str, name: str) -> float:
    """Return the sum over all labels."""
    lines = [line for line in text(f"{url}/metrics").splitlines() if line.startswith(name)]
    return sum(float(line.split()[-1]) for line in lines)


def worker_megabytes(folder: Path) -> float:
    """Return the resident memory of the largest worker that serves `folder`."""
    sizes = [0.0]
    for found in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (found / "cmdline").read_bytes().split(b"\0")
            ours = str(folder).encode() in (found / "environ").read_bytes()
            resident = re.search(r"VmRSS:\s+(\d+)", (found / "status").read_text())
            if ours and b"worker" in words and resident:
                sizes.append(int(resident[1]) / 1024)
    return max(sizes)


def _environment(data: Path, port: int, settings: dict[str, str]) -> dict[str, str]:
    return {**settings, "KEYART_DATA": str(data), "KEYART_PORT": str(port)}


def _await(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            text(url)
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    said = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"{url} did not answer within {READY_SECONDS} s. The server said:\n{said}")
