"""Ever more viewers until the service gives way: `python -m tests.load`, which is what `make load` runs.

A service of its own serves a made catalogue from a temporary folder, on one core; locust has another.
"""

import asyncio
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console

from app.settings import Settings
from tests.e2e.service import Service
from tests.load.catalogue import stock
from tests.load.stages import Limits, Ramp, knee
from tests.load.summary import Afterwards, Outcome, by_name, by_stage

HERE = Path(__file__).parent
SETTINGS: Final[dict[str, int]] = {"reward_window_seconds": 10}
"""All else is the default: pages are held for a day, as viewers have them. With the default window of ten minutes
nothing would be learned before the ramp is over, and the trainer beside the workers would cost nothing."""
OPEN_FILES = 20_000
"""Each viewer has a connection, and each connection is one."""
console = Console(width=None if sys.stdout.isatty() else 140)


class Pinned(Service):
    """A service on cores of its own, that ends with the process that started it."""

    cores = ""

    @property
    def command(self) -> list[str]:
        return [*pinned(self.cores), *super().command]


def pinned(cores: str) -> list[str]:
    return ["taskset", "--cpu-list", cores] if cores else []


def divided() -> tuple[str, str]:
    """Return the cores for locust and those for the service; none where there are not two to choose from."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2 or shutil.which("taskset") is None:
        return "", ""
    return str(cores[0]), ",".join(map(str, cores[1:]))


def main(
    *,
    viewers_first: Annotated[int, typer.Option(min=1, help="Viewers of the first stage.")] = 150,
    viewers_max: Annotated[int, typer.Option(min=1, help="Viewers that no stage has more of.")] = 4000,
    growth: Annotated[float, typer.Option(min=1.01, help="Viewers of a stage to those of the one before.")] = 1.35,
    seconds_per_stage: Annotated[float, typer.Option(min=1, help="How long a stage lasts.")] = 12,
    seconds: Annotated[float, typer.Option(min=1, help="No further stage is begun that would end later.")] = 160,
    limit_ms: Annotated[float, typer.Option(min=1, help="The p95 that is allowed of decisions.")] = 100,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes of the service that answer.")] = 1,
    titles: Annotated[int, typer.Option(min=1, help="Titles of the made catalogue, of six artworks each.")] = 200,
    pictures: Annotated[int, typer.Option(min=1, help="How many of the sample pictures it is made of.")] = 83,
    out: Annotated[Path, typer.Option(help="The folder for report.html, result.json and locust.log.")] = Path(
        "build/load"
    ),
) -> None:
    """Find how many viewers a service on this machine has time for. Example: python -m tests.load --workers 2."""
    out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    _raise_limit()
    limits, settings = Limits(p95_ms=limit_ms), {**SETTINGS, "workers": workers}
    with serving(titles, pictures, settings) as service:
        status = _drive(
            service,
            out,
            "--viewers-first", str(viewers_first), "--viewers-max", str(viewers_max), "--growth", str(growth),
            "--stage-seconds", str(seconds_per_stage), "--ramp-seconds", str(seconds), "--limit-ms", str(limit_ms),
        )  # fmt: skip
        afterwards = _asked(service)
    ramp = _result(out, status)
    found = knee(ramp.stages, limits)
    outcome = Outcome(ramp=ramp, knee=found, limits=limits, service=afterwards, settings=settings)
    outcome.write(out / "result.json")
    _tell(outcome, out)
    raise typer.Exit(1 if ramp.failures or status or not ramp.decisions or not ramp.stages else 0)


@contextmanager
def serving(titles: int, pictures: int, settings: dict[str, int]) -> Iterator[Service]:
    with TemporaryDirectory(prefix="keyart-load-") as name:
        data = Path(name) / "data"
        data.mkdir()
        with console.status(f"Making {titles} titles of {pictures} pictures"):
            asyncio.run(stock(Settings(data=data), titles=titles, pictures=pictures))
        service = Pinned(data, "--no-samples", "--with-parent", **settings)
        _, service.cores = divided()
        try:
            yield service.start()
            service.stop()
        finally:
            service.clean_up()


def _drive(service: Service, out: Path, *ramp: str) -> int:
    """Run locust to the end of the ramp, and return its status."""
    files = f"{HERE / 'locustfile.py'},{HERE / 'ramp.py'}"
    for stale in ("ramp.json", "report.html"):
        (out / stale).unlink(missing_ok=True)
    command = [
        *pinned(divided()[0]), sys.executable, "-m", "locust", "-f", files, "--headless", "--only-summary",
        "--host", f"http://127.0.0.1:{service.port}", "--service-pid", str(service.serving),
        "--html", str(out / "report.html"), "--result", str(out / "ramp.json"), *ramp,
    ]  # fmt: skip
    console.print(f"The service answers at http://127.0.0.1:{service.port}; locust drives it.", highlight=False)
    with (out / "locust.log").open("wb") as log:
        locust = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
    try:
        return locust.wait()
    finally:
        if locust.poll() is None:
            locust.terminate()
            locust.wait()


def _result(out: Path, status: int) -> Ramp:
    try:
        content = (out / "ramp.json").read_bytes()
    except FileNotFoundError:
        log = out / "locust.log"
        console.print(f"locust ended with status {status} and no result; {log} says why.", style="red")
        raise typer.Exit(1) from None
    return msgspec.json.decode(content, type=Ramp)


def _asked(service: Service) -> Afterwards:
    """Read the service's metrics."""
    text = service.get("/metrics")[1].decode()

    def total(name: str, label: str = "") -> float:
        found = re.findall(rf"^{name}(?:{{[^}}]*{label}[^}}]*}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, found))

    return Afterwards(
        fallbacks=int(total("keyart_fallbacks_total")),
        examples=int(total("keyart_examples_total", 'outcome="learned"')),
        lag_seconds=total("keyart_trainer_lag_seconds"),
    )


def _tell(outcome: Outcome, out: Path) -> None:
    console.print(by_stage(outcome.ramp))
    if stage := outcome.knee.held or outcome.knee.gave_way:
        console.print(by_name(stage))
    for error in outcome.ramp.errors:
        console.print(error, style="red", markup=False)
    console.print(f"Charts: {out / 'report.html'}; all figures: {out / 'result.json'}", highlight=False)
    console.print(outcome.line(), highlight=False, soft_wrap=True)


def _raise_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    typer.run(main)
