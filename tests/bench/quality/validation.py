"""Progressive validation: a policy chooses, its choice is scored by what it should earn, then it learns."""

import time
from collections.abc import Callable
from functools import partial
from typing import cast

import msgspec
import numpy as np

from tests.bench.quality.case import Case, Step
from tests.bench.quality.movielens import Floats
from tests.bench.quality.policies.policy import Choice, Omniscient, Policy

Lesson = Callable[[], None]


class Score(msgspec.Struct, frozen=True):
    """What a choice was expected to earn, on average; `last` is that of the last quarter of the steps.

    `decide` and `learn` are microseconds for a step.
    """

    mean: float
    last: float
    decide: float = 0.0
    learn: float = 0.0


def validate(case: Case, policy: Policy, seed: int, steps: int, delay: int = 0) -> Score:
    """Run a policy through a case. With a delay, it learns of so many steps at once.

    Scored is the chance of a click, not the click: less noise for the same steps. The policy never sees it.
    """
    earned = np.zeros(steps)
    deciding = learning = 0.0
    waiting: list[Lesson] = []
    for n, step in enumerate(case.play(seed, steps)):
        began = time.perf_counter()
        choice = policy.decide(step.context, step.actions)
        deciding += time.perf_counter() - began
        earned[n] = step.outcome.p[choice[0]]
        waiting.append(_lesson(policy, step, choice))
        if len(waiting) >= max(1, delay):
            began = time.perf_counter()
            for lesson in waiting:
                lesson()
            learning += time.perf_counter() - began
            waiting.clear()
    return _score(earned, deciding / steps * 1e6, learning / steps * 1e6)


def _score(earned: Floats, decide: float = 0.0, learn: float = 0.0) -> Score:
    return Score(float(earned.mean()), float(earned[len(earned) * 3 // 4 :].mean()), decide, learn)


def _lesson(policy: Policy, step: Step, choice: Choice) -> Lesson:
    """Return what tells a policy of its choice; one that names no probability is told 1."""
    context, actions, outcome = step
    if getattr(policy, "full_info", False):
        rewards = [outcome.reward(index) for index in range(len(actions))]
        return partial(cast("Omniscient", policy).learn_full, context, actions, rewards)
    index, p = choice
    probability = 1.0 if p is None else float(p[index])
    return partial(policy.learn, context, actions, index, probability, outcome.reward(index))


# --------------------------------------------------- what no policy can know


def best_possible(case: Case, seed: int, steps: int) -> Score:
    """Score whoever knows each chance."""
    return _score(np.array([max(step.outcome.p) for step in case.play(seed, steps)]))


def best_single(case: Case, seed: int, steps: int) -> Score | str:
    """Score whoever shows all viewers one picture of each title, the best in hindsight.

    As long as the same pictures stand beside one another, the same one of them is shown.
    """
    seen: dict[tuple[object, ...], list[tuple[int, list[float]]]] = {}
    for n, step in enumerate(case.play(seed, steps)):
        seen.setdefault(tuple(action["id"] for action in step.actions), []).append((n, step.outcome.p))
    if len(seen) > steps / 2:
        return "The same pictures hardly ever stand beside one another."
    earned = np.zeros(steps)
    for visits in seen.values():
        p = np.array([each for _, each in visits])
        earned[[n for n, _ in visits]] = p[:, p.mean(0).argmax()]
    return _score(earned)


BOUNDS = {"best-single": best_single, "best-possible": best_possible}
WHAT_BOUNDS = {
    "best-single": "the best picture of each title for all viewers, in hindsight",
    "best-possible": "the best picture for each viewer, if every chance were known",
}
