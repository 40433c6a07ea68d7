import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from assets.picture import LARGEST_FILE, PictureError
from assets.rendering import container, decoding
from assets.rendering.decoding import decode, read
from tests.assets.builders import a_picture, encoded

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SWAPPED = SRGB.replace(b"rXYZ", b"....").replace(b"bXYZ", b"rXYZ").replace(b"....", b"bXYZ")
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
FORMATS = ("JPEG", "PNG", "WEBP")


def brightness(image: Image.Image, x: float, y: float) -> int:
    column, line = int(x * (image.width - 1)), int(y * (image.height - 1))
    return image.convert("L").tobytes()[line * image.width + column]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def a_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says how large it is."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG_HEAD + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def an_animation(kind: str) -> bytes:
    frames = [a_picture(colour=colour) for colour in ("red", "blue")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


def an_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("run.js", "alert(1)")
    return buffer.getvalue()


def exif(orientation: int) -> Image.Exif:
    result = Image.Exif()
    result[0x0112] = orientation
    return result


# ---------------------------------------------------------------- what is made of a picture


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_is_what_its_content_says_whatever_its_name(kind: str) -> None:
    image = decode(encoded(a_picture(colour="white"), kind), "odd.gif")

    assert (image.mode, image.size) == ("RGB", (320, 180))
    assert [brightness(image, 0.5, y) > 127 for y in (0.1, 0.9)] == [True, False]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, 0), (2, 1), (3, 3), (4, 2), (5, 0), (6, 1), (7, 3), (8, 2)]
)
def test_orientation_is_applied(kind: str, orientation: int, corner: int) -> None:
    lit = Image.new("RGB", (128, 64), "black")
    lit.paste("white", (0, 0, 64, 32))  # the upper left corner

    upright = decode(encoded(lit, kind, exif=exif(orientation)), "x")

    assert upright.size == ((128, 64) if orientation < 5 else (64, 128))
    corners = [brightness(upright, x, y) > 127 for y in (0.2, 0.8) for x in (0.2, 0.8)]
    assert corners == [each == corner for each in range(4)]


@pytest.mark.parametrize("broken", [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0nonsense"])
def test_an_orientation_that_cant_be_read_is_passed_over(broken: bytes) -> None:
    assert brightness(decode(encoded(a_picture(colour="white"), exif=broken), "x"), 0.5, 0.1) > 240


@pytest.mark.parametrize("kind", FORMATS)
def test_metadata_is_stripped(kind: str) -> None:
    notes = exif(1)
    notes[0x010E] = "SECRET at home"

    assert decode(encoded(a_picture(), kind, exif=notes, icc_profile=SRGB), "x").info == {}


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "JPEG"), ("P", "PNG"), ("RGBA", "PNG"), ("RGB", "WEBP")])
def test_colours_of_another_profile_become_srgb(mode: str, kind: str) -> None:
    red = Image.new("RGB", (320, 180), "red").convert(mode)

    shown = decode(encoded(red, kind, icc_profile=SWAPPED), "x").getpixel((160, 90))
    assert isinstance(shown, tuple)
    assert [abs(value - wanted) < 12 for value, wanted in zip(shown, (0, 0, 255), strict=True)] == [True] * 3


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("profile", [b"nonsense", SRGB[:200], None])
def test_a_broken_profile_is_passed_over(mode: str, profile: bytes | None) -> None:
    content = encoded(a_picture(colour="white").convert(mode), icc_profile=profile)
    assert [brightness(decode(content, "x"), 0.5, y) > 240 for y in (0.1, 0.9)] == [True, False]


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_profile_for_another_kind_of_picture_is_passed_over(mode: str) -> None:
    content = encoded(a_picture(colour="white").convert(mode), icc_profile=SRGB)
    assert [brightness(decode(content, "x"), 0.5, y) > 240 for y in (0.1, 0.9)] == [True, False]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGBA", (320, 180), (255, 255, 255, 0)), 0),
        (Image.new("RGBA", (320, 180), (255, 255, 255, 128)), 128),
        (Image.new("LA", (320, 180), (255, 255)), 255),
        (Image.new("I;16", (320, 180), 32_768), 128),
        (Image.new("1", (320, 180), 1), 255),
        (Image.new("P", (320, 180), 0), 0),
    ],
)
def test_every_mode_of_png_becomes_opaque_rgb(image: Image.Image, expected: int) -> None:
    decoded = decode(encoded(image, "PNG"), "x")
    assert decoded.mode == "RGB"
    assert abs(brightness(decoded, 0.5, 0.5) - expected) <= 2


def test_a_colour_that_stands_for_transparency_turns_black() -> None:
    content = encoded(a_picture(colour="white"), "PNG", transparency=(255, 255, 255))
    assert brightness(decode(content, "x"), 0.5, 0.1) == 0


def test_a_phone_picture_with_a_second_image_inside_is_no_animation() -> None:
    content = encoded(a_picture(), "MPO", save_all=True, append_images=[a_picture((64, 64))])
    assert decode(content, "x").size == (320, 180)


def test_what_a_camera_appends_is_no_harm() -> None:
    clip = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40
    assert decode(encoded(a_picture()) + clip, "x").size == (320, 180)


@pytest.mark.parametrize(
    "options", [{"format": "PNG"}, {"format": "JPEG"}, {"format": "JPEG", "progressive": True}]
)
def test_a_very_large_picture_comes_at_half_its_size(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MOST_KEPT", 320 * 180)
    monkeypatch.setattr(decoding, "_STRIP", 3 * 323)  # in many strips
    image = a_picture((323, 181), "white")

    halved = decode(encoded(image, **options, exif=exif(6)), "x")  # type: ignore[arg-type]
    assert halved.size == (91, 162)
    assert [brightness(halved, x, 0.5) > 127 for x in (0.1, 0.4, 0.6, 0.9)] == [False, False, True, True]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: encoded(a_picture((640, 360)))[:-400], "cut short"),
        (lambda: encoded(a_picture((640, 360)))[:-2], "cut short"),
        (lambda: encoded(a_picture((640, 360)), "PNG")[:-100], "cut short"),
        (lambda: encoded(a_picture((640, 360)), "PNG")[:-4], "cut short"),
        (lambda: encoded(a_picture((640, 360)), "WEBP")[:-100], "cut short"),
        (lambda: encoded(a_picture(), "PNG").replace(b"IDAT", b"IDAT\0", 1), "cut short|damaged"),
        (lambda: PNG_HEAD + chunk(b"IEND", b""), "damaged"),
        (lambda: b"\xff\xd8\xff\xd9", "damaged"),
        (lambda: b"RIFF\x04\0\0\0WEBP", "damaged"),
        (lambda: a_header(320, 180), "damaged or cut short"),
        (lambda: a_header(20_000, 20_000), r"more than 64 megapixels; export it smaller(?=\.$)"),
        (lambda: a_header(1, 60_000_000), r"too small \(1 × 60000000 pixels\); export it with 64 or more"),
        (lambda: a_header(640_000, 64), "too narrow .640000 × 64 pixels."),
        (lambda: encoded(a_picture((63, 64))), "63 × 64 pixels"),
        (lambda: an_animation("WEBP"), "animated"),
        (lambda: an_animation("PNG"), "animated"),
        (lambda: encoded(a_picture(), "GIF"), "is a GIF picture, not a JPEG, PNG or WebP"),
        (lambda: encoded(a_picture(), "TIFF"), "is a TIFF picture, not"),
        (lambda: encoded(a_picture(), "AVIF"), "is an AVIF or HEIC picture, not"),
        (lambda: encoded(a_picture(), "PDF"), "is a PDF document, not"),
        (an_archive, "is a ZIP archive, not"),
        (lambda: b"\0\0\0\x18ftypmp42", "is a video, not"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing, not"),
        (lambda: b"<?xml version='1.0'?>\n<svg/>", "is an SVG drawing, not"),
        (lambda: b"\n<!DOCTYPE html><p>", "is an HTML page, not"),
        (lambda: b"not a picture", "is not a JPEG, PNG or WebP picture; export it as one"),
        (lambda: b"", "is empty"),
    ],
)
def test_what_is_no_usable_picture_is_refused_in_a_sentence(make: Callable[[], bytes], sentence: str) -> None:
    with pytest.raises(PictureError, match=rf"^'odd\.jpg' .*({sentence}).*\.$"):
        decode(make(), "odd.jpg")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("appended", "what"),
    [
        (an_archive(), "a ZIP archive"),
        (b"\0\0some padding" + an_archive(), "a ZIP archive"),
        (b"\n%PDF-1.7\n", "a PDF document"),
        (b"\n<HTML><script>alert(1)</script>", "an HTML page"),
        (b"junk<?php system($_GET[0]);", "a script"),
        (b"#!/bin/sh\n", "a script"),
        (b"\x7fELF\x02\x01", "a program"),
        (b"junkRar!\x1a\x07\x00", "a RAR archive"),
    ],
)
def test_a_picture_that_is_something_else_as_well_is_refused(kind: str, appended: bytes, what: str) -> None:
    with pytest.raises(PictureError, match=f"^'x' is a picture and {what} in one file"):
        decode(encoded(a_picture(), kind) + appended, "x")


@pytest.mark.parametrize(("hidden", "what"), [(b"%PDF-1.7", "a PDF document"), (an_archive(), "a ZIP archive")])
def test_something_else_is_found_within_a_picture_too(hidden: bytes, what: str) -> None:
    with pytest.raises(PictureError, match=what):
        decode(encoded(a_picture(), comment=hidden), "x")


@pytest.mark.parametrize("kind", FORMATS)
def test_just_over_the_limit_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_MOST_PIXELS", {kind: 320 * 180})
    decode(encoded(a_picture((320, 180)), kind), "x")
    with pytest.raises(PictureError, match="megapixels"):
        decode(encoded(a_picture((321, 180)), kind), "x")


@pytest.mark.parametrize("lossless", [True, False])
def test_the_size_of_a_webp_is_known_before_it_is_decoded(lossless: bool) -> None:
    for options in ({}, {"exif": exif(1)}):
        content = encoded(a_picture((321, 183)), "WEBP", lossless=lossless, **options)
        assert container.examine(content, "x").size == (321, 183)


def test_a_progressive_jpeg_is_kept_whole_and_so_may_be_less_large(monkeypatch: pytest.MonkeyPatch) -> None:
    progressive = encoded(a_picture(), progressive=True, subsampling="4:2:0")
    assert container.examine(encoded(a_picture()), "x").buffered == 0
    assert container.examine(progressive, "x").buffered == 320 * 180 * 3 // 2

    decode(progressive, "x")
    monkeypatch.setattr(decoding, "_MOST_BUFFERED", 320 * 180)
    with pytest.raises(PictureError, match="too large for a progressive JPEG"):
        decode(progressive, "x")


def test_scans_without_end_are_not_decoded() -> None:
    content = encoded(a_picture(), progressive=True)
    last = content[content.rfind(b"\xff\xda") : -2]
    with pytest.raises(PictureError, match="more than 100 scans"):
        decode(content[:-2] + last * 100 + content[-2:], "x")


@pytest.mark.parametrize("head", [PNG_HEAD, b"\xff\xd8\xff\xe0\0\2"])
def test_parts_without_end_are_not_walked(head: bytes) -> None:
    part = chunk(b"teXt", b"") if head == PNG_HEAD else b"\xff\xfe\0\2"
    with pytest.raises(PictureError, match="more than 50000 parts"):
        decode(head + part * 50_001, "x")


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_a_chunk_that_unpacks_to_megabytes_is_refused(kind: bytes) -> None:
    content = encoded(a_picture(), "PNG")
    bomb = chunk(kind, b"x\0\0" + zlib.compress(bytes(50_000_000), 9))
    with pytest.raises(PictureError, match=r"^'x\.png' .*\.$"):
        decode(content[:33] + bomb + content[33:], "x.png")


def test_a_name_with_a_line_break_stays_on_one_line() -> None:
    for content in (b"", b"nonsense", a_header(320, 180)):
        with pytest.raises(PictureError) as refused:
            decode(content, "a\n\x1b[31mb.jpg")
        assert str(refused.value).isprintable()


# ---------------------------------------------------------------- files


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)

    with pytest.raises(PictureError, match=r"^'large.jpg' is larger than 64 MiB"):
        read(large, "large.jpg")
    with pytest.raises(PictureError, match=r"^'gone.jpg' is not readable"):
        read(tmp_path / "gone.jpg", "gone.jpg")


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "pipe.jpg", Path("/dev/zero")):
        with pytest.raises(PictureError, match=r"^'x' is not a regular file"):
            read(path, "x")
    for path in (tmp_path, tmp_path / "a\0b"):
        with pytest.raises(PictureError, match=r"^'x' is not readable"):
            read(path, "x")
