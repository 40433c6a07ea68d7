"""Keyart and its rivals on the same core under the same load: decisions, and a click for every eighth request."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median

import msgspec

from tests.bench import servers, world, wrk
from tests.bench.alone import microseconds
from tests.bench.budget import Effort
from tests.bench.rivals import Rival

TITLES, PICTURES = 40, 6
EVERY = 8
"""One request in so many is a click."""


class Round(msgspec.Struct, frozen=True):
    rate: float
    p50: float
    p99: float
    failed: int
    alone: float
    """Microseconds of processor time for a decision without HTTP; 0 where there is none to make."""
    fallbacks: int = 0
    """Pictures that were served without a decision, since the server started."""


class Entry(msgspec.Struct, frozen=True):
    """A rival, and what it did, round by round; one that was not run has none, and says why."""

    rival: Rival
    rounds: list[Round]
    why_not: str | None = None

    def middle(self, name: str) -> float:
        """Return the median of a figure over the rounds."""
        return float(median(getattr(each, name) for each in self.rounds))


def contest(rivals: Sequence[Rival], effort: Effort) -> list[Entry]:
    """Let those that are installed take turns."""
    here = [rival for rival in rivals if rival.missing() is None]
    rounds: dict[str, list[Round]] = {rival.name: [] for rival in here}
    for _ in range(effort.rounds):
        for rival in here:
            rounds[rival.name].append(_round(rival, effort.seconds))
    return [Entry(rival, rounds.get(rival.name, []), rival.missing()) for rival in rivals]


def _round(rival: Rival, seconds: int) -> Round:
    with world.folder() as scripts, own_folder(rival) as folder:
        with serving(rival, folder) as url:
            wrk.mixed(url, scripts, titles=TITLES, every=EVERY, seconds=max(1, seconds // 2))  # warm up
            result = wrk.mixed(url, scripts, titles=TITLES, every=EVERY, seconds=seconds)
            fallbacks = servers.metric(url, "keyart_fallbacks_total") if rival.ours else 0
        alone = microseconds(rival, folder) if rival.decides else 0.0  # with what was learned just now
    return Round(result.rate, result.p50, result.p99, result.failed, alone, int(fallbacks))


def own_folder(rival: Rival) -> AbstractContextManager[Path]:
    return world.stocked(TITLES, PICTURES) if rival.ours else world.folder()


def serving(rival: Rival, folder: Path) -> AbstractContextManager[str]:
    """Run a rival, and return its address on entering."""
    if rival.ours:
        return servers.keyart(folder, **rival.settings)
    return servers.application(rival.module, folder)
