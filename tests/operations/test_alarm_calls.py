"""The calls of KEYART_ALARM_URL, by a receiver that listens on this machine."""

import asyncio
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from app.data_folder import DataFolder
from app.operations.alarm import Alarm
from app.operations.alarm_calls import CALM_MS, AlarmCalls, post_to
from app.operations.alarms import Seen
from app.operations.watch import Look, Watch
from app.settings import Settings, faults
from app.store.protocol import Size
from app.telemetry.reading import reading_of
from tests.api.service import Catalogue, serving

ALARM = Alarm("KeyartNoTrainer", "No trainer leads.", "Start one.", "trainer-and-processes")
OTHER = ALARM._replace(name="KeyartLogFills")


class Receiver:
    """What was posted to `address`, each with its path. It answers with `status`."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []
        self.status = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.status == 204:
                    receiver.got.append((self.path, json.loads(body)))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hook?key=secret"

    def states(self) -> list[tuple[str, str]]:
        return [(document["name"], document["state"]) for _, document in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def calls(receiver: Receiver, folder: Path) -> AlarmCalls:
    made = AlarmCalls(folder / "run" / "alarms.json", post_to(receiver.address))
    assert made.leads()
    return made


async def test_an_alarm_is_told_once_and_its_end_once(receiver: Receiver, tmp_path: Path) -> None:
    made = calls(receiver, tmp_path)
    for minute in range(5):
        await made.take([ALARM], minute * CALM_MS)
    assert receiver.got == [("/hook?key=secret", {**ALARM._asdict(), "state": "begun", "at": 60.0})]
    for minute in range(5, 10):
        await made.take([], minute * CALM_MS)
    assert receiver.states() == [("KeyartNoTrainer", "begun"), ("KeyartNoTrainer", "ended")]


async def test_an_alarm_of_seconds_is_not_told(receiver: Receiver, tmp_path: Path) -> None:
    made = calls(receiver, tmp_path)
    for second in range(0, 600, 50):
        await made.take([ALARM] if second % 100 else [], 1000 * second)
    assert receiver.got == []


async def test_another_alarm_is_told_beside_it(receiver: Receiver, tmp_path: Path) -> None:
    made = calls(receiver, tmp_path)
    await made.take([ALARM], 0)
    await made.take([ALARM, OTHER], CALM_MS)
    await made.take([ALARM, OTHER], 2 * CALM_MS)
    assert receiver.states() == [("KeyartNoTrainer", "begun"), ("KeyartLogFills", "begun")]


async def test_a_call_that_fails_is_made_again_a_minute_later(receiver: Receiver, tmp_path: Path) -> None:
    made = calls(receiver, tmp_path)
    receiver.status = 500
    await made.take([ALARM], 0)
    await made.take([ALARM], CALM_MS)
    receiver.status = 204
    await made.take([ALARM], CALM_MS + 5000)
    assert receiver.got == []
    await made.take([ALARM], 2 * CALM_MS)
    assert receiver.states() == [("KeyartNoTrainer", "begun")]


async def test_after_a_restart_nothing_is_told_twice_and_the_end_is(receiver: Receiver, tmp_path: Path) -> None:
    first = calls(receiver, tmp_path)
    await first.take([ALARM], 0)
    await first.take([ALARM], CALM_MS)
    assert not AlarmCalls(tmp_path / "run" / "alarms.json", post_to(receiver.address)).leads(), "one worker tells"
    first.close()
    second = calls(receiver, tmp_path)
    await second.take([ALARM], 2 * CALM_MS)
    await second.take([ALARM], 3 * CALM_MS)
    await second.take([], 4 * CALM_MS)
    await second.take([], 5 * CALM_MS)
    assert receiver.states() == [("KeyartNoTrainer", "begun"), ("KeyartNoTrainer", "ended")]
    assert json.loads((tmp_path / "run" / "alarms.json").read_text()) == {}


class Looks:
    """A watch that looks twice more, a minute apart, and ends."""

    def __init__(self, seen: Seen):
        self._left = [Look(reading_of([], at), seen, "", [ALARM]) for at in (0, CALM_MS, 2 * CALM_MS)]

    async def next(self) -> Look | None:
        return self._left.pop(0) if self._left else None


async def test_on_a_full_disk_an_alarm_is_told_once_too(receiver: Receiver) -> None:
    full = AlarmCalls(Path("/dev/full"), post_to(receiver.address))
    with capture_logs() as said:
        await full.follow(cast("Watch", Looks(Seen(0, Size(0), 2.0))))
    assert receiver.states() == [("KeyartNoTrainer", "begun")]
    assert [line["event"] for line in said] == ["alarm_told", "alarms_not_kept"]


@pytest.mark.parametrize("content", ["{", "[]", '{"KeyartNoTrainer": 1}', "\xff"])
async def test_a_damaged_file_is_no_hindrance(receiver: Receiver, tmp_path: Path, content: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "alarms.json").write_text(content, encoding="latin-1")
    made = calls(receiver, tmp_path)
    await made.take([ALARM], 0)
    await made.take([ALARM], CALM_MS)
    assert receiver.states() == [("KeyartNoTrainer", "begun")]


async def test_a_service_without_a_trainer_calls(receiver: Receiver, tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, trained=False, alarm_url=receiver.address) as service:
        async with asyncio.timeout(60):
            while len(receiver.got) < 2:
                service.clock.now += CALM_MS
                await service.services.watch.look()
                await asyncio.sleep(0.05)
        assert receiver.states() == [("KeyartNotReady", "begun"), ("KeyartNoTrainer", "begun")]
        assert DataFolder(tmp_path).alarms.exists()


@pytest.mark.parametrize(
    "address",
    ["hooks.example.org", "ftp://a.example/x", "https://", "https://a:b@c.example/", "http://a.example:x/"],
)
def test_what_is_no_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(ValueError, match="alarm_url") as refusal:
        Settings(alarm_url=address)
    [sentence] = faults(refusal.value)  # type: ignore[arg-type]
    said = "write an address without user and fragment, such as https://hooks.example.org/keyart"
    assert sentence == f"KEYART_ALARM_URL: {said}."
