"""The making of pictures for editors: a few at the same time, in separate processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from app.catalogue.originals import KeptOriginals
from app.catalogue.permits import Permits
from app.catalogue.stoppable import stoppable
from app.data_folder import DataFolder
from app.refusals import Unavailable
from assets.picture import Job, Picture, PictureError
from assets.rendering.originals import NOT_KEPT, Originals
from assets.rendering.workers import Stop, develop_all

log = structlog.get_logger()

AT_ONCE = 2
"""Pictures that all workers together render at the same time; each may take 512 MiB of memory."""
MOST = 8
"""Pictures that a worker accepts at the same time, including those that wait and those that still arrive."""
RETRY_SECONDS = 5
END_SECONDS = 1.0


class Rendering:
    """Renders uploads and corrections; both take the same permits."""

    def __init__(self, *, data: Path, images: Path, originals: KeptOriginals):
        self._images, self._originals = images, originals
        locks = DataFolder(data).rendering_locks(AT_ONCE)
        self._making, self._finishing = Permits(locks), Permits(locks[:1])
        self._under_way: set[asyncio.Task[object]] = set()

    async def end(self) -> None:
        """Let the requests that the server has cancelled clean up and answer."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=END_SECONDS)

    @asynccontextmanager
    async def permit(self) -> AsyncIterator[None]:
        """Take a request in. Raises `Unavailable` if there are too many."""
        task = asyncio.current_task()
        if len(self._under_way) >= MOST or task is None:
            raise _later(
                f"The service is rendering {MOST} pictures already; send this request again in a few seconds."
            )
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)

    def warnings(self, picture: Picture) -> tuple[str, ...]:
        """Say what an editor should know about a new picture: its original is not kept although it should be."""
        return (NOT_KEPT,) if self._originals.keep and not picture.original else ()

    async def added(self, job: Job) -> Picture:
        """Render a new picture, and keep its original if that is wanted. Raises `PictureError`."""
        return await self._rendered(job, self._originals.adding(), self._making)

    async def again(self, job: Job) -> Picture:
        """Render a picture from its original, which is kept already. Raises `PictureError`.

        A job that is not quick finishes crops, and nobody waits for it. It takes only the first permit, because
        editors need the others.
        """
        return await self._rendered(job, None, self._making if job.quick else self._finishing)

    async def _rendered(self, job: Job, originals: Originals | None, permits: Permits) -> Picture:
        async with permits.one():
            result = await stoppable(lambda stop: _develop(job, self._images, stop, originals))
        if isinstance(result, PictureError):
            raise result
        return result


def _develop(job: Job, images: Path, stop: Stop, originals: Originals | None) -> Picture | PictureError:
    [(_, result)] = develop_all([job], images, 1, stop, originals)
    return result


def unavailable(error: BaseException) -> Unavailable:
    """Return the answer if neither the picture nor the client is at fault."""
    if isinstance(error, asyncio.CancelledError):  # the service ends, and this request is one of the last
        return _later("The service is stopping, so it changed nothing; send the request again in a few seconds.")
    log.error("rendering_failed", reason=str(error))
    reason = getattr(error, "strerror", None) or "the service's log says why"
    return Unavailable(f"The service cannot make the picture ({reason}); solve this, then send the request again.")


def _later(sentence: str) -> Unavailable:
    return Unavailable(sentence, RETRY_SECONDS)
