"""Folders of metrics: whose are counted, and whose are not any more."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.telemetry import metrics
from app.telemetry.metric_files import FOLDER, ROOM, files_beside, folder_of_service, folder_of_trainer, settle

COUNTED = "counter_7.db"
"""Under a process id that others have, too."""


@pytest.fixture
def service(tmp_path: Path) -> Path:
    folder = folder_of_service(tmp_path)
    folder.mkdir(parents=True)
    (folder / COUNTED).write_bytes(bytes(8))
    return folder


@contextmanager
def trainer(data: Path) -> Iterator[Path]:
    folder, lock = folder_of_trainer(data)
    try:
        assert not list(folder.glob("*.db"))
        (folder / COUNTED).write_bytes(bytes(8))
        yield folder
    finally:
        os.close(lock)


def test_the_service_and_the_trainers_that_live_are_counted(service: Path, tmp_path: Path) -> None:
    with trainer(tmp_path) as one, trainer(tmp_path) as other:
        assert set(files_beside(service)) == {str(each / COUNTED) for each in (service, one, other)}


def test_a_trainer_that_is_gone_is_not_counted(service: Path, tmp_path: Path) -> None:
    with trainer(tmp_path), trainer(tmp_path) as other:
        pass
    assert other.exists()
    assert files_beside(service) == [str(service / COUNTED)]


def test_a_file_that_is_being_made_is_passed_over(service: Path) -> None:
    (service / "gauge_livemax_8.db").touch()
    assert files_beside(service) == [str(service / COUNTED)]


def test_the_next_trainer_takes_the_folder_of_one_that_is_gone_and_finds_it_empty(tmp_path: Path) -> None:
    with trainer(tmp_path) as first:
        pass
    with trainer(tmp_path) as second:
        assert second == first


COUNTING = """
from app.api.routes import artwork, catalogue, decisions, feedback, health, images, profiles, report, titles
from app.telemetry import metrics
modules = artwork, feedback, profiles, titles, catalogue, images, health, report, decisions
for module in modules:
    for route in module.router.routes:
        for status in (200, 404, 422, 500, 503):
            metrics.answer_seconds(route.path_format, status).observe(0.01)
print(metrics.exposition().decode().count("_count{"))
"""


def counting(folder: Path, *, largest: int | None = None) -> subprocess.CompletedProcess[str]:
    """Count in a process of its own, whose files may be so large: a limit stands for a disk without room."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return subprocess.run(
        [sys.executable, "-c", COUNTING],
        env={**os.environ, FOLDER: str(folder)},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_what_alerts_go_by_is_there_before_anything_happened(tmp_path: Path) -> None:
    """In the files of any process, so that it stays when the trainer is gone."""
    script = "from app.telemetry import metrics; print(metrics.exposition().decode())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, FOLDER: str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    for series in (
        'keyart_decisions_total{group="personalized",outcome="drawn"}',
        'keyart_fallbacks_total{reason="error"}',
        'keyart_examples_total{outcome="learned"}',
        'keyart_rewards_total{timing="late"}',
        "keyart_snapshots_refused_total",
    ):
        assert f"{series} 0.0" in done.stdout.splitlines()


def test_files_that_vanish_while_they_are_read_are_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def vanishing(folder: Path) -> list[str]:
        asked.append(folder)
        return [str(folder / "counter_1.db")] if len(asked) < metrics.TRIES else []

    monkeypatch.setattr(metrics, "files_beside", vanishing)
    assert list(metrics.Everyone(tmp_path).collect()) == []
    assert len(asked) == metrics.TRIES


def test_a_process_has_all_the_room_that_its_metrics_need_from_the_start(tmp_path: Path) -> None:
    done = counting(tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 50
    sizes = {path.name.rpartition("_")[0]: path.stat().st_size for path in tmp_path.glob("*.db")}
    assert sizes == ROOM
    assert all(path.stat().st_blocks * 512 >= path.stat().st_size for path in tmp_path.glob("*.db")), "no holes"


def test_without_room_for_its_metrics_a_process_does_not_begin_and_says_why(tmp_path: Path) -> None:
    done = counting(tmp_path, largest=100_000)
    assert done.returncode == 1
    assert "(File too large); make room on its disk." in done.stderr
    assert not list(tmp_path.glob("histogram_*.db"))


def test_what_a_process_that_ended_has_counted_stays_and_takes_no_more_than_it_needs(tmp_path: Path) -> None:
    done = counting(tmp_path)
    [histogram] = tmp_path.glob("histogram_*.db")
    before = histogram.read_bytes()
    pid = int(histogram.stem.rpartition("_")[2])
    settle(tmp_path, pid)
    after = histogram.read_bytes()
    assert len(after) < len(before)
    assert before.startswith(after)
    assert before.strip(b"\0") == after.strip(b"\0")
    settle(tmp_path, pid)
    assert histogram.read_bytes() == after
    assert done.returncode == 0
