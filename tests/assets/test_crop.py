from typing import Any

import pytest

from assets.checks import CatalogueError
from assets.crop import CANVASES, FORMATS, Canvas, Crop, height_at
from tests.assets.builders import CROPS, PLACEHOLDER

DIGEST = "4f0c1a00" * 4
WIDE, TALL, SQUARE = CROPS


@pytest.mark.parametrize(
    ("wanted", "width"),
    [(None, 640), (0, 640), (1, 320), (320, 320), (321, 640), (641, 1280), (1280, 1280), (9_999, 1280)],
)
def test_the_smallest_width_that_fills_the_wanted_one_is_chosen(wanted: int | None, width: int) -> None:
    assert WIDE.width_for(wanted) == width


def test_who_asks_for_no_width_gets_the_greatest_of_a_small_picture() -> None:
    assert TALL.width_for(None) == 480


@pytest.mark.parametrize(
    ("canvas", "width", "height"),
    [("16:9", 640, 360), ("16:9", 1280, 720), ("16:9", 501, 282), ("2:3", 320, 480), ("1:1", 720, 720)],
)
def test_a_height_follows_from_the_canvas(canvas: Canvas, width: int, height: int) -> None:
    assert height_at(canvas, width) == height
    assert Crop(canvas, DIGEST, (width,), PLACEHOLDER).height_at(width) == height


def test_no_rendition_is_without_a_height() -> None:
    assert [height_at(canvas, 1) for canvas in CANVASES] == [1, 2, 1]


def test_a_name_says_digest_width_and_format() -> None:
    assert WIDE.name(640, "jpeg") == f"{DIGEST}-640.jpg"
    assert WIDE.name(640, "webp") == f"{DIGEST}-640.webp"
    assert WIDE.name(320, "avif") == f"{DIGEST}-320.avif"


def test_names_are_of_every_width_in_every_format() -> None:
    names = list(SQUARE.names())

    assert len(names) == len(set(names)) == 9
    assert names == [SQUARE.name(width, encoding) for width in (320, 640, 720) for encoding in FORMATS]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"widths": ()}, r"widths of a crop are \[\]"),
        ({"widths": (640, 320)}, r"are \[640, 320\]; write one or more, ascending"),
        ({"widths": (320, 320)}, "ascending"),
        ({"widths": (0, 320)}, "width is 0 pixels"),
        ({"widths": (-320,)}, "width is -320 pixels"),
        ({"canvas": "4:3"}, "'4:3' is not a canvas; write one of 16:9, 2:3, 1:1"),
        ({"digest": "4f0c"}, "'4f0c' is not a crop's digest"),
        ({"digest": "../" + DIGEST[3:]}, "not a crop's digest"),
        ({"digest": DIGEST.upper()}, "not a crop's digest"),
        ({"digest": DIGEST + "\n"}, "not a crop's digest"),
        ({"placeholder": ""}, "'' is not a placeholder"),
        ({"placeholder": "javascript:alert(1)"}, "not a placeholder"),
        ({"placeholder": "data:image/svg+xml;base64,AAAA"}, "not a placeholder"),
        ({"placeholder": PLACEHOLDER + '"'}, "not a placeholder"),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence(change: dict[str, Any], sentence: str) -> None:
    fields = {"canvas": "16:9", "digest": DIGEST, "widths": (320,), "placeholder": PLACEHOLDER}

    with pytest.raises(CatalogueError, match=rf"(?s){sentence}.*\.$"):
        Crop(**(fields | change))
