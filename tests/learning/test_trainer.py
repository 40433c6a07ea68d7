import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from msgspec.structs import replace

from app.catalogue.live import LiveCatalogue
from app.learning import drift_watch, leftovers, publishing
from app.learning import trainer as trainer_module
from app.learning.bases import BaseKeeper
from app.learning.caps import Caps
from app.learning.drift_signs import ENOUGH_DRAWN
from app.learning.fold import Fold
from app.learning.trainer import LEASE_MS, Trainer
from app.learning.trusted_clock import TrustedClock
from app.records import Kind, encode
from app.serving.model import Model
from app.settings import DAY_MS
from app.store.protocol import Event, Hold, Progress, Snapshot, Store
from app.store.sqlite import SqliteStore
from app.telemetry.reading import read
from app.viewers.erasure import erase
from bandit.learners import LOGISTIC, kind_of, new_learner, restored
from bandit.learners import Kind as Learning
from bandit.logistic.learner import LogisticLearner
from bandit.reward import RewardRules
from bandit.taste import Base
from bandit.types import Context
from tests.builders import Clock, VoidableStore, a_decision, a_draft, a_film, a_shelf, some_actions
from tests.learners import needs_vowpal
from tests.memory import MemoryStore

FILM = a_film("apollo")
ADA, BOB = "0a" * 16, "0b" * 16
LAND = "zanzibar"
WINDOW = 1_000
RETENTION = 10
START = 1_790_000_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it do at once what it does after a minute, a second or a part of one."""
    for name in ("TRIM_SECONDS", "UNWRITABLE_SECONDS"):
        monkeypatch.setattr(trainer_module, name, 0.0)
    for name in ("PUBLISH_SECONDS", "COMMIT_SECONDS", "LOAD_SHARE"):
        monkeypatch.setattr(publishing, name, 0.0)
    monkeypatch.setattr(leftovers, "WIPE_SECONDS", 0.0)


async def a_trainer(store: Store, folder: Path, clock: Clock, kind: Learning = "logistic") -> Trainer:
    async def trusted() -> int:
        return clock()

    live_catalogue = await a_shelf(store.log, folder / "catalogue", FILM)
    return trainer_of(store, live_catalogue, clock, trusted, kind)


def trainer_of(
    store: Store,
    live_catalogue: LiveCatalogue,
    clock: Clock,
    trusted: Callable[[], Awaitable[int]],
    kind: Learning = "logistic",
) -> Trainer:
    return Trainer(
        store,
        live_catalogue,
        holder="me",
        floor=0.02,
        clock=trusted,
        bases=BaseKeeper(store, kind, retention=RETENTION * DAY_MS, reach=WINDOW, clock=clock),
        kind=kind,
    )


@asynccontextmanager
async def leading(trainer: Trainer) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(trainer.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, 60)


async def soon(condition: Callable[[], Awaitable[Any]]) -> Any:
    """Poll until the condition holds, and return what it returned."""
    async with asyncio.timeout(60):
        while not (found := await condition()):  # noqa: ASYNC110  the trainer sets no event
            await asyncio.sleep(0.01)
    return found


async def shown(store: Store, profile: str, *, clicked: bool = False) -> Hold:
    await store.log.declare(encode(RewardRules(WINDOW)))
    decision = a_decision(FILM, 1, profile=profile, attributes={"country": LAND})
    [hold] = await store.log.log_decisions([a_draft(decision)])
    if clicked:
        await store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)])
    return hold


async def pass_time(store: Store, clock: Clock, ms: int = WINDOW) -> None:
    clock.now += ms
    await store.log.tick(1)


def kept(store: Store, position: int) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return bool(await store.log.records([position]))

    return look


async def test_a_trainer_whose_lease_was_taken_under_its_own_name_sees_that_it_lost_it(
    tmp_path: Path, clock: Clock
) -> None:
    store = VoidableStore(clock)
    trainer = await a_trainer(store, tmp_path, clock)
    token = await store.state.lead("me", LEASE_MS)
    assert token is not None
    other = await store.state.lead("me", LEASE_MS)
    await asyncio.wait_for(trainer._renew(token, asyncio.Event()), 60)  # noqa: SLF001
    assert await store.state.lead("me", LEASE_MS, other) == other


# -------------------------------------------------------------------- drift


@pytest.mark.usefixtures("hurried", "no_signs")
@pytest.mark.parametrize("kind", [LOGISTIC, pytest.param("vowpal", marks=needs_vowpal)])
async def test_it_shows_signs_of_drift_with_the_predictions_of_its_learner(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, kind: Learning
) -> None:
    monkeypatch.setattr(drift_watch, "HOURS_SECONDS", 0.0)
    store = VoidableStore(clock)
    await store.log.declare(encode(RewardRules(WINDOW)))
    one = a_decision(FILM, 1, probabilities=(0.9, 0.05, 0.05))
    for number in range(ENOUGH_DRAWN):
        await store.log.log_decisions([a_draft(replace(one, profile=f"{number:032x}", nonce=number.to_bytes(8)))])
    trainer = await a_trainer(store, tmp_path, clock, kind)
    await pass_time(store, clock)
    async with leading(trainer):
        await soon(lambda: counted_to(store, ENOUGH_DRAWN))
        assert await soon(even_share) == pytest.approx(0.15)
    [sums] = (await store.state.drift_hours(0)).values()
    assert (sums.drawn, sum(sums.forced)) == (ENOUGH_DRAWN, ENOUGH_DRAWN)
    assert sums.examples == (ENOUGH_DRAWN if kind == LOGISTIC else 0)
    assert 0 < sum(sums.predicted) < ENOUGH_DRAWN or kind != LOGISTIC


async def even_share() -> float | None:
    return read(0).gauges.get("keyart_even_share recent")


# -------------------------------------------------------------------- retention


@pytest.mark.usefixtures("hurried")
async def test_a_record_of_a_clock_that_was_ahead_once_ends_no_retention(tmp_path: Path, clock: Clock) -> None:
    store = VoidableStore(clock)
    old = await shown(store, ADA)
    await pass_time(store, clock, RETENTION * DAY_MS + WINDOW)
    young = await shown(store, ADA)
    clock.now += 100 * DAY_MS
    await store.log.tick(1)
    clock.now -= 100 * DAY_MS
    async with leading(await a_trainer(store, tmp_path, clock)):
        await soon(lambda: absent(store, old.decision))
        await pass_time(store, clock, WINDOW)
        head = (await store.log.head()).position
        await soon(lambda: counted_to(store, head))
    assert await kept(store, young.decision)()


@pytest.mark.usefixtures("hurried")
async def test_a_clock_that_is_twelve_days_ahead_for_a_while_deletes_nothing_and_learning_goes_on(
    tmp_path: Path, clock: Clock
) -> None:
    passing = Clock()
    store = SqliteStore(tmp_path, clock, passing)
    trusted = TrustedClock(store.log, clock, passing)
    live_catalogue = await a_shelf(store.log, tmp_path / "catalogue", FILM)
    trainer = trainer_of(store, live_catalogue, clock, trusted.now)
    first = await shown(store, ADA)
    async with leading(trainer):
        await soon(lambda: counted_to(store, first.decision))
        clock.now += 12 * DAY_MS
        during = await shown(store, BOB)
        await pass_time(store, clock, 75_000)
        head = (await store.log.head()).position
        await soon(lambda: counted_to(store, head - 1))
        assert await kept(store, first.decision)()
        clock.now -= 12 * DAY_MS
        after = await shown(store, ADA, clicked=True)
        for each in (clock, passing):
            each.now += 2 * WINDOW
        head = (await store.log.head()).position
        await soon(lambda: learned(store, 3))
    records = await store.log.records([first.decision, during.decision, after.decision])
    assert len(records) == 3
    await store.close()


async def learned(store: Store, exposures: int) -> bool:
    return sum(tally.exposures for tally in (await store.state.tallies()).values()) == exposures


async def absent(store: Store, position: int) -> bool:
    return not await store.log.records([position])


async def counted_to(store: Store, position: int) -> bool:
    return (await store.state.fold_state()).position >= position


@pytest.mark.usefixtures("hurried")
async def test_a_taste_goes_with_the_last_record_that_it_comes_from(tmp_path: Path, clock: Clock) -> None:
    store = VoidableStore(clock)
    await shown(store, ADA, clicked=True)
    await shown(store, BOB, clicked=True)
    await pass_time(store, clock)
    async with leading(await a_trainer(store, tmp_path, clock)):
        await soon(lambda: both(store))
        await pass_time(store, clock, RETENTION * DAY_MS - WINDOW)
        again = await shown(store, BOB, clicked=True)
        await pass_time(store, clock, 2 * WINDOW)
        await soon(lambda: gone(store, ADA))
        assert await store.state.taste_since(BOB)
        assert await kept(store, again.decision)()
    tallies = await store.state.tallies()
    assert sum(tally.exposures for tally in tallies.values()) == 3, "what was counted of her stays"


async def both(store: Store) -> bool:
    return len(await store.state.taste_rows([ADA, BOB])) == 2


async def gone(store: Store, profile: str) -> bool:
    return await store.state.taste_since(profile) is None


@pytest.mark.usefixtures("hurried")
async def test_what_trimming_left_free_is_given_back_to_the_disk_but_for_a_reserve(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "SPARE_BYTES", 1 << 16)
    monkeypatch.setattr(leftovers, "SPARE_SHARE", 1 << 30)
    store = SqliteStore(tmp_path, clock)
    for _ in range(40):
        await store.log.log_decisions([a_draft(a_decision(FILM, 1)) for _ in range(50)])
    before = await store.log.size()
    await pass_time(store, clock, RETENTION * DAY_MS + WINDOW)
    async with leading(await a_trainer(store, tmp_path, clock)):
        await soon(lambda: shrunk(store))
    after = await store.log.size()
    assert after.used + after.free < before.used
    assert after.free <= 1 << 16
    await store.close()


async def shrunk(store: Store) -> bool:
    records = await store.log.read(0, 100)
    return len(records) < 50 and (await store.log.size()).free <= 1 << 16


# -------------------------------------------------------------------- erasure


@pytest.mark.usefixtures("hurried")
async def test_an_erasure_leaves_nothing_in_the_write_ahead_logs_while_the_service_runs(
    tmp_path: Path, clock: Clock
) -> None:
    """Nor does it wait for ever for whoever reads meanwhile."""
    service, store = SqliteStore(tmp_path, clock), SqliteStore(tmp_path, clock)
    async with leading(await a_trainer(store, tmp_path, clock)):
        await shown(service, ADA, clicked=True)
        await pass_time(service, clock)
        await soon(lambda: known(service))
        assert names(tmp_path, ADA) >= {"log.sqlite-wal", "state.sqlite-wal"}
        with closing(sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM taste").fetchone()
            await service.log.forget(ADA)
            end = (await service.log.head()).position
            await service.log.scrub(ADA, 0, end)
            await service.log.forget(ADA)
            await soon(lambda: gone(service, ADA))
            assert "state.sqlite-wal" in names(tmp_path, ADA)
        await soon(lambda: nowhere(tmp_path, ADA))
        assert Caps.of((await service.state.fold_state()).learned_caps).taken() == {}
        erasures = [record.kind for record in await service.log.read(0, 1000) if ADA.encode() in record.body]
        assert erasures == [Kind.ERASURE, Kind.ERASURE]
        assert names(tmp_path, LAND) <= {"state.sqlite"}, "in the snapshots' vocabulary it stays"
    await service.close()
    await store.close()


@pytest.mark.usefixtures("hurried")
async def test_an_erasure_ends_all_candidates_and_nothing_else_does(tmp_path: Path, clock: Clock) -> None:
    store = VoidableStore(clock)
    await shown(store, ADA, clicked=True)
    await pass_time(store, clock)
    await store.state.keep_candidate(Snapshot(0, "candidate", 1, 1, 0, encode(RewardRules(WINDOW)), b"tuned"))
    async with leading(await a_trainer(store, tmp_path, clock)):
        await soon(lambda: known(store))
        await erase(store.log, BOB)
        await soon(lambda: without_candidates(store))
        published = await store.state.current()
    assert published

    await store.state.keep_candidate(Snapshot(0, "candidate", 1, 1, 0, encode(RewardRules(WINDOW)), b"tuned"))
    async with leading(await a_trainer(store, tmp_path, clock)):
        await shown(store, ADA)
        await pass_time(store, clock)
        head = (await store.log.head()).position
        await soon(lambda: counted_to(store, head))
    assert await store.state.snapshots("candidate")


async def without_candidates(store: Store) -> bool:
    return not await store.state.snapshots("candidate")


async def known(store: Store) -> bool:
    return bool(Caps.of((await store.state.fold_state()).learned_caps).taken().get(ADA))


async def nowhere(folder: Path, profile: str) -> bool:
    """Whether no file has the profile any more, apart from the log, which has its erasures."""
    return names(folder, profile) <= {"log.sqlite"} and (folder / "log.sqlite-wal").stat().st_size == 0


def names(folder: Path, text: str) -> set[str]:
    """Return which files of the store have the text anywhere in them, in free space, too."""
    return {path.name for path in folder.glob("*.sqlite*") if text.encode() in path.read_bytes()}


# -------------------------------------------------------------------- the first snapshot


async def test_a_new_service_has_a_snapshot_at_once(tmp_path: Path, clock: Clock) -> None:
    store = VoidableStore(clock)
    async with leading(await a_trainer(store, tmp_path, clock)):
        await soon(store.state.current)


async def damage_all_snapshots(store: Store) -> None:
    """Leave snapshots that no learner can be made of."""
    token = await store.state.lead("me", LEASE_MS)
    assert token is not None
    damaged = Snapshot(0, "incumbent", 0, 1, 0, encode(RewardRules(WINDOW)), b"damaged")
    for _ in range(5):
        await store.state.commit(token, Progress(0, encode(Base()), {}, {}, damaged))


async def usable(store: Store) -> list[Snapshot]:
    return [snapshot for snapshot in await store.state.snapshots() if snapshot.learner != b"damaged"]


@pytest.mark.usefixtures("hurried")
async def test_where_no_snapshot_is_usable_none_is_published_before_the_log_is_caught_up_with(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_module, "BATCH", 5)
    store = VoidableStore(clock)
    await damage_all_snapshots(store)
    for _ in range(20):
        await shown(store, ADA)
        await pass_time(store, clock)
    head = (await store.log.head()).position
    before = await store.state.current()
    async with leading(await a_trainer(store, tmp_path, clock)):

        async def published() -> bool:
            return await store.state.current() != before

        await soon(published)
    assert min(snapshot.position for snapshot in await usable(store)) >= head


@pytest.mark.usefixtures("hurried")
async def test_who_takes_long_to_catch_up_publishes_meanwhile(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_module, "BATCH", 5)
    monkeypatch.setattr(trainer_module, "CATCH_UP_SECONDS", 1e-9)
    store = VoidableStore(clock)
    await damage_all_snapshots(store)
    for _ in range(20):
        await shown(store, ADA)
        await pass_time(store, clock)
    head = (await store.log.head()).position
    async with leading(await a_trainer(store, tmp_path, clock)):
        await soon(lambda: counted_to(store, head))
    assert min(snapshot.position for snapshot in await usable(store)) < head


@pytest.mark.usefixtures("hurried")
async def test_nor_does_a_snapshot_of_its_own_in_which_nothing_was_learned_hold_it_back(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_module, "BATCH", 5)
    monkeypatch.setattr(trainer_module, "CATCH_UP_SECONDS", 1e-9)
    store = VoidableStore(clock)
    token = await store.state.lead("me", LEASE_MS)
    assert token is not None
    empty = Snapshot(0, "incumbent", 0, 0, 0, encode(RewardRules(WINDOW)), new_learner().snapshot())
    await store.state.commit(token, Progress(0, encode(Base()), {}, {}, empty))
    for _ in range(20):
        await shown(store, ADA)
        await pass_time(store, clock)
    head = (await store.log.head()).position
    async with leading(await a_trainer(store, tmp_path, clock)):
        await soon(lambda: counted_to(store, head))
    assert min(snapshot.position for snapshot in await store.state.snapshots() if snapshot.position) < head


# -------------------------------------------------------------------- another learner


@needs_vowpal
@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("left_before", [False, True], ids=["the first", "the one before last"])
async def test_a_snapshot_of_another_learner_is_passed_over_and_the_log_learned_anew(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, *, left_before: bool
) -> None:
    """Meanwhile workers keep the old one: nothing is published before the log is caught up with, however late."""
    monkeypatch.setattr(trainer_module, "BATCH", 5)
    monkeypatch.setattr(trainer_module, "CATCH_UP_SECONDS", 1e-9)
    store = VoidableStore(clock)
    for turn in range(20):
        await shown(store, f"{turn:032x}", clicked=turn % 2 == 0)
        await pass_time(store, clock)
    if left_before:
        token = await store.state.lead("me", LEASE_MS)
        assert token is not None
        old_one = Snapshot(0, "incumbent", 1, 0, 0, encode(RewardRules(WINDOW)), new_learner().snapshot())
        await store.state.commit(token, Progress(0, encode(Base()), {}, {}, old_one))
    async with leading(await a_trainer(store, tmp_path, clock, "vowpal")):
        head = (await store.log.head()).position
        await soon(lambda: published_to(store, head))
    old, tallies = await latest(store), await store.state.tallies()
    model = Model(store.state)
    await model.refresh()

    loaded = [old.id]
    async with leading(await a_trainer(store, tmp_path, clock, "logistic")):
        while loaded[-1] == old.id:
            await asyncio.sleep(0.001)
            snapshot = await latest(store)
            assert snapshot.id == old.id or snapshot.position >= head, "published before it had caught up"
            await model.refresh()
            assert model.learner.probabilities(Context({"country": LAND}), some_actions(3))
            loaded.append(model.snapshot or 0)
    new = await latest(store)
    assert [kind_of(snapshot.learner) for snapshot in (old, new)] == ["vowpal", "logistic"]
    assert isinstance(model.learner, LogisticLearner)
    assert await store.state.tallies() == tallies, "what was counted is not counted twice"

    anew = MemoryStore(clock)
    live_catalogue = await a_shelf(store.log, tmp_path / "catalogue", FILM)
    fold = Fold(store.log, anew.state, live_catalogue, new_learner(), await anew.state.fold_state(), None)
    await fold.feed(await store.log.read(0, 1000))
    assert restored(new.learner).weights().tobytes() == fold.learner.weights().tobytes()
    assert fold.seen.examples == 20


async def latest(store: Store) -> Snapshot:
    [snapshot] = await store.state.snapshots(limit=1)
    return snapshot


async def published_to(store: Store, position: int) -> bool:
    return any(snapshot.position >= position for snapshot in await store.state.snapshots(limit=1))


# -------------------------------------------------------------------- a full disk


@pytest.mark.usefixtures("hurried")
async def test_a_trainer_whose_disk_is_full_waits_and_goes_on_when_there_is_room(
    tmp_path: Path, clock: Clock
) -> None:
    """A database that may not grow stands for the disk: SQLite says the same."""
    store = SqliteStore(tmp_path, clock)
    trainer = await a_trainer(store, tmp_path, clock)
    for number in range(60):
        await shown(store, f"{number:032x}", clicked=True)
    await shown(store, ADA, clicked=True)
    await pass_time(store, clock)
    store.state._writer.execute("PRAGMA max_page_count=1").fetchone()  # noqa: SLF001  the disk is no caller's
    with structlog.testing.capture_logs() as said:
        async with leading(trainer):
            await soon(lambda: happened(said, "state_unwritable"))
            assert not (await store.state.fold_state()).learned_caps
            store.state._writer.execute("PRAGMA max_page_count=1000000").fetchone()  # noqa: SLF001
            await soon(lambda: known(store))
    await store.close()


async def happened(said: list[structlog.typing.EventDict], event: str) -> bool:
    return any(line["event"] == event for line in said)
