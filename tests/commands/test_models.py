"""What commands show of snapshots."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from app.clock import now_ms
from app.commands.models import fitness_of, table, tunings
from app.store.protocol import Snapshot
from bandit.learners import Kind, new_learner
from bandit.logistic.learner import LogisticLearner
from bandit.logistic.prior import Tuning
from tests.learners import every_kind


@every_kind
def test_the_snapshot_in_use_is_the_newest_that_is_not_damaged(kind: Kind) -> None:
    whole = new_learner(kind).snapshot()
    kept = [Snapshot(id_, "incumbent", 10, 1, 0, b"", whole if id_ < 3 else whole[:-1]) for id_ in (3, 2, 1)]
    shown = table(kept)

    [snapshots, in_use] = [list(shown.columns[number].cells) for number in (0, 1)]
    assert (snapshots, in_use) == (["3", "2", "1"], ["", "yes", ""])


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172_800, "2 days"),
        (-5, "0 s"),
    ],
)
def test_the_age_is_told_in_the_largest_unit(seconds: int, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.commands.models.now_ms", lambda: 10**12 + 1000 * seconds)
    shown = table([Snapshot(1, "incumbent", 10, 1, 10**12, b"", new_learner().snapshot())])
    assert list(shown.columns[5].cells) == [told]


def test_the_list_is_whole_on_a_narrow_terminal() -> None:
    console = Console(width=80, file=StringIO(), record=True)
    console.print(
        table([Snapshot(12_345, "incumbent", 48_213_000, 1, now_ms() - 7_000_000, b"", new_learner().snapshot())])
    )
    assert "…" not in console.export_text()


def test_a_candidate_is_never_in_use() -> None:
    whole = new_learner().snapshot()
    roles = {4: "candidate", 3: "incumbent", 2: "candidate", 1: "incumbent"}
    shown = table([Snapshot(id_, role, 10, 1, 0, b"", whole) for id_, role in roles.items()])

    [snapshots, in_use, role] = [list(shown.columns[number].cells) for number in (0, 1, 2)]
    assert (snapshots, in_use) == (["4", "3", "2", "1"], ["", "yes", "", ""])
    assert role == list(roles.values())


def test_snapshots_are_told_by_their_tuning() -> None:
    usual, narrow = new_learner().snapshot(), LogisticLearner(Tuning(spread=0.3)).snapshot()
    kept = [(4, usual), (3, narrow), (2, usual), (1, usual[:-1])]
    said = tunings([Snapshot(id_, "incumbent", 10, 1, 0, b"", learner) for id_, learner in kept])
    assert len(said) == 2
    assert said[0].endswith(": snapshots 4, 2.")
    assert said[1].startswith("Tuning logistic,spread=0.3, ")
    assert said[1].endswith(": snapshots 3.")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"decisions": 12, "entropy": None, "interval": None}, "12 decisions are too few to judge it."),
        ({"decisions": 90, "entropy": 1.234, "interval": None}, "1.23 bits; too few viewers earned a reward"),
        (
            {"decisions": 90, "entropy": 0.5, "over_best_single": 0.0123, "interval": [-0.001, 0.025]},
            "0.50 bits; in 1,000 exposures it earns +12.3 (-1.0 to +25.0) compared with the best single picture.",
        ),
    ],
)
def test_the_fitness_is_told_as_far_as_it_is_known(found: dict[str, Any], told: str) -> None:
    assert told in fitness_of(7, found)
