"""Failures: the answers when a route raises an exception."""

import errno

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.api.gate import failure
from app.api.problems import Problem, invalid, problem_from, problem_of
from app.refusals import Refusal
from app.store.protocol import FullLogError, LostStoreError, StoreTimeoutError, UnwritableStoreError

log = structlog.get_logger()

LOST = "The log's files were deleted or replaced, so the service records nothing; GET /readyz says what to do."
FULL = "The log is as large as KEYART_LOG_BYTES allows, so nothing was recorded; send the same again later."
DISK_REFUSES = {errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EACCES, errno.EPERM, errno.ENOENT}
"""Faults of the disk. ENOENT is one of them, because a folder disappears if its disk is removed."""


def answer_failures(api: FastAPI) -> None:
    """Let the application answer each exception of a route with a problem."""
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(Refusal, _refused)
    api.add_exception_handler(HTTPException, _refused_by_http)
    api.add_exception_handler(StoreTimeoutError, _busy)
    api.add_exception_handler(UnwritableStoreError, _unwritable)
    api.add_exception_handler(OSError, _disk_refuses)
    api.add_exception_handler(Exception, _failed)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  what it is registered for
    return problem_from(invalid(error.errors())).response()


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101  what it is registered for
    return problem_from(refusal).response()


async def _refused_by_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what it is registered for
    return problem_of(request, error).response()


async def _busy(_: Request, __: Exception) -> Response:
    sentence = "The log is busy, so nothing was recorded; send the same again in 1 second: repeats count once."
    return Problem(503, sentence, headers={"Retry-After": "1"}).response()


async def _unwritable(request: Request, error: Exception) -> Response:
    if isinstance(error, LostStoreError):  # the log has a line of it already
        return Problem(503, LOST, headers={"Retry-After": "60"}).response()
    if isinstance(error, FullLogError):
        return Problem(503, FULL, headers={"Retry-After": "60"}).response()
    log.error("store_unwritable", path=request.scope["path"], reason=str(error))
    sentence = (
        "The service cannot write the log, so nothing was recorded; send the same later: repeats count once."
    )
    return Problem(503, sentence, headers={"Retry-After": "5"}).response()


async def _disk_refuses(request: Request, error: Exception) -> Response:
    """Answer if the disk refuses to read or write any file; raise any other fault of the system again."""
    if not isinstance(error, OSError) or error.errno not in DISK_REFUSES:
        raise error
    log.error("disk_refuses", path=request.scope["path"], reason=str(error))
    sentence = f"The disk of the data folder refused it ({error.strerror}), so nothing was changed; "
    return Problem(503, f"{sentence}repair the disk, then send it again.", headers={"Retry-After": "5"}).response()


async def _failed(_: Request, __: Exception) -> Response:
    return failure().response()  # the gate logs it
