"""`keyart audience`: viewers whose taste is known here, and to the service only by what they click."""

import asyncio
import signal
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from app.audience.agreement import Groups, differences, reported
from app.audience.crowd import Crowd
from app.audience.rules import refusal
from app.audience.service import Service, ServiceError
from app.audience.stage import staged
from app.audience.stock import titles_in
from app.audience.waiting import until_ready
from app.audience.world import World
from app.commands import audience_chart as chart
from app.commands.calling import key_for
from app.commands.terminal import INTERRUPTED, console, say, settings_for
from app.data_folder import ADMIN_KEY
from app.wiring.keys import KeyFileError

MOVING = 3000
"""The rates beside the progress bar are those of so many exposures."""
SHOW_SECONDS = 0.25
PIPED_WIDTH = 110
NO_CHOICE = (
    "The service has no title without a pin and with two or more active artworks that anyone may be shown: there "
    "is nothing to choose; import some with 'keyart import', or leave --url out."
)


@dataclass(slots=True)
class Run:
    """What was asked for, and how far it came: what was counted is shown however a run ends."""

    viewers: int
    steps: int
    click_rate: float
    drift: bool
    reward: Literal["click", "play"] | None
    seed: int
    crowd: Crowd | None = None
    said: str = ""


def audience(  # noqa: PLR0913  each is an option of the command
    *,
    viewers: Annotated[int, typer.Option(min=50, max=100_000, help="How many viewers there are.")] = 2000,
    steps: Annotated[
        int, typer.Option(min=100, max=10_000_000, help="How many pictures are looked at in all.")
    ] = 50_000,
    click_rate: Annotated[
        float, typer.Option(min=0.001, max=0.4, help="The mean click rate if pictures were chosen at random.")
    ] = 0.12,
    drift: Annotated[bool, typer.Option("--drift", help="Let tastes and pictures change half-way.")] = False,
    reward: Annotated[
        Literal["click", "play"] | None, typer.Option(help="What the service learns from: a click unless given.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Drive the service at this address. Its log fills with these viewers.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            envvar="KEYART_ADMIN_KEY",
            help="The admin key of the service at --url.",
            show_default=f"DATA/{ADMIN_KEY}",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the made-up world; the same seed makes the same one.")
    ] = 7,
) -> None:
    """Play an audience to a service, and show how much of its taste was learned.

    The viewers' taste is known here, and not to the service. At the end stands what each group of viewers
    clicked, beside the best single picture of each title and the best possible for each viewer. Without --url a
    service with the demo preset and the sample catalogue is started for the run, in a temporary folder.

    Examples:
      keyart audience --viewers 2000 --steps 50000
      keyart audience --click-rate 0.02 --steps 300000
      keyart audience --reward play --drift
      keyart audience --url http://127.0.0.1:8000
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # cleared away as after Ctrl-C
    run, status = Run(viewers, steps, click_rate, drift, reward, seed), 0
    try:
        with _stage(url, key, reward) as service:
            asyncio.run(_play(run, service))
    except KeyboardInterrupt:
        say("The run was stopped.")
        status = INTERRUPTED
    except ServiceError as error:
        say(str(error), style="red")
        status = 1
    if run.crowd and len(run.crowd.scores):
        _show(run.crowd)
    if run.said:
        print(run.said)  # noqa: T201
    raise typer.Exit(status)


def _stage(url: str | None, key: str | None, reward: str | None) -> AbstractContextManager[Service]:
    if url and not url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{url} is no address; write it as http://127.0.0.1:8000.", param_hint="--url")
    if url:
        asyncio.run(until_ready(url, say))  # first of all: a service that starts for the first time makes its key
        return nullcontext(Service(url, key) if key else _with_key_here(url))
    say("A service of its own is started for the run, and the sample catalogue imported …")
    return staged(reward or "click")


def _with_key_here(url: str) -> Service:
    """Take the key that stands in the data folder; without one it is seen at the service whether it needs one."""
    try:
        return Service(url, key_for(settings_for("audience"), url))
    except KeyFileError as error:
        return Service(url, keyless=str(error))


async def _play(run: Run, service: Service) -> None:
    async with service:
        rules = await service.rules()
        run.crowd = crowd = await _gather(run, service, rules)
        before: Groups = (await service.report())["groups"]
        with _progress() as progress:
            crowd.moved = _Shown(progress, crowd).update
            await crowd.play()
        say("The last windows close …")
        after = await reported(service, before, len(crowd.scores), rules["window_seconds"])
    run.said = _agreement(before, after, crowd)


async def _gather(run: Run, service: Service, rules: dict[str, Any]) -> Crowd:
    """Return the audience for the service's titles, unless nothing could be learned there."""
    titles = titles_in(await service.titles())
    if not titles:
        raise ServiceError(NO_CHOICE)
    world = World(titles, viewers=run.viewers, click_rate=run.click_rate, drift=run.drift, seed=run.seed)
    if reason := refusal(rules, world, steps=run.steps, reward=run.reward):
        raise ServiceError(reason)
    return Crowd(service, world, run.steps, rules["reward"], rules["play_seconds"])


def _progress() -> Progress:
    return Progress(BarColumn(10), TaskProgressColumn(), TextColumn("{task.description}"), console=console)


class _Shown:
    """The progress bar, with the groups' rates moving."""

    def __init__(self, progress: Progress, crowd: Crowd):
        self._progress, self._crowd = progress, crowd
        self._task = progress.add_task("", total=crowd.steps)
        self._started, self._due = time.monotonic(), 0.0

    def update(self) -> None:
        done, now = len(self._crowd.scores), time.monotonic()
        if now < self._due and done < self._crowd.steps:
            return
        self._due = now + SHOW_SECONDS
        rates = "  ".join(f"{name} {rate:.1%}" for name, rate in self._crowd.scores.moving(MOVING).items())
        speed = done / max(now - self._started, 1e-3)
        self._progress.update(self._task, completed=done, description=f"{speed:.0f}/s  {rates}")


def _show(crowd: Crowd) -> None:
    out = Console() if Console().is_terminal else Console(width=PIPED_WIDTH)
    counted = crowd.scores.frozen()
    out.print(chart.table(counted, crowd.reward))
    _print(out, chart.plot(counted, crowd.reward, colour=out.color_system is not None))
    for sentence in (*chart.sentences(counted, crowd.reward), *_aside(crowd)):
        _print(out, sentence)


def _print(out: Console, text: str) -> None:
    print(text, file=out.file)


def _aside(crowd: Crowd) -> list[str]:
    aside, told = crowd.aside, []
    if aside.total:
        told.append(
            f"Not counted: {aside.fallbacks:,} fallbacks, {aside.repeated:,} held or pinned pictures, and "
            f"{aside.others:,} that belong to no group or came into the catalogue during the run."
        )
    if aside.rejected:
        told.append(f"The service rejected {aside.rejected:,} impressions, clicks and plays.")
    return told


def _agreement(before: Groups, after: Groups, crowd: Crowd) -> str:
    counted = crowd.scores.frozen()
    found = differences(before, after, counted)
    if not found:
        clicks = int(counted.clicked.sum())
        return f"GET /report counts the same: {len(counted.group):,} exposures, {clicks:,} clicks."
    return (
        f"GET /report counts otherwise ({'; '.join(found)}): others used the service, or feedback came after its "
        "window."
    )
