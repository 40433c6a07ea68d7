"""Containers: built and run as docs/containers.md says, wherever a Docker engine is found.

The image `keyart-test` stays, so that the next run builds it in seconds; all else that is made here is removed.
"""

import asyncio
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.records import Kind
from app.settings import Settings
from tests.assets.builders import a_picture, encoded, put
from tests.e2e.client import Connection
from tests.e2e.containers import BASE, ROOT, Deployment, build, build_on_top, docker, run, why_not
from tests.e2e.service import soon, until

SERVICES = "api", "trainer"
TITLE = "countdown"
SETTINGS = {"preset": "demo", "hold_seconds": 3600, "reward_window_seconds": 5}
"""The demo's window of 2 s could be over, on a busy machine, before a click comes."""
ROOM = 300_000_000
"""What the image may add to its base."""
NAMED = b"""
[titles.my-film]
name = "My Film"
[titles.my-film.names]
de = "Mein Film"
[titles.my-film.artworks.one]
titled = true
"""
"""A name is to be set on a picture: fonts are needed, and what shapes letters."""
OUTSIDE = {"host", "data", "store", "port"}
"""Settings that a container has of its own, and the port, which is published as well."""
SLOW = 1500
"""Seconds for one test, and for building the image before the first."""


def test_every_setting_is_passed_on() -> None:
    passed = set(re.findall(r"^    KEYART_(\w+):$", (ROOT / "compose.yaml").read_text(), re.MULTILINE))
    assert passed == {name.upper() for name in Settings.model_fields.keys() - OUTSIDE}


def test_the_image_says_its_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f'org.opencontainers.image.version="{version}"' in (ROOT / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def image() -> str:
    if reason := why_not():
        pytest.skip(reason)
    return build()


@pytest.fixture(scope="module")
def shared(image: str) -> Iterator[Deployment]:
    deployment = Deployment(settings=SETTINGS)
    try:
        yield deployment.up()
    finally:
        deployment.remove()


@pytest.fixture
def deployment(shared: Deployment) -> Deployment:
    return shared.wait_ready()


async def visit(deployment: Deployment, name: str, viewers: int = 10) -> int:
    """Let new viewers come, of whom every other one clicks; return how many clicks were acknowledged."""
    connection, clicks = Connection(deployment.port), 0
    try:
        for number in range(viewers):
            _, choice = await connection.get("/artwork", profile=f"{name} {number}", title=TITLE)
            if number % 2 and choice["decision_id"]:
                status, answer = await connection.post("/clicks", {"decision_id": choice["decision_id"]})
                assert status == 202
                clicks += answer["recorded"]
    finally:
        connection.close()
    return clicks


def totals(deployment: Deployment) -> tuple[int, int]:
    groups = deployment.json("/report")["groups"].values()
    return sum(group["exposures"] for group in groups), sum(group["clicks"] for group in groups)


async def learned(deployment: Deployment, name: str) -> None:
    """Visit, and wait until all of it stands in the report. Windows of earlier visits may close meanwhile."""
    exposures, clicks = totals(deployment)
    more = await visit(deployment, name)
    assert more
    await soon("it is counted", lambda: totals(deployment)[0] >= exposures + 10)
    await soon("so is each click", lambda: totals(deployment)[1] >= clicks + more)


def clicks_in_log(deployment: Deployment) -> int:
    look = "import sqlite3; log = sqlite3.connect('file:/data/log.sqlite?mode=ro', uri=True); "
    query = f"SELECT count(*) FROM log WHERE kind = {Kind.CLICK:d}"  # noqa: S608  our own number
    count = f"print(log.execute({query!r}).fetchone()[0])"
    return int(deployment.inside("api", "python", "-c", look + count).stdout)


# ---------------------------------------------------------------- the image


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
def test_the_image_holds_what_is_needed_and_no_more(image: str) -> None:
    def size(name: str) -> int:
        return int(docker("image", "inspect", "--format", "{{.Size}}", name))

    inside = docker(
        "run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c",
        "find / -xdev \\( -path /proc -o -path /sys \\) -prune -o -type f -print; id -u; pip --version || true",
    ).splitlines()  # fmt: skip
    assert size(image) - size(BASE) <= ROOM
    assert "10001" in inside
    assert any(file.endswith("/assets/samples/catalog.toml") for file in inside)
    assert "/usr/share/doc/keyart/LICENSE" in inside
    ours = [file for file in inside if file.startswith(("/opt/keyart", "/data", "/project", "/build"))]
    assert any(file.endswith("app/__pycache__/cli.cpython-311.pyc") for file in ours)
    assert not [
        file for file in ours if re.search(r"^/(build|project)/|/site-packages/(tests|pip)/|pip\.conf", file)
    ]
    assert "index" not in docker("history", "--no-trunc", image).casefold()


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
@pytest.mark.parametrize("command", ["serve", "train"])
def test_a_folder_that_is_not_the_user_s_is_refused_with_a_sentence(
    image: str, tmp_path: Path, command: str
) -> None:
    tmp_path.chmod(0o755)
    done = run("docker", "run", "--rm", "-v", f"{tmp_path}:/data", image, command, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "User 10001 cannot write to KEYART_DATA, /data; make that user its owner.\n",
    )


# ---------------------------------------------------------------- containers


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
@pytest.mark.parametrize("service", SERVICES)
def test_a_container_may_do_little(deployment: Deployment, service: str) -> None:
    status = deployment.inside(service, "cat", "/proc/1/status").stdout
    for line in ("Uid:\t10001\t10001", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"):
        assert line in status
    refused = deployment.inside(service, "touch", "/opt/keyart/new", check=False)
    assert "Read-only file system" in refused.stderr
    changed = {line.split()[1] for line in docker("diff", deployment.container(service)).splitlines()}
    assert changed <= {"/usr", "/usr/sbin", "/usr/sbin/docker-init", "/sbin", "/sbin/docker-init"}
    assert deployment.state(service, ".HostConfig.RestartPolicy.Name") == "unless-stopped"


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
def test_only_this_machine_reaches_it(deployment: Deployment) -> None:
    assert docker("port", deployment.container("api")) == f"{deployment.port}/tcp -> 127.0.0.1:{deployment.port}"
    assert deployment.state("trainer", ".HostConfig.NetworkMode") == "none"


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
async def test_what_is_clicked_is_learned_and_measured_across_containers(deployment: Deployment) -> None:
    await learned(deployment, "learner")
    assert deployment.metric("keyart_examples_total") >= 10, "counted in the trainer's container"
    assert deployment.metric("keyart_decisions_total") >= 1, "counted in the other"
    assert deployment.get("/report")[0] == 401, "the host is no loopback to a container"


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
def test_a_trainer_that_hangs_is_unwell(deployment: Deployment) -> None:
    def well(service: str) -> tuple[int, str]:
        check = deployment.state(service, 'join .Config.Healthcheck.Test " "').split()[1:]
        done = deployment.inside(service, *check, check=False)
        return done.returncode, done.stdout + done.stderr

    until("both are well", lambda: well("api")[0] == well("trainer")[0] == 0)
    assert "is ready: it has a catalogue and snapshot" in well("api")[1]
    assert "A trainer leads: trainer of " in well("trainer")[1]
    stop = (
        "import os, signal; [os.kill(int(p), signal.{}) for p in os.listdir('/proc') if p.isdigit() and int(p) > 1"
    )
    stop += " and b'train' in open(f'/proc/{{p}}/cmdline', 'rb').read().split(b'\\0') and int(p) != os.getpid()]"
    deployment.inside("trainer", "python", "-c", stop.format("SIGSTOP"))
    until("it is found out", lambda: "ran out" in well("trainer")[1])
    assert well("trainer")[0] == 1
    deployment.inside("trainer", "python", "-c", stop.format("SIGCONT"))
    until("it is well again", lambda: well("trainer")[0] == 0)


# ---------------------------------------------------------------- ending, and coming back


def recorded(deployment: Deployment, id_: str) -> dict[str, object]:
    """Return a decision's record without its explanation, which names the snapshot in use."""
    record = deployment.json(f"/decisions/{id_}")
    return {name: value for name, value in record.items() if name != "explanation"}


def waiting(deployment: Deployment) -> int:
    """Return how many profiles have an open lift window, so that the report still changes by itself."""
    [experiment] = deployment.json("/experiments")["experiments"]
    return sum(group["open"] for group in experiment["groups"].values())


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
async def test_containers_end_when_told_to_and_nothing_is_lost(deployment: Deployment) -> None:
    await learned(deployment, "early")
    held = deployment.json(f"/artwork?profile=held&title={TITLE}")
    before = totals(deployment)
    record = recorded(deployment, held["decision_id"])
    await soon("the held one is counted", lambda: totals(deployment)[0] == before[0] + 1)
    await soon("the lift waits for nobody", lambda: not waiting(deployment))
    report, snapshot = deployment.json("/report"), deployment.json("/readyz")["snapshot"]

    await asyncio.to_thread(deployment.compose, "stop")
    assert [deployment.state(service, ".State.ExitCode") for service in SERVICES] == ["0", "0"]
    assert "Traceback" not in deployment.log()
    await asyncio.to_thread(deployment.compose, "down")
    await asyncio.to_thread(deployment.up)

    assert deployment.json("/report") == report
    assert deployment.json("/readyz")["snapshot"] >= snapshot
    assert recorded(deployment, held["decision_id"]) == record
    again = deployment.json(f"/artwork?profile=held&title={TITLE}")
    assert (again["decision_id"], again["held"]) == (held["decision_id"], True)
    assert "in every weight" in deployment.inside("api", "keyart", "rebuild").stdout


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
async def test_what_was_acknowledged_survives_the_death_of_both_containers(deployment: Deployment) -> None:
    acknowledged: list[int] = []
    asked: list[int] = []

    async def come(viewer: int) -> None:
        for turn in range(10_000):
            try:
                asked.append(turn)
                acknowledged.append(await visit(deployment, f"victim {viewer} {turn}", 2))
            except OSError:
                return

    before = clicks_in_log(deployment)
    victims = [asyncio.create_task(come(viewer)) for viewer in range(4)]
    await soon("they are at it", lambda: sum(acknowledged) > 100)
    both = [deployment.container(service) for service in SERVICES]
    await asyncio.to_thread(docker, "kill", *both)
    await asyncio.gather(*victims)
    await asyncio.to_thread(docker, "start", *both)
    await asyncio.to_thread(deployment.wait_ready)

    assert sum(acknowledged) <= clicks_in_log(deployment) - before <= len(asked)
    assert "in every weight" in deployment.inside("api", "keyart", "rebuild").stdout


# ---------------------------------------------------------------- a learner of one's own


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
async def test_a_learner_of_one_s_own_decides_in_an_image_on_top(image: str, tmp_path: Path) -> None:
    """The recipe of docs/own-learners.md, with the package of its example."""
    page = (ROOT / "docs" / "own-learners.md").read_text()
    [recipe] = re.findall(r"^```dockerfile\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert recipe.startswith("FROM keyart\n")
    shutil.copytree(ROOT / "docs" / "examples" / "own-learner", tmp_path / "own-learner")
    own = await asyncio.to_thread(build_on_top, recipe, tmp_path)
    deployment = Deployment(settings={**SETTINGS, "learner": "mean-rewards"}, image=own)
    try:
        listed = docker("run", "--rm", "--network", "none", own, "learners")
        assert "mean-rewards" in listed
        await asyncio.to_thread(deployment.up)
        await learned(deployment, "own")
        held = deployment.json(f"/artwork?profile=own%201&title={TITLE}")
        assert held["fallback"] is False
        assert "mean-rewards" in deployment.inside("api", "keyart", "models").stdout
        assert "in every byte" in deployment.inside("api", "keyart", "rebuild").stdout
        healthy = deployment.inside("api", "keyart", "doctor", check=False)
        assert (healthy.returncode, "mean-rewards" in healthy.stdout) == (0, True), healthy.stdout + healthy.stderr
        status = deployment.inside("trainer", "cat", "/proc/1/status").stdout
        assert "Uid:\t10001\t10001" in status, "The recipe gives the user's rights back."
    finally:
        deployment.remove()
        docker("image", "rm", own, check=False)


# ---------------------------------------------------------------- commands


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that others may read; above it they need not."""
    folder = tmp_path / "artwork"
    put(folder / "my-film" / "one.jpg", encoded(a_picture((1600, 900), "teal")))
    put(folder / "my-film" / "two.jpg", encoded(a_picture((1600, 900), "gold")))
    put(folder / "catalog.toml", NAMED)
    folder.chmod(0o755)
    return folder


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
def test_a_folder_of_this_machine_is_imported(deployment: Deployment, folder: Path) -> None:
    done = deployment.command("import", "/in", mount=f"{folder}:/in:ro")
    assert "3 new" in done.stdout, done.stdout + done.stderr
    until("the title is served", lambda: deployment.get("/artwork?title=my-film")[0] == 200)
    picture = deployment.json("/artwork?title=my-film&profile=ada")["image"]["url"]
    assert deployment.get(picture)[0] == 200


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
def test_the_doctor_finds_nothing_wrong(deployment: Deployment) -> None:
    done = deployment.inside("api", "keyart", "doctor", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.containers
@pytest.mark.timeout(SLOW)
async def test_a_backup_becomes_another_service_s_volume(deployment: Deployment, tmp_path: Path) -> None:
    await learned(deployment, "careful")
    held = deployment.json(f"/artwork?profile=careful%201&title={TITLE}")
    backups = tmp_path / "backups"
    backups.mkdir()
    backups.chmod(0o777)  # the container's user is none of this machine's, and the folder above is private
    mount = f"{backups}:/backups"
    other = Deployment(settings=SETTINGS)
    try:
        await asyncio.to_thread(deployment.command, "backup", "/backups/one", mount=mount)
        await asyncio.to_thread(other.command, "-a", "/backups/one/.", "/data/", mount=mount, entrypoint="cp")
        await asyncio.to_thread(other.up)
        await soon("the reports agree", lambda: deployment.json("/report") == other.json("/report"))
        assert other.json(f"/artwork?profile=careful%201&title={TITLE}")["decision_id"] == held["decision_id"]
    finally:
        other.remove()
        deployment.command("-rf", "/backups/one", mount=mount, entrypoint="rm", check=False)
