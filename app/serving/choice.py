"""The answer for one title."""

from functools import lru_cache
from time import gmtime, strftime

from typing_extensions import TypedDict

from app.catalogue.image import Frame, Image, image_of
from app.catalogue.live import LiveTitle
from app.serving.decision_id import DecisionId, DecisionIds
from app.store.protocol import Hold

REMEMBERED = 4096


class Choice(TypedDict):
    """The picture chosen for a title.

    If the picture is a `fallback`, `decision_id` is null and nothing is learned. `group` says in which way the
    profile is served. It is null if nobody is logged in, and for callers without a key unless the preset is
    `demo`, because anyone who knows the groups could falsify the lift. `held` means that the same decision was
    served before. The service serves it again until `expires_at`.
    """

    decision_id: str | None
    title: str
    artwork: str
    image: Image
    group: str | None
    held: bool
    pinned: bool
    fallback: bool
    expires_at: str | None


class Page(TypedDict):
    """The pictures of a page. `unavailable` names the titles of which this viewer may see no artwork.

    `ignored` names fields of the request that are not valid. The service did not use them. A `maturity` that is
    not valid counted as 0.
    """

    choices: list[Choice]
    unknown: list[str]
    unavailable: list[str]
    ignored: list[str]


def chosen(live_title: LiveTitle, hold: Hold, ids: DecisionIds, frame: Frame, *, held: bool) -> Choice:
    return {
        "decision_id": ids.sign(DecisionId(hold.decision, hold.nonce, hold.stamp, hold.deferred)),
        "title": live_title.title.id,
        "artwork": hold.artwork,
        "image": _image(live_title, hold.artwork, frame),
        "group": hold.group,
        "held": held,
        "pinned": hold.pinned,
        "fallback": False,
        "expires_at": _moment(hold.until // 1000),
    }


def fallback(live_title: LiveTitle, artwork: str, frame: Frame) -> Choice:
    return {
        "decision_id": None,
        "title": live_title.title.id,
        "artwork": artwork,
        "image": _image(live_title, artwork, frame),
        "group": None,
        "held": False,
        "pinned": False,
        "fallback": True,
        "expires_at": None,
    }


@lru_cache(maxsize=REMEMBERED)
def _image(live_title: LiveTitle, artwork: str, frame: Frame) -> Image:
    """Remember frequent answers only: all possible ones of a large catalogue take hundreds of megabytes."""
    return image_of(live_title.artworks[artwork], frame, live_title.images)


@lru_cache(maxsize=REMEMBERED)
def _moment(seconds: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))
