"""The application: every route, behind the layers that all requests pass."""

import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.api.cors import Cors
from app.api.failures import answer_failures
from app.api.gate import Gate
from app.api.heads import Heads
from app.api.openapi import Documented
from app.api.routes import (
    artwork,
    candidate,
    catalogue,
    decisions,
    edits,
    feedback,
    health,
    images,
    interventions,
    models,
    profiles,
    report,
    series,
    session,
    titles,
)
from app.api.services import Services
from app.clock import now_ms
from app.pages.mounting import add_pages
from app.settings import Settings
from app.store.protocol import Store
from app.wiring.services import opened
from app.wiring.stores import open_store

GARBAGE = 20_000
"""New objects before Python looks for unused cycles, instead of 700: a request makes a hundred, and no cycle."""


def create_app(
    settings: Settings,
    store: Store | None = None,
    *,
    lane: bool = True,
    clock: Callable[[], int] = now_ms,
    endings: list[Callable[[], object]] | None = None,
) -> ASGIApp:
    """Return the ASGI application; its services live as long as its lifespan.

    Without `lane`, `GET /artwork` goes through FastAPI like everything else. `endings` gets the calls to make when
    the process is to end, so that event streams end then.
    """
    in_use: list[Services] = []  # for the lane: `api.state` takes ten times as long to find them

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            used = store or open_store(settings, scan=False)  # the supervisor has
            if store is None:
                stack.push_async_callback(used.close)
            services = await stack.enter_async_context(opened(settings, used, clock))
            api.state.services, in_use[:] = services, [services]
            if endings is not None:
                endings.append(services.watch.end)
            stack.enter_context(_rare_collections())
            yield

    api = Documented(
        title="Keyart",
        version=version("keyart"),
        description=(
            "Keyart chooses which artwork of a title each viewer profile sees, and learns from what the viewer "
            "does next."
        ),
        lifespan=lifespan,
        redirect_slashes=False,
        servers=[{"url": settings.public_url}] if settings.public_url else None,
        docs_url=None,  # app.pages has one that needs no network
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
        interventions,
        models,
        candidate,
        health,
        report,
        series,
        decisions,
        session,
    ):
        api.router.routes.extend(module.router.routes)  # `include_router` would build each of them anew
    add_pages(api, settings)
    answer_failures(api)
    app: ASGIApp = Heads(artwork.ArtworkLane(api, lambda: in_use[0]) if lane else api)
    if not settings.cors_origins:
        return Gate(app)
    return Gate(Cors(app, settings.cors_origins), around=lambda answer: Cors(answer, settings.cors_origins))


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for unused cycles rarely, and never among the present objects, because each search delays requests.

    Afterwards the former state is restored, so that a process that runs several services frees those that ended.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
