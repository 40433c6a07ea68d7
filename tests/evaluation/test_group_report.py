"""How the groups stand, and what the lift is worth, in a sentence."""

from app.evaluation.group_report import WORTH, group_report_of
from bandit.tally import Tally

SHARE = 0.05


def said(**clicks: tuple[int, int]) -> str:
    """Return the sentence for groups with these clicks of these exposures."""
    tallies = {group: Tally(shown, number, 0, float(number)) for group, (number, shown) in clicks.items()}
    return group_report_of(tallies, SHARE)["says"].replace("\N{NO-BREAK SPACE}", " ")


def test_an_interval_beyond_zero_pays() -> None:
    sentence = said(personalized=(2000, 10_000), best_single=(1500, 10_000))
    assert sentence.startswith("Keyart pays. Viewers with their own pictures click 33.3 % more often")
    assert "+25.4 % to +41.7 % fits the data" in sentence


def test_an_interval_below_zero_costs_clicks() -> None:
    sentence = said(personalized=(1500, 10_000), best_single=(2000, 10_000))
    assert sentence.startswith("Keyart costs clicks. Viewers with their own pictures click 25.0 % less often")


def test_an_interval_with_zero_is_not_known_yet() -> None:
    sentence = said(personalized=(20, 100), best_single=(15, 100))
    assert sentence.startswith("It is not known yet whether Keyart pays.")
    assert "−" in sentence


def test_a_lift_says_what_it_is_worth() -> None:
    tallies = {group: Tally(100, 20, 0, 20.0) for group in ("personalized", "best_single")}
    assert group_report_of(tallies, SHARE)["worth"] == WORTH
    assert group_report_of({}, SHARE)["worth"] == ""


def test_without_a_lift_the_reason_is_said() -> None:
    assert "no click of personalized and best_single is counted" in said()
    assert "no click of best_single is counted" in said(personalized=(5, 10), best_single=(0, 10))
    assert "KEYART_BEST_SINGLE_SHARE" in group_report_of({}, 0)["says"]


def test_every_group_is_there() -> None:
    groups = group_report_of({"uniform": Tally(4, 1, 0, 1.0)}, SHARE)["groups"]
    assert groups["uniform"]["click_rate"] == 0.25
    assert groups["personalized"]["interval"] is None
    assert {"best_single", "default", "pinned", "anonymous", "bot"} <= groups.keys()
