import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from assets.catalogue import Title
from assets.importing import sweep as sweeping
from assets.rendering.workfolder import Workfolder
from tests.assets.builders import CROPS, a_title, an_artwork, put

OLD, LIMIT, YOUNG = 100, 200, 300


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return tmp_path / "images"


def sweep(images: Path, titles: Iterable[Title], older_than: float) -> int:
    return sweeping.sweep(sweeping.unnamed(images, titles, older_than), older_than)


def put_old(path: Path) -> Path:
    put(path, b"picture")
    os.utime(path, (OLD, OLD))
    return path


def test_every_rendition_of_every_title_stays(images: Path) -> None:
    gone = replace(CROPS[0], digest="00" * 16)
    withdrawn = replace(an_artwork("withdrawn"), status="withdrawn", crops=CROPS[1:])
    titles = [a_title(replace(an_artwork(), crops=CROPS[:1])), replace(a_title(withdrawn), id="other")]
    named = [put_old(images / name) for crop in CROPS for name in crop.names()]
    unnamed = [put_old(images / name) for name in gone.names()]

    assert sweep(images, titles, LIMIT) == len(unnamed) == 9
    assert sorted(images.iterdir()) == sorted(named)


def test_another_width_of_a_named_crop_goes(images: Path) -> None:
    stray = put_old(images / CROPS[0].name(641, "webp"))

    assert sweep(images, [a_title()], LIMIT) == 1
    assert not stray.exists()


def test_what_an_import_beside_it_just_wrote_stays(images: Path) -> None:
    young, edge = (put_old(images / name) for name in ("young.webp", "edge.webp"))
    os.utime(young, (YOUNG, YOUNG))
    os.utime(edge, (LIMIT, LIMIT))

    assert sweep(images, [], LIMIT) == 0
    assert sorted(images.iterdir()) == [edge, young]
    assert sweep(images, [], LIMIT + 1) == 1


def test_what_a_killed_import_left_goes(images: Path) -> None:
    put_old(images / ".0123-320.webp.abcd.tmp")
    put_old(images / ".job" / "nested" / "0123-320.webp")
    os.utime(images / ".job", (OLD, OLD))

    assert sweep(images, [a_title()], LIMIT) == 2
    assert list(images.iterdir()) == []


def test_a_link_is_taken_out_and_not_followed(images: Path, tmp_path: Path) -> None:
    outside = put_old(tmp_path / "outside" / "kept.jpg")
    images.mkdir()
    (images / "file").symlink_to(outside)
    (images / "folder").symlink_to(outside.parent)
    (images / "nowhere").symlink_to(tmp_path / "missing")
    for link in images.iterdir():
        os.utime(link, (OLD, OLD), follow_symlinks=False)
    os.utime(outside.parent, (OLD, OLD))

    assert sweep(images, [], LIMIT) == 3
    assert list(images.iterdir()) == []
    assert outside.is_file()


def test_without_a_folder_there_is_nothing_to_do(images: Path) -> None:
    assert sweep(images, [a_title()], LIMIT) == 0
    assert not images.exists()


def test_what_is_developed_again_after_the_search_stays(images: Path) -> None:
    name = CROPS[0].name(320, "webp")
    picture, gone = put_old(images / name), put_old(images / "gone.webp")
    found = sweeping.unnamed(images, [], LIMIT)
    with Workfolder(images) as folder:
        put(folder.path / name, b"picture")
        folder.adopt([name])

    assert sweeping.sweep(found, LIMIT) == 1
    assert list(images.iterdir()) == [picture]
    assert not gone.exists()


def test_what_is_developed_again_while_it_goes_comes_back(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = put_old(images / "picture.webp")
    rename = Path.rename

    def late(path: Path, target: Path) -> Path:
        put(path, b"anew")
        monkeypatch.setattr(Path, "rename", rename)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    assert sweep(images, [], LIMIT) == 0
    assert picture.read_bytes() == b"anew"
    assert list(images.iterdir()) == [picture]


def test_what_a_sweep_leaves_that_was_killed_goes_with_the_next(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_old(images / "picture.webp")
    unlink = Path.unlink

    def killed(path: Path, **_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        sweep(images, [], LIMIT)
    monkeypatch.setattr(Path, "unlink", unlink)
    assert sweep(images, [], LIMIT) == 1
    assert list(images.iterdir()) == []


def test_what_another_sweep_took_first_is_passed_over(images: Path) -> None:
    put_old(images / "picture.webp")
    found = sweeping.unnamed(images, [], LIMIT)
    assert [sweeping.sweep(found, LIMIT) for _ in range(2)] == [1, 0]
