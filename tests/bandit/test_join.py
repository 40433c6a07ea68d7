import random
import tracemalloc
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from bandit.join import CLICK, IDLE, IMPRESSION, PLAY, Closed, Joiner


def opened(*windows: tuple[int, int, int]) -> Joiner:
    """Return a joiner with windows of (position, stamp, length)."""
    joiner = Joiner()
    for position, stamp, length in windows:
        joiner.open(position, position, stamp, length)
    return joiner


def test_a_window_closes_at_its_deadline_and_not_before() -> None:
    joiner = opened((1, 100, 50))
    assert list(joiner.close(149)) == []
    assert list(joiner.close(150)) == [Closed(1, 1, 150, 0.0, 0)]
    assert list(joiner.close(151)) == []
    assert len(joiner) == 0


def test_windows_of_different_lengths_close_by_deadline_and_then_by_position() -> None:
    joiner = opened((1, 0, 300), (2, 0, 100), (3, 100, 200), (4, 200, 100), (5, 250, 10))
    assert [closed.opened for closed in joiner.close(1000)] == [2, 5, 1, 3, 4]


def test_a_window_earns_the_greatest_reward_it_was_credited_with() -> None:
    joiner = opened((1, 0, 100))
    assert joiner.credit(1, 0.2, CLICK) == 0.2
    assert joiner.credit(1, 0.1, IMPRESSION) == 0.0
    assert joiner.credit(1, 0.85, PLAY) == 0.85 - 0.2  # which 0.2 and the gain do not add up to
    [closed] = joiner.close(100)
    assert (closed.reward, closed.happened) == (0.85, IMPRESSION | CLICK | PLAY)


@given(st.lists(st.floats(0, 1), min_size=1))
def test_the_reward_is_exactly_one_that_was_given(rewards: list[float]) -> None:
    joiner = opened((1, 0, 100))
    for reward in rewards:
        joiner.credit(1, reward, CLICK)
    [closed] = joiner.close(100)
    assert closed.reward == max(rewards)


def test_credit_for_a_window_that_closed_or_never_opened_is_late() -> None:
    joiner = opened((1, 0, 100), (3, 50, 100))
    list(joiner.close(100))
    assert joiner.credit(1, 1.0, CLICK) is None
    assert joiner.credit(2, 1.0, CLICK) is None
    assert joiner.credit(3, 1.0, CLICK) == 1.0


def test_a_void_closes_without_a_word_and_takes_no_credit() -> None:
    joiner = opened((1, 0, 100), (2, 0, 100))
    joiner.void(1)
    joiner.void(99)
    assert joiner.credit(1, 1.0, CLICK) is None
    assert (joiner.decision_of(1), joiner.decision_of(2)) == (None, 2)
    assert [closed.opened for closed in joiner.close(100)] == [2]


def test_an_exposure_names_the_decision_that_it_shows() -> None:
    joiner = Joiner()
    joiner.open(7, 3, 0, 100)
    assert joiner.decision_of(7) == 3
    assert joiner.decision_of(3) is None
    [closed] = joiner.close(100)
    assert (closed.opened, closed.decision) == (7, 3)


def test_the_oldest_is_what_opened_first_of_what_is_open_in_any_lane() -> None:
    joiner = opened((1, 0, 10), (2, 0, 500), (3, 5, 10))
    assert joiner.oldest() == 1
    list(joiner.close(10))
    assert joiner.oldest() == 2
    list(joiner.close(500))
    assert joiner.oldest() is None


# -------------------------------------------------------------------- against a naive joiner


@dataclass
class Naive:
    windows: dict[int, list[float]] = field(default_factory=dict)  # opened: decision, deadline, reward, happened

    def open(self, position: int, decision: int, stamp: int, window: int) -> None:
        self.windows[position] = [decision, stamp + window, 0.0, 0]

    def credit(self, position: int, reward: float, happened: int) -> float | None:
        window = self.windows.get(position)
        if window is None or window[0] < 0:
            return None
        gain = max(0.0, reward - window[2])
        window[2:] = max(window[2], reward), int(window[3]) | happened
        return gain

    def void(self, position: int) -> None:
        if position in self.windows:
            self.windows[position][0] = -1

    def close(self, now: int) -> list[Closed]:
        due = sorted((w[1], opened) for opened, w in self.windows.items() if w[1] <= now)
        gone = [(opened, self.windows.pop(opened)) for _, opened in due]
        return [Closed(o, int(w[0]), int(w[1]), w[2], int(w[3])) for o, w in gone if w[0] >= 0]

    def oldest(self) -> int | None:
        return min(self.windows, default=None)


steps = st.lists(
    st.tuples(
        st.sampled_from(["open", "open", "credit", "credit", "close", "void"]),
        st.integers(0, 60),
        st.sampled_from([0, 30, 100, 250]),
        st.floats(0, 1),
        st.sampled_from([IMPRESSION, CLICK, PLAY]),
    ),
    max_size=120,
)


@given(steps)
def test_whatever_happens_it_agrees_with_a_naive_joiner(
    happenings: list[tuple[str, int, int, float, int]],
) -> None:
    _compare(happenings)


def test_it_still_agrees_when_closed_windows_are_given_back() -> None:
    rng = random.Random(3)
    kinds = ["open"] * 12 + ["credit"] * 4 + ["close"] * 2 + ["void"]
    happenings = [
        (rng.choice(kinds), rng.randrange(3), rng.choice([2000, 4000]), rng.random(), CLICK)
        for _ in range(8 * IDLE)
    ]
    assert _compare(happenings) > 3 * IDLE, "too few closed to come to what this is about"


def _compare(happenings: list[tuple[str, int, int, float, int]]) -> int:
    joiner, naive, now, closed = Joiner(), Naive(), 0, 0
    for position, (kind, number, window, reward, happened) in enumerate(happenings, 1):
        now += number
        one_before = max(1, position - 1 - number * 20)
        match kind:
            case "open":
                joiner.open(position, position, now, window)
                naive.open(position, position, now, window)
            case "credit":
                assert joiner.credit(one_before, reward, happened) == naive.credit(one_before, reward, happened)
            case "void":
                joiner.void(one_before)
                naive.void(one_before)
            case "close":
                expected = naive.close(now)
                assert list(joiner.close(now)) == expected
                closed += len(expected)
        assert len(joiner) == len(naive.windows)
        if kind == "close":
            assert joiner.oldest() == naive.oldest()
    assert list(joiner.close(10**9)) == naive.close(10**9)
    return closed


def test_an_open_window_takes_at_most_64_bytes() -> None:
    """Measured while windows come and go, so that what is kept of closed ones counts too."""
    tracemalloc.start()
    try:
        joiner, before = Joiner(), tracemalloc.get_traced_memory()[0]
        most = 0.0
        for position in range(60_000):
            joiner.open(position, position, position, 20_000)
            for _ in joiner.close(position):
                pass
            if len(joiner) >= 10_000 and position % 50 == 0:
                most = max(most, (tracemalloc.get_traced_memory()[0] - before) / len(joiner))
    finally:
        tracemalloc.stop()
    assert 33 <= most <= 64
