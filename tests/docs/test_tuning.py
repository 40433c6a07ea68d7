"""docs/tuning.md: the table of how long a lift takes to show, computed anew."""

from app.settings import Settings
from bandit.confidence_sequences import needed
from bandit.lift import TIGHTEST
from tests.docs.pages import page

PAGE = page("tuning.md")
SPREAD = 5.0


def viewers(lift: float, control: float, mean: float) -> int:
    """Return the number of viewers as the page has it, to two digits."""
    rest = 1 - control - Settings.model_fields["uniform_share"].default
    difference = lift * mean
    variance = SPREAD * mean * ((1 + lift) / rest + 1 / control) - difference**2
    return int(float(f"{needed(variance, difference, tightest=TIGHTEST):.2g}"))


def test_the_table_is_what_the_formula_says() -> None:
    lifts = {"lift of 5 %": 0.05, "lift of 10 %": 0.1, "lift of 20 %": 0.2, "lift of 40 %": 0.4}
    rows = PAGE.rows("control", "rewards of a viewer", *lifts)
    assert len(rows) == 9
    for control, mean, *told in rows:
        assert told == [f"{viewers(lift, float(control), float(mean)):,}" for lift in lifts.values()]
