"""A data folder of the version before (92853e6, 0.1.0) is taken over: served, folded on, and rebuilt equal."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.e2e.service import Service, keyart, until

FOLDER = Path(__file__).parent / "folders" / "data-0.1.0.zip"
"""Two titles, 30 viewers, 280 records, an erasure, a pin and windows still open; copied by `keyart backup`."""
KEY = "a-key-of-the-admin-that-is-long"
QUICK = {
    "reward_window_seconds": 1,
    "hold_seconds": 0,
    "decision_timeout_ms": 10_000,
    "admin_key": KEY,
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    with zipfile.ZipFile(FOLDER) as content:
        content.extractall(data)
    return data


@pytest.fixture
def service(old: Path) -> Iterator[Service]:
    service = Service(old, "--no-samples", **QUICK)
    yield service
    service.clean_up()


def call(service: Service, method: str, path: str, body: object = None, **query: str) -> object:
    address = f"http://127.0.0.1:{service.port}{path}?{urlencode(query)}"
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(address, method=method, data=data, headers=headers)) as answer:
        content = answer.read()
    return json.loads(content) if content else None


def visits(service: Service, viewers: range) -> None:
    for number in viewers:
        choice = call(service, "GET", "/artwork", title="apollo", profile=f"viewer-{number}", country="DE")
        assert isinstance(choice, dict)
        assert choice["fallback"] is False
        call(service, "POST", "/clicks", {"decision_id": choice["decision_id"]})


def rebuilt(old: Path) -> str:
    done = keyart(old, "rebuild", **QUICK)
    assert done.returncode == 0, done.stderr
    return done.stdout


def learned(service: Service) -> bool:
    """Whether a base was set, and all that was shown so far is learned."""
    said = rebuilt(service.data)
    return "From the base" in said and "Equal in every count" in said


@pytest.mark.long
def test_it_is_served_and_rebuilt_equal_from_the_upgrade_on_and_after_an_erasure(service: Service) -> None:
    assert rebuilt(service.data).startswith("Different from snapshot"), (
        "the fixture holds the fault that is mended"
    )
    service.start()
    until("a base is set for the upgrade", lambda: '"base_set"' in service.log and "upgrade" in service.log)
    visits(service, range(12))
    call(service, "DELETE", "/profiles", profile="viewer-5")
    visits(service, range(12, 20))
    until("what was shown is learned", lambda: learned(service))
    service.stop()
    said = rebuilt(service.data)
    assert said.startswith("Equal to snapshot"), said
    assert "Equal in every count" in said
    assert "(set for: erasure)" in said

    service.start()
    visits(service, range(20, 30))
    until("it goes on where it stopped", lambda: learned(service))
    service.stop()
    assert rebuilt(service.data).startswith("Equal to snapshot")


def test_a_doctor_finds_nothing_wrong_with_it_before_the_first_start(old: Path) -> None:
    old.chmod(0o700)
    done = keyart(old, "doctor", "--thorough", **QUICK)
    assert "  wrong" not in done.stdout
    for name in ("log.sqlite", "state.sqlite"):
        assert f"{name} was made by an earlier version of Keyart." in done.stdout
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", ["models", "report", "rebuild"])
def test_a_command_takes_it_as_it_is_before_the_first_start(old: Path, command: str) -> None:
    done = keyart(old, command, **QUICK)
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr


def test_a_backup_of_it_is_as_whole_as_it_is(old: Path, tmp_path: Path) -> None:
    done = keyart(old, "backup", str(tmp_path / "backup"), **QUICK)
    assert done.returncode == 0, done.stderr
    found = keyart(tmp_path / "backup", "doctor", **QUICK)
    assert found.returncode == 0, found.stdout
