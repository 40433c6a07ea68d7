"""A clock set by hand, a small catalogue on a shelf, and decisions over it."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from app.catalogue.live import LiveCatalogue
from app.catalogue.setting import SETTING
from app.records import Decision, Reference, encode
from app.records import Kind as RecordKind
from app.store.protocol import Draft, Log
from assets.catalogue import Title
from assets.provenance import Made
from assets.revisions import Catalogue, Revisions
from bandit.types import Action, Context
from tests.assets.builders import an_artwork
from tests.memory import MemoryStore
from tests.memory.edits import MemoryEdits
from tests.memory.log import MemoryLog

T = TypeVar("T", bound=msgspec.Struct)
TAGS = ("moon", "rocket", "night", "crowd", "face", "sea")
_nonces: Iterator[bytes] = (number.to_bytes(8, "big") for number in count(1))


@dataclass(slots=True)
class Clock:
    """Milliseconds that pass when a test says so."""

    now: int = 1_000_000

    def __call__(self) -> int:
        return self.now


def a_film(name: str, artworks: int = 3, edition: int = 0) -> Title:
    """Return a title whose artworks differ in tags and features, and otherwise from edition to edition."""
    pictures = tuple(
        replace(
            an_artwork(f"{name}-{index}"),
            tags=tuple(dict.fromkeys((TAGS[index % 6], TAGS[(index + edition + len(name)) % 6]))),
            features={"warmth": index / artworks, "contrast": 0.5 + edition / 10},
        )
        for index in range(artworks)
    )
    return Title(name, name.title(), genres=("drama",), default=pictures[0].id, artworks=pictures)


def changed(struct: T, **changes: Any) -> T:
    return msgspec.structs.replace(struct, **changes)


async def make_current(log: Log, folder: Path, titles: Iterable[Title], barred: tuple[Made, ...] = ()) -> str:
    """Make these titles the whole catalogue, as any process may at any time, and return its name."""
    revisions = Revisions(folder)
    wanted = {title.id: revisions.put_title(title) for title in titles}
    name = revisions.put_catalogue(Catalogue(wanted, barred))
    before = await log.setting(SETTING)
    if before is None:
        await log.make_setting(SETTING, name.encode())
    else:
        assert await log.swap_setting(SETTING, before, name.encode())
    return name


async def a_shelf(log: Log, folder: Path, *titles: Title, earlier: tuple[Title, ...] = ()) -> LiveCatalogue:
    """Return a shelf on which `titles` stand; `earlier` revisions can be had by name."""
    revisions = Revisions(folder)
    for title in earlier:
        revisions.put_title(title)
    await make_current(log, folder, titles)
    live_catalogue = LiveCatalogue(log, revisions)
    await live_catalogue.refresh()
    return live_catalogue


def a_decision(title: Title, chosen: int = 0, **changes: Any) -> Decision:
    candidates = tuple(artwork.id for artwork in title.artworks)
    fair = tuple(1 / len(candidates) for _ in candidates)
    decision = Decision(next(_nonces), title.id, title.revision, candidates, chosen, fair, "personalized")
    return changed(decision, **changes)


def a_draft(decision: Decision | None = None, **changes: Any) -> Draft:
    decision = decision or a_decision(a_film("countdown"))
    draft = Draft(
        encode(decision), decision.nonce, decision.artwork, decision.group, deferred=False, pinned=decision.pinned
    )
    return changed(draft, **changes)


class VoidableLog(MemoryLog):
    """A log in memory to which voids can be written, as a store does whose commit came too late."""

    def void(self, decision: int) -> None:
        self.append(RecordKind.VOID, encode(Reference(decision)))

    def write_any(self, kind: int, body: bytes) -> int:
        """Write a record of a kind that this version may not have, and return its position."""
        return self.append(cast("RecordKind", kind), body).position


class VoidableStore(MemoryStore):
    def __init__(self, clock: Clock):
        super().__init__(clock)
        self.log: VoidableLog = VoidableLog(clock)
        self.edits = MemoryEdits(self.log, clock)


def some_actions(n: int, title: str = "countdown") -> list[Action]:
    return [
        Action(f"{title}/{index}", title, (TAGS[index % 6], TAGS[(index + 2) % 6]), {"warmth": index / n})
        for index in range(n)
    ]


def a_context(rng: random.Random) -> Context:
    """Return a viewer with words, a number and a taste."""
    return Context(
        {
            "country": rng.choice(["DE", "FR", "JP"]),
            "device": rng.choice(["tv", "phone"]),
            "age": float(rng.randrange(10, 80)),
        },
        {tag: round(rng.uniform(-2, 2), 3) for tag in rng.sample(TAGS, 2)},
    )
