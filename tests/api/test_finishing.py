"""Large crops after a correction: small widths first, the others soon after, whoever is killed in between."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.catalogue.permits import Permits
from app.catalogue.rendering import AT_ONCE
from app.data_folder import DataFolder
from assets.artwork import Artwork
from assets.crop import Crop
from tests.api.service import EDITOR, Catalogue, Service, serving
from tests.api.test_originals import patch, upload
from tests.assets.builders import a_picture, encoded

LARGE = encoded(a_picture((1600, 1200), "purple"))
"""Its crop for 16:9 is 1600 pixels wide, and the others at most 1200, which are made whole at once."""
QUICK, WHOLE = [320, 640], [320, 640, 1280, 1600]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  nothing tells when another task is done
            await asyncio.sleep(0.02)


def finished(service: Service, artwork: str = "new") -> bool:
    return not service.artwork(artwork).unfinished


def widths(artwork: dict[str, Any]) -> list[int]:
    return [int(each.split()[-1].rstrip("w")) for each in artwork["image"]["srcset"].split(",")]


async def edits(service: Service) -> list[Any]:
    found: list[Any] = (await service.http.get("/edits", headers=EDITOR)).json()["edits"]
    return found


async def test_a_correction_shows_small_widths_first_and_ends_as_an_upload_would(service: Service) -> None:
    await upload(service, LARGE)
    before = await edits(service)
    quick = (await patch(service, focus=[0.5, 0.9]))["new"]
    assert widths(quick) == QUICK
    assert (await service.http.get(quick["image"]["url"])).status_code == 200

    await until(lambda: finished(service))
    assert list(service.artwork("new").crops[0].widths) == WHOLE
    assert (await service.http.get(quick["image"]["url"])).status_code == 200, "Open pages name it."
    await upload(service, LARGE, artwork="told", focus="0.5,0.9")
    after, told = service.artwork("new"), service.artwork("told")
    assert (after.crops, after.recipe, after.features) == (told.crops, told.recipe, told.features)
    assert [each["operation"] for each in await edits(service)][: -len(before)] == ["upload", "change artwork"]


async def test_a_crop_that_does_not_move_and_small_ones_are_whole_at_once(service: Service) -> None:
    await upload(service, LARGE)
    before = service.artwork("new")
    await patch(service, crops={"1:1": [0.0, 0.0, 0.75, 1.0]})
    after = service.artwork("new")
    assert not any(crop.unfinished for crop in after.crops)
    assert [old == new for old, new in zip(before.crops, after.crops, strict=True)] == [True, True, False]


async def test_a_correction_before_the_last_is_finished_is_the_one_that_ends(service: Service) -> None:
    await upload(service, LARGE)
    before = service.artwork("new")
    await patch(service, focus=[0.5, 0.9])
    await patch(service, focus=None)
    assert service.artwork("new").unfinished, "An unfinished crop is not taken for one that is made already."
    await until(lambda: finished(service))
    assert service.artwork("new") == before


async def test_one_permit_stays_for_editors_while_crops_are_finished(service: Service) -> None:
    await upload(service, LARGE)
    first, second = DataFolder(service.settings.data).rendering_locks(AT_ONCE)
    async with Permits((first,)).one():
        assert widths((await patch(service, focus=[0.5, 0.9]))["new"]) == QUICK
        await asyncio.sleep(0.2)  # so that finishing could have taken the other permit
        async with Permits((second,)).one():
            assert not finished(service)
        assert widths((await patch(service, focus=[0.5, 0.1]))["new"]) == QUICK
    await until(lambda: finished(service))


async def test_while_the_store_takes_nothing_a_crop_is_tried_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds the lock of the log for longer than an edit waits."""
    monkeypatch.setattr("app.store.sqlite.log.PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr("app.catalogue.finishing.RETRY_SECONDS", 0.1)
    await upload(service, LARGE)
    await patch(service, focus=[0.5, 0.9])
    with closing(sqlite3.connect(service.settings.data / "log.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with structlog.testing.capture_logs() as said:
            await until(lambda: any(each["event"] == "crops_unfinished" for each in said))
        other.execute("ROLLBACK")
    await until(lambda: finished(service))


async def test_what_a_killed_service_left_is_finished_by_the_next(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        await upload(service, LARGE)
        assert widths((await patch(service, focus=[0.5, 0.9]))["new"]) == QUICK
    async with serving(tmp_path, catalogue) as service:
        await until(lambda: finished(service))
        assert list(service.artwork("new").crops[0].widths) == WHOLE
        assert not list(service.services.images.glob(".work-*"))


async def test_without_its_original_a_crop_stays_as_it_is_and_the_next_one_is_finished(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue) as service:
        for artwork, colour in (("lost", "purple"), ("new", "gold")):
            await upload(service, encoded(a_picture((640, 480), colour)), artwork=artwork)
        (service.settings.data / "originals" / service.artwork("lost").original).unlink()
        before = service.title()
        left = [replace(each, crops=tuple(unfinished(each))) for each in before.artworks]
        await service.change(replace(before, artworks=tuple(left)))
    async with serving(tmp_path, catalogue) as service:
        await until(lambda: finished(service))
        assert service.artwork("new") == before.artwork("new")
        assert not finished(service, "lost")
        assert (await service.http.get("/artwork", params={"title": "countdown"})).status_code == 200


def unfinished(artwork: Artwork) -> Iterator[Crop]:
    return (replace(crop, unfinished=True) for crop in artwork.crops)
