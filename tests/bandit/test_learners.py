import subprocess
import sys
from typing import get_args

import pytest

from bandit.learners import LOGISTIC, VOWPAL, Kind, forgotten, kind_of, lacking, new_learner, restored
from bandit.logistic.learner import LogisticLearner
from bandit.sealing import UnusableSnapshot, seal, unseal
from bandit.types import Context, Example
from tests.builders import some_actions
from tests.learners import KINDS, every_kind, needs_vowpal, some_examples, taught

NAMES = get_args(Kind)
CLASSES = {LOGISTIC: "LogisticLearner", VOWPAL: "VowpalLearner"}


def test_the_one_that_is_usual_is_the_logistic_one() -> None:
    assert isinstance(new_learner(), LogisticLearner)


@every_kind
def test_each_is_had_by_its_name(kind: Kind) -> None:
    assert type(new_learner(kind)).__name__ == CLASSES[kind]
    assert type(restored(new_learner(kind).snapshot())) is type(new_learner(kind))


@pytest.mark.parametrize("used", ["bandit.learners", "app.settings", "bandit.logistic.learner"])
def test_who_does_not_use_vowpal_wabbit_does_not_load_it(used: str) -> None:
    """The names of learners load no learner, and no numpy either."""
    loaded = f"import sys, {used}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    modules = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, check=True, text=True
    ).stdout.split()
    assert "vowpal_wabbit_next" not in modules
    assert ("numpy" in modules) == (used == "bandit.logistic.learner")


@every_kind
def test_a_snapshot_of_another_learner_than_the_wanted_one_is_refused(kind: Kind) -> None:
    snapshot = new_learner(kind).snapshot()
    for wanted in set(NAMES) - {kind}:
        with pytest.raises(UnusableSnapshot, match=f"of the learner '{kind}', but '{wanted}' was asked for"):
            restored(snapshot, wanted)


@needs_vowpal
def test_a_snapshot_from_before_there_were_others_is_vowpal_wabbits() -> None:
    learner = taught(new_learner(VOWPAL), some_examples(60))
    head, body = unseal(learner.snapshot())
    del head["learner"]
    old = seal(head, body)
    assert kind_of(old) == "vowpal"
    assert restored(old, "vowpal").weights().tobytes() == learner.weights().tobytes()


def test_a_snapshot_of_a_learner_that_there_is_no_more_is_refused() -> None:
    with pytest.raises(UnusableSnapshot, match="learner 'oracle', which is not installed"):
        restored(seal({"learner": "oracle"}, b""))


@every_kind
def test_a_damaged_snapshot_is_refused_whoever_is_wanted(kind: Kind) -> None:
    snapshot = new_learner(kind).snapshot()[:-1] + b"\x00\x00"
    for wanted in (None, *NAMES):
        with pytest.raises(UnusableSnapshot, match="damaged"):
            restored(snapshot, wanted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_who_is_handed_anothers_snapshot_under_its_own_name_refuses_it(kind: Kind, other: Kind) -> None:
    head, body = unseal(new_learner(other).snapshot())
    foreign = seal({**head, "learner": kind}, body)
    if kind == other:
        assert type(restored(foreign)) is type(new_learner(kind))
    else:
        with pytest.raises(UnusableSnapshot, match="bytes is not valid"):
            restored(foreign)


def test_in_the_place_of_another_it_is_the_same_and_nothing_of_that_is_left() -> None:
    actions, contexts = some_actions(3), [Context({"country": country}) for country in ("DE", "FR")]
    snapshots = []
    for context in contexts:
        learner = new_learner()
        learner.learn(Example(context, actions, 0, 0.5, 1.0))
        snapshots.append(learner.snapshot())
    before = restored(snapshots[0])
    with pytest.raises(UnusableSnapshot):
        restored(snapshots[1][:-1], before=before)
    assert (before.weights() == restored(snapshots[0]).weights()).all()
    after = restored(snapshots[1], before=before)
    assert (after.weights() == restored(snapshots[1]).weights()).all()


# -------------------------------------------------------------------- where Vowpal Wabbit is not installed


@pytest.fixture
def no_vowpal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Vowpal Wabbit be missing, also where it is installed."""
    monkeypatch.setitem(sys.modules, "vowpal_wabbit_next", None)


@pytest.mark.usefixtures("no_vowpal")
def test_a_learner_that_is_not_installed_is_told_with_the_reason_and_the_remedy() -> None:
    reason = lacking(VOWPAL)
    assert reason is not None
    assert reason.startswith("needs the package vowpal-wabbit-next, which is not installed: it exists for CPython")
    assert f" and this is CPython {sys.version.split()[0]} on " in reason
    assert reason.endswith("; use 'logistic', or run Keyart by one of those")
    assert lacking(LOGISTIC) is None


@needs_vowpal
def test_a_learner_that_is_installed_lacks_nothing() -> None:
    assert lacking(VOWPAL) is None


@pytest.mark.usefixtures("no_vowpal")
def test_a_snapshot_of_a_learner_that_is_not_installed_is_refused_and_still_forgets() -> None:
    """What is erased from it is its words, which are kept beside the weights."""
    heard = [["country", "Ruritania"], 1, [5], 0, []]
    vocabulary = {"words": {}, "numbers": {}, "hearsay": [7, [heard]]}
    snapshot = seal({"learner": VOWPAL, "arguments": "", "vocabulary": vocabulary}, b"weights")
    with pytest.raises(UnusableSnapshot, match="of the learner 'vowpal', which needs the package"):
        restored(snapshot)
    assert unseal(forgotten(snapshot, [6])) == unseal(snapshot)
    head, body = unseal(forgotten(snapshot, [6, 5]))
    assert (head["vocabulary"]["hearsay"], body) == ([7, []], b"weights")


@pytest.mark.usefixtures("no_vowpal")
def test_a_snapshot_that_can_not_be_read_is_refused_where_it_is_to_forget() -> None:
    with pytest.raises(UnusableSnapshot, match="bytes is not valid"):
        forgotten(seal({"learner": VOWPAL}, b""), [5])
