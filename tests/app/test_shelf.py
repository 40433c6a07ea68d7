"""The shelf: taking up a catalogue, damaged ones too."""

import asyncio
import time
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from app.shelf import SETTING, Shelf
from app.store.memory import MemoryLog
from assets.catalogue import Title
from assets.revisions import Revisions
from tests.builders import Clock, a_film, a_shelf

ONE, TWO, THREE = a_film("one"), a_film("two"), a_film("three")
NEXT_ONE, NEXT_TWO = a_film("one", edition=1), a_film("two", edition=1)


@pytest.fixture(autouse=True)
def uncached() -> None:
    structlog.configure(cache_logger_on_first_use=False)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog(Clock())


async def make_current(log: MemoryLog, folder: Path, *titles: Title) -> Path:
    """Make these titles the catalogue and return its document."""
    revisions = Revisions(folder)
    name = revisions.put_catalogue({title.id: revisions.put_title(title) for title in titles})
    assert await log.swap_setting(SETTING, await log.setting(SETTING), name.encode())
    return folder / "catalogues" / f"{name}.json"


def document(folder: Path, title: Title) -> Path:
    return folder / "titles" / f"{title.revision}.json"


def on(shelf: Shelf) -> dict[str, str]:
    return {shelved.title.id: shelved.revision for shelved in shelf}


@pytest.mark.parametrize("missing", [False, True])
async def test_a_damaged_title_keeps_its_last_good_version_and_stops_no_other(
    log: MemoryLog, tmp_path: Path, missing: bool
) -> None:
    shelf = await a_shelf(log, tmp_path, ONE, TWO)
    await make_current(log, tmp_path, NEXT_ONE, THREE, NEXT_TWO)
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

    await make_current(log, tmp_path, NEXT_ONE, NEXT_TWO)
    with capture_logs() as logged:
        assert await shelf.refresh()
        assert not await shelf.refresh()
    assert logged == []


async def test_of_a_damaged_catalogue_the_last_good_one_stays(log: MemoryLog, tmp_path: Path) -> None:
    shelf = await a_shelf(log, tmp_path, ONE, TWO)
    catalogue = await make_current(log, tmp_path, NEXT_ONE, TWO)
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


async def test_a_catalogue_is_read_once_however_many_ask(
    log: MemoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = await a_shelf(log, tmp_path, ONE)
    await make_current(log, tmp_path, NEXT_ONE)
    reads: list[str] = []

    def slowly(self: Revisions, name: str, read: object = Revisions.catalogue) -> dict[str, str]:
        reads.append(name)
        time.sleep(0.05)
        assert callable(read)
        found: dict[str, str] = read(self, name)
        return found

    monkeypatch.setattr(Revisions, "catalogue", slowly)
    assert sum(await asyncio.gather(*(shelf.refresh() for _ in range(4)))) == 1
    assert len(reads) == 1
    assert on(shelf) == {"one": NEXT_ONE.revision}
