"""The first decisions of a service, with what another system's exposures taught it and without.

The audience, its titles and its visits are those of the other loops. The other system chose pictures by its own
rule, for earlier visits of the same viewers. Its exposures come in by the import of `keyart import-history`.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Literal

import numpy as np

from app.audience.visits import Visit, Visits
from app.audience.world import World
from app.clock import moment
from app.operations.exposure_import.columns import Columns
from app.operations.exposure_import.importing import ExposureImport, Outcome
from app.operations.exposure_import.past_exposures import PastExposures
from app.operations.exposure_import.row_files import RowFile
from app.viewers.pseudonym import Identity
from bandit.learners import new_learner
from tests.statistical.loop import Drawn, Loop, rules, titles_of
from tests.statistical.samples import sample_titles

VIEWERS = 500
ROWS, FIRST_DAY = 20_000, 1_500
"""Exposures of the other system, and of the first day."""
DAY_MS = 86_400_000
System = Literal["none", "chance", "popular"]
"""The other system's rule: by chance, or the most popular picture in nine of ten exposures."""


class Known(Identity):
    """Knows viewers by the pseudonyms of the loop."""

    def pseudonym(self, profile: str) -> str:
        return f"{int(profile):032x}"


def first_day(seed: int, system: System, folder: Path) -> float:
    """Return how far the first day's choices come from chance, 0, to the best possible, 1."""
    return asyncio.run(_first_day(seed, system, folder))


async def _first_day(seed: int, system: System, folder: Path) -> float:
    titles = [title for title in sample_titles() if len(title.artworks) > 1]
    world = World(titles_of(titles), viewers=VIEWERS, seed=seed)
    loop = await Loop.over(world, titles, new_learner(), "click", folder)
    if system != "none":
        await _import(loop, _file(_rows(world, system, loop.clock.now), folder))
    visits = Visits(world)
    return _reached(world, await loop.play((visits[number] for number in count()), FIRST_DAY))


def _rows(world: World, system: System, now: int) -> Iterator[dict[str, object]]:
    """Yield the exposures of the other system in the ten days before, without propensities."""
    rng, visits, era = np.random.default_rng(world.seed), Visits(world), world.era(late=False)
    popular = world.viewers.share @ era.click
    shown = _shown(visits, (10_000_000 + number for number in count()))
    for number, (visit, spot) in enumerate(islice(shown, ROWS)):
        columns = world.columns(visit.titles[spot])
        column = columns.start + int(rng.integers(columns.stop - columns.start))
        if system == "popular" and rng.random() < 0.9:
            column = columns.start + int(popular[columns].argmax())
        title = world.titles[visit.titles[spot]]
        about = {**visits.attributes(visit.viewer), **visits.circumstances(visit.viewer)}
        yield {
            "time": moment(now - 10 * DAY_MS + 10 * DAY_MS * number // ROWS),
            "title": title.id,
            "artwork": title.artworks[column - columns.start].id,
            "profile": str(visit.viewer),
            "clicked": visits.outcome(visit, spot, column, era).clicked,
            "attributes": about,
        }


def _shown(visits: Visits, numbers: Iterable[int]) -> Iterator[tuple[Visit, int]]:
    for number in numbers:
        visit = visits[number]
        yield from ((visit, spot) for spot, looked in enumerate(visit.looked) if looked)


def _file(rows: Iterable[dict[str, object]], folder: Path) -> RowFile:
    path = folder / "shown.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return RowFile.at(path, Columns({}))


async def _import(loop: Loop, file: RowFile) -> None:
    log, outcome = loop.store.log, Outcome()
    exposures = PastExposures(log, loop.live_catalogue, Known(b""), retention=90 * DAY_MS)
    importing = ExposureImport(file, log, exposures, outcome)
    async for _ in importing.check():
        pass
    async for _ in importing.write(rules("click")):
        pass
    assert outcome.imported == ROWS, outcome.faults
    await loop.learn_all()


def _reached(world: World, decisions: Iterable[Drawn]) -> float:
    click, got, chance, best = world.era(late=False).click, 0.0, 0.0, 0.0
    for drawn in decisions:
        clicks = click[drawn.viewer, list(drawn.candidates)]
        got += float(clicks @ drawn.probabilities)
        chance += float(clicks.mean())
        best += float(clicks.max())
    return (got - chance) / (best - chance)
