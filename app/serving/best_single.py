"""The artwork of a title that does best over all viewers."""

from collections.abc import Sequence

from app.records import BOT, PINNED
from app.store.protocol import State
from bandit.tally import Tally, best_single


class BestSingle:
    """Remembers a title's tallies until told to read them again."""

    def __init__(self, state: State):
        self._state = state
        self._titles: dict[str, dict[str, Tally]] = {}

    async def best(self, title: str, candidates: Sequence[str]) -> int:
        tallies = self._titles.get(title)
        if tallies is None:
            tallies = self._titles[title] = await self._of(title)
        return best_single(candidates, tallies)

    def look_again(self) -> None:
        self._titles.clear()

    async def _of(self, title: str) -> dict[str, Tally]:
        summed: dict[str, Tally] = {}
        for (_, artwork, group), tally in (await self._state.tallies(title)).items():
            if group not in {PINNED, BOT}:
                summed[artwork] = summed.get(artwork, Tally()) + tally
        return summed
