"""What `keyart audience` shows at the end of a run."""

from io import StringIO

from rich.console import Console

from app.audience.world import World
from app.commands import audience_chart as chart
from tests.audience.made_up import counted, played, some_titles

WORLD = World(some_titles())


def test_what_is_shown_can_be_read_without_colours() -> None:
    counted_ = played(WORLD, 6000, "single")
    for reward in ("click", "play"):
        console = Console(width=80, record=True, file=StringIO())
        console.print(chart.table(counted_, reward))
        written = console.export_text()
        assert "…" not in written
        for mask in map(counted_.of, counted_.groups):
            assert f"{mask.sum():,}" in written
            assert f"{counted_.rate(mask, counted_.clicked).value:.2%}" in written
    shown = chart.plot(counted_, "click", colour=False)

    assert "\x1b" not in shown
    assert "Click rate in % over the exposures" in shown
    for name, letters in (("best possible", "++"), ("best single picture", "xx"), ("personalized", "oo")):
        assert f"{letters} {name}" in shown
    assert max(map(len, shown.splitlines())) <= 100
    assert "\x1b" in chart.plot(counted_, "click", colour=True)


def test_too_little_to_compare_is_said() -> None:
    lift, way = chart.sentences(counted((1, "uniform", 1.0), (2, "personalized", 0.0)), "click")
    assert lift.endswith("the personalized or the best_single group earned too little for a comparison.")
    assert "of the way" in way
