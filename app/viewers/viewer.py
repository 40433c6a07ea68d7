"""The context of a decision, made from a profile and a request."""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from app.records import Decision
from app.store.protocol import Store
from app.viewers.local_time import QUARTER_MS, local_hour, zone_of
from app.viewers.pseudonym import Identity
from app.viewers.viewing import Viewing
from assets.countries import country_of
from assets.languages import canonical
from bandit.groups import Group, Groups
from bandit.showings import Showings, by_mark
from bandit.types import Context

REMEMBERED = 1 << 14
TASTES = 1 << 12
DESCRIBED = 1 << 10
"""Descriptions that are remembered: viewers without a profile share a few hundred."""
_decode = msgspec.json.Decoder(dict[str, float]).decode
ACQUAINTED_MS = 86_400_000
"""Milliseconds after its first appearance, a profile is no longer a stranger."""
NEUTRAL: Mapping[str, float] = {}


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    attributes: dict[str, bool | float | str] = {}
    personalize: bool = True
    audit: dict[str, bool | float | str] = {}
    """Attributes apart from the context: only the records of the profile's decisions have them."""


decode_profile = msgspec.json.Decoder(Profile).decode
NOBODY = Profile()


class Sender(NamedTuple):
    vouched: bool = False
    bot: bool = False


SOMEBODY = Sender()


class Viewer(msgspec.Struct, frozen=True):
    """A viewer. Without a login, or after opting out, it has neither `pseudonym` nor `group`.

    A viewer is `known` with a key or after a day. Others are strangers, and the learner takes little from them.
    """

    pseudonym: str | None
    group: Group | None
    context: Context
    maturity: int | None
    locale: str | None
    country: str | None
    timezone: str | None
    known: bool = True
    audit: dict[str, bool | float | str] = {}
    showings: Showings = {}
    """How often the viewer was shown pictures before."""


def recorded_viewer(decision: Decision) -> Viewer:
    """Return the viewer of a recorded decision as the policy would see it, in any group.

    The record tells the limits of the profile, and none that only the request had.
    """
    context = Context(decision.attributes, decision.taste or NEUTRAL)
    told = {**decision.audit, **decision.attributes}  # attributes that no policy uses limit pictures, too
    language, country = _meant(canonical, told.get("language")), _meant(country_of, told.get("country"))
    maturity = _lowest(told.get("maturity"), None)
    return Viewer(
        decision.profile, "personalized", context, maturity, language, country, decision.timezone, known=True
    )


class Hints(NamedTuple):
    """The facts that a request tells about its viewer, and the quarter of an hour when it came."""

    placement: str
    device: str | None
    country: str | None
    language: str | None
    timezone: str | None
    maturity: int | None
    quarter: int


class Description(NamedTuple):
    """A viewer as profile and request describe it, without taste."""

    attributes: dict[str, str | float]
    maturity: int | None
    locale: str | None
    country: str | None
    timezone: str | None
    audit: dict[str, bool | float | str]
    apart: bool
    """Whether the viewer is a bot, or has opted out: it is served as if nobody were logged in."""


class Viewers:
    def __init__(self, store: Store, identity: Identity, groups: Groups, unused: Collection[str] = ()):
        """Take the names of attributes that no policy may see; decisions of profiles record them for audits."""
        self._store, self._identity, self._groups, self._unused = store, identity, groups, unused
        self._known = lru_cache(maxsize=REMEMBERED)(self._know)
        self._described = lru_cache(maxsize=DESCRIBED)(self._describe)

    def regroup(self, groups: Groups) -> None:
        """Assign profiles to groups by other shares from now on."""
        self._groups = groups
        self._known.cache_clear()

    def _know(self, profile: str) -> tuple[str, Group]:
        """Return the pseudonym of a profile, which never changes, and its group."""
        return self._identity.pseudonym(profile), self._groups.of(profile)

    async def of(self, asked: Viewing, now_ms: int, sender: Sender = SOMEBODY) -> Viewer:
        """Return the viewer of a request, without the learned taste.

        A bot is served as if nobody were logged in.
        """
        pseudonym, group, body = None, None, None
        if asked.profile is not None:
            pseudonym, group = self._known(asked.profile)
            body = await self._store.log.profile(pseudonym)
        hints = Hints(
            asked.placement, asked.device, asked.country, asked.language, asked.timezone, asked.maturity,
            now_ms // QUARTER_MS,
        )  # fmt: skip
        describe = self._describe if body else self._described  # no content of a profile stays in memory
        who = describe(body, hints, pseudonym is not None, sender.bot)
        if who.apart:
            pseudonym, group = None, None
        known = sender.vouched or (bool(body) and not who.apart)  # a profile was written with a key
        context = Context(dict(who.attributes), NEUTRAL)  # a dictionary of its own, because learners see it
        return Viewer(
            pseudonym, group, context, who.maturity, who.locale, who.country, who.timezone, known, who.audit
        )

    def _describe(self, body: bytes | None, hints: Hints, named: bool, bot: bool) -> Description:  # noqa: FBT001  lru_cache takes them by place
        profile = decode_profile(body) if body else NOBODY
        limit, apart = profile.attributes.get("maturity"), bot or not profile.personalize
        if apart:
            profile = NOBODY
        language = hints.language or _meant(canonical, profile.attributes.get("language"))
        country = hints.country or _meant(country_of, profile.attributes.get("country"))
        named_zone = hints.timezone or _meant(zone_of, profile.attributes.get("timezone"))
        hour, timezone = local_hour(named_zone, country, hints.quarter)
        attributes = _attributes(profile, hints, hour)
        if country:
            attributes["country"] = country
        if language:
            attributes["language"] = language
        audit = profile.audit
        if self._unused:
            withheld = {name: attributes.pop(name) for name in self._unused if name in attributes}
            audit = {**withheld, **audit} if named and not apart else audit
        return Description(
            attributes, _lowest(limit, hints.maturity), language, country, timezone, audit, apart=apart
        )

    async def with_taste(self, viewer: Viewer, now_ms: int) -> Viewer:
        """Return the viewer with the learned taste and the showings, which only new decisions need."""
        found = await self._store.state.taste_since(viewer.pseudonym) if viewer.pseudonym else None
        if found is None:
            return viewer
        taste, first, showings = found
        known = viewer.known or now_ms - first >= ACQUAINTED_MS
        context = Context(viewer.context.attributes, _decoded(taste))
        return msgspec.structs.replace(viewer, context=context, known=known, showings=by_mark(showings))


@lru_cache(maxsize=TASTES)
def _decoded(learned: bytes) -> Mapping[str, float]:
    """Return the taste, and the same object for the same bytes, because learners remember their work by it."""
    return _decode(learned)


def _attributes(profile: Profile, hints: Hints, hour: str) -> dict[str, str | float]:
    """Return the attributes of the profile, overridden by those of the request.

    The policy gets the hour instead of the time zone, because most names of zones tell no more than the hour.
    """
    known = {key: str(value) if isinstance(value, bool) else value for key, value in profile.attributes.items()}
    known["placement"] = hints.placement
    known["hour"] = hour
    known.pop("timezone", None)
    if hints.device is not None:
        known["device"] = hints.device
    return known


def _lowest(own: object, asked: int | None) -> int | None:
    """Return the lower limit; the request cannot raise the profile's own."""
    if not isinstance(own, int | float):
        return asked
    return int(own) if asked is None else min(int(own), asked)


def _meant(meaning: Callable[[str], str | None], value: object) -> str | None:
    """Return the meaning of an attribute.

    One without meaning limits nothing, although the policy reads it as a word.
    """
    return meaning(value) if isinstance(value, str) else None
