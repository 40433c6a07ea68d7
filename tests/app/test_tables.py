"""What commands show of snapshots."""

from app.store.protocol import Snapshot
from app.tables import of_snapshots
from bandit.vowpal import VowpalLearner


def test_the_snapshot_in_use_is_the_newest_that_is_not_damaged() -> None:
    whole = VowpalLearner().snapshot()
    kept = [Snapshot(id_, "incumbent", 10, 1, 0, b"", whole if id_ < 3 else whole[:-1]) for id_ in (3, 2, 1)]
    table = of_snapshots(kept)

    [snapshots, in_use] = [list(table.columns[number].cells) for number in (0, 1)]
    assert (snapshots, in_use) == (["3", "2", "1"], ["", "yes", ""])
