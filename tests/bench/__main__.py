"""Every budget against its baseline, in one run: `python -m tests.bench [artwork page trainer size pictures]`.

These machines are noisy: a budget is a ratio of medians of runs that took turns.
"""

import asyncio
import re
import resource
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from app.settings import Settings
from assets import SAMPLES
from assets.importing.ingest import ingest
from tests.bench import learning, world, wrk

ROUNDS = 5
SECONDS = 5
Rows = list[tuple[str, str, str, str]]


def artwork() -> Rows:
    """`GET /artwork`, all on, against the bare endpoint; 6 pictures a title, fresh decisions, window 1 s."""
    with ExitStack() as stack:
        folder = stack.enter_context(world.folder())
        asyncio.run(world.stock(Settings(data=folder), 40, 6))
        ours, theirs = [], []
        for _ in range(ROUNDS):
            with world.keyart(folder, HOLD_SECONDS="0", REWARD_WINDOW_SECONDS="1") as url:
                _warm_up(url)
                result = wrk.single(url, folder, titles=40, seconds=SECONDS)
                lag = _metric(url, "keyart_trainer_lag_seconds")
                fallbacks = _metric(url, "keyart_fallbacks_total")
                ours.append(result.rate)
            with world.bare() as url:
                theirs.append(wrk.single(url, folder, titles=40, seconds=SECONDS).rate)
    ratio = median(ours) / median(theirs)
    spread = f"{min(ours):.0f}–{max(ours):.0f} against {min(theirs):.0f}–{max(theirs):.0f} req/s"
    return [
        ("GET /artwork / bare endpoint", "≥ 0.75", f"{ratio:.2f}", spread),
        ("  trainer behind at the end, fallbacks", "", f"{lag:.1f} s, {fallbacks:.0f}", "last round"),
    ]


def page() -> Rows:
    """A page of 40 titles of 6 pictures, in decisions a second on one core."""
    with world.folder() as folder:
        asyncio.run(world.stock(Settings(data=folder), 40, 6))
        titles = [f"title-{n}" for n in range(40)]
        with world.keyart(folder, HOLD_SECONDS="0", REWARD_WINDOW_SECONDS="1") as url:
            _warm_up(url)
            rates = [wrk.page(url, folder, titles=titles, seconds=SECONDS).rate * 40 for _ in range(ROUNDS)]
    spread = f"{min(rates):.0f}–{max(rates):.0f}"
    return [("page of 40, decisions/s", "≥ 8000", f"{median(rates):.0f}", spread)]


def trainer() -> Rows:
    """The fold against parse_line and learn_one in a loop, the same examples from text in memory."""
    with world.folder() as folder:
        ours, theirs = asyncio.run(learning.compare(folder, rounds=ROUNDS))
    spread = f"{min(ours):.0f}–{max(ours):.0f} against {min(theirs):.0f}–{max(theirs):.0f} examples/s"
    return [("trainer / bare VW loop", "≥ 0.50", f"{median(ours) / median(theirs):.2f}", spread)]


def size() -> Rows:
    """Memory of a worker, and its longest stand-still for a snapshot, with 1,000 titles of 10 artworks."""
    with world.folder() as folder:
        asyncio.run(world.stock(Settings(data=folder), 1000, 10))
        with world.keyart(folder, HOLD_SECONDS="0", REWARD_WINDOW_SECONDS="1") as url:
            _warm_up(url)
            wrk.single(url, folder, titles=1000, seconds=4 * SECONDS)
            memory = _worker_memory(folder)
            text = world.text(f"{url}/metrics")
    buckets = re.findall(r'keyart_snapshot_load_seconds_bucket{le="([\d.]+)"} ([\d.]+)', text)
    count = float(re.search(r"keyart_snapshot_load_seconds_count ([\d.]+)", text)[1])  # type: ignore[index]
    longest = next(
        (edge for edge, n in sorted((float(e), float(n)) for e, n in buckets) if n == count), float("inf")
    )
    return [
        ("worker's memory, 1,000 × 10", "< 200 MB", f"{memory:.0f} MB", ""),
        ("longest load of a snapshot", "≤ 20 ms", f"≤ {longest * 1000:.0f} ms", f"{count:.0f} loads under load"),
    ]


def pictures() -> Rows:
    """The sample catalogue from its files to all of its renditions, on all cores."""
    seconds = []
    for _ in range(3):
        with world.folder() as folder:
            started = time.perf_counter()
            found = ingest(SAMPLES, current={}, images=folder / "images")
            seconds.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    spread = f"{min(seconds):.1f}–{max(seconds):.1f} s"
    return [
        (f"import of {len(found.rows)} samples", "< 20 s", f"{median(seconds):.1f} s", spread),
        ("  the largest child of this run", "< 512 MB", f"{peak:.0f} MB", ""),
    ]


def _warm_up(url: str) -> None:
    """Give 2,000 viewers a decision each and a third of them a click, so that tastes are in use."""
    for start in range(0, 2000, 50):
        chosen = [
            world.post(f"{url}/artwork", {"profile": f"p{n}", "titles": [f"title-{n % 40}"], "deferred": False})
            for n in range(start, start + 50)
        ]
        ids = [c["choices"][0]["decision_id"] for c in chosen[::3]]  # type: ignore[index]
        world.post(f"{url}/clicks", [{"decision_id": id_} for id_ in ids if id_])
    time.sleep(2)


def _metric(url: str, name: str) -> float:
    lines = [line for line in world.text(f"{url}/metrics").splitlines() if line.startswith(name)]
    return sum(float(line.split()[-1]) for line in lines)


def _worker_memory(folder: Path) -> float:
    """Return the resident megabytes of the largest worker that serves `folder`."""
    sizes = [0.0]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes()
            status = (process / "status").read_text()
        except OSError:
            continue
        if b"worker" in words and str(folder).encode() in environment:
            sizes.append(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024)  # type: ignore[index]
    return max(sizes)


def main(names: list[str]) -> None:
    budgets: dict[str, Callable[[], Rows]] = {
        "artwork": artwork,
        "page": page,
        "trainer": trainer,
        "size": size,
        "pictures": pictures,
    }
    table = Table("what", "budget", "measured", "spread")
    for name in names or list(budgets):
        for row in budgets[name]():
            table.add_row(*row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
