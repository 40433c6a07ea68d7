"""The contract of every learner, as checks that a data scientist runs on a new class."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import fsum, isfinite
from statistics import median
from time import perf_counter

from app.evaluation.own_policy import class_in
from bandit.learners import VOWPAL, new_learner, restored
from bandit.own.entry_points import demand_methods
from bandit.own.learner import OwnLearner
from bandit.policy import FaultyLearnerError, Learner, UnlearnableExample
from bandit.sealing import UnusableSnapshot
from bandit.types import Action, Attributes, Case, Context, Example, Witness

TAUGHT = 120
STOPPED = 30
"""Examples after each of which the learner is stopped, because large learners take long to restore."""
SUM_WITHIN = 1e-9
ORDER_WITHIN = 1e-4
"""The order of sums may change the last digits of a float32."""
LIKED = 0.9
"""The mean reward of a picture that is liked."""
PICTURES = 8
"""Candidates of the decisions whose time is measured."""
TURNS = 50
RARE_WORD = "ruritania-7f3a"
"""A word that only one made-up profile uses."""
STRANGE = ("", " ", "a b:c|d", "\n", "é😀", "\x00", "x" * 2000)


class BrokenContractError(Exception):
    """A rule that a learner does not keep; the sentence has the value and the remedy."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A learner to check: how to make one, and how to restore one."""

    name: str
    new: Callable[[], Learner]
    restored: Callable[[bytes], Learner]
    by_bytes: bool = True
    """Whether equal learners have equal snapshots. Vowpal Wabbit's hold counters of speed."""


Check = Callable[[Subject], None]


def subject_of(name: str) -> Subject:
    """Return the subject of this name: an entry point, a built-in learner, or FILE.py:CLASS.

    Raises `FaultyLearnerError`, and `UnusablePolicyError` for a file.
    """
    if ".py:" not in name:
        new_learner(name)
        return Subject(name, lambda: new_learner(name), lambda snapshot: restored(snapshot, name), name != VOWPAL)
    found = class_in(name)
    demand_methods(name, found)
    return Subject(
        name,
        lambda: OwnLearner.new(name, found=found),
        lambda snapshot: OwnLearner.restore(snapshot, found),
    )


def breaches(subject: Subject) -> Iterator[tuple[str, str | None]]:
    """Yield each rule, and the sentence that says how the learner breaks it; None if it keeps the rule."""
    for rule, check in CHECKS.items():
        try:
            check(subject)
        except (BrokenContractError, FaultyLearnerError, UnusableSnapshot, UnlearnableExample) as error:
            yield rule, str(error)
        else:
            yield rule, None


def fingerprint(subject: Subject) -> str:
    """Return a digest of all answers after made-up examples. It is the same in every process."""
    learner = taught(subject.new(), made_up(TAUGHT))
    digest = blake2b(repr(_answers(learner)).encode(), digest_size=16)
    if subject.by_bytes:
        digest.update(learner.snapshot())
    return digest.hexdigest()


def milliseconds(subject: Subject) -> tuple[float, float]:
    """Return the median time of a decision among 8 pictures, and that of learning one example."""
    learner, examples = subject.new(), made_up(TURNS, pictures=PICTURES)
    learning, deciding = [], []
    for example in examples:
        started = perf_counter()
        learner.probabilities(example.context, example.actions)
        between = perf_counter()
        learner.learn(example)
        deciding.append(between - started)
        learning.append(perf_counter() - between)
    return 1000 * median(deciding), 1000 * median(learning)


# -------------------------------------------------------------------- the rules


def _answers_are_distributions(subject: Subject) -> None:
    learner, rng = subject.new(), _generator(2)
    for example in [None, *made_up(TAUGHT)]:
        if example:
            learner.learn(example)
        context, actions = _a_context(rng), _actions(rng.randrange(1, 30))
        each = learner.probabilities(context, actions)
        whole = len(each) == len(actions) and all(isfinite(p) and p >= 0 for p in each)
        if not whole or abs(fsum(each) - 1) > SUM_WITHIN:
            raise BrokenContractError(
                f"It answered {list(each)[:8]} for {len(actions)} pictures; return one probability for each, with "
                "the sum 1."
            )


def _answers_follow_the_order(subject: Subject) -> None:
    learner, rng, actions = taught(subject.new(), made_up(TAUGHT)), _generator(3), _actions(5)
    for _ in range(20):
        context, order = _a_context(rng), rng.sample(range(5), 5)
        straight = learner.probabilities(context, actions)
        mixed = learner.probabilities(context, [actions[index] for index in order])
        if any(abs(mixed[at] - straight[index]) > ORDER_WITHIN for at, index in enumerate(order)):
            raise BrokenContractError(
                f"It answered {list(straight)}, and for the same pictures in the order {order} {list(mixed)}; let "
                "each probability depend on its picture, and not on the place."
            )


def _deciding_teaches_nothing(subject: Subject) -> None:
    learner = taught(subject.new(), made_up(TAUGHT))
    first, snapshot = _answers(learner), learner.snapshot()
    if _answers(learner) != first:
        raise BrokenContractError(
            "The same question had two different answers; use no chance and read no clock in probabilities."
        )
    if subject.by_bytes and learner.snapshot() != snapshot:
        raise BrokenContractError(
            "Its snapshot is different after decisions; change nothing that is kept in probabilities."
        )


def _equal_examples_make_equal_learners(subject: Subject) -> None:
    one, other = (taught(subject.new(), made_up(TAUGHT)) for _ in range(2))
    _demand_same(subject, one, other, "Two learners differ after the same examples; use no chance and no clock")


def _restored_it_continues(subject: Subject) -> None:
    """Stop the learner after every example, as if its process was killed each time."""
    examples, stopped = made_up(STOPPED), subject.new()
    for example in examples:
        stopped = subject.restored(stopped.snapshot())
        stopped.learn(example)
    stopped = subject.restored(stopped.snapshot())
    whole = taught(subject.new(), examples)
    _demand_same(
        subject, stopped, whole, "Restored after each example it differs; keep everything in the snapshot"
    )


def _any_text_is_taken(subject: Subject) -> None:
    """Names of attributes, tags and pictures come from outside, in every script and length."""
    for text in STRANGE:
        actions = [Action(f"{text}/{n}", text, (text, f"tag{n}"), {text or "empty": n / 2}) for n in range(3)]
        attributes: Attributes = {"mood": text, text + "key": "yes", text + "number": -1e12}
        context = Context(attributes, {text: -0.5}, showings={actions[0].id: 10**6})
        learner = taught(subject.new(), [Example(context, actions, 1, 1e-9, 1.0)])
        subject.restored(learner.snapshot()).probabilities(context, actions)


def _bad_examples_are_refused(subject: Subject) -> None:
    learner, [good] = subject.new(), made_up(1)
    before = learner.snapshot()
    for bad in (replace(good, propensity=0.0), replace(good, reward=float("nan")), replace(good, chosen=99)):
        try:
            learner.learn(bad)
        except UnlearnableExample:
            continue
        raise BrokenContractError(
            f"It learned an example with the propensity {bad.propensity}, the reward {bad.reward} and the choice "
            f"{bad.chosen}; raise UnlearnableExample."
        )
    if subject.by_bytes and learner.snapshot() != before:
        raise BrokenContractError("It learned a part of a refused example; check it before you change anything.")


def _a_profile_is_forgotten(subject: Subject) -> None:
    """A word that one profile alone uses, such as a rare city, is about this person."""
    [example] = made_up(1)
    personal = replace(example, context=Context({"city": RARE_WORD}, witness=Witness(5, 0)))
    learner = taught(subject.new(), [personal])
    learner.forget(5)
    if RARE_WORD.encode() in learner.snapshot():
        raise BrokenContractError(
            f"The word {RARE_WORD!r}, which only profile 5 used, is in the snapshot after forget(5); keep numbers "
            "of a fixed table instead of words, or write forget(self, profile) for context.witness.profile."
        )


CHECKS: dict[str, Check] = {
    "each answer is one probability for each picture, with the sum 1": _answers_are_distributions,
    "each probability belongs to its picture, in any order": _answers_follow_the_order,
    "deciding teaches nothing": _deciding_teaches_nothing,
    "equal examples make equal learners": _equal_examples_make_equal_learners,
    "restored after every example it is as if it never stopped": _restored_it_continues,
    "any text, number and count is taken": _any_text_is_taken,
    "an example that is not valid is refused, and teaches nothing": _bad_examples_are_refused,
    "the words of an erased profile are forgotten": _a_profile_is_forgotten,
}


# -------------------------------------------------------------------- made-up examples


def made_up(count: int, pictures: int = 5) -> list[Example]:
    """Return examples in which viewers in Germany like the first picture, and others the rest."""
    rng, actions = _generator(1), _actions(pictures)
    examples = []
    for _ in range(count):
        context, chosen = _a_context(rng), rng.randrange(pictures)
        liked = (chosen == 0) == (context.attributes["country"] == "DE")
        examples.append(Example(context, actions, chosen, 1 / pictures, float(liked and rng.random() < LIKED)))
    return examples


def taught(learner: Learner, examples: Iterable[Example]) -> Learner:
    for example in examples:
        learner.learn(example)
    return learner


def _demand_same(subject: Subject, one: Learner, other: Learner, sentence: str) -> None:
    if _answers(one) != _answers(other):
        raise BrokenContractError(f"{sentence}: their answers are not equal to the last bit.")
    if subject.by_bytes and one.snapshot() != other.snapshot():
        raise BrokenContractError(f"{sentence}: their answers are equal, but their snapshots are not.")


def _answers(learner: Learner) -> list[list[float]]:
    rng = _generator(6)
    cases = [Case(_a_context(rng), _actions(rng.randrange(1, 9))) for _ in range(30)]
    return [list(each) for each in learner.all_probabilities(cases)]


def _generator(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  examples are no secrets


def _a_context(rng: random.Random) -> Context:
    attributes: Attributes = {
        "country": rng.choice(["DE", "FR", "JP"]),
        "device": rng.choice(["tv", "mobile"]),
        "age": float(rng.randrange(18, 80)),
    }
    taste = {tag: rng.uniform(-1, 1) for tag in rng.sample(["moon", "sea", "night"], rng.randrange(4))}
    showings = {f"countdown/{n}": rng.randrange(1, 9) for n in rng.sample(range(5), 2)}
    return Context(attributes, taste, Witness(rng.randrange(1, 40), 0, 1), showings)


def _actions(count: int) -> Sequence[Action]:
    tags = ("moon", "sea", "night", "face")
    return [
        Action(
            f"countdown/{n}", "countdown", (tags[n % 4], tags[n // 4 % 4]), {"warmth": n % 7 / 7, "faces": n % 2}
        )
        for n in range(count)
    ]
