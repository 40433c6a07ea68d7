"""`keyart audience` over HTTP: what it counts, what it refuses, and how it ends."""

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.e2e.service import KEYART, Service, alive, children, environment, free_port, until

KEY = "the-admin-key-of-tests"
SECONDS = 240.0


@pytest.fixture(scope="module")
def service(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all that only looks at it or adds to its log."""
    data = shutil.copytree(catalogue, tmp_path_factory.mktemp("audience") / "data")
    running = Service(data, preset="demo", admin_key=KEY, learn_cap=100, decision_timeout_ms=30_000)
    try:
        yield running.start()
    finally:
        running.clean_up()


def begin(folder: Path, *arguments: str, key: str | None = KEY) -> subprocess.Popen[str]:
    variables = environment(folder / "unused", {"admin_key": key} if key else {})
    return subprocess.Popen(
        [KEYART, "audience", *arguments],
        env={**variables, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def audience(folder: Path, *arguments: str, key: str | None = KEY) -> subprocess.CompletedProcess[str]:
    process = begin(folder, *arguments, key=key)
    try:
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def address(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}"


def logged(port: int) -> int:
    """Return how many records a service's log holds; 0 while it does not answer."""
    probe = Service.__new__(Service)
    probe.port = port
    status, body = probe.get("/readyz")
    return int(json.loads(body)["log"]) if status == 200 else 0


def test_a_run_counts_what_the_report_counts(service: Service, tmp_path: Path) -> None:
    done = audience(tmp_path, "--url", address(service), "--viewers", "150", "--steps", "2500")

    assert done.returncode == 0, done.stderr
    assert "GET /report counts the same: 2,500 exposures" in done.stdout
    for group in ("personalized", "best_single", "uniform"):
        assert re.search(rf"^ *{group} +[1-9]", done.stdout, re.MULTILINE)
    assert "best possible" in done.stdout
    assert "Click rate in % over the exposures" in done.stdout
    assert "In the last half of the run the personalized group clicked" in done.stdout
    assert "of the way" in done.stdout
    assert "\x1b" not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--reward", "play"], "give --reward click, or start the service with KEYART_REWARD=play"),
        (["--steps", "500"], "KEYART_REWARD_WINDOW_SECONDS=2, and 500 steps take some 1 s"),
        (["--viewers", "50", "--steps", "20000"], "KEYART_LEARN_CAP=100"),
        (["--key", "another"], "asks for its admin key; give it with --key or in KEYART_ADMIN_KEY"),
    ],
)
def test_a_service_is_refused_where_nothing_could_be_learned(
    service: Service, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    before = logged(service.port)
    refused = audience(tmp_path, "--url", address(service), *arguments)

    assert refused.returncode == 1
    assert reason in " ".join(refused.stderr.split())
    assert refused.stderr.strip().endswith(".")
    assert "Traceback" not in refused.stderr
    assert not refused.stdout
    assert logged(service.port) <= before + 30  # ticks go on


def test_an_address_at_which_nothing_answers_is_named(tmp_path: Path) -> None:
    port = free_port()
    refused = audience(tmp_path, "--url", f"http://127.0.0.1:{port}")

    assert refused.returncode == 1
    assert f"Nothing answers at http://127.0.0.1:{port}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_service_that_is_only_starting_is_waited_for(data: Path, tmp_path: Path) -> None:
    """It has begun before the service, and is refused for its own steps once the service decides."""
    service = Service(data, preset="demo", admin_key=KEY)
    process = begin(tmp_path, "--url", address(service), "--steps", "500")
    try:
        assert process.stderr
        first = process.stderr.readline()  # either may be the faster one
        service.start()
        _, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        service.clean_up()

    assert process.returncode == 1
    said = " ".join([first, *err.split()])
    assert "It may be starting. Waiting" in first
    assert "500 steps take some 1 s" in said


def test_a_service_that_does_not_get_ready_is_told_of_while_it_is_waited_for(tmp_path: Path) -> None:
    """An empty service has no catalogue: what it says of itself is passed on at once."""
    service = Service(tmp_path / "empty", "--no-samples", "--no-trainer", admin_key=KEY).launch()
    try:
        until("it answers", lambda: service.get("/readyz")[0] == 503, SECONDS)
        with begin(tmp_path, "--url", address(service)) as process:
            assert process.stderr
            said = process.stderr.readline()
            process.kill()
    finally:
        service.clean_up()

    assert (
        f"The service at {address(service)} makes no decisions: Not ready yet: the service waits for a catalogue"
        in said
    )


def test_an_argument_that_can_not_be_ends_with_status_2(tmp_path: Path) -> None:
    assert audience(tmp_path, "--click-rate", "0.9").returncode == 2
    assert audience(tmp_path, "--reward", "smile").returncode == 2
    nonsense = audience(tmp_path, "--url", "nonsense")
    assert nonsense.returncode == 2
    assert "write it as http://127.0.0.1:8000" in " ".join(nonsense.stderr.split())


def test_a_service_that_dies_midway_ends_the_run_with_a_sentence(start: Start, tmp_path: Path) -> None:
    service = start(preset="demo", decision_timeout_ms=30_000)
    process = begin(tmp_path, "--url", address(service), "--steps", "500000", key=service.key)
    try:
        until("the run is under way", lambda: logged(service.port) > 2000, SECONDS)
        service.stop(signal.SIGKILL)
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()

    assert process.returncode == 1
    assert f"The service at {address(service)} stopped answering" in err
    assert re.search(r"^ *personalized +[1-9]", out, re.MULTILINE)
    assert "Traceback" not in err


@pytest.mark.usefixtures("samples")
def test_ctrl_c_ends_the_run_and_its_own_service_and_shows_what_was_counted(tmp_path: Path) -> None:
    process, seen = begin(tmp_path, "--steps", "500000", key=None), set[int]()
    try:
        port = int(until("its own service says where", lambda: _serving(tmp_path), SECONDS))
        until("the run is under way", lambda: logged(port) > 2000, SECONDS)
        [supervisor] = children(process.pid)
        seen = {supervisor, *children(supervisor)}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()

    assert process.returncode == 130
    assert "The run was stopped." in err
    assert re.search(r"^ *personalized +[1-9]", out, re.MULTILINE)
    assert "GET /report counts" not in out
    assert "Traceback" not in err
    assert len(seen) == 3
    until("its service is gone", lambda: not any(alive(pid) for pid in seen))
    assert not list(tmp_path.glob("keyart-*"))


def _serving(folder: Path) -> str:
    """Return the port of the service that a run started for itself; nothing while it does not serve."""
    with suppress(FileNotFoundError):
        for log in folder.glob("keyart-audience-*/service.log"):
            return log.read_text().partition("Keyart serves http://127.0.0.1:")[2].partition(" ")[0]
    return ""
