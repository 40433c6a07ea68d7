"""The Vowpal Wabbit learner. No other module uses it, and only here is `cost = -reward`."""

import re
from collections.abc import Sequence
from functools import partial
from typing import cast

import numpy as np
from numpy.typing import NDArray
from vowpal_wabbit_next import _core as vw

from bandit.addition import added
from bandit.encoding import number, word
from bandit.policy import check
from bandit.sealing import UnusableSnapshot, seal, unseal, unusable
from bandit.types import Action, Case, Context, Example, Probabilities
from bandit.vocabulary import Vocabulary
from bandit.vowpal.bins import Bins

DEFAULT_ARGUMENTS = (
    "--cb_explore_adf --regcbopt --mellowness 0.01 --cb_min_cost -1 --cb_max_cost 0 -l 0.1 -q CA -q SA -q CI"
)
"""Namespaces: C attributes, S taste; T title, I artwork, A its tags and features, M affinity, N showings."""
ALLOWED = re.compile(
    r"--cb_explore_adf(?: (?:--regcbopt|--squarecb|--mellowness N|--gamma_scale N|--cb_min_cost -1|"
    r"--cb_max_cost 0|-l N|-b (?:1\d|2[0-4])|-q [CSTIAM]{2}|--random_seed \d{1,9}))*".replace(
        "N", r"\d+(?:\.\d+)?"
    ),
    re.ASCII,
)
KIND = "vowpal"
PREPARED = 200_000
STEPS = (1, 2, 4, 8, 16, 32)
_LEARNED = slice(0, 3)
"""Three of the four floats of each weight; the last is scratch and never serialized."""


class VowpalLearner:
    """A contextual bandit over features shared among actions (regcbopt: Foster et al. 2018, algorithm 1).

    It has one owner: Vowpal Wabbit holds the interpreter's lock, and threads sharing a workspace can deadlock. It
    uses the compiled module directly. The package's Python code makes an object of each line and compares its
    label type, which takes a tenth of a decision. Therefore `pyproject.toml` fixes the version.
    """

    def __init__(
        self,
        arguments: str = DEFAULT_ARGUMENTS,
        *,
        model: bytes | None = None,
        vocabulary: Vocabulary | None = None,
    ):
        if not ALLOWED.fullmatch(arguments):
            raise ValueError(
                f"The learner's arguments {arguments!r} are not all on the allow-list in {__name__}; use those."
            )
        self.arguments = arguments
        self._workspace = vw.Workspace([*arguments.split(), "--quiet"], model_data=model)
        self._parse = partial(vw._parse_line_text, self._workspace)  # noqa: SLF001  as the docstring says
        self._vocabulary = vocabulary or Vocabulary(Bins)
        self._prepared: dict[Action, str] = {}
        self._context: Context | None = None
        self._shared: vw.Example | None = None
        self._written: tuple[object, ...] = ()
        self._line_written = ""

    def probabilities(self, context: Context, actions: Sequence[Action]) -> Probabilities:
        lines = [self._line(context, action) for action in actions]
        examples = [self._shared_example(context), *map(self._parse, lines)]
        probabilities = [0.0] * len(actions)
        for index, p in cast("list[tuple[int, float]]", self._workspace.predict_multi_ex_one(examples)):
            probabilities[index] = p
        total = sum(probabilities)  # float32, and regcbopt gives each tied action 1.0
        return [p / total for p in probabilities]

    def all_probabilities(self, cases: Sequence[Case]) -> list[Probabilities]:
        return [self.probabilities(*case) for case in cases]

    def remembered(self, _case: Case) -> Probabilities | None:
        """Return None: nothing is remembered, because a workspace predicts fast."""
        return None

    def learn(self, example: Example) -> None:
        """Learn one example, unweighted, because only estimators use the true propensity."""
        check(example)
        self._vocabulary.admit(example.context.attributes, example.context.witness)
        self._context = None  # its known attributes may have changed
        lines = [self._line(example.context, action) for action in example.actions]
        lines[example.chosen] = f"0:{-example.reward!r}:1 {lines[example.chosen]}"
        shared = self._shared_line(example.context)
        self._workspace.learn_multi_ex_one([self._parse(line) for line in (shared, *lines)])

    def forget(self, profile: int) -> None:
        self._vocabulary.forget(profile)

    def snapshot(self) -> bytes:
        head = {"learner": KIND, "arguments": self.arguments, "vocabulary": self._vocabulary.state()}
        return seal(head, self._workspace.serialize())

    @classmethod
    def restore(cls, snapshot: bytes) -> "VowpalLearner":
        """Return a learner that continues from `snapshot`; raises `UnusableSnapshot`."""
        head, model = unseal(snapshot)
        try:
            vocabulary = Vocabulary.restore(head["vocabulary"], Bins)
            learner = cls(head["arguments"], model=model, vocabulary=vocabulary)
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise unusable(snapshot, error) from error
        if not learner.healthy():
            raise UnusableSnapshot("The snapshot holds a number that is not finite.")
        return learner

    def weights(self) -> NDArray[np.float32]:
        """Return a copy of the learned numbers, shape (2^b, 3): weight, adaptive and normalizing sums."""
        return np.array(self._weights())

    def healthy(self) -> bool:
        return bool(np.isfinite(self._weights()).all())

    def _weights(self) -> NDArray[np.float32]:
        """Return a view that is valid as long as the workspace lives."""
        weights: NDArray[np.float32] = np.asarray(self._workspace.weights())
        return weights[:, 0, _LEARNED]

    def _shared_example(self, context: Context) -> "vw.Example":
        """Parse the context once for a whole page."""
        if self._shared is None or context is not self._context:
            self._shared = self._parse(self._write(context))
            self._context = context
        return self._shared

    def _shared_line(self, context: Context) -> str:
        """Return the context's line, kept for the next call, because a page's examples close one after another."""
        attributes, taste = tuple(context.attributes.items()), tuple(context.taste.items())  # in their order
        key = attributes, taste, self._vocabulary.changes
        if key != self._written:
            self._written, self._line_written = key, self._write(context)
        return self._line_written

    def _write(self, context: Context) -> str:
        taste = " ".join([f"{word(tag)}:{value:.4g}" for tag, value in context.taste.items()])
        known = " ".join([name for name, _ in self._vocabulary.features(context.attributes)])
        return f"shared |C {known} |S {taste}"

    def _line(self, context: Context, action: Action) -> str:
        text = self._prepared.get(action)
        if text is None:
            text = self._prepare(action)
        if context.showings:
            text += _showings(context, action)
        if not context.taste:
            return text
        affinity = _affinity(context, action)
        if not affinity:  # a feature of 0 has no effect
            return text
        value = f"{affinity:.4g}"
        return f"{text} |M m:{value} pos:{value}" if affinity > 0 else f"{text} |M m:{value}"

    def _prepare(self, action: Action) -> str:
        if len(self._prepared) >= PREPARED:
            self._prepared.clear()
        features = [word(tag) for tag in action.tags]
        features += [f"~{word(name)}:{number(value)}" for name, value in action.features.items()]
        text = f"|T {word(action.title)} |I {word(action.id)} |A {' '.join(features)}"
        self._prepared[action] = text
        return text


def _showings(context: Context, action: Action) -> str:
    """Return the steps that the showings of a picture have reached, and those of all candidates together."""
    own, every = context.showings.get(action.id, 0), sum(context.showings.values())
    reached = [f"p{step}" for step in STEPS if step <= own] + [f"t{step}" for step in STEPS if step <= every]
    return f" |N {' '.join(reached)}"


def _affinity(context: Context, action: Action) -> float:
    """Return the mean taste over the action's tags, by which a new picture profits from old ones."""
    if not action.tags:
        return 0.0
    taste = context.taste
    return added([taste[tag] for tag in action.tags if tag in taste]) / len(action.tags)
