"""The sums of all tallies of each group, on a separate connection and a separate thread."""

from contextlib import closing
from pathlib import Path

from app.store.sqlite.connection import look
from bandit.tally import Tally

SUMS = (
    "SELECT in_group, sum(exposures), sum(clicks), sum(plays), sum(reward), sum(weight), sum(weighted)"
    " FROM tally GROUP BY in_group"
)


def sums_of_groups(path: Path) -> dict[str, Tally]:
    """Sum the tallies: a third of a second with 10,000 titles, in which the event loop must not wait."""
    with closing(look(path)) as reader:
        return {group: Tally(*sums) for group, *sums in reader.execute(SUMS).fetchall()}
