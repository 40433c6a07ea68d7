"""Schema versions of the two files: forward migrations, and files of a later version."""

import os
import sqlite3
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.records import FOLD, Kind, Rebase, encode
from app.store.protocol import (
    Entered,
    Event,
    Experiment,
    LiftChange,
    Progress,
    SeriesChange,
    SeriesChanges,
    Snapshot,
    Sums,
    TasteRow,
    UnknownVersionError,
)
from app.store.sqlite import SqliteStore, log_schema, state_schema
from app.store.sqlite.engine import SqliteEngine
from app.store.sqlite.schema import Schema, run, version_of
from bandit.tally import Tally
from bandit.terms import Terms
from tests.builders import Clock, a_draft

OLD = Path(__file__).parents[1] / "e2e" / "folders" / "data-0.1.0.zip"
OF_LOG, OF_STATE = log_schema.SCHEMA, state_schema.SCHEMA
FILES = {"log.sqlite": OF_LOG, "state.sqlite": OF_STATE}
WHO = "ab" * 16


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return the data folder of 92853e6, which knew no versions."""
    with zipfile.ZipFile(OLD) as content:
        content.extractall(tmp_path / "old")
    return tmp_path / "old"


def connected(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, isolation_level=None))


def versions(folder: Path) -> dict[str, int]:
    found = {}
    for name in FILES:
        with connected(folder / name) as connection:
            found[name] = version_of(connection)
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tables(folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in FILES:
        with connected(folder / name) as connection:
            for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
                found[f"{name}/{table}"] = sorted(column[1:] for column in columns)
    return found


async def test_a_new_folder_and_an_old_one_come_to_the_same_schema(
    tmp_path: Path, old: Path, clock: Clock
) -> None:
    assert set(versions(old).values()) == {0}
    for folder in (tmp_path / "new", old):
        await SqliteStore(folder, clock).close()
        assert versions(folder) == {name: schema.version for name, schema in FILES.items()}
    assert tables(old) == tables(tmp_path / "new")


async def test_a_migration_that_fails_leaves_the_file_as_it_was(
    old: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(connection: sqlite3.Connection) -> None:
        run(connection, "CREATE TABLE half (id INTEGER PRIMARY KEY);")
        raise sqlite3.OperationalError("no more room")

    before = tables(old)
    monkeypatch.setattr("app.store.sqlite.log.SCHEMA", replace(OF_LOG, steps=(*OF_LOG.steps, fails)))
    with pytest.raises(Exception, match="no more room"):
        SqliteStore(old, clock)
    assert versions(old)["log.sqlite"] == 0
    assert tables(old) == before


async def test_what_was_migrated_is_not_migrated_again(tmp_path: Path, clock: Clock) -> None:
    done: list[str] = []
    schema = Schema("CREATE TABLE a (id INTEGER PRIMARY KEY);", (lambda _: done.append("first"),))
    longer = replace(schema, steps=(*schema.steps, lambda _: done.append("second")))
    with connected(tmp_path / "file") as connection:
        for each in (schema, schema, longer, longer):
            each.migrate(connection)
        assert version_of(connection) == longer.version
    assert done == ["first", "second"]


# -------------------------------------------------------------------- a rolling upgrade


def _next_log(connection: sqlite3.Connection) -> None:
    for table in ("log", "hold", "exposure", "profile", "setting", "erasing", "spent", "edit"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN later INTEGER NOT NULL DEFAULT 7")


def _next_state(connection: sqlite3.Connection) -> None:
    for table in ("snapshot", "counted", "taste", "tally", "cap", "base", "lease"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN later INTEGER NOT NULL DEFAULT 7")


@pytest.fixture
async def upgraded(tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteStore]:
    """Yield a store of this version, on files to which the next version has added a column in each table."""
    store = SqliteStore(tmp_path / "data", clock)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("app.store.sqlite.log.SCHEMA", replace(OF_LOG, steps=(*OF_LOG.steps, _next_log)))
        patched.setattr(
            "app.store.sqlite.state.SCHEMA",
            replace(OF_STATE, steps=(*OF_STATE.steps, _next_state)),
        )
        later = SqliteStore(tmp_path / "data", clock)
    assert versions(tmp_path / "data") == {name: schema.version + 1 for name, schema in FILES.items()}
    yield store
    await store.close()
    await later.close()


async def test_a_worker_goes_on_while_the_next_version_migrates(upgraded: SqliteStore) -> None:
    written = upgraded.log
    key = bytes.fromhex(WHO) + b"title"
    [hold] = await written.log_decisions([a_draft(key=key)])
    assert await written.holds([key]) == [hold]
    await written.log_exposure(hold, deferred=False, window=0)
    assert await written.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)]) == [True]
    await written.change_profile(WHO, lambda _: b"{}")
    assert await written.profile(WHO) == b"{}"
    await written.declare(b"{}")
    assert await written.make_setting("name", b"value") == b"value"
    assert await written.swap_setting("name", b"value", b"other")
    assert await upgraded.passes.spend("link", 1)
    await written.forget(WHO)
    assert await written.erasures() == [WHO]
    assert len(await written.read(0, 10)) == (await written.head()).position


async def test_a_trainer_goes_on_while_the_next_version_migrates(upgraded: SqliteStore) -> None:
    token = await upgraded.state.lead("trainer", 1000)
    assert token
    snapshot = Snapshot(0, "incumbent", 5, 5, 0, b"{}", b"learner")
    taste, tally = TasteRow(b"state", b"values", 3, b"", b"marks"), Tally(2, 1)
    key = ("title", "artwork", "group")
    series = SeriesChanges({"hour": SeriesChange([(5, key, Sums(1))], 0, 0)}, began=7)
    experiment = Experiment(3, 1, Terms({"personalized": 1.0}, 1, 1, 1))
    lift = LiftChange([experiment], {(3, 0, "personalized"): Entered(2)})
    progress = Progress(5, b"base", {WHO: taste}, {key: tally}, snapshot, series=series, lift=lift)
    assert await upgraded.state.commit(token, progress) == 1
    assert await upgraded.state.taste_rows([WHO]) == {WHO: taste}
    assert await upgraded.state.tallies() == {key: tally}
    assert (await upgraded.state.fold_state()).position == 5
    assert await upgraded.state.period_rows("hour", 5) == {key: Sums(1)}
    [kept] = await upgraded.state.experiments()
    assert (kept.position, kept.rows) == (3, {(0, "personalized"): Entered(2)})


# -------------------------------------------------------------------- a later version's folder


def later_schema(name: str, folder: Path) -> None:
    with connected(folder / name) as connection:
        connection.execute(f"PRAGMA user_version={FILES[name].version + 1}")


def later_kind(folder: Path) -> None:
    with connected(folder / "log.sqlite") as connection:
        connection.execute("INSERT INTO log (position, stamp, kind, body) VALUES (1000, 0, 99, '{}')")


def later_base_in_the_log(folder: Path) -> None:
    body = encode(Rebase("upgrade", FOLD + 1))
    with connected(folder / "log.sqlite") as connection:
        connection.execute(
            "INSERT INTO log (position, stamp, kind, body) VALUES (1000, 0, ?, ?)", (Kind.BASE, body)
        )


def later_fold(folder: Path) -> None:
    with connected(folder / "state.sqlite") as connection:
        connection.execute(
            "INSERT INTO base (reason, fold, position, resume, since, created, sound, rules, learner, counts)"
            " VALUES ('upgrade', ?, 1, 1, 0, 0, 1, '', '', '')",
            (FOLD + 1,),
        )


LATER: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "schema of the log": (
        lambda folder: later_schema("log.sqlite", folder), "schema version 2", "versions up to 1",
    ),
    "schema of the state": (
        lambda folder: later_schema("state.sqlite", folder), "schema version 8", "versions up to 7",
    ),
    "kind of record": (later_kind, "record of kind 99 at position 1000", f"the kinds 1 to {max(Kind):d}"),
    "base in the log": (later_base_in_the_log, f"fold version {FOLD + 1}", f"fold versions up to {FOLD}"),
    "fold of the state": (later_fold, f"fold version {FOLD + 1}", f"fold versions up to {FOLD}"),
}  # fmt: skip


@pytest.mark.parametrize("what", LATER)
@pytest.mark.parametrize("read_only", [False, True])
async def test_a_later_versions_folder_is_not_opened_and_not_touched(
    tmp_path: Path, clock: Clock, what: str, read_only: bool
) -> None:
    make_later, met, known = LATER[what]
    await SqliteStore(tmp_path / "data", clock).close()
    make_later(tmp_path / "data")
    before = contents(tmp_path / "data")
    with pytest.raises(UnknownVersionError) as refused:
        SqliteEngine(tmp_path / "data").open(clock, read_only=read_only)
    assert contents(tmp_path / "data") == before
    sentence = str(refused.value)
    assert met in sentence
    assert known in sentence
    assert "start the later version again, or replace the data folder with a backup" in sentence
    assert sentence.count(". ") == 0


@pytest.mark.parametrize("what", LATER)
async def test_a_look_at_it_says_what_is_of_a_later_version(tmp_path: Path, clock: Clock, what: str) -> None:
    make_later, met, _ = LATER[what]
    await SqliteStore(tmp_path / "data", clock).close()
    make_later(tmp_path / "data")
    found = SqliteEngine(tmp_path / "data").examine(seconds=10)
    told = [found.strange, *(file.fault for file in found.files if file.later)]
    assert [each for each in told if each and met in each]


async def test_a_worker_that_its_supervisor_started_looks_at_no_records(tmp_path: Path, clock: Clock) -> None:
    engine = SqliteEngine(tmp_path)
    await SqliteStore(tmp_path, clock).close()
    later_kind(tmp_path)
    await engine.open(clock, scan=False).close()
    later_schema("log.sqlite", tmp_path)
    with pytest.raises(UnknownVersionError, match="schema version 2"):
        engine.open(clock, scan=False)


async def test_a_file_that_became_a_later_ones_since_it_was_looked_at_is_not_migrated(
    tmp_path: Path, clock: Clock
) -> None:
    await SqliteStore(tmp_path, clock).close()
    later_schema("state.sqlite", tmp_path)
    with pytest.raises(UnknownVersionError, match=r"state\.sqlite has schema version 8"):
        SqliteStore(tmp_path, clock)
    assert versions(tmp_path)["state.sqlite"] == 8
    assert open_below(tmp_path) == []


def open_below(folder: Path) -> list[str]:
    """Return the files of a folder that this process has open."""
    handles = (os.path.realpath(each) for each in Path("/proc/self/fd").iterdir())
    return [path for path in handles if path.startswith(str(folder.resolve()))]
