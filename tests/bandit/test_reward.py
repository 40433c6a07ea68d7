import pytest

from bandit.reward import CLICK_BEFORE_PLAY, RewardRules

CLICKS, PLAYS = RewardRules(1000), RewardRules(1000, reward="play", play_seconds=200.0)


def test_where_clicks_count_a_click_earns_all_and_a_play_implies_it() -> None:
    assert CLICKS.of_click() == CLICKS.of_play(0.0) == CLICKS.of_play(9e9) == 1.0


def test_where_plays_count_a_click_alone_earns_little() -> None:
    assert PLAYS.of_click() == CLICK_BEFORE_PLAY == 0.2


@pytest.mark.parametrize(
    ("seconds", "reward"), [(0, 0.2), (10, 0.2), (40, 0.2), (100, 0.5), (200, 1.0), (201, 1.0), (1e9, 1.0)]
)
def test_where_plays_count_watching_earns_more_up_to_all(seconds: float, reward: float) -> None:
    assert PLAYS.of_play(seconds) == reward
