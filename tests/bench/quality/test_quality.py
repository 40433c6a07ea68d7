"""What the measure of quality promises: cases that repeat, policies that see no chances, figures that add up."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from tests.bench.machine import this_machine
from tests.bench.quality import movielens
from tests.bench.quality.__main__ import main
from tests.bench.quality.case import Ahead, Case, Features, Step, Unavailable
from tests.bench.quality.cases import CASES
from tests.bench.quality.policies import POLICIES, maker
from tests.bench.quality.policies.plain import Random
from tests.bench.quality.policies.policy import Choice
from tests.bench.quality.policies.with_mabwiser import MOST_ARMS
from tests.bench.quality.results import Row, Run, together
from tests.bench.quality.runs import Job, work
from tests.bench.quality.tables import markdown
from tests.bench.quality.validation import BOUNDS, Score, best_possible, best_single, validate
from tests.bench.tables import BEGIN, END
from tests.learners import NO_VOWPAL

PAGE = Path(__file__).parents[3] / "docs" / "how-it-decides.md"
HERE = "tests.bench.quality.test_quality"
PINNED = {
    "artwork": (4.512900538391525, 20.857390750068898, 41.815, "t234v5"),
    "artwork_drift": (3.914070268473613, 20.857390750068898, 41.815, "t234v5"),
    "artwork_new": (5.380171576651365, 20.857390750068898, 41.815, "t234v5"),
    "artwork_sparse": (0.7438852882812376, 20.857390750068898, 41.815, "t234v5"),
    "mlslate": (13.0, 20.0, -8.883999999999983, "m186"),
    "few": (5.450688393207965, 20.857390750068898, 41.815, "t234v2"),
    "many": (4.176815061194979, 20.857390750068898, 41.815, "t234v14"),
    "one_percent": (0.4674141186284458, 20.857390750068898, 41.815, "t234v5"),
    "shifted": (4.512900538391525, 20.857390750068898, 95272.5999999999, "t234v5"),
    "segment": (5.54158158253992, 21.683164428940888, 0, "t5v5"),
    "segment_sparse": (0.9132322565131413, 21.683164428940888, 0, "t5v5"),
    "dense_linear": (7.504973175967765, 22.217017015158866, 1785.441395408905, "a5"),
    "dense_nonlinear": (16.633281794878997, 22.217017015158866, 1785.441395408905, "a5"),
    "digits": (3.0, 20.0, 12093.0, "c9"),
    "flat": (3.165513310524361, 19.54715526558078, 0, "t16v5"),
}
"""Of 40 steps with seed 3: what the first action earns, the coins, the numbers told, and the last action."""
NEEDED = {
    "gittins": "gittins",
    "mabwiser": "mabwiser",
    "keyart": "tests.bench.adapter",
    **dict.fromkeys(("stock", "reference", "full", "keyart-vowpal"), "vowpal_wabbit_next"),
}
app = Typer()
app.command()(main)


def ready(name: str) -> Case:
    """Return a case whose data is here, or skip the test."""
    case = CASES[name]
    if case.ready and (why_not := unavailable(case.ready)):
        pytest.skip(why_not)
    return case


@cache
def unavailable(ready: Callable[[], object]) -> str:
    """Ask for data once, not in each test: without a network that takes its time."""
    try:
        ready()
    except Unavailable as error:
        return str(error)
    return ""


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return ready(request.param)


def fingerprint(steps: Sequence[Step]) -> tuple[float, float, float, object]:
    told = (value for step in steps for value in step.context.values())
    return (
        sum(step.outcome.p[0] for step in steps),
        sum(step.outcome.u for step in steps),
        sum(value for value in told if not isinstance(value, str)),
        steps[-1].actions[-1]["id"],
    )


class Spy:
    """It chooses the last action, and keeps all that it is told."""

    def __init__(self, _: Ahead, __: int):
        self.heard: list[object] = []
        self.turns: list[str] = []

    def decide(self, context: Features, actions: Sequence[Features]) -> Choice:
        self.turns.append("decide")
        self.heard += [context, *actions]
        return len(actions) - 1, None

    def learn(
        self, context: Features, actions: Sequence[Features], index: int, probability: float, reward: float
    ) -> None:
        self.turns.append("learn")
        self.heard += [context, *actions, {"index": index, "probability": probability, "reward": reward}]


class Wanting:
    """It needs a library that nobody has."""

    def __init__(self, _: Ahead, __: int):
        raise ModuleNotFoundError("No module named 'no_such_library'", name="no_such_library")


# ------------------------------------------------------------------ cases


def test_a_case_is_the_same_for_the_same_seed_and_another_for_another(case: Case) -> None:
    once, again, other = (list(case.play(seed, 30)) for seed in (3, 3, 4))
    assert once == again
    assert fingerprint(once) != fingerprint(other)


def test_a_case_is_what_it_was(case: Case) -> None:
    *expected, last = PINNED[case.name]
    *found, found_last = fingerprint(list(case.play(3, 40)))
    assert found == pytest.approx(expected, rel=1e-9)
    assert found_last == last


def test_each_case_is_pinned() -> None:
    assert set(PINNED) == set(CASES)


def test_what_a_policy_does_with_a_step_changes_no_later_one(case: Case) -> None:
    fresh = deepcopy(list(case.play(3, 30)))
    for n, step in enumerate(case.play(3, 30)):
        assert step == fresh[n]
        for features in (step.context, *step.actions):
            features.clear()


def test_half_way_two_pictures_of_each_title_are_new() -> None:
    steps = list(ready("artwork_new").play(0, 40))
    assert [len(step.actions) for step in steps] == [4] * 20 + [6] * 20


def test_half_way_meanings_and_qualities_change() -> None:
    ready("artwork")
    calm, drifting = (list(CASES[name].play(0, 40)) for name in ("artwork", "artwork_drift"))
    assert calm[:20] == drifting[:20]
    for before, after in zip(calm[20:], drifting[20:], strict=True):
        assert (before.context, before.actions) == (after.context, after.actions)
        assert before.outcome.p != after.outcome.p


def test_shifted_tastes_are_told_on_another_scale_and_earn_the_same() -> None:
    ready("artwork")
    for usual, shifted in zip(CASES["artwork"].play(0, 20), CASES["shifted"].play(0, 20), strict=True):
        assert usual.outcome == shifted.outcome
        assert float(shifted.context["taste_War"]) == pytest.approx(40 * float(usual.context["taste_War"]) + 130)


@pytest.mark.parametrize(
    ("name", "rate", "pictures"),
    [("artwork", 0.115, 6), ("artwork_sparse", 0.016, 6), ("one_percent", 0.01, 6), ("few", 0.126, 3)],
)
def test_a_made_case_has_the_click_rate_that_it_is_for(name: str, rate: float, pictures: int) -> None:
    steps = list(ready(name).play(0, 1000))
    assert {len(step.actions) for step in steps} == {pictures}
    assert sum(sum(step.outcome.p) / pictures for step in steps) / 1000 == pytest.approx(rate, rel=0.05)


# ------------------------------------------------------------------- data


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder for the data, and no package index."""
    monkeypatch.setattr(movielens, "FOLDER", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    movielens.movielens.cache_clear()
    yield tmp_path
    movielens.movielens.cache_clear()


def test_without_data_or_network_a_plain_sentence_says_so(nowhere: Path) -> None:
    result = CliRunner().invoke(app, ["artwork", "random"])
    assert result.exit_code == 1
    assert "MovieLens-100k could not be had: downloading recbole==1.2.1" in result.output
    assert "Name the cases that do without it" in result.output


def test_a_wheel_that_is_another_is_refused(nowhere: Path) -> None:
    wheel = nowhere / "recbole-1.2.1-py3-none-any.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(Unavailable, match=r"is not the wheel of recbole==1.2.1 that is known here; remove it"):
        movielens.fetch()


# --------------------------------------------------------------- validation


def test_a_choice_is_scored_by_what_it_should_earn_and_random_earns_the_mean(case: Case) -> None:
    steps = list(case.play(1, 800))
    last = validate(case, Spy(Ahead(case, 1, 800), 1), 1, 800)
    assert last.mean == pytest.approx(sum(step.outcome.p[-1] for step in steps) / 800)
    assert last.last == pytest.approx(sum(step.outcome.p[-1] for step in steps[600:]) / 200)
    means = [sum(step.outcome.p) / len(step.outcome.p) for step in steps]
    found = validate(case, Random(Ahead(case, 1, 800), 1), 1, 800)
    assert found.mean == pytest.approx(sum(means) / 800, rel=0.2)


@pytest.mark.parametrize("name", ["artwork", "segment", "dense_linear", "flat"])
def test_a_policy_is_told_features_and_rewards_and_never_a_chance(name: str) -> None:
    case = ready(name)
    ahead = Ahead(case, 2, 50)
    spy = Spy(ahead, 2)
    validate(case, spy, 2, 50)
    told = [item for item in spy.heard if isinstance(item, dict)]
    assert len(told) == len(spy.heard)
    values = {value for item in told for value in item.values()}
    assert all(isinstance(value, str | int | float) for value in values)
    chances = {chance for step in case.play(2, 50) for chance in (*step.outcome.p, step.outcome.u)}
    assert not values & chances
    assert {item["reward"] for item in told if "reward" in item} <= {0.0, 1.0}
    assert all(outcome is None for _, _, outcome in ahead)


def test_with_a_delay_a_policy_learns_of_so_many_steps_at_once() -> None:
    case = CASES["segment"]
    spy, prompt = (Spy(Ahead(case, 0, 7), 0) for _ in range(2))
    validate(case, spy, 0, 7, delay=3)
    assert spy.turns == [*["decide"] * 3, *["learn"] * 3, *["decide"] * 3, *["learn"] * 3, "decide"]
    validate(case, prompt, 0, 7)
    assert prompt.turns == ["decide", "learn"] * 7


@pytest.mark.parametrize(
    ("name", "mean", "last"),
    [
        ("Reference", 0.14495324975063625, 0.15120857452338607),
        ("Stock", 0.12122470787775225, 0.1254603683683185),
        ("FullInformation", 0.14043282431395923, 0.15259013959427925),
    ],
)
def test_a_baseline_is_as_good_as_it_was(name: str, mean: float, last: float) -> None:
    pytest.importorskip("vowpal_wabbit_next", reason=NO_VOWPAL)
    policy = getattr(importlib.import_module("tests.bench.quality.policies.vowpal"), name)
    case = ready("artwork")
    found = validate(case, policy(Ahead(case, 1, 1500), 1), 1, 1500)
    assert (found.mean, found.last) == pytest.approx((mean, last), rel=1e-6)


def test_the_bounds_lie_above_chance_and_in_their_order() -> None:
    case = CASES["segment"]
    chance = validate(case, Random(Ahead(case, 0, 3000), 0), 0, 3000)
    single, possible = best_single(case, 0, 3000), best_possible(case, 0, 3000)
    assert isinstance(single, Score)
    assert chance.mean < single.mean < possible.mean
    flat = CASES["flat"]
    assert best_single(flat, 0, 500) == best_possible(flat, 0, 500)


def test_the_bound_of_single_pictures_needs_pictures_that_stay() -> None:
    ready("mlslate")
    assert (
        work(Job("mlslate", "best-single", 0, 50, 0)) == "The same pictures hardly ever stand beside one another."
    )


# --------------------------------------------------------------------- runs


@pytest.mark.parametrize("name", POLICIES)
def test_a_run_repeats_itself_whoever_decides(name: str) -> None:
    pytest.importorskip(NEEDED.get(name, "numpy"))
    first, second, other = (work(Job("segment", name, seed, 60, 20)) for seed in (1, 1, 2))
    assert isinstance(first, Score)
    assert isinstance(second, Score)
    assert isinstance(other, Score)
    assert (first.mean, first.last) == (second.mean, second.last)
    assert first.mean != other.mean


def test_a_policy_that_can_not_be_run_says_why() -> None:
    missing = work(Job("segment", f"{HERE}:Wanting", 0, 10, 0))
    assert missing == "no_such_library is not installed; `make bench-quality` installs requirements/bench.txt."


def test_a_library_with_a_model_for_each_arm_is_not_run_on_hundreds_of_arms() -> None:
    pytest.importorskip("mabwiser")
    ready("mlslate")
    unsuited = work(Job("mlslate", "mabwiser", 0, 100, 0))
    assert isinstance(unsuited, str)
    assert f"more than {MOST_ARMS} pictures" in unsuited


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nobody", "There is no policy 'nobody'; there are random, thompson"),
        ("tests.nowhere:Policy", "There is no policy 'tests.nowhere:Policy': No module named 'tests.nowhere'."),
        (f"{HERE}:Nobody", f"There is no policy '{HERE}:Nobody': module"),
    ],
)
def test_a_policy_that_is_not_there_is_refused(name: str, why: str) -> None:
    with pytest.raises(LookupError) as refused:
        maker(name)
    assert why in str(refused.value)


# ------------------------------------------------------------------- tables


def row(case: str, policy: str, *means: float, steps: int = 20_000, delay: int = 0) -> Row:
    scores = {seed: Score(mean, mean + 0.01, 20.4, 31.5) for seed, mean in enumerate(means)}
    return Row(case, policy, steps, delay, scores)


def a_run(*rows: Row, jobs: int = 1) -> Run:
    return Run(this_machine(["numpy"]), jobs, list(rows))


def test_a_table_shows_mean_and_spread_of_each_and_who_was_not_run() -> None:
    absent = Row("artwork", "gittins", 20_000, 0, why_not="It isn't installed.")
    page = markdown([a_run(row("artwork", "keyart", 0.15, 0.16), absent, row("artwork", "a:B", 0.1), jobs=2)])
    lines = page.splitlines()
    assert "| `keyart` | 0.1550 ± 0.0071 (2) |" in lines
    assert "| `keyart` | 0.1650 ± 0.0071 (2) |" in lines
    assert "| `a:B` | 0.1000 (1) |" in lines
    assert "| `gittins` | – |" in lines
    assert "`gittins` was not run on `artwork`: It isn't installed." in lines
    assert "| `keyart` | 20, 32 |" in lines
    assert "2 ran at a time: they mean something with `--jobs 1` alone." in page


def test_other_steps_and_delays_stand_apart() -> None:
    page = markdown([a_run(row("segment", "keyart", 0.1, steps=500), row("segment", "keyart", 0.2, delay=1000))])
    assert "|  | `segment`, 500 steps |" in page
    assert "### Where no tag tells, feedback every 1,000 steps\n\n|  | `segment` |" in page


def test_of_two_files_the_later_one_counts() -> None:
    old = a_run(row("segment", "keyart", 0.1), row("segment", "random", 0.05))
    new = a_run(row("segment", "keyart", 0.2), Row("segment", "random", 20_000, 0))
    assert [(each.policy, each.mean("mean")) for each in together([old, new])] == [
        ("keyart", 0.2),
        ("random", 0.05),
    ]


# --------------------------------------------------------- the command line


def test_a_run_is_printed_written_and_put_into_a_page(tmp_path: Path) -> None:
    page, file = tmp_path / "page.md", tmp_path / "run.json"
    page.write_text(f"# Head\n\n{BEGIN}\n\nold\n\n{END}\n\nfoot\n")
    few = [
        "--seeds",
        "2",
        "--first",
        "1",
        "--steps",
        "40",
        "--jobs",
        "1",
        "--json",
        str(file),
        "--into",
        str(page),
    ]
    result = CliRunner().invoke(app, ["segment,flat", "random", f"{HERE}:Spy", "best-possible", *few])
    assert result.exit_code == 0, result.output
    assert "segment, 40 steps" in result.output
    text = page.read_text()
    assert "old" not in text
    assert f"| `{HERE}:Spy` |" in text
    assert text.endswith("foot\n")
    run = Run.read(file)
    assert {row.policy for row in run.rows} == {"random", f"{HERE}:Spy", "best-possible"}
    assert all(set(row.scores) == {1, 2} for row in run.rows)
    direct = work(Job("segment", f"{HERE}:Spy", 1, 40, 0))
    assert isinstance(direct, Score)
    [spied] = [row for row in run.rows if row.case == "segment" and row.policy.endswith("Spy")]
    assert spied.scores[1].mean == direct.mean
    read = CliRunner().invoke(app, ["--read", str(file), "--into", str(page)])
    assert read.exit_code == 0
    assert page.read_text() == text
    assert "segment, 40 steps" in CliRunner().invoke(app, ["--read", str(file)]).output


def test_a_page_without_marks_is_refused_before_anything_is_run(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Head\n")
    into = ["--into", str(page)]
    result = CliRunner().invoke(app, ["segment", "random", *into], env={"COLUMNS": "500"})
    assert result.exit_code == 2
    assert "The page has no <!-- figures" in result.output
    assert page.read_text() == "# Head\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(["nothing"], "There is no case 'nothing'"), (["segment", "nobody"], "There is no policy 'nobody'")],
)
def test_a_name_that_there_is_not_is_refused_with_those_that_there_are(arguments: list[str], why: str) -> None:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "500"})
    assert result.exit_code == 2
    assert why in result.output


def test_the_list_names_each_case_and_each_policy() -> None:
    names = [line.split()[0] for line in CliRunner().invoke(app, ["--list"]).output.splitlines() if line]
    assert names == [*CASES, *POLICIES, *BOUNDS]


def test_the_page_explains_each_case_and_each_policy() -> None:
    page = PAGE.read_text()
    for name in (*CASES, *POLICIES, *BOUNDS):
        assert f"| `{name}` |" in page, name
    assert BEGIN in page
    assert END in page
