"""The example of docs/own-learners.md as a user installs it: a package, an entry point, and the whole service."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.client import Connection
from tests.e2e.conftest import Start, title_id
from tests.e2e.service import Service, keyart, until
from tests.e2e.test_candidate import asked

EXAMPLE = Path(__file__).parents[2] / "docs/examples/own-learner"
NAME = "mean-rewards"
UV = Path(sys.executable).with_name("uv")
BROKEN = """
from mean_rewards import MeanRewards

class Broken(MeanRewards):
    def probabilities(self, context, actions):
        return [1.0]
"""
POINTS = "[keyart.learners]\nbroken = broken:Broken\ngone = gone:Gone\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the example into a folder, and beside it learners that are broken."""
    folder = tmp_path_factory.mktemp("installed")
    options = [
        "--offline",
        "--no-deps",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--target",
        str(folder),
    ]
    subprocess.run([UV, "pip", "install", "--quiet", *options, str(EXAMPLE)], check=True)
    info = folder / "broken-1.dist-info"
    info.mkdir()
    (folder / "broken.py").write_text(BROKEN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (info / "entry_points.txt").write_text(POINTS)
    return folder


@pytest.fixture(autouse=True)
def _found(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(installed))


async def watch(service: Service, viewers: int) -> None:
    """Let viewers get a picture, and click it if it is the first of its title."""
    connection = Connection(service.port)
    for viewer in range(viewers):
        _, shown = await connection.get(f"/artwork?title={title_id(0)}&profile=viewer{viewer}")
        assert shown["decision_id"]
        if shown["artwork"].endswith("x0"):
            await connection.post("/clicks", [{"decision_id": shown["decision_id"]}])
    connection.close()


async def test_a_service_decides_and_learns_by_the_example(start: Start) -> None:
    """So few viewers are not enough to judge the snapshot before it is promoted."""
    service = start(workers=2, preset="demo", browse=0, learner=NAME, decision_timeout_ms=30_000)
    await watch(service, 40)
    rebuilt = until("the trainer has learned", lambda: _rebuilt(service, 40))
    assert "in every byte" in rebuilt
    assert "Different" not in rebuilt
    [used] = [each for each in asked(service, "/models")["models"] if each["used"]]
    assert used["learner"] == NAME
    assert "continues with snapshot" in command_of(service, "models", "promote", str(used["snapshot"]))
    until("it is promoted", lambda: asked(service, "/models").get("promoting") is False)
    assert NAME in command_of(service, "models")
    assert f"{NAME},sharpness=5" in command_of(service, "evaluate", f"{NAME},sharpness=5")
    refused = keyart(service.data, "rebuild", "--tune")  # this shell names no learner, but the service has one
    assert refused.returncode == 1
    assert f"`keyart evaluate {NAME} {NAME},OPTION=NUMBER` compares tunings" in refused.stderr


@pytest.mark.parametrize(
    ("learner", "told"),
    [
        ("broken", "broken answered [1.0] for"),
        ("gone", "gone:Gone failed: ModuleNotFoundError"),
        ("nobody", "KEYART_LEARNER: 'nobody' is not installed"),
    ],
)
def test_no_service_starts_with_a_learner_that_does_not_work(data: Path, learner: str, told: str) -> None:
    done = keyart(data, "serve", learner=learner, port=0)
    assert done.returncode
    assert told in done.stderr


def _rebuilt(service: Service, examples: int) -> str:
    """Return the sentences of a rebuild, once the service has learned so many examples."""
    said = command_of(service, "rebuild")
    return said if f" {examples} examples learned" in said and "in every byte" in said else ""


def command_of(service: Service, *arguments: str) -> str:
    done = keyart(service.data, *arguments, port=service.port, learner=NAME, preset="demo")
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout
