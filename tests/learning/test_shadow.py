"""A candidate in the shadow: it ends at the weights of a fold over the whole log, however it is interrupted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from app.catalogue.live import LiveTitle
from app.learning import publishing, shadow, trainer
from app.learning.candidate_file import CandidateFile, Kept, State
from app.learning.candidate_fold import CandidateFold, Mixture
from app.learning.quarantines import Quarantines
from app.learning.shadow import Parts, Shadow
from app.operations.candidates import Candidates
from app.operations.interventions import Operator, Span
from app.records import Kind, encode
from app.refusals import Conflict
from app.store.protocol import Event, Snapshot
from app.viewers.erasure import erase
from app.viewers.pseudonym import hold_key
from assets.catalogue import Title
from bandit.learners import new_learner, restored
from bandit.logistic.learner import LogisticLearner
from bandit.logistic.prior import Tuning
from bandit.paired_difference import Difference, PairedDifference
from bandit.policy import Learner
from bandit.reward import RewardRules
from bandit.types import Context
from tests.builders import a_decision, a_draft
from tests.learning.simulation import HOUR_MS, NOW, PROFILES, World, a_world
from tests.learning.training import (
    ME,
    assert_equal,
    caught_up,
    from_nothing,
    learned,
    soon,
    training,
)

MIXTURE = Mixture(0.02)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDLE_SECONDS", "SAVE_SECONDS", "QUIET_SECONDS", "RULE_SECONDS"):
        monkeypatch.setattr(shadow, name, 0.0)
    monkeypatch.setattr(trainer, "IDLE_SECONDS", 0.0)
    for name in ("PUBLISH_SECONDS", "COMMIT_SECONDS", "LOAD_SHARE"):
        monkeypatch.setattr(publishing, name, 0.0)
    monkeypatch.setattr(shadow, "WRITE_RATE", 1 << 40)
    monkeypatch.setattr(shadow, "BATCH", 40)


def named(policy: str) -> Learner:
    return new_learner("logistic") if policy == "logistic" else LogisticLearner(Tuning(spread=0.3))


class Stage:
    """A world with a candidate, and the file in which it is kept."""

    def __init__(self, world: World, folder: Path):
        self.world, self.file = world, CandidateFile(folder / "candidate")
        self.operator = Operator(world.store, 90 * 24 * HOUR_MS)
        self.unfit = ""
        self.candidates = Candidates(self.operator, world.store, self.file, named, self._fit)

    async def _fit(self, number: int) -> Snapshot:
        if self.unfit:
            raise Conflict(self.unfit)
        found = await self.world.store.state.snapshot(number)
        assert found
        return found

    async def start(self, policy: str = "logistic", *, by_rule: bool = False) -> int:
        await self.candidates.start(ME, policy, "", by_rule=by_rule)
        candidate = (await self.operator.in_force()).candidate
        assert candidate
        return candidate.given.position

    @asynccontextmanager
    async def shadowing(self) -> AsyncIterator["asyncio.Task[None]"]:
        async def by_rule(_: object) -> str | None:
            return await self.candidates.promote_by_rule()

        stop = asyncio.Event()
        parts = Parts(named, MIXTURE, by_rule)
        task = asyncio.create_task(Shadow(self.world.store, self.world.live_catalogue, self.file, parts).run(stop))
        try:
            yield task
        finally:
            stop.set()
            with suppress(asyncio.CancelledError):
                await asyncio.wait_for(task, 60)

    async def kept(self) -> Kept | None:
        candidate = (await self.operator.in_force()).candidate
        return self.file.read(candidate.given.position) if candidate else None

    async def caught_up(self) -> Kept | None:
        """Return the candidate if it was saved at the log's end, with the quarantines in force."""
        kept, head = await self.kept(), await self.world.store.log.head()
        in_force = await self.operator.in_force()
        done = kept and kept.state.position == head.position and kept.quarantined == in_force.quarantined
        return kept if done else None

    async def rerun(self, policy: str, order: int) -> CandidateFold:
        """Return the fold over the whole log in one piece."""
        log = self.world.store.log
        left_out, head = await Quarantines.in_force(log), (await log.head()).position
        state = State.first(order, head)
        fold = CandidateFold(log, self.world.live_catalogue, named(policy), MIXTURE, left_out, state)
        await fold.feed(await log.read(0, head))
        return fold


@pytest.fixture
async def stage(world: World, tmp_path: Path) -> Stage:
    return Stage(world, tmp_path)


async def test_a_candidate_like_the_incumbent_learns_what_the_trainer_learns(stage: Stage) -> None:
    await stage.start()
    await stage.world.happen(100, unbroken=True)
    async with stage.shadowing():
        kept = await soon(stage.caught_up)
    assert kept.learner == (await from_nothing(stage.world)).learner.snapshot()


async def test_only_first_showings_by_the_incumbent_after_the_start_are_compared(stage: Stage) -> None:
    await stage.start("logistic,spread=0.3")
    async with stage.shadowing():
        before = await soon(stage.caught_up)
        assert before.state.paired.decisions == 0
        await stage.world.happen(200, unbroken=True)
        after = await soon(stage.caught_up)
    since = [decision for hold, decision in stage.world.placed if hold.decision > after.order]
    by_incumbent = [each for each in since if each.group in {None, "personalized"} and not each.pinned]
    assert 10 < after.state.paired.decisions <= len(by_incumbent)
    assert after.state.paired.mean != 0


async def test_a_candidate_that_knows_as_much_as_the_incumbent_never_differs(stage: Stage) -> None:
    """The incumbent knew nothing of windows that were open when it decided."""
    store, clock, rng, film = stage.world.store, stage.world.clock, stage.world.rng, NOW[0]
    await store.log.declare(encode(RewardRules(window=1_000)))
    incumbent = await stage.rerun("logistic", await stage.start())
    actions = [film_of(stage, film).actions[each.id] for each in film.artworks]
    for number in range(120):
        clock.now += 150
        await store.log.tick(1)
        await incumbent.feed(await store.log.read(incumbent.position, 1000))
        context = Context({"device": rng.choice(["tv", "phone"])}, {})
        chances = MIXTURE.mixed(incumbent.learner.probabilities(context, actions), actions)
        chosen = rng.choices(range(len(actions)), chances)[0]
        decision = a_decision(
            film,
            chosen,
            probabilities=tuple(chances),
            group="personalized",
            profile=f"{number:032x}",
            attributes=dict(context.attributes),
        )
        [hold] = await store.log.log_decisions([a_draft(decision)])
        if rng.random() < 0.2 + 0.2 * chosen:
            await store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, hold.deferred, 0.0)])
    clock.now += 5_000
    await store.log.tick(1)
    whole = await stage.rerun("logistic", incumbent.since)
    assert whole.paired.decisions == 120
    assert set(whole.paired.sums) == {0.0}
    other = await stage.rerun("logistic,spread=0.3", incumbent.since)
    assert other.paired.mean != 0


def film_of(stage: Stage, film: Title) -> LiveTitle:
    found = stage.world.live_catalogue.get(film.id)
    assert found
    return found


async def test_a_picture_that_is_shown_again_is_learned_again_and_compared_once(stage: Stage) -> None:
    store, clock = stage.world.store, stage.world.clock
    await store.log.declare(encode(RewardRules(window=1_000)))
    order = await stage.start()
    before = await stage.rerun("logistic", order)
    film, who = NOW[0], PROFILES[0]
    even = tuple(1 / len(film.artworks) for _ in film.artworks)
    decision = a_decision(film, 0, probabilities=even, group="personalized", profile=who)
    key = hold_key(who, film.id, "another row")
    [hold] = await store.log.log_decisions([a_draft(decision, key=key, lasts=60_000)])
    for _ in range(3):
        clock.now += 2_000
        await store.log.log_exposure(hold, deferred=False, window=1_000)
    clock.now += 5_000
    await store.log.tick(1)
    after = await stage.rerun("logistic", order)
    assert after.taken == before.taken + 4
    assert after.paired.decisions == 1


@pytest.mark.parametrize("seed", range(2))
async def test_killed_at_any_point_it_ends_at_the_same_weights_and_sums(seed: int, tmp_path: Path) -> None:
    stage = Stage(await a_world(seed, tmp_path, events=80, unbroken=True), tmp_path)
    order = await stage.start("logistic,spread=0.3")
    for _ in range(8):
        await stage.world.happen(20, unbroken=True)
        async with stage.shadowing() as task:
            await asyncio.sleep(stage.world.rng.choice([0, 0.003, 0.02, 0.05]))
            task.cancel()
    async with stage.shadowing():
        kept = await soon(stage.caught_up)
    whole = await stage.rerun("logistic,spread=0.3", order)
    assert kept.learner == whole.learner.snapshot()
    assert kept.state.paired == whole.paired
    assert kept.state.scores == whole.state().scores
    assert kept.state.caps == whole.state().caps


async def test_a_quarantine_is_folded_out_of_the_candidate(stage: Stage) -> None:
    order = await stage.start()
    async with stage.shadowing():
        before = await soon(stage.caught_up)
        await stage.operator.quarantine(ME, Span(1, stage.world.clock() - 60_000), "")
        after = await soon(stage.caught_up)
    assert after.learner != before.learner
    assert after.learner == (await stage.rerun("logistic", order)).learner.snapshot()


async def test_nothing_is_learned_during_a_pause_and_everything_after_it(stage: Stage) -> None:
    await stage.start()
    async with stage.shadowing():
        before = await soon(stage.caught_up)
        await stage.operator.learn(ME, "paused", "")
        await asyncio.sleep(0.02)
        await stage.world.happen(60, unbroken=True)
        await asyncio.sleep(0.02)
        paused = await stage.kept()
        assert paused
        assert paused.state.position <= before.state.position + 1
        await stage.operator.learn(ME, "running", "")
        after = await soon(stage.caught_up)
    assert after.learner == (await from_nothing(stage.world)).learner.snapshot()


async def test_an_erased_viewer_is_folded_out_an_hour_later(stage: Stage) -> None:
    who = next(d.profile for _, d in reversed(stage.world.placed) if d.profile and d.attributes)
    await stage.start()
    async with stage.shadowing():
        await soon(stage.caught_up)
        await erase(stage.world.store.log, who)
        await soon(stage.caught_up)
        stage.world.clock.now += HOUR_MS + 1

        async def anew() -> Kept | None:
            await stage.world.store.log.tick(1)
            kept = await stage.caught_up()
            return kept if kept and kept.state.erased is None else None

        kept = await soon(anew)
    assert who not in kept.state.caps
    assert kept.learner == (await from_nothing(stage.world)).learner.snapshot()


async def test_the_comparison_begins_anew_with_another_incumbent(stage: Stage) -> None:
    await stage.start("logistic,spread=0.3")
    await stage.world.happen(80, unbroken=True)
    async with stage.shadowing():
        before = await soon(stage.caught_up)
        promoted = Snapshot(0, "candidate", before.state.position, 1, 0, b"{}", before.learner)
        number = await stage.world.store.state.keep_candidate(promoted)
        found = await stage.world.store.state.snapshot(number)
        assert found
        await stage.operator.promote(ME, found, "")
        after = await soon(stage.caught_up)
    assert before.state.paired.decisions
    assert after.state.paired.decisions == 0
    assert after.state.since > before.state.since


async def test_a_log_that_lost_its_end_is_folded_anew(stage: Stage) -> None:
    order = await stage.start()
    async with stage.shadowing():
        kept = await soon(stage.caught_up)
    ahead = kept.state._replace(position=kept.state.position + 5)
    stage.file.write(Kept(order, 0, 0, ahead, named("logistic").snapshot()))
    await stage.world.happen(30, unbroken=True)
    async with stage.shadowing():
        again = await soon(stage.caught_up)
    assert again.learner == (await from_nothing(stage.world)).learner.snapshot()


async def test_the_summary_of_the_file_is_its_head(stage: Stage, tmp_path: Path) -> None:
    order = await stage.start()
    assert stage.file.summary(order) is None
    async with stage.shadowing():
        await soon(stage.caught_up)
    kept, found = await stage.kept(), stage.file.summary(order)
    assert kept
    assert found
    state = kept.state
    assert (found.saved, found.position, found.erased) == (kept.saved, state.position, state.erased)
    assert (found.paired, found.refused) == (state.paired, kept.refused)
    assert stage.file.summary(order + 1) is None
    for content in (b"", b"x" * 100, b"x" * 16 + b"{}\n", b"x" * 16 + b'{"order": []}', b"\n" * 40):
        (tmp_path / "candidate").write_bytes(content)
        assert stage.file.summary(order) is None


async def test_a_damaged_file_is_passed_over(stage: Stage, tmp_path: Path) -> None:
    order = await stage.start()
    async with stage.shadowing():
        await soon(stage.caught_up)
    content = (tmp_path / "candidate").read_bytes()
    (tmp_path / "candidate").write_bytes(content[:-9])
    assert stage.file.read(order) is None
    async with stage.shadowing():
        again = await soon(stage.caught_up)
    assert (tmp_path / "candidate").read_bytes() != content[:-9]
    assert isinstance(restored(again.learner), LogisticLearner)


async def test_a_disk_that_takes_nothing_stops_nothing(stage: Stage, tmp_path: Path) -> None:
    stage.file = CandidateFile(tmp_path / "later" / "candidate")
    await stage.start()
    async with stage.shadowing() as task:
        await stage.world.happen(30, unbroken=True)
        for _ in range(10):
            await asyncio.sleep(0)
        assert await stage.kept() is None
        assert not task.done()
        (tmp_path / "later").mkdir()
        kept = await soon(stage.caught_up)
    assert kept.learner == (await from_nothing(stage.world)).learner.snapshot()
    assert [each.name for each in (tmp_path / "later").iterdir()] == ["candidate"]


async def test_without_an_order_nothing_runs_and_a_stop_ends_it(stage: Stage) -> None:
    async with stage.shadowing() as task:
        await asyncio.wait_for(task, 10)
    await stage.start()
    async with stage.shadowing() as task:
        await soon(stage.caught_up)
        await stage.candidates.stop(ME, "")
        await asyncio.wait_for(task, 10)


# ---------------------------------------------------------------- promotion


async def known_to_be(stage: Stage, value: float) -> None:
    """Save the candidate with a comparison that found this difference for many viewers."""
    async with stage.shadowing():
        kept = await soon(stage.caught_up)
    paired = PairedDifference()
    for viewer in range(500):
        paired.add(viewer, Difference(value, min(value, 0), max(value, 0)))
    stage.file.write(replace(kept, state=kept.state._replace(paired=paired)))


async def test_the_trainer_continues_with_a_promoted_candidate_and_a_rebuild_is_equal(stage: Stage) -> None:
    await stage.start("logistic,spread=0.3")
    async with training(stage.world), stage.shadowing() as task:
        kept = await soon(stage.caught_up)
        await stage.candidates.promote(ME, "")
        await asyncio.wait_for(task, 60)

        async def carried_out() -> bool:
            return bool(await stage.world.store.state.promoted())

        await soon(carried_out)
        assert await learned(stage.world) == kept.learner
        await stage.world.happen(50, unbroken=True)
        await soon(lambda: caught_up(stage.world))
    await assert_equal(stage.world)
    now = restored(await learned(stage.world))
    assert isinstance(now, LogisticLearner)
    assert now.tuning.spread == 0.3


async def test_by_rule_a_candidate_that_is_known_to_be_better_is_promoted(stage: Stage) -> None:
    order = await stage.start("logistic,spread=0.3")
    await known_to_be(stage, 0.2)
    async with stage.shadowing():
        await asyncio.sleep(0.05)
    assert (await stage.operator.in_force()).promotion is None  # nobody ordered the rule
    await stage.candidates.stop(ME, "")
    order = await stage.start("logistic,spread=0.3", by_rule=True)
    await known_to_be(stage, 0.2)
    async with stage.shadowing() as task:
        await asyncio.wait_for(task, 60)
    in_force = await stage.operator.in_force()
    assert in_force.promotion
    assert in_force.promotion.given.position > order
    assert (in_force.promotion.given.name, in_force.candidate) == ("rule", None)


@pytest.mark.parametrize("value", [0.0, -0.2])
async def test_by_rule_no_other_candidate_is_promoted(stage: Stage, value: float) -> None:
    await stage.start("logistic,spread=0.3", by_rule=True)
    await known_to_be(stage, value)
    async with stage.shadowing():
        await asyncio.sleep(0.05)
        await stage.world.happen(5, unbroken=True)
        await soon(stage.caught_up)
    in_force = await stage.operator.in_force()
    assert in_force.candidate
    assert in_force.promotion is None


async def test_by_rule_an_unfit_candidate_is_not_promoted_and_the_reason_is_kept(stage: Stage) -> None:
    await stage.start("logistic,spread=0.3", by_rule=True)
    stage.unfit = "Its choices are collapsed."
    await known_to_be(stage, 0.2)

    async def refused() -> bool:
        kept = await stage.kept()
        return kept is not None and kept.refused == stage.unfit

    async with stage.shadowing():
        await soon(refused)
    assert (await stage.operator.in_force()).candidate


async def test_by_rule_nothing_is_promoted_while_the_learner_is_frozen(stage: Stage) -> None:
    await stage.start("logistic,spread=0.3", by_rule=True)
    await known_to_be(stage, 0.2)
    await stage.operator.freeze(ME, "", frozen=True)
    assert await stage.candidates.promote_by_rule() == (
        "The learner is frozen or paused, so only an operator changes it."
    )
    await stage.candidates.promote(ME, "")
    assert (await stage.operator.in_force()).promotion
