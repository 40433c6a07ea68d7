"""The estimators against a peer's figures, known truths, and what must never be."""

import csv
import gzip
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bandit.estimators import ENOUGH, Estimate, direct_method, doubly_robust, ips, snips

Floats = NDArray[np.float64]
PEER = Path(__file__).with_name("open_bandit")
EXPECTED: dict[str, dict[str, Any]] = json.loads((PEER / "expected.json").read_text())
ACTIONS = 5


@cache
def estimates(name: str) -> dict[str, Estimate]:
    with gzip.open(PEER / f"{name}.gz", "rt") as file:
        rows = [[float(value) for value in row] for row in list(csv.reader(file))[1:]]
    reward, propensity, target, of_chosen, expected = np.array(rows).T
    return {
        "ips": ips(reward, propensity, target),
        "snips": snips(reward, propensity, target),
        "direct_method": direct_method(expected),
        "doubly_robust": doubly_robust(reward, propensity, target, of_chosen, expected),
    }


@pytest.mark.parametrize("name", EXPECTED)
def test_estimates_of_real_logs_are_those_of_a_peer(name: str) -> None:
    for method, estimate in estimates(name).items():
        assert estimate.value == pytest.approx(EXPECTED[name]["estimates"][method], abs=1e-9)


def test_the_truth_is_within_the_intervals_of_real_logs() -> None:
    for name in ("men_bts.csv", "all_random.csv"):
        for method in ("ips", "snips", "doubly_robust"):
            low, high = estimates(name)[method].interval
            assert low < EXPECTED[name]["truth_on_policy"] < high


def test_a_log_that_knows_too_little_is_doubted_and_never_says_a_negative_rate() -> None:
    found = estimates("women_bts.csv")
    assert found["doubly_robust"].value < 0
    for method in ("ips", "snips", "doubly_robust"):
        assert "effective sample size is 2.08" in str(found[method].doubt)
        assert found[method].interval[0] >= 0
    assert estimates("men_bts.csv")["ips"].doubt is None


# -------------------------------------------------------------------- known truths


class Logged(NamedTuple):
    rewards: Floats
    propensities: Floats
    targets: Floats
    of_chosen: Floats
    expected: Floats
    clusters: NDArray[np.int64]


class Simulated:
    """Viewers of some kinds, of whom each comes several times and clicks more or less than others of the kind."""

    def __init__(self, seed: int, *, rate: float, floor: float):
        self._rng = np.random.default_rng(seed)
        self._rates = np.clip(rate * np.exp(self._rng.normal(0, 0.6, (20, ACTIONS))), 0, 0.9)
        self._logging, self._target = self._policy(floor), self._policy(floor)
        self._model = np.clip(self._rates * np.exp(self._rng.normal(0, 0.3, self._rates.shape)), 0, 1)
        self.truth = float((self._target * self._rates).sum(1).mean())

    def _policy(self, floor: float) -> Floats:
        drawn = self._rng.dirichlet(np.full(ACTIONS, 0.3), len(self._rates))
        mixed: Floats = drawn * (1 - floor) + floor / ACTIONS
        return mixed

    def log(self, rows: int) -> Logged:
        rng = self._rng
        visits = rng.geometric(1 / 6, rows) * np.where(rng.random(rows) < 0.05, 20, 1)
        who = np.repeat(np.arange(rows), visits)[:rows]
        kind = rng.integers(0, len(self._rates), rows)[who]
        inclined = rng.gamma(4, 0.25, rows)[who]
        chosen = (rng.random(rows)[:, None] > self._logging[kind].cumsum(1)).sum(1).clip(0, ACTIONS - 1)
        clicked = rng.random(rows) < self._rates[kind, chosen] * inclined
        whole = (self._target * self._model).sum(1)[kind]
        at = kind, chosen
        return Logged(clicked * 1.0, self._logging[at], self._target[at], self._model[at], whole, who)


Method = Callable[[Logged], Estimate]
METHODS: dict[str, Method] = {
    "ips": lambda log: ips(*log[:3], clusters=log.clusters),
    "snips": lambda log: snips(*log[:3], clusters=log.clusters),
    "doubly_robust": lambda log: doubly_robust(*log[:5], clusters=log.clusters),
}


@pytest.mark.parametrize("method", METHODS)
def test_estimates_come_close_to_a_known_truth(method: str) -> None:
    world = Simulated(5, rate=0.1, floor=0.3)
    estimate = METHODS[method](world.log(300_000))
    assert estimate.value == pytest.approx(world.truth, rel=0.05)
    assert estimate.interval[1] - estimate.interval[0] < 0.12 * world.truth


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("rate", "floor"), [(0.01, 0.02), (0.05, 0.2)])
def test_intervals_hold_the_truth_as_often_as_they_say(method: str, rate: float, floor: float) -> None:
    """With clusters and rare clicks, at least 90 of 100; exactly 95 would be missed by chance (4 errors: 4.9)."""
    world = Simulated(11, rate=rate, floor=floor)
    intervals = [METHODS[method](world.log(2_000)).interval for _ in range(300)]
    assert np.mean([low <= world.truth <= high for low, high in intervals]) >= 0.9


def test_an_interval_without_clusters_takes_a_viewers_visits_for_viewers() -> None:
    log = Simulated(3, rate=0.1, floor=0.3).log(3_000)
    again = Logged(*(np.tile(column, 10) for column in log))  # type: ignore[arg-type] # five of one type, one of another
    naive, honest, once = ips(*again[:3]), METHODS["ips"](again), METHODS["ips"](log)
    assert honest.value == pytest.approx(naive.value)
    assert honest.effective_sample_size == pytest.approx(once.effective_sample_size)
    assert honest.interval[0] < naive.interval[0] < naive.interval[1] < honest.interval[1]


# -------------------------------------------------------------------- always

SOME = st.lists(
    st.tuples(st.floats(0, 3), st.floats(0.001, 1), st.floats(0, 1), st.floats(0, 3), st.integers(0, 3)),
    min_size=1,
    max_size=40,
)


@settings(deadline=None, max_examples=40)
@given(SOME)
def test_intervals_never_leave_the_possible(rows: list[tuple[float, float, float, float, int]]) -> None:
    reward, propensity, target, expected, cluster = (np.array(column) for column in zip(*rows, strict=True))
    found = [
        ips(reward, propensity, target, clusters=cluster, most=3.0),
        snips(reward, propensity, target, clusters=cluster, most=3.0),
        direct_method(expected, clusters=cluster, most=3.0),
        doubly_robust(reward, propensity, target, expected, expected, clusters=cluster, most=3.0),
    ]
    for estimate in found:
        low, high = estimate.interval
        assert 0 <= low <= high <= 3
        if 0 <= estimate.value <= 3:
            assert low <= estimate.value <= high


def test_a_reward_that_nobody_got_yet_may_exist() -> None:
    """Of 1,000 without a click, a rate of 3 in 1,000 is as likely as 1 in 20, and of 100,000 it is not."""
    few, many = (ips(np.zeros(n), np.full(n, 0.5), np.full(n, 0.5)) for n in (1_000, 100_000))
    assert few.value == 0
    assert few.interval[1] > 0.003 > many.interval[1] > 0


def test_without_a_common_choice_nothing_is_concluded() -> None:
    nothing = snips([1.0, 0.0], [0.5, 0.5], [0.0, 0.0])
    assert np.isnan(nothing.value)
    assert (nothing.interval, nothing.effective_sample_size) == ((0.0, 1.0), 0.0)
    assert nothing.doubt
    assert ips([1.0, 0.0], [0.5, 0.5], [0.0, 0.0]).doubt


def test_the_effective_sample_size_counts_clusters() -> None:
    n = int(ENOUGH)
    assert ips(np.ones(n), np.ones(n), np.ones(n)).doubt is None
    assert ips(np.ones(n), np.ones(n), np.ones(n), clusters=np.arange(n) // 2).effective_sample_size == n / 2


def test_clipping_lowers_the_greatest_weight() -> None:
    rows = [1.0, 0.0, 1.0], [0.01, 0.5, 0.5], [0.5, 0.5, 0.5]
    assert ips(*rows).greatest_weight == 50
    clipped = ips(*rows, clip=10)
    assert clipped.greatest_weight == 10
    assert clipped.value == pytest.approx(11 / 3)


def test_above_the_switch_the_model_alone_counts() -> None:
    rows = [1.0, 1.0], [0.01, 0.5], [0.5, 0.5], [0.2, 0.2], [0.3, 0.3]
    assert doubly_robust(*rows, switch=10).value == pytest.approx((0.3 + 0.3 + 0.8) / 2)


@pytest.mark.parametrize(
    ("rewards", "propensities", "targets", "sentence"),
    [
        ([], [], [], r"The rewards have shape \(0,\); give one number for each decision"),
        ([[1.0]], [[1.0]], [[1.0]], r"The rewards have shape \(1, 1\)"),
        ([2.0], [0.5], [0.5], "The rewards have 2.0, which is not between 0 and 1"),
        ([float("nan")], [0.5], [0.5], "The rewards have nan"),
        ([1.0], [0.0], [0.5], "The propensities have a 0"),
        ([1.0], [-0.1], [0.5], "The propensities have -0.1"),
        ([1.0], [0.5], [1.5], "The targets have 1.5"),
        ([1.0, 1.0], [0.5], [0.5], "The arrays have 2, 1, 1 rows"),
    ],
)
def test_arrays_that_are_not_valid_are_refused(
    rewards: Any, propensities: Any, targets: Any, sentence: str
) -> None:
    for method in (ips, snips):
        with pytest.raises(ValueError, match=sentence):
            method(rewards, propensities, targets)


def test_clusters_for_other_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="There are clusters of shape"):
        ips([1.0, 0.0], [0.5, 0.5], [0.5, 0.5], clusters=["ada"])
