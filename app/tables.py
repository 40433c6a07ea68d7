"""What commands show of reports, snapshots and imports."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import numpy as np
from rich.table import Table
from rich.text import Text

from app.store.protocol import Snapshot
from assets.importing.row import Outcome, Row
from bandit.vowpal import UnusableSnapshot, VowpalLearner


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
    """Show snapshots, the newest first; the first that is not damaged is the one that decisions are made with."""
    table = Table("snapshot", "in use", "position", "made", "bytes", "weights in use")
    used = False
    for s in snapshots:
        made = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(s.created / 1000))
        weights = _weights_in_use(s)
        mark = "yes" if weights is not None and not used else ""
        used = used or weights is not None
        told = "it is damaged, and passed over" if weights is None else str(weights)
        table.add_row(str(s.id), mark, str(s.position), made, str(len(s.learner)), told)
    return table


def of_import(rows: Iterable[Row], *, unchanged: bool = False) -> Table:
    """Show what became of each picture, and what to look at again; what was refused stands last."""
    table = Table("title", "artwork", "outcome", "to look at")
    for row in sorted(rows, key=lambda row: row.outcome == "refused"):
        if row.outcome != "unchanged" or (unchanged and row.warnings):
            sentences = Text("\n".join([*([row.reason] if row.reason else []), *row.warnings]))
            table.add_row(row.title, row.artwork, row.outcome, sentences)
    return table


def summary(rows: Sequence[Row]) -> str:
    counts = Counter(row.outcome for row in rows)
    noted = sum(bool(row.warnings) for row in rows if row.outcome == "unchanged")
    notes = f" ({noted} of them with notes: --all shows those)" if noted else ""
    parts = (f"{counts[outcome]} {outcome}" for outcome in get_args(Outcome) if counts[outcome])
    return ", ".join(part + notes if part.endswith("unchanged") else part for part in parts) + "."


def comparison(rebuilt: VowpalLearner, incumbent: Snapshot) -> str:
    try:
        learner = VowpalLearner.restore(incumbent.learner)
    except UnusableSnapshot as error:
        return f"Snapshot {incumbent.id} can't be compared with, for it is damaged: {error}"
    different = int((rebuilt.weights() != learner.weights()).any(axis=1).sum())
    if not different:
        return f"Equal to snapshot {incumbent.id} in every weight."
    return (
        f"Different from snapshot {incumbent.id} in {different} weights: "
        "the log was trimmed, or a profile was forgotten."
    )


def _weights_in_use(snapshot: Snapshot) -> int | None:
    """Return how many weights are not 0; None where the snapshot is damaged."""
    try:
        return int(np.count_nonzero(VowpalLearner.restore(snapshot.learner).weights()[:, 0]))
    except UnusableSnapshot:
        return None
