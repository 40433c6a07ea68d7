"""Where the time of a decision goes, in the worker's own processor time under load."""

import ast
import os
import signal
import time
from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import msgspec

from tests.bench import servers, world, wrk
from tests.bench.budget import Effort
from tests.bench.rivals import FRESH
from tests.bench.sampler import OWN, Samples

TITLES, PICTURES = 40, 6
LEAST_SECONDS = 5
WRITTEN_SECONDS = 10
PACKAGES = {
    "asyncio": "The event loop: tasks, waiting sockets, waking up.",
    "uvicorn": "HTTP: reading and parsing requests, writing answers to the socket.",
}
"""What packages that are not Keyart's own do for it."""


class Share(msgspec.Struct, frozen=True):
    """A part's time in a decision: microseconds of processor time, and the share of all."""

    name: str
    what: str
    microseconds: float
    share: float


class Profile(msgspec.Struct, frozen=True):
    """One decision's time by module and by function, the longest first; `samples` says how finely to read it."""

    microseconds: float
    requests: int
    samples: int
    modules: list[Share]
    functions: list[Share]


def profile(effort: Effort) -> Profile:
    """Sample a worker that answers fresh decisions, as many as it can."""
    seconds = max(LEAST_SECONDS, effort.rounds * effort.seconds)
    with world.stocked(TITLES, PICTURES) as folder:
        file = folder / "samples.json"
        with servers.sampled(folder, file, **FRESH) as (url, pid):
            servers.warm_up(url)
            os.kill(pid, signal.SIGUSR1)
            result = wrk.single(url, folder, titles=TITLES, seconds=seconds)
            os.kill(pid, signal.SIGUSR1)
            samples = written(file)
    return read(samples, result.requests)


def read(samples: Samples, requests: int) -> Profile:
    total = sum(count for _, _, count in samples.found)
    each = samples.seconds / requests * 1e6

    def shares(counts: Counter[str], whats: dict[str, str]) -> list[Share]:
        return [Share(name, whats[name], each * n / total, n / total) for name, n in counts.most_common()]

    modules, functions = Counter[str](), Counter[str]()
    for module, function, count in samples.found:
        modules[module] += count
        if function:
            functions[f"{module}.{function}"] += count
    return Profile(
        each, requests, total, shares(modules, _whats(modules)), shares(functions, dict.fromkeys(functions, ""))
    )


def _whats(modules: Iterable[str]) -> dict[str, str]:
    return {module: PACKAGES.get(module) or _sentence(module) for module in modules}


def _sentence(module: str) -> str:
    """Return what a module of Keyart's says that it is."""
    if not module.startswith(OWN):
        return ""
    spec = find_spec(module)
    text = Path(spec.origin).read_text() if spec and spec.origin else ""
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def written(file: Path) -> Samples:
    """Wait for what the worker writes when it has ended sampling."""
    until = time.monotonic() + WRITTEN_SECONDS
    while time.monotonic() < until:
        try:
            return msgspec.json.decode(file.read_bytes(), type=Samples)
        except (FileNotFoundError, msgspec.DecodeError):  # not yet, or not all of it
            time.sleep(0.05)
    raise RuntimeError(f"The worker wrote no samples within {WRITTEN_SECONDS} s.")
