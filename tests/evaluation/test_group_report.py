"""How the groups stand."""

from app.evaluation.group_report import group_report_of
from app.evaluation.lift_report import report_of
from app.evaluation.lift_sentences import NO_EXPERIMENT, WORTH
from bandit.tally import Tally
from tests.evaluation.test_lift_report import an_experiment


def test_the_report_has_the_lift_of_the_experiment_and_its_worth() -> None:
    experiment = report_of(an_experiment(personalized=2_000, best_single=100))
    report = group_report_of({}, experiment)
    found = (report["lift"], report["says"], report["experiment"])
    assert found == (experiment["lift"], experiment["says"], experiment)
    assert report["lift"]
    assert report["worth"] == WORTH


def test_without_an_experiment_the_reason_is_said() -> None:
    report = group_report_of({}, None)
    assert (report["lift"], report["says"], report["worth"]) == (None, NO_EXPERIMENT, "")


def test_every_group_is_there() -> None:
    groups = group_report_of({"uniform": Tally(4, 1, 0, 1.0)}, None)["groups"]
    assert groups["uniform"]["click_rate"] == 0.25
    assert groups["personalized"]["interval"] is None
    assert {"best_single", "default", "pinned", "anonymous", "bot"} <= groups.keys()
