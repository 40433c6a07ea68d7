"""The contract that `keyart learners check` runs, on Keyart's learners, on the example, and on broken ones."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.evaluation.learner_checks import CHECKS, Subject, breaches, fingerprint, made_up, subject_of
from bandit.learners import EMPTIED, Kind, forgotten, kind_of, lacking, new_learner, restored, tuning_of
from bandit.own import entry_points
from bandit.own.answers import distribution
from bandit.own.learner import OwnLearner
from bandit.policy import FailedExample, FaultyLearnerError
from bandit.sealing import UnusableSnapshot, seal
from bandit.types import Action, Context, Example
from tests.learners import every_kind

EXAMPLE = str(Path(__file__).parents[2] / "docs/examples/own-learner/mean_rewards.py") + ":MeanRewards"
INFO = "[keyart.learners]\n{}\n"


class Whole:
    """A learner that keeps every rule: the mean reward of each action."""

    def __init__(self, start: float = 1.0) -> None:
        self.start, self.sums = start, dict[str, float]()

    def probabilities(self, context: Context, actions: Sequence[Action]) -> Any:
        sums = [self.start + self.sums.get(action.id, 0.0) for action in actions]
        return [each / sum(sums) for each in sums]

    def learn(self, example: Example) -> Any:
        id_ = example.actions[example.chosen].id
        self.sums[id_] = self.sums.get(id_, 0.0) + example.reward

    def snapshot(self) -> Any:
        return json.dumps([self.start, self.sums], sort_keys=True).encode()

    @classmethod
    def restore(cls, snapshot: bytes) -> "Whole":
        learner = cls()
        learner.start, learner.sums = json.loads(snapshot)
        return learner


class Short(Whole):
    def probabilities(self, context: Context, actions: Sequence[Action]) -> Any:
        return [1.0]


class Infinite(Whole):
    def probabilities(self, context: Context, actions: Sequence[Action]) -> Any:
        return [float("nan") for _ in actions]


class FirstPlace(Whole):
    def probabilities(self, context: Context, actions: Sequence[Action]) -> Any:
        return [1.0, *[0.0] * (len(actions) - 1)]


class ByChance(Whole):
    def probabilities(self, context: Context, actions: Sequence[Action]) -> Any:
        each = [random.random() for _ in actions]
        return [p / sum(each) for p in each]


class CountsLooks(Whole):
    def probabilities(self, context: Context, actions: Sequence[Action]) -> Any:
        self.sums["looks"] = self.sums.get("looks", 0.0) + 1
        return super().probabilities(context, actions)


class Forgetful(Whole):
    """Its snapshot lacks what it learned last."""

    def __init__(self, start: float = 1.0) -> None:
        super().__init__(start)
        self.last = 0.0

    def probabilities(self, context: Context, actions: Sequence[Action]) -> Any:
        sums = [1.0 + (n == 0) * self.last + self.sums.get(action.id, 0.0) for n, action in enumerate(actions)]
        return [each / sum(sums) for each in sums]

    def learn(self, example: Example) -> None:
        self.last = 1.0
        super().learn(example)


class Grows(Whole):
    """Its restored learner is not equal."""

    @classmethod
    def restore(cls, snapshot: bytes) -> "Whole":
        learner = super().restore(snapshot)
        learner.sums["more"] = learner.sums.get("more", 0.0) + 1
        return learner


class Stubborn(Whole):
    def forget(self, profile: int) -> None:
        raise KeyError(profile)


class RaisesAtText(Whole):
    def learn(self, example: Example) -> None:
        example.actions[0].title.encode("ascii")
        super().learn(example)


class KeepsWords(Whole):
    def learn(self, example: Example) -> None:
        self.sums[str(example.context.attributes.get("city"))] = 1.0
        super().learn(example)


class Text(Whole):
    def snapshot(self) -> Any:
        return "no bytes"


NOT_A_CLASS = Whole()


def subject(found: type) -> Subject:
    name = found.__name__
    return Subject(name, lambda: OwnLearner.new(name, found=found), lambda kept: OwnLearner.restore(kept, found))


def broken(one: Subject) -> dict[str, str]:
    return {rule: sentence for rule, sentence in breaches(one) if sentence}


@every_kind
def test_every_learner_of_keyart_keeps_every_rule(kind: Kind) -> None:
    assert broken(subject_of(kind)) == {}


def test_the_example_keeps_every_rule() -> None:
    assert broken(subject_of(EXAMPLE)) == {}
    assert fingerprint(subject_of(EXAMPLE)) == fingerprint(subject_of(EXAMPLE))


def test_the_example_learns_which_viewers_like_which_picture() -> None:
    learner = subject_of(EXAMPLE).new()
    for example in made_up(600):
        learner.learn(example)
    actions = made_up(1)[0].actions
    german, french = (learner.probabilities(Context({"country": each}), actions) for each in ("DE", "FR"))
    assert np.argmax(german) == 0
    assert np.argmin(french) == 0


@pytest.mark.parametrize(
    ("found", "rule", "told"),
    [
        (Short, 0, "answered [1.0] for"),
        (Infinite, 0, "begin with [nan"),
        (FirstPlace, 1, "and not on the place"),
        (ByChance, 2, "two different answers"),
        (CountsLooks, 2, "snapshot is different after decisions"),
        (Forgetful, 4, "not equal to the last bit"),
        (Grows, 4, "return the same bytes"),
        (RaisesAtText, 5, "failed in learn: UnicodeEncodeError"),
        (KeepsWords, 7, "after forget(5)"),
        (Text, 4, "returned a str as its snapshot; return bytes"),
    ],
)
def test_a_broken_rule_is_named_with_the_remedy(found: type, rule: int, told: str) -> None:
    assert told in broken(subject(found))[list(CHECKS)[rule]]


def test_a_class_that_keeps_every_rule_has_no_broken_one() -> None:
    assert broken(subject(Whole)) == {}


# -------------------------------------------------------------------- entry points


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package whose learners are the classes above, and some that do not work."""
    names = ["whole", "short", "infinite", "grows", "raises:RaisesAtText", "stubborn", "not-a-class:NOT_A_CLASS"]
    lines = [
        f"{name} = {__name__}:{target or name.capitalize()}"
        for name, _, target in (n.partition(":") for n in names)
    ]
    lines += ["gone = no_such_module_here:Learner", "bare = builtins:dict", "Shout = builtins:dict"]
    for folder, text in (
        ("one", "\n".join(lines)),
        ("two", f"twice = {__name__}:Whole"),
        ("three", "twice = x:Y"),
    ):
        info = tmp_path / f"{folder}-1.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text(INFO.format(text))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {folder}\nVersion: 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    entry_points.class_named.cache_clear()
    yield
    entry_points.class_named.cache_clear()


@pytest.mark.usefixtures("installed")
def test_an_entry_point_is_a_learner_by_its_name() -> None:
    learner = new_learner("whole")
    for example in made_up(20):
        learner.learn(example)
    snapshot = learner.snapshot()
    assert kind_of(snapshot) == "whole"
    again = restored(snapshot, "whole")
    assert again.snapshot() == snapshot
    assert forgotten(snapshot, [5]) == snapshot
    with pytest.raises(UnusableSnapshot, match="'whole', but 'logistic'"):
        restored(snapshot, "logistic")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["nobody", "gone", "stubborn"])
def test_a_snapshot_is_emptied_if_its_class_is_gone_or_fails_to_forget(name: str) -> None:
    """Otherwise one old base of a package that was removed would stop the trainer at the next erasure."""
    body = json.dumps([1.0, {"viewer-5": 1.0}]).encode()
    emptied = forgotten(seal({"learner": name, "tuning": {}}, body), [5])
    assert b"viewer-5" not in emptied
    assert kind_of(emptied) == EMPTIED
    assert forgotten(emptied, [6]) == emptied
    with pytest.raises(UnusableSnapshot):
        restored(emptied)


@pytest.mark.usefixtures("installed")
def test_a_tuning_stays_with_the_snapshot() -> None:
    snapshot = OwnLearner.new("whole", {"start": 3.0}).snapshot()
    assert tuning_of(snapshot) == {"start": 3.0}
    assert restored(snapshot).snapshot() == snapshot
    with pytest.raises(FaultyLearnerError, match="failed in Whole"):
        OwnLearner.new("whole", {"speed": 2.0})


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nobody", "'nobody' is not installed: .* whole .*|.*correct the name"),
        ("gone", "no_such_module_here:Learner failed: ModuleNotFoundError"),
        ("bare", "has no method probabilities in its class dict; write probabilities"),
        ("not-a-class", "which is not a class"),
        ("twice", "declared several times, as .*uninstall all packages but one"),
        ("Shout", "rename the entry point"),
    ],
)
def test_an_entry_point_that_does_not_work_is_refused_with_the_remedy(name: str, told: str) -> None:
    with pytest.raises(FaultyLearnerError, match=told):
        new_learner(name)


@pytest.mark.usefixtures("installed")
def test_a_snapshot_of_a_learner_that_does_not_work_is_refused() -> None:
    with pytest.raises(UnusableSnapshot, match="gone"):
        restored(seal({"learner": "gone"}, b""))
    with pytest.raises(UnusableSnapshot, match="failed in restore: JSONDecodeError"):
        restored(seal({"learner": "whole"}, b"{"))
    with pytest.raises(UnusableSnapshot, match="return the same bytes"):
        restored(new_learner("grows").snapshot())
    assert lacking("whole") is None


@pytest.mark.usefixtures("installed")
def test_a_fault_under_way_is_a_sentence() -> None:
    context, actions = made_up(1)[0].context, made_up(1)[0].actions
    with pytest.raises(FaultyLearnerError, match="short answered"):
        new_learner("short").probabilities(context, actions)
    with pytest.raises(FailedExample, match="the example is left out"):
        new_learner("raises").learn(Example(context, [Action("é", "é")], 0, 0.5, 1.0))


@pytest.mark.parametrize(
    "answer", [None, ["a"], [0.5, -0.5], [0.5, 0.4], [0.5, float("inf")], [[0.5], [0.5]], [1.0]]
)
def test_an_answer_that_is_no_distribution_is_refused(answer: Any) -> None:
    with pytest.raises(FaultyLearnerError, match=r"return one probability for each|must be 1\."):
        distribution("mine", answer, 2)


def test_probabilities_in_float32_are_divided_by_their_sum() -> None:
    each = distribution("mine", np.full(3, 1 / 3, np.float32), 3)
    assert sum(each) == pytest.approx(1, abs=1e-15)
