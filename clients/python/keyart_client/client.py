"""The client for programs without asyncio. Threads may share it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx2

from keyart_client import answering, calls
from keyart_client.batch import Batch
from keyart_client.calls import Attribute, Call, Hints, PageHints, What
from keyart_client.connecting import TIMEOUT, TRIES, checked_tries, http_settings
from keyart_client.feedback import of_decisions, of_plays
from keyart_client.models import Choice, Page, Profile, Recorded

T = TypeVar("T")


class Keyart:
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
        self._http = httpx2.Client(**http_settings(url, key, timeout))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def choose(self, title: str, **hints: Unpack[Hints]) -> Choice:
        """Choose the picture of a title. It counts as shown immediately, unless it is `deferred`."""
        return self._send(calls.choose(title, hints, self.public_url))

    def choose_page(self, titles: Iterable[str], **hints: Unpack[PageHints]) -> Page:
        """Choose the pictures of a page. Each counts as shown after an impression, unless `deferred` is False."""
        page = Page((), (), (), ())
        for call in calls.choose_page(list(titles), hints, self.public_url):
            page += self._send(call)
        return page

    def impressions(self, decisions: Iterable[str | None]) -> Recorded:
        """Report that pictures were seen. None, the id of a fallback, is left out."""
        return self.report("impressions", of_decisions(decisions))

    def clicks(self, decisions: Iterable[str | None]) -> Recorded:
        """Report that titles were opened. None, the id of a fallback, is left out."""
        return self.report("clicks", of_decisions(decisions))

    def plays(self, seconds: Mapping[str, float]) -> Recorded:
        """Report for how many seconds the title of each decision was watched."""
        return self.report("plays", of_plays(seconds))

    def report(self, what: What, items: Sequence[Mapping[str, Any]]) -> Recorded:
        """Report items as the API takes them, such as `{"profile": "ada", "title": "countdown"}`."""
        recorded = Recorded()
        for call in calls.feedback(what, items):
            recorded += self._send(call)
        return recorded

    def batch(self, *, size: int = 100, seconds: float = 1.0) -> Batch:
        """Collect feedback and report it together: as soon as there are `size` items, and after some seconds."""
        return Batch(self.report, size=size, seconds=seconds)

    def profile(self, id: str) -> Profile:  # noqa: A002  the API's name
        """Return attributes, group and taste of a viewer."""
        return self._send(calls.profile(id))

    def change_profile(
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
        return self._send(calls.change_profile(id, attributes, personalize=personalize, audit=audit))

    def forget_profile(self, id: str) -> None:  # noqa: A002  the API's name
        """Delete everything that is known of a viewer."""
        self._send(calls.forget_profile(id))

    def _send(self, call: Call[T]) -> T:
        for tried in range(1, self._tries + 1):
            answer = None
            try:
                answer = self._once(call)
            except httpx2.TransportError as error:
                if tried == self._tries or not answering.lost(call, error):
                    raise answering.unreachable(call, self.url, error) from error
            else:
                if tried == self._tries or not answering.unready(call, answer):
                    break
            time.sleep(answering.pause(tried, answer))
        assert answer is not None  # noqa: S101  the last attempt breaks or raises
        return answering.read(call, answer)

    def _once(self, call: Call[T]) -> httpx2.Response:
        more = {"json": call.json} if call.json is not None else {}
        return self._http.request(call.method, call.path, params=call.params, headers=call.headers, **more)
