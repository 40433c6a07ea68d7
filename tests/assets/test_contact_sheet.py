from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageChops

from assets.picture import Job
from assets.rendering.contact_sheet import contact_sheet
from tests.assets.builders import a_picture, encoded, put
from tests.assets.samples import sample_jobs


def a_job(folder: Path, colour: str = "teal") -> Job:
    return Job(str(put(folder / "film" / "x.jpg", encoded(a_picture((640, 360), colour)))), "film/x.jpg")


def page_of(job: Job, folder: Path) -> Image.Image:
    (path,) = contact_sheet([job], folder)
    return opened(path)


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def share_of(page: Image.Image, colour: tuple[int, int, int]) -> float:
    """Return the share of the page that nearly has a colour."""
    far = ImageChops.difference(page, Image.new("RGB", page.size, colour)).convert("L")
    return sum(far.histogram()[:40]) / (page.width * page.height)


def test_pictures_come_in_order_on_pages_that_can_be_read(tmp_path: Path) -> None:
    pages = contact_sheet(sample_jobs()[:8], tmp_path)

    assert [page.name for page in pages] == ["contact-sheet-001.jpg", "contact-sheet-002.jpg"]
    sizes = [opened(page).size for page in pages]
    assert all(width < 1400 for width, _ in sizes)
    assert sizes[0][1] > 2 * sizes[1][1] > 400
    assert sizes[0][1] < 1600


def test_no_pictures_make_no_page(tmp_path: Path) -> None:
    assert contact_sheet([], tmp_path / "new") == []


def test_a_picture_stands_beside_its_three_crops(tmp_path: Path) -> None:
    page = page_of(a_job(tmp_path, "yellow"), tmp_path)

    line = page.crop((0, 60, page.width, 61)).tobytes()
    is_yellow = [line[3 * x] > 200 and line[3 * x + 2] < 60 for x in range(page.width)]
    starts = sum(now and not before for before, now in zip([False, *is_yellow], is_yellow, strict=False))
    assert starts == 4


def test_faces_and_the_focal_point_are_drawn_on_the_original(tmp_path: Path) -> None:
    job = a_job(tmp_path, "black")
    plain = page_of(job, tmp_path)
    marked = page_of(replace(job, focus=(0.5, 0.5), faces=((0.1, 0.1, 0.2, 0.4),)), tmp_path)

    originals = [page.crop((12, 32, 12 + 432, 32 + 216)) for page in (plain, marked)]
    assert ImageChops.difference(*originals).getbbox() is not None
    assert (
        ImageChops.difference(plain.crop((450, 0, *plain.size)), marked.crop((450, 0, *plain.size))).getbbox()
        is None
    )


def test_a_picture_that_cannot_be_used_is_there_with_the_reason(tmp_path: Path) -> None:
    broken = Job(str(put(tmp_path / "film" / "broken.jpg", b"GIF89a")), "film/broken.jpg")
    good = a_job(tmp_path)
    (path,) = contact_sheet([broken, good], tmp_path)

    page = opened(path)
    assert page.height > 400
    assert share_of(page.crop((0, 0, page.width, 40)), (255, 144, 128)) > 0.001
    assert share_of(page.crop((0, 250, page.width, page.height)), (255, 144, 128)) < 0.001
