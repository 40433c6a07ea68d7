"""`keyart experiments`: what the groups earned in each experiment."""

import asyncio

from rich.console import Console
from rich.table import Table

from app.commands.environment import settings_of_service
from app.evaluation.lift_report import CanaryComparison, Comparison, ExperimentReport, LiftReporter
from app.settings import Settings
from app.wiring.stores import open_store


def experiments() -> None:
    """List the experiments, the latest first, with the lift of each and what may be concluded from it.

    Examples:
        keyart experiments
        KEYART_DATA=/srv/keyart keyart experiments
    """
    asyncio.run(_experiments(settings_of_service("experiments")))


async def _experiments(settings: Settings) -> None:
    store, out = open_store(settings, read_only=True), Console()
    try:
        found = (await LiftReporter(store.state).report())["experiments"]
    finally:
        await store.close()
    if not found:
        out.print("No experiment has begun yet. The service begins one when it starts, and the trainer counts it.")
    for experiment in found:
        out.print(*_shown(experiment), sep="\n")


def _shown(experiment: ExperimentReport) -> list[Table | str]:
    ended = f"to {experiment['ended']}" if experiment["ended"] else "and goes on"
    title = (
        f"Experiment {experiment['experiment']}, from {experiment['began']} {ended}. The first "
        f"{experiment['window_seconds']:g} seconds of a profile count, and up to {experiment['bound']} rewards."
    )
    left = f"{experiment['left']} profiles left it when the shares changed." if experiment["left"] else ""
    compared = [
        each
        for each in (experiment["lift"], *experiment["secondary"], *experiment["guardrails"])
        if each is not None
    ]
    lines = [experiment["warning"], experiment["says"], _of_canary(experiment["canary"]), left]
    return [
        title,
        _groups(experiment),
        *([_comparisons(compared)] if compared else []),
        *filter(None, lines),
    ]


def _groups(experiment: ExperimentReport) -> Table:
    shown = Table("group", "share", "profiles", "still open", "with impression", "rewarded", "mean reward")
    for group, entered in experiment["groups"].items():
        numbers = map(str, (entered["profiles"], entered["open"], entered["reported"], entered["rewarded"]))
        mean = "" if entered["reward"] is None else f"{entered['reward']:.4f}"
        shown.add_row(group, f"{entered['share']:.1%}", *numbers, mean)
    return shown


def _comparisons(compared: list[Comparison]) -> Table:
    shown = Table("personalized over", "of", "difference", "interval", "ratio", "interval", "confidence")
    for each in compared:
        ratio = "" if each["ratio"] is None else f"{each['ratio']:+.1%}"
        shown.add_row(
            each["over"],
            each["measure"],
            f"{each['difference']:+.4f}",
            _interval(each["interval"], "{:+.4f}"),
            ratio,
            _interval(each["ratio_interval"], "{:+.1%}"),
            f"{each['confidence']:.1%}",
        )
    return shown


def _of_canary(found: CanaryComparison | None) -> str:
    if found is None:
        return ""
    interval = _interval(found["interval"], "{:+.4f}")
    return f"The canary's profiles earn {found['difference']:+.4f} over personalized ones; interval {interval}."


def _interval(bounds: list[float | None], form: str) -> str:
    return " to ".join("?" if bound is None else form.format(bound) for bound in bounds)
