import base64
import io
import random
from pathlib import Path

import pytest
from PIL import Image

from assets.crop import CANVASES, FORMATS, SUFFIXES, Canvas, height_at
from assets.picture import Job
from assets.rendering.decoding import decode
from assets.rendering.developing import cropped, cut, glanced
from assets.rendering.renditions import GREATEST_WIDTH, LONGEST_PLACEHOLDER, encode, write
from tests.assets.builders import a_picture, encoded
from tests.assets.samples import sample, sample_jobs


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def colour_at(image: Image.Image, x: float, y: float) -> tuple[int, ...]:
    colour = image.convert("RGB").getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))
    assert isinstance(colour, tuple)
    return colour


def confetti(size: tuple[int, int]) -> Image.Image:
    """Return what compresses worst: each pixel of a colour of its own, and none of them grey."""
    pixels = random.Random(7).choices((0, 255), k=size[0] * size[1] * 3)
    return Image.frombytes("RGB", size, bytes(pixels))


def test_a_crop_is_encoded_in_every_format_at_the_usual_widths_and_at_its_own() -> None:
    crop, files = encode(a_picture((1600, 900)), "16:9")

    assert crop.widths == (320, 640, 1280, 1600)
    assert list(files) == list(crop.names())
    for width in crop.widths:
        for encoding in FORMATS:
            image = opened(files[f"{crop.digest}-{width}.{SUFFIXES[encoding]}"])
            assert (image.format, image.size) == (encoding.upper(), (width, width * 9 // 16))


def test_two_threads_make_the_files_of_one() -> None:
    for _ in range(3):
        image = confetti((330, 186))
        assert encode(image, "16:9", 2) == encode(image, "16:9")


@pytest.mark.parametrize(
    ("width", "widths"),
    [
        (1, (1,)),
        (319, (319,)),
        (320, (320,)),
        (321, (320, 321)),
        (640, (320, 640)),
        (1281, (320, 640, 1280, 1281)),
    ],
)
def test_nothing_is_enlarged_and_no_width_is_there_twice(width: int, widths: tuple[int, ...]) -> None:
    image = a_picture((width, height_at("1:1", width)))
    assert encode(image, "1:1")[0].widths == widths


@pytest.mark.parametrize("canvas", CANVASES)
def test_every_rendition_shows_the_picture_the_right_way_up_and_in_its_colours(canvas: Canvas) -> None:
    _, files = encode(a_picture((480, height_at(canvas, 480)), "#c04010"), canvas)
    for content in files.values():
        image = opened(content)
        assert colour_at(image, 0.3, 0.2) == pytest.approx((192, 64, 16), abs=8)
        assert colour_at(image, 0.7, 0.8) == pytest.approx((0, 0, 0), abs=8)


def test_equal_pictures_share_their_names_and_others_do_not() -> None:
    one, same, other = (encode(a_picture(colour=colour), "16:9")[0] for colour in ("teal", "teal", "#007f80"))
    assert one == same
    assert one.digest != other.digest


def test_colours_stay_sharp_in_the_newest_format() -> None:
    stripes = Image.new("RGB", (320, 320), "blue")
    for x in range(0, 320, 4):
        stripes.paste("red", (x, 0, x + 2, 320))
    _, files = encode(stripes, "1:1")
    shown = {name.rsplit(".")[-1]: colour_at(opened(content), 160.5 / 319, 0.5) for name, content in files.items()}
    assert shown["avif"] == pytest.approx((255, 0, 0), abs=40)


def test_the_newer_the_format_the_smaller_the_files() -> None:
    sizes = dict.fromkeys(FORMATS, 0)
    for job in sample_jobs()[::16]:
        crop, files = encode(cut(sample(job.name), "16:9", (0, 0, 1, 1)), "16:9")
        for encoding in FORMATS:
            sizes[encoding] += len(files[crop.name(320, encoding)])
    assert sizes["avif"] < sizes["webp"] < sizes["jpeg"] < 6 * 320 * 180


@pytest.mark.parametrize("canvas", CANVASES)
@pytest.mark.parametrize(
    "image",
    [confetti((640, 640)), confetti((24, 24)), sample("six-horizons/glass-city.jpg"), a_picture((1, 1))],
    ids=["confetti", "coarse", "city", "point"],
)
def test_the_placeholder_fits_in_every_answer(canvas: Canvas, image: Image.Image) -> None:
    size = (image.width, height_at(canvas, image.width))
    placeholder = encode(image.resize(size), canvas)[0].placeholder
    head, _, data = placeholder.partition(",")

    assert len(placeholder) <= LONGEST_PLACEHOLDER
    assert head == "data:image/webp;base64"
    assert opened(base64.b64decode(data)).size == (16, height_at(canvas, 16))


def test_the_placeholder_has_the_picture_s_colours() -> None:
    data = encode(a_picture(colour="#c04010"), "16:9")[0].placeholder.partition(",")[2]
    blurred = opened(base64.b64decode(data))
    assert colour_at(blurred, 0.5, 0) == pytest.approx((192, 64, 16), abs=24)
    assert colour_at(blurred, 0.5, 1) == pytest.approx((0, 0, 0), abs=24)


def test_metadata_of_the_original_reaches_no_rendition() -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET at home"
    content = encoded(a_picture(), comment=b"SECRET", exif=exif)
    assert content.count(b"SECRET") == 2

    _, files = encode(cut(decode(content, "x.jpg"), "16:9", (0, 0, 1, 1)), "16:9")
    for data in files.values():
        assert b"SECRET" not in data
        assert {"exif", "comment", "xmp"}.isdisjoint(opened(data).info)


@pytest.mark.parametrize(
    ("size", "canvas", "box", "expected"),
    [
        ((640, 427), "16:9", (0.0, 0.0, 1.0, 360 / 427), (640, 360)),
        ((720, 360), "2:3", (0.5, 0.0, 240 / 720, 1.0), (240, 360)),
        ((1280, 536), "16:9", (0.1, 0.0, 536 * 16 / 9 / 1280, 1.0), (952, 536)),
        ((8000, 100), "1:1", (0.9, 0.0, 100 / 8000, 1.0), (100, 100)),
        ((8000, 4500), "16:9", (0.0, 0.0, 1.0, 1.0), (GREATEST_WIDTH, 2160)),
    ],
)
def test_a_cut_has_the_pixels_that_are_there(
    size: tuple[int, int], canvas: Canvas, box: tuple[float, ...], expected: tuple[int, int]
) -> None:
    assert cut(Image.new("RGB", size), canvas, box).size == expected


@pytest.mark.parametrize(
    ("size", "canvas", "expected"),
    [((640, 427), "16:9", (640, 360)), ((1280, 536), "16:9", (952, 536)), ((2000, 70), "1:1", (70, 70))],
)
def test_a_crop_has_the_pixels_that_are_there(
    size: tuple[int, int], canvas: Canvas, expected: tuple[int, int]
) -> None:
    original = Image.new("RGB", size)
    assert cropped(original, glanced(original), canvas, Job("x.jpg", "x.jpg")).size == expected


@pytest.mark.parametrize("canvas", CANVASES)
def test_no_cut_has_more_pixels_than_a_screen(canvas: Canvas) -> None:
    large = Image.new("RGB", (6000, height_at(canvas, 6000)))
    image = cut(large, canvas, (0, 0, 1, 1))
    assert image.width * image.height == pytest.approx(3840 * 2160, rel=0.002)


def test_a_cut_is_the_part_that_the_box_says() -> None:
    image = Image.new("RGB", (400, 200), "black")
    image.paste("white", (300, 0, 400, 200))
    assert colour_at(cut(image, "1:1", (0.5, 0.0, 0.5, 1.0)), 0.75, 0.5) == (255, 255, 255)
    assert colour_at(cut(image, "1:1", (0.5, 0.0, 0.5, 1.0)), 0.25, 0.5) == (0, 0, 0)


def test_renditions_are_written_whole_and_nothing_beside_them(tmp_path: Path) -> None:
    _, files = encode(a_picture(), "16:9")
    for _ in range(2):
        write(tmp_path, files)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
