import random
import tracemalloc
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from bandit.windows import CLICK, IDLE, IMPRESSION, PLAY, Closed, Windows


def opened(*each: tuple[int, int, int]) -> Windows:
    """Return windows of (position, stamp, length)."""
    windows = Windows()
    for position, stamp, length in each:
        windows.open(position, position, stamp, length)
    return windows


def test_a_window_closes_at_its_deadline_and_not_before() -> None:
    windows = opened((1, 100, 50))
    assert list(windows.close(149)) == []
    assert list(windows.close(150)) == [Closed(1, 1, 150, 0.0, 0)]
    assert list(windows.close(151)) == []
    assert len(windows) == 0


def test_windows_of_different_lengths_close_by_deadline_and_then_by_position() -> None:
    windows = opened((1, 0, 300), (2, 0, 100), (3, 100, 200), (4, 200, 100), (5, 250, 10))
    assert [closed.opened for closed in windows.close(1000)] == [2, 5, 1, 3, 4]


def test_a_window_earns_the_greatest_reward_it_was_credited_with() -> None:
    windows = opened((1, 0, 100))
    assert windows.credit(1, 0.2, CLICK) == 0.2
    assert windows.credit(1, 0.1, IMPRESSION) == 0.0
    assert windows.credit(1, 0.85, PLAY) == 0.85 - 0.2  # which 0.2 and the gain do not add up to
    [closed] = windows.close(100)
    assert (closed.reward, closed.happened) == (0.85, IMPRESSION | CLICK | PLAY)


@given(st.lists(st.floats(0, 1), min_size=1))
def test_the_reward_is_exactly_one_that_was_given(rewards: list[float]) -> None:
    windows = opened((1, 0, 100))
    for reward in rewards:
        windows.credit(1, reward, CLICK)
    [closed] = windows.close(100)
    assert closed.reward == max(rewards)


def test_credit_for_a_window_that_closed_or_never_opened_is_late() -> None:
    windows = opened((1, 0, 100), (3, 50, 100))
    list(windows.close(100))
    assert windows.credit(1, 1.0, CLICK) is None
    assert windows.credit(2, 1.0, CLICK) is None
    assert windows.credit(3, 1.0, CLICK) == 1.0


def test_a_void_closes_without_a_word_and_takes_no_credit() -> None:
    windows = opened((1, 0, 100), (2, 0, 100))
    windows.void(1)
    windows.void(99)
    assert windows.credit(1, 1.0, CLICK) is None
    assert [closed.opened for closed in windows.close(100)] == [2]


def test_an_exposure_names_the_decision_that_it_shows() -> None:
    windows = Windows()
    windows.open(7, 3, 0, 100)
    [closed] = windows.close(100)
    assert (closed.opened, closed.decision) == (7, 3)


def test_the_oldest_is_what_opened_first_of_what_is_open_in_any_lane() -> None:
    windows = opened((1, 0, 10), (2, 0, 500), (3, 5, 10))
    assert windows.oldest() == 1
    list(windows.close(10))
    assert windows.oldest() == 2
    list(windows.close(500))
    assert windows.oldest() is None


# -------------------------------------------------------------------- against naive windows


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
def test_whatever_happens_it_agrees_with_naive_windows(
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
    windows, naive, now, closed = Windows(), Naive(), 0, 0
    for position, (kind, number, window, reward, happened) in enumerate(happenings, 1):
        now += number
        one_before = max(1, position - 1 - number * 20)
        match kind:
            case "open":
                windows.open(position, position, now, window)
                naive.open(position, position, now, window)
            case "credit":
                assert windows.credit(one_before, reward, happened) == naive.credit(one_before, reward, happened)
            case "void":
                windows.void(one_before)
                naive.void(one_before)
            case "close":
                expected = naive.close(now)
                assert list(windows.close(now)) == expected
                closed += len(expected)
        assert len(windows) == len(naive.windows)
        if kind == "close":
            assert windows.oldest() == naive.oldest()
    assert list(windows.close(10**9)) == naive.close(10**9)
    return closed


def test_an_open_window_takes_at_most_64_bytes() -> None:
    """Measured while windows come and go, so that what is kept of closed ones counts too."""
    tracemalloc.start()
    try:
        windows, before = Windows(), tracemalloc.get_traced_memory()[0]
        most = 0.0
        for position in range(60_000):
            windows.open(position, position, position, 20_000)
            for _ in windows.close(position):
                pass
            if len(windows) >= 10_000 and position % 50 == 0:
                most = max(most, (tracemalloc.get_traced_memory()[0] - before) / len(windows))
    finally:
        tracemalloc.stop()
    assert 33 <= most <= 64
