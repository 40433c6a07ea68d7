"""`keyart audience`: made-up viewers with a known taste. The service sees only their clicks and plays."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, aclosing, nullcontext
from functools import partial
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn
from rich.text import Text

from app.audience.agreement import agreement, reported
from app.audience.crowd import Crowd
from app.audience.preconditions import refusal
from app.audience.service import Service, ServiceError
from app.audience.stage import staged
from app.audience.titles import Title, titles_in
from app.audience.world import World
from app.commands import audience_chart as chart
from app.commands.calling import key_for
from app.commands.environment import settings_for
from app.commands.parent import Parent
from app.commands.terminal import INTERRUPTED, fail, say, stop_on_sigterm
from app.data_folder import ADMIN_KEY
from app.processes.parent_watch import end_with_parent
from app.wiring.keys import KeyFileError

MOVING = 3000
"""The number of exposures that the rates beside the progress bar are taken from."""
PIPED_WIDTH = 110
NO_CHOICE = (
    "The service has nothing to choose: it has no title without a pin and with two or more active artworks for "
    "all viewers; import some with 'keyart import', or leave --url out."
)


def audience(  # noqa: PLR0913  each is an option of the command
    *,
    viewers: Annotated[int, typer.Option(min=50, max=100_000, help="How many viewers there are.")] = 2000,
    steps: Annotated[
        int, typer.Option(min=100, max=10_000_000, help="How many pictures the viewers look at in total.")
    ] = 50_000,
    click_rate: Annotated[
        float, typer.Option(min=0.001, max=0.4, help="The mean click rate if pictures were chosen at random.")
    ] = 0.12,
    drift: Annotated[bool, typer.Option("--drift", help="Let tastes and pictures change half-way.")] = False,
    reward: Annotated[
        Literal["click", "play"] | None,
        typer.Option(help="The event that the service learns from; without this option, a click."),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(help="Use the service at this address. Its log will contain these made-up viewers."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            envvar="KEYART_ADMIN_KEY",
            help="The admin key of the service at --url.",
            show_default=f"DATA/{ADMIN_KEY}",
        ),
    ] = None,
    parent: Parent = None,
    seed: Annotated[
        int, typer.Option(min=0, help="The seed of the made-up viewers; the same seed makes the same viewers.")
    ] = 7,
) -> None:
    """Let made-up viewers use a service, and show how much of their taste it learned.

    This command knows the viewers' taste; the service does not. At the end the command compares the clicks of
    each group with the best single picture of each title and with the best possible picture for each viewer.
    Without --url it starts a service for the run, with the demo preset and the sample catalogue, in a temporary
    folder.

    Examples:
      keyart audience --viewers 2000 --steps 50000
      keyart audience --click-rate 0.02 --steps 300000
      keyart audience --reward play --drift
      keyart audience --url http://127.0.0.1:8000
    """
    if parent:
        end_with_parent(parent)
    stop_on_sigterm()
    make_world = partial(World, viewers=viewers, click_rate=click_rate, drift=drift, seed=seed)
    try:
        with _stage(url, key, reward) as service:
            asyncio.run(_play(service, make_world, steps, reward))
    except KeyboardInterrupt:
        say("The run was stopped.")
        raise typer.Exit(INTERRUPTED) from None
    except ServiceError as error:
        raise fail(str(error)) from None


def _stage(url: str | None, key: str | None, reward: str | None) -> AbstractContextManager[Service]:
    if url and not url.startswith(("http://", "https://")):
        raise typer.BadParameter(
            f"{url} is not an address; write it as http://127.0.0.1:8000.", param_hint="--url"
        )
    if url:
        return nullcontext(Service(url, key))
    say("Starting a service for the run and importing the sample catalogue …")
    return staged(reward or "click")


async def _play(
    service: Service, make_world: Callable[[list[Title]], World], steps: int, reward: str | None
) -> None:
    """Play the run. The outcomes are shown even if it is interrupted."""
    async with aclosing(service):
        await service.until_ready(say)  # first of all: a service that starts for the first time makes its key
        if not service.key:
            _take_key_here(service)
        rules = await service.settings_in_force()
        titles = titles_in(await service.titles())
        if not titles:
            raise ServiceError(NO_CHOICE)
        world = make_world(titles)
        if reason := refusal(rules, world, steps=steps, reward=reward):
            raise ServiceError(reason)
        crowd = Crowd(service, world, steps, rules["reward"], rules["play_seconds"])
        before = await service.groups()
        try:
            with Progress(
                BarColumn(10), TaskProgressColumn(), _Rates(crowd), console=Console(stderr=True)
            ) as progress:
                task = progress.add_task("", total=steps)
                crowd.moved = lambda: progress.update(task, completed=len(crowd.scores))
                await crowd.play()
            say("The last windows close …")
            after = await reported(service, before, len(crowd.scores), rules["window_seconds"])
        finally:
            if len(crowd.scores):
                _show(crowd)
        print(agreement(before, after, crowd.scores.frozen()))  # noqa: T201


def _take_key_here(service: Service) -> None:
    """Take the key in the data folder. If there is none, the service says whether it needs one."""
    try:
        service.key = key_for(settings_for("audience"), service.url)
    except KeyFileError as error:
        service.keyless = str(error)


class _Rates(ProgressColumn):
    max_refresh = 0.25

    def __init__(self, crowd: Crowd):
        super().__init__()
        self._crowd = crowd

    def render(self, task: Task) -> Text:
        rates = "  ".join(f"{name} {rate:.1%}" for name, rate in self._crowd.scores.moving(MOVING).items())
        return Text(f"{task.completed / max(task.elapsed or 0.0, 1e-3):.0f}/s  {rates}")


def _show(crowd: Crowd) -> None:
    out = Console() if Console().is_terminal else Console(width=PIPED_WIDTH)
    outcomes, aside = crowd.scores.frozen(), crowd.aside
    out.print(chart.table(outcomes, crowd.reward))
    said = [chart.plot(outcomes, crowd.reward, colour=out.color_system is not None)]
    said += chart.sentences(outcomes, crowd.reward)
    if aside.total():
        said.append(
            f"Not counted: {aside['fallbacks']:,} fallbacks, {aside['repeated']:,} held or pinned pictures, and "
            f"{aside['others']:,} that belong to no group or came into the catalogue during the run."
        )
    if crowd.rejected:
        said.append(f"The service rejected {crowd.rejected:,} impressions, clicks and plays.")
    print(*said, sep="\n", file=out.file)
