"""Preconditions of a run: whether anything could be learned at a service; if not, why, and what to do."""

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


def refusal(rules: dict[str, Any], world: World, *, steps: int, reward: str | None) -> str | None:
    """Return why nothing could be learned in a run, in a sentence; None if it could."""
    if reward not in {None, rules["reward"]}:
        return (
            f"The service learns from KEYART_REWARD={rules['reward']}, but --reward is {reward}; "
            f"give --reward {rules['reward']}, or start the service with KEYART_REWARD={reward}."
        )
    reasons = _not_seen(rules) | _too_late(rules, steps) | _capped(rules, world, steps)
    reason = next((reason for reason, holds in reasons.items() if holds), None)
    return f"The service has {reason}, {ELSE}" if reason else None


def _not_seen(rules: dict[str, Any]) -> dict[str, object]:
    serve, floor, shares = rules["serve"], rules["floor"], rules["shares"]
    return {
        f"KEYART_SERVE={serve}: it chooses and learns nothing; start it with KEYART_SERVE=policy": serve
        != "policy",
        (
            "KEYART_BEST_SINGLE_SHARE=0: there is no group to compare with the personalized group; set it to "
            "0.05 or more"
        ): not shares["best_single"],
        "shares of best_single, uniform and default that add up to 1: nobody is personalized; "
        "lower KEYART_BEST_SINGLE_SHARE, KEYART_UNIFORM_SHARE or KEYART_DEFAULT_SHARE": sum(shares.values()) >= 1,
        (
            f"KEYART_EXPLORATION_FLOOR={floor:g}: most choices are chance, so little of the learning shows; set "
            "it to 0.02"
        ): floor > CHANCE,
    }


def _too_late(rules: dict[str, Any], steps: int) -> dict[str, object]:
    run, window, hold = steps / STEPS_A_SECOND, rules["window_seconds"], rules["hold_seconds"]
    takes, enough = (
        f"and {steps:,} steps take some {run:.0f} s",
        np.ceil(2 * window * STEPS_A_SECOND / 1000) * 1000,
    )
    return {
        (
            f"KEYART_HOLD_SECONDS={hold:g}, {takes}: the pictures of a viewer would hardly change in a run; "
            "start it with KEYART_HOLD_SECONDS=0"
        ): hold > run / 2,
        f"KEYART_REWARD_WINDOW_SECONDS={window:g}, {takes}: too little is learned before a run is over; "
        f"give --steps {enough:.0f} or more, shorten the window": window > run / 2,
    }


def _capped(rules: dict[str, Any], world: World, steps: int) -> dict[str, object]:
    """Return which cap is too low. All viewers of a run are strangers, because it takes less than a day."""
    cap, stranger_cap, visits = rules["learn_cap"], rules.get("stranger_cap", 0), steps * world.viewers.share
    least, of_strangers = LEARNED * steps, stranger_cap * len(world.titles)
    return {
        f"KEYART_LEARN_CAP={cap}: no more of a viewer's exposures are learned in an hour, and there would be "
        f"{visits.mean():.0f} of each viewer in the mean; "
        "set it to 0, give more --viewers": cap and np.minimum(visits, cap).sum() < least,
        f"KEYART_STRANGER_CAP={stranger_cap}: a run's viewers are strangers, and of {steps:,} steps no more than "
        f"{of_strangers:,} would be learned; "
        "start it with KEYART_STRANGER_CAP=0": stranger_cap and of_strangers < least,
    }
