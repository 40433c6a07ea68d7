"""The whole service in one process: real store, real pictures, a clock set by hand, learning on request."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Scope

from app.api.services import Services
from app.learning.bases import resume
from app.settings import Settings
from app.store.sqlite import SqliteStore
from app.wiring.app import create_app
from assets.catalogue import Artwork, Title
from assets.provenance import Made
from tests.builders import Clock, make_current

ADMIN = {"Authorization": "Bearer the-admin-key-of-tests"}
EDITOR = {"Authorization": "Bearer the-editor-key-of-tests"}
CLIENT = {"Authorization": "Bearer the-client-key-of-tests"}
IMG = {"Accept": "image/jxl,image/avif,image/webp,image/apng,image/*,*/*;q=0.8"}
UNHURRIED = {
    "admin_key": "the-admin-key-of-tests",
    "editor_key": "the-editor-key-of-tests",
    "client_key": "the-client-key-of-tests",
    "decision_timeout_ms": 30_000,
    "best_single_share": 0,
    "uniform_share": 0,
}
"""All keys, no fallbacks because the machine is busy, and everybody personalized: groups go by a random key."""
START = 1_790_000_000_000
"""When the clock of a test begins, in milliseconds."""
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Titles whose renditions stand in a folder."""

    titles: dict[str, Title]
    images: Path


@dataclass(slots=True)
class Answer:
    """What an ASGI application sent, byte by byte as it was."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Service:
    app: ASGIApp
    http: httpx2.AsyncClient
    store: SqliteStore
    services: Services
    clock: Clock
    settings: Settings

    async def get(self, title: str = "countdown", headers: Mapping[str, str] | None = None, **query: Any) -> Any:
        """Ask for a picture and return what is answered, which has to be one."""
        answer = await self.http.get("/artwork", params={"title": title, **query}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def title(self, id: str = "countdown") -> Title:  # noqa: A002
        """Return a title as it stands on the shelf."""
        live_title = self.services.live_catalogue.get(id)
        assert live_title, f"There is no title {id!r} on the shelf."
        return live_title.title

    def artwork(self, id: str, title: str = "countdown") -> Artwork:  # noqa: A002
        found = self.title(title).artwork(id)
        assert found, f"There is no artwork {id!r} of {title!r} on the shelf."
        return found

    async def change(self, *titles: Title, barred: tuple[Made, ...] = ()) -> None:
        """Put titles in the place of those of the same ids, as another process does: nobody is told."""
        known = {live_title.title.id: live_title.title for live_title in self.services.live_catalogue}
        wanted = {**known, **{title.id: title for title in titles}}.values()
        await make_current(self.store.log, self.settings.data / "catalogue", wanted, barred)

    async def change_artwork(self, id: str, title: str = "countdown", **changes: Any) -> None:  # noqa: A002
        """Change fields of an artwork in the same way."""
        before = self.title(title)
        artworks = [replace(each, **changes) if each.id == id else each for each in before.artworks]
        await self.change(replace(before, artworks=tuple(artworks)))

    async def refresh(self) -> None:
        """Do what a worker does four times a second."""
        await self.services.switch.refresh()
        await self.services.live_catalogue.refresh()

    async def learn(self) -> None:
        """Fold the log as a trainer does, publish, and take the snapshot up."""
        token = await self.store.state.lead("test", 60_000)
        assert token is not None
        fold = await resume(self.store, self.services.live_catalogue)
        while records := await self.store.log.read(fold.position, 1000):
            await fold.feed(records)
        progress = fold.progress(fold.snapshot())
        await self.store.state.commit(token, progress)
        self.services.best_single.look_again()
        await self.services.model.refresh()

    async def close_windows(self) -> None:
        """Let the reward window of everything shown so far pass, and learn from it."""
        self.clock.now += self.settings.window_ms + 1
        await self.store.log.tick(0)
        await self.learn()

    async def records(self) -> list[tuple[int, bytes]]:
        return [(record.kind, record.body) for record in await self.store.log.read(0, 100_000)]


@asynccontextmanager
async def serving(
    folder: Path,
    catalogue: Catalogue,
    *,
    lane: bool = True,
    trained: bool = True,
    clock: Clock | None = None,
    passing: Clock | None = None,
    peer: str = "127.0.0.1",
    most_bytes: int | None = None,
    **settings: Any,
) -> AsyncIterator[Service]:
    """Run the service on a data folder; without `trained` nobody has published a snapshot.

    `passing` is how time passes whatever the clock says; without it the log stands while the clock is behind it.
    `most_bytes` is a ceiling of the log that is lower than a setting may be.
    """
    clock = clock or Clock(START)
    chosen = settings_of(data=folder, **{**UNHURRIED, **settings})
    most = chosen.log_bytes if most_bytes is None else most_bytes
    store = SqliteStore(folder, clock, passing, most_bytes=most)
    try:
        await _stock(chosen, store, catalogue)
        app = create_app(chosen, store, lane=lane, clock=clock)
        api = api_of(app)
        transport = httpx2.ASGITransport(app, client=(peer, 50_000))
        async with (
            api.router.lifespan_context(api),
            httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http,
        ):
            service = Service(app, http, store, api.state.services, clock, chosen)
            if trained:
                await service.learn()
            yield service
    finally:
        await store.close()


@asynccontextmanager
async def listening(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Answer on a real port; the application's lifespan is somebody else's."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()  # whoever comes before the server does waits
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, http="httptools"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def settings_of(**given: Any) -> Settings:
    """Return settings from values as the environment would give them."""
    return Settings(**given)


async def _stock(settings: Settings, store: SqliteStore, catalogue: Catalogue) -> None:
    """Put the pictures where the service looks for them, unless they are there."""
    images = settings.data / "images"
    if images.exists():
        return
    images.symlink_to(catalogue.images)
    await make_current(store.log, settings.data / "catalogue", catalogue.titles.values())


def api_of(app: Any) -> FastAPI:
    """Return what stands behind the layers."""
    while not isinstance(app, FastAPI):
        app = app.app
    return app


async def send(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    query: bytes = b"",
    headers: Iterable[tuple[bytes, bytes]] = ((b"host", b"localhost"),),
    body: Iterable[bytes] = (b"",),
    peer: str = "127.0.0.1",
) -> Answer:
    """Send exactly these bytes, which a client library would put right or refuse."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": list(headers),
        "client": (peer, 50_000),
        "server": ("localhost", 80),
    }
    chunks = list(body)
    sent: list[Message] = []

    async def receive() -> Message:
        if not chunks:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def collect(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, collect)
    names = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], names, b"".join(message.get("body", b"") for message in sent[1:]))


def is_problem(answer: httpx2.Response | Answer, status: int) -> Any:
    """Check that an answer is a problem document of that status with a sentence in it, and return it."""
    found = answer.status_code if isinstance(answer, httpx2.Response) else answer.status
    problem = answer.json()
    assert found == problem["status"] == status, problem
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"].endswith((".", ")"))
    assert " " in problem["detail"]
    return problem


async def in_group(service: Service, group: str) -> str:
    """Return the id of a profile in a group."""
    for number in range(2000):
        name = f"viewer-{number}"
        if (await service.services.profiles.get(name))["group"] == group:
            return name
    raise AssertionError(f"Nobody of 2,000 is in {group}.")
