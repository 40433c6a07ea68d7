"""Kept originals: nothing in them says where they were taken, and they decode to the same pixels."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from assets import SAMPLES
from assets.rendering.decoding import decode, decoded
from assets.rendering.stripping import stripped
from tests.assets.builders import encoded

SECRET = "48.2082N 16.3738E, Stephansplatz"
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>{SECRET}</exif:GPSLatitude></x:xmpmeta>'
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ORIENTATIONS = range(1, 9)


def a_photograph(mode: str = "RGB") -> Image.Image:
    """Noise with a bright corner, so that every lost or turned pixel shows."""
    image = Image.effect_noise((160, 96), 90).convert("RGB")
    image.paste("white", (0, 0, 60, 30))
    return image.convert(mode)


def located(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = exif[0x927C] = SECRET  # a description, and the notes of a maker
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4], gps[0x1D] = "N", (48.0, 12.0, 29.5), "E", (16.0, 22.0, 25.7), SECRET
    return exif


def strip(content: bytes) -> bytes:
    found = decoded(content, "x")
    return stripped(content, found.container, found.orientation)


def is_the_same_without_a_place(content: bytes) -> bytes:
    """Check a file after stripping, by Pillow's reader and byte by byte; return it."""
    assert SECRET.encode() in content, "The test has written no place."
    left = strip(content)
    assert SECRET.encode() not in left
    with Image.open(io.BytesIO(left)) as image:
        assert set(image.getexif()) <= {0x0112}
        assert not image.getexif().get_ifd(0x8825)
        assert image.info.keys().isdisjoint({"xmp", "XML:com.adobe.xmp", "photoshop", "comment", "mp"})
    before, after = decoded(content, "x"), decoded(left, "x")
    assert after.image.tobytes() == before.image.tobytes()
    assert (after.orientation, after.image.size) == (before.orientation, before.image.size)
    assert strip(left) == left, "Stripping again changes something."
    return left


# ---------------------------------------------------------------- each format, with all that it can hold


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_exif_and_xmp_go_and_the_orientation_and_the_colours_stay(kind: str, orientation: int) -> None:
    exif = located(orientation)
    left = is_the_same_without_a_place(
        encoded(a_photograph(), kind, exif=exif, xmp=XMP.encode(), icc_profile=SRGB)
    )
    with Image.open(io.BytesIO(left)) as image:
        assert image.info["icc_profile"] == SRGB


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_texts_of_a_png_go_before_and_after_its_pixels(orientation: int) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Location", SECRET)
    texts.add_text("Place", SECRET, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", XMP)
    content = encoded(a_photograph(), "PNG", pnginfo=texts, exif=located(orientation), icc_profile=SRGB)
    late = png_chunk(b"tEXt", b"Location\0" + SECRET.encode()) + png_chunk(b"priV", SECRET.encode())
    left = is_the_same_without_a_place(content[:-12] + late + content[-12:])
    with Image.open(io.BytesIO(left)) as image:
        image.load()
        assert image.info.keys().isdisjoint({"Location", "Place"})
        assert image.info["icc_profile"] == SRGB


def test_an_orientation_that_only_xmp_has_stays() -> None:
    turned = f'<x:xmpmeta tiff:Orientation="6"><place>{SECRET}</place></x:xmpmeta>'
    left = is_the_same_without_a_place(encoded(a_photograph(), xmp=turned.encode()))
    assert decode(left, "x").size == (96, 160)


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04" + SECRET.encode()), id="IPTC"),
        pytest.param(segment(0xFE, SECRET.encode()), id="comment"),
        pytest.param(segment(0xE0, b"JFXX\0\x13" + SECRET.encode()), id="thumbnail"),
        pytest.param(segment(0xE2, b"MPF\0" + SECRET.encode()), id="index of further pictures"),
        pytest.param(segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + SECRET.encode()), id="more XMP"),
        pytest.param(segment(0xEB, b"JP\0\x01" + SECRET.encode()), id="content credentials"),
        pytest.param(segment(0xEE, b"Adobe" + bytes(7) + SECRET.encode()), id="after Adobe's fields"),
        pytest.param(SECRET.encode(), id="between segments"),
    ],
)
def test_whatever_else_a_jpeg_says_goes(hidden: bytes) -> None:
    content = encoded(a_photograph(), exif=located())
    is_the_same_without_a_place(content[:20] + hidden + content[20:])  # after the JFIF header


def test_what_stands_between_the_scans_of_a_jpeg_goes() -> None:
    content = encoded(a_photograph(), progressive=True)
    second = content.index(b"\xff\xda", content.index(b"\xff\xda") + 2)
    is_the_same_without_a_place(content[:second] + segment(0xFE, SECRET.encode()) + content[second:])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_follows_a_picture_goes(kind: str) -> None:
    """Telephones append videos and further pictures, which have their own metadata."""
    is_the_same_without_a_place(encoded(a_photograph(), kind) + b"\0\0\0\x18ftypmp42" + SECRET.encode())


def test_of_several_pictures_in_one_file_only_the_first_stays() -> None:
    content = encoded(a_photograph(), "MPO", save_all=True, append_images=[a_photograph()], exif=located())
    left = is_the_same_without_a_place(content)
    assert len(left) < len(content) * 2 / 3
    assert left.count(b"\xff\xd8\xff") == 1


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2) for kind, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def test_chunks_in_the_frame_of_a_webp_go() -> None:
    still = encoded(a_photograph(), "WEBP", lossless=True)
    size = (159).to_bytes(3, "little") + (95).to_bytes(3, "little")
    frame = bytes(6) + size + bytes(4) + still[12:] + riff((b"PRIV", SECRET.encode()))[12:]
    head = (b"VP8X", bytes((0x02, 0, 0, 0)) + size)
    is_the_same_without_a_place(riff(head, (b"ANIM", bytes(6)), (b"ANMF", frame)))


# ---------------------------------------------------------------- pixels of every kind


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "RGB", {"keep_rgb": True}),
        ("JPEG", "RGB", {"restart_marker_blocks": 1}),
        ("JPEG", "L", {}),
        ("JPEG", "CMYK", {}),
        ("PNG", "P", {"transparency": 3}),
        ("PNG", "LA", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "1", {}),
        ("PNG", "I;16", {}),
        ("PNG", "RGB", {"transparency": (255, 255, 255)}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("WEBP", "RGBA", {"quality": 50}),
        ("WEBP", "RGB", {"quality": 50}),
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_pixels_of_every_kind_stay(kind: str, mode: str, options: dict[str, object], orientation: int) -> None:
    picture = a_photograph("L").convert(mode) if mode == "I;16" else a_photograph(mode)
    is_the_same_without_a_place(encoded(picture, kind, exif=located(orientation), **options))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*.jpg"))[::7], ids=lambda path: path.stem)
def test_the_samples_stay_as_they_look(path: Path) -> None:
    content = path.read_bytes()
    assert decode(strip(content), "x").tobytes() == decode(content, "x").tobytes()


@pytest.mark.parametrize(
    "make",
    [
        lambda content: content.replace(b"\xff\xda", b"\xff\xff\xff\xda", 1),  # fill bytes before a marker
        lambda content: content[:-2] + b"\x00\xff\x00\xff\xd9",
        lambda content: content[: len(content) // 2] + bytes(40) + content[len(content) // 2 + 40 :],
    ],
)
def test_a_jpeg_that_decoders_tolerate_is_tolerated_and_looks_the_same(make: Callable[[bytes], bytes]) -> None:
    content = make(encoded(a_photograph()))
    assert decode(strip(content), "x").tobytes() == decode(content, "x").tobytes()
