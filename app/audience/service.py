"""The service as the audience sees it: over HTTP, and nothing else."""

import asyncio
from typing import Any, Self

import httpx2

TIMEOUT = 15.0
TRIES = 20
"""How often a request is sent that the service, for the moment, could not take."""
START = "start a service with 'KEYART_PRESET=demo keyart serve', or leave --url out"
BUSY, REFUSED = 503, {401, 403}


class ServiceError(RuntimeError):
    """Why the service is of no use any more, in a sentence."""


class Service:
    """A running service, and its admin key, or why there is none. An asynchronous context."""

    def __init__(self, url: str, key: str | None = None, *, keyless: str = "", connections: int = 8):
        self.url = url.rstrip("/")
        self._keyless = keyless
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx2.AsyncClient(
            base_url=self.url, headers=headers, limits=limits, timeout=TIMEOUT, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def rules(self) -> dict[str, Any]:
        """Return the rules that the service goes by, once it is seen to be there, ready, and open to this key."""
        ready = await self._send("GET", "/readyz", absent=f"Nothing answers at {self.url}")
        if ready.status_code == BUSY:
            raise ServiceError(f"The service at {self.url} makes no decisions: {detail_of(ready)}")
        report = await self._send("GET", "/report")
        if report.status_code in REFUSED:
            asked = f"The service at {self.url} asks for its admin key; give it with --key or in KEYART_ADMIN_KEY."
            raise ServiceError(f"{asked} {self._keyless}".rstrip())
        found = _json(report)
        if not (report.is_success and isinstance(found, dict) and isinstance(found.get("rules"), dict)):
            raise ServiceError(
                f"What answers at {self.url} does not tell rules in its /report, as this version of Keyart does; "
                "give the address of a Keyart service, of this version."
            )
        rules: dict[str, Any] = found["rules"]
        return rules

    async def report(self) -> dict[str, Any]:
        return await self._asked("GET", "/report")

    async def titles(self) -> list[dict[str, Any]]:
        listing: list[dict[str, Any]] = (await self._asked("GET", "/titles"))["titles"]
        return listing

    async def introduce(self, profile: str, attributes: dict[str, str]) -> None:
        await self._asked("PUT", "/profiles", params={"profile": profile}, body={"attributes": attributes})

    async def page(self, profile: str, titles: list[str], circumstances: dict[str, str]) -> list[dict[str, Any]]:
        """Return the choices of a row, which count as shown once an impression says so."""
        body = {"profile": profile, "titles": titles, "deferred": True, **circumstances}
        choices: list[dict[str, Any]] = (await self._asked("POST", "/artwork", body=body))["choices"]
        return choices

    async def tell(self, kind: str, items: list[dict[str, Any]]) -> int:
        """Send impressions, clicks or plays; return how many were rejected."""
        answer = await self._asked("POST", f"/{kind}", body=items)
        return len(answer["rejected"])

    async def _asked(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401  passed on
        for _ in range(TRIES):
            answer = await self._send(method, path, **options)
            if answer.status_code != BUSY:
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        found = _json(answer)
        if not answer.is_success or not isinstance(found, dict):
            raise ServiceError(
                f"{method} {path} at {self.url} was answered with {answer.status_code}: {detail_of(answer)}"
            )
        return found

    async def _send(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: dict[str, str] | None = None,
        absent: str | None = None,
    ) -> httpx2.Response:
        try:
            return await self._http.request(method, path, json=body, params=params)
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            gone = absent or f"The service at {self.url} stopped answering"
            raise ServiceError(f"{gone} ({reason}); {START}.") from None


def _json(answer: httpx2.Response) -> Any:  # noqa: ANN401  as it comes
    try:
        return answer.json()
    except ValueError:
        return None


def detail_of(answer: httpx2.Response) -> str:
    found = _json(answer)
    detail = found.get("detail") if isinstance(found, dict) else None
    return str(detail or answer.reason_phrase)
