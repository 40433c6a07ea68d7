"""What is promised of the SQLite store alone: several processes, locks, restarts."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.records import Kind, decode_reference
from app.store.protocol import Event, Progress, StoreTimeoutError, UnwritableStoreError
from app.store.sqlite import SqliteStore
from app.store.sqlite import state as state_module
from bandit.tally import Tally
from tests.builders import Clock, a_draft, changed

KEY = b"\x00" * 16 + b"title-01"


@pytest.fixture(params=[False, True], ids=["normal", "full"])
def full_sync(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
async def store(tmp_path: Path, clock: Clock, full_sync: bool) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path, clock, full_sync=full_sync)
    yield store
    await store.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Write as another process does, and hold the lock."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def kinds(store: SqliteStore) -> list[int]:
    return [record.kind for record in await store.log.read(0, 10_000)]


# -------------------------------------------------------------------- several processes


async def test_many_workers_share_one_log_and_nothing_is_lost(tmp_path: Path, full_sync: bool) -> None:
    workers, each, at_once = 3, 20, 5

    def work() -> list[tuple[int, bytes]]:
        async def place_all() -> list[tuple[int, bytes]]:
            store = SqliteStore(tmp_path, Clock(), full_sync=full_sync)
            placed = []
            for _ in range(each):
                drafts = [a_draft() for _ in range(at_once)]
                holds = await asyncio.gather(*[store.log.log_decisions([draft]) for draft in drafts])
                placed += [(hold.decision, draft.body) for [hold], draft in zip(holds, drafts, strict=True)]
            await store.close()
            return placed

        return asyncio.run(place_all())

    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(work) for _ in range(workers)]
        placed = dict(
            pair for worker in await asyncio.to_thread(lambda: [w.result() for w in running]) for pair in worker
        )
    store = SqliteStore(tmp_path, Clock())
    records = await store.log.read(0, 10_000)
    assert [record.position for record in records] == list(range(1, workers * each * at_once + 1))
    assert {record.position: record.body for record in records} == placed
    await store.close()


async def test_the_loser_of_a_race_between_processes_gets_the_winners_hold(
    store: SqliteStore, tmp_path: Path, clock: Clock
) -> None:
    other = SqliteStore(tmp_path, clock)
    drafts = [changed(a_draft(), key=KEY, lasts=100) for _ in range(2)]
    one, two = await asyncio.gather(store.log.log_decisions(drafts[:1]), other.log.log_decisions(drafts[1:]))
    assert one == two
    assert await kinds(store) == [Kind.DECISION]
    await other.close()


async def test_feedback_to_two_processes_counts_once(store: SqliteStore, tmp_path: Path, clock: Clock) -> None:
    other = SqliteStore(tmp_path, clock)
    [hold] = await store.log.log_decisions([a_draft()])
    click = Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)
    answers = await asyncio.gather(store.log.log_feedback([click]), other.log.log_feedback([click]))
    assert sorted(answers) == [[False], [True]]
    await other.close()


@pytest.mark.parametrize("attempt", range(10))
async def test_processes_that_open_a_new_folder_at_once_all_succeed(tmp_path: Path, attempt: int) -> None:
    ready = threading.Barrier(6)

    def start(_: int) -> None:
        ready.wait()
        asyncio.run(SqliteStore(tmp_path, Clock()).close())

    with ThreadPoolExecutor(6) as pool:
        assert await asyncio.to_thread(list, pool.map(start, range(6))) == [None] * 6


# -------------------------------------------------------------------- locks and deadlines


async def test_a_log_that_is_locked_past_the_deadline_times_out_and_writes_nothing(
    store: SqliteStore, tmp_path: Path
) -> None:
    deadline = asyncio.get_running_loop().time() + 0.03
    with locked(tmp_path / "log.sqlite"), pytest.raises(StoreTimeoutError):
        await store.log.log_decisions([a_draft()], deadline=deadline)
    [hold] = await store.log.log_decisions([a_draft()])
    assert hold.decision == 1
    assert await kinds(store) == [Kind.DECISION]


async def test_trimming_asks_for_no_lock_when_nothing_but_the_rules_is_old(
    store: SqliteStore, tmp_path: Path, clock: Clock
) -> None:
    await store.log.declare(b"rules")
    clock.now += 10
    await store.log.log_decisions([a_draft(), a_draft()])
    with locked(tmp_path / "log.sqlite"):
        assert await store.log.trim(before=clock.now, below=100, limit=10) == 0
        assert await store.log.trim(before=clock.now + 1, below=2, limit=10) == 0


async def test_reading_goes_on_while_another_process_writes(store: SqliteStore, tmp_path: Path) -> None:
    [hold] = await store.log.log_decisions([changed(a_draft(), key=KEY, lasts=100)])
    with locked(tmp_path / "log.sqlite"):
        assert await store.log.holds([KEY]) == [hold]
        assert await kinds(store) == [Kind.DECISION]
        assert (await store.log.head()).position == 1


async def test_feedback_waits_until_the_log_is_free(store: SqliteStore, tmp_path: Path) -> None:
    [hold] = await store.log.log_decisions([a_draft()])
    with locked(tmp_path / "log.sqlite"):
        asked = asyncio.create_task(
            store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)])
        )
        with pytest.raises(StoreTimeoutError):  # by then the lock was met
            await store.log.log_decisions([a_draft()], deadline=asyncio.get_running_loop().time() + 0.02)
        assert not asked.done()
    assert await asked == [True]


async def test_a_locked_state_is_reported_as_a_timeout(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_module, "LOCK_SECONDS", 0.01)
    store = SqliteStore(tmp_path, clock)
    with locked(tmp_path / "state.sqlite"), pytest.raises(StoreTimeoutError):
        await store.state.lead("one", 1000)
    assert await store.state.lead("one", 1000) == 1
    await store.close()


async def test_a_commit_that_fails_in_the_state_leaves_it_usable(tmp_path: Path, clock: Clock) -> None:
    store = SqliteStore(tmp_path, clock)
    token = await store.state.lead("one", 1000)
    assert token
    unwritable = Progress(7, b"base", {}, {("a", "b", "c"): Tally(reward=object())})  # type: ignore[arg-type]  # on purpose
    with pytest.raises(sqlite3.Error):
        await store.state.commit(token, unwritable)
    assert (await store.state.fold_state()).position == 0
    await store.state.commit(token, Progress(8, b"base", {}, {}))
    assert (await store.state.fold_state()).position == 8
    await store.close()


class HeldUp(Clock):
    """A clock that keeps whoever asks waiting, once it is armed: it is asked inside the transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.armed = False

    def __call__(self) -> int:
        if self.armed:
            self.reached.set()
            assert self.go_on.wait(30)
        return self.now


async def test_a_decision_that_landed_after_its_deadline_is_voided_and_its_hold_is_gone(tmp_path: Path) -> None:
    clock = HeldUp()
    store = SqliteStore(tmp_path, clock, full_sync=True)
    clock.armed = True
    placing = asyncio.create_task(
        store.log.log_decisions(
            [changed(a_draft(), key=KEY, lasts=1000)], deadline=asyncio.get_running_loop().time() + 0.5
        )
    )
    assert await asyncio.to_thread(clock.reached.wait, 30)
    with pytest.raises(StoreTimeoutError):
        await placing
    clock.go_on.set()
    await store.close()
    again = SqliteStore(tmp_path, clock)
    decision, void = await again.log.read(0, 10)
    assert (decision.kind, void.kind) == (Kind.DECISION, Kind.VOID)
    assert decode_reference(void.body).decision == decision.position
    assert await again.log.holds([KEY]) == [None]
    await again.close()


async def test_voiding_leaves_the_hold_that_another_request_won(tmp_path: Path) -> None:
    clock = HeldUp()
    store = SqliteStore(tmp_path, clock, full_sync=True)
    [winner] = await store.log.log_decisions([changed(a_draft(), key=KEY, lasts=1000)])
    clock.armed = True
    drafts = [changed(a_draft(), key=KEY, lasts=1000), a_draft()]
    placing = asyncio.create_task(
        store.log.log_decisions(drafts, deadline=asyncio.get_running_loop().time() + 0.5)
    )
    assert await asyncio.to_thread(clock.reached.wait, 30)
    with pytest.raises(StoreTimeoutError):
        await placing
    clock.go_on.set()
    await store.close()
    again = SqliteStore(tmp_path, clock)
    records = await again.log.read(0, 10)
    assert [record.kind for record in records] == [Kind.DECISION, Kind.DECISION, Kind.VOID]
    assert decode_reference(records[-1].body).decision == 2
    assert await again.log.holds([KEY]) == [winner]
    await again.close()


# -------------------------------------------------------------------- failures and restarts


async def test_a_draft_that_cannot_be_written_does_not_take_its_neighbours_down(store: SqliteStore) -> None:
    broken = changed(a_draft(), body=None)
    good, bad, also_good = await asyncio.gather(
        store.log.log_decisions([a_draft()]),
        store.log.log_decisions([a_draft(), broken]),
        store.log.log_decisions([a_draft()]),
        return_exceptions=True,
    )
    assert isinstance(bad, sqlite3.IntegrityError)
    assert isinstance(good, list)
    assert isinstance(also_good, list)
    assert [good[0].decision, also_good[0].decision] == [1, 2]
    assert len(await kinds(store)) == 2


async def test_what_was_acknowledged_is_there_after_opening_again(
    tmp_path: Path, clock: Clock, full_sync: bool
) -> None:
    store = SqliteStore(tmp_path, clock, full_sync=full_sync)
    [hold] = await store.log.log_decisions([changed(a_draft(), key=KEY, lasts=100, deferred=True)])
    await store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=True)])
    await store.log.change_profile("aa", lambda _: b"profile")
    await store.log.make_setting("key", b"value")
    token = await store.state.lead("one", 1000)
    assert token is not None
    await store.state.commit(token, Progress(2, b"base", {}, {("a", "b", "c"): Tally(1)}))
    before = await store.log.read(0, 10)
    await store.close()
    again = SqliteStore(tmp_path, clock, full_sync=full_sync)
    assert await again.log.read(0, 10) == before
    assert await again.log.holds([KEY]) == [changed(hold, opened_at=clock.now)]
    assert await again.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=True)]) == [False]
    assert await again.log.profile("aa") == b"profile"
    assert await again.log.setting("key") == b"value"
    assert (await again.state.fold_state()).tallies == {("a", "b", "c"): Tally(1)}
    assert await again.state.lead("two", 1000) is None
    [next_hold] = await again.log.log_decisions([a_draft()])
    assert next_hold.decision == 3
    await again.close()


async def test_closing_finishes_what_is_under_way(tmp_path: Path, clock: Clock, full_sync: bool) -> None:
    store = SqliteStore(tmp_path, clock, full_sync=full_sync)
    placing = [asyncio.create_task(store.log.log_decisions([a_draft()])) for _ in range(10)]
    await asyncio.sleep(0)
    await store.close()
    assert sorted(hold.decision for [hold] in await asyncio.gather(*placing)) == list(range(1, 11))


async def test_after_a_power_cut_positions_go_on_beyond_all_that_was_learned(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, Clock())
    await store.log.tick(0)
    token = await store.state.lead("trainer", 1000)
    assert token is not None
    await store.state.commit(token, Progress(5000, b"{}", {}, {}))  # the log's own end was lost with the power
    await store.close()

    again = SqliteStore(tmp_path, Clock())
    head = await again.log.head()
    assert head.position > 5000
    assert [record.kind for record in await again.log.read(5000, 10)] == [Kind.TICK]
    await again.close()

    third = SqliteStore(tmp_path, Clock())
    assert await third.log.head() == head, "the gap is made once"
    await third.close()


async def test_feedback_that_waits_too_long_for_a_lock_is_refused_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.sqlite.log.PATIENCE_SECONDS", 0.05)
    store = SqliteStore(tmp_path, Clock())
    [hold] = await store.log.log_decisions([a_draft()])
    with locked(tmp_path / "log.sqlite"), pytest.raises(StoreTimeoutError):
        await store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)])
    assert await store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)]) == [True]
    assert await kinds(store) == [Kind.DECISION, Kind.CLICK]
    await store.close()


# -------------------------------------------------------------------- full disks, and what is left of what went


def full(connection: sqlite3.Connection) -> None:
    """Let the file grow no more, as on a disk without room."""
    connection.execute("PRAGMA max_page_count=1").fetchone()


def files_with(folder: Path, text: bytes) -> list[str]:
    return [path.name for path in folder.glob("*.sqlite*") if text in path.read_bytes()]


async def test_of_two_processes_that_change_a_profile_at_once_neither_loses(
    store: SqliteStore, tmp_path: Path, clock: Clock
) -> None:
    other = SqliteStore(tmp_path, clock)

    def one_more(stored: bytes | None) -> bytes:
        return (stored or b"") + b"+"

    await asyncio.gather(*(each.log.change_profile("aa", one_more) for _ in range(20) for each in (store, other)))
    assert await store.log.profile("aa") == b"+" * 40
    await other.close()


async def test_a_log_that_can_not_grow_says_so_and_goes_on_when_it_can(store: SqliteStore) -> None:
    full(store.log._writer)  # noqa: SLF001  how the disk is, no caller could say
    with pytest.raises(UnwritableStoreError, match="full"):
        await store.log.change_profile("0a" * 16, lambda _: bytes(20_000))
    assert await store.log.profile("0a" * 16) is None
    store.log._writer.execute("PRAGMA max_page_count=1000000").fetchone()  # noqa: SLF001
    await store.log.change_profile("0a" * 16, lambda _: bytes(20_000))
    assert await store.log.profile("0a" * 16) == bytes(20_000)


async def test_a_state_that_can_not_grow_says_so_and_goes_on_when_it_can(store: SqliteStore) -> None:
    token = await store.state.lead("one", 1000)
    assert token
    full(store.state._writer)  # noqa: SLF001
    much = Progress(7, bytes(20_000), {}, {})
    with pytest.raises(UnwritableStoreError, match="full"):
        await store.state.commit(token, much)
    assert (await store.state.fold_state()).position == 0
    store.state._writer.execute("PRAGMA max_page_count=1000000").fetchone()  # noqa: SLF001
    await store.state.commit(token, much)
    assert (await store.state.fold_state()).position == 7


async def test_what_is_wiped_is_in_no_file_any_more_and_who_reads_is_waited_for(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.log.change_profile("0a" * 16, lambda _: b"zanzibar" * 1000)
    await store.log.forget("0a" * 16)
    with closing(sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM log").fetchone()
        assert not await store.log.wipe()
    assert "log.sqlite-wal" in files_with(tmp_path, b"zanzibar")
    assert await store.log.wipe()
    assert files_with(tmp_path, b"zanzibar") == []


async def test_a_log_that_is_locked_is_not_wiped_and_keeps_nobody_waiting(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.log.log_decisions([a_draft()])
    with locked(tmp_path / "log.sqlite"):
        assert not await store.log.wipe()
    assert await store.log.wipe()
    await store.log.log_decisions([a_draft()])


async def test_what_is_deleted_is_overwritten_whatever_sqlite_was_built_with(store: SqliteStore) -> None:
    for part in (store.log, store.state):
        assert part._writer.execute("PRAGMA secure_delete").fetchone() == (1,)  # noqa: SLF001
