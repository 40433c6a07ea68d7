"""The reward of feedback."""

from dataclasses import dataclass
from typing import Literal

CLICK_BEFORE_PLAY = 0.2
"""The reward of a click if watching counts: a title that is opened and abandoned earns little."""


@dataclass(frozen=True, slots=True)
class RewardRules:
    """The rules that join exposures with feedback. The log contains them, so the fold depends on nothing else.

    The length of `window` is in milliseconds. The cap `learn_cap` limits the examples of one profile in an hour,
    and `title_cap` those of one profile and one title. After `stranger_cap` examples of a title, strangers teach
    it little. A value of 0 means no limit.
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

    def of_outcome(self, seconds: float | None, *, clicked: bool) -> float:
        """Return the reward of an exposure that has ended; without `seconds` it was not played."""
        if seconds is not None:
            return self.of_play(seconds)
        return self.of_click() if clicked else 0.0
