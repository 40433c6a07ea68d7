"""What `keyart audience` counts, and says of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.api.settings_in_force import settings_in_force
from app.audience.agreement import differences
from app.audience.preconditions import refusal
from app.audience.scores import GROUPS, Scores, Seen
from app.audience.world import World
from app.commands import audience_chart
from app.settings import Settings
from tests.audience.made_up import counted, played, some_titles

WORLD = World(some_titles())


def test_an_interval_takes_viewers_and_not_exposures_to_be_independent() -> None:
    """Of two groups with the same rate the one in which each viewer does always the same tells less."""
    alike = counted(*[(n // 10, "uniform", float(n // 10 % 2)) for n in range(1000)])
    mixed = counted(*[(n // 10, "uniform", float(n % 2)) for n in range(1000)])
    rate, other = (each.rate(each.of("uniform"), each.clicked) for each in (alike, mixed))

    assert rate.value == other.value == 0.5
    assert rate.high - rate.low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 99), rel=0.01)
    assert other.high - other.low < 0.01


def test_an_interval_holds_the_true_rate_about_nineteen_times_in_twenty() -> None:
    dice, held = np.random.default_rng(5), 0
    for _ in range(400):
        likes = dice.beta(2, 6, 120)
        exposures = [(v, "uniform", float(dice.random() < likes[v])) for v in range(120) for _ in range(8)]
        found = counted(*exposures)
        rate = found.rate(found.of("uniform"), found.clicked)
        held += rate.low <= 0.25 <= rate.high
    assert 0.91 <= held / 400 <= 0.98


def test_the_way_goes_from_the_best_single_picture_to_the_best_possible() -> None:
    """Over the last half alone."""
    before = [(n, "personalized", 0.0) for n in range(400)]
    for share, way in ((0.2, 0.0), (0.3, 0.5), (0.4, 1.0)):
        after = [(n, "personalized", float(n % 10 < 10 * share)) for n in range(400)]
        found = counted(*before, *after).way()
        assert found
        assert found.value == pytest.approx(way)
        assert found.low < found.value < found.high


def test_rules_that_choose_end_where_they_are_said_to() -> None:
    for rule, end in (("single", 0.0), ("best", 1.0)):
        found = played(WORLD, 15_000, rule).way()
        assert found
        assert found.low - 0.1 <= end <= found.high + 0.1
        assert found.high - found.low < 0.4
    by_chance = played(WORLD, 10_000, "uniform")
    chance = by_chance.way()
    assert chance
    assert chance.high < -0.5
    assert "The service needs more steps" in audience_chart.sentences(by_chance, "click")[1]


def test_the_lift_allows_for_who_is_in_which_group() -> None:
    scores = Scores()
    for n in range(4000):
        lively = n % 2 == 0  # the control's viewers would click twice as much at anything
        rate = 0.6 if lively else 0.36
        base = 0.6 if lively else 0.3
        group = "best_single" if lively else "personalized"
        clicked = n // 2 % 100 < 100 * rate
        scores.add(Seen(n // 4, GROUPS.index(group), clicked, False, float(clicked), base, base))
    allowed, plain = scores.frozen().lift(), scores.frozen().lift(allowing=False)
    assert allowed
    assert plain
    assert allowed.value == pytest.approx(0.2)
    assert plain.value == pytest.approx(-0.4)
    assert allowed.low < allowed.value < allowed.high


def test_what_differs_from_the_report_is_named() -> None:
    here = counted((1, "uniform", 1.0), (2, "uniform", 0.0))
    before = {group: {"exposures": 5, "clicks": 1, "reward": 1.0} for group in GROUPS}
    after = {**before, "uniform": {"exposures": 7, "clicks": 2, "reward": 2.0}}
    assert differences(before, after, here) == []

    after["uniform"] = {"exposures": 8, "clicks": 2, "reward": 2.0}
    after["default"] = {"exposures": 5, "clicks": 2, "reward": 1.0}
    assert differences(before, after, here) == [
        "uniform: exposures 3 in the report, 2 counted here",
        "default: clicks 1 in the report, 0 counted here",
    ]


# ---------------------------------------------------------------- what nothing can be learned under


def refused(*, steps: int = 50_000, asked: str | None = None, **settings: object) -> str | None:
    rules = dict(settings_in_force(Settings.model_validate({"preset": "demo", **settings})))
    return refusal(rules, WORLD, steps=steps, reward=asked)


def test_a_service_that_leaves_most_to_chance_is_refused() -> None:
    assert refused(exploration_floor=0.5) is None
    assert "KEYART_EXPLORATION_FLOOR=0.6" in (refused(exploration_floor=0.6) or "")


def test_the_demo_preset_is_fit_for_a_run() -> None:
    assert refused() is None
    assert refused(asked="click") is None
    assert refused(steps=2000) is None


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"serve": "default"}, "KEYART_SERVE=default"),
        ({"best_single_share": 0}, "KEYART_BEST_SINGLE_SHARE=0"),
        ({"best_single_share": 0.5, "uniform_share": 0.5}, "nobody is personalized"),
        ({"hold_seconds": 86_400}, "KEYART_HOLD_SECONDS=86400"),
        ({"reward_window_seconds": 600}, "KEYART_REWARD_WINDOW_SECONDS=600"),
        ({"learn_cap": 10}, "KEYART_LEARN_CAP=10"),
        ({"stranger_cap": 300}, "KEYART_STRANGER_CAP=300"),
        ({"reward": "play"}, "give --reward play, or start the service with KEYART_REWARD=click"),
    ],
)
def test_settings_under_which_nothing_could_be_learned_are_refused(settings: dict[str, Any], named: str) -> None:
    sentence = refused(asked="click", **settings)
    assert sentence
    assert named in sentence
    assert sentence.endswith(".")


def test_the_defaults_are_refused_and_a_cap_above_the_visits_is_not() -> None:
    assert refused(preset="")
    assert refused(learn_cap=60) is None
    assert refused(learn_cap=60, steps=500_000)
    assert "--steps 600000 or more" in str(refused(reward_window_seconds=600))
    assert refused(reward_window_seconds=600, steps=600_000) is None


def test_the_rates_of_the_last_exposures_can_be_read_while_one_is_added() -> None:
    scores, read = Scores(), []
    for clicked in (True, False):
        scores.add(Seen(0, 0, clicked=clicked, left=False, reward=0.0, best=0.0, single=0.0))

    def watched() -> Iterator[float]:
        for value in Seen(0, 0, clicked=True, left=False, reward=0.0, best=0.0, single=0.0):
            read.append(scores.moving(10))
            yield value

    scores.add(watched())  # type: ignore[arg-type] # what a thread that reads sees between two columns
    assert read == [{GROUPS[0]: 0.5}] * len(Seen._fields)
