"""A log that may become no larger, and one that gives back what is free in it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from app.records import Kind
from app.store.protocol import Event, FullLogError
from app.store.sqlite import SqliteStore
from tests.builders import Clock, a_draft, changed

KEY = b"\x00" * 16 + b"title-01"
MOST = 400_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[False, True], ids=["normal", "full"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path, clock, most_bytes=MOST, full_sync=request.param)
    yield store
    await store.close()


async def filled(store: SqliteStore) -> int:
    """Log decisions until there is no room; return how many."""
    for number in range(10_000):
        await store.log.wipe()  # so small a log would stand in its write-ahead log alone
        if (await store.log.size()).full:
            return number
        await store.log.log_decisions([a_draft() for _ in range(20)])
    raise AssertionError("It is never full.")


async def test_a_full_log_takes_no_decision_and_no_feedback_and_goes_on_when_it_is_trimmed(
    store: SqliteStore, clock: Clock
) -> None:
    [hold] = await store.log.log_decisions([changed(a_draft(), key=KEY, lasts=10**9)])
    await filled(store)
    click = Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)
    with pytest.raises(FullLogError, match="KEYART_LOG_BYTES allows 400000"):
        await store.log.log_decisions([a_draft()])
    with pytest.raises(FullLogError):
        await store.log.log_feedback([click])
    with pytest.raises(FullLogError):
        await store.log.log_exposure(hold, deferred=False, window=0)
    with pytest.raises(FullLogError):
        await store.log.log_imported([b"{}"], "imported x", None, b"1")
    assert await store.log.holds([KEY]) == [hold], "what is held is served"
    await store.log.tick(0)
    await store.log.make_setting("catalogue", b"edits go on")
    await store.log.forget("0a" * 16)

    clock.now += 10
    await store.log.tick(1)
    while await store.log.trim(before=clock.now, below=10**9, limit=500) == 500:
        pass
    assert await store.log.wipe()
    size = await store.log.size()
    assert not size.full
    assert size.free > MOST // 4
    await store.log.log_decisions([a_draft()])


async def test_what_is_trimmed_is_given_back_bit_by_bit(store: SqliteStore, clock: Clock, tmp_path: Path) -> None:
    await filled(store)
    clock.now += 10
    await store.log.tick(1)
    while await store.log.trim(before=clock.now, below=10**9, limit=500) == 500:
        pass
    before = await store.log.size()
    assert await store.log.shrink(8 * 4096) == 8 * 4096
    assert (await store.log.size()).free <= before.free - 8 * 4096
    while await store.log.shrink(64 * 4096):
        pass
    assert (await store.log.size()).free == 0
    await store.log.wipe()
    assert (tmp_path / "log.sqlite").stat().st_size < MOST // 4
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as there:
        assert there.execute("PRAGMA quick_check").fetchall() == [("ok",)]


async def test_a_file_of_an_earlier_version_gives_nothing_back_until_it_is_made_anew(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "log.sqlite"
    with closing(sqlite3.connect(path)) as early:
        early.execute("CREATE TABLE early (body)")
    store = SqliteStore(tmp_path, clock, most_bytes=MOST)
    await filled(store)
    clock.now += 10
    await store.log.tick(1)
    await store.log.trim(before=clock.now, below=10**9, limit=100_000)
    assert (await store.log.size()).free
    assert await store.log.shrink(10**6) == 0
    await store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as made_anew:
        made_anew.execute("PRAGMA auto_vacuum=INCREMENTAL")
        made_anew.execute("VACUUM")
    again = SqliteStore(tmp_path, clock, most_bytes=MOST)
    await filled(again)
    clock.now += 10
    await again.log.tick(1)
    await again.log.trim(before=clock.now, below=10**9, limit=100_000)
    assert await again.log.shrink(10 * 4096) == 10 * 4096
    await again.close()
