"""docs/tuning.md: the table of how long a lift takes to show, computed anew."""

from math import log
from statistics import NormalDist

from app.settings import Settings
from tests.docs.pages import page

PAGE = page("tuning.md")
POWER = 0.8


def exposures(lift: float, control: float, rate: float) -> int:
    """Return the number of exposures as the page's formula has it, to two digits."""
    normal = NormalDist()
    z = normal.inv_cdf(0.975) + normal.inv_cdf(POWER)
    rest = 1 - control - Settings.model_fields["uniform_share"].default
    better = rate * (1 + lift)
    needed = z**2 * ((1 - better) / (better * rest) + (1 - rate) / (rate * control)) / log(1 + lift) ** 2
    return int(float(f"{needed:.2g}"))


def test_the_table_is_what_the_formula_says() -> None:
    lifts = {"lift of 5 %": 0.05, "lift of 10 %": 0.1, "lift of 20 %": 0.2, "lift of 40 %": 0.4}
    rows = PAGE.rows("control", "click rate", *lifts)
    assert len(rows) == 9
    for control, rate, *told in rows:
        p = float(rate.removesuffix(" %")) / 100
        assert told == [f"{exposures(lift, float(control), p):,}" for lift in lifts.values()]
