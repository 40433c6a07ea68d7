from app.serving.allowance import BURST_SECONDS, Allowance


class Passing:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_what_is_allowed_is_used_up_comes_back_evenly_and_is_saved_up_for_a_while() -> None:
    passing = Passing()
    allowance = Allowance(5, passing)
    assert allowance.take(30) == 30
    assert allowance.take(30) == 5 * BURST_SECONDS - 30
    assert allowance.take(1) == 0
    passing.seconds += 1.3
    assert allowance.take(10) == 6
    passing.seconds += 0.2
    assert allowance.take(10) == 1
    passing.seconds += 3600
    assert allowance.take(1000) == 5 * BURST_SECONDS
