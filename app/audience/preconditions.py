"""Preconditions of a run: whether anything could be learned at a service, in the words of preconditions.toml."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from app.audience.world import World

STEPS_A_SECOND = 500
"""A cautious guess at how fast a run goes, to judge what fits into it."""
LEARNED = 0.9
"""The share of exposures that a cap has to let through."""
CHANCE = 0.5
"""The most choices that may be left to chance, as a share: with more, the effect of learning is hard to see."""
ELSE = "or leave --url out: then a service with the demo preset is started for the run."


def reasons() -> dict[str, str]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text())


def refusal(rules: dict[str, Any], world: World, *, steps: int, reward: str | None) -> str | None:
    """Return why nothing could be learned in a run, in a sentence; None if it could.

    All viewers of a run are strangers, because it takes less than a day.
    """
    if reward not in {None, rules["reward"]}:
        return (
            f"The service learns from KEYART_REWARD={rules['reward']}, but --reward is {reward}; "
            f"give --reward {rules['reward']}, or start the service with KEYART_REWARD={reward}."
        )
    run, window, visits = steps / STEPS_A_SECOND, rules["window_seconds"], steps * world.viewers.share
    cap, stranger_cap, shares = rules["learn_cap"], rules.get("stranger_cap", 0), rules["shares"]
    of_strangers = stranger_cap * len(world.titles)
    conditions = {
        "serve": rules["serve"] != "policy",
        "no-best-single": not shares["best_single"],
        "nobody-personalized": sum(shares.values()) >= 1,
        "floor": rules["floor"] > CHANCE,
        "hold": rules["hold_seconds"] > run / 2,
        "window": window > run / 2,
        "learn-cap": cap and np.minimum(visits, cap).sum() < LEARNED * steps,
        "stranger-cap": stranger_cap and of_strangers < LEARNED * steps,
    }
    why = next((name for name, holds in conditions.items() if holds), None)
    if why is None:
        return None
    reason = reasons()[why].format(
        **{**rules, "stranger_cap": stranger_cap},
        steps=steps,
        run=run,
        enough=np.ceil(2 * window * STEPS_A_SECOND / 1000) * 1000,
        visits=visits.mean(),
        of_strangers=of_strangers,
    )
    return f"The service has {reason}, {ELSE}"
