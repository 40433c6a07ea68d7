"""`keyart import`: merging a folder of pictures into the catalogue."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.catalogue.importing import import_folder
from app.commands.environment import make_folder, settings_for
from app.commands.import_table import of_import, summary
from app.commands.terminal import INTERRUPTED, fail, say
from app.refusals import Refusal
from app.settings import Settings
from app.store.protocol import Store, StoreTimeoutError
from app.wiring.catalogue import editor_in, images_in, originals_in
from app.wiring.stores import open_store
from assets import SAMPLES
from assets.importing.manifest import ManifestError
from assets.importing.outcome import Row
from assets.picture import PictureError

EMPTY = "There are no pictures in {folder}; it should hold a folder for each title, with its pictures."
REFUSALS = (PictureError, ManifestError, Refusal, StoreTimeoutError, OSError)
"""Reasons for which an import ends with a sentence and changes nothing."""


def import_(
    folder: Annotated[Path, typer.Argument(help="A folder of title-id/artwork-id.jpg.")],
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="Name all pictures, and show notes on unchanged ones.")
    ] = False,
) -> None:
    """Merge a folder of pictures into the catalogue, whether or not the service runs.

    The import removes nothing and keeps editors' changes. The status is 1 if every picture was refused, and 130
    if Ctrl-C stopped the import, which then changes nothing.

    Examples:
        keyart import ./artwork
        keyart import ./artwork --all
    """
    settings = settings_for("import")
    make_folder(settings)
    _run(_import(settings, folder, all_=all_))


def import_samples(settings: Settings) -> None:
    """Import the sample catalogue."""
    _run(_import_samples(settings))


def _run(importing: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(importing)
    except KeyboardInterrupt:
        say("The import was stopped, and changed nothing.")
        raise typer.Exit(INTERRUPTED) from None


async def _import_samples(settings: Settings) -> None:
    async with _importing(settings) as store:
        rows = await _import_with_progress(settings, store, SAMPLES)
    say(f"The sample catalogue: {summary(rows)}")


async def _import(settings: Settings, folder: Path, *, all_: bool) -> None:
    async with _importing(settings) as store:
        await _warn_of_an_unreadable_catalogue(settings, store)
        rows = await _import_with_progress(settings, store, folder)
    if (table := of_import(rows, all_=all_)).row_count:
        Console().print(table)
    outcomes = {row.outcome for row in rows} - {"passed over"}
    if not outcomes:
        raise fail(EMPTY.format(folder=folder))
    Console().print(summary(rows), highlight=False)
    if outcomes == {"refused"}:
        raise typer.Exit(1)


@asynccontextmanager
async def _importing(settings: Settings) -> AsyncIterator[Store]:
    """Yield the store; a fault that stops the import ends the command with a sentence."""
    try:
        store = open_store(settings)
        try:
            yield store
        finally:
            await store.close()
    except REFUSALS as refusal:
        raise fail(_why(refusal, settings)) from None


def _why(refusal: Exception, settings: Settings) -> str:
    if not isinstance(refusal, OSError) or not refusal.strerror:
        return str(refusal)
    fault = f"{refusal.filename}: {refusal.strerror}" if refusal.filename else refusal.strerror
    return f"The import into {settings.data} stopped ({fault}) and changed nothing; solve this and import again."


async def _warn_of_an_unreadable_catalogue(settings: Settings, store: Store) -> None:
    try:
        await editor_in(settings, store).current()
    except Refusal as refusal:
        reason = refusal.sentence.partition(";")[0]
        say(
            f"{reason}; a new one, made only from this folder, replaces it. Then bar the same kinds of pictures "
            "and withdraw the same artworks again.",
            style="yellow",
        )


async def _import_with_progress(settings: Settings, store: Store, folder: Path) -> tuple[Row, ...]:
    columns = TextColumn("Importing artwork"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("import", total=None)
        return await import_folder(
            editor_in(settings, store),
            images_in(settings),
            folder,
            lambda done, total: progress.update(task, completed=done, total=total),
            originals=originals_in(settings).adding(),
        )
