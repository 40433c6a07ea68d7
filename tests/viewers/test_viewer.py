"""What the policy is told of a viewer."""

from app.store.protocol import Progress, TasteRow
from app.viewers.pseudonym import Identity
from app.viewers.viewer import Viewer, Viewers
from app.viewers.viewing import Viewing
from bandit.groups import Groups
from tests.builders import Clock
from tests.memory import MemoryStore

IDENTITY = Identity(b"k" * 32)


def some_viewers(store: MemoryStore) -> Viewers:
    return Viewers(store, IDENTITY, Groups(b"k" * 32, best_single=0.0, uniform=0.0))


async def a_viewer(viewers: Viewers, asked: Viewing) -> Viewer:
    return await viewers.with_taste(await viewers.of(asked, 0), 0)


async def learn(store: MemoryStore, values: bytes) -> None:
    token = await store.state.lead("one", 5_000)
    assert token is not None
    taste = {IDENTITY.pseudonym("ada"): TasteRow(b"", values)}
    await store.state.commit(token, Progress(1, b"base", taste, {}))


async def test_a_taste_is_one_object_as_long_as_it_is_the_same() -> None:
    """A learner remembers by it what it made of the viewer, for the next title of the same row."""
    store = MemoryStore(Clock())
    viewers, ada = some_viewers(store), Viewing(profile="ada")
    await learn(store, b'{"moon":1.5}')
    first, again = [(await a_viewer(viewers, ada)).context for _ in range(2)]
    assert first.taste == {"moon": 1.5}
    assert again.taste is first.taste
    await learn(store, b'{"moon":1.25}')
    assert (await a_viewer(viewers, ada)).context.taste == {"moon": 1.25}


async def test_all_of_whom_nothing_is_known_share_a_taste() -> None:
    viewers = some_viewers(MemoryStore(Clock()))
    known, nobody = [await a_viewer(viewers, Viewing(profile=profile)) for profile in ("ada", None)]
    assert known.context.taste == {}
    assert known.context.taste is nobody.context.taste


async def test_what_is_remembered_of_a_viewer_follows_its_profile() -> None:
    store, asked = MemoryStore(Clock()), Viewing(profile="ada", device="tv")
    viewers = some_viewers(store)
    before, other = [await viewers.of(Viewing(profile=who, device="tv"), 0) for who in ("ada", "bob")]
    other.context.attributes["device"] = "changed by a learner"  # type: ignore[index]
    await store.log.change_profile(IDENTITY.pseudonym("ada"), lambda _: b'{"attributes":{"age":30,"maturity":12}}')
    after = await viewers.of(asked, 0)
    assert dict(before.context.attributes) == {"placement": "row", "hour": "night", "device": "tv"}
    assert dict(after.context.attributes) == {**before.context.attributes, "age": 30, "maturity": 12}
    assert (before.maturity, after.maturity, before.known, after.known) == (None, 12, False, True)
