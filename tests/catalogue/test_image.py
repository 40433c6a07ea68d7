"""Which rendition is named to whom."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.image import Frame, accepted, image_of, shows
from assets.crop import CANVASES, FORMATS, Format
from assets.provenance import Provenance
from tests.assets.builders import an_artwork

CHROMIUM = "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        (CHROMIUM, "avif"),
        ("IMAGE/AVIF", "avif"),
        ("text/html, image/webp, image/avif;q=0.1", "avif"),
        ("image/avif;q=0,image/webp", "webp"),
        ("image/avif ; q=0.000 , image/webp", "webp"),
        ("image/avif;level=1;Q=0;x=y,image/webp", "webp"),
        ("image/avif;q=0.01", "avif"),
        ("image/webp,image/*;q=0.8", "webp"),
        ("image/*", "webp"),
        ("application/json, image/*;q=0.5", "webp"),
        ("image/png,image/jpeg", "jpeg"),
        ("image/png,image/*;q=0", "jpeg"),
        ("image/jpeg,*/*", "jpeg"),
        ("image/webp;q=0,image/*", "jpeg"),
        ("image/avifs", "jpeg"),
        ("application/json", "webp"),
        ("*/*", "webp"),
        ("", "webp"),
        (",;,;q=0,/,image", "webp"),
        ("image/avif;q=nonsense", "avif"),
    ],
)
def test_the_format_is_the_best_one_that_is_not_refused(header: str, encoding: Format) -> None:
    assert accepted(header).encoding == encoding


@pytest.mark.parametrize(
    ("header", "picture"),
    [
        (CHROMIUM, True),
        (" image/png", True),
        ("Image/*;q=0.1", True),
        ("text/html,image/webp", False),
        ("*/*", False),
        ("", False),
        (",image/webp", False),
    ],
)
def test_the_picture_itself_is_asked_for_by_the_first_media_range(header: str, picture: bool) -> None:
    assert accepted(header).picture is picture


ranges = st.sampled_from(
    ["image/avif", "image/webp", "image/*", "*/*", "image/", ";", "q=0", ";q=0", " ", ",", "=", "\xff"]
)


@given(st.one_of(st.text(), st.lists(ranges).map("".join)))
def test_no_header_is_too_malformed_to_be_read(header: str) -> None:
    assert accepted(header).encoding in FORMATS


@pytest.mark.parametrize(
    ("wanted", "width", "height"),
    [(None, 640, 360), (1, 320, 180), (320, 320, 180), (321, 640, 360), (1280, 1280, 720), (8192, 1280, 720)],
)
def test_the_smallest_rendition_that_is_wide_enough_is_named_or_else_the_greatest(
    wanted: int | None, width: int, height: int
) -> None:
    image = image_of(an_artwork(), Frame("16:9", wanted))
    assert (image["width"], image["height"]) == (width, height)
    assert image["url"].endswith(f"-{width}.webp")


@pytest.mark.parametrize(("canvas", "size"), [("16:9", (640, 360)), ("2:3", (480, 720)), ("1:1", (640, 640))])
def test_width_and_height_are_those_of_the_picture_on_its_canvas(canvas: str, size: tuple[int, int]) -> None:
    image = image_of(an_artwork(), Frame(canvas))  # type: ignore[arg-type]
    assert (image["width"], image["height"]) == size


@pytest.mark.parametrize("canvas", CANVASES)
@pytest.mark.parametrize("encoding", FORMATS)
def test_every_width_of_the_canvas_is_offered_in_the_one_format(canvas: str, encoding: Format) -> None:
    artwork = an_artwork()
    crop = artwork.crop(canvas)  # type: ignore[arg-type]
    image = image_of(artwork, Frame(crop.canvas, 320, encoding))
    offered = [entry.split() for entry in image["srcset"].split(", ")]
    assert offered == [[f"/images/{crop.name(width, encoding)}", f"{width}w"] for width in crop.widths]
    assert image["url"] == offered[0][0]
    assert image["placeholder"] == crop.placeholder


def test_an_artwork_without_the_canvas_is_shown_on_another_in_its_true_size() -> None:
    artwork = an_artwork()
    image = image_of(replace(artwork, crops=artwork.crops[1:2]), Frame("16:9"))
    assert (image["width"], image["height"]) == (480, 720)


def test_the_image_says_how_and_by_whom_it_was_made() -> None:
    made = Provenance("ai-generated", "A machine", "CC0-1.0")
    image = image_of(replace(an_artwork(), provenance=made))
    assert (image["made"], image["creator"], image["licence"]) == ("ai-generated", "A machine", "CC0-1.0")
    unsaid = image_of(an_artwork())
    assert (unsaid["made"], unsaid["creator"], unsaid["licence"]) == ("undeclared", "", "")


def test_an_artwork_shows_the_names_of_its_renditions_and_no_others() -> None:
    artwork = an_artwork()
    assert all(shows(artwork, name) for crop in artwork.crops for name in crop.names())
    digest = artwork.crops[0].digest
    assert not shows(artwork, f"{digest}-999.webp")
    assert not shows(artwork, f"{digest}-640.png")
