"""The stored data of profiles: read, changed and deleted on request."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import msgspec
from typing_extensions import TypedDict

from app.fields import MOST_ATTRIBUTES
from app.records import encode
from app.refusals import Invalid
from app.store.protocol import Store
from app.viewers.erasure import erase
from app.viewers.pseudonym import Identity
from app.viewers.viewer import Profile, decode_profile
from bandit.groups import Group, Groups

Value = bool | float | str


class ProfileChange(NamedTuple):
    """A change of a profile. Attributes that it does not name stay as they are."""

    attributes: Mapping[str, Value | None]
    """Values to set; None removes an attribute."""
    personalize: bool | None = None
    audit: Mapping[str, Value | None] = {}
    """Audit attributes to set; None removes one."""


class Known(TypedDict):
    """The data of a profile.

    `taste` is learned. A tag or genre above 0 is one that the profile likes more than average. `audit` is recorded
    with the profile's decisions and has no influence on any.
    """

    profile: str
    attributes: Mapping[str, Value]
    personalize: bool
    group: Group | None
    taste: Mapping[str, float]
    audit: Mapping[str, Value]


class Profiles:
    def __init__(self, store: Store, identity: Identity, groups: Groups):
        self._store, self._identity, self._groups = store, identity, groups

    def regroup(self, groups: Groups) -> None:
        """Assign profiles to groups by other shares from now on."""
        self._groups = groups

    async def get(self, profile: str) -> Known:
        pseudonym = self._identity.pseudonym(profile)
        body = await self._store.log.profile(pseudonym)
        known = decode_profile(body) if body else Profile()
        found = await self._store.state.taste_since(pseudonym)
        return {
            "profile": profile,
            "attributes": known.attributes,
            "personalize": known.personalize,
            "group": self._groups.of(profile) if known.personalize else None,
            "taste": msgspec.json.decode(found[0]) if found else {},
            "audit": known.audit,
        }

    def is_personalized(self, profile: str) -> bool:
        """Whether the hash of a profile puts it in no control group; its stored choice is not read."""
        return self._groups.of(profile) == "personalized"

    async def change(self, profile: str, change: ProfileChange) -> Known:
        await self._store.log.change_profile(self._identity.pseudonym(profile), partial(_merged, change))
        return await self.get(profile)

    async def forget(self, profile: str) -> None:
        """Delete a profile's data, and take it out of every decision in the log.

        The trainer learns the weights again from the remaining records.
        """
        await erase(self._store.log, self._identity.pseudonym(profile))


def _merged(change: ProfileChange, stored: bytes | None) -> bytes:
    known = decode_profile(stored) if stored else Profile()
    attributes = _changed("attributes", known.attributes, change.attributes)
    audit = _changed("audit", known.audit, change.audit)
    if both := sorted(attributes.keys() & audit.keys()):
        reason = (
            f"The profile would have {both[0]!r} as an attribute and as an audit attribute, so the policy would "
            "see what it must not see; remove it from one of them with null"
        )
        raise Invalid.field("audit", reason)
    personalize = known.personalize if change.personalize is None else change.personalize
    return encode(Profile(attributes, personalize, audit))


def _changed(field: str, known: Mapping[str, Value], change: Mapping[str, Value | None]) -> dict[str, Value]:
    """Return the attributes in a field after the change; refuse too many."""
    kept = {key: value for key, value in {**known, **change}.items() if value is not None}
    if len(kept) > MOST_ATTRIBUTES:
        what = "attributes" if field == "attributes" else "audit attributes"
        reason = (
            f"The profile would have {len(kept)} {what}; keep at most {MOST_ATTRIBUTES}, and "
            "remove others with null"
        )
        raise Invalid.field(field, reason)
    return kept
