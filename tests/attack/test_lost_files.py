"""Files of the store are deleted or replaced while viewers come: nothing is acknowledged after that and lost."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.clock import now_ms
from app.serving.decision_id import DecisionIds
from app.wiring.keys import signing_keys
from tests.e2e.client import Connection
from tests.e2e.conftest import TITLES, Start, title_id
from tests.e2e.ledger import YEAR_MS, Ledger, assert_learned_as_if_never_interrupted, opened
from tests.e2e.load import meanwhile
from tests.e2e.service import Service, keyart, soon
from tests.e2e.test_crash import log_position

pytestmark = pytest.mark.long

SETTINGS: dict[str, object] = {
    "workers": 2,
    "reward_window_seconds": 1,
    "hold_seconds": 2,
    "learn_cap": 0,
    "stranger_cap": 0,
    "decision_timeout_ms": 2_000,
    "admin_key": "the-admin-key-of-this-test",
}
CLIENTS = 6
FILES = ("log.sqlite", "log.sqlite-wal", "log.sqlite-shm")
soak = pytest.mark.soak
Blow = Callable[[Path], None]


# -------------------------------------------------------------------- viewers


@dataclass(slots=True)
class Acknowledged:
    """What was acknowledged, with the moment at which it was asked for."""

    decisions: list[tuple[float, str]] = field(default_factory=list)
    clicks: list[tuple[float, str]] = field(default_factory=list)
    fallbacks: int = 0
    refused: int = 0

    def after(self, moment: float) -> list[str]:
        return [id_ for asked, id_ in (*self.decisions, *self.clicks) if asked > moment]


async def _viewer(port: int, name: str, heard: Acknowledged) -> None:
    connection, number = Connection(port), 0
    try:
        while True:
            number += 1
            id_ = await _look(connection, f"{name}-{number // 2}", number, heard)
            await _click(connection, id_ or (heard.decisions[0][1] if heard.decisions else None), heard)
            await asyncio.sleep(0.005)
    finally:
        connection.close()


async def _look(connection: Connection, profile: str, number: int, heard: Acknowledged) -> str | None:
    asked = time.monotonic()
    try:
        status, choice = await connection.get("/artwork", title=title_id(number % TITLES), profile=profile)
    except OSError:  # a worker ended; another answers
        await asyncio.sleep(0.02)
        return None
    assert status == 200, choice
    assert choice["image"]["url"]
    id_: str | None = choice["decision_id"]
    heard.fallbacks += id_ is None
    if id_:
        heard.decisions.append((asked, id_))
    return id_


async def _click(connection: Connection, id_: str | None, heard: Acknowledged) -> None:
    if id_ is None:
        return
    asked = time.monotonic()
    try:
        status, answer = await connection.post("/clicks", {"decision_id": id_})
    except OSError:
        return
    assert status in {202, 503}, answer
    heard.refused += status == 503
    if status == 202 and answer["recorded"]:
        heard.clicks.append((asked, id_))


@asynccontextmanager
async def viewers(port: int) -> AsyncIterator[Acknowledged]:
    heard = Acknowledged()
    async with meanwhile(*(_viewer(port, f"viewer-{n}", heard) for n in range(CLIENTS))):
        yield heard


async def busy(heard: Acknowledged, more: int = 100) -> None:
    goal = len(heard.decisions) + more
    await soon("viewers get decisions", lambda: len(heard.decisions) > goal)


async def turned_away(heard: Acknowledged, more: int = 100) -> None:
    fallbacks, refused = heard.fallbacks + more, heard.refused + more
    await soon("viewers get fallbacks", lambda: heard.fallbacks > fallbacks and heard.refused > refused)


# -------------------------------------------------------------------- blows


def deleted(*names: str) -> Blow:
    def blow(data: Path) -> None:
        for name in names:
            (data / name).unlink()

    return blow


def replaced(name: str) -> Blow:
    """Put a file of the same bytes in its place, as a restore does that moves it there."""

    def blow(data: Path) -> None:
        copy = data.with_name("restored")
        shutil.copy2(data / name, copy)
        copy.replace(data / name)

    return blow


def folder_moved(data: Path) -> None:
    data.rename(data.with_name("elsewhere"))


def folder_replaced(data: Path) -> None:
    """Put another folder in its place, as a disk that is mounted there."""
    data.rename(data.with_name("elsewhere"))
    data.mkdir()


def ready(service: Service) -> tuple[int, Any]:
    status, body = service.get("/readyz")
    return status, json.loads(body) if body else None


def doctor(service: Service) -> str:
    return keyart(service.data, "doctor", port=service.port).stdout


async def lost_in_metrics(service: Service) -> str:
    """Wait until the metrics tell of the loss, and return them; nothing if they are lost as well."""
    for _ in range(200):
        metrics = service.get("/metrics")[1].decode()
        if not metrics or "keyart_store_lost 1.0" in metrics:
            return metrics
        await asyncio.sleep(0.05)
    raise AssertionError("The metrics never told of the lost store.")


async def refuses(service: Service, heard: Acknowledged, struck: float) -> str:
    """Look that nothing is acknowledged after the blow, though pictures are served; return what `/readyz` says."""
    await turned_away(heard)
    assert heard.after(struck) == []
    said = set()
    for _ in range(20):  # whichever worker is asked
        status, problem = ready(service)
        assert status == 503, problem
        said.add(problem["detail"])
    [sentence] = said
    assert "Stop the service" in sentence
    metrics = await lost_in_metrics(service)
    if metrics:  # they are in the folder, too
        assert 'keyart_fallbacks_total{reason="lost"}' in metrics
    assert '"store_lost"' in service.log
    assert '"request_failed"' not in service.log
    return str(sentence)


async def assert_kept(service: Service, heard: Acknowledged) -> None:
    """Look that everything that was acknowledged is in the log."""
    async with opened(service.data) as store:
        ledger = await Ledger.read(store)
        decision_ids = DecisionIds(await signing_keys(store.log), YEAR_MS)
        ids = {text: decision_ids.verify(text, now_ms()) for _, text in (*heard.decisions, *heard.clicks)}
        for id_ in ids.values():
            assert ledger.decisions[id_.position].nonce == id_.nonce
            assert id_.position not in ledger.voided
        assert all(ledger.feedback["clicks", ids[text].position] for _, text in heard.clicks)


def published_position(service: Service) -> int:
    """Return how far a snapshot has come; 0 where there is none, as in a state that was just made anew."""
    with closing(sqlite3.connect(f"file:{service.data}/state.sqlite?mode=ro", uri=True)) as state:
        return int(state.execute("SELECT coalesce(max(position), 0) FROM snapshot").fetchone()[0])


async def goes_on(service: Service, heard: Acknowledged) -> None:
    """Start it again, look that it learns what is logged, and that nothing of it all is lost."""
    await asyncio.to_thread(service.start)
    async with viewers(service.port) as after:
        await busy(after)
        head = log_position(service)
        await soon("a trainer has caught up", lambda: published_position(service) > head, 120)
    assert await asyncio.to_thread(service.stop) == 0
    heard.decisions += after.decisions
    heard.clicks += after.clicks
    await assert_kept(service, heard)
    async with opened(service.data) as store:
        await assert_learned_as_if_never_interrupted(store, service.data)


# -------------------------------------------------------------------- the log


@pytest.mark.parametrize(
    "blow",
    [
        pytest.param(deleted("log.sqlite"), id="log"),
        pytest.param(deleted(*FILES), id="log and all that belongs to it", marks=soak),
        pytest.param(replaced("log.sqlite"), id="log replaced", marks=soak),
        pytest.param(folder_replaced, id="folder replaced", marks=soak),
    ],
)
async def test_after_the_log_is_gone_nothing_is_acknowledged_and_no_new_log_is_made(
    start: Start, data: Path, tmp_path: Path, blow: Blow
) -> None:
    """What a backup has is there again once it is put back."""
    service = await asyncio.to_thread(start, "--no-samples", **SETTINGS)
    backup = tmp_path / "backup"
    async with viewers(service.port) as heard:
        await busy(heard)
        before = Acknowledged(list(heard.decisions), list(heard.clicks))
        made = await asyncio.to_thread(keyart, data, "backup", str(backup))
        assert made.returncode == 0, made.stderr
        await busy(heard)
        blow(data)
        struck = time.monotonic()
        sentence = await refuses(service, heard, struck)
        assert "log.sqlite " in sentence
        assert "backup" in sentence
    assert await asyncio.to_thread(service.stop) == 0
    if not (data / "log.sqlite").exists() and (data / "state.sqlite").exists():
        told = await asyncio.to_thread(keyart, data, "serve", "--no-samples", port=service.port)
        assert told.returncode == 1
        assert "There is no log.sqlite in" in told.stderr
        assert not (data / "log.sqlite").exists()
    shutil.rmtree(data)
    shutil.copytree(backup, data)
    await goes_on(service, before)


@pytest.mark.parametrize(
    "blow",
    [
        pytest.param(deleted("log.sqlite-wal"), id="deleted"),
        pytest.param(replaced("log.sqlite-wal"), id="replaced", marks=soak),
        pytest.param(deleted("log.sqlite-shm"), id="its index", marks=soak),
        pytest.param(deleted("log.sqlite-wal", "log.sqlite-shm"), id="both", marks=soak),
    ],
)
async def test_after_the_write_ahead_log_is_gone_a_stop_saves_all_that_was_acknowledged(
    start: Start, data: Path, blow: Blow
) -> None:
    service = await asyncio.to_thread(start, "--no-samples", **SETTINGS)
    async with viewers(service.port) as heard:
        await busy(heard, 300)
        blow(data)
        struck = time.monotonic()
        sentence = await refuses(service, heard, struck)
        assert "log.sqlite-" in sentence
    assert await asyncio.to_thread(service.stop) == 0
    await goes_on(service, heard)


@soak
async def test_a_worker_that_dies_without_the_write_ahead_log_says_why_it_can_not_start(
    start: Start, data: Path
) -> None:
    service = await asyncio.to_thread(start, "--no-samples", **SETTINGS)
    async with viewers(service.port) as heard:
        await busy(heard)
        deleted("log.sqlite-wal")(data)
        struck = time.monotonic()
        os.kill(service.workers()[0], signal.SIGKILL)
        await soon("the next one says why", lambda: "was deleted or moved away, but not" in service.log)
        assert not (data / "log.sqlite-wal").exists()
        await refuses(service, heard, struck)
    assert await asyncio.to_thread(service.stop) == 0
    await goes_on(service, heard)


@soak
async def test_a_folder_that_is_moved_away_and_back_is_used_again(start: Start, data: Path) -> None:
    service = await asyncio.to_thread(start, "--no-samples", **SETTINGS)
    async with viewers(service.port) as heard:
        await busy(heard)
        folder_moved(data)
        struck = time.monotonic()
        await turned_away(heard)
        assert heard.after(struck) == []
        data.with_name("elsewhere").rename(data)
        await busy(heard)
        await soon("it is ready again", lambda: ready(service)[0] == 200)
    assert await asyncio.to_thread(service.stop) == 0
    await assert_kept(service, heard)


# -------------------------------------------------------------------- the state


@pytest.mark.parametrize(
    "blow",
    [
        pytest.param(deleted("state.sqlite"), id="state"),
        pytest.param(
            deleted("state.sqlite", "state.sqlite-wal", "state.sqlite-shm"), id="state and all of it", marks=soak
        ),
        pytest.param(replaced("state.sqlite"), id="state replaced", marks=soak),
    ],
)
async def test_after_the_state_is_gone_it_is_made_anew_from_the_log_while_decisions_go_on(
    start: Start, data: Path, blow: Blow
) -> None:
    service = await asyncio.to_thread(start, "--no-samples", **SETTINGS)
    async with viewers(service.port) as heard:
        await busy(heard, 300)
        terms = service.log.count('"leading"')
        blow(data)
        await soon("another trainer leads", lambda: service.log.count('"leading"') > terms)
        await busy(heard, 300)
        assert ready(service)[0] == 200
        os.kill(service.workers()[0], signal.SIGKILL)
        await soon("a worker is replaced", lambda: len(service.workers()) == 2)
        await busy(heard)
        head = log_position(service)
        await soon("a trainer has caught up", lambda: published_position(service) > head, 120)
    await soon("it is ready", lambda: ready(service)[0] == 200)
    assert "keyart_store_lost 0.0" in service.get("/metrics")[1].decode()
    assert await asyncio.to_thread(service.stop) == 0
    await assert_kept(service, heard)
    async with opened(data) as store:
        await assert_learned_as_if_never_interrupted(store, data)


@soak
async def test_after_the_states_write_ahead_log_is_gone_decisions_go_on_and_a_stop_saves_what_it_had(
    start: Start, data: Path
) -> None:
    service = await asyncio.to_thread(start, "--no-samples", **SETTINGS)
    async with viewers(service.port) as heard:
        await busy(heard, 300)
        deleted("state.sqlite-wal")(data)
        await soon("a trainer says why", lambda: "state.sqlite-wal was deleted" in service.log)
        await busy(heard)
        assert ready(service)[0] == 200
    assert await asyncio.to_thread(service.stop) == 0
    await goes_on(service, heard)
