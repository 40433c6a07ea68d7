"""What a service costs that does nothing, against another checkout: `python -m tests.bench.footprint PATH`.

Each round starts the service of both checkouts, one after the other, and neither always comes first. The commands
of a checkout run beside its service.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from tests.bench import servers, world
from tests.bench.against.paired import LEAST_PAIRS, Ratio, ratio
from tests.bench.against.side import children, stock
from tests.bench.machine import Machine, this_machine
from tests.bench.rivals import FRESH
from tests.bench.tables import Table

HERE = Path(__file__).parents[2]
WIDTH = 130
READY_SECONDS = 60
LOOK_SECONDS = 0.01
COMMANDS = {"health": ["health"], "help": ["--help"], "version": ["--version"]}
Tree = Annotated[Path, typer.Argument(exists=True, file_okay=False, resolve_path=True, help="The other checkout.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write every round into this file.")]


class Figure(msgspec.Struct, frozen=True):
    """One thing that is measured, and what the ratio of ours to theirs may come to."""

    what: str
    unit: str
    bound: float


FIGURES = {
    "ready": Figure("`keyart serve` until it is ready", "s", 0.8),
    "parents": Figure("memory of supervisor and trainer", "MB", 0.65),
    "worker": Figure("memory of an idle worker", "MB", 0.8),
    "health": Figure("processor time of `keyart health`", "s", 0.45),
    "help": Figure("processor time of `keyart --help`", "s", 0.45),
    "version": Figure("processor time of `keyart --version`", "s", 0.45),
}


class Result(msgspec.Struct):
    """Every round of both sides, by the name of the figure."""

    machine: Machine
    tree: str
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []

    def of(self, name: str) -> tuple[list[float], list[float]]:
        return [each[name] for each in self.ours], [each[name] for each in self.theirs]

    def ratio(self, name: str) -> Ratio:
        return ratio(*self.of(name))


def main(
    tree: Tree,
    *,
    rounds: Annotated[int, typer.Option(min=LEAST_PAIRS, help="How many pairs to measure.")] = 12,
    idle: Annotated[float, typer.Option(min=0, help="Seconds to wait, once ready, before memory is read.")] = 5,
    json_: Json = None,
) -> None:
    """Compare memory, start and commands of two checkouts. Example: python -m tests.bench.footprint ../before."""
    if not Path(servers.python_of(tree)).is_file():
        raise typer.BadParameter(f"{tree} has no .venv/bin/python; run `make install` there.")
    result = Result(this_machine(), tree.name)
    with world.folder() as made, Console(stderr=True).status("") as status:
        sides = [(HERE, made / "ours", result.ours), (tree, made / "theirs", result.theirs)]
        for side, stocked, _ in sides:
            stock(side, stocked, FRESH)
        for number in range(rounds):
            status.update(f"Round {number + 1} of {rounds}")
            for side, stocked, figures in sides[:: -1 if number % 2 else 1]:
                figures.append(_round(side, stocked, made / "run", idle))
            if json_ is not None:  # what comes later may fail, and this took long
                json_.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    Console(width=WIDTH).print(table(result).rich())


def _round(tree: Path, stocked: Path, folder: Path, idle: float) -> dict[str, float]:
    shutil.copytree(stocked, folder)
    environment = {**servers.surroundings(), "KEYART_DATA": str(folder), "KEYART_PORT": str(servers.free_port())}
    began = time.monotonic()
    with _serving(tree, folder, environment) as supervisor:
        found = {"ready": time.monotonic() - began}
        time.sleep(idle)
        found |= memory(supervisor)
        for name, arguments in COMMANDS.items():
            found[name] = processor_seconds_of(_command(tree, arguments), environment)
    shutil.rmtree(folder)
    return found


def _command(tree: Path, arguments: Sequence[str]) -> list[str]:
    return [str(tree / ".venv" / "bin" / "keyart"), *arguments]


@contextmanager
def _serving(tree: Path, folder: Path, environment: dict[str, str]) -> Iterator[int]:
    """Run the service of a checkout until the block ends; yield the supervisor's process id once it is ready."""
    url = f"http://127.0.0.1:{environment['KEYART_PORT']}/readyz"
    command = _command(tree, ["serve", "--no-samples", "--with-parent"])
    with (folder / "serve.txt").open("ab") as said:
        server = subprocess.Popen(command, env=environment, stdout=said, stderr=said, cwd=folder)
    try:
        _await(lambda: servers.text(url), server)
        yield server.pid
    finally:
        server.terminate()
        server.wait(servers.END_SECONDS)


def _await(asked: Callable[[], object], server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            asked()
        except OSError:
            time.sleep(LOOK_SECONDS)
        else:
            return
    raise RuntimeError(f"The service was not ready within {READY_SECONDS} s.")


def memory(supervisor: int) -> dict[str, float]:
    """Return the megabytes of supervisor and trainer together, and those of the worker."""
    started = children(supervisor)
    [worker] = [pid for pid, words in started.items() if b"worker" in words]
    parents = [supervisor, *(pid for pid in started if pid != worker)]
    return {"parents": sum(map(proportional_megabytes, parents)), "worker": proportional_megabytes(worker)}


def proportional_megabytes(pid: int) -> float:
    """Return the memory of a process; a page that several have counts as a part of each."""
    found = re.search(r"^Pss:\s+(\d+) kB$", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def processor_seconds_of(command: Sequence[str], environment: dict[str, str]) -> float:
    """Run a command to its end, and return the processor time that it used."""
    started = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        raise RuntimeError(f"{json.dumps(command)} ended with status {started.returncode}.")
    return used.ru_utime + used.ru_stime


def table(result: Result) -> Table:
    head = ["what", "ours", "theirs", "ratio", "bound", "verdict"]
    title = f"A service that does nothing, against {result.tree}, {len(result.ours)} rounds"
    below = (
        "Medians. A ratio is the median of the pairs', with its 95 % interval. Memory is PSS. The load average of "
        f"the minute before was {result.machine.load:g} on {result.machine.cores} cores."
    )
    return Table(title, head, [_row(result, name) for name in FIGURES], below)


def _row(result: Result, name: str) -> list[str]:
    figure, found = FIGURES[name], result.ratio(name)
    sides = [f"{median(each):.3g} {figure.unit}" for each in result.of(name)]
    verdict = "met" if found.median <= figure.bound else "MISSED"
    return [figure.what, *sides, str(found), f"≤ {figure.bound:g}", verdict]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # not without ending the servers
    typer.run(main)
