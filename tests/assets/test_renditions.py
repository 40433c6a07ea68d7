import base64
import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from assets import renditions
from assets.renditions import PictureError, read, render, write
from tests.assets.builders import a_picture, encoded

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def rendered(content: bytes) -> Image.Image:
    return opened(render(content, "x.jpg")[1][0].content)


def brightness(image: Image.Image, x: float, y: float) -> int:
    column, line = int(x * (image.width - 1)), int(y * (image.height - 1))
    return image.convert("L").tobytes()[line * image.width + column]


def a_bomb() -> bytes:
    """A PNG of a few bytes that says it is 20,000 pixels square."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def an_animation(kind: str) -> bytes:
    frames = [a_picture(colour=colour) for colour in ("red", "blue")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


def test_a_rendition_is_what_its_name_and_its_record_say() -> None:
    content = encoded(a_picture((1280, 720)))
    picture, files = render(content, "x.jpg")

    assert picture.source == hashlib.sha256(content).hexdigest()
    assert picture.renditions == tuple(file.rendition for file in files)
    assert [(r.format, r.canvas, r.width, r.height) for r in picture.renditions] == [
        ("webp", "16:9", 640, 360),
        ("jpeg", "16:9", 640, 360),
    ]
    for file, kind, suffix in zip(files, ("WEBP", "JPEG"), ("webp", "jpg"), strict=True):
        image = Image.open(io.BytesIO(file.content))
        assert (image.format, image.size) == (kind, (640, 360))
        digest = hashlib.sha256(file.content).hexdigest()[:32]
        assert file.rendition.name == f"{digest}-640.{suffix}"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((512, 512), (512, 288)),
        ((2000, 360), (640, 360)),
        ((1000, 90), (160, 90)),
        ((90, 1000), (90, 51)),
        ((3000, 3000), (640, 360)),
        ((1, 1), (1, 1)),
    ],
)
def test_the_crop_is_never_enlarged(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert rendered(encoded(a_picture(size))).size == expected


def test_the_crop_is_the_centre() -> None:
    tall = Image.new("RGB", (320, 900), "black")
    tall.paste("white", (0, 360, 320, 540))

    cropped = rendered(encoded(tall))
    assert min(brightness(cropped, 0.5, y) for y in (0.05, 0.5, 0.95)) > 240


def test_the_placeholder_is_tiny() -> None:
    noise = Image.effect_noise((640, 360), 100)
    placeholder = render(encoded(noise), "x.jpg")[0].placeholder
    head, _, data = placeholder.partition(",")

    assert head == "data:image/webp;base64"
    assert opened(base64.b64decode(data)).size == (16, 9)
    assert len(placeholder) < 400


def test_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # turned upside down
    upright = rendered(encoded(a_picture(colour="white")))
    turned = rendered(encoded(a_picture(colour="white"), exif=exif))

    assert [brightness(upright, 0.5, y) > 127 for y in (0.1, 0.9)] == [True, False]
    assert [brightness(turned, 0.5, y) > 127 for y in (0.1, 0.9)] == [False, True]


@pytest.mark.parametrize("profile", [SRGB, None])
def test_metadata_is_stripped(profile: bytes | None) -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET at home"
    content = encoded(a_picture(), comment=b"SECRET", exif=exif, icc_profile=profile)
    assert content.count(b"SECRET") == 2

    for file in render(content, "x.jpg")[1]:
        assert b"SECRET" not in file.content
        assert "icc_profile" not in Image.open(io.BytesIO(file.content)).info


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "JPEG"), ("P", "PNG")])
def test_colours_of_another_profile_become_srgb(mode: str, kind: str) -> None:
    swapped = SRGB.replace(b"rXYZ", b"....").replace(b"bXYZ", b"rXYZ").replace(b"....", b"bXYZ")
    red = Image.new("RGB", (320, 180), "red").convert(mode)

    shown = rendered(encoded(red, kind, icc_profile=swapped)).getpixel((160, 90))
    assert isinstance(shown, tuple)
    assert [abs(value - wanted) < 12 for value, wanted in zip(shown, (0, 0, 255), strict=True)] == [True] * 3


def test_a_broken_profile_is_passed_over() -> None:
    assert brightness(rendered(encoded(a_picture(colour="white"), icc_profile=b"nonsense")), 0.5, 0.1) > 240


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGBA", (320, 180), (255, 255, 255, 0)), 0),
        (Image.new("LA", (320, 180), (255, 255)), 255),
        (Image.new("I;16", (320, 180), 32_768), 128),
        (Image.new("1", (320, 180), 1), 255),
        (Image.new("P", (320, 180), 0), 0),
    ],
)
def test_every_mode_of_png_becomes_opaque_rgb(image: Image.Image, expected: int) -> None:
    assert abs(brightness(rendered(encoded(image, "PNG")), 0.5, 0.5) - expected) <= 2


def test_inks_become_rgb() -> None:
    assert brightness(rendered(encoded(a_picture(colour="white").convert("CMYK"))), 0.5, 0.1) > 240


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: encoded(a_picture((640, 360)))[:-400], "damaged or cut short"),
        (lambda: encoded(a_picture((640, 360)), "PNG")[:-100], "damaged or cut short"),
        (lambda: encoded(a_picture((640, 360)), "WEBP")[:-100], "damaged or cut short|not a JPEG"),
        (a_bomb, "more than 100 megapixels"),
        (lambda: an_animation("WEBP"), "animated"),
        (lambda: an_animation("PNG"), "animated"),
        (lambda: encoded(a_picture(), "GIF"), "not a JPEG, PNG or WebP"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG, PNG or WebP"),
        (lambda: b"", "not a JPEG, PNG or WebP"),
    ],
)
def test_what_is_no_usable_picture_is_refused_in_a_sentence(make: Callable[[], bytes], sentence: str) -> None:
    with pytest.raises(PictureError, match=rf"^'odd\.jpg' .*({sentence}).*\.$"):
        render(make(), "odd.jpg")


def test_just_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renditions, "MOST_PIXELS", 320 * 180)
    render(encoded(a_picture((320, 180))), "x.jpg")
    with pytest.raises(PictureError, match="megapixels"):
        render(encoded(a_picture((321, 180))), "x.jpg")


def test_a_text_chunk_that_unpacks_to_megabytes_is_refused() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "x" * 50_000_000, zip=True)
    with pytest.raises(PictureError, match=r"^'x\.png' .*\.$"):
        render(encoded(a_picture(), "PNG", pnginfo=texts), "x.png")


def test_a_phone_picture_with_a_second_image_inside_is_no_animation() -> None:
    content = encoded(a_picture(), "MPO", save_all=True, append_images=[a_picture((32, 18))])

    assert rendered(content).size == (320, 180)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(renditions.LARGEST_FILE + 1)

    with pytest.raises(PictureError, match=r"^'large.jpg' is larger than 64 MiB"):
        read(large, "large.jpg")
    with pytest.raises(PictureError, match=r"^'gone.jpg' can't be read"):
        read(tmp_path / "gone.jpg", "gone.jpg")


def test_writing_twice_rewrites_nothing(tmp_path: Path) -> None:
    files = render(encoded(a_picture()), "x.jpg")[1]
    write(tmp_path, files)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    write(tmp_path, files)

    assert {path.name for path in before} == {file.rendition.name for file in files}
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
