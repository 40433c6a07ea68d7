import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.shelf import SETTING
from app.store.memory import MemoryStore
from app.tidying import Tidier
from assets.catalogue import Title
from assets.revisions import Catalogue, Revisions
from tests.assets.builders import CROPS, a_title
from tests.builders import Clock

DAY = 86_400
NOW = 1_800_000_000.0


class Place:
    """A data folder with its log, and a tidier for it."""

    def __init__(self, folder: Path):
        self.log = MemoryStore(Clock()).log
        self.revisions = Revisions(folder / "catalogue")
        self.images = folder / "images"
        self.images.mkdir()
        self.catalogues = folder / "catalogue" / "catalogues"
        self.tidier = Tidier(self.log, self.revisions, self.images, retention_days=90)

    async def make_current(self, *titles: Title, days_ago: float) -> str:
        name = self.revisions.put_catalogue(
            Catalogue({title.id: self.revisions.put_title(title) for title in titles})
        )
        age(self.catalogues / f"{name}.json", days_ago)
        before = await self.log.setting(SETTING)
        assert await self.log.swap_setting(SETTING, before, name.encode())
        return name

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
