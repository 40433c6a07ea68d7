from pathlib import Path

import pytest

from app.evaluation.candidates import Learned, UnusablePolicyError
from app.evaluation.own_policy import OwnPolicy
from app.evaluation.policy_names import candidate
from bandit.logistic.learner import LogisticLearner
from bandit.logistic.prior import Tuning

FLOOR = 0.02
OWN = """
class First:
    def probabilities(self, context, actions):
        return [1.0] + [0.0] * (len(actions) - 1)

class Silent:
    pass

class Broken:
    def __init__(self):
        raise RuntimeError("no")
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    return path


@pytest.mark.parametrize("name", ["default", "uniform", "best_single", "logistic"])
def test_a_kind_is_a_name(name: str) -> None:
    assert candidate(name, FLOOR).name == name


def test_options_change_tuning_floor_and_features() -> None:
    found = candidate("logistic,spread=0.3,most_known=10,floor=0.1,without=country,without=taste", FLOOR)
    assert isinstance(found, Learned)
    assert isinstance(found.policy, LogisticLearner)
    assert found.policy.tuning == Tuning(0.3, 10)
    assert (found.floor, sorted(found.without)) == (0.1, ["country", "taste"])


def test_a_class_of_ones_own_is_loaded_from_its_file(own: Path) -> None:
    found = candidate(f"{own}:First,floor=0.5", FLOOR)
    assert isinstance(found, Learned)
    assert isinstance(found.policy, OwnPolicy)
    assert type(found.policy.policy).__name__ == "First"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("bayes", "There is no policy 'bayes'; name default, uniform"),
        ("mine.txt:First", "There is no policy 'mine.txt:First'"),
        ("none.py:First", "There is no file none.py; name the file of the class"),
        ("uniform,floor=0.1", "uniform,floor=0.1 has the option 'floor'; it takes no options."),
        ("default,without=country", "has the option 'without'; it takes no options."),
        ("logistic,depth=3", "has the option 'depth'; it takes floor, spread, most_known, without."),
        ("logistic,spread", "has the option 'spread'; write it as NAME=VALUE."),
        ("logistic,spread=much", "has spread=much, which is not a number."),
        ("logistic,spread=-1", "logistic,spread=-1 is not valid. A tuning's spread is a finite number above 0"),
        ("logistic,floor=0", "has a floor of 0; give one above 0, and at most 1."),
        ("logistic,floor=nan", "has floor=nan, which is not a number."),
    ],
)
def test_a_name_that_is_not_valid_is_refused_with_a_remedy(name: str, sentence: str) -> None:
    with pytest.raises(UnusablePolicyError) as refusal:
        candidate(name, FLOOR)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("class_name", "sentence"),
    [
        ("Missing", "is not usable: KeyError: 'Missing'"),
        ("Broken", "is not usable: RuntimeError: no"),
        ("Silent", "has no method probabilities(context, actions); write one."),
    ],
)
def test_a_class_that_is_not_usable_is_refused(own: Path, class_name: str, sentence: str) -> None:
    with pytest.raises(UnusablePolicyError) as refusal:
        candidate(f"{own}:{class_name}", FLOOR)
    assert sentence in str(refusal.value)
