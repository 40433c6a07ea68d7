"""A made catalogue, and servers over it, each on a core of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.error import URLError
from urllib.request import Request, urlopen

from app.main import editor_in, open_store
from app.settings import Settings
from assets.catalogue import Artwork, Title
from assets.crop import CANVASES, Crop
from assets.provenance import Provenance

SERVER_CORE, LOAD_CORE = "1", "0"
TAGS = [f"tag-{n}" for n in range(60)]
FEATURES = (
    *("brightness", "contrast", "colourfulness", "warmth", "sharpness"),
    *("hue-sin", "hue-cos", "faces", "face-share", "text-like"),
)
READY_SECONDS = 60


def titles(count: int, pictures: int) -> dict[str, Title]:
    random = Random(7)
    return {f"title-{n}": _title(f"title-{n}", pictures, random) for n in range(count)}


def _title(id_: str, pictures: int, random: Random) -> Title:
    artworks = tuple(_artwork(f"artwork-{n}", random) for n in range(pictures))
    return Title(id_, id_, genres=tuple(random.sample(TAGS[:10], 2)), default="artwork-0", artworks=artworks)


def _artwork(id_: str, random: Random) -> Artwork:
    placeholder = "data:image/webp;base64," + "A" * 120
    digests = [f"{random.getrandbits(128):032x}" for _ in CANVASES]
    return Artwork(
        id_,
        id_,
        "A picture",
        tags=tuple(random.sample(TAGS, 5)),
        provenance=Provenance("photographed", "Somebody", "CC-BY-4.0"),
        features={name: round(random.random(), 3) for name in FEATURES},
        source=f"{random.getrandbits(256):064x}",
        crops=tuple(
            Crop(canvas, digest, (320, 640, 1280), placeholder)
            for canvas, digest in zip(CANVASES, digests, strict=True)
        ),
    )


async def stock(settings: Settings, count: int, pictures: int) -> None:
    """Fill a data folder with a catalogue whose pictures are names only."""
    store = open_store(settings)
    try:
        await editor_in(settings, store).put_all(titles(count, pictures))
    finally:
        await store.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="keyart-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def running(command: list[str], port: int, probe: str, **environment: str) -> Iterator[str]:
    """Run a server on the server's core and yield its address once it answers `probe`."""
    pinned = ["taskset", "-c", SERVER_CORE, sys.executable, "-m", *command]
    process = subprocess.Popen(pinned, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        _await(f"http://127.0.0.1:{port}{probe}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def keyart(data: Path, **settings: str) -> Iterator[str]:
    port = free_port()
    environment = {f"KEYART_{name}": value for name, value in settings.items()}
    command = ["app", "serve", "--no-samples"]
    with running(command, port, "/readyz", KEYART_DATA=str(data), KEYART_PORT=str(port), **environment) as url:
        yield url


@contextmanager
def bare() -> Iterator[str]:
    port = free_port()
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "critical"]
    command = ["uvicorn", "tests.bench.bare:app", "--port", str(port), *options]
    with running(command, port, "/artwork?title=a") as url:
        yield url


def post(url: str, body: object) -> dict[str, object]:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def text(url: str) -> str:
    with urlopen(url, timeout=10) as answer:
        content: bytes = answer.read()
        return content.decode()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            text(url)
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} did not answer within {READY_SECONDS} s.")
