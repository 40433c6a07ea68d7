"""Viewers of a streaming service as locust runs them: what they ask Keyart for, and what they tell it.

    locust -f tests/load/locustfile.py --host http://127.0.0.1:8000

has a page at http://127.0.0.1:8089 where a number of viewers is chosen; `make load` raises the number by itself.
Which titles there are is asked of the service. A locust user is a seat, that one viewer after another takes:

- A viewer is one of 100,000 profiles on a TV, a phone or in a browser, in one of five countries, and opens 4 pages
  on average, then makes room for another. Who comes again has the same profile and an empty cache.
- A page is 40 titles: 10 that everybody is shown, of which there are 20, and 30 others. One deferred call.
- It is looked at by screens of 8 pictures; after each, half of the viewers scroll on: 15 pictures on average.
  Those that this viewer does not have yet are fetched, one after another. After 2 s the screen is reported as
  seen, in one array, 3 of 4 times as a beacon (text/plain).
- On 30 % of the pages one of the seen pictures is clicked, and the page of its title opens: a single decision, and
  its picture. After 3 s there, half of those viewers play it for about 25 minutes, which are reported at once:
  nobody sits through a film here. On 15 % of the other pages a title is opened from elsewhere, a link or a search.
- 4 s pass between two pages. All times are means of exponential distributions.

That makes some two requests a second of each viewer, of which three of four are for pictures.

Every answer is looked at: its status, its type, one choice for each title, each report recorded. Fallbacks are
no failures; they are counted by themselves.
"""

import json
import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urlencode
from urllib.request import urlopen

import msgspec
from locust import FastHttpUser, events, task
from locust.contrib.fasthttp import ResponseContextManager
from locust.env import Environment
from locust.exception import StopTest

T = TypeVar("T")
Check = Callable[[ResponseContextManager], T]

PROFILES: Final = 100_000
DEVICES: Final = {"tv": 640, "phone": 320, "web": 320}
"""With the width of a picture in a row."""
PLACES: Final = (("DE", "de"), ("FR", "fr"), ("GB", "en"), ("US", "en"), ("JP", "ja"))

PAGE, FEATURED, FEATURED_OF = 40, 10, 20
SCREEN: Final = 8
SCROLL, CLICK, PLAY, OPEN, LEAVE = 0.5, 0.3, 0.5, 0.15, 0.25
BEACON: Final = 0.75
LOOK, READ, BETWEEN = 2.0, 3.0, 4.0
"""Seconds on a screen, on a title's page, and from a page to the next."""
WATCHED: Final = 25 * 60
HERO: Final = {"placement": "hero", "width": 1280}

PATIENCE: Final = 10.0


class Wrong(ValueError):
    """What is wrong with an answer."""


class Picture(msgspec.Struct):
    url: str


class Choice(msgspec.Struct):
    decision_id: str | None
    title: str
    image: Picture
    fallback: bool


class Page(msgspec.Struct):
    choices: list[Choice]
    unknown: list[str]
    unavailable: list[str]


class Recorded(msgspec.Struct):
    recorded: int
    duplicates: int
    rejected: list[Any]


class Listed(msgspec.Struct):
    id: str
    default: str | None


class Listing(msgspec.Struct):
    titles: list[Listed]


CATALOGUE: list[str] = []
"""The titles that the service has, once a test has started."""
SERVED: Counter[str] = Counter()


@events.test_start.add_listener
def read_catalogue(environment: Environment, **_: object) -> None:
    """Ask the service for its titles."""
    CATALOGUE.clear()
    SERVED.clear()
    try:
        with urlopen(f"{environment.host}/titles", timeout=PATIENCE) as answer:  # noqa: S310  as locust was told
            listing = msgspec.json.decode(answer.read(), type=Listing)
    except (OSError, ValueError) as error:
        logging.error("%s/titles did not answer with titles: %s", environment.host, error)  # noqa: LOG015, TRY400
    else:
        CATALOGUE.extend(title.id for title in listing.titles if title.default)


@events.test_stop.add_listener
def tell_fallbacks(**_: object) -> None:
    logging.info("%d decisions, %d of them fallbacks", SERVED["decisions"], SERVED["fallbacks"])  # noqa: LOG015


class Viewer(FastHttpUser):
    """A seat."""

    connection_timeout = network_timeout = PATIENCE

    def wait_time(self) -> float:
        return random.expovariate(1 / BETWEEN)

    def on_start(self) -> None:
        if not CATALOGUE:
            raise StopTest(f"{self.host} has no titles to show; import some, or start it with the samples.")
        self._sit_down()
        time.sleep(self.wait_time())  # or all that come in one second would open their pages at once

    def _sit_down(self) -> None:
        self._device = random.choice(list(DEVICES))
        country, language = random.choice(PLACES)
        profile = f"load-{random.randrange(PROFILES)}"
        self._who = {"profile": profile, "device": self._device, "country": country, "language": language}
        self._has: set[str] = set()

    @task
    def browse(self) -> None:
        """Open a page, look at some of it, perhaps open a title; then perhaps leave."""
        seen = self._look_at(self._page())
        if seen and random.random() < CLICK:
            self._click(random.choice(seen))
        elif random.random() < OPEN:
            self._open(random.choice(CATALOGUE))
        if random.random() < LEAVE:
            self._sit_down()

    def _page(self) -> list[Choice]:
        titles = _titles()
        body = {**self._who, "titles": titles, "width": DEVICES[self._device]}

        def check(answer: ResponseContextManager) -> list[Choice]:
            page = _decoded(answer, Page)
            if len(page.choices) != len(titles):
                missing = f"{len(page.unknown)} unknown, {len(page.unavailable)} unavailable"
                raise Wrong(f"{len(page.choices)} choices for {len(titles)} titles, {missing}")
            _count(answer, page.choices)
            return page.choices

        return self._ask("POST", "/artwork", check, name=f"/artwork ({len(titles)})", json=body) or []

    def _look_at(self, page: list[Choice]) -> list[Choice]:
        """Look at one screen after another, and return what was seen."""
        seen: list[Choice] = []
        while len(seen) < len(page):
            screen = page[len(seen) : len(seen) + SCREEN]
            for choice in screen:
                self._fetch(choice)
            _think(LOOK)
            self._report("/impressions", [_naming(each) for each in screen if each.decision_id])
            seen += screen
            if random.random() >= SCROLL:
                break
        return seen

    def _click(self, choice: Choice) -> None:
        """Open the title of a picture, and perhaps play it. Of a fallback nothing can be reported."""
        self._report("/clicks", [_naming(choice)] if choice.decision_id else [])
        self._open(choice.title)
        if choice.decision_id and random.random() < PLAY:
            seconds = round(random.lognormvariate(0, 0.5) * WATCHED)
            self._report("/plays", [{**_naming(choice), "seconds": seconds}])

    def _open(self, title: str) -> None:
        query = urlencode({**self._who, **HERO, "title": title})

        def check(answer: ResponseContextManager) -> Choice:
            choice = _decoded(answer, Choice)
            if choice.title != title:
                raise Wrong(f"answered for {choice.title} and not for {title}")
            _count(answer, [choice])
            return choice

        if choice := self._ask("GET", f"/artwork?{query}", check, name="/artwork"):
            self._fetch(choice)
        _think(READ)

    def _fetch(self, choice: Choice) -> None:
        """Fetch a picture, as a browser does that does not have it."""
        if choice.image.url not in self._has:
            self._has.add(choice.image.url)
            self._ask("GET", choice.image.url, _check_picture, name="/images")

    def _report(self, path: str, items: list[dict[str, Any]]) -> None:
        def check(answer: ResponseContextManager) -> None:
            said = _decoded(answer, Recorded, HTTPStatus.ACCEPTED)
            if said.rejected or said.recorded + said.duplicates != len(items):
                counts = f"{said.recorded} recorded and {said.duplicates} known"
                raise Wrong(f"{counts} of {len(items)}: {said.rejected}")

        if items:
            kind = "text/plain" if random.random() < BEACON else "application/json"
            self._ask("POST", path, check, data=json.dumps(items), headers={"Content-Type": kind})

    def _ask(self, method: str, path: str, check: Check[T], **options: Any) -> T | None:
        """Send a request, and return what `check` finds in the answer; what it finds wrong makes it a failure."""
        found = None
        with self.client.request(method, path, catch_response=True, **options) as answer:
            try:
                found = check(answer)
            except ValueError as error:
                answer.failure(str(error))
        return found


def _titles() -> list[str]:
    featured = random.sample(CATALOGUE[:FEATURED_OF], min(FEATURED, len(CATALOGUE)))
    others = [title for title in random.sample(CATALOGUE, min(PAGE, len(CATALOGUE))) if title not in featured]
    return (featured + others)[:PAGE]


def _naming(choice: Choice) -> dict[str, Any]:
    return {"decision_id": choice.decision_id}


def _decoded(answer: ResponseContextManager, kind: type[T], status: int = HTTPStatus.OK) -> T:
    return msgspec.json.decode(_body(answer, status), type=kind)


def _body(answer: ResponseContextManager, status: int = HTTPStatus.OK) -> bytes:
    if answer.status_code != status:
        said = getattr(answer, "error", None) or (answer.content or b"")[:300]
        raise Wrong(f"status {answer.status_code} in place of {status:d}: {said!r}")
    content: bytes = answer.content
    return content


def _check_picture(answer: ResponseContextManager) -> None:
    content = _body(answer)
    assert answer.headers is not None
    if not content or not str(answer.headers.get("content-type")).startswith("image/"):
        raise Wrong(f"{len(content)} bytes of {answer.headers.get('content-type')} are no picture")


def _count(answer: ResponseContextManager, choices: list[Choice]) -> None:
    """Tell who listens to requests how many decisions were in this one, and how many of them were fallbacks."""
    counts = {"decisions": len(choices), "fallbacks": sum(choice.fallback for choice in choices)}
    answer.request_meta["context"].update(counts)
    SERVED.update(counts)


def _think(mean: float) -> None:
    time.sleep(random.expovariate(1 / mean))
