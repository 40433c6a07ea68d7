"""Builds everything and wires it together; the only place that knows which store is in use."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app.access import Access
from app.editor import Editor
from app.feedback import Recorder
from app.fold import Fold
from app.gate import Gate
from app.identity import Identity
from app.inspector import Inspector
from app.keys import admin_key, identity_key, signing_keys
from app.model import Model
from app.personalizer import Personalizer
from app.problem import Problem
from app.profiles import Profiles
from app.records import encode
from app.report import Reporter
from app.routes import artwork, feedback, images, operations, profiles, titles
from app.services import Services
from app.settings import Settings
from app.shelf import Shelf
from app.standings import Standings
from app.store.memory import MemoryStore
from app.store.protocol import Store
from app.store.sqlite import SqliteStore
from app.tokens import GRACE_MS, Tokens
from app.trainer import Trainer
from app.viewers import Viewers
from assets.ingest import Row, ingest
from assets.revisions import Revisions
from bandit.groups import Groups
from bandit.vowpal import VowpalLearner

log = structlog.get_logger()

REBUILD_BATCH = 5000
REBUILD_LEASE_MS = 60_000
REFRESH_SECONDS = 0.25
"""How often a worker looks for a new catalogue or snapshot: what an editor changes is seen within a second."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def open_store(settings: Settings) -> Store:
    return SqliteStore(settings.data, now_ms, full_sync=settings.sync == "full")


def revisions_in(settings: Settings) -> Revisions:
    return Revisions(settings.data / "catalogue")


@asynccontextmanager
async def opened(settings: Settings, store: Store, clock: Callable[[], int] = now_ms) -> AsyncIterator[Services]:
    """Yield the services over a store, kept up to date while they are in use."""
    await store.log.declare(encode(settings.rules()))
    services = await build(settings, store, clock)
    await _refresh(services)
    following = asyncio.create_task(_follow(services))
    try:
        yield services
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def build(settings: Settings, store: Store, clock: Callable[[], int]) -> Services:
    identity = Identity(await identity_key(store.log))
    keys = await signing_keys(store.log)
    groups = Groups(identity.key, settings.best_single_share, settings.uniform_share, settings.default_share)
    tokens = Tokens(keys, settings.hold_ms + settings.window_ms + GRACE_MS)
    revisions = revisions_in(settings)
    shelf, model, standings = Shelf(store.log, revisions), Model(store.state), Standings(store.state)
    viewers = Viewers(store, identity, groups)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        shelf=shelf,
        model=model,
        standings=standings,
        images=settings.data / "images",
        access=Access(
            admin_key=admin_key(settings),
            client_key=settings.client_key.get_secret_value() if settings.client_key else None,
            signing_key=keys[-1],
            clock=clock,
        ),
        personalizer=Personalizer(settings, store.log, viewers, model, standings, tokens, clock),
        recorder=Recorder(store.log, tokens, identity, clock),
        profiles=Profiles(store, identity, groups),
        editor=Editor(store.log, revisions, shelf),
        reporter=Reporter(store.state),
        inspector=Inspector(store.log, tokens, clock),
    )


def create_app(settings: Settings, store: Store | None = None, *, lane: bool = True) -> ASGIApp:
    """Return the ASGI application; its services live as long as its lifespan.

    Without `lane`, `GET /artwork` goes through FastAPI like everything else.
    """

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            used = store or open_store(settings)
            if store is None:
                stack.push_async_callback(used.close)
            api.state.services = await stack.enter_async_context(opened(settings, used))
            yield

    api = FastAPI(
        title="Keyart",
        version=version("keyart"),
        description="Chooses which artwork to show for a title, for every viewer profile, and learns from what follows.",
        lifespan=lifespan,
    )
    for module in (artwork, feedback, profiles, titles, images, operations):
        api.include_router(module.router)
    api.add_exception_handler(Problem, _problem)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http_error)
    app: ASGIApp = artwork.ArtworkLane(api, lambda: api.state.services) if lane else api
    if settings.cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["X-Decision-Id", "X-Request-Id"],
        )
    return Gate(app)


async def import_folder(
    settings: Settings, store: Store, folder: Path, progress: Callable[[int, int], None] | None = None
) -> tuple[Row, ...]:
    """Merge a folder of pictures into the current catalogue, in one step, and return what became of each picture."""
    revisions = revisions_in(settings)
    editor = Editor(store.log, revisions, Shelf(store.log, revisions))
    current = await editor.titles()
    result = ingest(folder, current=current, images=settings.data / "images", progress=progress)
    changed = {id_: title for id_, title in result.titles.items() if current.get(id_) != title}
    if changed:
        await editor.put_all(changed)
    return result.rows


async def rebuilt(settings: Settings, store: Store, stops: Sequence[int]) -> AsyncIterator[Fold]:
    """Fold the retained log anew, from nothing, and yield the fold after each batch and at each of the `stops`.

    Nothing is written. The last stop is where it ends.
    """
    shelf = Shelf(store.log, revisions_in(settings))
    await shelf.refresh()
    nothing = MemoryStore(now_ms).state
    fold = Fold(store.log, nothing, shelf, VowpalLearner(), await nothing.counted(), None)
    for stop in stops:
        while fold.position < stop:
            records = await store.log.read(fold.position, REBUILD_BATCH)
            await fold.feed([record for record in records if record.position <= stop])
            yield fold


async def publish_rebuilt(store: Store, fold: Fold) -> int | None:
    """Put a rebuilt fold in the place of everything that was learned; None if a trainer is leading."""
    token = await store.state.lead("rebuild", REBUILD_LEASE_MS)
    if token is None:
        return None
    snapshot = await store.state.replace(token, fold.progress(fold.snapshot()))
    await store.state.resign(token)
    return snapshot


async def train(settings: Settings, holder: str, stop: asyncio.Event) -> None:
    """Run a trainer until `stop`."""
    store = open_store(settings)
    try:
        await store.log.declare(encode(settings.rules()))
        shelf = Shelf(store.log, revisions_in(settings))
        await Trainer(store, shelf, holder=holder, retention_days=settings.retention_days).run(stop)
    finally:
        await store.close()


async def _follow(services: Services) -> None:
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        await _refresh(services)


async def _refresh(services: Services) -> None:
    """Take up a new catalogue or snapshot. What fails is logged and tried again: the last good one goes on serving."""
    services.standings.look_again()
    for what, refresh in (("catalogue", services.shelf.refresh), ("snapshot", services.model.refresh)):
        try:
            await refresh()
        except Exception:
            log.exception("refresh_failed", what=what)


async def _problem(_: Request, error: Any) -> Response:
    return error.response()  # type: ignore[no-any-return]


async def _invalid(_: Request, error: Any) -> Response:
    return artwork.invalid(error.errors()).response()


async def _http_error(request: Request, error: Any) -> Response:
    detail = f"{request.method} {request.url.path}: {error.detail}."
    return Problem(error.status_code, detail, headers=dict(error.headers or {})).response()
