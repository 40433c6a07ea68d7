"""A candidate beside a running service: a process of its own, which may be killed, until it is promoted."""

import os
import signal
from pathlib import Path
from typing import Any

import msgspec

from tests.e2e.conftest import Start
from tests.e2e.service import Service, children, until
from tests.e2e.test_interventions import ask, command

POLICY = "logistic,spread=0.3"


def asked(service: Service, path: str) -> dict[str, Any]:
    status, body = service.get(path, key=service.key)
    return msgspec.json.decode(body, type=dict[str, Any]) if status == 200 else {}


def shadows(service: Service) -> list[int]:
    trainers = service.trainers()
    return [pid for each in trainers for pid, line in children(each).items() if " shadow " in line]


def follows(service: Service, after: int = 0) -> int:
    """Return the position of the candidate if it has caught up, and is beyond that one."""
    found = asked(service, "/candidate").get("candidate") or {}
    return found["position"] if found.get("caught_up") and found["position"] > after else 0


def niceness(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[16])


def test_a_candidate_learns_in_a_process_that_may_be_killed_and_is_promoted(start: Start) -> None:
    service = start(workers=1, preset="demo", browse=0)
    for viewer in range(30):
        ask(service, viewer)
    others = service.processes()
    assert shadows(service) == []
    assert f"{POLICY} learns in the shadow since" in command(service, "candidate", "start", POLICY)
    [pid] = until("its process runs", lambda: shadows(service))
    position = until("it follows the log", lambda: follows(service))
    assert niceness(pid) == 19

    os.kill(pid, signal.SIGKILL)
    for viewer in range(30, 60):
        ask(service, viewer)
    [again] = until("another one runs", lambda: [each for each in shadows(service) if each != pid])
    until("it follows the log again", lambda: follows(service, position))
    said = command(service, "candidate")
    assert "It follows the log" in said
    assert "Nothing can be concluded yet" in said

    assert "of the profiles" in command(service, "candidate", "serve", "--share", "0.5")
    until("the candidate decides for the canary", lambda: asked(service, "/candidate")["candidate"]["serves"])
    until(
        "viewers are in the canary",
        lambda: "canary" in {ask(service, viewer)["group"] for viewer in range(60, 70)},
    )
    assert "continues with the candidate" in command(service, "candidate", "promote", "--why", "A test")
    until("the trainer continues with it", lambda: asked(service, "/models").get("promoting") is False)
    until(
        "nobody is in the canary", lambda: "canary" not in {ask(service, each)["group"] for each in range(70, 90)}
    )
    until("its process ended", lambda: again not in shadows(service))
    until("its file is gone", lambda: not (service.data / "candidate.snapshot").exists())
    assert service.processes() == others
    assert asked(service, "/candidate") == {"candidate": None}
