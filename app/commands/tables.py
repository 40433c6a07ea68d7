"""The tables of reports and snapshots."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from rich.table import Table

from app.evaluation.tuning import ONLINE, Difference, Found, Way, best_of, better, earns_more
from app.store.protocol import Snapshot
from bandit.learners import restored
from bandit.sealing import UnusableSnapshot


def of_groups(groups: Mapping[str, Any]) -> Table:
    table = Table("group", "exposures", "clicks", "plays", "click rate", "95 % interval")
    for group, rates in groups.items():
        counts = [str(rates[name]) for name in ("exposures", "clicks", "plays")]
        if rates["interval"] is None:
            table.add_row(group, *counts, "", "")
        else:
            low, high = rates["interval"]
            table.add_row(group, *counts, f"{rates['click_rate']:.2%}", f"{low:.2%} – {high:.2%}")
    return table


def lift(found: Mapping[str, Any] | None) -> str:
    if not found:
        return "No lift yet: it needs clicks in both the personalized and the best_single group."
    low, high = found["interval"]
    return f"Clicks over the best single picture: {found['clicks']:+.1%} ({low:+.1%} to {high:+.1%})."


def of_snapshots(snapshots: Iterable[Snapshot]) -> Table:
    """Show snapshots, the newest first; decisions are made with the first incumbent that is not damaged."""
    table = Table("snapshot", "in use", "role", "position", "made", "bytes", "weights in use")
    used = False
    for s in snapshots:
        made = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(s.created / 1000))
        weights = _weights_in_use(s)
        usable = weights is not None and s.role == "incumbent"
        mark = "yes" if usable and not used else ""
        used = used or usable
        told = "it is damaged and not used" if weights is None else str(weights)
        table.add_row(str(s.id), mark, s.role, str(s.position), made, str(len(s.learner)), told)
    return table


def of_trials(found: Found) -> list[Table]:
    """Show how well the tunings predicted the first examples; nothing if only the default was tried."""
    default, *others = found.trials
    if not others:
        return []
    table = Table("spread", "most known", "log loss", "better by", "95 % interval")
    table.title = f"Tunings: {len(default.losses)} examples, each predicted and then learned"
    best = best_of(found.trials)
    for trial in found.trials:
        tuning, style = trial.way.tuning, "bold" if trial is best else None
        gain = ["", ""] if trial is default else _gain(better(trial, default))
        numbers = f"{tuning.spread:g}", f"{tuning.most_known:g}", f"{trial.losses.mean():.5f}"
        table.add_row(*numbers, *gain, style=style)
    return [table]


def of_judged(found: Found) -> Table:
    table = Table("way", "log loss", "better by", "95 % interval", "earns", "more by")
    online = found.judged[0]
    table.title = f"On the {len(online.losses)} test examples"
    for each in found.judged:
        earned = "" if each.value is None else f"{each.value:.4f}"
        more = earns_more(each, online)
        gain = ["", ""] if each is online else _gain(better(each, online))
        than = "" if each is online or more is None else f"{more.mean:+.4f} ± {1.96 * more.error:.4f}"
        style = "bold" if each.way == found.won else None
        table.add_row(_way(each.way), f"{each.losses.mean():.5f}", *gain, earned, than, style=style)
    return table


def verdict(found: Found) -> str:
    if len(found.judged) == len(found.trials) == 1:
        return "One pass with the default tuning is the online way; the candidate learned so."
    if len(found.judged) == 1:
        return "No tuning is clearly better than the default, so the candidate learned in the online way."
    if found.won == ONLINE:
        return "No other way is as good on the test examples, so the candidate learned in the online way."
    return f"The candidate learned with {_way(found.won)}."


def _way(way: Way) -> str:
    if way == ONLINE:
        return "online"
    passes = f", {way.passes} passes" if way.passes > 1 else ""
    return f"spread {way.tuning.spread:g}, most known {way.tuning.most_known:g}{passes}"


def _gain(difference: Difference) -> list[str]:
    low, high = difference.mean - 1.96 * difference.error, difference.mean + 1.96 * difference.error
    return [f"{difference.mean:+.5f}", f"{low:+.5f} to {high:+.5f}"]


def _weights_in_use(snapshot: Snapshot) -> int | None:
    """Return how many weights are not 0; None if the snapshot is damaged."""
    try:
        return int(np.count_nonzero(restored(snapshot.learner).weights()[:, 0]))
    except UnusableSnapshot:
        return None
