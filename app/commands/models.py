"""`keyart models`: the snapshots of the learner, and orders about them."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.clock import now_ms
from app.commands.calling import COMPARING_SECONDS, called
from app.commands.environment import settings_of_service
from app.commands.orders import Why
from app.commands.terminal import fail
from app.data_folder import DataFolder
from app.evaluation.candidate_sentences import conclusion
from app.interventions import SETTING, interventions_in
from app.learning.candidate_file import CandidateFile, Kept
from app.settings import Settings
from app.store.protocol import Snapshot
from app.wiring.stores import open_store
from bandit.learners import kind_of, restored, tuning_of
from bandit.sealing import UnusableSnapshot

ROLES = ("incumbent", "candidate", "promoted", "replaced")
Do = Literal["promote", "rollback", "freeze", "thaw"]
DONE = {
    "promote": "The trainer continues with snapshot {}.",
    "rollback": "The trainer continues with the learner that the latest promotion replaced.",
    "freeze": "The learner is frozen.",
    "thaw": "The learner learns again.",
}


def models(
    do: Annotated[Do | None, typer.Argument(help="The order. Without it the command lists the snapshots.")] = None,
    snapshot: Annotated[int | None, typer.Argument(min=1, help="The snapshot to promote.")] = None,
    *,
    fitness: Annotated[
        bool, typer.Option("--fitness", help="Compare each snapshot with the best single picture, too.")
    ] = False,
    why: Why = "",
) -> None:
    """List the kept snapshots, or promote, roll back, freeze or thaw the model.

    promote lets the trainer continue with a snapshot, and rollback with the learner that the latest promotion
    replaced. The service refuses a snapshot that is not fit, with the reason. freeze keeps the learner as it is;
    after thaw it learns again, from the events after that. Each order sets a new base.

    The orders and --fitness call the service that runs on the data folder, with KEYART_ADMIN_KEY or the key in
    the data folder.

    Examples:
        keyart models
        keyart models --fitness
        keyart models promote 17 --why "Better in keyart evaluate"
        keyart models rollback
        keyart models freeze
    """
    settings = settings_of_service("models")
    if do is None:
        listed = asyncio.run(_models(settings))
        for number in [each.id for each in listed if fitness and _weights_in_use(each) is not None]:
            found = called(settings, "GET", f"/models/{number}/fitness", seconds=COMPARING_SECONDS)
            Console().print(fitness_of(number, found), soft_wrap=True, markup=False, highlight=False)
        return
    if (do == "promote") != (snapshot is not None):
        raise fail("promote needs the number of a snapshot, and the other orders need none; see `keyart models`.")
    _order(settings, do, snapshot, why)
    Console().print(DONE[do].format(snapshot), soft_wrap=True)


def _order(settings: Settings, do: Do, snapshot: int | None, why: str) -> None:
    if do == "promote":
        called(settings, "POST", f"/models/{snapshot}/promotion", {"why": why}, seconds=COMPARING_SECONDS)
    elif do == "rollback":
        called(settings, "POST", "/models/rollback", {"why": why})
    else:
        called(settings, "PUT", "/models/frozen", {"frozen": do == "freeze", "why": why})


async def _models(settings: Settings) -> list[Snapshot]:
    """Show the snapshots and the candidate, and return the snapshots."""
    store = open_store(settings, read_only=True)
    try:
        snapshots = [each for role in ROLES for each in await store.state.snapshots(role)]
        candidate = interventions_in(await store.log.setting(SETTING)).candidate
    finally:
        await store.close()
    Console().print(table(snapshots))
    for line in tunings(snapshots):
        Console().print(line, soft_wrap=True, markup=False, highlight=False)
    if candidate:
        file = CandidateFile(DataFolder(settings.data).candidate)
        line = of_candidate(candidate.policy, file.read(candidate.given.position))
        Console().print(line, soft_wrap=True, markup=False)
    return snapshots


def table(snapshots: Iterable[Snapshot]) -> Table:
    """Show snapshots, the newest first; decisions are made with the first incumbent that is not damaged."""
    names = "snapshot", "in use", "role", "learner", "position", "age", "bytes", "weights"
    shown = Table(*names, box=SIMPLE, pad_edge=False, collapse_padding=True)
    used = False
    for s in snapshots:
        weights = _weights_in_use(s)
        usable = weights is not None and s.role == "incumbent"
        mark = "yes" if usable and not used else ""
        used = used or usable
        told = "it is damaged and not used" if weights is None else str(weights)
        kind = "" if weights is None else kind_of(s.learner)
        shown.add_row(str(s.id), mark, s.role, kind, str(s.position), _age(s.created), str(len(s.learner)), told)
    return shown


def tunings(snapshots: Iterable[Snapshot]) -> list[str]:
    """Return a sentence for each tuning, with the snapshots that have it."""
    by_tuning: dict[str, list[str]] = {}
    for snapshot in snapshots:
        with suppress(UnusableSnapshot):
            written = ", ".join([f"{name}={value:g}" for name, value in tuning_of(snapshot.learner).items()])
            if written:
                by_tuning.setdefault(f"{kind_of(snapshot.learner)},{written}", []).append(str(snapshot.id))
    return [f"Tuning {tuning}: snapshots {', '.join(ids)}." for tuning, ids in by_tuning.items()]


def fitness_of(number: int, found: Mapping[str, Any]) -> str:
    """Say how a snapshot would have done on the latest exposures."""
    if found["entropy"] is None:
        return f"Snapshot {number}: {found['decisions']} decisions are too few to judge it."
    choices = f"Snapshot {number}: the entropy of its choices is {found['entropy']:.2f} bits"
    if found["interval"] is None:
        return f"{choices}; too few viewers earned a reward to compare it with the best single picture."
    more, low, high = (f"{1000 * each:+.1f}" for each in (found["over_best_single"], *found["interval"]))
    return (
        f"{choices}; in 1,000 exposures it earns {more} ({low} to {high}) compared with the best single picture."
    )


def of_candidate(policy: str, kept: Kept | None) -> str:
    """Describe the candidate in the shadow."""
    if kept is None:
        return f"The candidate {policy} has saved nothing yet."
    at = f"The candidate {policy} learns in the shadow, and is at position {kept.state.position}."
    return f"{at} {conclusion(kept.state.paired)}"


def _age(created: int) -> str:
    """Return the time since a snapshot was made, in the largest unit of which there are two."""
    seconds = max(0, now_ms() - created) // 1000
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _weights_in_use(snapshot: Snapshot) -> int | None:
    """Return how many weights are not 0; None if the snapshot is damaged."""
    try:
        return int((restored(snapshot.learner).weights()[:, 0] != 0).sum())
    except UnusableSnapshot:
        return None
