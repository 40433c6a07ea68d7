"""The calls, without a connection: how each is sent, how its answer is read, and whether it may be repeated."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypedDict, TypeVar

from keyart_client.models import Choice, Page, Profile, Recorded

T = TypeVar("T")
Canvas = Literal["16:9", "2:3", "1:1"]
Format = Literal["avif", "webp", "jpeg"]
What = Literal["impressions", "clicks", "plays"]
Attribute = str | float | bool | None
MOST_TITLES, MOST_ITEMS = 200, 1000
"""Titles and items of feedback of one call."""


class Hints(TypedDict, total=False):
    """Everything that is known of the viewer and of the place of the picture: the parameters of `/artwork`.

    `formats` names the image formats that the viewer's browser reads. Without it pictures are WebP.
    """

    profile: str
    placement: str
    canvas: Canvas
    device: str
    country: str
    language: str
    timezone: str
    maturity: int
    width: float
    deferred: bool
    formats: Sequence[Format]


class Spot(TypedDict, total=False):
    """The spot of a title: the name of the row, and the number of titles before it in the row."""

    row: str
    column: int


class PageHints(Hints, total=False):
    """The hints of a page: also its name, the client's release, and the spots of titles. These are recorded."""

    release: str
    page: str
    spots: Mapping[str, Spot]


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A call. `repeatable` says that a second one does no harm if the first one arrived, too."""

    method: str
    path: str
    read: Callable[[Any], T]
    repeatable: bool
    params: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def choose(title: str, hints: Hints, public_url: str) -> Call[Choice]:
    """Ask for one picture. It may be repeated if it is deferred: nothing is learned of one that nobody saw."""
    params = {"title": title, **{name: _text(value) for name, value in _fields(hints).items()}}
    repeatable = hints.get("deferred", False)
    read = _reader(Choice.read, public_url)
    return Call("GET", "/artwork", read, repeatable, params=params, headers=_accept(hints))


def choose_page(titles: Sequence[str], hints: PageHints, public_url: str) -> Iterator[Call[Page]]:
    """Ask for the pictures of a page, which are deferred unless the hints say otherwise."""
    repeatable, read = hints.get("deferred", True), _reader(Page.read, public_url)
    for first in range(0, len(titles), MOST_TITLES):
        some = list(titles[first : first + MOST_TITLES])
        body = {**_fields(hints), "titles": some}
        if spots := hints.get("spots"):
            body["spots"] = {title: spots[title] for title in some if title in spots}
        yield Call("POST", "/artwork", read, repeatable, json=body, headers=_accept(hints))


def feedback(what: What, items: Sequence[Mapping[str, Any]]) -> Iterator[Call[Recorded]]:
    """Report feedback. A repeat counts once for each decision; the latest decision of a profile may be another."""
    for first in range(0, len(items), MOST_ITEMS):
        some = list(items[first : first + MOST_ITEMS])
        repeatable = all("decision_id" in item for item in some)
        yield Call("POST", f"/{what}", _reader(Recorded.read, first), repeatable, json=some)


def profile(id_: str) -> Call[Profile]:
    return Call("GET", "/profiles", Profile.read, repeatable=True, params={"profile": id_})


def change_profile(
    id_: str, attributes: Mapping[str, Attribute], *, personalize: bool | None, audit: Mapping[str, Attribute]
) -> Call[Profile]:
    body: dict[str, Any] = {"attributes": dict(attributes)}
    if audit:
        body["audit"] = dict(audit)
    if personalize is not None:
        body["personalize"] = personalize
    return Call("PATCH", "/profiles", Profile.read, repeatable=True, params={"profile": id_}, json=body)


def forget_profile(id_: str) -> Call[None]:
    return Call("DELETE", "/profiles", lambda _: None, repeatable=True, params={"profile": id_})


def _reader(read: Callable[[Any, Any], T], more: object) -> Callable[[Any], T]:
    return lambda content: read(content, more)


def _fields(hints: Hints) -> dict[str, Any]:
    return {name: value for name, value in hints.items() if name != "formats" and value is not None}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _accept(hints: Hints) -> dict[str, str]:
    """Name the formats after JSON: a header that begins with an image asks for the picture itself."""
    return {"Accept": ", ".join(["application/json", *(f"image/{each}" for each in hints.get("formats", ()))])}
