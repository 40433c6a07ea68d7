"""The load test itself, short: real viewers by locust, a real service, real pictures."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FIRST, MOST = 10, 20


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("load")


@pytest.fixture(scope="module")
def run(out: Path) -> subprocess.CompletedProcess[str]:
    options = {"viewers-first": FIRST, "viewers-max": MOST, "growth": 2, "seconds-per-stage": 3, "seconds": 30}
    catalogue = {"titles": 45, "pictures": 3}
    given = [f"--{name}={value}" for name, value in {**options, **catalogue, "out": out}.items()]
    return subprocess.run(
        [sys.executable, "-m", "tests.load", *given], capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture(scope="module")
def result(run: subprocess.CompletedProcess[str], out: Path) -> Any:
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}\n{(out / 'locust.log').read_text()}"
    return json.loads((out / "result.json").read_text())


def test_nothing_fails(result: Any) -> None:
    assert result["ramp"]["errors"] == []
    assert result["ramp"]["failures"] == 0


def test_pages_pictures_and_impressions_are_asked_for(result: Any) -> None:
    asked = result["ramp"]["requests"]

    assert asked["POST /artwork (40)"] >= 1
    assert asked["GET /images"] >= 1
    assert asked["POST /impressions"] >= 1
    assert result["ramp"]["decisions"] == 40 * asked["POST /artwork (40)"] + asked.get("GET /artwork", 0)


def test_there_are_ever_more_viewers(result: Any) -> None:
    viewers = [stage["viewers"] for stage in result["ramp"]["stages"]]

    assert viewers[0] == FIRST
    assert viewers[-1] == MOST or result["knee"]["gave_way"]  # on a machine that has much else to do
    assert viewers == sorted(viewers)


def test_it_ends_with_one_line_that_says_what_it_came_to(
    result: Any, run: subprocess.CompletedProcess[str]
) -> None:
    last = run.stdout.splitlines()[-1]

    assert last == result["summary"]
    assert "requests/s" in last
    assert f"; 0 failures of {sum(result['ramp']['requests'].values()):,} requests; " in last
    assert "trainer" in last


def test_a_report_with_charts_is_written(result: Any, out: Path) -> None:
    report = (out / "report.html").read_text()

    assert "<html" in report
    assert "/artwork (40)" in report
