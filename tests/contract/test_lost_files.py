"""What the SQLite store does when its files are deleted or replaced while they are open, and when it is opened."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from app.records import Kind
from app.store.protocol import Event, LostStoreError, Progress, UnusableStoreError
from app.store.sqlite import SqliteStore
from tests.builders import Clock, a_draft, changed

KEY = b"\x00" * 16 + b"title-01"


@pytest.fixture(params=[False, True], ids=["normal", "full"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "data", Clock(), full_sync=request.param)
    yield store
    await store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def move(path: Path, name: str) -> Path:
    return path.rename(path.with_name(name))


def make(folder: Path) -> None:
    folder.mkdir()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def replace_by_another(path: Path) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


@pytest.mark.parametrize("name", ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"])
@pytest.mark.parametrize("blow", [Path.unlink, replace_by_another], ids=["deleted", "replaced"])
async def test_what_would_be_lost_is_not_acknowledged(
    store: SqliteStore, folder: Path, name: str, blow: object
) -> None:
    [hold] = await store.log.log_decisions([changed(a_draft(), key=KEY, lasts=100)])
    click = Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)
    blow(folder / name)  # type: ignore[operator]
    for _ in range(2):
        with pytest.raises(LostStoreError, match=f"{name} was"):
            await store.log.log_decisions([a_draft()])
        with pytest.raises(LostStoreError):
            await store.log.log_feedback([click])
        with pytest.raises(LostStoreError):
            await store.log.log_exposure(hold, deferred=False, window=0)
        with pytest.raises(LostStoreError):
            await store.log.holds([KEY])
        with pytest.raises(LostStoreError):
            await store.log.forget("aa" * 16)
        with pytest.raises(LostStoreError):
            await store.log.check()


async def test_after_many_changes_of_the_folder_a_commit_is_still_looked_at(
    store: SqliteStore, folder: Path
) -> None:
    for number in range(100):
        (folder / f"{number}").touch()
        await store.log.log_decisions([a_draft()])
    (folder / "log.sqlite-wal").unlink()
    with pytest.raises(LostStoreError):
        await store.log.log_decisions([a_draft()])


async def test_a_folder_that_comes_back_is_used_again(store: SqliteStore, folder: Path) -> None:
    await store.log.log_decisions([a_draft()])
    elsewhere = move(folder, "elsewhere")
    with pytest.raises(LostStoreError):
        await store.log.log_decisions([a_draft()])
    make(folder)
    with pytest.raises(LostStoreError):
        await store.state.check()
    assert names(folder) == set(), "nothing is made in a folder of somebody else"
    Path.rmdir(folder)
    move(elsewhere, folder.name)
    await store.log.check()
    await store.log.log_decisions([a_draft()])


async def test_what_a_deleted_write_ahead_log_had_is_saved_by_the_last_who_closes(folder: Path) -> None:
    one, other = SqliteStore(folder, Clock()), SqliteStore(folder, Clock())
    [hold] = await one.log.log_decisions([a_draft()])
    (folder / "log.sqlite-wal").unlink()
    with pytest.raises(UnusableStoreError, match=r"was deleted or moved away, but not log\.sqlite-shm"):
        SqliteStore(folder, Clock())
    await other.close()
    await one.close()
    again = SqliteStore(folder, Clock())
    assert list(await again.log.records([hold.decision])) == [hold.decision]
    await again.close()


async def test_the_write_ahead_log_of_a_log_that_is_gone_is_not_left_to_the_one_in_its_place(folder: Path) -> None:
    """SQLite would take it for that one's own, and damage it."""
    store = SqliteStore(folder, Clock())
    await store.log.log_decisions([a_draft()])
    backup = folder.with_name("backup.sqlite")
    with closing(sqlite3.connect(folder / "log.sqlite")) as there, closing(sqlite3.connect(backup)) as copy:
        there.backup(copy)
    await store.log.log_decisions([a_draft() for _ in range(100)])
    moved = (folder / "log.sqlite").rename(folder.with_name("moved.sqlite"))
    backup.replace(folder / "log.sqlite")
    with pytest.raises(LostStoreError, match=r"log\.sqlite was replaced"):
        await store.log.check()
    assert not (folder / "log.sqlite-wal").exists()
    await store.close()
    again = SqliteStore(folder, Clock())
    assert (await again.log.head()).position == 1
    await again.close()
    with closing(sqlite3.connect(moved)) as whole:
        assert whole.execute("SELECT count(*) FROM log").fetchone() == (101,), "what was moved away is whole"


async def test_a_log_that_somebody_else_wrote_over_is_not_written_to(folder: Path) -> None:
    store = SqliteStore(folder, Clock())
    await store.log.log_decisions([a_draft(), a_draft()])
    with closing(sqlite3.connect(folder / "log.sqlite", isolation_level=None)) as other:
        other.execute("DELETE FROM log WHERE position = 2")
    with pytest.raises(LostStoreError, match="ends at position 1, but 2 was acknowledged"):
        await store.log.log_decisions([a_draft()])
    with pytest.raises(LostStoreError):
        await store.log.tick(0)
    await store.close()


async def learned(store: SqliteStore, position: int) -> None:
    token = await store.state.lead("trainer", 1000)
    assert token
    await store.state.commit(token, Progress(position, b"{}", {}, {}))


@pytest.mark.parametrize("name", ["state.sqlite", "state.sqlite-wal", "state.sqlite-shm"])
async def test_a_state_that_is_lost_takes_no_progress(store: SqliteStore, folder: Path, name: str) -> None:
    token = await store.state.lead("trainer", 1000)
    assert token
    (folder / name).unlink()
    with pytest.raises(LostStoreError, match=f"{name} was deleted"):
        await store.state.commit(token, Progress(1, b"{}", {}, {}))
    with pytest.raises(LostStoreError):
        await store.state.lead("trainer", 1000)


@pytest.mark.parametrize("left", ["all", "nothing"])
async def test_a_state_that_is_gone_is_opened_anew_by_all_who_read_it(folder: Path, left: str) -> None:
    stores = [SqliteStore(folder, Clock()) for _ in range(3)]
    await stores[0].log.log_decisions([a_draft() for _ in range(9)])
    await learned(stores[0], 7)
    for suffix in ("",) if left == "all" else ("", "-wal", "-shm"):
        (folder / f"state.sqlite{suffix}").unlink()
    await stores[1].state.check()
    assert (await stores[1].state.fold_state()).position == 0
    await learned(stores[1], 5)
    await stores[2].state.check()
    assert (await stores[2].state.fold_state()).position == 5
    with pytest.raises(LostStoreError):
        await learned(stores[0], 9)
    fourth = SqliteStore(folder, Clock())
    assert (await fourth.state.fold_state()).position == 5
    for store in (*stores, fourth):
        await store.close()
    assert names(folder) == {"log.sqlite", "state.sqlite"}


# -------------------------------------------------------------------- a start


@pytest.mark.parametrize("left", ["state.sqlite", "log.sqlite-wal"])
async def test_no_new_log_is_made_where_one_was(folder: Path, left: str) -> None:
    await SqliteStore(folder, Clock()).close()
    (folder / "log.sqlite").unlink()
    if left != "state.sqlite":
        (folder / "state.sqlite").rename(folder / left)
    with pytest.raises(UnusableStoreError, match=f"There is no log.sqlite in .*, but {left} of a log"):
        SqliteStore(folder, Clock())
    assert not (folder / "log.sqlite").exists()
    (folder / left).unlink()
    await SqliteStore(folder, Clock()).close()


async def test_an_empty_log_does_not_stand_in_for_the_one_that_was_learned_from(folder: Path) -> None:
    store = SqliteStore(folder, Clock())
    await store.log.log_decisions([a_draft()])
    await learned(store, 1)
    await store.close()
    (folder / "log.sqlite").write_bytes(b"")
    with pytest.raises(UnusableStoreError, match="The log is empty, but the state has learned up to position 1"):
        SqliteStore(folder, Clock())
    (folder / "state.sqlite").unlink()
    await SqliteStore(folder, Clock()).close()


async def test_a_log_without_a_state_and_what_is_left_of_a_state_are_opened(folder: Path) -> None:
    store = SqliteStore(folder, Clock())
    [hold] = await store.log.log_decisions([a_draft()])
    await store.close()
    (folder / "state.sqlite").rename(folder / "state.sqlite-wal")
    (folder / "state.sqlite-shm").write_bytes(b"left")
    again = SqliteStore(folder, Clock())
    assert (await again.log.head()).position == hold.decision
    await learned(again, 1)
    await again.close()


async def test_an_index_without_its_write_ahead_log_is_told(folder: Path) -> None:
    await SqliteStore(folder, Clock()).close()
    (folder / "log.sqlite-shm").touch()
    with pytest.raises(UnusableStoreError, match=r"to go on without its records, delete log\.sqlite-shm"):
        SqliteStore(folder, Clock())
