"""Bases: a fold from the oldest sound one ends at the state in use, after erasures, trims, upgrades and kills."""

import asyncio
import dataclasses
import random
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.learning import bases, refolding
from app.learning.bases import BaseKeeper, fed, fold_from, sound_base
from app.learning.comparison import Comparison
from app.learning.fold import Fold
from app.learning.rebuild import publish
from app.learning.totals import NoTastes
from app.records import DECISIONS, FOLD, Kind, decode_decision, encode
from app.store.protocol import (
    DriftChange,
    DriftSums,
    FoldState,
    Progress,
    SeriesChange,
    SeriesChanges,
    SeriesKey,
    SeriesState,
    Step,
    Sums,
)
from app.viewers.erasure import erase
from bandit.learners import new_learner
from bandit.reward import RewardRules
from bandit.sealing import seal
from tests.builders import a_decision, a_draft
from tests.learning.simulation import HOUR_MS, NOW, PROFILES, World, a_world
from tests.learning.training import (
    REACH,
    RETENTION,
    assert_equal,
    caught_up,
    erased_in_the_middle,
    folded_anew,
    happening,
    none_under_way,
    reasons,
    soon,
    training,
    verdicts,
)
from tests.memory.series import MemorySeries

pytestmark = pytest.mark.usefixtures("hurried", "refolding_at_once")


@pytest.fixture
def never_refolded(refolding_at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refolding, "DELAY_SECONDS", 1e9)


async def test_a_trainer_that_begins_with_nothing_sets_a_base_there(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
    assert (await reasons(world))[0] == "first"
    await assert_equal(world)
    base = await sound_base(world.store, "logistic")
    assert base
    assert base.fold == FOLD


@pytest.mark.usefixtures("never_refolded")
async def test_an_erasure_sets_a_base_from_which_the_state_in_use_follows(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        await erase(world.store.log, PROFILES[0])
        await soon(lambda: has_base(world, "erasure"))
        await world.happen(60)
        await soon(lambda: caught_up(world))
    sound = [base.reason for base in await world.store.state.bases() if base.sound]
    assert sound[0] == "erasure"
    await assert_equal(world)


async def test_an_erasure_is_completed_although_the_learner_of_an_older_base_is_gone(world: World) -> None:
    """A package was removed after the service had changed to another learner."""
    async with training(world):
        await soon(lambda: caught_up(world))
    gone, kept = seal({"learner": "gone"}, b"viewer-5"), world.store.state._bases  # noqa: SLF001  another learner's
    for id_, (base, snapshot, counts) in kept.items():
        kept[id_] = base, dataclasses.replace(snapshot, learner=gone), counts
    async with training(world):
        await soon(lambda: has_base(world, "upgrade"))
        await erase(world.store.log, PROFILES[0])
        await soon(lambda: has_base(world, "erasure"))
    found = [await world.store.state.base(base.id) for base in await world.store.state.bases()]
    assert not any(b"viewer-5" in each[0].learner for each in found if each)


async def has_base(world: World, reason: str) -> bool:
    return reason in await reasons(world)


async def test_what_was_learned_of_an_erased_profile_goes_when_the_log_is_folded_anew(world: World) -> None:
    async with training(world):
        await soon(lambda: folded_anew(world))
        [before] = await world.store.state.snapshots(limit=1)
        await erase(world.store.log, await somebody(world))
        await soon(lambda: folded_anew(world))
        [after] = await world.store.state.snapshots(limit=1)
        await world.happen(40)
        await soon(lambda: folded_anew(world))
    assert before.learner != after.learner
    await assert_equal(world)
    [oldest, *_] = await world.store.state.bases()
    assert (oldest.reason, oldest.sound) == ("first", True)


async def somebody(world: World) -> str:
    """Return the profile that most decisions name."""
    records = await world.store.log.read(0, 10_000)
    named = [decode_decision(record.body).profile for record in records if record.kind in DECISIONS]
    [(profile, _)] = Counter(who for who in named if who).most_common(1)
    return profile


@pytest.mark.usefixtures("never_refolded")
async def test_no_base_names_an_erased_profile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bases, "SHORTEST_MS", 0)
    monkeypatch.setattr(bases, "SPACING", 10**9)
    async with training(world):
        await soon(lambda: caught_up(world))
        await world.happen(60, unbroken=True)
        await soon(lambda: has_base(world, "regular"))
        await soon(lambda: caught_up(world))
        who = await named_in_a_base(world)
        assert who, "the test would say nothing"
        await erase(world.store.log, who)
        await soon(lambda: has_base(world, "erasure"))
        assert who not in await names_in_bases(world)


@pytest.mark.usefixtures("never_refolded")
async def test_what_an_erased_profile_alone_said_is_in_no_base_and_not_in_the_learner(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "SHORTEST_MS", 0)
    monkeypatch.setattr(bases, "SPACING", 10**9)
    who, value = PROFILES[2], "axolotl"
    await world.store.log.declare(encode(RewardRules(300, learn_cap=60, stranger_cap=300)))
    async with training(world):
        await soon(lambda: caught_up(world))
        decision = a_decision(NOW[0], 1, profile=who, attributes={"pet": value})
        await world.store.log.log_decisions([a_draft(decision)])
        world.clock.now += 1_000
        await world.store.log.tick(1)
        await soon(lambda: said_in_bases(world, value))
        await erase(world.store.log, who)
        await soon(lambda: has_base(world, "erasure"))
        assert not await said_in_bases(world, value)
        [latest] = await world.store.state.snapshots(limit=1)
        assert value.encode() not in latest.learner


async def said_in_bases(world: World, value: str) -> bool:
    found = [await world.store.state.base(base.id) for base in await world.store.state.bases()]
    return any(value.encode() in each[0].learner for each in found if each)


async def test_a_profile_is_out_of_the_bases_though_another_is_still_being_erased_and_the_trainer_is_killed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "PATIENCE_SECONDS", 1e9)
    monkeypatch.setattr(bases, "SHORTEST_MS", 0)
    monkeypatch.setattr(bases, "SPACING", 10**9)
    async with training(world) as running:
        await soon(lambda: caught_up(world))
        await world.happen(60, unbroken=True)
        await soon(lambda: has_base(world, "regular"))
        await soon(lambda: caught_up(world))
        who = await named_in_a_base(world)
        assert who, "the test would say nothing"
        await world.store.log.forget(next(other for other in PROFILES if other != who))
        await erase(world.store.log, who)
        await soon(lambda: out_of_bases(world, who))
        running.cancel()
    assert "erasure" not in await reasons(world)


async def out_of_bases(world: World, who: str) -> bool:
    return who not in await names_in_bases(world)


async def names_in_bases(world: World) -> str:
    found = [await world.store.state.base(base.id) for base in await world.store.state.bases()]
    return b"".join(each[1] for each in found if each).decode()


async def named_in_a_base(world: World) -> str | None:
    names = await names_in_bases(world)
    return next((who for who in PROFILES if who in names), None)


@pytest.mark.usefixtures("never_refolded")
async def test_the_same_state_is_not_found_from_a_base_before_the_erasure(world: World) -> None:
    """The comparison can fail, and says why."""
    async with training(world):
        await soon(lambda: caught_up(world))
        await erase(world.store.log, await somebody(world))
        await soon(lambda: has_base(world, "erasure"))
        await soon(lambda: caught_up(world))
    [first, *_] = await world.store.state.bases()
    found = await Comparison.with_state(world.store, "logistic", first)
    fold = await fold_from(world.store, world.live_catalogue, first)
    said: list[str] = []
    async for at in fed(world.store.log, fold, found.stops(0)):
        said += [sentence async for sentence in found.at(at)]
    assert said[0].startswith("Different from snapshot")
    assert "a profile was erased since" in said[0]
    assert said[2].startswith("Different in "), said
    assert "a profile was erased since" in said[2]


@pytest.mark.parametrize("killed", [False, True])
async def test_an_erasure_that_was_interrupted_is_finished_by_the_next_trainer(
    world: World, *, killed: bool
) -> None:
    async with training(world) as running:
        await soon(lambda: caught_up(world))
        who = await somebody(world)
        await erased_in_the_middle(world, who)
        if killed:
            running.cancel()
        else:
            await soon(lambda: caught_up(world))
    async with training(world):
        await soon(lambda: none_under_way(world))
        await soon(lambda: folded_anew(world))
        last = (await world.store.log.head()).position
        await world.happen(30)
        await soon(lambda: caught_up(world))
    assert not [
        r
        for r in await world.store.log.read(0, 10_000)
        if r.position <= last and r.kind in DECISIONS and who.encode() in r.body
    ]
    await assert_equal(world)


async def test_after_trims_the_oldest_base_needs_no_record_that_is_gone(world: World) -> None:
    async with training(world):
        for _ in range(12):
            await world.happen(40, unbroken=True)
            world.clock.now += 3 * HOUR_MS
            await world.store.log.tick(1)
            await soon(lambda: caught_up(world))
        await soon(lambda: trimmed(world))
        await soon(lambda: caught_up(world))
    base = await sound_base(world.store, "logistic")
    assert base
    assert (await world.store.log.read(0, 1))[0].position > 1
    assert base.position < (await world.store.log.head()).position - 20, "there is something to fold from the base"
    await assert_equal(world)


async def trimmed(world: World) -> bool:
    oldest = [r for r in await world.store.log.read(0, 2) if r.kind != Kind.RULES]
    return bool(oldest) and oldest[0].stamp >= world.clock.now - 1.2 * RETENTION


async def test_another_version_of_the_fold_sets_a_base(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
    for module in ("app.records", "app.learning.bases", "app.learning.refolding"):
        monkeypatch.setattr(f"{module}.FOLD", FOLD + 1)
    assert await sound_base(world.store, "logistic") is None
    async with training(world):
        await soon(lambda: has_base(world, "upgrade"))
        await assert_equal(world)
        await world.happen(40, unbroken=True)
        await soon(lambda: caught_up(world))
    versions = {base.fold for base in await world.store.state.bases() if base.reason == "upgrade" and base.sound}
    assert versions == {FOLD + 1}
    assert Kind.BASE in {record.kind for record in await world.store.log.read(0, 10_000)}
    await assert_equal(world)


async def test_a_changed_row_of_an_hour_or_a_day_is_named(world: World) -> None:
    """The comparison of the series can fail, in ended periods and in present ones."""
    async with training(world):
        await soon(lambda: caught_up(world))
    state = world.store.state
    damaged: list[tuple[Step, int]] = [
        ("hour", (await state.periods("hour", 0))[0]),
        ("day", (await state.periods("day", 0))[-1]),
    ]
    for step, at in damaged:
        before = await state.period_rows(step, at)
        key = min(before)
        await rewrite(world, step, at, key, Sums(99))
        _, _, said, _ = await verdicts(world)
        row = f"the first of them {step} {at}: {' / '.join(key)}: this is a fault of Keyart"
        assert said.startswith("Different in 1 rows of the hours and days"), said
        assert row in said
        await rewrite(world, step, at, key, before[key])
    await assert_equal(world)
    [*_, (hour, sums)] = (await state.drift_hours(0)).items()
    for changed, equal in ((replace(sums, drawn=99), False), (replace(sums, examples=99), True)):
        await rewrite_drift(world, hour, changed)
        said = (await verdicts(world))[2]
        assert said.startswith("Equal") == equal, said
        assert f"the first of them drift {hour}" in said or equal
    await rewrite_drift(world, hour, sums)
    missing = (await state.periods("hour", 0))[0]
    for key in await state.period_rows("hour", missing):
        await rewrite(world, "hour", missing, key, None)
    assert (await verdicts(world))[2].startswith("Different in ")


async def rewrite_drift(world: World, hour: int, sums: DriftSums) -> None:
    await damage(world, SeriesChanges({}, drift=DriftChange({hour: sums}, None, 0)))


async def rewrite(world: World, step: Step, at: int, key: SeriesKey, sums: Sums | None) -> None:
    await damage(world, SeriesChanges({step: SeriesChange([(at, key, sums)], None, -1)}))


async def damage(world: World, changes: SeriesChanges) -> None:
    """Commit rows as no trainer does."""
    token = await world.store.state.lead("damage", 1)
    assert token is not None
    known = await world.store.state.fold_state()
    await world.store.state.commit(token, Progress(known.position, known.base or b"", {}, {}, series=changes))
    world.clock.now += 1


async def test_a_rebuilt_fold_replaces_the_series_from_its_first_hour_on(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
    state = world.store.state
    first, *_ = await state.periods("hour", 0)
    rows = await state.period_rows("hour", first)
    await rewrite(world, "hour", first - 1, ("uniform", "tv", "early"), Sums(7))
    for key in rows:
        await rewrite(world, "hour", first, key, Sums(99))
    await rewrite(world, "hour", first, ("uniform", "tv", "made-up"), Sums(1))

    nothing = FoldState(0, None, {}, series=SeriesState(apart=True))
    fold = Fold(world.store.log, NoTastes(), world.live_catalogue, new_learner("logistic"), nothing, None)
    async for _ in fed(world.store.log, fold, [(await world.store.log.head()).position]):
        pass
    keeper = BaseKeeper(world.store, "logistic", retention=RETENTION, reach=REACH, clock=world.clock)
    world.clock.now += 60_000
    assert await publish(world.store, keeper, fold)
    assert await state.period_rows("hour", first) == rows
    assert await state.period_rows("hour", first - 1) == {("uniform", "tv", "early"): Sums(7)}
    await assert_equal(world)


async def test_a_state_without_series_gets_them_from_the_upgrade_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version of the fold before had none, so the trainer sets a base, and the fold from there is equal."""
    async with training(world):
        await soon(lambda: caught_up(world))
    world.store.state._series = MemorySeries()  # noqa: SLF001  as a file of the version before has it
    for module in ("app.learning.bases", "app.learning.refolding", "app.records"):
        monkeypatch.setattr(f"{module}.FOLD", FOLD + 1)
    upgraded = world.clock.now
    async with training(world):
        await soon(lambda: caught_up(world))
        await world.happen(60, unbroken=True)
        await soon(lambda: caught_up(world))
    assert "upgrade" in await reasons(world)
    began = await world.store.state.series_began()
    assert began is not None
    assert began > upgraded, "the hour of the upgrade is not a whole one"
    assert began % HOUR_MS == 0
    await assert_equal(world)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_in_whatever_order_it_is_equal_at_the_end(seed: int, tmp_path: Path) -> None:
    await play(seed, tmp_path, rounds=8)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 140))
async def test_whatever_happens_for_long_it_is_equal_at_the_end(seed: int, tmp_path: Path) -> None:
    await play(seed, tmp_path, rounds=40)


async def play(seed: int, folder: Path, rounds: int) -> None:
    """Let trainers be killed, profiles be erased or half erased, and time go by until records are trimmed."""
    world, rng = await a_world(seed, folder, events=60), random.Random(seed)
    for _ in range(rounds):
        async with training(world) as running:
            for _ in range(rng.randrange(1, 4)):
                await happening(world, rng)
                await asyncio.sleep(rng.choice([0, 0.01, 0.05]))
            if rng.random() < 0.5:
                running.cancel()
    async with training(world):
        await soon(lambda: none_under_way(world))
        await world.happen(20)
        await soon(lambda: caught_up(world))
        await soon(lambda: folded_anew(world))
    await assert_equal(world)
