"""What `keyart doctor` finds out: each fault is made for real, found, and told with its remedy."""

import ast
import asyncio
import fcntl
import http.server
import json
import os
import re
import resource
import shutil
import socket
import sqlite3
import string
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from app.catalogue.live import LiveCatalogue
from app.clock import now_ms
from app.evaluation.candidate_learner import learner_of
from app.learning import drift_signs
from app.learning.bases import resume
from app.learning.candidate_file import CandidateFile
from app.operations.candidates import Candidates
from app.operations.doctor import catalogue, clock, finding, folder, learner, log, machine, model, service
from app.operations.doctor.checkup import check
from app.operations.doctor.finding import Finding
from app.operations.doctor.observed import Observed, observe
from app.operations.interventions import Operator
from app.records import Kind, Reference, decode_decision, encode
from app.refusals import Conflict
from app.settings import Settings
from app.settings.checks import SMALLEST_LOG
from app.store.protocol import HOUR_MS, Author, DriftSums, Event, File, Lease, Snapshot
from app.store.sqlite import SqliteStore
from app.wiring.stores import engine_of
from assets.catalogue import Title
from assets.provenance import Consent, Provenance
from assets.rendering.original_names import files_of
from assets.revisions import Revisions
from bandit.learners import new_learner
from bandit.own import entry_points
from bandit.own.learner import OwnLearner
from bandit.own.outcomes import Outcomes
from bandit.reward import RewardRules
from tests.assets.builders import a_picture, encoded, put
from tests.builders import Clock, a_decision, a_draft, a_film, make_current
from tests.e2e.service import Service, free_port, keyart
from tests.learners import needs_vowpal
from tests.operations.standings import standing

DAY_MS = 86_400_000
EVERYWHERE = "0.0.0.0"  # noqa: S104  nothing is bound
IN_MEMORY = Path("/dev/shm/keyart-that-is-not-there")  # noqa: S108  nothing is made
FILMS = a_film("apollo"), a_film("orbit")
Found = list[Finding]


# -------------------------------------------------------------------- a data folder, and a look at it


def with_pictures(data: Path, titles: tuple[Title, ...]) -> None:
    data.chmod(0o700)
    for title in titles:
        for artwork in title.artworks:
            for crop in artwork.crops:
                for name in crop.names():
                    put(data / "images" / name, b"a picture")


async def fill(
    data: Path, titles: tuple[Title, ...] = FILMS, *, act: bool = True, now: int = 0, **changes: Any
) -> None:
    """Make a folder in which three viewers were shown pictures an hour ago, and a trainer has learned from it."""
    hands = Clock((now or now_ms()) - 3_600_000)
    store = SqliteStore(data, hands)
    await store.log.declare(encode(RewardRules(600_000)))
    await make_current(store.log, data / "catalogue", titles)
    for number in range(24):
        hands.now += 100
        [hold] = await store.log.log_decisions(
            [a_draft(a_decision(titles[0], number % 3, profile=f"{number % 3:032x}", **changes), key=None)]
        )
        if act and number % 2:
            await store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)])
    hands.now = now or now_ms()
    await store.log.tick(1)
    await learn(store, data)
    await store.close()
    with_pictures(data, titles)


async def learn(store: SqliteStore, data: Path) -> None:
    live_catalogue = LiveCatalogue(store.log, Revisions(data / "catalogue"))
    await live_catalogue.refresh()
    fold = await resume(store, live_catalogue)
    await fold.feed(await store.log.read(0, 1000))
    token = await store.state.lead("a trainer", 5000)
    assert token
    await store.state.commit(token, fold.progress(fold.snapshot()))
    await store.state.resign(token)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("doctor") / "data"
    asyncio.run(fill(data))
    return data


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filled, tmp_path / "data")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("KEYART_"):
            monkeypatch.delenv(name)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Found]:
    def look(data: Path, url: str | None = None, **settings: object) -> Found:
        given = {f"KEYART_{name.upper()}": str(value) for name, value in {"port": 0, **settings}.items()}
        for name, value in {"KEYART_DATA": str(data), **given}.items():
            monkeypatch.setenv(name, value)
        before = state_of(data)
        groups = asyncio.run(check(os.environ, engine_of, 10, url))
        assert state_of(data) == before, "a doctor changes nothing"
        return [finding for findings in groups.values() for finding in findings]

    return look


def state_of(place: Path) -> dict[Path, tuple[int, int]]:
    files = [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else []
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def told(found: Found, level: str, *words: str) -> Finding:
    """Return the one finding of the level that has all the words."""
    of_level = [finding for finding in found if finding.level == level]
    matching = [each for each in of_level if all(word in f"{each.about}: {each.sentence}" for word in words)]
    assert len(matching) == 1, of_level
    assert (level == "ok") == (not matching[0].remedy)
    return matching[0]


def troubles(found: Found) -> list[Finding]:
    about_this_machine = {"time service", "fonts", "cores", "memory"}
    return [each for each in found if each.level != "ok" and each.about not in about_this_machine]


# -------------------------------------------------------------------- nothing wrong


def test_nothing_is_wrong_with_a_folder_that_a_service_left(data: Path, look: Callable[..., Found]) -> None:
    found = look(data)

    assert troubles(found) == []
    told(found, "ok", "The trainer has folded all records")
    told(found, "ok", "24 decisions and exposures, 12 clicks and plays")
    told(found, "ok", "All 144 renditions")


def test_a_newcomer_without_a_folder_is_told_how_to_get_one(tmp_path: Path, look: Callable[..., Found]) -> None:
    found = look(tmp_path / "none")

    [only] = troubles(found)
    assert "There is no data folder" in only.sentence
    assert "keyart serve" in only.remedy
    assert not (tmp_path / "none").exists()


def test_beside_a_running_service_it_asks_that_and_leaves_its_files_alone(tmp_path: Path) -> None:
    put(tmp_path / "artwork" / "one" / "a.jpg", encoded(a_picture((64, 64))))
    put(tmp_path / "artwork" / "one" / "b.jpg", encoded(a_picture((64, 64), "red")))
    data = tmp_path / "data"
    assert keyart(data, "import", str(tmp_path / "artwork")).returncode == 0
    running = Service(data, "--no-samples", preset="demo")
    try:
        running.start()
        seen = keyart(data, "doctor", "--json", port=running.port, preset="demo")
        groups = json.loads(seen.stdout)["groups"]
        found = [Finding(**each) for group in groups for each in group["findings"]]
        elsewhere = keyart(data, "doctor", "--json", port=free_port(), hold_seconds=5, best_single_share=0)
        supervisor = running.process.pid if running.process else 0
        by_address = keyart(tmp_path / "none", "doctor", "--url", f"http://127.0.0.1:{running.port}", port=0)
    finally:
        running.clean_up()

    assert [group["name"] for group in groups] == [
        "Machine", "Settings", "Data", "Pictures", "Model", "Clock", "Service"
    ]  # fmt: skip
    assert (seen.returncode, json.loads(seen.stdout)["wrong"]) == (0, 0), seen.stdout
    for words in (
        "Keyart answers",
        "is ready",
        "A service uses the folder",
        "leads",
        "clock and this machine",
    ):
        told(found, "ok", words)
    # Another shell sets other things, and the service is judged by its own: where it is, and what it does.
    assert elsewhere.returncode == 0, elsewhere.stdout
    judged = [Finding(**each) for group in json.loads(elsewhere.stdout)["groups"] for each in group["findings"]]
    told(judged, "ok", f"the settings of the running service, process {supervisor}")
    told(judged, "ok", f"Keyart answers at http://127.0.0.1:{running.port}")
    told(
        judged,
        "note",
        "another value of KEYART_PORT, KEYART_HOLD_SECONDS, KEYART_BEST_SINGLE_SHARE than this shell",
    )
    assert not [each for each in judged if "best_single group" in each.sentence]
    assert by_address.returncode == 0, by_address.stdout
    assert "is ready" in by_address.stdout
    no_lead = keyart(data, "doctor", preset="demo")  # killed: the lease stands, and the lock is gone
    assert no_lead.returncode == 0, no_lead.stdout
    assert "These are this shell's settings: no service runs on" in no_lead.stdout


# -------------------------------------------------------------------- the sentences


def test_every_sentence_is_told_by_a_check_that_gives_all_its_values() -> None:
    """Each name in findings.txt stands in a function whose calls fill in each value in braces."""
    told_in: dict[str, set[str]] = {}
    for path in Path(finding.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
            nodes = list(ast.walk(function))
            given = {
                each.arg for node in nodes if isinstance(node, ast.Call) for each in node.keywords if each.arg
            }
            told_in |= {str(node.value): given for node in nodes if isinstance(node, ast.Constant)}

    for name, text in finding.texts().items():
        parsed = string.Formatter().parse(f"{text.about}{text.sentence}{text.remedy}")
        values = {re.split(r"\W", field)[0] for _, field, *_ in parsed if field}
        assert values <= told_in[name], f"no check gives {name} its values"
        assert text.level in {"ok", "note", "wrong"}
        assert text.level == "ok" or text.remedy, f"{name} says nothing of what to do"


# -------------------------------------------------------------------- machine


def test_packages_that_are_missing_or_too_old_are_named() -> None:
    old = "absent-here==0.7.*; python_version < '3.13'"
    fault = machine.packages(["no-such-thing>=1", "numpy>=99.1", "pillow>=12", "absent; extra == 'fonts'", old])

    assert fault.level == "wrong"
    assert "no-such-thing is missing" in fault.sentence
    assert "numpy is" in fault.sentence
    assert "pillow" not in fault.sentence
    assert "absent" not in fault.sentence


def test_more_workers_than_cores_or_memory_are_told() -> None:
    assert machine.cores(3, 4).level == "ok"
    assert machine.cores(4, 4).level == "note"
    assert "at most 4" in machine.cores(5, 4).remedy
    assert machine.memory(1, 400 << 20, running=False).level == "ok"
    assert machine.memory(4, 400 << 20, running=False).level == "wrong"
    assert machine.memory(4, 400 << 20, running=True).level == "ok", "they have theirs already"
    assert machine.memory(4, 100 << 20, running=True).level == "wrong"


def test_a_containers_memory_limit_counts_where_it_is_less_than_the_machine_has(tmp_path: Path) -> None:
    put(tmp_path / "proc/meminfo", b"MemTotal: 9 kB\nMemAvailable:   800 kB\n")
    assert machine.available_memory(tmp_path) == 800 * 1024
    put(tmp_path / "sys/fs/cgroup/memory.max", b"max\n")
    put(tmp_path / "sys/fs/cgroup/memory.current", b"100000\n")
    assert machine.available_memory(tmp_path) == 800 * 1024
    put(tmp_path / "sys/fs/cgroup/memory.max", b"300000\n")
    assert machine.available_memory(tmp_path) == 200_000
    assert machine.available_memory(tmp_path / "nothing") is None


def test_a_low_limit_on_open_files_is_told(tmp_path: Path) -> None:
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))"
    script = f"{limit}; from app.cli import main; main()"
    environment = {**os.environ, "KEYART_DATA": str(tmp_path), "KEYART_PORT": "0", "COLUMNS": "200"}
    limited = subprocess.run(
        [sys.executable, "-c", script, "doctor"], env=environment, capture_output=True, text=True, check=False
    )

    assert limited.returncode == 1
    assert "A process may have 200 files open" in limited.stdout
    assert machine.open_files(512).level == "note"
    assert machine.open_files(resource.RLIM_INFINITY).level == "ok"


def test_a_pillow_that_lacks_something_is_told() -> None:
    assert machine.pictures([]).level == "ok"
    assert "AVIF" in machine.pictures(["AVIF"]).sentence


# -------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("given", "level", "words"),
    [
        ({"prot": 8001}, "wrong", ["KEYART_PROT is not a setting", "has no effect"]),
        ({"something_else": 1}, "note", ["KEYART_SOMETHING_ELSE is not a setting"]),
        ({"host": EVERYWHERE}, "note", ["KEYART_HOST", "not encrypted"]),
        ({"host": EVERYWHERE, "cors_origins": "*"}, "note", ["KEYART_CORS_ORIGINS"]),
        ({"host": EVERYWHERE, "preset": "demo"}, "note", ["not for real viewers"]),
        ({"hold_seconds": 0}, "note", ["There are no holds"]),
        ({"learn_cap": 0}, "note", ["one busy profile"]),
        ({"admin_key": "short"}, "wrong", ["KEYART_ADMIN_KEY: a key has 16 to 256 characters"]),
        ({"admin_key": "a" * 20, "client_key": "a" * 20}, "wrong", ["KEYART_CLIENT_KEY is the same"]),
        ({"best_single_share": 0}, "note", ["the report has no lift"]),
        ({"uniform_share": 0.95}, "wrong", ["nobody is personalized"]),
        ({"exploration_floor": 0.001}, "note", ["0.10% of each choice"]),
        ({"exploration_floor": 0.5}, "note", ["50% of each choice"]),
        ({"reward": "play", "reward_window_seconds": 60}, "note", ["most plays come too late"]),
        ({"serve": "default"}, "note", ["emergency switch"]),
        ({"log_level": "debug"}, "note", ["a line for each request"]),
    ],
)  # fmt: skip
def test_what_is_seldom_meant_is_told(
    data: Path, look: Callable[..., Found], given: dict[str, Any], level: str, words: list[str]
) -> None:
    told(look(data, **given), level, *words)


def test_a_misspelt_setting_gets_the_nearest_name(data: Path, look: Callable[..., Found]) -> None:
    assert (
        "KEYART_REWARD_WINDOW_SECONDS" in told(look(data, reward_window_second=3), "wrong", "not a setting").remedy
    )


@pytest.mark.parametrize(
    "given", [{"workers": "many", "reward": "love"}, {"uniform_share": 0.99, "default_share": 1}]
)
def test_settings_that_can_not_be_are_told_and_the_rest_is_looked_at(
    data: Path, look: Callable[..., Found], given: dict[str, object]
) -> None:
    found = look(data, **given)

    faults = [each for each in found if each.about == "value"]
    assert [each.level for each in faults] == ["wrong"] * len(faults)
    assert faults
    told(found, "ok", "log.sqlite", "is whole")
    told(found, "ok", "Snapshot 1 loads")


# -------------------------------------------------------------------- the folder


def test_a_file_in_the_place_of_the_folder_is_wrong(tmp_path: Path, look: Callable[..., Found]) -> None:
    told(look(put(tmp_path / "data", b"")), "wrong", "which is a file")


def test_a_folder_that_others_may_look_or_write_into_is_told(data: Path, look: Callable[..., Found]) -> None:
    data.chmod(0o755)
    told(look(data), "note", "Every user of this machine")
    data.chmod(0o777)
    told(look(data), "wrong", "Other users may write")
    data.chmod(0o2770)
    assert "fsGroup" in told(look(data), "note", "group may write into it (mode 2770)").remedy


def test_an_admin_key_that_others_may_read_is_wrong(data: Path, look: Callable[..., Found]) -> None:
    put(data / "admin-key", b"a-secret-of-sixteen\n").chmod(0o644)
    told(look(data), "wrong", "Other users may read the admin key (mode 644)")
    (data / "admin-key").chmod(0o600)
    told(look(data), "ok", "readable by its owner alone")
    assert "has no effect" in told(look(data, admin_key="k" * 16), "note", "KEYART_ADMIN_KEY").sentence
    for useless in (b"\n", b"short", b"\xff" * 20):
        (data / "admin-key").write_bytes(useless)
        told(look(data), "wrong", "no key of 16 characters")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_belongs_to_another_user_or_can_not_be_read_is_told(data: Path, look: Callable[..., Found]) -> None:
    os.chown(data / "log.sqlite", 12345, -1)
    told(look(data), "wrong", "others own log.sqlite")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_folder_that_this_user_may_not_read_is_wrong() -> None:
    become = "import os, sys, pathlib; from app.operations.doctor import folder; os.setuid(12345)"
    script = f"{become}; print(folder.usable(pathlib.Path(sys.argv[1])))"
    with tempfile.TemporaryDirectory() as place:
        said = subprocess.run(
            [sys.executable, "-c", script, place], capture_output=True, text=True, check=True
        ).stdout
        Path(place).chmod(0o755)
        unwritable = subprocess.run(
            [sys.executable, "-c", script, f"{place}/data"], capture_output=True, text=True, check=True
        ).stdout
    assert "This user cannot read" in said
    assert "This user cannot write to" in unwritable


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /srv/net rw,relatime - nfs4 host:/export rw
41 22 0:36 / /srv/net/local rw,relatime - xfs /dev/sdb1 rw
42 22 0:37 / /with\\040space rw,relatime - cifs //host/share rw
43 22 0:38 / /box rw,relatime - overlay overlay rw
"""


@pytest.mark.parametrize(
    ("place", "level", "kind"),
    [
        ("/srv/net/data", "wrong", "nfs4"),
        ("/srv/net/local/data", "ok", "xfs"),
        ("/srv/networked", "ok", "ext4"),
        ("/with space/data", "wrong", "cifs"),
        ("/box/data", "note", "overlay"),
    ],
)
def test_a_disk_that_does_not_fit_is_told_by_its_kind(place: str, level: str, kind: str) -> None:
    [finding] = folder.file_system(Path(place), MOUNTS)
    assert (finding.level, kind in finding.sentence) == (level, True)


@pytest.mark.skipif(not os.access(IN_MEMORY.parent, os.W_OK), reason="there is no file system in memory here")
def test_a_folder_in_memory_is_told(look: Callable[..., Found]) -> None:
    told(look(IN_MEMORY), "note", "gone when the machine starts again (tmpfs)")


def test_a_disk_that_is_or_will_be_full_is_told(data: Path) -> None:
    assert folder.free(data, 1 << 20).level == "wrong"
    assert folder.free(data, 500 << 20).level == "note"
    assert folder.free(data, 1 << 40).level == "ok"
    [finding] = folder.growth(10 << 30, 10 * 86_400, 90 * 86_400, 20 << 30)
    assert "grows by 80 GiB" in finding.sentence
    assert "full in 20 days" in finding.remedy
    assert not list(folder.growth(10 << 30, 10 * 86_400, 90 * 86_400, 90 << 30))


# -------------------------------------------------------------------- the databases


def damage(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xaa" * (size - 4096))


def test_a_damaged_log_is_wrong_and_the_rest_is_looked_at(data: Path, look: Callable[..., Found]) -> None:
    damage(data / "log.sqlite")
    found = look(data)

    assert ".recover" in told(found, "wrong", "log.sqlite is not usable").remedy
    told(found, "ok", "state.sqlite", "is whole")
    told(found, "note", "The model was not checked")


def test_a_damaged_state_is_wrong_and_can_be_made_anew(data: Path, look: Callable[..., Found]) -> None:
    put(data / "state.sqlite", b"no database at all" * 100)
    found = look(data)

    assert "makes the state again from the log" in told(found, "wrong", "file is not a database").remedy
    told(found, "ok", "log.sqlite", "is whole")
    told(found, "ok", "The log's last position")
    told(found, "ok", "2 titles with 6 artworks")


def test_a_database_of_another_version_is_told_by_its_columns(data: Path, look: Callable[..., Found]) -> None:
    with closing(sqlite3.connect(data / "log.sqlite")) as connection:
        connection.execute("ALTER TABLE hold ADD COLUMN colour TEXT")
    told(look(data), "wrong", "its table hold differs in colour")


@pytest.mark.parametrize(
    ("file", "change", "sentence"),
    [
        ("log.sqlite", "DROP TABLE hold", "it has no table hold"),
        ("log.sqlite", "DROP TABLE exposure", "it has no table exposure"),
        ("state.sqlite", "DROP TABLE tally", "it has no table tally"),
        ("log.sqlite", "ALTER TABLE erasing ADD COLUMN colour", "its table erasing differs in colour"),
        ("log.sqlite", "ALTER TABLE edit DROP COLUMN became", "its table edit differs in became"),
        ("state.sqlite", "ALTER TABLE lease ADD COLUMN colour", "its table lease differs in colour"),
        ("state.sqlite", "ALTER TABLE taste DROP COLUMN state", "its table taste differs in state"),
        (
            "state.sqlite",
            "ALTER TABLE snapshot RENAME COLUMN role TO part",
            "its table snapshot differs in part, role",
        ),
    ],
)
def test_what_opening_does_not_mend_is_wrong(
    data: Path, look: Callable[..., Found], file: str, change: str, sentence: str
) -> None:
    with closing(sqlite3.connect(data / file)) as connection:
        connection.execute(change)
    told(look(data), "wrong", file, sentence)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        *[("log.sqlite", f"DROP TABLE {table}") for table in ("erasing", "edit", "spent")],
        *[("state.sqlite", f"DROP TABLE {table}") for table in ("cap", "base")],
        ("state.sqlite", "ALTER TABLE taste DROP COLUMN first"),
        ("state.sqlite", "CREATE TABLE learned (hour INTEGER)"),
    ],
)
def test_what_opening_mends_is_a_note(data: Path, look: Callable[..., Found], file: str, change: str) -> None:
    with closing(sqlite3.connect(data / file)) as connection:
        connection.execute(change)
        connection.execute("PRAGMA user_version=0")  # as a file of before versions
    [trouble] = troubles(look(data))
    assert trouble == told([trouble], "note", file, "made by an earlier version")

    asyncio.run(SqliteStore(data, now_ms).close())
    assert troubles(look(data)) == [], "it was opened, and has all now"


@pytest.mark.parametrize(("file", "table"), [("log.sqlite", "erasing"), ("state.sqlite", "base")])
def test_a_table_that_a_file_of_this_version_lacks_is_wrong(
    data: Path, look: Callable[..., Found], file: str, table: str
) -> None:
    with closing(sqlite3.connect(data / file)) as connection:
        connection.execute(f"DROP TABLE {table}")
    told(look(data), "wrong", file, f"it has no table {table}")


@pytest.mark.parametrize("file", ["log.sqlite", "state.sqlite"])
def test_a_file_of_a_later_version_is_wrong_and_nothing_more_is_judged(
    data: Path, look: Callable[..., Found], file: str
) -> None:
    with closing(sqlite3.connect(data / file)) as connection:
        connection.execute("PRAGMA user_version=99")
    told(look(data), "wrong", "version", f"{file}: it has schema version 99")


def test_tables_of_others_are_no_matter(data: Path, look: Callable[..., Found]) -> None:
    with closing(sqlite3.connect(data / "log.sqlite")) as connection:
        connection.execute("CREATE TABLE _copier (sequence INTEGER)")
        connection.execute("ANALYZE")
    assert troubles(look(data)) == []


def test_an_empty_database_is_wrong(data: Path, look: Callable[..., Found]) -> None:
    put(data / "log.sqlite", b"")
    told(look(data), "wrong", "it has no table")


@contextmanager
def writing(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield connection
        connection.execute("ROLLBACK")


def test_a_log_that_is_locked_can_be_looked_at(data: Path, look: Callable[..., Found]) -> None:
    with writing(data / "log.sqlite"), writing(data / "state.sqlite"):
        assert troubles(look(data)) == []


def test_a_large_database_is_looked_through_in_part(data: Path) -> None:
    with closing(sqlite3.connect(data / "log.sqlite", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO log VALUES (?, 0, 9, x'00')", [(n,) for n in range(1000, 60_000)])
        connection.execute("COMMIT")
    log, _ = engine_of(_settings(data)).examine(seconds=0.0).files
    assert (log.fault, log.complete) == (None, False)


def _settings(data: Path) -> Settings:
    return Settings(data=data)


def test_a_write_ahead_log_that_is_not_folded_back_is_told(
    data: Path, look: Callable[..., Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operations.doctor.log.MUCH_PENDING", 200_000)
    with (
        closing(sqlite3.connect(data / "log.sqlite", isolation_level=None)) as reader,
        closing(sqlite3.connect(data / "log.sqlite", isolation_level=None)) as writer,
    ):
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM log").fetchall()
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE IF NOT EXISTS other (x)")
        for _ in range(40):
            writer.execute("INSERT INTO other VALUES (zeroblob(9000))")
        told(look(data), "note", "are not merged into log.sqlite")


def test_a_write_ahead_log_without_its_index_is_told_and_gets_none(data: Path, look: Callable[..., Found]) -> None:
    put(data / "log.sqlite-wal", b"x" * 5000)
    told(look(data), "note", "log.sqlite-wal lacks its index")
    assert not (data / "log.sqlite-shm").exists()


# -------------------------------------------------------------------- the log


def test_a_log_that_lost_its_end_is_told(data: Path, look: Callable[..., Found]) -> None:
    with closing(sqlite3.connect(data / "log.sqlite", isolation_level=None)) as log:
        log.execute("DELETE FROM log WHERE position > 20")
    told(look(data), "wrong", "the log ends at 20")
    asyncio.run(SqliteStore(data, now_ms).close())  # as a start does: positions go on beyond
    told(look(data), "note", "positions between", "have no record")


def test_records_past_retention_are_wrong(tmp_path: Path, look: Callable[..., Found]) -> None:
    data = tmp_path / "data"
    asyncio.run(fill(data, now=now_ms() - 40 * DAY_MS))
    store = SqliteStore(data, now_ms)
    asyncio.run(_tick(store))
    told(look(data, retention_days=20), "wrong", "The log goes back 40 days")
    told(look(data, retention_days=50), "ok", "keeps 50 days")


def test_a_record_of_a_clock_that_was_ahead_puts_none_past_retention(
    tmp_path: Path, look: Callable[..., Found]
) -> None:
    data = tmp_path / "data"
    asyncio.run(fill(data))
    asyncio.run(_tick(SqliteStore(data, lambda: now_ms() + 100 * DAY_MS)))
    told(look(data, retention_days=20), "ok", "keeps 20 days")


async def _tick(store: SqliteStore) -> None:
    await store.log.tick(1)
    await store.close()


# -------------------------------------------------------------------- trainer and model


def observed(data: Path, **changes: Any) -> Observed:
    """Return what is read of a folder while a service runs on it."""
    return replace(asyncio.run(observe(_settings(data), engine_of, 10)), running=True, **changes)


def test_a_service_without_a_leading_trainer_is_wrong(data: Path) -> None:
    seen = observed(data)
    assert model.lease(seen).level == "wrong"
    assert model.lease(replace(seen, running=False)).level == "ok"
    held = Lease("a trainer", seen.now + 100)
    assert model.lease(replace(seen, lease=held)).sentence == "a trainer leads."
    assert model.lease(replace(seen, lease=held, now=held.until + 100)).level == "note"
    late = model.lease(replace(seen, lease=held, now=held.until + 60_000))
    assert (late.level, "ran out 60 seconds ago" in late.sentence) == ("wrong", True)


def test_records_that_no_trainer_folded_are_told(data: Path, look: Callable[..., Found]) -> None:
    hands = Clock(now_ms() - 20 * 60_000)
    asyncio.run(_shown(data, hands, 30))
    told(look(data), "note", "30 decisions and exposures are not folded yet", "20 minutes old")
    assert model.lag(observed(data)).level == "wrong"
    assert list(model.snapshots(observed(data)))[-1].level == "note"
    fresh = observed(data, here=_settings(data).model_copy(update={"reward_window_seconds": 3600.0}))
    assert model.lag(fresh).level == "ok"


async def _shown(data: Path, hands: Clock, times: int, *, deferred: bool = False) -> None:
    with closing(sqlite3.connect(data / "log.sqlite", isolation_level=None)) as log:
        log.execute("UPDATE log SET stamp = min(stamp, ?)", (hands.now,))
    store = SqliteStore(data, hands)
    for _ in range(times):
        await store.log.log_decisions([a_draft(a_decision(FILMS[0]), deferred=deferred)])
    await store.close()


def test_what_leaves_nothing_to_fold_is_no_lag(data: Path) -> None:
    hands = Clock(now_ms() - 20 * 60_000)
    asyncio.run(_shown(data, hands, 5, deferred=True))
    asyncio.run(_late_click_and_void(data, hands))
    seen = observed(data)

    assert model.lag(seen).level == "ok"
    assert [finding.level for finding in model.snapshots(seen)] == ["ok"]


async def _late_click_and_void(data: Path, hands: Clock) -> None:
    store = SqliteStore(data, hands)
    [hold] = await store.log.log_decisions([a_draft(a_decision(FILMS[0]))])
    [first] = [record for record in await store.log.read(0, 5) if record.position == 3]
    nonce = decode_decision(first.body).nonce
    assert await store.log.log_feedback([Event(Kind.IMPRESSION, 3, nonce, deferred=False)]) == [True]
    await store.close()
    with closing(sqlite3.connect(data / "log.sqlite", isolation_level=None)) as log:
        void = encode(Reference(hold.decision))
        log.execute("INSERT INTO log VALUES (1000, ?, ?, ?)", (hands.now, Kind.VOID, void))


def test_a_snapshot_that_does_not_load_is_wrong(data: Path, look: Callable[..., Found]) -> None:
    with closing(sqlite3.connect(data / "state.sqlite", isolation_level=None)) as state:
        state.execute("UPDATE snapshot SET learner = x'00'")
    assert "rebuild --publish" in told(look(data), "wrong", "does not load, and no worker").remedy


def test_drift_is_told_as_the_dashboard_tells_it(data: Path, look: Callable[..., Found]) -> None:
    told(look(data), "ok", "Too little was shown to judge")
    worse = {("keyart_gap", bound, "uniform", "day"): -0.01 for bound in ("estimate", "low", "high")}
    [alarm] = model.drift(observed(data, signs=worse))
    assert alarm.level == "wrong"
    assert "less reward than those of uniform" in alarm.sentence
    assert "keyart models rollback" in alarm.remedy


@pytest.mark.parametrize(("examples", "said"), [(0, True), (1, False)])
def test_a_learner_that_predicts_nothing_is_told_by_its_examples(data: Path, examples: int, said: bool) -> None:
    """The name does not tell it, because an own learner may predict rewards or not."""
    counted = drift_signs.Outcomes({1: DriftSums(examples=examples)}, began=0, now=2 * HOUR_MS)
    seen = observed(data, predicts=drift_signs.predicts(counted))
    assert ("does not predict rewards" in str([*model.drift(seen)])) == said


def test_a_demanded_tag_that_no_picture_has_is_noted(data: Path) -> None:
    shares = ("castle=0.3", "casle=0.2")
    seen = replace(observed(data), here=Settings(data=data, least_shares=shares), told=None)
    artworks = [replace(each, tags=("castle",)) for each in FILMS[0].artworks]
    titles = [replace(FILMS[0], artworks=tuple(artworks))]
    [found] = catalogue.demands(titles, seen.settings)
    assert (found.level, "no picture has: casle." in found.sentence) == ("note", True)
    assert not [*catalogue.demands([], seen.settings)], "A new service has no picture yet."


def test_a_candidate_is_told_with_its_remedy(data: Path, look: Callable[..., Found]) -> None:
    assert "candidate" not in {each.about for each in look(data)}
    asyncio.run(_started(data))
    assert "no trainer leads" in told(look(data), "note", "candidate", "logistic,spread=0.3").sentence
    stuck = told([model.candidate(standing(saved=600_000, oldest=600_000))], "wrong", "is stuck")
    assert "keyart candidate stop" in stuck.remedy
    told([model.candidate(standing())], "ok", "It follows the log.")


async def _started(data: Path, policy: str = "logistic,spread=0.3") -> None:
    store = SqliteStore(data, Clock(now_ms()))
    candidates = Candidates(Operator(store, DAY_MS), store, CandidateFile(data / "none"), learner_of, no_snapshot)
    await candidates.start(Author("admin", "key"), policy, "Because")
    await store.close()


async def no_snapshot(_: int) -> Snapshot:
    raise Conflict("Nothing is promoted here.")


@pytest.mark.parametrize(("shares", "level"), [((), "wrong"), (("women=0.8",), "ok")])
def test_demands_may_take_from_the_floor(data: Path, shares: tuple[str, ...], level: str) -> None:
    """A demand leaves a fifth of the floor of 0.02 to pictures without the tag."""
    even: dict[tuple[str, ...], float] = {("keyart_even_share", "recent"): 0.004, ("keyart_gap",): 0.0}
    seen = observed(data, signs=even)
    [found] = model.drift(replace(seen, here=Settings(data=data, least_shares=shares), told=None))
    assert found.level == level


@needs_vowpal
def test_a_snapshot_of_another_learner_is_noted(data: Path, look: Callable[..., Found]) -> None:
    with closing(sqlite3.connect(data / "state.sqlite", isolation_level=None)) as state:
        state.execute("UPDATE snapshot SET learner = x'00'")
    learner = new_learner("vowpal").snapshot()
    with closing(sqlite3.connect(data / "state.sqlite", isolation_level=None)) as state:
        state.execute(
            "INSERT INTO snapshot (role, position, resume, created, rules, learner) "
            "SELECT role, position, resume, created, rules, ? FROM snapshot",
            (learner,),
        )
    found = look(data)
    told(found, "note", "Earlier snapshots do not load")
    told(found, "note", "of the learner 'vowpal', but KEYART_LEARNER is 'logistic'")
    assert "of the learner" not in str(look(data, learner="vowpal"))


def test_a_learner_that_is_not_installed_is_wrong(
    data: Path, look: Callable[..., Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else is looked at as if the usual learner were asked for."""
    monkeypatch.setitem(sys.modules, "vowpal_wabbit_next", None)
    told(look(data, learner="vowpal"), "wrong", "KEYART_LEARNER: 'vowpal' needs the package")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the example of an own learner, and one whose import fails."""
    info = tmp_path / "packages" / "mine-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.2\n")
    points = "[keyart.learners]\nmean-rewards = mean_rewards:MeanRewards\ngone = gone_away:Gone\n"
    (info / "entry_points.txt").write_text(points)
    for place in (info.parent, Path(__file__).parents[2] / "docs/examples/own-learner"):
        monkeypatch.syspath_prepend(str(place))
    entry_points.class_named.cache_clear()
    yield
    entry_points.class_named.cache_clear()


@pytest.mark.usefixtures("packages")
def test_an_own_learner_is_told_with_its_package(data: Path, look: Callable[..., Found]) -> None:
    new = told(look(data, learner="mean-rewards"), "ok", "mean_rewards:MeanRewards of mine 1.2, loads")
    assert "No snapshot of it has learned" in new.sentence
    gone = told(look(data, learner="gone"), "wrong", "gone_away:Gone of mine 1.2, does not load", "ModuleNotFound")
    assert "KEYART_LEARNER" in gone.remedy


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    ("learned", "lost", "level", "said"),
    [
        (99, 0, "ok", "learned 99 examples, and lost none"),
        (99, 1, "note", "1 of 100 examples were lost"),
        (98, 2, "wrong", "2 of 100 examples were lost"),
        (0, 3, "wrong", "3 of 3 examples were lost"),
    ],
)
def test_examples_that_an_own_learner_lost_are_told(learned: int, lost: int, level: str, said: str) -> None:
    mine = OwnLearner.new("mean-rewards")
    mine.outcomes = Outcomes(learned, lost)
    told([learner.own_learner("mean-rewards", mine.snapshot())], level, said)
    other = learner.own_learner("mean-rewards", new_learner().snapshot())
    assert "No snapshot of it" in other.sentence


@pytest.mark.usefixtures("packages")
def test_an_own_learner_of_a_candidate_is_told(data: Path, look: Callable[..., Found]) -> None:
    asyncio.run(_started(data, "mean-rewards,sharpness=40"))
    told(look(data), "ok", "The learner 'mean-rewards'")
    missing = learner.own_learner("nobody", None)
    assert "is not installed" in missing.sentence


@pytest.mark.parametrize(
    ("made", "settings", "words"),
    [
        ({"now": now_ms() - 3 * DAY_MS}, {}, "No viewer was shown a picture"),
        ({"act": False}, {}, "Nobody clicked or played"),
        ({"pinned": True}, {}, "were all pinned"),
        ({}, {"serve": "default"}, "while KEYART_SERVE is default"),
        ({}, {"reward": "play"}, "There are clicks but no plays"),
        ({}, {"learn_cap": 4}, "has reached the limit of 4 learned examples"),
    ],
)
def test_why_nothing_was_learned_is_told(
    tmp_path: Path, look: Callable[..., Found], made: dict[str, Any], settings: dict[str, Any], words: str
) -> None:
    data = tmp_path / "data"
    asyncio.run(fill(data, **made))
    found = look(data, **settings)
    told(found, "note", "learning", words)


def test_that_no_window_is_over_yet_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    asyncio.run(fill(data))
    seen = observed(data)
    nothing = replace(seen.fold, tallies={})
    opened = seen.tail[1].stamp
    early = model.lately(replace(seen, fold=nothing, now=opened + 300_000))
    assert "the first closes in 5 minutes" in early.sentence


def test_that_nobody_is_personalized_is_told(tmp_path: Path, look: Callable[..., Found]) -> None:
    asyncio.run(fill(tmp_path / "data", group="uniform"))
    told(look(tmp_path / "data"), "note", "None of the last 24 decisions was personalized", "uniform")


# -------------------------------------------------------------------- catalogue and pictures


def test_a_catalogue_that_can_not_be_read_is_wrong(data: Path, look: Callable[..., Found]) -> None:
    next((data / "catalogue" / "titles").iterdir()).write_bytes(b"{}")
    told(look(data), "wrong", "1 document of the", "is damaged")
    for document in (data / "catalogue" / "catalogues").iterdir():
        document.unlink()
    told(look(data), "wrong", "1 document of the", "There is no revision")


def test_pictures_that_are_missing_or_empty_are_named(data: Path, look: Callable[..., Found]) -> None:
    [first, second, *_] = sorted((data / "images").iterdir())
    first.unlink()
    second.write_bytes(b"")
    finding = told(look(data), "wrong", "12 renditions are missing or empty", "Default pictures are among them")
    assert "apollo/apollo-0" in finding.sentence


def test_originals_are_counted_and_what_is_wrong_with_them_is_told(
    tmp_path: Path, look: Callable[..., Found]
) -> None:
    names = ["ab" * 16, "cd" * 16]
    film = a_film("apollo", 3)
    first, second, third = film.artworks
    kept = (replace(first, original=names[0]), replace(second, original=names[1]), third)
    data = tmp_path / "data"
    asyncio.run(fill(data, (replace(film, artworks=kept),)))
    told(look(data), "wrong", "originals of these artworks are missing: apollo/apollo-0, apollo/apollo-1")
    files = [put(data / "originals" / file, b"12345") for name in names for file in files_of(name)]
    for path in files:
        path.chmod(0o600)
    (data / "originals").chmod(0o700)
    told(look(data), "ok", "The originals of 2 of 3 artworks are kept; they take 20 bytes")
    told(look(data, originals_bytes=20), "note", "KEYART_ORIGINALS_BYTES allows 20 bytes")
    told(look(data, originals="off"), "note", "KEYART_ORIGINALS is off", "editors cannot correct")
    files[0].chmod(0o644)
    told(look(data), "wrong", "Other users of this machine can read originals")
    files[0].chmod(0o600)
    (data / "originals").chmod(0o750)
    told(look(data), "wrong", "Other users of this machine can read originals")


def test_titles_with_little_or_nothing_to_show_are_told(tmp_path: Path, look: Callable[..., Found]) -> None:
    over, soon = time.time() - 10, time.time() + 10 * 86_400
    ended = Provenance(consent=Consent("somebody", over))
    ending = Provenance(consent=Consent("somebody", soon))
    bare = replace(a_film("bare"), artworks=(), default=None)
    lone = a_film("lone", 1)
    gone = replace(a_film("gone"), artworks=tuple(replace(a, provenance=ended) for a in a_film("gone").artworks))
    some = a_film("some")
    some = replace(some, artworks=(replace(some.artworks[0], provenance=ending), *some.artworks[1:]))
    data = tmp_path / "data"
    half = a_film("half", 2)
    half = replace(half, artworks=(replace(half.artworks[0], provenance=ended), half.artworks[1]))
    asyncio.run(fill(data, (a_film("apollo"), bare, half, lone, gone, some)))
    found = look(data)

    told(found, "note", "have no artwork: bare")
    told(found, "note", "no choice: half, lone")
    told(found, "wrong", "No picture may be shown of gone")
    told(found, "note", "The consent has ended", "gone/gone-0, gone/gone-1, gone/gone-2, half/half-0")
    told(found, "note", "The consent ends within 30 days: some/some-0 in 10 days")


# -------------------------------------------------------------------- the log's size


def test_a_log_near_or_at_its_ceiling_is_told(data: Path, look: Callable[..., Found]) -> None:
    most = SMALLEST_LOG
    full = list(log.ceiling(File("log.sqlite", most, free=most // 4, pending=most // 4), most))
    told(full, "wrong", "KEYART_LOG_BYTES allows", "everyone gets default pictures")
    near = list(log.ceiling(File("log.sqlite", int(0.9 * most)), most))
    told(near, "note", "Above that everyone gets default pictures")
    assert not [each for each in look(data, log_bytes="1GiB") if each.about == "log size"]
    assert not [each for each in look(data, log_bytes=0) if each.about == "log size"]


def test_room_that_a_file_of_an_earlier_version_does_not_give_back_is_told() -> None:
    early = File("log.sqlite", 1 << 30, free=1 << 29, shrinks=False)
    [finding] = log.unreturned(early)  # half a gibibyte is much to make
    assert finding.level == "note"
    assert "VACUUM" in finding.remedy
    assert list(log.unreturned(replace(early, shrinks=True))) == []
    assert list(log.unreturned(replace(early, free=1 << 20))) == []


def test_a_state_without_a_log_is_told(data: Path, look: Callable[..., Found]) -> None:
    for path in data.glob("log.sqlite*"):
        path.unlink()
    told(look(data), "wrong", "There is a state in", "but no log")


# -------------------------------------------------------------------- clock and service


def test_a_log_that_is_ahead_of_the_clock_is_told(tmp_path: Path, look: Callable[..., Found]) -> None:
    asyncio.run(fill(tmp_path / "data", now=now_ms() + 3_600_000))
    told(look(tmp_path / "data"), "note", "ahead of this clock", "goes on from there")
    assert clock.stamps(10_000, 5_000).level == "note"
    assert clock.stamps(5_000, 10_000).level == "ok"


def test_a_service_whose_clock_is_another_is_told() -> None:
    assert "90 seconds ahead of" in clock.apart(90).sentence
    assert "2 minutes behind" in clock.apart(-120).sentence
    assert clock.apart(1).level == "ok"


class Stranger(http.server.BaseHTTPRequestHandler):
    """Answers to everything, and is not Keyart; or is one of another version that is not ready."""

    answers: ClassVar[dict[str, tuple[int, object]]] = {}

    def do_GET(self) -> None:
        status, body = self.answers.get(self.path, (200, "hello"))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(answers: dict[str, tuple[int, object]]) -> Iterator[int]:
    handler = type("Answering", (Stranger,), {"answers": answers})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_port_that_another_program_has_is_wrong(data: Path, look: Callable[..., Found]) -> None:
    with answering({}) as port:
        told(look(data, port=port), "wrong", "not Keyart")
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        taken = mute.getsockname()[1]
        assert service.port("127.0.0.1", taken).level == "wrong"
    told(look(data, port=free_port()), "ok", "is free")
    assert "an address of this machine" in service.port("192.0.2.1", 0).remedy


def test_a_service_on_a_port_that_was_free_has_to_be_named(data: Path, look: Callable[..., Found]) -> None:
    with (data / "serve.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = look(data)
        assert "--url" in told(found, "note", "on a port that was free").remedy
        told(found, "note", "has not told its settings")
    told(look(data), "ok", "takes a free port")


def test_a_service_that_is_not_ready_or_of_another_version_is_told(data: Path, look: Callable[..., Found]) -> None:
    answers: dict[str, tuple[int, object]] = {
        "/healthz": (200, {"status": "ok"}),
        "/readyz": (503, {"detail": "Not ready yet: the service waits for a catalogue."}),
        "/openapi.json": (200, {"info": {"version": "0.0.7"}}),
    }
    with answering(answers) as port:
        found = look(data, f"http://127.0.0.1:{port}")
    told(found, "wrong", "waits for a catalogue")
    told(found, "note", "The service is Keyart 0.0.7")


def test_a_check_that_fails_is_told_and_the_others_go_on(
    data: Path, look: Callable[..., Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator[Finding]:
        raise RuntimeError("boom")

    monkeypatch.setattr(catalogue, "files", broken)
    found = look(data)
    told(found, "wrong", "A check failed: RuntimeError: boom")
    told(found, "ok", "Snapshot 1 loads")
