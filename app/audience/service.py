"""The service as the audience sees it: over HTTP, and nothing else."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx2

TIMEOUT = 15.0
TRIES = 20
"""Attempts to send a request that the service temporarily refuses."""
ABSENT_SECONDS = 10.0
"""How long an address may refuse connections: a service that starts listens after a second or two."""
START_SECONDS = 60.0
"""How long a service that is there may take until it makes decisions."""
LOOK_SECONDS = 0.5
ANSWER_SECONDS = 5.0
START = "start a service with 'KEYART_PRESET=demo keyart serve', or leave --url out"
BUSY, REFUSED = 503, {401, 403}


class ServiceError(RuntimeError):
    """Why the service is of no use any more, in a sentence."""


class Service:
    """A running service, and its admin key, or why there is none."""

    def __init__(self, url: str, key: str | None = None):
        self.url, self.key, self.keyless = url.rstrip("/"), key, ""
        try:
            self._http = httpx2.AsyncClient(base_url=self.url, timeout=TIMEOUT, trust_env=False)
        except httpx2.InvalidURL as error:
            raise ServiceError(f"{url} is not an address ({error}); write it as http://127.0.0.1:8000.") from None

    async def aclose(self) -> None:
        await self._http.aclose()

    async def until_ready(self, tell: Callable[[str], object]) -> None:
        """Return once the service makes decisions, and `tell` if that is waited for."""
        begun, told = time.monotonic(), False
        while seen := await self._not_ready():
            sentence, patience = seen
            if (waited := time.monotonic() - begun) > patience:
                raise ServiceError(f"{sentence} The wait took {waited:.0f} s; {START}.")
            if not told:
                tell(f"{sentence} It may be starting. Waiting …")
            told = True
            await asyncio.sleep(LOOK_SECONDS)

    async def _not_ready(self) -> tuple[str, float] | None:
        """Return the fault, and for how many seconds it may last; None if there is none."""
        try:
            answer = await self._http.get("/readyz", timeout=ANSWER_SECONDS)
        except httpx2.ConnectError as error:
            return f"Nothing answers at {self.url} ({_reason(error)}).", ABSENT_SECONDS
        except httpx2.TransportError as error:
            silent = f"Something at {self.url} accepts connections but does not answer ({_reason(error)})."
            return silent, START_SECONDS
        if answer.status_code == BUSY:
            return f"The service at {self.url} makes no decisions: {_detail(answer)}", START_SECONDS
        return None

    async def settings_in_force(self) -> dict[str, Any]:
        """Return the settings that the service follows, once it has accepted this key."""
        report = await self._send("GET", "/report")
        if report.status_code in REFUSED:
            asked = f"The service at {self.url} asks for its admin key; give it with --key or in KEYART_ADMIN_KEY."
            raise ServiceError(f"{asked} {self.keyless}".rstrip())
        found = _json(report)
        rules = found.get("rules") if report.is_success and isinstance(found, dict) else None
        if not isinstance(rules, dict):
            raise ServiceError(
                f"The service at {self.url} has no rules in its /report; give the address of a Keyart service of "
                "this version."
            )
        return rules

    async def groups(self) -> dict[str, dict[str, float]]:
        """Return the groups of the report. The canary is not in it as long as nobody was in the canary."""
        groups: dict[str, dict[str, float]] = (await self._asked("GET", "/report"))["groups"]
        return {"canary": {"exposures": 0, "clicks": 0, "plays": 0, "reward": 0}, **groups}

    async def titles(self) -> list[dict[str, Any]]:
        listing: list[dict[str, Any]] = (await self._asked("GET", "/titles"))["titles"]
        return listing

    async def introduce(self, profile: str, attributes: dict[str, str]) -> None:
        await self._asked("PUT", "/profiles", params={"profile": profile}, json={"attributes": attributes})

    async def page(self, profile: str, titles: list[str], circumstances: dict[str, str]) -> list[dict[str, Any]]:
        """Return the choices of a row, which count as shown once an impression says so."""
        body = {"profile": profile, "titles": titles, "deferred": True, **circumstances}
        choices: list[dict[str, Any]] = (await self._asked("POST", "/artwork", json=body))["choices"]
        return choices

    async def tell(self, kind: str, items: list[dict[str, Any]]) -> int:
        """Send impressions, clicks or plays; return how many were rejected."""
        return len((await self._asked("POST", f"/{kind}", json=items))["rejected"])

    async def _asked(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401  passed on
        for _ in range(TRIES):
            answer = await self._send(method, path, **options)
            if answer.status_code != BUSY:
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        found = _json(answer)
        if not answer.is_success or not isinstance(found, dict):
            raise ServiceError(f"{method} {path} at {self.url} got {answer.status_code}: {_detail(answer)}")
        return found

    async def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:  # noqa: ANN401  passed on
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        try:
            return await self._http.request(method, path, headers=headers, **options)
        except httpx2.TransportError as error:
            raise ServiceError(
                f"The service at {self.url} stopped answering ({_reason(error)}); {START}."
            ) from None


def _json(answer: httpx2.Response) -> Any:  # noqa: ANN401  as it comes
    try:
        return answer.json()
    except ValueError:
        return None


def _detail(answer: httpx2.Response) -> str:
    found = _json(answer)
    detail = found.get("detail") if isinstance(found, dict) else None
    return str(detail or answer.reason_phrase)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
