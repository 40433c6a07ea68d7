"""Whether anything could be learned at a service, going by its own rules; and if not, why, and what to do."""

from typing import Any

import numpy as np

from app.audience.world import World

STEPS_A_SECOND = 500
"""A cautious guess at how fast a run goes, to judge what fits into it."""
LEARNED = 0.9
"""The share of exposures that a learn cap has to let through."""
CHANCE = 0.5
"""The share of choices that may be left to chance: of more, too little of what was learned is seen."""
ELSE = "or leave --url out: then a service with the demo preset is started for the run"


def refusal(rules: dict[str, Any], world: World, *, steps: int, reward: str | None) -> str | None:
    """Return why nothing could be learned in a run, in a sentence; None if it could."""
    return (
        _served(rules)
        or _rewarded(rules, reward)
        or _compared(rules)
        or _chosen(rules)
        or _in_time(rules, steps)
        or _capped(rules, world, steps)
        or _strangers(rules, world, steps)
    )


def _served(rules: dict[str, Any]) -> str | None:
    if rules["serve"] == "policy":
        return None
    return (
        f"The service has KEYART_SERVE={rules['serve']}: nothing is chosen and nothing learned; "
        f"start it with KEYART_SERVE=policy, {ELSE}."
    )


def _rewarded(rules: dict[str, Any], reward: str | None) -> str | None:
    if reward in {None, rules["reward"]}:
        return None
    return (
        f"The service learns from KEYART_REWARD={rules['reward']}, and --reward is {reward}; "
        f"give --reward {rules['reward']}, or start the service with KEYART_REWARD={reward}."
    )


def _compared(rules: dict[str, Any]) -> str | None:
    shares = rules["shares"]
    if not shares["best_single"]:
        return (
            "The service has KEYART_BEST_SINGLE_SHARE=0: there is no group to compare the personalized one with; "
            f"set it to 0.05 or more, {ELSE}."
        )
    if sum(shares.values()) >= 1:
        return (
            "The service's shares of best_single, uniform and default add up to 1: nobody is personalized; lower "
            f"KEYART_BEST_SINGLE_SHARE, KEYART_UNIFORM_SHARE or KEYART_DEFAULT_SHARE, {ELSE}."
        )
    return None


def _chosen(rules: dict[str, Any]) -> str | None:
    floor = rules["floor"]
    if floor <= CHANCE:
        return None
    return (
        f"The service has KEYART_EXPLORATION_FLOOR={floor:g}: most pictures are left to chance, whatever was "
        f"learned; set it to 0.02, {ELSE}."
    )


def _in_time(rules: dict[str, Any], steps: int) -> str | None:
    """Refuse what takes longer than half of a run, as far as that can be told beforehand."""
    run = steps / STEPS_A_SECOND
    window, hold = rules["window_seconds"], rules["hold_seconds"]
    if hold > run / 2:
        return (
            f"The service has KEYART_HOLD_SECONDS={hold:g}, and {steps:,} steps take some {run:.0f} s: what a "
            f"viewer sees would hardly change in a run; start it with KEYART_HOLD_SECONDS=0, {ELSE}."
        )
    if window > run / 2:
        return (
            f"The service has KEYART_REWARD_WINDOW_SECONDS={window:g}, and {steps:,} steps take some {run:.0f} s: "
            f"too little is learned before a run is over; give --steps {_enough(window)} or more, shorten the "
            f"window, {ELSE}."
        )
    return None


def _enough(window: float) -> int:
    return int(np.ceil(2 * window * STEPS_A_SECOND / 1000) * 1000)


def _capped(rules: dict[str, Any], world: World, steps: int) -> str | None:
    """A cap is by profile and hour; a run is shorter than that."""
    cap = rules["learn_cap"]
    visits = steps * world.viewers.share
    if not cap or np.minimum(visits, cap).sum() >= LEARNED * steps:
        return None
    return (
        f"The service has KEYART_LEARN_CAP={cap}: no more of a viewer's exposures are learned in an hour, and "
        f"there would be {visits.mean():.0f} of each viewer in the mean; set it to 0, give more --viewers, {ELSE}."
    )


def _strangers(rules: dict[str, Any], world: World, steps: int) -> str | None:
    """All viewers of a run are strangers: it takes less than a day."""
    cap, titles = rules.get("stranger_cap", 0), len(world.titles)
    if not cap or cap * titles >= LEARNED * steps:
        return None
    return (
        f"The service has KEYART_STRANGER_CAP={cap}: a run's viewers are strangers, and of {steps:,} steps no "
        f"more than {cap * titles:,} would be learned; start it with KEYART_STRANGER_CAP=0, {ELSE}."
    )
