"""The shelf: taking up a catalogue, damaged ones too."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from app.catalogue.image_index import LINGERING, ImageIndex
from app.catalogue.live import LiveCatalogue
from app.refusals import Unavailable
from assets.catalogue import Title
from assets.crop import Crop
from assets.provenance import Consent, Made, Provenance
from assets.revisions import Revisions
from tests.assets.builders import CROPS, an_artwork
from tests.builders import Clock, a_film, a_shelf, make_current
from tests.memory.log import MemoryLog

NOW = 1_790_000_000
ONE, TWO, THREE = a_film("one"), a_film("two"), a_film("three")
NEXT_ONE, NEXT_TWO = a_film("one", edition=1), a_film("two", edition=1)


@pytest.fixture(autouse=True)
def uncached() -> None:
    structlog.configure(cache_logger_on_first_use=False)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW * 1000)


@pytest.fixture
def log(clock: Clock) -> MemoryLog:
    return MemoryLog(clock)


async def stocked(log: MemoryLog, folder: Path, clock: Clock, *titles: Title) -> LiveCatalogue:
    """Return a shelf that goes by this clock."""
    await make_current(log, folder, titles)
    live_catalogue = LiveCatalogue(log, Revisions(folder), clock)
    await live_catalogue.refresh()
    return live_catalogue


class Reads:
    """The names of what was read, by kind; while `watched` is called, nothing goes on reading."""

    def __init__(self, patch: pytest.MonkeyPatch, watched: Callable[[], object] = lambda: None):
        self.titles, self.catalogues = list[str](), list[str]()
        for name, noted in (("title", self.titles), ("catalogue", self.catalogues)):
            read = getattr(Revisions, name)

            def counted(
                self: Revisions, name: str, read: Callable[..., object] = read, noted: list[str] = noted
            ) -> object:
                noted.append(name)
                watched()
                return read(self, name)

            patch.setattr(Revisions, name, counted)


async def put(log: MemoryLog, folder: Path, *titles: Title) -> Path:
    """Make these titles the catalogue and return its document."""
    return folder / "catalogues" / f"{await make_current(log, folder, titles)}.json"


def document(folder: Path, title: Title) -> Path:
    return folder / "titles" / f"{title.revision}.json"


def on(live_catalogue: LiveCatalogue) -> dict[str, str]:
    return {live_title.title.id: live_title.revision for live_title in live_catalogue}


@pytest.mark.parametrize("missing", [False, True])
async def test_a_damaged_title_keeps_its_last_good_version_and_stops_no_other(
    log: MemoryLog, clock: Clock, tmp_path: Path, missing: bool
) -> None:
    live_catalogue = await stocked(log, tmp_path, clock, ONE, TWO)
    await put(log, tmp_path, NEXT_ONE, THREE, NEXT_TWO)
    whole = document(tmp_path, NEXT_TWO).read_bytes()
    for title in (NEXT_TWO, THREE):
        if missing:
            document(tmp_path, title).unlink()
        else:
            document(tmp_path, title).write_bytes(b"{}")

    with capture_logs() as logged:
        assert await live_catalogue.refresh()
        for _ in range(3):
            clock.now += 60_000
            assert not await live_catalogue.refresh()
    assert on(live_catalogue) == {"one": NEXT_ONE.revision, "two": TWO.revision}
    [line] = logged
    assert line["log_level"] == "error"
    assert line["reason"].startswith("The service keeps the last good version of title 'three' and of 1 more")
    assert line["reason"].endswith("again.")

    document(tmp_path, NEXT_TWO).write_bytes(whole)
    clock.now += 60_000
    assert await live_catalogue.refresh()
    assert on(live_catalogue) == {"one": NEXT_ONE.revision, "two": NEXT_TWO.revision}

    await put(log, tmp_path, NEXT_ONE, NEXT_TWO)
    with capture_logs() as logged:
        assert await live_catalogue.refresh()
        assert not await live_catalogue.refresh()
    assert logged == []


async def test_of_a_damaged_catalogue_the_last_good_one_stays(
    log: MemoryLog, clock: Clock, tmp_path: Path
) -> None:
    live_catalogue = await stocked(log, tmp_path, clock, ONE, TWO)
    catalogue = await put(log, tmp_path, NEXT_ONE, TWO)
    whole = catalogue.read_bytes()
    catalogue.write_bytes(whole[:-1])

    with capture_logs() as logged:
        for _ in range(3):
            clock.now += 1000
            assert not await live_catalogue.refresh()
    assert on(live_catalogue) == {"one": ONE.revision, "two": TWO.revision}
    assert len(logged) == 1
    live_catalogue.demand_catalogue()

    catalogue.write_bytes(whole)
    assert not await live_catalogue.refresh()
    clock.now += 1000
    assert await live_catalogue.refresh()
    assert on(live_catalogue) == {"one": NEXT_ONE.revision, "two": TWO.revision}


async def test_of_unreadable_titles_alone_ever_more_rarely_another_reading_is_tried(
    log: MemoryLog, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_current(log, tmp_path, [ONE, TWO, THREE])
    whole = document(tmp_path, TWO).read_bytes()
    for title in (TWO, THREE):
        document(tmp_path, title).write_bytes(b"{}")
    live_catalogue = LiveCatalogue(log, Revisions(tmp_path), clock)
    assert await live_catalogue.refresh()
    reads = Reads(monkeypatch)
    tried: list[int] = []
    for second in range(400):
        await live_catalogue.refresh()
        if reads.titles:
            assert sorted(reads.titles) == sorted([TWO.revision, THREE.revision])
            tried.append(second)
            reads.titles.clear()
        clock.now += 1000
    assert [later - earlier for earlier, later in pairwise([0, *tried])] == [
        1,
        2,
        4,
        8,
        16,
        32,
        60,
        60,
        60,
        60,
        60,
    ]
    assert reads.catalogues == []

    document(tmp_path, TWO).write_bytes(whole)
    clock.now += 60_000
    assert await live_catalogue.refresh()
    assert list(on(live_catalogue)) == ["one", "two"]
    assert reads.titles == [THREE.revision, TWO.revision]
    clock.now += 1000
    assert not await live_catalogue.refresh()
    assert reads.titles == [THREE.revision, TWO.revision, THREE.revision]


async def test_pictures_are_put_in_order_anew_only_when_a_title_changed(
    log: MemoryLog, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_current(log, tmp_path, [ONE, TWO])
    whole = document(tmp_path, TWO).read_bytes()
    document(tmp_path, TWO).write_bytes(b"{}")
    live_catalogue = LiveCatalogue(log, Revisions(tmp_path), clock)
    await live_catalogue.refresh()
    orders: list[list[str]] = []
    followed = ImageIndex.followed

    def noted(self: ImageIndex, before: dict[str, Title], after: dict[str, Title], now: float) -> ImageIndex:
        orders.append(list(after))
        return followed(self, before, after, now)

    monkeypatch.setattr(ImageIndex, "followed", noted)
    for _ in range(3):
        clock.now += 60_000
        await live_catalogue.refresh()
    assert orders == []
    document(tmp_path, TWO).write_bytes(whole)
    clock.now += 60_000
    await live_catalogue.refresh()
    assert orders == [["one", "two"]]


async def test_a_clock_that_is_set_back_ends_the_wait(log: MemoryLog, clock: Clock, tmp_path: Path) -> None:
    await make_current(log, tmp_path, [ONE])
    whole = document(tmp_path, ONE).read_bytes()
    document(tmp_path, ONE).write_bytes(b"{}")
    live_catalogue = LiveCatalogue(log, Revisions(tmp_path), clock)
    await live_catalogue.refresh()
    document(tmp_path, ONE).write_bytes(whole)
    clock.now -= 3_600_000
    assert await live_catalogue.refresh()


async def test_a_shelf_whose_store_names_a_catalogue_that_was_never_read_says_so(
    log: MemoryLog, clock: Clock, tmp_path: Path
) -> None:
    live_catalogue = LiveCatalogue(log, Revisions(tmp_path), clock)
    await live_catalogue.refresh()
    live_catalogue.demand_catalogue()
    catalogue = await put(log, tmp_path, ONE)
    whole = catalogue.read_bytes()
    catalogue.unlink()
    await live_catalogue.refresh()
    with pytest.raises(Unavailable):
        live_catalogue.demand_catalogue()
    catalogue.write_bytes(whole)
    clock.now += 1000
    await live_catalogue.refresh()
    live_catalogue.demand_catalogue()


# ---------------------------------------------------------------- bars


def of_kinds(name: str, *kinds: Made) -> Title:
    """Return a title with an artwork of each kind, on which no other title's pictures stand."""
    artworks = tuple(
        replace(an_artwork(f"{kind}-one"), provenance=Provenance(kind), crops=(a_crop(f"{name} {kind}"),))
        for kind in kinds
    )
    return Title(name, name.title(), default=artworks[0].id, artworks=artworks)


def a_crop(of: str) -> Crop:
    return replace(CROPS[0], digest=sha256(of.encode()).hexdigest()[:32])


def candidates(live_catalogue: LiveCatalogue, title: str) -> list[str]:
    live_title = live_catalogue.get(title)
    assert live_title
    return [each.id for each in live_title.eligible(now=NOW, locale=None, placement="row", maturity=None)]


async def test_a_barred_kind_is_no_candidate_until_the_bar_is_lifted(log: MemoryLog, tmp_path: Path) -> None:
    mixed, drawn = of_kinds("mixed", "drawn", "ai-generated"), of_kinds("drawn", "drawn")
    live_catalogue = await a_shelf(log, tmp_path, mixed, drawn)
    assert candidates(live_catalogue, "mixed") == ["drawn-one", "ai-generated-one"]
    await make_current(log, tmp_path, (mixed, drawn), ("ai-generated",))
    assert await live_catalogue.refresh()
    assert candidates(live_catalogue, "mixed") == ["drawn-one"]
    assert candidates(live_catalogue, "drawn") == ["drawn-one"]
    await make_current(log, tmp_path, (mixed, drawn))
    assert await live_catalogue.refresh()
    assert candidates(live_catalogue, "mixed") == ["drawn-one", "ai-generated-one"]


async def test_a_bar_leaves_a_learners_prepared_actions_and_titles_that_it_does_not_concern(
    log: MemoryLog, tmp_path: Path
) -> None:
    mixed, drawn = of_kinds("mixed", "drawn", "ai-generated"), of_kinds("drawn", "drawn")
    live_catalogue = await a_shelf(log, tmp_path, mixed, drawn)
    before = {live_title.title.id: live_title for live_title in live_catalogue}
    await make_current(log, tmp_path, (mixed, drawn), ("ai-generated",))
    await live_catalogue.refresh()
    after = {live_title.title.id: live_title for live_title in live_catalogue}
    assert after["drawn"] is before["drawn"]
    assert after["mixed"] is not before["mixed"]
    assert all(after["mixed"].actions[id_] is action for id_, action in before["mixed"].actions.items())


async def test_the_last_good_version_of_a_damaged_title_comes_under_the_new_bars(
    log: MemoryLog, tmp_path: Path
) -> None:
    mixed = of_kinds("mixed", "drawn", "ai-generated")
    live_catalogue = await a_shelf(log, tmp_path, mixed)
    edited = replace(mixed, name="Edited")
    await make_current(log, tmp_path, [edited], ("ai-generated",))
    document(tmp_path, edited).write_bytes(b"{}")
    assert await live_catalogue.refresh()
    assert on(live_catalogue) == {"mixed": mixed.revision}
    assert candidates(live_catalogue, "mixed") == ["drawn-one"]
    assert not await live_catalogue.showing(a_crop("mixed ai-generated").name(640, "webp"), NOW)


# ---------------------------------------------------------------- images


async def shown(live_catalogue: LiveCatalogue, of: str, now: float = NOW) -> list[str]:
    """Return the ids of the artworks that a picture stands for."""
    return [each.artwork.id for each in await live_catalogue.showing(a_crop(of).name(640, "webp"), now)]


async def test_a_picture_is_shown_as_long_as_any_artwork_that_has_it_may_be_seen(
    log: MemoryLog, tmp_path: Path
) -> None:
    consented, free = (
        replace(an_artwork(id_), provenance=Provenance(consent=consent), crops=(a_crop("same"),))
        for id_, consent in (("consented", Consent("Ada", NOW + 60)), ("free", None))
    )
    both = Title("both", "Both", default="free", artworks=(consented, free))
    live_catalogue = await a_shelf(log, tmp_path, both)
    assert await shown(live_catalogue, "same") == ["consented", "free"]
    assert await shown(live_catalogue, "same", NOW + 60) == ["free"]
    gone = replace(both, artworks=(consented, replace(free, status="withdrawn")))
    await make_current(log, tmp_path, [gone])
    await live_catalogue.refresh()
    assert await shown(live_catalogue, "same", NOW + 59) == ["consented"]
    assert await shown(live_catalogue, "same", NOW + 60) == []


async def test_a_picture_of_a_catalogue_that_was_not_taken_up_yet_is_found(log: MemoryLog, tmp_path: Path) -> None:
    live_catalogue = await a_shelf(log, tmp_path, ONE)
    assert await shown(live_catalogue, "mixed drawn") == []
    await make_current(log, tmp_path, [of_kinds("mixed", "drawn")])
    assert await shown(live_catalogue, "mixed drawn") == ["drawn-one"]
    assert list(on(live_catalogue)) == ["mixed"]


async def test_looking_for_unknown_pictures_reads_a_damaged_catalogue_once(
    log: MemoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_catalogue = await a_shelf(log, tmp_path, ONE)
    await put(log, tmp_path, ONE, NEXT_TWO)
    document(tmp_path, NEXT_TWO).write_bytes(b"{}")
    reads = Reads(monkeypatch)
    for _ in range(3):
        assert await shown(live_catalogue, "nothing") == []
    assert len(reads.catalogues) == 1


async def test_a_catalogue_is_read_once_however_many_ask(
    log: MemoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_catalogue = await a_shelf(log, tmp_path, ONE)
    await put(log, tmp_path, NEXT_ONE)
    reading, all_ask = threading.Event(), threading.Event()

    def held() -> None:
        reading.set()
        assert all_ask.wait(30)

    reads = Reads(monkeypatch, held)
    asking = [asyncio.create_task(live_catalogue.refresh()) for _ in range(4)]
    assert await asyncio.to_thread(reading.wait, 30)
    all_ask.set()
    assert sum(await asyncio.gather(*asking)) == 1
    assert len(reads.catalogues) == 1
    assert on(live_catalogue) == {"one": NEXT_ONE.revision}


# ---------------------------------------------------------------- replaced pictures


def showing_one(picture: str, **changes: Any) -> Title:
    """Return a title with one artwork, which has a picture."""
    one = replace(an_artwork("one"), crops=(a_crop(picture),), **changes)
    return Title("film", "Film", default="one", artworks=(one,))


ANOTHER = of_kinds("another", "drawn")


@pytest.fixture
async def replaced(log: MemoryLog, clock: Clock, tmp_path: Path) -> LiveCatalogue:
    """A shelf whose one artwork had another picture before."""
    live_catalogue = await stocked(log, tmp_path, clock, showing_one("old"))
    await make_current(log, tmp_path, [showing_one("new")])
    await live_catalogue.refresh()
    return live_catalogue


async def test_a_replaced_picture_is_shown_for_another_day(replaced: LiveCatalogue) -> None:
    assert await shown(replaced, "new", NOW + LINGERING) == ["one"]
    assert await shown(replaced, "old", NOW + LINGERING - 1) == ["one"]
    assert await shown(replaced, "old", NOW + LINGERING) == []
    assert not await replaced.showing(a_crop("old").name(641, "webp"), NOW)
    [showing] = await replaced.showing(a_crop("old").name(640, "webp"), NOW)
    assert showing.artwork.crops == (a_crop("old"),)
    assert showing.until == NOW + LINGERING


@pytest.mark.parametrize(
    ("later", "barred"),
    [
        ([showing_one("new", status="withdrawn")], ()),
        ([showing_one("new", provenance=Provenance(consent=Consent("Ada", withdrawn=True)))], ()),
        ([showing_one("new", provenance=Provenance(consent=Consent("Ada", NOW)))], ()),
        ([showing_one("new", provenance=Provenance("drawn"))], ("drawn",)),
        ([showing_one("new")], ("undeclared",)),
        ([replace(showing_one("new"), id="other")], ()),
        ([replace(showing_one("new"), default=None, artworks=())], ()),
        ([ANOTHER], ()),
    ],
    ids=["withdrawn", "consent withdrawn", "consent over", "barred", "was barred", "moved", "deleted", "no title"],
)
async def test_what_takes_an_artwork_away_takes_the_pictures_that_it_had(
    log: MemoryLog, tmp_path: Path, replaced: LiveCatalogue, later: list[Title], barred: tuple[Made, ...]
) -> None:
    await make_current(log, tmp_path, later, barred)
    await replaced.refresh()
    assert await shown(replaced, "old") == []
    await make_current(log, tmp_path, [showing_one("new"), ANOTHER])
    await replaced.refresh()
    assert await shown(replaced, "old") == ["one"]


@pytest.mark.parametrize(
    "before",
    [
        {"status": "withdrawn"},
        {"provenance": Provenance(consent=Consent("Ada", withdrawn=True))},
        {"provenance": Provenance(consent=Consent("Ada", NOW))},
    ],
    ids=["withdrawn", "consent withdrawn", "consent over"],
)
async def test_a_picture_that_was_gone_when_it_was_replaced_does_not_come_back(
    log: MemoryLog, clock: Clock, tmp_path: Path, before: dict[str, Any]
) -> None:
    live_catalogue = await stocked(log, tmp_path, clock, showing_one("old", **before))
    await make_current(log, tmp_path, [showing_one("new")])
    await live_catalogue.refresh()
    assert await shown(live_catalogue, "old") == []


async def test_the_picture_of_a_deleted_artwork_does_not_come_back_with_another_of_its_name(
    log: MemoryLog, clock: Clock, tmp_path: Path
) -> None:
    live_catalogue = await stocked(log, tmp_path, clock, showing_one("old"))
    for titles in ([ANOTHER], [showing_one("new")]):
        await make_current(log, tmp_path, titles)
        await live_catalogue.refresh()
    assert await shown(live_catalogue, "old") == []


async def test_a_replaced_picture_ends_with_the_first_consent_that_it_needs(
    log: MemoryLog, clock: Clock, tmp_path: Path
) -> None:
    for old, new, end in ((60, 90, 60), (90, 60, 60), (None, 90, 90), (90, None, 90)):
        picture = f"old {old} {new}"
        film = showing_one(picture, provenance=Provenance(consent=Consent("Ada", NOW + old) if old else None))
        live_catalogue = await stocked(log, tmp_path, clock, film)
        consent = Consent("Ada", NOW + new) if new else None
        await make_current(log, tmp_path, [showing_one("new", provenance=Provenance(consent=consent))])
        await live_catalogue.refresh()
        [showing] = await live_catalogue.showing(a_crop(picture).name(640, "webp"), NOW)
        assert showing.until == NOW + end
        assert await shown(live_catalogue, picture, NOW + end) == []


async def test_a_replaced_picture_that_another_artwork_has_is_that_ones_alone(
    log: MemoryLog, clock: Clock, tmp_path: Path
) -> None:
    other = replace(showing_one("old", provenance=Provenance(consent=Consent("Ada", NOW + 60))), id="other")
    live_catalogue = await stocked(log, tmp_path, clock, showing_one("old"), other)
    await make_current(log, tmp_path, [showing_one("new"), other])
    await live_catalogue.refresh()
    assert await shown(live_catalogue, "old") == ["one"]
    assert await shown(live_catalogue, "old", NOW + 60) == []
    await make_current(log, tmp_path, [showing_one("new")])
    await live_catalogue.refresh()
    assert await shown(live_catalogue, "old") == []


async def test_a_picture_that_came_back_is_current_again(
    log: MemoryLog, clock: Clock, tmp_path: Path, replaced: LiveCatalogue
) -> None:
    for picture in ("old", "new"):
        clock.now += 1000
        await make_current(log, tmp_path, [showing_one(picture)])
        await replaced.refresh()
        [showing] = await replaced.showing(a_crop(picture).name(640, "webp"), NOW)
        assert showing.until is None
    assert await shown(replaced, "old", NOW + LINGERING + 1) == ["one"]
    assert await shown(replaced, "old", NOW + LINGERING + 2) == []


async def test_of_too_many_replaced_pictures_the_oldest_are_forgotten(
    log: MemoryLog, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.catalogue.image_index.MOST_REPLACED", 2)
    live_catalogue = await stocked(log, tmp_path, clock, showing_one("0"))
    for picture in ("1", "0", "2", "3"):
        await make_current(log, tmp_path, [showing_one(picture)])
        await live_catalogue.refresh()
    assert [await shown(live_catalogue, picture) for picture in "0123"] == [["one"], [], ["one"], ["one"]]
