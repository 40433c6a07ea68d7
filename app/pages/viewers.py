"""The sample viewers of the browse page, as viewers.toml describes them."""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ALIKE: Final = 6
"""How many profiles share the taste of each sample viewer, so that one of them is personalized."""


class SampleViewer(NamedTuple):
    """A sample viewer. The service learns the tags that it likes and dislikes from its clicks alone."""

    id: str
    name: str
    about: str
    country: str
    language: str
    device: str
    likes: frozenset[str]
    dislikes: frozenset[str]

    @property
    def hints(self) -> dict[str, str]:
        """Return the hints that go with each of its requests."""
        return {"country": self.country, "language": self.language, "device": self.device}

    @property
    def profiles(self) -> list[str]:
        return [f"sample-{self.id}-{number}" for number in range(1, ALIKE + 1)]

    def shown(self, is_personalized: Callable[[str], bool]) -> str:
        """Return the profile that the page shows: the first that belongs to no control group."""
        return next(filter(is_personalized, self.profiles), self.profiles[0])


@cache
def sample_viewers() -> tuple[SampleViewer, ...]:
    listed = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["viewers"]
    return tuple(
        SampleViewer(**{**each, "likes": frozenset(each["likes"]), "dislikes": frozenset(each["dislikes"])})
        for each in listed
    )
