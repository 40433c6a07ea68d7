"""How feedback becomes a reward."""

from dataclasses import dataclass
from typing import Literal

CLICK_BEFORE_PLAY = 0.2
"""What a click is worth where watching counts: opened and abandoned earns little."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What exposures and feedback are joined by. They stand in the log, so that the fold depends on nothing else.

    `window` is in milliseconds. `learn_cap` bounds the examples learned of one profile in an hour, `title_cap`
    those of one profile and one title. `stranger_cap` is after how many examples of a title strangers teach it
    little. 0: no bound.
    """

    window: int
    reward: Literal["click", "play"] = "click"
    play_seconds: float = 300.0
    learn_cap: int = 60
    title_cap: int = 0
    stranger_cap: int = 0

    def of_click(self) -> float:
        return 1.0 if self.reward == "click" else CLICK_BEFORE_PLAY

    def of_play(self, seconds: float) -> float:
        """Return the reward of a play, which implies that the title was opened."""
        if self.reward == "click":
            return 1.0
        return max(CLICK_BEFORE_PLAY, min(1.0, seconds / self.play_seconds))
