"""`keyart export`: the joined examples of the log as a file that other tools read."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.catalogue.live import LiveCatalogue
from app.commands.environment import settings_in_use
from app.commands.terminal import fail, say
from app.evaluation.export import Export, Exported, UnwritableExportError
from app.evaluation.replay import Replay
from app.learning.quarantines import Quarantines
from app.settings import Settings
from app.wiring.catalogue import revisions_in
from app.wiring.stores import open_store


def export(
    file: Annotated[Path, typer.Argument(help="A new file that ends with .parquet, .jsonl or .dsjson.")],
    *,
    after: Annotated[
        int, typer.Option(min=0, help="Leave out examples up to this position, where an earlier export ended.")
    ] = 0,
) -> None:
    """Write the joined examples of the log to a file: each closed exposure with its decision and its reward.

    The end of the name says the format: .parquet for pandas, polars and DuckDB (it needs the extra `export`),
    .jsonl for lines of JSON, .dsjson for `vw --dsjson`. Pins and declared bots are left out. The file has the
    pseudonyms and attributes of viewers: protect it like the log.

    The command says the position at which it ended. The next export takes it as --after, and has later examples.
    It reads the log, and changes nothing. The service may run meanwhile.

    Examples:
        keyart export examples.parquet
        keyart export later.parquet --after 120000
        keyart export examples.dsjson
    """
    settings = settings_in_use("export")
    try:
        done = asyncio.run(_exported(settings, Export(file, after)))
    except UnwritableExportError as error:
        raise fail(str(error)) from error
    except OSError as error:
        raise fail(f"{file} was not written, and no part of it is left: {error.strerror or error}.") from error
    Console().print(
        f"{file}: {done.examples:,} examples, up to position {done.position}. "
        f"The next export goes on with --after {done.position}."
    )


def _say_left_out(revisions: int) -> None:
    say(
        f"Left out the decisions of {revisions} title revisions that are not readable; `keyart doctor` names them."
    )


async def _exported(settings: Settings, export: Export) -> Exported:
    store = open_store(settings, read_only=True)
    try:
        live_catalogue = LiveCatalogue(store.log, revisions_in(settings))
        await live_catalogue.refresh()
        head = (await store.log.head()).position
        done = Exported(0, 0)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        replay = Replay(store.log, live_catalogue, await Quarantines.in_force(store.log))
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("Reading the log", total=head)
            async for exported in export.write(replay, head):
                progress.update(task, completed=replay.position)
                done = exported
        if replay.unreadable:
            _say_left_out(len(replay.unreadable))
        return done
    finally:
        await store.close()
