import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.vowpal.bins import BINS, GENERATIONS, Bins

values = st.floats(allow_nan=False, allow_infinity=False)


def after(seen: list[float]) -> Bins:
    bins = Bins()
    for value in seen:
        bins.observe(value)
    return bins


def test_before_anything_is_known_all_values_share_a_bin() -> None:
    assert {after([1.0] * 15).name(value) for value in (-math.inf, 0.0, 7.0, 1e300)} == {"g0b0"}


def test_the_edges_are_the_octiles_of_what_was_seen() -> None:
    bins = after([float(value) for value in range(16)])
    assert bins.edges == [1.875 * octile for octile in range(1, 8)]
    assert [bins.name(value) for value in (-5.0, 1.874, 1.875, 15.0, 99.0)] == [
        "g1b0",
        "g1b0",
        "g1b1",
        "g1b7",
        "g1b7",
    ]


def test_a_redrawn_bin_has_a_name_of_its_own() -> None:
    rng = random.Random(1)
    seen = [rng.uniform(0, 100) for _ in range(300)]
    names = [after(seen[:count]).name(50.0).split("b")[0] for count in (15, 16, 63, 64, 255, 256, 300)]
    assert names == ["g0", "g1", "g1", "g2", "g2", "g3", "g3"]


def test_after_the_last_generation_nothing_moves_and_nothing_is_kept() -> None:
    bins = after([float(value) for value in range(GENERATIONS[-1])])
    edges = list(bins.edges)
    for _ in range(1000):
        bins.observe(1e9)
    assert (bins.edges, bins.seen) == (edges, [])


@given(st.lists(values, max_size=400))
def test_memory_is_bounded(seen: list[float]) -> None:
    bins = after(seen)
    assert len(bins.seen) < GENERATIONS[-1]
    assert len(bins.edges) < BINS


@given(st.lists(st.floats(-1e6, 1e6), max_size=300), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_greater_value_is_never_in_a_lower_bin(seen: list[float], one: float, other: float) -> None:
    bins = after(seen)
    low, high = sorted([one, other])
    assert int(bins.name(low).split("b")[1]) <= int(bins.name(high).split("b")[1]) < BINS


@pytest.mark.parametrize("stop", [0, 10, 16, 100, 256, 280])
def test_stopped_and_restored_it_goes_on_the_same(stop: int) -> None:
    rng = random.Random(2)
    seen = [rng.expovariate(0.1) for _ in range(300)]
    restored = Bins(**json.loads(json.dumps(after(seen[:stop]).state())))
    for value in seen[stop:]:
        restored.observe(value)
    assert restored.state() == after(seen).state()
