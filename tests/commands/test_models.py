"""What commands show of snapshots."""

from app.commands.models import table
from app.store.protocol import Snapshot
from bandit.learners import Kind, new_learner
from tests.learners import every_kind


@every_kind
def test_the_snapshot_in_use_is_the_newest_that_is_not_damaged(kind: Kind) -> None:
    whole = new_learner(kind).snapshot()
    kept = [Snapshot(id_, "incumbent", 10, 1, 0, b"", whole if id_ < 3 else whole[:-1]) for id_ in (3, 2, 1)]
    shown = table(kept)

    [snapshots, in_use] = [list(shown.columns[number].cells) for number in (0, 1)]
    assert (snapshots, in_use) == (["3", "2", "1"], ["", "yes", ""])


def test_a_candidate_is_never_in_use() -> None:
    whole = new_learner().snapshot()
    roles = {4: "candidate", 3: "incumbent", 2: "candidate", 1: "incumbent"}
    shown = table([Snapshot(id_, role, 10, 1, 0, b"", whole) for id_, role in roles.items()])

    [snapshots, in_use, role] = [list(shown.columns[number].cells) for number in (0, 1, 2)]
    assert (snapshots, in_use) == (["4", "3", "2", "1"], ["", "yes", "", ""])
    assert role == list(roles.values())
