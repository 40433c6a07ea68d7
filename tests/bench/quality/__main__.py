"""How well policies choose artwork, on cases whose chances are known: what `make bench-quality` runs.

Figures depend on nothing but case, policy, seed and steps, so a busy machine changes times only.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tests.bench.machine import this_machine
from tests.bench.quality.case import Unavailable
from tests.bench.quality.cases import CASES
from tests.bench.quality.policies import POLICIES, maker
from tests.bench.quality.results import Row, Run
from tests.bench.quality.runs import Job, done
from tests.bench.quality.tables import markdown, tables
from tests.bench.quality.validation import BOUNDS, WHAT_BOUNDS
from tests.bench.tables import put_between

WIDTH = 180
PACKAGES = ("numpy", "vowpal-wabbit-next", "gittins", "mabwiser")
CORES = os.cpu_count() or 1
Cases = Annotated[str, typer.Argument(metavar="CASE,CASE…", help="What to run them on. See --list.")]
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="POLICY…", help="Whom to run: names from --list, or MODULE:CLASS. Nothing is all."),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write every score into this file.")]
Read = Annotated[
    list[Path] | None,
    typer.Option(
        exists=True, help="Run nothing: print the tables of such files. A later one goes over an earlier."
    ),
]
Times = Annotated[
    Path | None,
    typer.Option(
        exists=True, help="With --read: take the microseconds from this file, of an idle machine, alone."
    ),
]
Into = Annotated[Path | None, typer.Option(exists=True, help="Put the tables between the marks in this page.")]


def main(
    cases: Cases = "all",
    policies: Names = None,
    *,
    seeds: Annotated[int, typer.Option(min=1, help="How many runs of each, each with a seed of its own.")] = 5,
    first: Annotated[int, typer.Option(min=0, help="The first of these seeds.")] = 0,
    steps: Annotated[int, typer.Option(min=0, help="How many steps; 0 is what each case says.")] = 0,
    delay: Annotated[int, typer.Option(min=0, help="Feedback comes in batches of so many steps.")] = 0,
    jobs: Annotated[
        int, typer.Option(min=1, help="How many runs at a time. Times mean something with 1.")
    ] = CORES,
    json: Json = None,
    list_: Annotated[bool, typer.Option("--list", help="List cases and policies.")] = False,
    read: Read = None,
    times: Times = None,
    into: Into = None,
) -> None:
    """Example: python -m tests.bench.quality artwork,segment random keyart --seeds 2 --steps 5000."""
    if list_:
        _list()
    elif read:
        runs, timed = [Run.read(file) for file in read], Run.read(times) if times else None
        if into is None:
            _print(runs, timed)
        else:
            _put(into, markdown(runs, timed))
    else:
        if into is not None:
            _between(into, "")  # that it has no marks is better known before
        planned = [
            Job(case, policy, seed, steps or CASES[case].steps, delay)
            for case in _cases(cases)
            for policy in _policies(policies)
            for seed in range(first, first + seeds)
        ]
        run = _run(planned, jobs, json)
        _print([run])
        if into is not None:
            _put(into, markdown([run]))


def _list() -> None:
    for case in CASES.values():
        typer.echo(f"{case.name:17} {case.what}; {case.steps:,} steps")
    typer.echo()
    for name, entry in POLICIES.items():
        typer.echo(f"{name:17} {entry.what}")
    for name, what in WHAT_BOUNDS.items():
        typer.echo(f"{name:17} {what}")


def _cases(text: str) -> list[str]:
    """Return the cases that are meant, when their data is here."""
    names = list(dict.fromkeys(CASES if text == "all" else text.split(",")))
    unknown = [name for name in names if name not in CASES]
    if unknown:
        raise typer.BadParameter(f"There is no case {unknown[0]!r}; there are all, {', '.join(CASES)}.")
    try:
        for name in names:
            if ready := CASES[name].ready:
                ready()
    except Unavailable as error:
        typer.echo(f"{error} Name the cases that do without it: --list has all.", err=True)
        raise typer.Exit(1) from None
    return names


def _policies(names: list[str] | None) -> list[str]:
    chosen = list(dict.fromkeys(names or [*POLICIES, *BOUNDS]))
    for name in chosen:
        if name not in BOUNDS:
            try:
                maker(name)
            except LookupError as error:
                raise typer.BadParameter(str(error)) from None
    return chosen


def _run(planned: Sequence[Job], jobs: int, json: Path | None) -> Run:
    run = Run(this_machine(PACKAGES), jobs)
    rows = {(job.case, job.policy): Row(job.case, job.policy, job.steps, job.delay) for job in planned}
    run.rows = list(rows.values())
    with _progress() as progress:
        bar = progress.add_task("", total=len(planned))
        for job, found in done(planned, jobs):
            rows[job.case, job.policy].put(job.seed, found)
            progress.update(bar, advance=1, description=f"{job.case} {job.policy}")
            if json is not None:  # what comes later may fail, and this took long
                run.write(json)
    return run


def _progress() -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True))


def _put(page: Path, text: str) -> None:
    page.write_text(_between(page, text))


def _between(page: Path, text: str) -> str:
    try:
        return put_between(page.read_text(), text)
    except ValueError as error:
        raise typer.BadParameter(f"{page}: {error}") from None


def _print(runs: Sequence[Run], times: Run | None = None) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    for table in tables(runs, times):
        console.print(table.rich(), "")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # not without ending the processes
    typer.run(main)
