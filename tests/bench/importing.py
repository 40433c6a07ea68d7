"""An import of the sample pictures, in a process of its own: `python -m tests.bench.importing FOLDER`."""

import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import msgspec

from assets import SAMPLES
from assets.importing.ingest import ingest
from tests.bench import world
from tests.bench.budget import Effort

MOST_ROUNDS = 3


class Import(msgspec.Struct, frozen=True):
    seconds: float
    megabytes: float
    """Of the largest process."""
    pictures: int


@cache
def imports(effort: Effort) -> list[Import]:
    """Return what was seen in each round; two budgets are read from the same ones."""
    return [_import() for _ in range(effort.at_most(MOST_ROUNDS).rounds)]


def _import() -> Import:
    with world.folder() as folder:
        command = [sys.executable, "-m", "tests.bench.importing", str(folder)]
        done = subprocess.run(command, capture_output=True, check=True)
        return msgspec.json.decode(done.stdout, type=Import)


def main(folder: Path) -> None:
    """Import into an empty folder, and print what it took: a process that did nothing else knows its own peak."""
    started = time.perf_counter()
    found = ingest(SAMPLES, current={}, images=folder / "images")
    seconds = time.perf_counter() - started
    largest = max(getrusage(who).ru_maxrss for who in (RUSAGE_SELF, RUSAGE_CHILDREN)) / 1024
    sys.stdout.buffer.write(msgspec.json.encode(Import(seconds, largest, len(found.rows))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
