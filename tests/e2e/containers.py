"""The project's image, and services made of it, as `docker compose` runs them."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.service import free_port, until

ROOT = Path(__file__).parents[2]
BASE = re.findall(r"^ARG BASE=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[0]
IMAGE = "keyart-test"
BUILD_SECONDS = 900
PULL_SECONDS = 180
START_SECONDS = 240
"""The first start imports the sample catalogue."""
PATIENCE = 600
"""Seconds for a command of compose, and for each answer of the engine to it. Its own 60 are too few where the
machine is busy and the engine copies the image for each container."""
Done = subprocess.CompletedProcess[str]


def run(
    *command: str, seconds: float = 120, check: bool = True, settings: Mapping[str, str] | None = None
) -> Done:
    """Run a command to its end, with these settings and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KEYART_")}
    done = subprocess.run(
        command,
        env={**inherited, **(settings or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        cwd=ROOT,
        check=False,
    )
    assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
    return done


def docker(*arguments: str, check: bool = True, seconds: float = 120) -> str:
    return run("docker", *arguments, check=check, seconds=seconds).stdout.strip()


@cache
def why_not() -> str | None:
    """Return why no containers can be tried here; None if they can."""
    if not shutil.which("docker"):
        return "there is no docker command"
    server = run("docker", "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}", check=False)
    if server.returncode:
        return "no Docker engine answers"
    if server.stdout.strip() != "linux/amd64":
        return "Vowpal Wabbit has no Linux wheels but for x86-64"
    if not _compose():
        return "there is neither docker compose nor docker-compose"
    there = run("docker", "image", "inspect", BASE, check=False).returncode == 0
    if not there and run("docker", "pull", BASE, check=False, seconds=PULL_SECONDS).returncode:
        return f"the image {BASE} can't be had"
    return None


@cache
def _compose() -> tuple[str, ...]:
    known = ("docker", "compose"), ("docker-compose",)
    return next(
        (each for each in known if shutil.which(each[0]) and not run(*each, "version", check=False).returncode), ()
    )


def build() -> str:
    """Build the image, in the host's network: in some machines no other reaches a package index."""
    docker("build", "--network", "host", "--tag", IMAGE, ".", seconds=BUILD_SECONDS)
    return IMAGE


def build_on_top(recipe: str, context: Path) -> str:
    """Build an image on top of the image by the lines of a Dockerfile, which names that one `keyart`."""
    image = f"{IMAGE}-own"
    lines = recipe.replace("FROM keyart\n", f"FROM {IMAGE}\n")
    file = context / "Dockerfile.own"
    file.write_text(lines)
    docker("build", "--network", "host", "--tag", image, "--file", str(file), str(context), seconds=BUILD_SECONDS)
    return image


class Deployment:
    """A project of its own name, with a port and a volume of its own."""

    def __init__(self, *, settings: Mapping[str, object], image: str = IMAGE):
        self.port = free_port()
        self._project = f"keyart-test-{self.port}"
        given = {f"KEYART_{name.upper()}": str(value) for name, value in settings.items()}
        patience = {"COMPOSE_HTTP_TIMEOUT": str(PATIENCE)}
        self._settings = {"IMAGE": image, "KEYART_PORT": str(self.port), **patience, **given}

    def compose(self, *arguments: str, check: bool = True) -> Done:
        command = [*_compose(), "-f", str(ROOT / "compose.yaml"), "-p", self._project, *arguments]
        return run(*command, check=check, settings=self._settings, seconds=PATIENCE)

    def up(self) -> "Deployment":
        self.compose("up", "-d", "--no-build")
        return self.wait_ready()

    def wait_ready(self) -> "Deployment":
        until("/readyz answers 200", lambda: self.get("/readyz")[0] == 200, START_SECONDS)
        return self

    def remove(self) -> None:
        self.compose("down", "--volumes", check=False)

    def container(self, service: str) -> str:
        return self.compose("ps", "-a", "-q", service).stdout.strip()

    def inside(self, service: str, *command: str, check: bool = True) -> Done:
        return run("docker", "exec", self.container(service), *command, check=check)

    def command(self, *arguments: str, mount: str = "", entrypoint: str = "keyart", check: bool = True) -> Done:
        """Run a command in a container of its own, with a folder of this machine mounted."""
        mounts = ["-v", mount] if mount else []
        options = ["--rm", "-T", "--no-deps", *mounts, "--entrypoint", entrypoint]
        return self.compose("run", *options, "api", *arguments, check=check)

    def state(self, service: str, what: str) -> str:
        return docker("inspect", "--format", f"{{{{{what}}}}}", self.container(service))

    def log(self) -> str:
        return self.compose("logs", "--no-color").stdout

    # ------------------------------------------------------------ over HTTP

    def get(self, path: str, *, timeout: float = 5.0) -> tuple[int, bytes]:
        """Return status and body; 0 and nothing if no answer came."""
        try:
            answer = httpx2.get(f"http://127.0.0.1:{self.port}{path}", timeout=timeout)
        except httpx2.HTTPError:
            return 0, b""
        return answer.status_code, answer.content

    def metric(self, name: str) -> float:
        families = text_string_to_metric_families(self.get("/metrics")[1].decode())
        return sum(sample.value for family in families for sample in family.samples if sample.name == name)

    def json(self, path: str) -> Any:
        return httpx2.get(f"http://127.0.0.1:{self.port}{path}", headers=self._admin()).raise_for_status().json()

    def _admin(self) -> dict[str, str]:
        key = self.inside("api", "cat", "/data/admin-key").stdout.strip()
        return {"Authorization": f"Bearer {key}"}
