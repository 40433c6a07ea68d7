"""A small catalogue for worlds, and what a run on it would count if a rule chose."""

import numpy as np

from app.audience.scores import GROUPS, Outcomes, Scores, Seen
from app.audience.titles import Artwork, Title
from app.audience.visits import Visits, Yardstick
from app.audience.world import World

TAGS = [f"tag-{n}" for n in range(24)]


def some_titles(count: int = 10, artworks: int = 8) -> list[Title]:
    dice = np.random.default_rng(3)

    def artwork(number: int) -> Artwork:
        return Artwork(f"artwork-{number}", tuple(dice.choice(TAGS, 5, replace=False).tolist()))

    return [Title(f"title-{n}", tuple(artwork(number) for number in range(artworks))) for n in range(count)]


def played(world: World, steps: int, rule: str) -> Outcomes:
    """Return the exposures of a run in which one rule chose for everyone: best, single or uniform."""
    dice, visits, scores, era = np.random.default_rng(4), Visits(world), Scores(), world.era(late=False)
    yardstick, number = Yardstick(world, era, "click", 300), 0
    while len(scores) < steps:
        visit, number = visits[number], number + 1
        for spot, title in enumerate(visit.titles):
            if visit.looked[spot]:
                columns = world.columns(title)
                column = {
                    "best": columns.start + int(era.click[visit.viewer, columns].argmax()),
                    "single": columns.start + int((world.viewers.share @ era.click[:, columns]).argmax()),
                    "uniform": int(dice.integers(columns.start, columns.stop)),
                }[rule]
                outcome = visits.outcome(visit, spot, column, era)
                falls, at = float(world.falls[spot]), (visit.viewer, title)
                levels = [float(level[at]) * falls for level in (yardstick.best, yardstick.single)]
                group = GROUPS.index("best_single" if visit.viewer % 4 == 0 else "personalized")
                scores.add(
                    Seen(visit.viewer, group, outcome.clicked, outcome.left, float(outcome.clicked), *levels)
                )
    return scores.frozen()


def counted(*exposures: tuple[int, str, float]) -> Outcomes:
    """Return exposures of viewer, group and reward, where the best single picture earns 0.2 and the best 0.4."""
    scores = Scores()
    for viewer, group, reward in exposures:
        scores.add(Seen(viewer, GROUPS.index(group), reward > 0, False, reward, 0.4, 0.2))
    return scores.frozen()
