"""The client for asyncio."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx2

from keyart_client import answering, calls
from keyart_client.async_batch import AsyncBatch
from keyart_client.calls import Attribute, Call, Hints, PageHints, What
from keyart_client.connecting import TIMEOUT, TRIES, checked_tries, http_settings
from keyart_client.feedback import of_decisions, of_plays
from keyart_client.models import Choice, Page, Profile, Recorded

T = TypeVar("T")


class AsyncKeyart:
    """A service at an address.

    Profiles and feedback by profile need a `key`, the client key. `timeout` is in seconds, and limits each
    attempt; `tries` is the number of attempts. With `public_url`, the address that browsers use, the addresses of
    pictures are complete.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: float = TIMEOUT,
        tries: int = TRIES,
        public_url: str = "",
    ):
        self.url, self.public_url = url, public_url
        self._tries = checked_tries(tries)
        self._http = httpx2.AsyncClient(**http_settings(url, key, timeout))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def choose(self, title: str, **hints: Unpack[Hints]) -> Choice:
        """Choose the picture of a title. It counts as shown immediately, unless it is `deferred`."""
        return await self._send(calls.choose(title, hints, self.public_url))

    async def choose_page(self, titles: Iterable[str], **hints: Unpack[PageHints]) -> Page:
        """Choose the pictures of a page. Each counts as shown after an impression, unless `deferred` is False."""
        page = Page((), (), (), ())
        for call in calls.choose_page(list(titles), hints, self.public_url):
            page += await self._send(call)
        return page

    async def impressions(self, decisions: Iterable[str | None]) -> Recorded:
        """Report that pictures were seen. None, the id of a fallback, is left out."""
        return await self.report("impressions", of_decisions(decisions))

    async def clicks(self, decisions: Iterable[str | None]) -> Recorded:
        """Report that titles were opened. None, the id of a fallback, is left out."""
        return await self.report("clicks", of_decisions(decisions))

    async def plays(self, seconds: Mapping[str, float]) -> Recorded:
        """Report for how many seconds the title of each decision was watched."""
        return await self.report("plays", of_plays(seconds))

    async def report(self, what: What, items: Sequence[Mapping[str, Any]]) -> Recorded:
        """Report items as the API takes them, such as `{"profile": "ada", "title": "countdown"}`."""
        recorded = Recorded()
        for call in calls.feedback(what, items):
            recorded += await self._send(call)
        return recorded

    def batch(self, *, size: int = 100, seconds: float = 1.0) -> AsyncBatch:
        """Collect feedback and report it together: as soon as there are `size` items, and after some seconds."""
        return AsyncBatch(self.report, size=size, seconds=seconds)

    async def profile(self, id: str) -> Profile:  # noqa: A002  the API's name
        """Return attributes, group and taste of a viewer."""
        return await self._send(calls.profile(id))

    async def change_profile(
        self,
        id: str,  # noqa: A002  the API's name
        attributes: Mapping[str, Attribute] = {},
        *,
        personalize: bool | None = None,
        audit: Mapping[str, Attribute] = {},
    ) -> Profile:
        """Change attributes, and leave the others as they are; None removes one.

        `audit` attributes are recorded with the viewer's decisions, and never influence one.
        """
        return await self._send(calls.change_profile(id, attributes, personalize=personalize, audit=audit))

    async def forget_profile(self, id: str) -> None:  # noqa: A002  the API's name
        """Delete everything that is known of a viewer."""
        await self._send(calls.forget_profile(id))

    async def _send(self, call: Call[T]) -> T:
        for tried in range(1, self._tries + 1):
            answer = None
            try:
                answer = await self._once(call)
            except httpx2.TransportError as error:
                if tried == self._tries or not answering.lost(call, error):
                    raise answering.unreachable(call, self.url, error) from error
            else:
                if tried == self._tries or not answering.unready(call, answer):
                    break
            await asyncio.sleep(answering.pause(tried, answer))
        assert answer is not None  # noqa: S101  the last attempt breaks or raises
        return answering.read(call, answer)

    async def _once(self, call: Call[T]) -> httpx2.Response:
        more = {"json": call.json} if call.json is not None else {}
        return await self._http.request(call.method, call.path, params=call.params, headers=call.headers, **more)
