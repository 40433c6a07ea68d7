"""What is kept about profiles, on their behalf and on request."""

from collections.abc import Mapping

import msgspec
from typing_extensions import TypedDict

from app.asked import ProfileBody
from app.identity import Identity
from app.records import encode
from app.store.protocol import Store
from app.viewers import Profile, decode_profile
from bandit.groups import Group, Groups

SCRUBBED = 1000
"""Records looked through in one transaction."""


class Known(TypedDict):
    """What is known of a profile.

    `taste` is learned: above 0 are the tags and genres that it likes more than things in general.
    """

    profile: str
    attributes: Mapping[str, bool | float | str]
    personalize: bool
    group: Group | None
    taste: Mapping[str, float]


class Profiles:
    def __init__(self, store: Store, identity: Identity, groups: Groups):
        self._store, self._identity, self._groups = store, identity, groups

    async def get(self, profile: str) -> Known:
        """Return what is known of the profile and what was learned; an unknown one is a new viewer."""
        pseudonym = self._identity.pseudonym(profile)
        body = await self._store.log.profile(pseudonym)
        known = decode_profile(body) if body else Profile()
        taste = await self._store.state.taste(pseudonym)
        return {
            "profile": profile,
            "attributes": known.attributes,
            "personalize": known.personalize,
            "group": self._groups.of(profile) if known.personalize else None,
            "taste": msgspec.json.decode(taste) if taste else {},
        }

    async def put(self, profile: str, body: ProfileBody) -> Known:
        record = Profile(dict(body.attributes), body.personalize)
        await self._store.log.put_profile(self._identity.pseudonym(profile), encode(record))
        return await self.get(profile)

    async def forget(self, profile: str) -> None:
        """Delete what is kept of the profile, and take it out of every decision in the log.

        What the weights have learned is not undone; a rebuild learns it again, without attributes and taste.
        """
        pseudonym = self._identity.pseudonym(profile)
        log = self._store.log
        await log.forget(pseudonym)
        end = (await log.head()).position
        seen = 0
        while seen < end and (last := await log.scrub(pseudonym, seen, SCRUBBED)) > seen:
            seen = last
        await log.forget(pseudonym)  # what the trainer learned of it meanwhile goes, too
