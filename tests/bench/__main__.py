"""Every budget against its baseline, the rivals, and where a decision's time goes, in one run.

Machines are noisy: a figure is the median of rounds, and those of Keyart and of what it is held against take
turns. The table says which budget is missed; the exit status does not.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.bench.budget import Effort
from tests.bench.budgets import BUDGETS
from tests.bench.contest import contest
from tests.bench.hot_path import profile
from tests.bench.machine import this_machine
from tests.bench.results import Run
from tests.bench.rivals import RIVALS
from tests.bench.tables import markdown, put_into, tables

OTHERS = {
    "rivals": "Keyart, and what one would write instead, under the same load",
    "profile": "where the processor time of a decision goes",
}
WIDTH = 160
Names = Annotated[list[str] | None, typer.Argument(help="What to measure; nothing stands for all. See --list.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write everything that was measured into this file.")]
Read = Annotated[
    Path | None,
    typer.Option(exists=True, help="Measure nothing: print the tables of such a file in Markdown."),
]
Into = Annotated[
    Path | None,
    typer.Option(exists=True, help="With --read: put them between the marks in this page instead."),
]


def main(
    names: Names = None,
    *,
    rounds: Annotated[int, typer.Option(min=1, help="How often each is measured, in turns.")] = 5,
    seconds: Annotated[int, typer.Option(min=1, help="How long a load lasts.")] = 5,
    json: Json = None,
    list_: Annotated[bool, typer.Option("--list", help="List what can be measured.")] = False,
    read: Read = None,
    into: Into = None,
) -> None:
    """Measure every budget and the rivals. Example: python -m tests.bench artwork page --rounds 3 --seconds 2."""
    if list_:
        _list()
    elif read is not None:
        _render(Run.read(read), into)
    else:
        _measure(_checked(names), Effort(rounds, seconds), json)


def _list() -> None:
    for name, budget in BUDGETS.items():
        typer.echo(f"{name:10} {budget.what}: {budget.bound}")
    for name, what in OTHERS.items():
        typer.echo(f"{name:10} {what}")


def _render(run: Run, into: Path | None) -> None:
    if into is None:
        typer.echo(markdown(run))
    else:
        into.write_text(put_into(into.read_text(), run))


def _checked(names: list[str] | None) -> list[str]:
    known = [*BUDGETS, *OTHERS]
    unknown = [name for name in names or [] if name not in known]
    if unknown:
        raise typer.BadParameter(f"There is no {unknown[0]!r} to measure; there are {', '.join(known)}.")
    return list(dict.fromkeys(names or known))


def _measure(names: list[str], effort: Effort, json: Path | None) -> None:
    run, console = Run(this_machine(), effort), Console(width=WIDTH)
    for name in names:
        with Console(stderr=True).status(f"Measuring {name}"):
            _take(name, run)
        if json is not None:  # what comes later may fail, and this took long
            run.write(json)
    for table in tables(run):
        console.print(table.rich())


def _take(name: str, run: Run) -> None:
    if name == "rivals":
        run.rivals = contest(list(RIVALS.values()), run.effort)
    elif name == "profile":
        run.profile = profile(run.effort)
    else:
        budget = BUDGETS[name]
        run.budgets.append(budget.judge(budget.measure(run.effort)))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # not without ending the servers
    typer.run(main)
