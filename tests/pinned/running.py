"""What a service leaves in its data folder, and what commands end with."""

import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from app import cli
from app.catalogue.importing import import_folder
from app.settings import Settings
from app.wiring.catalogue import editor_in, images_in
from app.wiring.stores import open_store
from tests.assets.builders import put
from tests.e2e.service import Service, environment

ENDS = (
    "",
    "no-such-command",
    "report --no-such-option",
    "import",
    "open --url nonsense",
    "models",
    "report",
    "import {folder}/nothing",
    "import {folder}/refused",
    "contact-sheet {folder}/nothing --out {folder}/pages",
    "contact-sheet {folder}/artwork --out {folder}/pages",
)
"""Commands where no service is and none was. Most other endings have tests of their own."""


def data_folder(folder: Path) -> dict[str, object]:
    """Return the files of a service that runs on what was imported, and what stands in those that others read."""
    put(folder / "artwork" / "one" / "a.jpg")
    data = folder / "data"
    asyncio.run(_import(Settings(data=data), folder / "artwork"))
    service = Service(data)
    try:
        service.start()
        files = {_name(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}
        lock = json.loads((data / "serve.lock").read_text())
        service.stop()
    finally:
        service.clean_up()
    with closing(sqlite3.connect(data / "log.sqlite")) as connection:
        settings = [name for (name,) in connection.execute("SELECT name FROM setting ORDER BY name")]
        edits = connection.execute("SELECT role, name, operation, title, artwork FROM edit").fetchall()
    lists = {"files": sorted(files), "serve.lock": sorted(lock), "its settings": sorted(lock["settings"])}
    return {**lists, "settings in the log": settings, "edits of an import": edits}


async def _import(settings: Settings, folder: Path) -> None:
    store = open_store(settings)
    await import_folder(editor_in(settings, store), images_in(settings), folder)
    await store.close()


def _name(path: Path) -> str:
    """Return a file's name without what differs from run to run: process ids, and hashes of contents."""
    return re.sub(r"_\d+\.db", "_PID.db", re.sub(r"[0-9a-f]{16,}", "HASH", str(path)))


def exit_codes(folder: Path) -> dict[str, int]:
    """Return the status that each of the commands ends with."""
    put(folder / "artwork" / "one" / "a.jpg")
    put(folder / "refused" / "one" / "a.jpg", b"no picture")
    (folder / "nothing").mkdir()
    command = [sys.executable, "-m", __name__, *(line.format(folder=folder) for line in ENDS)]
    told = subprocess.run(
        command, env=environment(folder / "data", {}), stdout=subprocess.PIPE, timeout=240, check=True
    ).stdout
    return {f"keyart {line}".strip(): status for line, status in zip(ENDS, json.loads(told), strict=True)}


def _ended(line: str) -> int:
    """Run a command in a fork of this process, so that its modules are imported once for all."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.argv = ["keyart", *line.split()]
    try:
        cli.main()
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else bool(end.code))
    os._exit(0)


if __name__ == "__main__":
    json.dump([_ended(line) for line in sys.argv[1:]], sys.stdout)
