"""`keyart backup`: a copy of the data folder, which may be in use."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from app.commands.environment import settings_of_service
from app.commands.terminal import INTERRUPTED, fail, say, stop_on_sigterm
from app.operations.backup import BackupError, Copied, Tree
from app.settings import Settings
from app.wiring.stores import back_up, engine_of

LABELS = {
    "databases": "Copying log and state",
    "catalogue": "Copying the catalogue",
    "images": "Linking pictures",
    "originals": "Linking originals",
}


def backup(
    destination: Annotated[Path, typer.Argument(help="A folder that does not exist yet, or is empty.")],
) -> None:
    """Copy the data folder to a new folder, whether or not the service runs.

    The command copies state, log, catalogue, pictures and originals, in an order in which they agree, and then
    checks the copy. If it fails, it leaves no folder. Only the owner can read the backup, because the log contains
    the keys that make decision ids and pseudonyms. The backup does not contain the admin key.

    To restore: stop the service, set KEYART_DATA to the backup (or replace the data folder with a copy of the
    backup), and start the service. The restore loses all events after the backup, and it brings back profiles
    that were erased after the backup.

    Examples:
        keyart backup /var/backups/keyart-2026-11-23
        KEYART_DATA=/srv/keyart keyart backup /mnt/nightly/keyart
    """
    settings = settings_of_service("backup")
    engine_of(settings).demand_known()
    stop_on_sigterm()
    try:
        copied = _backed_up(settings, destination)
    except BackupError as refusal:
        raise fail(str(refusal)) from None
    except OSError as error:
        raise fail(f"The backup failed ({error}); solve this and try again.") from None
    except KeyboardInterrupt:
        say("The backup was stopped; it left no files.")
        raise typer.Exit(INTERRUPTED) from None
    Console().print(_summary(destination, copied), highlight=False, soft_wrap=True, markup=False)


def _backed_up(settings: Settings, destination: Path) -> Copied:
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        tasks = {what: shown.add_task(label, total=None) for what, label in LABELS.items()}
        return back_up(
            settings, destination, lambda what, done, total: shown.update(tasks[what], completed=done, total=total)
        )


def _summary(destination: Path, copied: Copied) -> str:
    return (
        f"{destination} holds all up to position {copied.position} of the log: {decimal(copied.databases)} of log "
        f"and state, {copied.documents} catalogue documents, {_told(copied.pictures, 'pictures')}, "
        f"{_told(copied.originals, 'originals')}."
    )


def _told(tree: Tree, what: str) -> str:
    how = "linked" if tree.linked == tree.files else "copied" if not tree.linked else "linked or copied"
    return f"{tree.files} {what} ({how}, {decimal(tree.size)})" if tree.files else f"no {what}"
