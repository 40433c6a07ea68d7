"""The command line."""

import asyncio
import fcntl
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app import logs, tables
from app.announcing import announce
from app.fold import Fold
from app.keys import make_admin_key
from app.lifeline import end_with
from app.listener import PortError, listen
from app.main import editor_in, import_folder, open_store, publish_rebuilt, rebuilt, train
from app.problem import Problem
from app.report import Reporter
from app.server import serve as serve_on
from app.settings import Settings, faults
from app.shelf import SETTING
from app.store.protocol import Store, StoreTimeoutError
from app.supervisor import Supervisor
from assets import SAMPLES
from assets.importing.ingest import jobs_of
from assets.importing.manifest import ManifestError
from assets.importing.row import Row
from assets.picture import PictureError
from assets.rendering.contact_sheet import contact_sheet

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
console = Console(stderr=True)
_EMPTY = "There are no pictures in {folder}; it should hold a folder for each title, with its pictures."
INTERRUPTED = 130
"""The status of a command that Ctrl-C ended, as shells know it."""
BEHIND = 10
"""By how much a trainer beside workers is nicer: viewers wait for an answer, and nobody for the next snapshot."""
REFUSALS = (PictureError, ManifestError, Problem, StoreTimeoutError, OSError)
"""Why an import can end with a sentence, and nothing changed."""
Parent = Annotated[int | None, typer.Option(hidden=True, help="End when this process is no longer the parent.")]


def main() -> None:
    app()


@app.command()
def serve(
    *,
    samples: Annotated[bool, typer.Option(help="Import the sample catalogue if there is none.")] = True,
    with_parent: Annotated[bool, typer.Option(help="End when the process that started this one ends.")] = False,
) -> None:
    """Serve, with a trainer beside it. Example: KEYART_PRESET=demo keyart serve."""
    parent = os.getppid() if with_parent else None
    settings = _settings(process="supervisor")
    _make_folder(settings)
    with closing(_lock(settings)), closing(_listener(settings)) as listener:
        make_admin_key(settings)
        if samples:
            _run_import(_import_samples(settings))
        port = listener.getsockname()[1]
        supervisor = Supervisor(listener, settings.workers, settings.data / "run" / "metrics", parent=parent)
        supervisor.run(
            lambda: threading.Thread(
                target=announce, args=(settings.host, port, supervisor, console), daemon=True
            ).start()
        )


@app.command(hidden=True)
def worker(socket_: Annotated[int, typer.Option("--socket")], parent: Parent = None) -> None:
    """Answer requests on an inherited socket."""
    if parent:
        end_with(parent)
    serve_on(_settings(process="worker"), socket.socket(fileno=socket_))


@app.command("train")
def train_command(
    parent: Parent = None, holder: Annotated[str, typer.Option(help="Who holds the lease.")] = ""
) -> None:
    """Train: fold the log and publish snapshots, or stand by while another leads. Example: keyart train."""
    if parent:
        end_with(parent)
        os.nice(BEHIND)
    settings = _settings(process="trainer")
    asyncio.run(_train(settings, holder or f"trainer of {socket.gethostname()} {os.getpid()}"))


@app.command()
def rebuild(
    *,
    publish: Annotated[
        bool, typer.Option(help="Replace the model, tastes and counts by what was folded.")
    ] = False,
) -> None:
    """Fold the retained log anew and compare with the model in use. Example: keyart rebuild --publish."""
    asyncio.run(_rebuild(_settings_of_service("rebuild"), publish=publish))


@app.command("import")
def import_command(
    folder: Annotated[Path, typer.Argument(help="A folder of title-id/artwork-id.jpg")],
    *,
    all_: Annotated[bool, typer.Option("--all", help="Show notes on unchanged pictures, too.")] = False,
) -> None:
    """Merge a folder of pictures into the catalogue. Example: keyart import ./artwork."""
    settings = _settings(process="import")
    _make_folder(settings)
    _run_import(_import(settings, folder, unchanged=all_))


@app.command("contact-sheet")
def contact_sheet_command(
    folder: Annotated[Path, typer.Argument(help="A folder as for `keyart import`")] = SAMPLES,
    out: Annotated[Path, typer.Option(help="Where to write the pages.")] = Path("contact-sheet"),
) -> None:
    """Draw each picture of a folder with its focus, faces and crops. Example: keyart contact-sheet ./artwork."""
    try:
        pages = contact_sheet(jobs_of(folder), out)
    except (PictureError, ManifestError) as error:
        raise _fail(str(error)) from None
    except OSError as error:
        raise _fail(f"The pages can't be written to {out}: {error.strerror}; name another folder.") from None
    if not pages:
        raise _fail(_EMPTY.format(folder=folder))
    Console().print(f"{len(pages)} pages in {out}.", highlight=False, soft_wrap=True, markup=False)


@app.command()
def report() -> None:
    """Show what each group earned, and the lift. Example: keyart report."""
    asyncio.run(_report(_settings_of_service("report")))


@app.command()
def models() -> None:
    """List the snapshots. Example: keyart models."""
    asyncio.run(_models(_settings_of_service("models")))


# ---------------------------------------------------------------- behind the commands


def _settings(process: str) -> Settings:
    try:
        settings = Settings()
    except ValidationError as error:
        for fault in faults(error):
            console.print(fault, highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(2) from None
    logs.configure(settings, process=process)
    return settings


def _settings_of_service(process: str) -> Settings:
    """Return the settings of a service that has run: a command that only looks should make no empty folder."""
    settings = _settings(process)
    if not (settings.data / "log.sqlite").is_file():
        raise _fail(f"There is no log in {settings.data.resolve()}; set KEYART_DATA to the service's data folder.")
    return settings


def _make_folder(settings: Settings) -> None:
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _fail(f"KEYART_DATA can't be {settings.data}: {error.strerror}; name a folder.") from None


def _fail(sentence: str) -> typer.Exit:
    console.print(sentence, style="red", highlight=False, soft_wrap=True, markup=False)
    return typer.Exit(1)


def _lock(settings: Settings) -> TextIO:
    """Make sure that one service alone uses the data folder; the lock goes with the process."""
    file = (settings.data / "serve.lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise _fail(f"Another keyart serves {settings.data.resolve()}; stop it, or set KEYART_DATA.") from None
    return file


def _listener(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port)
    except PortError as refusal:
        raise _fail(str(refusal)) from None


async def _train(settings: Settings, holder: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await train(settings, holder, stop)


def _run_import(importing: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(importing)
    except KeyboardInterrupt:
        console.print("The import was stopped, and changed nothing.")
        raise typer.Exit(INTERRUPTED) from None


async def _import_samples(settings: Settings) -> None:
    async with _importing(settings) as store:
        if await store.log.setting(SETTING) is None:
            rows = await _import_with_progress(settings, store, SAMPLES)
            console.print(f"The sample catalogue: {tables.summary(rows)}", highlight=False)


async def _import(settings: Settings, folder: Path, *, unchanged: bool) -> None:
    async with _importing(settings) as store:
        await _warn_of_an_unreadable_catalogue(settings, store)
        rows = await _import_with_progress(settings, store, folder)
    if not rows:
        raise _fail(_EMPTY.format(folder=folder))
    if (table := tables.of_import(rows, unchanged=unchanged)).row_count:
        Console().print(table)
    Console().print(tables.summary(rows), highlight=False)
    if all(row.outcome == "refused" for row in rows):
        raise typer.Exit(1)


@asynccontextmanager
async def _importing(settings: Settings) -> AsyncIterator[Store]:
    """Yield the store; what stops an import ends the command with a sentence."""
    try:
        store = open_store(settings)
        try:
            yield store
        finally:
            await store.close()
    except REFUSALS as refusal:
        raise _fail(_why(refusal, settings)) from None


def _why(refusal: Exception, settings: Settings) -> str:
    if isinstance(refusal, Problem):
        return refusal.detail
    if not isinstance(refusal, OSError) or not refusal.strerror:
        return str(refusal)
    fault = f"{refusal.filename}: {refusal.strerror}" if refusal.filename else refusal.strerror
    return f"The import into {settings.data} stopped ({fault}) and changed nothing; mend that and import again."


async def _warn_of_an_unreadable_catalogue(settings: Settings, store: Store) -> None:
    try:
        await editor_in(settings, store).current()
    except Problem as problem:
        reason = problem.detail.partition(";")[0]
        sentence = (
            f"{reason}; a new one, of this folder alone, takes its place: bar and withdraw again what was barred "
            "and withdrawn."
        )
        console.print(sentence, style="yellow", highlight=False, soft_wrap=True, markup=False)


async def _import_with_progress(settings: Settings, store: Store, folder: Path) -> tuple[Row, ...]:
    columns = TextColumn("Importing artwork"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("import", total=None)
        return await import_folder(
            settings, store, folder, lambda done, total: progress.update(task, completed=done, total=total)
        )


async def _rebuild(settings: Settings, *, publish: bool) -> None:
    store = open_store(settings)
    out = Console()
    try:
        incumbent = next(iter(await store.state.snapshots(limit=1)), None)
        head = (await store.log.head()).position
        stops = [head] if incumbent is None else [incumbent.position, head]
        fold: Fold | None = None
        with Progress(
            TextColumn("Folding the log"), BarColumn(), MofNCompleteColumn(), console=console
        ) as progress:
            task = progress.add_task("fold", total=head)
            async for fold in rebuilt(settings, store, stops):
                progress.update(task, completed=fold.position)
                if incumbent is not None and fold.position == incumbent.position:
                    out.print(tables.comparison(fold.learner, incumbent))
        if fold is None:
            raise _fail("The log is empty; there is nothing to fold.")
        out.print(f"Folded to position {fold.position}: {fold.seen.examples} examples learned.")
        if publish:
            new = await publish_rebuilt(store, fold)
            if new is None:
                raise _fail("A trainer is leading; stop the service, then rebuild with --publish.")
            out.print(f"Published as snapshot {new}.")
    finally:
        await store.close()


async def _report(settings: Settings) -> None:
    store = open_store(settings)
    try:
        report = await Reporter(store.state).report()
    finally:
        await store.close()
    Console().print(tables.of_groups(report["groups"]))
    Console().print(tables.lift(report["lift"]))


async def _models(settings: Settings) -> None:
    store = open_store(settings)
    try:
        snapshots = await store.state.snapshots()
    finally:
        await store.close()
    Console().print(tables.of_snapshots(snapshots))
