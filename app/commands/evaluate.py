"""`keyart evaluate`: the reward that other policies would have earned."""

import asyncio
from collections.abc import Callable
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.catalogue.live import LiveCatalogue
from app.commands import evaluation_table as tables
from app.commands.environment import settings_in_use
from app.commands.terminal import fail
from app.evaluation.candidates import Candidate, Demanded, UnusablePolicyError
from app.evaluation.evaluating import Evaluation, Evaluator, NothingToEvaluateError
from app.evaluation.policy_names import candidate
from app.evaluation.replay import Replay
from app.evaluation.reward_models import CrossFitted, Logistic, PictureMeans, RewardModel
from app.learning.quarantines import Quarantines
from app.settings import Settings
from app.store.protocol import Store
from app.wiring.catalogue import revisions_in
from app.wiring.stores import open_store
from bandit.policy import FaultyLearnerError

CONTROLS = ("best_single", "uniform", "default")
MODELS: dict[str, Callable[[], RewardModel]] = {"pictures": PictureMeans, "logistic": Logistic}


def evaluate(
    policies: Annotated[
        list[str] | None,
        typer.Argument(metavar="[POLICY]...", help="A kind of policy, and its options behind commas."),
    ] = None,
    *,
    model: Annotated[
        str, typer.Option(help="The reward model of the doubly robust estimate: pictures or logistic.")
    ] = "pictures",
    least_shares: Annotated[
        bool, typer.Option(help="Demand KEYART_LEAST_SHARES of each policy, as the service does.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Print the estimates as JSON.")] = False,
) -> None:
    """Estimate the reward that other policies would have earned on the decisions of the log.

    A POLICY is one of: default, uniform, best_single, logistic, vowpal, FILE.py:CLASS. Learners and classes take
    the options floor=NUMBER and without=ATTRIBUTE; without=taste leaves the taste out; logistic also takes
    spread=NUMBER and most_known=NUMBER. The three controls are always in the table.

    A class has the method probabilities(context, actions), and may have learn(example). The command runs the code
    of its file. A policy that learns is asked about each decision before it learns from it.

    The command reads the log, and changes nothing. The service may run meanwhile.

    Examples:
        keyart evaluate
        keyart evaluate logistic logistic,spread=0.3 logistic,without=country
        keyart evaluate mine.py:Popular,floor=0.05 --json
    """
    settings = settings_in_use("evaluate")
    if model not in MODELS:
        raise fail(f"--model is {model!r}; give one of: {', '.join(MODELS)}.")
    names = list(dict.fromkeys([*(policies or ()), *CONTROLS]))
    try:
        candidates = [candidate(name, settings.exploration_floor) for name in names]
        if least_shares and settings.demands:
            candidates = [Demanded(each, settings.demands) for each in candidates]
        evaluation = asyncio.run(_evaluated(settings, candidates, model))
    except (UnusablePolicyError, NothingToEvaluateError, FaultyLearnerError) as error:
        raise fail(str(error)) from error
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(tables.plain(evaluation))).decode())
    else:
        Console().print(tables.of_values(evaluation), *tables.sentences(evaluation), sep="\n")


async def _evaluated(settings: Settings, candidates: list[Candidate], model: str) -> Evaluation:
    store = open_store(settings, read_only=True)
    try:
        evaluator = Evaluator(candidates, CrossFitted(MODELS[model](), MODELS[model]()))
        await _read(settings, store, evaluator)
        return evaluator.result()
    finally:
        await store.close()


async def _read(settings: Settings, store: Store, evaluator: Evaluator) -> None:
    live_catalogue = LiveCatalogue(store.log, revisions_in(settings))
    await live_catalogue.refresh()
    head = (await store.log.head()).position
    replay = Replay(store.log, live_catalogue, await Quarantines.in_force(store.log))
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Reading the log", total=head)
        async for position in evaluator.read(replay, head):
            progress.update(task, completed=position)
