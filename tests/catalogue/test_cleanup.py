import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.catalogue import cleanup as tidying
from app.catalogue.cleanup import Tidier
from app.catalogue.setting import SETTING
from assets.catalogue import Title
from assets.importing.sweep import unnamed
from assets.provenance import Consent, Provenance
from assets.rendering.original_names import files_of
from assets.revisions import Catalogue, Revisions
from tests.assets.builders import CROPS, a_title, an_artwork, put
from tests.builders import Clock
from tests.memory import MemoryStore

DAY = 86_400
NOW = 1_800_000_000.0


class Place:
    """A data folder with its log, and a tidier for it."""

    def __init__(self, folder: Path):
        self.clock = Clock()
        self.log = MemoryStore(self.clock).log
        self.revisions = Revisions(folder / "catalogue")
        self.images = folder / "images"
        self.images.mkdir()
        self.originals = folder / "originals"
        self.catalogues = folder / "catalogue" / "catalogues"
        self.uploads = folder / "uploads"
        self.tidier = Tidier(
            self.log,
            self.revisions,
            images=self.images,
            originals=self.originals,
            uploads=self.uploads,
            retention_days=90,
            clock=self.trusted,
        )

    async def trusted(self) -> int:
        return int(time.time() * 1000)

    async def make_current(self, *titles: Title, days_ago: float) -> str:
        name = self.revisions.put_catalogue(
            Catalogue({title.id: self.revisions.put_title(title) for title in titles})
        )
        age(self.catalogues / f"{name}.json", days_ago)
        before = await self.log.setting(SETTING)
        assert await self.log.swap_setting(SETTING, before, name.encode())
        return name

    def original(self, name: str, days_ago: float) -> list[Path]:
        paths = [self.originals / each for each in files_of(name)]
        return [age(put(path, b"an original"), days_ago) for path in paths]

    def rendition(self, name: str, days_ago: float) -> Path:
        path = self.images / name
        path.write_bytes(b"a picture")
        return age(path, days_ago)


def age(path: Path, days: float) -> Path:
    os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_renditions_go_a_day_after_no_title_names_them(place: Place) -> None:
    await place.make_current(a_title(), days_ago=1)
    named = place.rendition(next(CROPS[0].names()), days_ago=30)
    fresh = place.rendition(f"{'ab' * 16}-320.avif", days_ago=0.5)
    old = place.rendition(f"{'cd' * 16}-320.avif", days_ago=2)

    await place.tidier.tidy(NOW)

    assert (named.exists(), fresh.exists(), old.exists()) == (True, True, False)


KEPT, GONE = "ab" * 16, "cd" * 16


def with_original(name: str, *, withdrawn: bool = False) -> Title:
    consent = Consent("Ada", withdrawn=True) if withdrawn else None
    return a_title(replace(an_artwork(), original=name, provenance=Provenance(consent=consent)))


async def test_originals_go_a_day_after_no_title_names_them(place: Place) -> None:
    await place.make_current(with_original(KEPT), days_ago=1)
    named, fresh, old = place.original(KEPT, 30), place.original("ef" * 16, 0.5), place.original(GONE, 2)
    work = place.originals / ".work-killed"
    work.mkdir()
    age(work, 2)

    await place.tidier.tidy(NOW)

    assert [path.exists() for path in (*named, *fresh, *old)] == [True] * 4 + [False] * 2
    assert not work.exists()


async def test_a_replaced_original_stays_for_a_day_after_it_was_replaced(place: Place) -> None:
    await place.make_current(with_original(GONE), days_ago=30)
    await place.make_current(with_original(KEPT), days_ago=0.5)
    [replaced, _] = place.original(GONE, 30)
    await place.tidier.tidy(NOW)
    assert replaced.exists()


async def test_an_original_that_an_edit_could_not_delete_goes_with_the_next_cleanup(place: Place) -> None:
    """A worker that is killed between the edit and the deletion leaves the original of a withdrawn consent."""
    await place.make_current(with_original(GONE), days_ago=0.1)
    await place.make_current(with_original(GONE, withdrawn=True), days_ago=0.01)
    left = place.original(GONE, 0.05)
    await place.tidier.tidy(NOW)
    assert [path.exists() for path in left] == [False, False]


async def test_an_original_of_two_artworks_goes_only_when_neither_has_its_consent(place: Place) -> None:
    other = replace(with_original(KEPT), id="other")
    await place.make_current(with_original(KEPT, withdrawn=True), other, days_ago=1)
    paths = place.original(KEPT, 30)
    await place.tidier.tidy(NOW)
    assert [path.exists() for path in paths] == [True, True]


@pytest.mark.parametrize(("replaced_days_ago", "stays"), [(0.5, True), (1.5, False)])
async def test_a_replaced_picture_stays_for_a_day_after_it_was_replaced(
    place: Place, replaced_days_ago: float, *, stays: bool
) -> None:
    replaced = replace(a_title().artworks[0], crops=(replace(CROPS[0], digest="ef" * 16),))
    await place.make_current(a_title(replaced), days_ago=30)
    await place.make_current(a_title(), days_ago=replaced_days_ago)
    rendition = place.rendition(f"{'ef' * 16}-320.avif", days_ago=30)

    await place.tidier.tidy(NOW)

    assert rendition.exists() == stays


async def test_a_catalogue_goes_when_it_was_replaced_before_the_log_s_retention(place: Place) -> None:
    titles = [replace(a_title(), name=name) for name in ("First", "Second", "Third")]
    names = [
        await place.make_current(title, days_ago=days) for title, days in zip(titles, (300, 100, 1), strict=True)
    ]

    await place.tidier.tidy(NOW)

    assert {path.stem for path in place.catalogues.iterdir()} == set(names[1:])


async def test_nothing_is_deleted_while_a_title_cannot_be_read(place: Place, tmp_path: Path) -> None:
    await place.make_current(a_title(), days_ago=1)
    [document] = (tmp_path / "catalogue" / "titles").iterdir()
    document.write_bytes(b"{}")
    named = place.rendition(next(CROPS[0].names()), days_ago=30)

    await place.tidier.tidy(NOW)

    assert named.exists()


async def test_without_a_catalogue_there_is_nothing_to_tidy(place: Place) -> None:
    alone = place.rendition(f"{'cd' * 16}-320.avif", days_ago=2)
    await place.tidier.tidy(NOW)
    assert alone.exists()


async def test_a_record_of_a_clock_that_was_ahead_makes_nothing_old(place: Place) -> None:
    place.clock.now = int((time.time() + 365 * DAY) * 1000)
    await place.log.tick(0)
    assert (await place.log.head()).stamp == place.clock.now
    assert await place.tidier.now() <= time.time()


async def test_without_a_record_of_today_the_log_says_how_late_it_is(place: Place) -> None:
    await place.log.tick(0)
    assert await place.tidier.now() == place.clock.now / 1000


async def test_what_becomes_current_while_it_is_searched_keeps_its_pictures(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = await place.make_current(days_ago=2)
    named = place.rendition(next(CROPS[0].names()), days_ago=30)
    old = place.rendition(f"{'cd' * 16}-320.avif", days_ago=2)
    loop = asyncio.get_running_loop()
    changes = [lambda: place.make_current(a_title(), days_ago=0)]

    def searched(images: Path, titles: Sequence[Title], older_than: float) -> list[Path]:
        found = unnamed(images, titles, older_than)
        if changes:
            asyncio.run_coroutine_threadsafe(changes.pop()(), loop).result()
        return found

    monkeypatch.setattr(tidying, "unnamed", searched)
    await place.tidier.tidy(NOW)

    assert (named.exists(), old.exists()) == (True, False)
    assert (place.catalogues / f"{empty}.json").exists()


async def test_uploads_that_never_ended_go_at_the_start_and_every_hour(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "EVERY_SECONDS", 0)
    place.uploads.mkdir()
    young = place.uploads / "young"
    young.write_bytes(b"coming in")
    running = asyncio.create_task(place.tidier.run())
    for name in ("first", "second"):
        left = place.uploads / name
        left.write_bytes(b"left")
        os.utime(left, (time.time() - tidying.ABANDONED_SECONDS - 60,) * 2)
        async with asyncio.timeout(60):
            while [path.name for path in place.uploads.iterdir()] != ["young"]:  # noqa: ASYNC110  it sets no event
                await asyncio.sleep(0)
    running.cancel()
