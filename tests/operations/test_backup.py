"""`keyart backup`: a copy of a data folder in use, that a service can go on with."""

import asyncio
import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from app.catalogue.editor import COMMAND_LINE
from app.clock import now_ms
from app.evaluation.report import Report, Reporter
from app.operations.backup import BackupError
from app.settings import Settings
from app.store.protocol import UnusableStoreError
from app.store.sqlite import SqliteStore, backup
from app.wiring.services import opened
from app.wiring.stores import back_up
from assets.catalogue import Artwork, Title
from tests.assets.builders import a_picture, encoded, put
from tests.builders import a_draft
from tests.e2e.client import Connection
from tests.e2e.service import Service, keyart, soon, until

QUICK = {"reward_window_seconds": 0.5, "hold_seconds": 3600, "learn_cap": 0, "stranger_cap": 0}


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("backup")
    for number, colour in enumerate(("teal", "crimson", "gold")):
        put(place / "artwork" / "film" / f"a{number}.jpg", encoded(a_picture((64, 64), colour)))
    done = keyart(place / "data", "import", str(place / "artwork"))
    assert done.returncode == 0, done.stderr
    return place / "data"


@pytest.fixture
def data(imported: Path, tmp_path: Path) -> Path:
    return shutil.copytree(imported, tmp_path / "data")


def backed_up(data: Path, destination: Path) -> int:
    return back_up(Settings(data=data), destination, lambda *_: None).position


def positions(data: Path) -> list[int]:
    with closing(sqlite3.connect(data / "log.sqlite")) as log:
        return [row[0] for row in log.execute("SELECT position FROM log ORDER BY position")]


# -------------------------------------------------------------------- of a running service


@dataclass
class Audience:
    """Viewers who look and click, and remember the ids whose clicks were acknowledged."""

    port: int
    clicked: list[str] = field(default_factory=list)

    async def run(self, name: str) -> None:
        connection = Connection(self.port)
        try:
            for number in range(100_000):
                _, answer = await connection.get("/artwork", profile=f"{name}-{number}", title="film")
                status, told = await connection.post("/clicks", {"decision_id": answer["decision_id"]})
                if status == 202 and told["recorded"]:
                    self.clicked.append(answer["decision_id"])
        finally:
            connection.close()


async def click(port: int, decision_id: str) -> tuple[int, Any]:
    connection = Connection(port)
    try:
        return await connection.post("/clicks", {"decision_id": decision_id})
    finally:
        connection.close()


async def ask(port: int, profile: str) -> dict[str, object]:
    connection = Connection(port)
    try:
        status, answer = await connection.get("/artwork", profile=profile, title="film")
        assert status == 200
        return dict(answer)
    finally:
        connection.close()


async def busy_backup(port: int, data: Path, destination: Path) -> tuple[list[str], list[str]]:
    """Back up under load; return the ids that were clicked before it began, and those after it was done."""
    audience = Audience(port)
    viewers = [asyncio.create_task(audience.run(f"v{number}")) for number in range(4)]
    await soon("there are clicks", lambda: len(audience.clicked) > 200)
    before = list(audience.clicked)
    done = await asyncio.to_thread(keyart, data, "backup", str(destination))
    since = len(audience.clicked)
    assert done.returncode == 0, done.stderr
    assert "holds all up to position" in done.stdout
    await soon("there are more", lambda: len(audience.clicked) > since + 50)
    for viewer in viewers:
        viewer.cancel()
    for ended in await asyncio.gather(*viewers, return_exceptions=True):
        assert isinstance(ended, asyncio.CancelledError), ended
    return before, audience.clicked[since:]


@pytest.mark.long
def test_a_backup_under_load_is_what_a_service_goes_on_with(data: Path, tmp_path: Path) -> None:
    destination = tmp_path / "backups" / "one"
    first, second = Service(data, "--no-samples", **QUICK), Service(destination, "--no-samples", **QUICK)
    try:
        first.start()
        held = asyncio.run(ask(first.port, "ada"))
        before, after = asyncio.run(busy_backup(first.port, data, destination))
        first.stop()
        kept = positions(destination)
        second.start()
        again = asyncio.run(ask(second.port, "ada"))
        known = [asyncio.run(click(second.port, id_)) for id_ in (before[0], before[-1])]
        lost = asyncio.run(click(second.port, after[-1]))
        new = asyncio.run(click(second.port, str(again["decision_id"])))
        until("what was restored is learned", lambda: learned_up_to(destination) > kept[-1])
        second.stop()
    finally:
        first.clean_up()
        second.clean_up()

    assert kept == list(range(1, len(kept) + 1)), "no record is missing in between"
    assert (again["decision_id"], again["held"]) == (held["decision_id"], True)
    for status, told in known:
        assert (status, told["duplicates"]) == (202, 1), "what was acknowledged before is in the backup"
    assert lost[0] == 422, "what came after is not there, and is taken for nothing else"
    assert (new[0], new[1]["recorded"]) == (202, 1)
    assert keyart(destination, "rebuild").stdout.startswith("Equal to snapshot")


def test_a_backup_of_a_service_that_rests_reports_the_same(data: Path, tmp_path: Path) -> None:
    with_clicks = Service(data, "--no-samples", **QUICK)
    try:
        with_clicks.start()
        for number in range(12):
            answer = asyncio.run(ask(with_clicks.port, f"viewer-{number}"))
            asyncio.run(click(with_clicks.port, str(answer["decision_id"])))
        until("all is counted", lambda: exposures(data) == 12)
    finally:
        with_clicks.clean_up()  # killed, so that a write-ahead log is left
    assert (data / "log.sqlite-wal").stat().st_size
    before = kept_in(data)
    backed_up(data, tmp_path / "copy")

    assert kept_in(data) == before
    assert reported(tmp_path / "copy") == reported(data)
    names = {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}
    copied = {
        str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()
    }
    assert copied == {
        name
        for name in names
        if name.startswith(("catalogue/", "images/", "originals/")) or name.endswith("sqlite")
    }
    pictures = list((tmp_path / "copy" / "images").iterdir())
    assert all(path.samefile(data / "images" / path.name) for path in pictures), "the same bytes, not twice"
    for document in (tmp_path / "copy" / "catalogue").rglob("*.json"):
        original = data / document.relative_to(tmp_path / "copy")
        assert document.stat().st_mtime_ns == original.stat().st_mtime_ns, "by that its age is known"
        assert not document.samefile(original), "a service marks documents that it puts again as young"


def kept_in(data: Path) -> dict[Path, bytes]:
    """Return all but the indexes of write-ahead logs, in which readers note where they read."""
    return {path: path.read_bytes() for path in data.glob("*.sqlite*") if not path.name.endswith("-shm")}


def learned_up_to(data: Path) -> int:
    with closing(sqlite3.connect(f"file:{data / 'state.sqlite'}?mode=ro", uri=True)) as state:
        return int(state.execute("SELECT max(position) FROM snapshot").fetchone()[0])


def exposures(data: Path) -> int:
    with suppress(UnusableStoreError):
        return sum(group["exposures"] for group in reported(data)["groups"].values())
    return 0


def reported(data: Path) -> Report:
    async def report() -> Report:
        store = SqliteStore(data, now_ms, read_only=True)
        found = await Reporter(store.state).report()
        await store.close()
        return found

    return asyncio.run(report())


def test_the_state_of_a_backup_is_never_ahead_of_its_log(data: Path, tmp_path: Path) -> None:
    written: list[str] = []

    def write(what: str, *_: int) -> None:
        """Log and learn something between the copies of the two databases."""
        if not written:
            written.append(what)
            with closing(sqlite3.connect(data / "log.sqlite", isolation_level=None)) as log:
                log.execute("INSERT INTO log VALUES (1000, 0, 9, x'')")
            with closing(sqlite3.connect(data / "state.sqlite", isolation_level=None)) as state:
                state.execute("INSERT OR REPLACE INTO counted VALUES (1, 1000, x'')")

    back_up(Settings(data=data), tmp_path / "copy", write)

    with closing(sqlite3.connect(tmp_path / "copy" / "state.sqlite")) as state:
        [counted] = state.execute("SELECT coalesce(max(position), 0) FROM counted").fetchone()
    assert written == ["databases"]
    assert counted <= max(positions(tmp_path / "copy"), default=0)


# -------------------------------------------------------------------- whole or not at all


def test_a_backup_is_for_its_owner_alone_and_has_no_admin_key(data: Path, tmp_path: Path) -> None:
    put(data / "admin-key", b"secret")
    backed_up(data, tmp_path / "copy")

    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "copy" / "log.sqlite").stat().st_mode) == 0o600
    assert not (tmp_path / "copy" / "admin-key").exists()


def test_an_empty_folder_is_taken_and_one_with_something_in_it_is_not(data: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    backed_up(data, tmp_path / "copy")
    with pytest.raises(BackupError, match="exists and is not empty; name a new folder"):
        backed_up(data, tmp_path / "copy")
    with pytest.raises(BackupError, match="is a file; name a new folder"):
        backed_up(data, put(tmp_path / "file", b""))
    with pytest.raises(BackupError, match="is inside the data folder"):
        backed_up(data, data / "copy")
    with pytest.raises(BackupError, match="There is no log in"):
        backed_up(tmp_path / "nothing", tmp_path / "other")


def test_a_damaged_log_makes_no_backup_and_a_sentence(data: Path, tmp_path: Path) -> None:
    asyncio.run(_fill(data))
    with (data / "log.sqlite").open("r+b") as log:
        log.seek(5 * 4096)
        log.write(b"\xaa" * 4096 * 8)
    refused = keyart(data, "backup", str(tmp_path / "copy"))

    assert refused.returncode == 1
    assert "log.sqlite is damaged" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


async def _fill(data: Path) -> None:
    store = SqliteStore(data, now_ms)
    for _ in range(40):
        await store.log.log_decisions([a_draft() for _ in range(10)])
    await store.close()


def test_a_copy_that_is_cut_short_leaves_nothing(data: Path, tmp_path: Path) -> None:
    def stop(what: str, done: int, _: int) -> None:
        if (what, done) == ("images", 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(Settings(data=data), tmp_path / "copy", stop)
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


def test_originals_are_in_a_backup_and_private_there_and_a_service_corrects_with_them(
    data: Path, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in (data / "originals").iterdir()}
    copied = back_up(Settings(data=data), tmp_path / "copy", lambda *_: None)
    assert (copied.originals.files, len(before)) == (6, 6), "three originals, each with its small copy"
    there = tmp_path / "copy" / "originals"
    assert {path.name: path.read_bytes() for path in there.iterdir()} == before
    assert {oct(path.stat().st_mode & 0o777) for path in there.iterdir()} == {"0o600"}
    assert oct(there.stat().st_mode & 0o777) == "0o700"
    shutil.rmtree(data)
    title = asyncio.run(_corrected(tmp_path / "copy"))
    assert title.artworks[0].focus == (0.1, 0.2)


async def _corrected(data: Path) -> Title:
    settings = Settings(data=data)
    store = SqliteStore(data, now_ms)
    try:
        async with opened(settings, store) as services:
            change = replacing(focus=(0.1, 0.2))
            return await services.corrections.change_artwork(COMMAND_LINE, "film", "a0", change)
    finally:
        await store.close()


def replacing(**fields: Any) -> Callable[[Artwork], Artwork]:
    return lambda artwork: replace(artwork, **fields)


def test_an_original_that_goes_while_it_is_copied_stops_no_backup(data: Path, tmp_path: Path) -> None:
    """A withdrawn consent deletes it at once, whoever is copying."""
    gone = max((data / "originals").iterdir())

    def withdraw(what: str, *_: int) -> None:
        if what == "originals":
            gone.unlink(missing_ok=True)

    copied = back_up(Settings(data=data), tmp_path / "copy", withdraw)
    assert copied.originals.files == 5
    assert not (tmp_path / "copy" / "originals" / gone.name).exists()


def test_where_nothing_can_be_linked_pictures_are_copied_with_their_times(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    copied = back_up(Settings(data=data), tmp_path / "copy", lambda *_: None)

    assert (copied.pictures.linked, copied.pictures.files) == (0, len(list((data / "images").iterdir())))
    for path in (data / "images").iterdir():
        copy = tmp_path / "copy" / "images" / path.name
        assert (copy.read_bytes(), copy.stat().st_mtime_ns) == (path.read_bytes(), path.stat().st_mtime_ns)


def test_a_disk_without_room_is_told_before_anything_is_written(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
    with pytest.raises(BackupError, match="has 1 MiB left"):
        backed_up(data, tmp_path / "copy")


def test_a_service_that_starts_meanwhile_does_not_tear_the_copy(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it folds back is in pages that are not copied yet, and those that are copied know nothing of it."""
    asyncio.run(_fill(data))
    last = max(positions(data))
    assert not (data / "log.sqlite-shm").exists(), "nobody has it open"
    monkeypatch.setattr(backup, "PAGES", 4)
    started: list[str] = []

    def start(what: str, done: int, total: int) -> None:
        if what == "databases" and not started and total > 30 and done < total:
            started.append(what)
            asyncio.run(_fill(data))

    copied = back_up(Settings(data=data), tmp_path / "copy", start)

    assert started
    assert max(positions(data)) > last
    assert positions(tmp_path / "copy") == list(range(1, last + 1))
    assert copied.position == last


def test_folders_may_have_any_name(data: Path, tmp_path: Path) -> None:
    odd = tmp_path / "a #1? 100%41"
    shutil.move(data, odd / "data")
    backed_up(odd / "data", odd / "copy")
    assert (odd / "copy" / "log.sqlite").stat().st_size
    assert {path.name for path in odd.iterdir()} == {"data", "copy"}


def test_the_folder_one_is_in_and_what_a_link_leads_to_are_places(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    backed_up(data, Path())
    assert (tmp_path / "here" / "log.sqlite").is_file()

    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    backed_up(data, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "log.sqlite").is_file()


def test_a_disk_of_its_own_is_no_place(data: Path) -> None:
    with pytest.raises(BackupError, match="is a separate disk; name a folder inside it"):
        backed_up(data, Path("/"))
    assert not list(Path("/").glob(".*.tmp"))


def test_a_backup_that_is_told_to_end_leaves_nothing(data: Path, tmp_path: Path) -> None:
    for number in range(60_000):  # so that it lasts
        (data / "catalogue" / f"{number}.json").touch()
    environment = {**os.environ, "KEYART_DATA": str(data)}
    command = [sys.executable, "-m", "app", "backup", str(tmp_path / "copy")]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        until("it is under way", lambda: any(tmp_path.glob(".copy.*/catalogue/*.json")))
        process.terminate()
        said = process.communicate(timeout=240)[1]
    finally:
        process.kill()
    assert process.returncode == 130
    assert "it left no files" in said
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
