"""Waiting for a service that is only starting."""

import asyncio
import time
from collections.abc import Callable

import httpx2

from app.audience.service import BUSY, START, ServiceError, detail_of

ABSENT_SECONDS = 10.0
"""How long an address may refuse connections: a service that starts listens after a second or two."""
START_SECONDS = 60.0
"""How long a service that is there may take until it makes decisions."""
LOOK_SECONDS = 0.5
ANSWER_SECONDS = 5.0


async def until_ready(url: str, tell: Callable[[str], object]) -> None:
    """Return once the service makes decisions, and `tell` if that is waited for.

    Raises `ServiceError` with what was seen.
    """
    begun, told = time.monotonic(), False
    async with httpx2.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as http:
        while seen := await _look(http, url):
            sentence, patience = seen
            if (waited := time.monotonic() - begun) > patience:
                raise ServiceError(f"{sentence} That is so since {waited:.0f} s; {START}.")
            if not told:
                tell(f"{sentence} It may be starting, and is waited for …")
            told = True
            await asyncio.sleep(LOOK_SECONDS)


async def _look(http: httpx2.AsyncClient, url: str) -> tuple[str, float] | None:
    """Return what is wrong, and for how long that may be so; None when nothing is."""
    try:
        answer = await http.get(f"{url.rstrip('/')}/readyz")
    except httpx2.InvalidURL as error:
        raise ServiceError(f"{url} is no address ({error}); write it as http://127.0.0.1:8000.") from None
    except httpx2.ConnectError as error:
        return f"Nothing answers at {url} ({_reason(error)}).", ABSENT_SECONDS
    except httpx2.TransportError as error:
        return f"Something at {url} takes connections and does not answer ({_reason(error)}).", START_SECONDS
    if answer.status_code == BUSY:
        return f"The service at {url} makes no decisions: {detail_of(answer)}", START_SECONDS
    return None


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
