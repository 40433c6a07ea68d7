"""An import that fails gives its part of the disk back, so that a running service can go on."""

import sys
from pathlib import Path

import pytest

from app.catalogue.importing import import_folder
from app.wiring.catalogue import editor_in, originals_in
from assets.rendering import workers
from tests.api.service import EDITOR, Service
from tests.api.test_originals import originals, upload
from tests.assets.builders import a_picture, encoded, put

FULL = """
import os, time
from pathlib import Path
from assets.rendering import worker
from assets.rendering.messages import Answer
honest = worker.answer
def full(order):
    if "last" not in order.job.name:
        return honest(order)
    images, before = Path(order.folder).parent, {before}
    while sum(1 for path in images.iterdir() if not path.is_dir()) <= before:
        time.sleep(0.01)
    return Answer(disk=28)
worker.answer = full
worker.main()
"""
"""The disk is full when other pictures have been written, and not before."""
SIZE = (656, 492)
"""The size of no other test's pictures: all services of these tests have one folder of pictures."""


async def test_its_files_go_and_those_of_others_stay(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = encoded(a_picture(SIZE, "gold"))
    await upload(service, same, artwork="here-already")
    images = service.services.images
    before = {path.name for path in images.iterdir()}, originals(service)
    put(tmp_path / "in" / "my-film" / "first.jpg", encoded(a_picture(SIZE, "purple")))
    put(tmp_path / "in" / "my-film" / "second.jpg", same)
    put(tmp_path / "in" / "my-film" / "last.jpg", encoded(a_picture(SIZE, "red")))
    script = FULL.format(before=len(before[0]))
    monkeypatch.setattr(workers, "_COMMAND", (sys.executable, "-P", "-c", script))
    editor, adding = editor_in(service.settings, service.store), originals_in(service.settings).adding()
    try:
        said = f"It did not fail: {await import_folder(editor, images, tmp_path / 'in', originals=adding)}"
    except OSError as error:
        said = str(error)
    assert "No space left on device" in said
    assert ({path.name for path in images.iterdir()}, originals(service)) == before
    assert (await service.http.get("/titles/my-film", headers=EDITOR)).status_code == 404
