"""Examples: exposures with their outcome, as a learner gets them."""

from collections.abc import Sequence
from hashlib import blake2b

from app.catalogue.live import LiveTitle
from app.learning.caps import HOUR_MS
from app.learning.log_join import Close, Past
from app.records import Decision
from bandit.reward import RewardRules
from bandit.showings import by_picture
from bandit.types import Action, Context, Example, Witness

WITNESS_DIGITS = 6
"""The number of digits: enough to distinguish three profiles, and too few to identify one."""
UNKNOWN_PROPENSITY = 1.0
"""The propensity that learners get if nobody recorded it: the example has its plain weight."""


def example_of(step: Close, decision: Decision, live_title: LiveTitle) -> Example:
    actions = [live_title.actions[artwork] for artwork in decision.candidates]
    context = context_of(decision, actions, _witness(decision, step.closed.deadline, step.rules))
    return Example(context, actions, decision.chosen, decision.propensity, step.closed.reward)


def example_of_past(step: Past, live_title: LiveTitle) -> Example:
    """Return an imported exposure as an example."""
    imported, decision = step.imported, step.imported.decision
    actions = [live_title.actions[artwork] for artwork in decision.candidates]
    context = context_of(decision, actions, _witness(decision, imported.at, step.rules))
    propensity = UNKNOWN_PROPENSITY if imported.propensity is None else imported.propensity
    return Example(context, actions, decision.chosen, propensity, step.reward)


def context_of(decision: Decision, actions: Sequence[Action], witness: Witness | None = None) -> Context:
    """Return the context as the policy saw it; `actions` are those of the decision's candidates."""
    showings = by_picture([action.id for action in actions], decision.showings) if decision.showings else {}
    return Context(decision.attributes, decision.taste, witness, showings)


def _witness(decision: Decision, at: int, rules: RewardRules) -> Witness | None:
    """Return an anonymous mark of the profile that words come from: a few digits of a pseudonym, or a random one.

    Without caps, as under the demo preset, words are known immediately, because one click should have an effect.
    """
    if not rules.learn_cap and not rules.stranger_cap:
        return None
    profile = witness_of(decision.profile) if decision.profile else 0
    salt = int.from_bytes(blake2b(decision.nonce, digest_size=6).digest(), "big")
    return Witness(profile, at // HOUR_MS, salt)


def witness_of(profile: str) -> int:
    """Return the number by which a learner distinguishes profiles: a few digits of the pseudonym."""
    return int(profile[:WITNESS_DIGITS], 16) + 1


def words_of(decision: Decision, live_title: LiveTitle) -> tuple[str, ...]:
    """Return the tags of the chosen artwork and the genres of its title: the words that taste is learned in."""
    return (*live_title.actions[decision.artwork].tags, *live_title.title.genres)
