"""`keyart evaluate`, as a command beside a service or without one."""

import json
from functools import partial
from pathlib import Path

import pytest

from app.store.sqlite import SqliteStore
from tests.e2e.service import keyart
from tests.evaluation.site import LIKED, Site

KNOWING = f"""
class Knowing:
    def probabilities(self, context, actions):
        wanted = {LIKED}[context.attributes["country"]]
        return [float(index == wanted) for index in range(len(actions))]
"""


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    site = Site(tmp_path, partial(SqliteStore, tmp_path))
    await site.visits(1_500)
    await site.store.close()
    return tmp_path


async def test_the_table_says_which_policy_would_have_earned_more(folder: Path) -> None:
    (folder / "mine.py").write_text(KNOWING)
    own = f"{folder / 'mine.py'}:Knowing"
    done = keyart(folder, "evaluate", own, "logistic,without=country")
    assert done.returncode == 0, done.stderr
    assert "Reward for each 1,000 decisions: 1,500" in done.stdout
    sentences = " ".join(done.stdout.split())
    assert f"{own} would have earned more than the incumbent" in sentences
    assert "would have earned less than the incumbent" not in sentences
    for control in ("best_single", "uniform", "default"):
        assert control in done.stdout


async def test_json_has_every_estimate(folder: Path) -> None:
    done = keyart(folder, "evaluate", "--json", "--model", "logistic")
    found = json.loads(done.stdout)
    assert found["decisions"] == found["exposures"] == 1_500
    assert [value["policy"] for value in found["values"]] == ["best_single", "uniform", "default"]
    uniform = found["values"][1]
    for method in ("doubly_robust", "ips", "snips"):
        low, high = uniform[method]["interval"]
        assert low < 0.2 < high
        assert uniform[method]["doubt"] is None
    assert found["incumbent"]["effective_sample_size"] > 100


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bayes"], "There is no policy 'bayes'; name default, uniform, best_single, logistic, vowpal"),
        (["--model", "trees"], "--model is 'trees'; give one of: pictures, logistic."),
    ],
)
async def test_what_is_not_valid_is_refused(folder: Path, arguments: list[str], sentence: str) -> None:
    done = keyart(folder, "evaluate", *arguments)
    assert done.returncode == 1
    assert sentence in " ".join(done.stderr.split())


async def test_a_young_log_has_nothing_to_evaluate(tmp_path: Path) -> None:
    site = Site(tmp_path, partial(SqliteStore, tmp_path))
    await site.visits(0)
    await site.store.close()
    done = keyart(tmp_path, "evaluate")
    assert done.returncode == 1
    assert "No exposure in the log has ended" in done.stderr


async def test_nothing_is_changed(folder: Path) -> None:
    before = contents(folder)
    assert before
    assert keyart(folder, "evaluate", "logistic").returncode == 0
    assert contents(folder) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.sqlite")}
