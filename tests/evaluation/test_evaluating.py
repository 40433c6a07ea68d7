"""An evaluation of a made-up log, of which the truth is known."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from app.evaluation.candidates import (
    BestSingle,
    Candidate,
    Demanded,
    Fixed,
    Learned,
    UnusablePolicyError,
    always_default,
    by_chance,
)
from app.evaluation.evaluating import Evaluation, Evaluator, NothingToEvaluateError, Value
from app.evaluation.own_policy import OwnPolicy
from app.evaluation.replay import Ended, Replay, Shown
from app.evaluation.reward_models import CrossFitted, Logistic, PictureMeans
from app.records import Kind, encode
from app.store.protocol import Event
from app.viewers.pseudonym import hold_key
from bandit.logistic.learner import LogisticLearner
from bandit.reward import RewardRules
from bandit.types import Action, Context, Example
from tests.builders import a_decision, a_draft, a_shelf
from tests.evaluation.site import FILMS, LIKED, OTHER, WANTED, Site
from tests.memory import MemoryStore


async def evaluated(
    site: Site, candidates: Sequence[Candidate], model: Callable[[], object] = PictureMeans
) -> Evaluation:
    evaluator = Evaluator(candidates, CrossFitted(model(), model()))  # type: ignore[arg-type] # both are models
    replay = Replay(site.store.log, site.live_catalogue)
    head = await site.store.log.head()
    assert [position async for position in evaluator.read(replay, head.position)][-1] == head.position
    return evaluator.result()


class Knowing:
    """A policy that knows what viewers of each country want."""

    def probabilities(self, context: Context, actions: Sequence[Action]) -> list[float]:
        wanted = LIKED[str(context.attributes["country"])]
        return [1.0 if index == wanted else 0.0 for index in range(len(actions))]


class Remembering:
    """A policy that learns nothing but what it was asked and taught."""

    def __init__(self) -> None:
        self.asked: list[Context] = []
        self.taught: list[Example] = []

    def probabilities(self, context: Context, actions: Sequence[Action]) -> list[float]:
        self.asked.append(context)
        return [1 / len(actions)] * len(actions)

    def learn(self, example: Example) -> None:
        self.taught.append(example)


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, MemoryStore)
    await site.visits(6_000)
    return site


def by_name(evaluation: Evaluation) -> dict[str, Value]:
    return {value.policy: value for value in evaluation.values}


def near(estimates: Iterable[float], truth: float) -> bool:
    return all(abs(estimate - truth) < 0.05 for estimate in estimates)


@pytest.mark.parametrize("model", [PictureMeans, Logistic])
async def test_policies_are_worth_what_they_would_have_earned(site: Site, model: Callable[[], object]) -> None:
    knowing = Learned("knowing", Knowing(), floor=0.02)
    found = by_name(await evaluated(site, [knowing, by_chance(), always_default()], model))

    wanted = 0.98 + 0.02 / 4
    truths = {"knowing": WANTED * wanted + OTHER * (1 - wanted), "uniform": 0.2, "default": (WANTED + OTHER) / 2}
    for name, truth in truths.items():
        value = found[name]
        assert near([value.ips.value, value.snips.value, value.doubly_robust.value], truth)
        low, high = value.doubly_robust.interval
        assert low < truth < high
        assert value.doubly_robust.doubt is None


async def test_what_the_incumbent_earned_is_compared(site: Site) -> None:
    evaluation = await evaluated(site, [Learned("knowing", Knowing(), floor=0.02), by_chance()])
    found = by_name(evaluation)
    assert evaluation.incumbent
    truth = 0.4 * (WANTED + OTHER) / 2 + 0.2 * (WANTED + OTHER) / 2 + 0.4 * OTHER
    assert near([evaluation.incumbent.value], truth)
    more, interval = found["knowing"].more, found["knowing"].more_interval
    assert more
    assert interval
    assert near([more], WANTED * 0.985 + OTHER * 0.015 - truth)
    assert 0 < interval[0] < more < interval[1]
    assert found["uniform"].more_interval
    assert found["uniform"].more_interval[0] < 0.2 - truth < found["uniform"].more_interval[1]


async def test_a_learner_learns_on_the_way_what_a_country_wants(site: Site) -> None:
    learner = Learned("logistic", LogisticLearner(), floor=0.02)
    blind = Learned("blind", LogisticLearner(), floor=0.02, without=frozenset({"country"}))
    found = by_name(await evaluated(site, [learner, blind, BestSingle(0.02)]))
    assert found["logistic"].doubly_robust.interval[0] > found["blind"].doubly_robust.interval[1]
    assert near([found["best_single"].doubly_robust.value], found["blind"].doubly_robust.value)


async def test_no_policy_is_taught_before_it_was_asked(site: Site) -> None:
    policy = Remembering()
    await evaluated(site, [Learned("remembering", policy, 0.02, frozenset({"country"}))])
    assert len(policy.asked) == len(policy.taught) == 6_000
    assert not any(context.attributes for context in policy.asked)
    assert not any(example.context.attributes for example in policy.taught)


async def test_the_exposures_of_a_hold_are_one_decision(tmp_path: Path) -> None:
    site = Site(tmp_path, MemoryStore)
    site.live_catalogue = await a_shelf(site.store.log, tmp_path, *FILMS)
    log = site.store.log
    await log.declare(encode(RewardRules(1_000)))
    decision = a_decision(FILMS[0], 1, profile="a" * 32)
    key = hold_key("a" * 32, FILMS[0].id, "row")
    [hold] = await log.log_decisions([a_draft(decision, key=key, lasts=60_000)])
    for _ in range(3):
        await log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)])
        site.clock.now += 2_000
        await log.log_exposure(hold, deferred=False, window=1_000)
    site.clock.now += 2_000
    await log.tick(1)

    evaluation = await evaluated(site, [by_chance()])
    assert (evaluation.decisions, evaluation.exposures, evaluation.profiles) == (1, 4, 1)
    assert evaluation.values[0].ips.value == 3.0


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ([0.5, 0.5], "for 4 pictures; return one probability for each"),
        ([float("nan")] * 4, "for 4 pictures"),
        ([1.5, -0.5, 0.0, 0.0], "none below 0"),
        ([0.2, 0.2, 0.2, 0.2], "which sums to 0.8; the sum must be 1"),
    ],
)
async def test_answers_that_are_no_distribution_are_refused(
    tmp_path: Path, answer: list[float], sentence: str
) -> None:
    class Wrong:
        def probabilities(self, context: Context, actions: Sequence[Action]) -> list[float]:
            return answer

    site = Site(tmp_path, MemoryStore)
    await site.visits(3)
    with pytest.raises(UnusablePolicyError, match=sentence):
        await evaluated(site, [Learned("wrong", OwnPolicy("wrong", Wrong()), 0.02)])


async def test_a_failure_of_ones_own_code_is_named_with_its_cause(tmp_path: Path) -> None:
    class Asking:
        def probabilities(self, context: Context, actions: Sequence[Action]) -> list[float]:
            return [float(context.attributes["age"])] * len(actions)

    class Learning:
        def probabilities(self, context: Context, actions: Sequence[Action]) -> list[float]:
            return [1 / len(actions)] * len(actions)

        def learn(self, example: Example) -> None:
            raise RuntimeError(example.context.attributes["country"])

    site = Site(tmp_path, MemoryStore)
    await site.visits(40)
    with pytest.raises(UnusablePolicyError, match="asking failed in probabilities: KeyError: 'age'"):
        await evaluated(site, [Learned("asking", OwnPolicy("asking", Asking()), 0.02)])
    with pytest.raises(UnusablePolicyError, match="learning failed in learn: RuntimeError: "):
        await evaluated(site, [Learned("learning", OwnPolicy("learning", Learning()), 0.02)])


async def test_nothing_is_said_of_a_log_without_ended_exposures(tmp_path: Path) -> None:
    site = Site(tmp_path, MemoryStore)
    await site.visits(0)
    with pytest.raises(NothingToEvaluateError, match="No exposure in the log has ended"):
        await evaluated(site, [by_chance()])


async def test_a_model_never_expects_the_reward_of_a_viewer_whom_it_knows(tmp_path: Path) -> None:
    """Two models that count whom they were told of, and about whom they were asked; viewers come again."""
    site = Site(tmp_path, MemoryStore, viewers=40)
    await site.visits(600)
    told: list[set[str | None]] = []
    both: list[str | None] = []

    class Watching:
        def __init__(self) -> None:
            told.append(set())
            self.known = told[-1]

        def expected(self, shown: Shown) -> list[float]:
            profile = shown.decision.profile
            if profile and profile in self.known:
                both.append(profile)
            return [0.5] * len(shown.decision.candidates)

        def tell(self, ended: Ended) -> None:
            self.known.add(ended.decision.profile)

    await evaluated(site, [Fixed("first", lambda shown: [1.0, 0.0, 0.0, 0.0])], Watching)
    assert all(told)
    assert not both


async def test_a_demand_of_a_least_share_is_part_of_what_would_be_served(site: Site) -> None:
    """The shares come from the tags of each picture at the decision, and learners learn as without them."""
    picture = FILMS[0].artworks[0]
    demands, knowing = [(picture.tags[0], 0.5)], Learned("knowing", Knowing(), 0.02)
    replay = Replay(site.store.log, site.live_catalogue)
    shown = [each async for batch in replay.events(2_000) for each in batch if isinstance(each, Shown)]
    raised = 0
    for each in shown:
        free, bound = knowing.probabilities(each), Demanded(knowing, demands).probabilities(each)
        actions = [each.live_title.actions[artwork] for artwork in each.decision.candidates]
        marked = [picture.tags[0] in action.tags for action in actions]
        held = sum(p for p, mark in zip(bound, marked, strict=True) if mark)
        assert sum(bound) == pytest.approx(1)
        if any(marked) and not all(marked):
            assert held >= 0.5 - 1e-9
            raised += bound != list(free)
        else:
            assert bound == list(free)
    assert raised
    free_value, bound_value = (await evaluated(site, [knowing, Demanded(knowing, demands)])).values
    assert free_value.policy == bound_value.policy == "knowing"
    assert bound_value.doubly_robust.value < free_value.doubly_robust.value
