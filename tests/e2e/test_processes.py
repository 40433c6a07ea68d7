"""Processes: how they start, stand in for one another, and end."""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.records import Kind
from app.settings import Settings
from app.telemetry.metric_files import folder_of_service
from app.wiring.stores import open_store
from app.wiring.training import train
from assets import SAMPLES
from tests.e2e.client import Connection
from tests.e2e.conftest import Start, artwork_id, title_id
from tests.e2e.ledger import assert_learned_as_if_never_interrupted, opened
from tests.e2e.service import (
    END_SECONDS,
    KEYART,
    SLACK,
    Attended,
    Service,
    alive,
    children,
    environment,
    free_port,
    keyart,
    soon,
    until,
)

TITLE = title_id(0)
ENDINGS = (signal.SIGTERM, signal.SIGINT)


async def choose(connection: Connection, profile: str = "ada", *, decided: bool = False) -> dict[str, Any]:
    """Ask for a picture; where it must be `decided`, again if a busy machine made the service fall back."""
    while True:
        status, choice = await connection.get("/artwork", profile=profile, title=TITLE)
        assert status == 200
        assert isinstance(choice, dict)
        if choice["decision_id"] or not decided:
            return choice


async def visit(service: Service, viewers: int) -> None:
    """Let new viewers come, of whom every other one clicks."""
    connection = Connection(service.port)
    for number in range(viewers):
        choice = await choose(connection, f"viewer {time.monotonic()}", decided=True)
        if number % 2:
            status, _ = await connection.post("/clicks", {"decision_id": choice["decision_id"]})
            assert status == 202
    connection.close()


def decided(service: Service) -> bool:
    """Whether a decision is made, not a fallback."""
    status, body = service.get(f"/artwork?title={TITLE}")
    return status == 200 and b'"fallback":false' in body


def metric(service: Service, name: str, **labels: str) -> float:
    """Return the sum of a metric over its samples with these labels."""
    status, body = service.get("/metrics")
    assert status == 200
    families = text_string_to_metric_families(body.decode())
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a database's only write lock."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


# ---------------------------------------------------------------- ending


@pytest.mark.parametrize("number", ENDINGS)
async def test_an_ending_service_answers_what_it_was_asked_and_leaves_no_process(
    start: Start, number: signal.Signals
) -> None:
    service = await asyncio.to_thread(start, workers=2, decision_timeout_ms=10_000)
    connections = [Connection(service.port) for _ in range(8)]
    for index, connection in enumerate(connections):  # none is held: the worker behind it has a model
        await choose(connection, f"early {index}", decided=True)
    everyone = service.processes()
    with locked(service.data / "log.sqlite"):
        asked = [
            asyncio.create_task(choose(connection, profile=f"new {number} {index}"))
            for index, connection in enumerate(connections)
        ]
        await asyncio.sleep(0.3)  # they are in flight: their answers wait for the log
        early = [task.result() for task in asked if task.done()]
        assert not early
        if number == signal.SIGINT:
            os.killpg(service.pid, number)  # a terminal sends Ctrl-C to all
        else:
            service.send(number)
        await asyncio.sleep(0.3)
    choices = await asyncio.gather(*asked)
    await asyncio.to_thread(service.wait_gone)

    assert all(choice["decision_id"] for choice in choices)
    assert service.process
    assert service.process.returncode == 0
    assert not any(alive(pid) for pid in everyone)
    assert not is_taken(service.port)
    assert "Traceback" not in service.log
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("number", ENDINGS)
def test_a_service_that_is_told_to_end_while_it_starts_leaves_no_process(
    data: Path, number: signal.Signals
) -> None:
    service = Service(data).launch()
    try:
        until("the children are started", lambda: len(service.processes()) == 3)
        service.stop(number)
        assert not is_taken(service.port)
    finally:
        service.clean_up()


def test_a_service_that_is_told_to_end_while_it_imports_the_samples_ends_well(tmp_path: Path) -> None:
    service = Service(tmp_path / "data").launch()
    images = service.data / "images"
    try:
        until("a picture is there", lambda: any(images.glob("*.avif")))
        assert service.stop() == 0
        assert "Traceback" not in service.log
        assert not (service.data / "catalogue").exists()
        assert not list(images.glob(".work-*"))
    finally:
        service.clean_up()


def test_killing_the_parent_leaves_nothing_and_frees_the_port(start: Start) -> None:
    service = start(workers=2)
    everyone = service.processes()
    assert len(everyone) == 4

    service.send(signal.SIGKILL)
    service.wait_gone()

    assert not any(alive(pid) for pid in everyone)
    assert not is_taken(service.port)
    service.start()
    until("it decides", lambda: decided(service))


def test_killing_whoever_started_it_ends_a_service_that_is_served_with_parent(start: Start) -> None:
    service = start(kind=Attended, workers=2)
    everyone = service.processes()
    assert len(everyone) == 5

    os.kill(service.pid, signal.SIGKILL)
    service.wait_gone()

    assert not any(alive(pid) for pid in everyone)
    assert not is_taken(service.port)


def test_a_service_outlives_whoever_started_it_otherwise(data: Path) -> None:
    port = free_port()
    shell = subprocess.Popen(
        ["/bin/sh", "-c", '"$@" & echo $!', "sh", KEYART, "serve"],
        env=environment(data, {"port": port}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert shell.stdout
    pid = int(shell.stdout.readline())
    shell.stdout.close()
    shell.wait()
    try:
        until("it serves", lambda: is_taken(port))
        until("it has started its children", lambda: len(children(pid)) == 2)
        everyone = {pid, *children(pid)}
    finally:
        os.kill(pid, signal.SIGTERM)
    until("it ends", lambda: not any(map(alive, everyone)), END_SECONDS + SLACK)


def test_killing_an_import_leaves_no_process(tmp_path: Path) -> None:
    importing = subprocess.Popen(
        [KEYART, "import", str(SAMPLES)],
        env=environment(tmp_path / "data", {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        helpers = until(
            "it renders in processes", lambda: len(children(importing.pid)) > 1 and children(importing.pid)
        )
        until("pictures are written", lambda: any(tmp_path.glob("data/images/*")))
    finally:
        importing.kill()
        importing.wait()
    assert isinstance(helpers, dict)
    until("no process of the import is left", lambda: not any(map(alive, helpers)), END_SECONDS + SLACK)


# ---------------------------------------------------------------- coming back


def test_a_killed_worker_comes_back(start: Start) -> None:
    service = start()
    [victim] = service.workers()
    os.kill(victim, signal.SIGKILL)

    until("another worker runs", lambda: service.workers() not in ([], [victim]))
    until("it decides", lambda: decided(service))


async def test_a_killed_trainer_comes_back_and_goes_on_learning(start: Start) -> None:
    service = await asyncio.to_thread(start, reward_window_seconds=0.5, hold_seconds=0)
    [victim] = service.trainers()
    os.kill(victim, signal.SIGKILL)
    await visit(service, 50)
    await soon("the examples are learned", lambda: metric(service, "keyart_examples_total") >= 50)
    assert service.trainers() != [victim]


async def test_the_second_of_two_trainers_stands_by_and_takes_over(start: Start, tmp_path: Path) -> None:
    service = await asyncio.to_thread(start, reward_window_seconds=0.5, hold_seconds=0)
    log = tmp_path / "second.log"
    with log.open("wb") as out:
        second = subprocess.Popen(  # noqa: ASYNC220  it returns at once
            [KEYART, "train", "--holder", "the second"],
            env=environment(service.data, {"reward_window_seconds": 0.5, "hold_seconds": 0}),
            stdout=out,
            stderr=out,
        )
    try:
        await visit(service, 30)
        await soon("the first learns", lambda: metric(service, "keyart_examples_total") >= 30)
        assert "leading" not in log.read_text()

        service.send(signal.SIGSTOP)  # so that nothing starts the first one again
        [first] = service.trainers()
        os.kill(first, signal.SIGKILL)
        await soon("the second leads", lambda: "leading" in log.read_text())
        await visit(service, 30)
        await soon("the second learns", lambda: learned(service.data) >= 60)
        service.send(signal.SIGCONT)
        await soon("the first is started again, and stands by", lambda: service.trainers() not in ([], [first]))
        second.terminate()
        assert await asyncio.to_thread(second.wait, END_SECONDS + SLACK) == 0
        await asyncio.to_thread(service.stop)
    finally:
        second.kill()
        second.wait()
    async with opened(service.data) as store:
        assert await assert_learned_as_if_never_interrupted(store, service.data) >= 60


def learned(data: Path) -> int:
    """Return how many exposures the trainers have counted so far."""
    with closing(sqlite3.connect(f"file:{data}/state.sqlite?mode=ro", uri=True)) as state:
        return int(state.execute("SELECT total(exposures) FROM tally").fetchone()[0])


# ---------------------------------------------------------------- side by side


def test_the_metrics_of_two_workers_are_summed(start: Start) -> None:
    service = start(workers=2)
    assert len(service.workers()) == 2
    until("both have a model", lambda: all(decided(service) for _ in range(20)))
    before = metric(service, "keyart_decisions_total")
    made = sum(decided(service) for _ in range(40))  # each on a connection of its own, so that both get some
    files = {path.name for path in (service.data / "run" / "metrics" / "service").glob("counter_*.db")}

    assert made > 0
    assert metric(service, "keyart_decisions_total") == before + made
    assert {f"counter_{pid}.db" for pid in service.workers()} <= files
    assert metric(service, "keyart_trainer_position") > 0


def test_the_trainer_is_not_handed_the_socket_that_the_workers_share(start: Start) -> None:
    def sockets(pid: int) -> set[str]:
        links = set()
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed meanwhile
                links.add(str(each.readlink()))
        return {link for link in links if link.startswith("socket:")}

    service = start(workers=2)
    [one, other], [trainer] = service.workers(), service.trainers()
    shared = sockets(one) & sockets(other)
    assert shared
    assert not shared & sockets(trainer)


def test_metrics_survive_the_death_of_a_worker(start: Start) -> None:
    service = start()
    for _ in range(5):
        assert decided(service)
    [victim] = service.workers()
    os.kill(victim, signal.SIGKILL)
    until("another worker decides", lambda: service.workers() not in ([], [victim]) and decided(service))

    assert metric(service, "keyart_decisions_total") >= 6
    left, mine = (folder_of_service(service.data) / f"histogram_{pid}.db" for pid in (victim, *service.workers()))
    assert left.stat().st_size < mine.stat().st_size, "what a dead worker has counted takes no more than it needs"


def test_a_second_service_on_the_same_folder_is_refused_with_a_sentence(start: Start) -> None:
    service = start()
    second = subprocess.run(
        [KEYART, "serve"],
        env=environment(service.data, {"port": free_port()}),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert second.returncode == 1
    told = " ".join(second.stderr.split())
    assert f"Another keyart serves {service.data}" in told
    assert "KEYART_DATA" in told
    assert "Traceback" not in told
    assert decided(service)


def test_a_taken_port_is_refused_with_a_sentence(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [KEYART, "serve"],
            env=environment(data, {"port": port}),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    assert refused.returncode == 1
    told = " ".join(refused.stderr.split())
    assert f"Keyart cannot listen on 127.0.0.1:{port}" in told
    assert "KEYART_PORT" in told
    assert "Traceback" not in told


@pytest.mark.usefixtures("samples")
def test_samples_are_imported_at_the_first_start_alone(start: Start, tmp_path: Path) -> None:
    service = start(folder=tmp_path / "first")
    status, body = service.get("/artwork?title=big-buck-bunny&profile=ada")
    assert (status, b'"fallback":false' in body) == (200, True)
    assert "Importing artwork" in service.log
    service.stop()
    first = len(service.log)
    images = {path: path.stat().st_mtime_ns for path in (service.data / "images").iterdir()}
    assert images

    service.start()
    assert "Importing artwork" not in service.log[first:]
    assert {path: path.stat().st_mtime_ns for path in (service.data / "images").iterdir()} == images


def test_the_port_0_takes_a_free_one_and_says_which(data: Path) -> None:
    service = Service(data, port=0).launch()
    try:
        until("the address is printed", lambda: "Keyart serves http://127.0.0.1:" in service.log)
        service.port = int(service.log.partition("Keyart serves http://127.0.0.1:")[2].split()[0])
        assert decided(service)
    finally:
        service.clean_up()


# ---------------------------------------------------------------- damage


async def test_a_corrupt_snapshot_is_passed_over_and_followed_by_a_good_one(start: Start) -> None:
    service = await asyncio.to_thread(start, reward_window_seconds=0.5, hold_seconds=0)
    await visit(service, 40)
    await soon("the examples are learned", lambda: metric(service, "keyart_examples_total") >= 40)
    await asyncio.to_thread(service.stop)
    damage(service.data / "state.sqlite")

    await asyncio.to_thread(service.start)
    assert decided(service)
    await visit(service, 20)
    await soon("the new examples are learned", lambda: learned(service.data) >= 60)
    await asyncio.to_thread(service.stop)
    async with opened(service.data) as store:
        assert await assert_learned_as_if_never_interrupted(store, service.data) >= 60


async def test_a_corrupt_snapshot_stops_neither_models_nor_rebuild(start: Start) -> None:
    service = await asyncio.to_thread(start, reward_window_seconds=0.5, hold_seconds=0)
    await visit(service, 40)
    await soon("the examples are learned", lambda: learned(service.data) >= 40)
    await asyncio.to_thread(service.stop)
    damage(service.data / "state.sqlite", every=True)

    models = await asyncio.to_thread(keyart, service.data, "models")
    rebuilt = await asyncio.to_thread(keyart, service.data, "rebuild", "--publish")
    for done in (models, rebuilt):
        told = " ".join((done.stdout + done.stderr).split())
        assert done.returncode == 0, told
        assert "Traceback" not in told
        assert "is damaged" in told
    assert "Published as snapshot" in rebuilt.stdout
    repaired = await asyncio.to_thread(keyart, service.data, "rebuild")
    assert "in every weight" in repaired.stdout


async def test_with_every_snapshot_corrupt_a_picture_is_served_and_the_log_is_learned_anew(start: Start) -> None:
    service = await asyncio.to_thread(start, reward_window_seconds=0.5, hold_seconds=0)
    await visit(service, 40)
    await soon("the examples are learned", lambda: learned(service.data) >= 40)
    damage(service.data / "state.sqlite", every=True)
    assert decided(service), "the weights in use are as good as ever"
    before = service.processes()
    for pid in service.workers() + service.trainers():
        os.kill(pid, signal.SIGKILL)
    await soon("others have taken over", lambda: len(service.processes() - before) == 2)
    await soon("a picture is served", lambda: service.get(f"/artwork?title={TITLE}")[0] == 200)
    await soon("decisions are made again", lambda: decided(service))
    await asyncio.to_thread(service.stop)
    async with opened(service.data) as store:
        assert await assert_learned_as_if_never_interrupted(store, service.data) >= 40


def damage(state: Path, *, every: bool = False) -> None:
    """Alter the learner inside the latest snapshot, or in all of them."""
    with closing(sqlite3.connect(state)) as connection, connection:
        which = "" if every else "WHERE id = (SELECT max(id) FROM snapshot)"
        connection.execute(f"UPDATE snapshot SET learner = CAST(zeroblob(length(learner)) AS BLOB) {which}")  # noqa: S608


async def test_while_the_log_is_locked_a_picture_is_served_as_a_fallback_and_soon_a_decision_again(
    start: Start,
) -> None:
    service = await asyncio.to_thread(start, hold_seconds=0, decision_timeout_ms=100)
    connection = Connection(service.port)
    await choose(connection, decided=True)
    with locked(service.data / "log.sqlite"):
        choice = await choose(connection)
        status, page = await connection.post("/artwork", {"profile": "ada", "titles": [TITLE, title_id(1)]})

    assert choice["fallback"] is True
    assert choice["decision_id"] is None
    assert choice["artwork"] == artwork_id(0, 0)
    assert status == 200
    assert [c["fallback"] for c in page["choices"]] == [True, True]
    assert (await choose(connection, decided=True))["fallback"] is False
    connection.close()
    assert metric(service, "keyart_fallbacks_total", reason="timeout") >= 3


async def test_while_the_log_is_locked_a_hold_is_served_again_though_its_window_has_closed(
    start: Start,
) -> None:
    service = await asyncio.to_thread(start, hold_seconds=3600, reward_window_seconds=0.2, decision_timeout_ms=100)
    connection = Connection(service.port)
    first = await choose(connection, decided=True)
    await asyncio.sleep(0.3)  # the window is over: the next showing is a new exposure, which is to be logged
    with locked(service.data / "log.sqlite"):
        again = await choose(connection)
    assert again["artwork"] == first["artwork"] or again["fallback"]
    assert (await choose(connection, decided=True))["decision_id"] == first["decision_id"]
    connection.close()


async def test_feedback_waits_for_a_locked_log_and_is_not_lost(start: Start) -> None:
    service = await asyncio.to_thread(start)
    connection = Connection(service.port)
    choice = await choose(connection, decided=True)
    with locked(service.data / "log.sqlite"):
        said = asyncio.create_task(connection.post("/clicks", {"decision_id": choice["decision_id"]}))
        await asyncio.sleep(0.3)
        assert not said.done(), "answered though it can't be in the log"
    status, answer = await said
    connection.close()
    assert (status, answer["recorded"]) == (202, 1)


async def test_a_trainer_whose_state_is_locked_waits_and_goes_on_where_it_was(start: Start) -> None:
    service = await asyncio.to_thread(start, reward_window_seconds=0.5, hold_seconds=0)
    trainers = service.trainers()
    await visit(service, 20)
    with locked(service.data / "state.sqlite"):
        await visit(service, 20)
        await soon("the trainer notices", lambda: "state_locked" in service.log)
    await soon("the examples are learned", lambda: learned(service.data) >= 40)
    assert service.trainers() == trainers
    await asyncio.to_thread(service.stop)
    async with opened(service.data) as store:
        assert await assert_learned_as_if_never_interrupted(store, service.data) >= 40


@pytest.mark.parametrize("command", ["report", "models", "rebuild"])
def test_a_command_that_only_looks_makes_no_folder(tmp_path: Path, command: str) -> None:
    nowhere = tmp_path / "nowhere"
    done = subprocess.run(
        [sys.executable, "-m", "app", command],
        env={**os.environ, "KEYART_DATA": str(nowhere)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "There is no log in" in done.stderr
    assert not nowhere.exists()


def test_a_trainer_with_other_settings_does_not_change_the_rules(tmp_path: Path) -> None:
    """The rules are the workers'; a trainer that somebody starts beside them only stands by."""
    settings = Settings(data=tmp_path, reward_window_seconds=7)

    async def train_for_a_moment() -> list[int]:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.5, stop.set)
        await train(settings, "somebody", stop)
        store = open_store(settings)
        records = await store.log.read(0, 100)
        await store.close()
        return [record.kind for record in records]

    assert Kind.RULES not in asyncio.run(train_for_a_moment())
