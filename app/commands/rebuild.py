"""`keyart rebuild`: folding the log from the beginning, and looking for a better tuning."""

import asyncio
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.clock import now_ms
from app.commands import trial_tables as tables
from app.commands.environment import settings_in_use
from app.commands.terminal import fail
from app.evaluation.example_file import ExampleFile, RecordingLearner
from app.evaluation.tuning import ENOUGH, Found, Rebuilding, keep
from app.learning.bases import BaseGoneError, sound_base
from app.learning.comparison import Comparison
from app.learning.fold import Fold
from app.settings import Settings
from app.store.protocol import Base, Store
from app.wiring.stores import open_store
from app.wiring.training import publish_rebuilt, rebuilt
from bandit.learners import BUILT_IN, LOGISTIC, Kind
from bandit.logistic.learner import LogisticLearner
from bandit.policy import Learner

MOST_PASSES = 100
LED = "A trainer is leading; stop the service, then rebuild with --publish."


@dataclass(frozen=True, slots=True)
class CandidatePlan:
    """The ways of learning to try for the candidate."""

    tune: bool
    passes: int


def rebuild(
    *,
    publish: Annotated[
        bool, typer.Option(help="Replace the model, tastes and totals in use with the result.")
    ] = False,
    tune: Annotated[bool, typer.Option(help="Look for a better tuning of the learner for this log.")] = False,
    passes: Annotated[
        int | None, typer.Option(min=1, max=MOST_PASSES, help="How often the candidate learns from all examples.")
    ] = None,
) -> None:
    """Fold the log again from the oldest base, and compare the result with the weights and totals in use.

    A base is a state that the trainer saved: at its start, before an upgrade or an erasure, and from time to
    time. With --publish, --tune or --passes the fold does not use a base. It begins empty, at the oldest record.

    With --tune or --passes the command also saves a candidate snapshot, which no process decides by. The command
    tests each way of learning on the last fifth of the examples, which it had not learned from. It keeps the
    online way unless another way was at least as good.

    Without --publish nothing else changes. With --publish no trainer may lead: stop the service first.

    Examples:
        keyart rebuild
        keyart rebuild --publish
        keyart rebuild --tune --passes 3
    """
    settings = settings_in_use("rebuild")
    plan = CandidatePlan(tune=tune, passes=passes or 1) if tune or passes else None
    if plan and settings.learner != LOGISTIC:
        raise fail(
            f"--tune and --passes are for the learner 'logistic', and KEYART_LEARNER is {settings.learner!r}; "
            f"rebuild without them. {_comparing(settings.learner)}"
        )
    asyncio.run(_rebuild(settings, plan, publish=publish))


def _comparing(kind: Kind) -> str:
    """Say how tunings of a learner are compared that --tune does not know."""
    if kind in BUILT_IN:
        return f"The learner {kind!r} has no tuning."
    return f"`keyart evaluate {kind} {kind},OPTION=NUMBER` compares tunings of {kind!r}."


async def _rebuild(settings: Settings, plan: CandidatePlan | None, *, publish: bool) -> None:
    store, out = open_store(settings), Console()
    try:
        if plan and publish and await _led(store):
            raise fail(LED)  # said before the work, not after it
        with closing(ExampleFile(settings.data)) as example_file:
            learner = RecordingLearner(example_file) if plan else None
            base = None if publish or plan else await sound_base(store, settings.learner)
            fold = await _folded(settings, store, out, base, learner)
            if plan and learner:
                found = _found(settings, example_file, learner, plan)
                out.print(*tables.of_trials(found), tables.of_judged(found), tables.verdict(found), sep="\n")
                fold.learner = found.learner
                await _keep(store, fold, out)
        if publish:
            new = await publish_rebuilt(settings, store, fold)
            if new is None:
                raise fail(LED)
            out.print(f"Published as snapshot {new}.")
    finally:
        await store.close()


async def _led(store: Store) -> bool:
    lease = await store.state.lease()
    return lease is not None and lease.lasts(now_ms())


async def _folded(
    settings: Settings, store: Store, out: Console, base: Base | None, learner: Learner | None
) -> Fold:
    found = await Comparison.with_state(store, settings.learner, base)
    head = (await store.log.head()).position
    fold: Fold | None = None
    with _progress() as progress:
        task = progress.add_task("Folding the log", total=head)
        try:
            async for fold in rebuilt(settings, store, found.stops(head), base=base, learner=learner):
                progress.update(task, completed=fold.position)
                async for sentence in found.at(fold):
                    out.print(sentence)
        except BaseGoneError as error:
            raise fail(str(error)) from None
    if fold is None:
        raise fail("The log is empty; there is nothing to fold.")
    since = f"From the base at position {base.position} (set for: {base.reason}), folded" if base else "Folded"
    out.print(f"{since} to position {fold.position}: {fold.seen.examples} examples learned.")
    return fold


def _found(settings: Settings, example_file: ExampleFile, online: LogisticLearner, plan: CandidatePlan) -> Found:
    if len(example_file) < ENOUGH:
        raise fail(
            f"The log has {len(example_file)} examples, and a comparison of ways of learning needs {ENOUGH}; "
            "rebuild without --tune and --passes, or wait for more examples."
        )
    with _progress() as progress:
        task = progress.add_task("")

        def watch(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        work = Rebuilding(example_file, floor=settings.exploration_floor, watch=watch)
        return work.found(online, passes=plan.passes, tune=plan.tune)


async def _keep(store: Store, fold: Fold, out: Console) -> None:
    candidate = await keep(store, fold)
    if candidate is None:
        raise fail("The candidate learned from a profile that was erased meanwhile; rebuild again.")
    out.print(f"Kept as candidate snapshot {candidate}.")


def _progress() -> Progress:
    bar = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    return Progress(*bar, console=Console(stderr=True))
