"""Orders of an operator to a running service with two workers, by the commands, without a restart."""

from pathlib import Path
from typing import Any

import msgspec

from tests.e2e.conftest import Start, title_id
from tests.e2e.service import Service, keyart, until

TITLE = title_id(0)


def ask(service: Service, viewer: int) -> dict[str, Any]:
    status, body = service.get(f"/artwork?title={TITLE}&profile=viewer{viewer}")
    assert status == 200
    return msgspec.json.decode(body, type=dict[str, Any])


def in_force(service: Service) -> dict[str, Any]:
    status, body = service.get("/interventions", key=service.key)
    assert status == 200
    return msgspec.json.decode(body, type=dict[str, Any])


def command(service: Service, *arguments: str) -> str:
    done = keyart(service.data, *arguments, port=service.port)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_orders_hold_in_every_worker_and_a_rebuild_is_equal_after_them(start: Start) -> None:
    service = start(workers=2, preset="demo", browse=0)
    usual = {ask(service, viewer)["artwork"] for viewer in range(40)}
    assert len(usual) > 1
    said = command(service, "serving", "default", "--why", "[red]Wrong[/red] pictures")
    assert "Everyone gets default pictures since" in said
    assert said.rstrip().endswith("by admin (key): [red]Wrong[/red] pictures.")
    until("every worker follows", lambda: len({ask(service, viewer)["artwork"] for viewer in range(40)}) == 1)
    elsewhere = keyart(service.data, "learning", "pause", port=1)  # the shell's port, which is not the service's
    assert "Learning is paused since" in elsewhere.stdout, elsewhere.stderr
    assert "The policy chooses" in command(service, "serving", "policy")
    until("the policy chooses", lambda: len({ask(service, viewer)["artwork"] for viewer in range(40)}) > 1)
    assert "trainer folds the log" in command(service, "quarantine", "2020-01-01", "2100-01-01", "--why", "A test")
    assert "The learner learns" in command(service, "learning", "resume")
    until("it is folded out", lambda: in_force(service)["folded_out"])
    assert "Equal to snapshot" in (rebuilt := command(service, "rebuild"))
    assert "Different" not in rebuilt
    assert " 0 examples learned" in rebuilt
    number = in_force(service)["quarantines"][0]["by"]["position"]
    assert "trainer folds the log" in command(service, "quarantine", "--lift", str(number))


def test_a_command_that_reaches_no_service_says_so(tmp_path: Path) -> None:
    done = keyart(tmp_path, "serving", "default", port=1, admin_key="a-key-for-a-service-that-is-not-there")
    assert done.returncode == 1
    assert "No Keyart answers at" in done.stderr
