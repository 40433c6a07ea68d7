"""The settings that decide how the service serves and learns, as a report gives them."""

from typing import Literal

from typing_extensions import TypedDict

from app.settings import Settings


class Shares(TypedDict):
    """The share of the profiles in each group; all others are personalized."""

    best_single: float
    uniform: float
    default: float


class RulesInForce(TypedDict):
    """The settings that the service uses. A `hold_seconds`, `learn_cap` or `stranger_cap` of 0 means none."""

    serve: Literal["policy", "default"]
    reward: Literal["click", "play"]
    play_seconds: float
    window_seconds: float
    hold_seconds: float
    learn_cap: int
    stranger_cap: int
    floor: float
    shares: Shares


def settings_in_force(settings: Settings) -> RulesInForce:
    return {
        "serve": settings.serve,
        "reward": settings.reward,
        "play_seconds": settings.play_seconds,
        "window_seconds": settings.reward_window_seconds,
        "hold_seconds": settings.hold_seconds,
        "learn_cap": settings.learn_cap,
        "stranger_cap": settings.stranger_cap,
        "floor": settings.exploration_floor,
        "shares": {
            "best_single": settings.best_single_share,
            "uniform": settings.uniform_share,
            "default": settings.default_share,
        },
    }
