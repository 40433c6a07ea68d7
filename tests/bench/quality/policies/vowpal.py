"""Vowpal Wabbit, spoken to as its manual says: as its defaults come, well set, and told everything."""

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import vowpal_wabbit_next as vw

from tests.bench.quality.case import Ahead, Features
from tests.bench.quality.policies.policy import Choice, affinity

LEAST_PROBABILITY = 1e-3


def written(features: Features) -> str:
    """Write features as Vowpal Wabbit reads them; one of 0 is none."""
    return " ".join(filter(None, [_feature(name, value) for name, value in features.items()]))


def _feature(name: str, value: str | float) -> str:
    if isinstance(value, str):
        return f"{name}={value}"
    if value == 1:
        return name
    return f"{name}:{value:.4g}" if value else ""


class Lines:
    """Namespaces: U viewer, T title, A what pictures share, I the picture's id, M affinity."""

    def __init__(self, *, affinities: bool):
        self._affinities = affinities
        self._pictures: dict[object, str] = {}

    def shared(self, context: Features) -> str:
        viewer = written({name: value for name, value in context.items() if name != "title"})
        return f"|U {viewer}" + (f" |T {context['title']}" if "title" in context else "")

    def each(self, context: Features, actions: Sequence[Features]) -> Iterator[str]:
        for action in actions:
            line = self._pictures.get(action["id"])
            if line is None:
                features = written({name: value for name, value in action.items() if name != "id"})
                line = self._pictures[action["id"]] = f"|I {action['id']} |A {features}"
            if self._affinities:
                liking = affinity(context, action)
                line = f"{line} |M m:{liking:.4g} pos:{max(liking, 0):.4g}"
            yield line


class Bandit:
    """`weighted` learns by the inverse of the propensity, as Vowpal Wabbit does with what it is told."""

    def __init__(self, seed: int, arguments: str, *, affinities: bool, weighted: bool, floor: float):
        options = ["--cb_explore_adf", "--quiet", "--random_seed", str(seed + 1), "-q", "UA", *arguments.split()]
        self._workspace = vw.Workspace(options)
        self._parse = vw.TextFormatParser(self._workspace).parse_line
        self._lines = Lines(affinities=affinities)
        self._random = np.random.default_rng(seed + 99)
        self._weighted, self._floor = weighted, floor

    def decide(self, context: Features, actions: Sequence[Features]) -> Choice:
        lines = (f"shared {self._lines.shared(context)}", *self._lines.each(context, actions))
        scored = cast(
            "list[tuple[int, float]]", self._workspace.predict_one([self._parse(line) for line in lines])
        )
        p = np.zeros(len(actions))
        for index, probability in scored:
            p[index] = probability
        p = (1 - self._floor) * p / p.sum() + self._floor / len(actions)
        index = int(np.searchsorted(np.cumsum(p), self._random.random() * p.sum(), "right"))
        return min(index, len(actions) - 1), p.tolist()

    def learn(
        self, context: Features, actions: Sequence[Features], index: int, probability: float, reward: float
    ) -> None:
        weight = max(probability, LEAST_PROBABILITY) if self._weighted else 1.0
        lines = [f"shared {self._lines.shared(context)}", *self._lines.each(context, actions)]
        lines[1 + index] = f"0:{-reward:g}:{weight:g} {lines[1 + index]}"
        self._workspace.learn_one([self._parse(line) for line in lines])


class Stock(Bandit):
    """Vowpal Wabbit as its defaults come: epsilon-greedy over a multi-task regression."""

    def __init__(self, _: Ahead, seed: int):
        super().__init__(seed, "--epsilon 0.05", affinities=False, weighted=True, floor=0.0)


class Reference(Bandit):
    """Well set by hand: regcbopt, the affinity as a feature, a floor of 2 %, regression that is not weighted."""

    arguments = "--regcbopt --mellowness 0.01 --cb_min_cost -1 --cb_max_cost 0 -l 0.1"

    def __init__(self, _: Ahead, seed: int):
        super().__init__(seed, self.arguments, affinities=True, weighted=False, floor=0.02)


class FullInformation:
    """A regression that is told what every picture would have earned, and so has nothing to explore."""

    full_info = True

    def __init__(self, _: Ahead, __: int):
        self._workspace = vw.Workspace(["--quiet", "-q", "UA", "-l", "0.1"])
        self._parse = vw.TextFormatParser(self._workspace).parse_line
        self._lines = Lines(affinities=False)

    def decide(self, context: Features, actions: Sequence[Features]) -> Choice:
        scores = [self._workspace.predict_one(self._parse(line)) for line in self._rows(context, actions)]
        return int(np.argmin(cast("list[float]", scores))), None

    def learn(
        self, context: Features, actions: Sequence[Features], index: int, probability: float, reward: float
    ) -> None:
        """Learn nothing: `learn_full` does."""

    def learn_full(self, context: Features, actions: Sequence[Features], rewards: Sequence[float]) -> None:
        for line, reward in zip(self._rows(context, actions), rewards, strict=True):
            self._workspace.learn_one(self._parse(f"{-reward:g} {line}"))

    def _rows(self, context: Features, actions: Sequence[Features]) -> list[str]:
        viewer = self._lines.shared(context)
        return [f"{viewer} {line}" for line in self._lines.each(context, actions)]
