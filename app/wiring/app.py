"""Builds everything and wires it together; the only place that knows which store is in use."""

import asyncio
import errno
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from app.api.access import LINK_MS, SESSION_MS, Access
from app.api.cors import Cors
from app.api.gate import Gate, failure
from app.api.heads import Heads
from app.api.openapi import Documented
from app.api.problems import Problem, problem_of
from app.api.routes import (
    artwork,
    catalogue,
    decisions,
    edits,
    feedback,
    health,
    images,
    profiles,
    report,
    session,
    titles,
)
from app.api.services import Services
from app.api.tickets import Tickets
from app.catalogue.cleanup import Tidier
from app.catalogue.editor import COMMAND_LINE, Editor
from app.catalogue.image import IMAGES
from app.catalogue.live import LiveCatalogue
from app.catalogue.stoppable import stoppable
from app.catalogue.uploads import Uploads
from app.evaluation.report import Reporter
from app.learning.bases import BaseKeeper, fed, fold_from
from app.learning.fold import Fold
from app.learning.trainer import Trainer
from app.learning.trusted_clock import TrustedClock
from app.operations.backup import Copied, Databases, Progress
from app.operations.backup import back_up as copy_folder
from app.operations.store_watch import StoreWatch
from app.public_url import origin_of
from app.records import encode
from app.serving.best_single import BestSingle
from app.serving.decision_id import Tokens
from app.serving.explanation import Inspector
from app.serving.fallbacks import Fallbacks
from app.serving.feedback import Recorder
from app.serving.model import Model
from app.serving.personalizer import Personalizer
from app.serving.probabilities import ChoiceProbabilities
from app.settings import DAY_MS, Settings
from app.store.memory import MemoryStore
from app.store.protocol import (
    Base,
    Examined,
    FullLogError,
    LostStoreError,
    Store,
    StoreTimeoutError,
    UnusableStoreError,
    UnwritableStoreError,
)
from app.store.sqlite import SqliteStore
from app.store.sqlite import backup as sqlite_backup
from app.store.sqlite import examination as sqlite_examination
from app.store.sqlite import faults as sqlite_faults
from app.telemetry import metrics
from app.viewers.bots import Bots
from app.viewers.profiles import Profiles
from app.viewers.pseudonym import Identity
from app.viewers.viewer import Viewers
from app.wiring.keys import identity_key, keys_of, make_admin_key, signing_keys
from assets.importing.ingest import Ingest, Row, ingest
from assets.rendering.workers import Stop
from assets.revisions import Revisions
from bandit.groups import Groups
from bandit.learners import new_learner
from bandit.policy import Learner

log = structlog.get_logger()

LOST = "The log's files were deleted or replaced, so nothing is taken; GET /readyz says what to do."
FULL = "The log is as large as KEYART_LOG_BYTES allows and takes nothing; send the same again when it has room."
DISK_REFUSES = {errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EACCES, errno.EPERM, errno.ENOENT}
"""ENOENT is among them because a folder may be taken away, as its disk is."""
REBUILD_LEASE_MS = 60_000
REFRESH_SECONDS = 0.25
"""How often a worker looks for a new catalogue or snapshot: what an editor changes is seen within a second."""


GARBAGE = 20_000
"""Containers made before unused cycles are looked for, instead of 700: a request makes a hundred, and no cycle."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def passed_ms() -> int:
    """Return how time passes, whoever sets the clock meanwhile."""
    return time.monotonic_ns() // 1_000_000


def open_store(settings: Settings, clock: Callable[[], int] = now_ms, *, read_only: bool = False) -> Store:
    """Return the store, or raise `UnusableStoreError`. One that is `read_only` changes no file and makes none."""
    full = settings.sync == "full"
    most = settings.log_bytes
    return SqliteStore(settings.data, clock, passed_ms, most_bytes=most, full_sync=full, read_only=read_only)


async def demand_store(settings: Settings) -> None:
    """Raise `UnusableStoreError` if the store can't be opened: once, and not in each worker that is started."""
    await open_store(settings).close()


def examine(settings: Settings, *, seconds: float) -> Examined:
    """Look through the store's files, each for about so long; nothing is changed."""
    return sqlite_examination.examine(settings.data, seconds=seconds)


def back_up(settings: Settings, destination: Path, progress: Progress) -> Copied:
    """Copy the data folder of a service, which may run. Raises `BackupError`, `UnusableStoreError`, `OSError`."""
    databases = Databases(sqlite_backup.size(settings.data), partial(sqlite_backup.back_up, settings.data))
    return copy_folder(settings.data, destination, databases, progress)


def store_fault(error: BaseException) -> str | None:
    """Say what is wrong with the store's files, if that is what the error is about."""
    said = isinstance(error, UnusableStoreError | UnwritableStoreError)
    return str(error) if said else sqlite_faults.sentence(error)


def revisions_in(settings: Settings) -> Revisions:
    return Revisions(settings.data / "catalogue")


def images_in(settings: Settings) -> Path:
    return settings.data / "images"


def uploads_in(settings: Settings) -> Path:
    return settings.data / "uploads"


def editor_in(settings: Settings, store: Store) -> Editor:
    """Return an editor for a command that serves nothing itself."""
    revisions = revisions_in(settings)
    return Editor(store, revisions, LiveCatalogue(store.log, revisions))


@asynccontextmanager
async def opened(settings: Settings, store: Store, clock: Callable[[], int] = now_ms) -> AsyncIterator[Services]:
    """Yield the services over a store, kept up to date while they are in use."""
    make_admin_key(settings)  # where `keyart serve` has not done so before
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
        await services.uploads.end()


async def build(settings: Settings, store: Store, clock: Callable[[], int]) -> Services:
    identity = Identity(await identity_key(store.log))
    keys = await signing_keys(store.log)
    groups = Groups(identity.key, settings.best_single_share, settings.uniform_share, settings.default_share)
    tokens = Tokens(keys, settings.answerable_ms)
    revisions = revisions_in(settings)
    live_catalogue = LiveCatalogue(store.log, revisions, clock, settings.public_url + IMAGES)
    model, best_single = Model(store.state), BestSingle(store.state)
    viewers = Viewers(store, identity, groups)
    editor, images_folder = Editor(store, revisions, live_catalogue), images_in(settings)
    choice_probabilities = ChoiceProbabilities(model, best_single, settings.exploration_floor)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        live_catalogue=live_catalogue,
        model=model,
        best_single=best_single,
        images=images_folder,
        bots=Bots(settings.bots),
        access=Access(
            keys_of(settings),
            sessions=Tickets("keyart-session", SESSION_MS, signing_key=keys[-1], passes=store.passes, clock=clock),
            links=Tickets("keyart-link", LINK_MS, signing_key=keys[-1], passes=store.passes, clock=clock),
            origin=origin_of(settings.public_url),
        ),
        personalizer=Personalizer(
            settings,
            store_log=store.log,
            viewers=viewers,
            choice_probabilities=choice_probabilities,
            tokens=tokens,
            fallbacks=Fallbacks(clock),
            clock=clock,
        ),
        recorder=Recorder(store.log, tokens, identity, store.log.now, settings.placed),
        profiles=Profiles(store, identity, groups),
        editor=editor,
        uploads=Uploads(editor, data=settings.data, images=images_folder, folder=uploads_in(settings)),
        reporter=Reporter(store.state),
        inspector=Inspector(store.log, tokens, store.log.now),
    )


def create_app(
    settings: Settings, store: Store | None = None, *, lane: bool = True, clock: Callable[[], int] = now_ms
) -> ASGIApp:
    """Return the ASGI application; its services live as long as its lifespan.

    Without `lane`, `GET /artwork` goes through FastAPI like everything else.
    """
    in_use: list[Services] = []  # for the lane: `api.state` takes ten times as long to find them

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            used = store or open_store(settings)
            if store is None:
                stack.push_async_callback(used.close)
            services = await stack.enter_async_context(opened(settings, used, clock))
            api.state.services, in_use[:] = services, [services]
            stack.enter_context(_rare_collections())
            yield

    api = Documented(
        title="Keyart",
        version=version("keyart"),
        description="Chooses, for each viewer profile, which artwork of a title to show, and learns from it.",
        lifespan=lifespan,
        redirect_slashes=False,
        servers=[{"url": settings.public_url}] if settings.public_url else None,
        docs_url=None,  # `Documented` has its own
        redoc_url=None,
    )
    for module in (
        artwork,
        feedback,
        profiles,
        titles,
        catalogue,
        edits,
        images,
        health,
        report,
        decisions,
        session,
    ):
        api.include_router(module.router)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _refused)
    api.add_exception_handler(StoreTimeoutError, _busy)
    api.add_exception_handler(UnwritableStoreError, _unwritable)
    api.add_exception_handler(OSError, _disk_refuses)
    api.add_exception_handler(Exception, _failed)
    app: ASGIApp = Heads(artwork.ArtworkLane(api, lambda: in_use[0]) if lane else api)
    if not settings.cors_origins:
        return Gate(app)
    return Gate(Cors(app, settings.cors_origins), around=lambda answer: Cors(answer, settings.cors_origins))


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for unused cycles rarely, and never through what was made by now: each time would delay requests.

    Afterwards all is as before, so that a process in which services follow each other lets go of those that ended.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


async def import_folder(
    settings: Settings, store: Store, folder: Path, progress: Callable[[int, int], None] | None = None
) -> tuple[Row, ...]:
    """Merge a folder of pictures into the current catalogue, in one step; return what became of each.

    It takes long, and what others edit meanwhile stays.
    """
    editor = editor_in(settings, store)
    before, barred = await editor.titles(), await editor.barred()

    def run(stop: Stop) -> Ingest:
        images = images_in(settings)
        return ingest(folder, current=before, images=images, barred=barred, progress=progress, stop=stop)

    result = await stoppable(run)
    changed = {id_: title for id_, title in result.titles.items() if before.get(id_) != title}
    if changed or result.barred:
        await editor.merge(COMMAND_LINE, changed, before, result.barred)
    return result.rows


async def rebuilt(
    settings: Settings,
    store: Store,
    stops: Sequence[int],
    *,
    base: Base | None = None,
    learner: Learner | None = None,
) -> AsyncIterator[Fold]:
    """Fold the log anew, and yield the fold after each batch and at each of the `stops`.

    It begins at a base, or else with nothing at the oldest record, where `learner` stands in for a new one. It
    writes nothing. The last stop is where it ends.
    """
    live_catalogue = LiveCatalogue(store.log, revisions_in(settings))
    await live_catalogue.refresh()
    nothing = MemoryStore(now_ms).state
    if base:
        begun = await fold_from(store, nothing, live_catalogue, base)
    else:
        learner = learner or new_learner(settings.learner)
        begun = Fold(store.log, nothing, live_catalogue, learner, await nothing.fold_state(), None)
    async for fold in fed(store.log, begun, stops):
        yield fold


async def publish_rebuilt(settings: Settings, store: Store, fold: Fold) -> int | None:
    """Put a rebuilt fold in the place of everything that was learned; None if a trainer is leading."""
    token = await store.state.lead("rebuild", REBUILD_LEASE_MS)
    if token is None:
        return None
    progress = fold.progress(fold.snapshot())
    progress.base_of = await bases_of(settings, store).new(fold, "rebuild")
    snapshot = await store.state.replace(token, progress)
    await store.state.resign(token)
    return snapshot


def bases_of(settings: Settings, store: Store) -> BaseKeeper:
    retention = round(settings.retention_days * DAY_MS)
    return BaseKeeper(store, settings.learner, retention=retention, reach=settings.answerable_ms, clock=now_ms)


async def train(settings: Settings, holder: str, stop: asyncio.Event) -> None:
    """Run a trainer until `stop`, and tidy up beside it."""
    store = open_store(settings)
    revisions = revisions_in(settings)
    trusted = TrustedClock(store.log, now_ms, passed_ms).now
    tidier = Tidier(
        store.log,
        revisions,
        clock=trusted,
        images=images_in(settings),
        uploads=uploads_in(settings),
        retention_days=settings.retention_days,
    )
    tidying = asyncio.create_task(tidier.run())
    try:
        trainer = Trainer(
            store,
            LiveCatalogue(store.log, revisions),
            holder=holder,
            clock=trusted,
            bases=bases_of(settings, store),
            scratch=lambda: MemoryStore(now_ms).state,
            kind=settings.learner,
        )
        await trainer.run(stop)
    finally:
        tidying.cancel()
        with suppress(asyncio.CancelledError):
            await tidying
        await store.close()


async def _follow(services: Services) -> None:
    watch = StoreWatch(services.store)
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        await watch.look()
        await _refresh(services)


async def _refresh(services: Services) -> None:
    """Take up a new catalogue or snapshot. What fails is logged and tried again; the last good one serves."""
    services.best_single.look_again()
    for what, refresh in (("catalogue", services.live_catalogue.refresh), ("snapshot", services.model.refresh)):
        try:
            await refresh()
        except Exception:
            log.exception("refresh_failed", what=what)
    if services.model.created is not None:
        metrics.SNAPSHOT_AGE.set((services.clock() - services.model.created) / 1000)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  what it is registered for
    return artwork.invalid(error.errors()).response()


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what it is registered for
    return problem_of(request, error).response()


async def _busy(_: Request, __: Exception) -> Response:
    sentence = "The log is busy and took nothing; send the same again in a moment: repeats count once."
    return Problem(503, sentence, headers={"Retry-After": "1"}).response()


async def _unwritable(request: Request, error: Exception) -> Response:
    if isinstance(error, LostStoreError):  # the log has a line of it already
        return Problem(503, LOST, headers={"Retry-After": "60"}).response()
    if isinstance(error, FullLogError):
        return Problem(503, FULL, headers={"Retry-After": "60"}).response()
    log.error("store_unwritable", path=request.scope["path"], reason=str(error))
    sentence = "The log can't be written and took nothing; send the same again later: repeats count once."
    return Problem(503, sentence, headers={"Retry-After": "5"}).response()


async def _disk_refuses(request: Request, error: Exception) -> Response:
    """Answer what the disk refuses, whichever file it was about; any other fault of the system stays one."""
    if not isinstance(error, OSError) or error.errno not in DISK_REFUSES:
        raise error
    log.error("disk_refuses", path=request.scope["path"], reason=str(error))
    sentence = f"The disk of the data folder refuses it ({error.strerror}), so nothing was changed; "
    return Problem(503, f"{sentence}put that right, then send it again.", headers={"Retry-After": "5"}).response()


async def _failed(_: Request, __: Exception) -> Response:
    return failure().response()  # the gate logs it
