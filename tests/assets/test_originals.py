"""The folder of kept originals, from the side of an import or an upload."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from assets.catalogue import Title
from assets.importing.ingest import ingest
from assets.picture import Job, Picture, PictureError
from assets.provenance import Consent, Provenance
from assets.rendering import workers
from assets.rendering.original_names import files_of
from assets.rendering.originals import Originals, files_in
from assets.rendering.workers import develop_all
from assets.treatment import Treatment
from tests.assets.builders import a_picture, encoded, put

TURNED = Image.Exif()
TURNED[0x0112] = 6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "originals"


def made(job: Job, images: Path, originals: Originals | None = None) -> Picture:
    [(_, result)] = develop_all([job], images, 1, None, originals)
    assert isinstance(result, Picture), result
    return result


def again(picture: Picture, folder: Path, job: Job, images: Path) -> Picture:
    path = str(folder / picture.original)
    return made(Job(path, "again", job.focus, job.faces, picture.treatment, picture.source), images)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_original_gives_the_same_renditions_again(tmp_path: Path, folder: Path, kind: str) -> None:
    path = put(tmp_path / "x.jpg", encoded(a_picture((900, 700)), kind, exif=TURNED))
    job = Job(str(path), "x", (0.3, 0.8), ((0.1, 0.1, 0.2, 0.2),), Treatment("A title", "en"))
    picture = made(job, tmp_path / "images", Originals(folder))
    renewed = again(picture, folder, job, tmp_path / "again")
    assert (renewed.crops, renewed.recipe, renewed.source) == (picture.crops, picture.recipe, picture.source)
    assert renewed.fingerprint == picture.fingerprint
    assert renewed.features == picture.features
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "images").iterdir()
    }


def test_originals_are_private_and_named_by_their_content(tmp_path: Path, folder: Path) -> None:
    content = encoded(a_picture((2400, 1200)), exif=TURNED)
    before = os.umask(0)
    try:
        picture = made(Job(str(put(tmp_path / "x.jpg", content)), "x"), tmp_path / "images", Originals(folder))
    finally:
        os.umask(before)
    assert {name: oct(file.st_mode & 0o777) for name, file in files_in(folder).items()} == dict.fromkeys(
        files_of(picture.original), "0o600"
    )
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    with Image.open(folder / files_of(picture.original)[1]) as copy:
        assert (copy.format, copy.size) == ("WEBP", (512, 1024))


def test_a_crop_whose_box_stays_is_not_made_again(tmp_path: Path, folder: Path) -> None:
    images = tmp_path / "images"
    content = encoded(Image.linear_gradient("L").rotate(90).resize((960, 540)))  # each place looks different
    job = Job(str(put(tmp_path / "x.jpg", content)), "x", (0.1, 0.5))
    picture = made(job, images, Originals(folder))
    before = {path.name: path.stat().st_mtime_ns for path in images.iterdir()}
    path = str(folder / picture.original)
    moved = Job(path, "x", (0.9, 0.5), source=picture.source, crops=picture.crops)
    renewed = made(moved, images)
    assert renewed.crops == made(replace(moved, crops=()), tmp_path / "again").crops
    assert [old == new for old, new in zip(picture.crops, renewed.crops, strict=True)] == [True, False, False]
    assert before.items() <= {path.name: path.stat().st_mtime_ns for path in images.iterdir()}.items()

    (images / next(picture.crops[0].names())).unlink()
    assert made(moved, images).crops[0].is_whole(images), "A rendition is lost, so the crop is made again."
    titled = replace(moved, treatment=Treatment("A title", "en"))
    assert made(titled, images).crops[0] != picture.crops[0]


def test_a_damaged_original_is_refused(tmp_path: Path, folder: Path) -> None:
    job = Job(str(put(tmp_path / "x.jpg")), "x")
    picture = made(job, tmp_path / "images", Originals(folder))
    put(folder / picture.original, encoded(a_picture(colour="red")))
    again_ = Job(str(folder / picture.original), "x", source=picture.source)
    [(_, refused)] = develop_all([again_], tmp_path / "images", 1)
    assert isinstance(refused, PictureError)
    assert str(refused) == "The kept original of 'x' is damaged; upload the picture again."


def test_an_import_keeps_originals_until_their_limit_and_says_so(tmp_path: Path, folder: Path) -> None:
    for number, colour in enumerate(("teal", "crimson", "gold")):
        put(tmp_path / "in" / "film" / f"a{number}.jpg", encoded(a_picture((640, 360), colour)))
    first = made(Job(str(tmp_path / "in" / "film" / "a0.jpg"), "x"), tmp_path / "images", Originals(folder))
    used = sum(file.st_size for file in files_in(folder).values())

    found = ingest(
        tmp_path / "in", current={}, images=tmp_path / "images", originals=Originals(folder, 2 * used + 500)
    )
    kept = {artwork.original for artwork in found.titles["film"].artworks} - {""}
    noted = [row for row in found.rows if any(note.about == "original" for note in row.notes)]
    assert (len(kept), len(noted)) == (2, 1)
    assert first.original in kept, "It is there already, so it needs no room."
    assert files_in(folder).keys() == {name for each in kept for name in files_of(each)}
    assert "KEYART_ORIGINALS_BYTES" in noted[0].warnings[0]

    unchanged = ingest(
        tmp_path / "in",
        current=found.titles,
        images=tmp_path / "images",
        originals=Originals(folder, 2 * used + 500),
    )
    assert {row.outcome for row in unchanged.rows} == {"unchanged"}
    assert unchanged.titles == found.titles


def test_an_import_of_the_same_folder_keeps_originals_of_earlier_pictures(tmp_path: Path, folder: Path) -> None:
    for number, colour in enumerate(("teal", "crimson", "gold")):
        put(tmp_path / "in" / "film" / f"a{number}.jpg", encoded(a_picture((640, 360), colour)))
    images, gone = tmp_path / "images", Consent("Ada", withdrawn=True)

    def imported(current: Mapping[str, Title], originals: Originals | None) -> tuple[Title, list[tuple[str, ...]]]:
        found = ingest(tmp_path / "in", current=current, images=images, originals=originals)
        notes = [(row.artwork, row.outcome, *(note.about for note in row.notes)) for row in found.rows]
        return found.titles["film"], [each for each in notes if each[1] != "unchanged" or "original" in each]

    first, _ = imported({}, None)
    barred = replace(first.artworks[2], provenance=Provenance(consent=gone))
    before = replace(first, artworks=(*first.artworks[:2], barred))
    written = {path.name: path.stat().st_mtime_ns for path in images.iterdir()}
    least = max(path.stat().st_size for path in (tmp_path / "in" / "film").iterdir())

    full, noted = imported({"film": before}, Originals(folder, least // 2))
    assert (full, [each[0] for each in noted if "original" in each]) == (before, ["a0", "a1"])
    kept, noted = imported({"film": before}, Originals(folder))
    assert [(*each[:2], "kept" in each) for each in noted] == [("a0", "changed", True), ("a1", "changed", True)]
    assert [bool(each.original) for each in kept.artworks] == [True, True, False]
    plain = [replace(each, original="", treatment=None) for each in kept.artworks]
    assert plain == list(before.artworks), "Nothing else is new."
    assert written == {path.name: path.stat().st_mtime_ns for path in images.iterdir()}, "Nothing was rendered."
    assert files_in(folder).keys() == {name for each in kept.artworks[:2] for name in files_of(each.original)}
    assert imported({"film": kept}, Originals(folder)) == (kept, [])
    lost = kept.artworks[0].original
    (folder / lost).unlink()
    assert imported({"film": kept}, Originals(folder))[0] == kept
    assert (folder / lost).is_file()


LYING = """
from dataclasses import replace
from assets.rendering import worker
from assets.rendering.messages import Answer
honest = worker._developed
def lying(order):
    picture = honest(order)
    {line}
    return picture
worker._developed = lying
from pathlib import Path
worker.main()
"""


@pytest.mark.parametrize(
    "line",
    [
        "(Path(order.originals) / picture.original).write_bytes(b'something else')",
        "(Path(order.originals) / picture.original).unlink()",
        "(Path(order.originals) / (picture.original + '.webp')).unlink()",
        "object.__setattr__(picture, 'original', '../../stolen')",
        "object.__setattr__(picture, 'original', 'ab' * 16)",
        "p = Path(order.originals) / (picture.original + '.webp'); p.unlink(); p.symlink_to('/etc/passwd')",
    ],
)
def test_a_process_that_was_taken_over_cannot_plant_an_original(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setattr(workers, "_COMMAND", (sys.executable, "-P", "-c", LYING.format(line=line)))
    job = Job(str(put(tmp_path / "x.jpg")), "x")
    [(_, refused)] = develop_all([job], tmp_path / "images", 1, None, Originals(folder))
    assert isinstance(refused, PictureError)
    assert "not valid" in str(refused)
    assert list(folder.iterdir()) == []
    assert list((tmp_path / "images").iterdir()) == []


@pytest.mark.parametrize(
    "line", ["import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "raise OSError(28, '')"]
)
def test_a_killed_process_and_a_full_disk_leave_nothing(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setattr(workers, "_COMMAND", (sys.executable, "-P", "-c", LYING.format(line=line)))
    job = Job(str(put(tmp_path / "x.jpg")), "x")
    try:
        [(_, result)] = develop_all([job], tmp_path / "images", 1, None, Originals(folder))
    except OSError as error:
        result = PictureError(str(error))
    assert isinstance(result, PictureError)
    assert list(folder.iterdir()) == []
    assert list((tmp_path / "images").iterdir()) == []
