"""What is shown at the end of a run: a table, a plot over time, and two sentences."""

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from uniplot import plot_to_string

from app.audience.scores import Estimate, Floats, Outcomes

BINS = 25
LEAST = 20
"""Exposures of a group in a stretch, in the mean, below which its line would be noise alone."""
WIDTH, HEIGHT = 78, 18
COLOURS = ["green", "blue", "yellow", "cyan", "red", "magenta"]
COUNTS = ("group", "exposures", "clicks", "click\nrate", "95 %\ninterval")
YARDSTICKS = ("best\nsingle", "best\npossible")
LEFT = "aban-\ndoned"
COLUMNS = {"click": (*COUNTS, *YARDSTICKS, LEFT), "play": (*COUNTS, LEFT, "mean\nreward", *YARDSTICKS)}
CAPTION = "The two best: expected with the group's own viewers, titles and places."
LAST_HALF = "In the last half of the run"


def table(counted: Outcomes, reward: str) -> Table:
    """Show each group, and what its viewers, titles and places were expected to give the two yardsticks."""
    gap = 1 if reward == "click" else 0  # with 80 characters in a line there is no room for more
    found = Table(*COLUMNS[reward], caption=CAPTION, box=SIMPLE_HEAD, show_edge=False, padding=(0, 0, 0, gap))
    for column in found.columns:
        column.justify = "right"
    found.columns[0].justify = "left"
    for row in counted.rows():
        left = "" if row.left is None else f"{row.left:.0%}"
        beside = (
            [f"{row.single:.2%}", f"{row.best:.2%}", left]
            if reward == "click"
            else [left, f"{row.reward:.4f}", f"{row.single:.4f}", f"{row.best:.4f}"]
        )
        rate = [f"{row.click_rate.value:.2%}", _between(row.click_rate)]
        found.add_row(row.group, f"{row.exposures:,}", f"{row.clicks:,}", *rate, *beside)
    return found


def plot(counted: Outcomes, reward: str, *, colour: bool) -> str:
    """Draw what each group earned over time, beside the yardsticks; without colour, each in its own letter."""
    bins = max(2, min(BINS, len(counted.group) // 200))
    earned = counted.clicked if reward == "click" else counted.reward
    names = [name for name in counted.groups if counted.of(name).sum() >= LEAST * bins]
    lines = [counted.group_over_time(name, bins, earned) for name in names]
    levels = counted.over_time(bins, [counted.best, counted.single])
    drawn = plot_to_string(
        xs=[_middles(bins, len(counted.group))] * (len(lines) + 2),
        ys=[_scaled(line, reward) for line in [*levels, *lines]],
        lines=[True] * (len(lines) + 2),
        legend_labels=["best possible", "best single picture", *names],
        title=f"{'Click rate in %' if reward == 'click' else 'Mean reward'} over the exposures",
        color=COLOURS[: len(lines) + 2] if colour else False,
        character_set="block" if colour else "ascii",
        width=WIDTH,
        height=HEIGHT,
        y_min=0,
        x_min=0,
        x_max=len(counted.group),
    )
    return "\n".join(line.rstrip() for line in str(drawn).splitlines())


def sentences(counted: Outcomes, reward: str) -> list[str]:
    """Say how far above the best single picture the personalized group is, and how far on the way to the best."""
    return [_lift(counted, reward), _way(counted)]


def _lift(counted: Outcomes, reward: str) -> str:
    allowed, plain = counted.lift(), counted.lift(allowing=False)
    what = "clicked" if reward == "click" else "earned"
    if allowed is None or plain is None:
        return f"{LAST_HALF} there was too little in the personalized or the best_single group to compare them."
    return (
        f"{LAST_HALF} the personalized group {what} {_signed(allowed)} compared with best_single, allowing for "
        f"who is in which group; as counted, {_signed(plain)}."
    )


def _way(counted: Outcomes) -> str:
    way = counted.way()
    if way is None:
        return (
            "The best single picture of each title is the best possible for every viewer: nothing can be gained."
        )
    if way.value < 0:
        return (
            f"{LAST_HALF} it had not yet come to the best single picture of each title, which is named here with "
            f"foresight: {way.value:.0%} of the way from there to the best possible ({way.low:.0%} to "
            f"{way.high:.0%}). It needs more steps to learn from."
        )
    return (
        f"{LAST_HALF} it came {way.value:.0%} of the way ({way.low:.0%} to {way.high:.0%}) from the best single "
        "picture of each title to the best possible for each viewer, as expected for the same viewers, titles and "
        "places."
    )


def _signed(found: Estimate) -> str:
    return f"{found.value:+.1%} ({found.low:+.1%} to {found.high:+.1%})"


def _between(found: Estimate) -> str:
    return f"{100 * found.low:.1f}–{found.high:.1%}"


def _middles(bins: int, steps: int) -> Floats:
    middles: Floats = (np.arange(bins) + 0.5) * steps / bins
    return middles


def _scaled(line: Floats, reward: str) -> Floats:
    return line * 100 if reward == "click" else line
