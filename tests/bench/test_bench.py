"""What the benchmarks say of their figures, and that what they are held against works. No figure is judged."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import httpx2
import msgspec
import pytest
from typer import Typer
from typer.testing import CliRunner

from tests.bench import hot_path, servers, world, wrk
from tests.bench.__main__ import OTHERS, main
from tests.bench.against.__main__ import Case, Result, order, table
from tests.bench.against.paired import Measured, Ratio, outer_rank, ratio
from tests.bench.against.side import children, processor_seconds
from tests.bench.bare import Choice
from tests.bench.budget import Bound, Budget, Effort, Rounds
from tests.bench.budgets import BUDGETS
from tests.bench.contest import Entry, Round, contest, serving
from tests.bench.crowd import loads_in
from tests.bench.machine import this_machine
from tests.bench.results import Run
from tests.bench.rivals import FRESH, RIVALS, Rival
from tests.bench.sampler import Samples, place
from tests.bench.tables import BEGIN, END, markdown, put_into

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
ASKED = {"title": "title-3", "profile": "ada", "device": "tv", "country": "DE", "language": "de", "width": "640"}
PAGES = 30
"""Processor time enough for a timer that ticks every few milliseconds."""
WRK = """Running 1s test @ http://127.0.0.1:1
  1 threads and 16 connections
  Latency Distribution
     50%  812.00us
     75%    3.32ms
     90%    4.10ms
     99%    1.20s
  3005 requests in 1.00s, 4.57MB read
  Socket errors: connect 0, read 1, write 0, timeout 2
  Non-2xx or 3xx responses: 4
Requests/sec:   3002.10
Transfer/sec:      4.56MB
"""
SAMPLES = Samples(
    2.0,
    [
        ("app.api.gate", "Gate.__call__", 1),
        ("app.api.gate", "Gate.send", 4),
        ("bandit.tally", "f", 2),
        ("uvicorn", "", 3),
    ],
)
app = Typer()
app.command()(main)


def budget(sign: Any, value: float, **changes: Any) -> Budget:
    return Budget("speed", "the speed of it", Bound(sign, value), lambda _: Rounds([1], [2]), **changes)


def a_run() -> Run:
    found = Round(rate=3000.4, p50=4.04, p99=12.3, failed=0, alone=71.4)
    rivals = [Entry(RIVALS["keyart"], [found] * 2), Entry(RIVALS["gittins"], [], "It isn't installed.")]
    speed = budget("≥", 0.9).judge(Rounds([9, 7, 8], [10, 10, 10], {"fallbacks": 2}))
    return Run(this_machine(), Effort(3, 1), [speed], rivals, hot_path.read(SAMPLES, 1000))


# ------------------------------------------------------------------- verdicts


def test_with_a_baseline_the_ratio_of_the_medians_is_judged() -> None:
    found = budget("≥", 0.75).judge(Rounds([60, 90, 80], [100, 120, 80]))
    assert (found.measured, found.low, found.high) == (0.8, 0.6, 1.0)
    assert found.verdict == "met"
    assert budget("≥", 0.81).judge(found.rounds).verdict == "missed"


def test_without_a_baseline_the_median_itself_is_judged() -> None:
    found = budget("<", 200).judge(Rounds([150, 250, 190]))
    assert (found.measured, found.low, found.high, found.verdict) == (190, 150, 250, "met")


def test_of_what_must_never_happen_the_worst_round_counts() -> None:
    assert budget("≤", 20, summary="worst").judge(Rounds([5, 21, 5])).verdict == "missed"
    assert budget("≥", 20, summary="worst").judge(Rounds([25, 19, 25])).verdict == "missed"


@pytest.mark.parametrize(
    ("sign", "figure", "met"), [("≥", 20, True), ("≥", 19.9, False), ("≤", 20, True), ("<", 20, False)]
)
def test_a_bound_says_whether_it_is_met_where_it_lies(sign: Any, figure: float, met: bool) -> None:
    assert Bound(sign, 20).met_by(figure) is met


def test_each_budget_is_one_file_of_its_own() -> None:
    files = {path.stem for path in (Path(__file__).parent / "budgets").glob("[a-z]*.py")}
    assert files == set(BUDGETS)


# ------------------------------------------------------- results and tables


def test_a_run_that_was_written_is_read_as_it_was_with_every_round(tmp_path: Path) -> None:
    run = a_run()
    run.write(tmp_path / "run.json")
    assert Run.read(tmp_path / "run.json") == run
    assert run.budgets[0].rounds.ours == [9, 7, 8]
    assert run.machine.python
    assert run.machine.versions["fastapi"]


def test_the_tables_say_what_was_missed_who_was_not_run_and_where_time_goes() -> None:
    lines = markdown(a_run()).splitlines()
    [speed] = [line for line in lines if line.startswith("| `speed`")]
    assert "| ≥ 1 | 1 | 1 to 1 | MISSED |" in speed
    assert "fallbacks: 2" in speed
    assert any(
        line.startswith("| `keyart` |") and "| 3,000 |" in line and "| 4.0 | 12.3 | 0 | 0 | 71 |" in line
        for line in lines
    )
    assert any(line.startswith("| `gittins` |") and "not run: It isn't installed." in line for line in lines)
    assert "### Where 2000 µs of processor time for a decision go" in lines
    assert any(
        line.startswith("| `app.api.gate` | The gate, which every request passes") and "| 1000.0 | 50% |" in line
        for line in lines
    )


def test_tables_take_the_place_of_the_tables_before_them() -> None:
    page = f"# Head\n\n{BEGIN}\n\nold\n\n{END}\n\nfoot\n"
    once = put_into(page, a_run())
    assert "old" not in once
    assert once.startswith("# Head")
    assert once.endswith("foot\n")
    assert put_into(once, a_run()) == once


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no <!-- figures"):
        put_into("# Head\n", a_run())


def test_the_page_explains_each_budget_with_its_bound_and_each_rival() -> None:
    page = PAGE.read_text()
    assert BEGIN in page
    assert END in page
    for name, each in BUDGETS.items():
        assert f"| `{name}` | {each.bound} |" in page, name
    for name in (*RIVALS, *OTHERS):
        assert f"`{name}`" in page, name


# ---------------------------------------------------------- the command line


def test_the_list_names_everything_that_can_be_measured() -> None:
    out = CliRunner().invoke(app, ["--list"]).output
    assert [line.split()[0] for line in out.splitlines()] == [*BUDGETS, *OTHERS]


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    result = CliRunner().invoke(app, ["speed"], env={"COLUMNS": "300"})
    assert result.exit_code == 2
    assert "There is no 'speed' to measure; there are artwork, page" in result.output


def test_a_missed_budget_is_told_and_does_not_fail_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUDGETS, "speed", budget("≥", 0.9))
    file = tmp_path / "run.json"
    result = CliRunner().invoke(app, ["speed", "--rounds", "1", "--json", str(file)])
    assert result.exit_code == 0
    assert "MISSED" in result.output
    assert Run.read(file).budgets[0].verdict == "missed"
    assert "| `speed` |" in CliRunner().invoke(app, ["--read", str(file)]).output


# ------------------------------------------------------------ what is read


def test_what_the_load_generator_prints_is_read() -> None:
    expected = wrk.Result(requests=3005, rate=3002.1, p50=0.812, p99=1200.0, failed=7)
    assert wrk.read(WRK) == expected
    assert wrk.read(WRK.replace("1.20s", "1.20s ")) == expected  # as wide as milliseconds


def test_the_slowest_bucket_with_a_load_in_it_is_found() -> None:
    counts = {"0.005": 3, "0.01": 7, "0.02": 7, "+Inf": 7}
    text = "".join(f'keyart_snapshot_load_seconds_bucket{{le="{le}"}} {n}.0\n' for le, n in counts.items())
    assert loads_in(text) == (10.0, 7)
    assert loads_in("") == (0.0, 0)


def test_a_decision_s_time_is_shared_out_among_modules_and_functions() -> None:
    found = hot_path.read(SAMPLES, requests=1000)
    assert found.microseconds == pytest.approx(2000)
    assert [(each.name, each.share) for each in found.modules] == [
        ("app.api.gate", 0.5),
        ("uvicorn", 0.3),
        ("bandit.tally", 0.2),
    ]
    assert found.functions[0].name == "app.api.gate.Gate.send"
    assert found.functions[0].microseconds == pytest.approx(800)
    assert all(each.what for each in found.modules)


def frame_of(*modules: str) -> FrameType:
    """Return the innermost frame of calls from one module to the next."""
    source = "import sys\ndef call(rest):\n    return rest[0](rest[1:]) if rest else sys._getframe()\n"
    calls = []
    for module in modules:
        space: dict[str, Any] = {"__name__": module}
        exec(source, space)  # noqa: S102  a module of any name
        calls.append(space["call"])
    frame: FrameType = calls[0](calls[1:])
    return frame


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        (
            ["app.wiring.worker", "uvicorn.server", "app.api.gate", "bandit.vowpal.learner"],
            ("bandit.vowpal.learner", "call"),
        ),
        (
            ["app.wiring.worker", "uvicorn.server", "bandit.vowpal.learner", "vowpal_wabbit_next"],
            ("bandit.vowpal.learner", "call"),
        ),
        (["app.wiring.worker", "uvicorn.server", "app.api.gate", "uvicorn.protocols"], ("uvicorn", "")),
        (["app.wiring.worker", "asyncio.runners"], ("asyncio", "")),
    ],
)
def test_time_in_a_library_is_its_caller_s_but_for_the_server_s(
    modules: list[str], expected: tuple[str, str]
) -> None:
    assert place(frame_of(*modules)) == expected


# ------------------------------------------------- against another checkout


def test_the_interval_of_a_median_leaves_out_what_order_statistics_say() -> None:
    """The ranks are those of the tables of the sign test."""
    assert {n: outer_rank(n) for n in (6, 8, 9, 12, 20, 40)} == {6: 0, 8: 0, 9: 1, 12: 2, 20: 5, 40: 13}
    with pytest.raises(ValueError, match="5 pairs say too little"):
        outer_rank(5)


def test_pairs_are_compared_one_by_one() -> None:
    """A neighbour who slows both sides of a pair down moves no ratio."""
    busy = [1, 5, 1, 9, 1, 1, 2, 1, 1]
    found = ratio([102 * slow for slow in busy], [100 * slow for slow in busy])
    assert (found.median, found.low, found.high) == (1.02, 1.02, 1.02)
    uneven = ratio([1.5, 0.5, 1.0, 1.1, 0.9, 1.2, 0.8, 1.3, 0.7], [1.0] * 9)
    assert (uneven.median, uneven.low, uneven.high) == (1.0, 0.7, 1.3)


@pytest.mark.parametrize(("low", "reaches"), [(1.02, True), (1.03, True), (1.031, False)])
def test_the_bound_is_exceeded_only_if_the_whole_interval_lies_above_it(low: float, reaches: bool) -> None:
    assert Ratio(1.05, low, 1.09).reaches(1.03) is reaches


def test_neither_side_always_comes_first_and_each_has_four_turns() -> None:
    assert order(0) == [True, False, False, True, False, True, True, False]
    assert order(1) == [not mine for mine in order(0)]


def test_the_table_tells_both_ratios_and_what_failed() -> None:
    theirs = [Measured(1000, 1.0, 0.2)] * 6
    ours = [Measured(1000, 1.1, 0.21) + Measured(1000, 1.1, 0.21, failed=1)] * 6
    [row] = table(Result(this_machine(), "before", 1, 1.03, [Case("new", True, ours, theirs)])).rows
    ratios = ["1.050 (1.050 to 1.050)", "0.909 (0.909 to 0.909)"]
    assert row == ["new viewers", "on", "210.0", "200.0", *ratios, "6", "LIES ABOVE 1.03"]


def test_the_processor_time_of_another_process_is_read(tmp_path: Path) -> None:
    with servers.process(["http.server", "--bind", "127.0.0.1", "0"], tmp_path / "log.txt", {}) as other:
        assert other.pid in children(os.getpid())
        before = processor_seconds(other.pid)
        while processor_seconds(other.pid) == before:  # it starts, and that takes time
            assert other.poll() is None
    assert before >= 0


# ------------------------------------------------------------ what is run


@pytest.fixture(params=[name for name in RIVALS if not RIVALS[name].ours])
def rival(request: pytest.FixtureRequest) -> Rival:
    found = RIVALS[request.param]
    if why_not := found.missing():
        pytest.skip(why_not)
    return found


@pytest.fixture
def client(rival: Rival, tmp_path: Path) -> Iterator[httpx2.Client]:
    with serving(rival, tmp_path) as url, httpx2.Client(base_url=url) as client:
        yield client


def test_a_rival_answers_with_the_model_of_the_bare_endpoint_and_takes_a_click(client: httpx2.Client) -> None:
    chosen = client.get("/artwork", params=ASKED)
    assert chosen.status_code == 200
    assert set(chosen.json()) >= set(Choice.model_fields)
    choice = Choice.model_validate(chosen.json())
    assert choice.image.url.startswith("/images/")
    clicked = client.post("/clicks", json={"decision_id": choice.decision_id})
    assert (clicked.status_code, clicked.json()["recorded"]) == (202, 1)
    assert client.get("/artwork", params={"title": "Not A Slug"}).status_code == 422


def test_a_rival_whose_library_is_not_installed_is_not_run_and_says_why() -> None:
    absent = msgspec.structs.replace(RIVALS["gittins"], needs="no_such_library")
    [entry] = contest([absent], Effort(1, 1))
    assert entry.rounds == []
    assert entry.why_not == "no_such_library is not installed; `make bench` installs requirements/bench.txt."


def test_a_worker_under_load_tells_where_its_time_goes(tmp_path: Path) -> None:
    titles = [f"title-{n}" for n in range(40)]
    with (
        world.stocked(40, 6) as folder,
        servers.sampled(folder, tmp_path / "samples.json", **FRESH) as (url, worker),
        httpx2.Client(base_url=url) as client,
    ):
        os.kill(worker, signal.SIGUSR1)
        for n in range(PAGES):
            assert client.post("/artwork", json={"profile": f"p{n}", "titles": titles}).status_code == 200
        os.kill(worker, signal.SIGUSR1)
        profile = hot_path.read(hot_path.written(tmp_path / "samples.json"), PAGES)
    modules = {each.name for each in profile.modules}
    for package in ("app.", "bandit."):  # which module of it is a matter of chance
        assert any(name.startswith(package) for name in modules)
    assert sum(each.share for each in profile.modules) == pytest.approx(1)


def test_servers_get_none_of_the_callers_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_HOLD_SECONDS", "60")
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "elsewhere")
    found = servers.surroundings()
    assert found["PATH"] == os.environ["PATH"]
    assert not [name for name in found if name.startswith(("KEYART_", "PROMETHEUS_"))]


def test_a_service_that_learns_nothing_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "LEARNED_SECONDS", 0)
    monkeypatch.setattr(servers, "post", lambda *_: {"choices": [{"decision_id": None}]})
    monkeypatch.setattr(servers, "metric", lambda *_: 0.0)
    with pytest.raises(RuntimeError, match="was not learned within 0 s"):
        servers.warm_up("http://127.0.0.1:9")
