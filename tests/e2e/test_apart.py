"""A service and its trainer that are started apart, as containers do."""

import asyncio
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from app.clock import now_ms
from tests.e2e.service import KEYART, Service, environment, keyart, soon, until
from tests.e2e.test_processes import decided, metric, visit

SETTINGS = {"reward_window_seconds": 0.5, "hold_seconds": 0}


class Alone(Service):
    """A service without a trainer; `launch` it, and wait as the test says."""

    def __init__(self, data: Path, **settings: object):
        super().__init__(data, "--no-trainer", "--no-samples", **settings)


class Trainer:
    def __init__(self, data: Path):
        self._log = data.with_name("trainer.log")
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [KEYART, "train"],
                env=environment(data, SETTINGS),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.send(number)
        return self.process.wait(10)


@contextmanager
def both(data: Path) -> Iterator[tuple[Alone, Trainer]]:
    """Start both at once; leave nothing behind."""
    with ExitStack() as stack:
        trainer = Trainer(data)
        stack.callback(trainer.process.wait)
        stack.callback(trainer.process.kill)
        service = Alone(data, **SETTINGS).launch()
        stack.callback(service.clean_up)
        assert isinstance(service, Alone)
        yield service, trainer


def ready(service: Service) -> bool:
    return service.get("/readyz")[0] == 200


def health(service: Service, part: str) -> tuple[int, str]:
    done = keyart(service.data, "health", part, port=service.port)
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stdout + done.stderr).strip()


def until_ms(data: Path) -> int:
    """Return when the trainer's lease ends. It is read here because `keyart health` takes a second each time."""
    with closing(sqlite3.connect(f"file:{data}/state.sqlite?mode=ro", uri=True)) as state:
        return int(state.execute("SELECT until FROM lease").fetchone()[0])


def test_a_service_without_a_trainer_says_what_it_waits_for_and_serves_a_default(data: Path) -> None:
    service = Alone(data).launch()
    try:
        until("it answers", lambda: service.get("/readyz")[0])
        status, told = service.get("/readyz")
        assert (status, b"waits for a snapshot of the learner;" in told) == (503, True)
        assert b'"fallback":true' in service.get("/artwork?title=title-0")[1]
        assert not service.trainers()
        status, sentence = health(service, "service")
        assert (status, f":{service.port} makes no decisions. Not ready yet" in sentence) == (
            1,
            True,
        )
        assert health(service, "trainer") == (
            1,
            "No trainer leads; if none starts within seconds, run `keyart train`.",
        )
        assert service.stop() == 0
    finally:
        service.clean_up()


async def test_the_metrics_of_a_trainer_by_itself_are_summed_with_the_service_s(data: Path) -> None:
    with both(data) as (service, trainer):
        await soon("it is ready", lambda: ready(service))
        await visit(service, 20)
        await soon("the examples are learned", lambda: metric(service, "keyart_examples_total") >= 20)
        assert metric(service, "keyart_decisions_total") >= 20

        await asyncio.to_thread(service.stop)
        service.launch()
        await soon("it is ready again", lambda: ready(service))
        assert metric(service, "keyart_examples_total") >= 20, "a start of the service takes none of the trainer's"
        assert metric(service, "keyart_trainer_position") > 20

        trainer.end(signal.SIGKILL)
        assert metric(service, "keyart_trainer_position") == 0, "what is gone says nothing of now"
        assert decided(service)


async def test_a_trainer_that_hangs_is_told_from_one_that_leads(data: Path) -> None:
    with both(data) as (service, trainer):
        await soon("it is ready", lambda: ready(service))
        status, told = await asyncio.to_thread(health, service, "trainer")
        assert (status, told.startswith("A trainer leads: trainer of ")) == (0, True)
        status, told = await asyncio.to_thread(health, service, "service")
        assert (
            status,
            told.startswith(f"http://127.0.0.1:{service.port} is ready: it has a catalogue and snapshot "),
        ) == (0, True)

        trainer.send(signal.SIGSTOP)
        await soon("its lease runs out", lambda: until_ms(data) < now_ms())
        status, told = await asyncio.to_thread(health, service, "trainer")
        assert (status, "ran out" in told) == (1, True)
        trainer.send(signal.SIGCONT)
        await soon("it leads again", lambda: until_ms(data) > now_ms())
        status, told = await asyncio.to_thread(health, service, "trainer")
        assert (status, told.startswith("A trainer leads: trainer of ")) == (0, True)
        assert trainer.end() == 0
        assert "Traceback" not in trainer.log


def test_both_can_be_started_at_once_on_an_empty_folder(tmp_path: Path) -> None:
    with both(tmp_path / "data") as (service, trainer):
        until("a catalogue alone is missing", lambda: b"waits for a catalogue;" in service.get("/readyz")[1])
        assert trainer.end() == 0
        assert service.stop() == 0
        assert "Traceback" not in service.log + trainer.log
        assert '"event": "ended"' not in service.log, "no child died"
