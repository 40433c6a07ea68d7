"""This tree's worker against that of another checkout: `python -m tests.bench.against PATH`.

Both serve at once, and whoever is not measured is stopped. Each round starts both anew, because one process alone
may be faster than the next one of the same code. Within a round the sides take turns as A B B A B A A B, so that
both feel what a neighbour does.
"""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import add
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from tests.bench import servers, world
from tests.bench.against.paired import LEAST_PAIRS, Measured, Ratio, ratio
from tests.bench.against.side import CONNECTIONS, LOADS, Side, serving, stock
from tests.bench.machine import Machine, this_machine
from tests.bench.rivals import FRESH
from tests.bench.tables import Table

HERE = Path(__file__).parents[3]
WIDTH = 150
Tree = Annotated[Path, typer.Argument(exists=True, file_okay=False, resolve_path=True, help="The other checkout.")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="A setting for both sides, KEYART_NAME=VALUE.")]
Trainer = Annotated[bool | None, typer.Option(help="Measure only with, or only without, a trainer beside it.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write every round into this file.")]


class Case(msgspec.Struct):
    """A load with or without a trainer, and what both sides did in each round."""

    load: str
    trainer: bool
    ours: list[Measured] = []
    theirs: list[Measured] = []

    def processor(self) -> Ratio:
        return ratio([each.microseconds for each in self.ours], [each.microseconds for each in self.theirs])

    def rate(self) -> Ratio:
        return ratio([each.rate for each in self.ours], [each.rate for each in self.theirs])


class Result(msgspec.Struct):
    """It grows while it is measured. Fallbacks are of our side and theirs."""

    machine: Machine
    tree: str
    seconds: int
    bound: float
    cases: list[Case] = []
    fallbacks: tuple[float, float] = (0, 0)


class Plan(msgspec.Struct, frozen=True):
    tree: Path
    rounds: int
    seconds: int
    settings: dict[str, str]


def main(
    tree: Tree,
    *,
    rounds: Annotated[int, typer.Option(min=LEAST_PAIRS, help="How many pairs to measure.")] = 20,
    seconds: Annotated[int, typer.Option(min=1, help="How long a turn lasts; a side has four in each round.")] = 1,
    bound: Annotated[float, typer.Option(min=0.5, help="What the ratio of processor time may come to.")] = 1.03,
    trainer: Trainer = None,
    set_: Settings = None,
    json: Json = None,
) -> None:
    """Compare GET /artwork of two checkouts. Example: python -m tests.bench.against ../before --rounds 40."""
    if not Path(servers.python_of(tree)).is_file():
        raise typer.BadParameter(f"{tree} has no .venv/bin/python; run `make install` there.")
    plan = Plan(tree, rounds, seconds, FRESH | dict(_pair(each) for each in set_ or []))
    result = Result(this_machine(), tree.name, seconds, bound)
    with stocked(plan) as folders:
        for with_trainer in (True, False) if trainer is None else (trainer,):
            _measure(plan, folders, result, trainer=with_trainer)
            if json is not None:  # what comes later may fail, and this took long
                json.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    console = Console(width=WIDTH)
    console.print(table(result).rich())


def _pair(setting: str) -> tuple[str, str]:
    name, sign, value = setting.partition("=")
    if not sign:
        raise typer.BadParameter(f"{setting!r} is no setting; write it as KEYART_HOLD_SECONDS=60.")
    return name, value


@contextmanager
def stocked(plan: Plan) -> Iterator[tuple[Path, Path]]:
    with world.folder() as ours, world.folder() as theirs:
        for tree, folder in ((HERE, ours), (plan.tree, theirs)):
            stock(tree, folder / "stocked", plan.settings)
        yield ours, theirs


def _measure(plan: Plan, folders: tuple[Path, Path], result: Result, *, trainer: bool) -> None:
    cases = [Case(load, trainer) for load in LOADS]
    result.cases += cases
    with Console(stderr=True).status("") as status:
        for number in range(plan.rounds):
            status.update(f"Round {number + 1} of {plan.rounds}, {'with' if trainer else 'without'} a trainer")
            fallbacks = _round(plan, folders, cases, number)
            result.fallbacks = (result.fallbacks[0] + fallbacks[0], result.fallbacks[1] + fallbacks[1])


def _round(plan: Plan, folders: tuple[Path, Path], cases: Sequence[Case], number: int) -> tuple[float, float]:
    """Start both sides, measure each case, and return the fallbacks of both."""
    trainer = cases[0].trainer
    (mine, other), settings = folders, plan.settings
    with (
        serving(HERE, mine / "stocked", mine / "run", settings, trainer=trainer) as ours,
        serving(plan.tree, other / "stocked", other / "run", settings, trainer=trainer) as theirs,
    ):
        ours.stop()  # not before both have started: who is stopped for long is taken for hung
        theirs.stop()
        for case in cases:
            for side in (ours, theirs):
                side.measure(case.load, "before", 1)  # warm up: the first requests fill what is remembered
            _turns(case, ours, theirs, plan.seconds, number)
        return ours.fallbacks(), theirs.fallbacks()


def _turns(case: Case, ours: Side, theirs: Side, seconds: int, number: int) -> None:
    """Add a round to the case: the sides take turns, and neither always comes first."""
    slices: dict[bool, list[Measured]] = {True: [], False: []}
    for turn, mine in enumerate(order(number)):
        side = ours if mine else theirs
        slices[mine].append(side.measure(case.load, f"turn{turn}", seconds))
    case.ours.append(reduce(add, slices[True]))
    case.theirs.append(reduce(add, slices[False]))


def order(number: int) -> list[bool]:
    """Return whose turn it is in a round; True is ours."""
    first = number % 2 == 0
    half = [first, not first, not first, first]
    return [*half, *(not mine for mine in half)]


def table(result: Result) -> Table:
    head = ["load", "trainer", "ours, µs", "theirs, µs", "ratio", "ratio of requests/s", "failed", "verdict"]
    rounds = len(result.cases[0].ours)
    title = f"Processor time of GET /artwork against {result.tree}, {rounds} rounds"
    below = (
        f"{CONNECTIONS} connections. µs are processor time of the worker for a request. A ratio is the median of "
        "the pairs', with its 95 % interval. New viewers were not seen before, known ones a moment ago. "
        f"Fallbacks: {result.fallbacks[0]:.0f} of ours, {result.fallbacks[1]:.0f} of theirs."
    )
    return Table(title, head, [_row(case, result.bound) for case in result.cases], below)


def _row(case: Case, bound: float) -> list[str]:
    processor = case.processor()
    met = processor.reaches(bound)
    return [
        LOADS[case.load],
        "on" if case.trainer else "off",
        *(f"{middle(each):.1f}" for each in (case.ours, case.theirs)),
        str(processor),
        str(case.rate()),
        str(sum(each.failed for each in (*case.ours, *case.theirs))),
        f"{'reaches down to' if met else 'LIES ABOVE'} {bound:g}",
    ]


def middle(rounds: Sequence[Measured]) -> float:
    figures = sorted(each.microseconds for each in rounds)
    return figures[len(figures) // 2]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # not without ending the servers
    typer.run(main)
