"""`keyart import-history`: a warm start from exposures that another system had."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.catalogue.live import LiveCatalogue
from app.commands.environment import settings_of_service
from app.commands.terminal import INTERRUPTED, fail, say
from app.operations.exposure_import.columns import Columns, UnusableFileError
from app.operations.exposure_import.importing import ExposureImport, Outcome
from app.operations.exposure_import.past_exposures import PastExposures
from app.operations.exposure_import.row_files import RowFile
from app.settings import DAY_MS, Settings
from app.store.protocol import (
    FullLogError,
    LostStoreError,
    Store,
    StoreTimeoutError,
    UnwritableStoreError,
)
from app.viewers.pseudonym import Identity
from app.wiring.catalogue import revisions_in
from app.wiring.keys import identity_key
from app.wiring.stores import open_store

STOPS = (FullLogError, LostStoreError, StoreTimeoutError, UnwritableStoreError, OSError)


class RefusedError(Exception):
    """Rows have faults, and nothing is imported."""


def import_history(
    file: Annotated[Path, typer.Argument(help="A file that ends with .parquet, .csv or .jsonl.")],
    *,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=COLUMN", help="The file's name for a field; give it once for each."),
    ] = None,
    skip_refused: Annotated[
        bool, typer.Option("--skip-refused", help="Import the other rows if some have faults.")
    ] = False,
) -> None:
    """Learn from exposures that another system had: a row for each, with its outcome, the oldest first.

    Each row has the fields time, title and artwork, and may have profile, clicked, seconds, propensity,
    candidates, attributes, attributes.NAME and timezone. docs/warm-start.md explains them. Parquet needs the extra
    `export`.

    The command checks all rows before it writes any. The trainer learns them, without caps, in its usual time.
    The rows count in no report and no lift. A second run imports only the rows that are new at the end of the
    file, so a stopped import continues. The service may run meanwhile.

    Examples:
        keyart import-history shown.csv
        keyart import-history shown.parquet --column title=show_id --column time=shown_at
    """
    settings = settings_of_service("import-history")
    outcome = Outcome()
    try:
        rows = RowFile.at(file, Columns.of(column or ()))
        outcome = asyncio.run(_imported(settings, rows, outcome, skip_refused=skip_refused))
    except UnusableFileError as error:
        raise fail(_with_progress(str(error), outcome)) from error
    except RefusedError as error:
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        say(_with_progress("The import was stopped.", outcome))
        raise typer.Exit(INTERRUPTED) from None
    except STOPS as error:
        raise fail(_with_progress(f"The import of {file} stopped: {error}", outcome)) from error
    _tell(file, rows, outcome)


def _with_progress(sentence: str, outcome: Outcome) -> str:
    if not outcome.imported:
        return f"{sentence} No row was imported."
    return f"{sentence} {outcome.imported:,} rows were imported; the next import of the file continues after them."


def _tell(file: Path, rows: RowFile, outcome: Outcome) -> None:
    out = Console(soft_wrap=True, highlight=False, markup=False)
    already = f" {outcome.already:,} of its {outcome.rows:,} rows were there already." if outcome.already else ""
    refused = f" {outcome.refused:,} rows have faults and were left out." if outcome.refused else ""
    out.print(f"{file}: {outcome.imported:,} rows imported.{already}{refused}")
    if rows.unused:
        out.print(f"These columns were not used: {', '.join(rows.unused)}.")
    if outcome.imported:
        out.print(
            "The trainer of the service learns them now, or when it starts; `keyart doctor` says how far it is."
        )


async def _imported(settings: Settings, rows: RowFile, outcome: Outcome, *, skip_refused: bool) -> Outcome:
    store = open_store(settings)
    try:
        importing = ExposureImport(rows, store.log, await _exposures(settings, store), outcome)
        await _follow("Checking the rows", rows, importing.check())
        if outcome.refused:
            _name_faults(outcome, skip_refused=skip_refused)
        if outcome.already < outcome.rows:
            await _follow("Writing the rows", rows, importing.write(settings.reward_rules()))
        return outcome
    finally:
        await store.close()


async def _exposures(settings: Settings, store: Store) -> PastExposures:
    live_catalogue = LiveCatalogue(store.log, revisions_in(settings))
    await live_catalogue.refresh()
    await store.log.check()  # the log's time may be ahead of the clock
    identity = Identity(await identity_key(store.log))
    retention = round(settings.retention_days * DAY_MS)
    return PastExposures(
        store.log, live_catalogue, identity, retention=retention, unused=settings.unused_attributes
    )


async def _follow(what: str, rows: RowFile, reading: AsyncIterator[int]) -> None:
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=None)
        async for done in reading:
            progress.update(task, completed=done, total=rows.total)
        progress.update(task, completed=rows.total, total=rows.total)


def _name_faults(outcome: Outcome, *, skip_refused: bool) -> None:
    for fault in outcome.faults:
        say(fault)
    if more := outcome.refused - len(outcome.faults):
        say(f"{more:,} more rows have faults.")
    if not skip_refused:
        say(
            f"{outcome.refused:,} of {outcome.rows:,} rows have faults, and nothing was imported. Correct them, "
            "or import the others with --skip-refused.",
            style="red",
        )
        raise RefusedError
