"""The output at the end of a run: a table, a plot over time, and two sentences."""

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from uniplot import plot_to_string

from app.audience.scores import Estimate, Outcomes

BINS = 25
LEAST = 20
"""The fewest exposures of a group in a part of the run, on average, with which its line is more than noise."""
WIDTH, HEIGHT = 78, 18
COLOURS = ["green", "blue", "yellow", "cyan", "red", "magenta", "white"]
COLUMNS = ("group", "exposures", "clicks", "click\nrate", "95 %\ninterval")
YARDSTICKS = ("best\nsingle", "best\npossible")
LEFT = "aban-\ndoned"
CAPTION = "Best single, best possible: expected for the group's viewers and titles."
LAST_HALF = "In the last half of the run"


def table(outcomes: Outcomes, by: str) -> Table:
    """Show each group, with the rates that the two yardsticks would have with its viewers, titles and spots."""
    by_click = by == "click"
    beside = (*YARDSTICKS, LEFT) if by_click else (LEFT, "mean\nreward", *YARDSTICKS)
    gap = 1 if by_click else 0  # with 80 characters in a line there is no room for more
    found = Table(*COLUMNS, *beside, caption=CAPTION, box=SIMPLE_HEAD, show_edge=False, padding=(0, 0, 0, gap))
    for column in found.columns[1:]:
        column.justify = "right"
    for group in outcomes.groups:
        mask = outcomes.of(group)
        rate, clicks = outcomes.rate(mask, outcomes.clicked), int(outcomes.clicked[mask].sum())
        left = f"{outcomes.left[mask].sum() / clicks:.0%}" if clicks else ""
        between = f"{100 * rate.low:.1f}–{rate.high:.1%}"
        cells = [group, f"{mask.sum():,}", f"{clicks:,}", f"{rate.value:.2%}", between]
        reward, single, best = (each[mask].mean() for each in (outcomes.reward, outcomes.single, outcomes.best))
        if by_click:
            cells += [f"{single:.2%}", f"{best:.2%}", left]
        else:
            cells += [left, f"{reward:.4f}", f"{single:.4f}", f"{best:.4f}"]
        found.add_row(*cells)
    return found


def plot(outcomes: Outcomes, reward: str, *, colour: bool) -> str:
    """Draw the rates of the groups and the yardsticks over time; without colour, each line has its own letter."""
    steps = len(outcomes.group)
    bins = max(2, min(BINS, steps // 200))
    earned, scale = (outcomes.clicked, 100) if reward == "click" else (outcomes.reward, 1)
    everyone = np.ones(steps, dtype=np.bool_)
    lines = {"best possible": (outcomes.best, everyone), "best single picture": (outcomes.single, everyone)}
    groups = {name: outcomes.of(name) for name in outcomes.groups}
    lines |= {name: (earned, mask) for name, mask in groups.items() if mask.sum() >= LEAST * bins}
    drawn = plot_to_string(
        xs=[(np.arange(bins) + 0.5) * steps / bins] * len(lines),
        ys=[scale * outcomes.over_time(bins, *line) for line in lines.values()],
        lines=[True] * len(lines),
        legend_labels=list(lines),
        title=f"{'Click rate in %' if reward == 'click' else 'Mean reward'} over the exposures",
        color=COLOURS[: len(lines)] if colour else False,
        character_set="block" if colour else "ascii",
        width=WIDTH,
        height=HEIGHT,
        y_min=0,
        x_min=0,
        x_max=steps,
    )
    return "\n".join(line.rstrip() for line in str(drawn).splitlines())


def sentences(outcomes: Outcomes, reward: str) -> list[str]:
    """Compare the personalized group with the best_single group, and with the best possible."""
    return [_lift(outcomes, reward), _way(outcomes)]


def _lift(outcomes: Outcomes, reward: str) -> str:
    allowed, plain = outcomes.lift(), outcomes.lift(allowing=False)
    what = "clicked" if reward == "click" else "earned"
    if allowed is None or plain is None:
        return f"{LAST_HALF} the personalized or the best_single group earned too little for a comparison."
    return (
        f"{LAST_HALF} the personalized group {what} {_signed(allowed)} compared with best_single, corrected for "
        f"the viewers of each group; without this correction, {_signed(plain)}."
    )


def _way(outcomes: Outcomes) -> str:
    way = outcomes.way()
    if way is None:
        return (
            "The best single picture of each title is the best possible for every viewer, so a service that "
            "personalizes gains nothing."
        )
    if way.value < 0:
        return (
            f"{LAST_HALF} the group was still below the best single picture of each title, which only this "
            f"command knows in advance: {way.value:.0%} of the way from there to the best possible ({way.low:.0%} "
            f"to {way.high:.0%}). The service needs more steps to learn from."
        )
    return (
        f"{LAST_HALF} the group came {way.value:.0%} of the way ({way.low:.0%} to {way.high:.0%}) from the best "
        "single picture of each title to the best possible picture for each viewer. Both are expected for the "
        "same viewers and titles."
    )


def _signed(found: Estimate) -> str:
    return f"{found.value:+.1%} ({found.low:+.1%} to {found.high:+.1%})"
