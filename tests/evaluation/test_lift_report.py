"""Experiments as answers have them, and what they say."""

from dataclasses import replace

import pytest

from app.evaluation.lift_report import report_of, telling
from app.store.protocol import OVER, Entered, Experiment, Measure
from bandit.terms import Terms

SHARES = {"personalized": 0.93, "best_single": 0.05, "uniform": 0.02, "default": 0.0}
TERMS = Terms(SHARES, 7 * 86_400_000, 20, 28 * 86_400_000)
BEGAN = 1_790_000_000_000


def entered(profiles: int, rewarded: int, *, reported: int | None = None, watched: int = 60) -> Entered:
    """Return profiles of which some have one click and one play; those watch so many seconds."""
    return Entered(
        profiles,
        profiles if reported is None else reported,
        Measure(rewarded, 1000 * rewarded, 1_000_000 * rewarded),
        Measure(rewarded, rewarded, rewarded),
        Measure(rewarded, rewarded, rewarded),
        Measure(rewarded, watched * rewarded, watched * watched * rewarded),
    )


def an_experiment(personalized: int, best_single: int, uniform: int = 50, *, viewers: int = 20_000) -> Experiment:
    """Return an experiment with so many rewarded profiles in its groups."""
    rewarded = {"personalized": personalized, "best_single": best_single, "uniform": uniform}
    rows = {(OVER, group): entered(round(viewers * SHARES[group]), number) for group, number in rewarded.items()}
    return Experiment(17, BEGAN, TERMS, rows=rows)


def said(experiment: Experiment) -> str:
    return report_of(experiment)["says"].replace("\N{NO-BREAK SPACE}", " ")


def test_an_interval_beyond_zero_pays() -> None:
    experiment = an_experiment(personalized=5_580, best_single=200)
    assert said(experiment).startswith(
        "Keyart pays. 20,000 viewers have ended their first 7 days. Those with their own pictures earn 50.0 % "
        "more than those of the best single picture: +100.0 rewards for each 1,000 viewers, and +"
    )
    found = report_of(experiment)["lift"]
    assert found
    assert (found["over"], found["difference"], found["ratio"], found["more"]) == ("best_single", 0.1, 0.5, 0)
    low, high = found["interval"]
    assert low
    assert high
    assert 0 < low < 0.1 < high


def test_the_canary_is_compared_with_the_personalized_profiles() -> None:
    without = an_experiment(personalized=3_720, best_single=200)
    assert report_of(without)["canary"] is None
    shares = {**SHARES, "personalized": 0.73, "canary": 0.2}
    rows = {
        (OVER, "personalized"): entered(14_600, 2_920),
        (OVER, "canary"): entered(4_000, 1_200),
        (OVER, "best_single"): entered(1_000, 200),
        (OVER, "uniform"): entered(400, 50),
    }
    found = report_of(Experiment(17, BEGAN, replace(TERMS, shares=shares), rows=rows))
    assert found["warning"] == ""
    assert found["groups"]["canary"]["profiles"] == 4_000
    canary = found["canary"]
    assert canary
    assert (canary["canary"], canary["personalized"], canary["difference"]) == (0.3, 0.2, 0.1)
    low, high = canary["interval"]
    assert low
    assert high
    assert 0 < low < 0.1 < high


def test_an_interval_below_zero_costs_rewards() -> None:
    sentence = said(an_experiment(personalized=1_860, best_single=400))
    assert sentence.startswith("Keyart costs rewards. 20,000 viewers")
    assert "earn 75.0 % less than" in sentence
    assert "\N{MINUS SIGN}300.0 rewards for each 1,000 viewers" in sentence


def test_an_interval_with_zero_is_not_known_yet_and_says_what_decides() -> None:
    experiment = an_experiment(personalized=2_046, best_single=100)
    sentence = said(experiment)
    assert sentence.startswith("It is not known yet whether Keyart pays.")
    found = report_of(experiment)["lift"]
    assert found
    assert found["more"]
    told = round(found["more"], 2 - len(str(found["more"])))
    assert f"about {told:,} more viewers decide it." in sentence


@pytest.mark.parametrize(
    ("experiment", "words"),
    [
        (an_experiment(0, 0, 0, viewers=0), "No viewer's first 7 days are over yet."),
        (an_experiment(2_000, 0), "20,000 viewers are counted, and none of one group has earned a reward."),
        (an_experiment(2_000, 50), "20,000 viewers are counted; at this rate, about 10,000 more are needed."),
    ],
)
def test_nothing_is_said_too_early(experiment: Experiment, words: str) -> None:
    sentence = said(experiment)
    assert words in sentence
    assert sentence.endswith(
        "Nothing is said before 100 viewers, 75 of them with a reward, are counted in each of the two groups."
    )
    assert report_of(experiment)["lift"] is None


def test_without_a_control_nothing_is_compared() -> None:
    experiment = an_experiment(2_000, 0)
    experiment.terms = replace(TERMS, shares={"personalized": 1.0, "best_single": 0.0})
    experiment.rows.pop((OVER, "best_single"))
    assert "KEYART_BEST_SINGLE_SHARE" in said(experiment)
    experiment.terms = replace(TERMS, shares={"personalized": 0.0, "best_single": 1.0})
    assert "the group personalized has no share" in said(experiment)


def test_other_controls_are_secondary_and_their_intervals_wider() -> None:
    report = report_of(an_experiment(5_580, 200, 90))
    [uniform] = report["secondary"]
    assert (uniform["over"], uniform["measure"], uniform["confidence"]) == ("uniform", "reward", 0.975)
    assert [(each["measure"], each["over"]) for each in report["guardrails"]] == [
        ("clicks", "best_single"),
        ("plays", "best_single"),
        ("seconds", "best_single"),
    ]
    primary, clicks = report["lift"], report["guardrails"][0]
    assert primary
    assert clicks["difference"] == primary["difference"]
    (wide, _), (narrow, _) = clicks["interval"], primary["interval"]
    assert wide
    assert narrow
    assert wide < narrow, "it is one of three"


def test_a_guardrail_that_falls_is_said() -> None:
    experiment = an_experiment(5_580, 200)
    experiment.rows[OVER, "best_single"] = entered(1_000, 200, watched=1_800)
    assert said(experiment).endswith("But they watch less.")


def test_missing_viewers_are_a_warning() -> None:
    experiment = an_experiment(2_000, 100)
    assert report_of(experiment)["warning"] == ""
    experiment.rows[OVER, "best_single"] = entered(800, 100)
    report = report_of(experiment)
    assert report["sample_ratio"]["entered"] < 0.01
    assert report["warning"].startswith("Do not trust the lift: the numbers of viewers in the groups contradict")
    assert "(p < 0.0001)" in report["warning"]
    assert report["says"] == "Nothing can be concluded as long as the warning is there."


def test_missing_impressions_of_one_group_are_a_warning() -> None:
    experiment = an_experiment(2_000, 100)
    experiment.rows[OVER, "best_single"] = entered(1_000, 100, reported=800)
    assert "who sent an impression contradict the shares" in report_of(experiment)["warning"]


def test_a_client_that_sends_no_impressions_is_no_warning() -> None:
    experiment = an_experiment(2_000, 100)
    for row in experiment.rows.values():
        row.reported = 0
    assert report_of(experiment)["warning"] == ""


def test_open_windows_are_told_apart() -> None:
    experiment = an_experiment(2_000, 100)
    experiment.rows[3, "personalized"] = entered(500, 40)
    group = report_of(experiment)["groups"]["personalized"]
    assert (group["profiles"], group["open"], group["reported"], group["rewarded"]) == (18_600, 500, 19_100, 2_000)
    assert group["reward"] == group["clicks"] == round(2_000 / 18_600, 6)
    assert report_of(experiment)["groups"]["default"]["reward"] is None


def test_the_latest_experiment_that_tells_something_is_shown() -> None:
    early, known = report_of(an_experiment(20, 1)), report_of(an_experiment(2_000, 100))
    assert telling([early, known]) == known
    assert telling([known, early]) == known
    assert telling([early, early, known]) == early, "it is too long ago"
    assert telling([]) is None
