"""The shelf: taking up a catalogue, damaged ones too."""

import asyncio
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from app.shelf import Shelf
from app.store.memory import MemoryLog
from assets.catalogue import Title
from assets.crop import Crop
from assets.provenance import Consent, Made, Provenance
from assets.revisions import Catalogue, Revisions
from tests.assets.builders import CROPS, an_artwork
from tests.builders import Clock, a_film, a_shelf, make_current

NOW = 1_790_000_000
ONE, TWO, THREE = a_film("one"), a_film("two"), a_film("three")
NEXT_ONE, NEXT_TWO = a_film("one", edition=1), a_film("two", edition=1)


@pytest.fixture(autouse=True)
def uncached() -> None:
    structlog.configure(cache_logger_on_first_use=False)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog(Clock())


async def put(log: MemoryLog, folder: Path, *titles: Title) -> Path:
    """Make these titles the catalogue and return its document."""
    return folder / "catalogues" / f"{await make_current(log, folder, titles)}.json"


def document(folder: Path, title: Title) -> Path:
    return folder / "titles" / f"{title.revision}.json"


def on(shelf: Shelf) -> dict[str, str]:
    return {shelved.title.id: shelved.revision for shelved in shelf}


@pytest.mark.parametrize("missing", [False, True])
async def test_a_damaged_title_keeps_its_last_good_version_and_stops_no_other(
    log: MemoryLog, tmp_path: Path, missing: bool
) -> None:
    shelf = await a_shelf(log, tmp_path, ONE, TWO)
    await put(log, tmp_path, NEXT_ONE, THREE, NEXT_TWO)
    whole = document(tmp_path, NEXT_TWO).read_bytes()
    for title in (NEXT_TWO, THREE):
        if missing:
            document(tmp_path, title).unlink()
        else:
            document(tmp_path, title).write_bytes(b"{}")

    with capture_logs() as logged:
        assert await shelf.refresh()
        for _ in range(3):
            assert not await shelf.refresh()
    assert on(shelf) == {"one": NEXT_ONE.revision, "two": TWO.revision}
    [line] = logged
    assert line["log_level"] == "error"
    assert line["reason"].startswith("Of title 'three' and of 1 more the last good version stays")
    assert line["reason"].endswith("again.")

    document(tmp_path, NEXT_TWO).write_bytes(whole)
    assert await shelf.refresh()
    assert on(shelf) == {"one": NEXT_ONE.revision, "two": NEXT_TWO.revision}

    await put(log, tmp_path, NEXT_ONE, NEXT_TWO)
    with capture_logs() as logged:
        assert await shelf.refresh()
        assert not await shelf.refresh()
    assert logged == []


async def test_of_a_damaged_catalogue_the_last_good_one_stays(log: MemoryLog, tmp_path: Path) -> None:
    shelf = await a_shelf(log, tmp_path, ONE, TWO)
    catalogue = await put(log, tmp_path, NEXT_ONE, TWO)
    whole = catalogue.read_bytes()
    catalogue.write_bytes(whole[:-1])

    with capture_logs() as logged:
        for _ in range(3):
            assert not await shelf.refresh()
    assert on(shelf) == {"one": ONE.revision, "two": TWO.revision}
    assert len(logged) == 1

    catalogue.write_bytes(whole)
    assert await shelf.refresh()
    assert on(shelf) == {"one": NEXT_ONE.revision, "two": TWO.revision}


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


def candidates(shelf: Shelf, title: str) -> list[str]:
    shelved = shelf.get(title)
    assert shelved
    return [each.id for each in shelved.eligible(now=NOW, locale=None, placement="row", maturity=None)]


async def test_a_barred_kind_is_no_candidate_until_the_bar_is_lifted(log: MemoryLog, tmp_path: Path) -> None:
    mixed, drawn = of_kinds("mixed", "drawn", "ai-generated"), of_kinds("drawn", "drawn")
    shelf = await a_shelf(log, tmp_path, mixed, drawn)
    assert candidates(shelf, "mixed") == ["drawn-one", "ai-generated-one"]
    await make_current(log, tmp_path, (mixed, drawn), ("ai-generated",))
    assert await shelf.refresh()
    assert candidates(shelf, "mixed") == ["drawn-one"]
    assert candidates(shelf, "drawn") == ["drawn-one"]
    await make_current(log, tmp_path, (mixed, drawn))
    assert await shelf.refresh()
    assert candidates(shelf, "mixed") == ["drawn-one", "ai-generated-one"]


async def test_a_bar_leaves_a_learners_prepared_actions_and_titles_that_it_does_not_concern(
    log: MemoryLog, tmp_path: Path
) -> None:
    mixed, drawn = of_kinds("mixed", "drawn", "ai-generated"), of_kinds("drawn", "drawn")
    shelf = await a_shelf(log, tmp_path, mixed, drawn)
    before = {shelved.title.id: shelved for shelved in shelf}
    await make_current(log, tmp_path, (mixed, drawn), ("ai-generated",))
    await shelf.refresh()
    after = {shelved.title.id: shelved for shelved in shelf}
    assert after["drawn"] is before["drawn"]
    assert after["mixed"] is not before["mixed"]
    assert all(after["mixed"].actions[id_] is action for id_, action in before["mixed"].actions.items())


async def test_the_last_good_version_of_a_damaged_title_comes_under_the_new_bars(
    log: MemoryLog, tmp_path: Path
) -> None:
    mixed = of_kinds("mixed", "drawn", "ai-generated")
    shelf = await a_shelf(log, tmp_path, mixed)
    edited = replace(mixed, name="Edited")
    await make_current(log, tmp_path, [edited], ("ai-generated",))
    document(tmp_path, edited).write_bytes(b"{}")
    assert await shelf.refresh()
    assert on(shelf) == {"mixed": mixed.revision}
    assert candidates(shelf, "mixed") == ["drawn-one"]
    assert not await shelf.showing(a_crop("mixed ai-generated").name(640, "webp"), NOW)


# ---------------------------------------------------------------- images


async def shown(shelf: Shelf, of: str, now: float = NOW) -> list[str]:
    """Return the ids of the artworks that a picture stands for."""
    return [artwork.id for artwork in await shelf.showing(a_crop(of).name(640, "webp"), now)]


async def test_a_picture_is_shown_as_long_as_any_artwork_that_has_it_may_be_seen(
    log: MemoryLog, tmp_path: Path
) -> None:
    consented, free = (
        replace(an_artwork(id_), provenance=Provenance(consent=consent), crops=(a_crop("same"),))
        for id_, consent in (("consented", Consent("Ada", NOW + 60)), ("free", None))
    )
    both = Title("both", "Both", default="free", artworks=(consented, free))
    shelf = await a_shelf(log, tmp_path, both)
    assert await shown(shelf, "same") == ["consented", "free"]
    assert await shown(shelf, "same", NOW + 60) == ["free"]
    gone = replace(both, artworks=(consented, replace(free, status="withdrawn")))
    await make_current(log, tmp_path, [gone])
    await shelf.refresh()
    assert await shown(shelf, "same", NOW + 59) == ["consented"]
    assert await shown(shelf, "same", NOW + 60) == []


async def test_a_picture_of_a_catalogue_that_was_not_taken_up_yet_is_found(log: MemoryLog, tmp_path: Path) -> None:
    shelf = await a_shelf(log, tmp_path, ONE)
    assert await shown(shelf, "mixed drawn") == []
    await make_current(log, tmp_path, [of_kinds("mixed", "drawn")])
    assert await shown(shelf, "mixed drawn") == ["drawn-one"]
    assert list(on(shelf)) == ["mixed"]


async def test_looking_for_unknown_pictures_reads_a_damaged_catalogue_once(
    log: MemoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = await a_shelf(log, tmp_path, ONE)
    await put(log, tmp_path, ONE, NEXT_TWO)
    document(tmp_path, NEXT_TWO).write_bytes(b"{}")
    reads: list[str] = []

    def counted(self: Revisions, name: str, read: object = Revisions.catalogue) -> Catalogue:
        reads.append(name)
        assert callable(read)
        found: Catalogue = read(self, name)
        return found

    monkeypatch.setattr(Revisions, "catalogue", counted)
    for _ in range(3):
        assert await shown(shelf, "nothing") == []
    assert len(reads) == 1


async def test_a_catalogue_is_read_once_however_many_ask(
    log: MemoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = await a_shelf(log, tmp_path, ONE)
    await put(log, tmp_path, NEXT_ONE)
    reads: list[str] = []

    def slowly(self: Revisions, name: str, read: object = Revisions.catalogue) -> Catalogue:
        reads.append(name)
        time.sleep(0.05)
        assert callable(read)
        found: Catalogue = read(self, name)
        return found

    monkeypatch.setattr(Revisions, "catalogue", slowly)
    assert sum(await asyncio.gather(*(shelf.refresh() for _ in range(4)))) == 1
    assert len(reads) == 1
    assert on(shelf) == {"one": NEXT_ONE.revision}
