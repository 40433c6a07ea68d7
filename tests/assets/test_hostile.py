"""Pictures damaged in every way that a seed can think of: each is taken or refused, and nothing comes of it."""

import os
import random
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from assets.picture import Job, Picture, PictureError
from assets.rendering.decoding import decode
from assets.rendering.workers import develop_all
from tests.assets.builders import encoded, put

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
HEADERS = 700
"""Bytes at the front, where most of what a decoder believes is said."""
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def seeds() -> dict[str, bytes]:
    noise = Image.frombytes("RGB", (72, 64), random.Random(1).randbytes(72 * 64 * 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "baseline.jpg": encoded(noise, exif=exif, icc_profile=PROFILE),
        "progressive.jpg": encoded(noise, progressive=True),
        "inks.jpg": encoded(noise.convert("CMYK"), icc_profile=PROFILE),
        "phone.jpg": encoded(noise, "MPO", save_all=True, append_images=[noise]),
        "plain.png": encoded(noise, "PNG", icc_profile=PROFILE, exif=exif),
        "see-through.png": encoded(noise.convert("RGBA"), "PNG"),
        "palette.png": encoded(noise.convert("P"), "PNG", transparency=3),
        "deep.png": encoded(Image.new("I;16", (72, 64), 9999), "PNG"),
        "lossy.webp": encoded(noise, "WEBP", exif=exif, icc_profile=PROFILE),
        "lossless.webp": encoded(noise, "WEBP", lossless=True),
        "see-through.webp": encoded(noise.convert("RGBA"), "WEBP", quality=50),
    }


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def flipped(content: bytes, chance: random.Random) -> bytes:
    result = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 20))):
        reach = len(result) if chance.random() < 0.4 else min(len(result), HEADERS)
        result[chance.randrange(reach)] ^= 1 << chance.randrange(8)
    return bytes(result)


def spliced(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + chance.randbytes(chance.randrange(80)) + content[at + chance.randrange(60) :]


def disguised(content: bytes, chance: random.Random) -> bytes:
    """A PNG with a bit flipped or its chunks in disorder, and every checksum right."""
    if not content.startswith(PNG_HEAD):
        return flipped(content, chance)
    chunks = list(chunks_of(content))
    body = chance.choice([body for _, body in chunks if body])
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    if chance.random() < 0.3:
        chance.shuffle(chunks)
    return PNG_HEAD + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def chunks_of(content: bytes) -> Iterator[tuple[bytes, bytearray]]:
    at = len(PNG_HEAD)
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        yield content[at + 4 : at + 8], bytearray(content[at + 8 : at + 8 + length])
        at += 12 + length


DAMAGES = {"cut": cut, "flipped": flipped, "spliced": spliced, "disguised": disguised}


def damaged(damage: str, times: int) -> dict[str, bytes]:
    chance = random.Random(damage)
    return {
        f"{damage}-{number}-{name}": DAMAGES[damage](content, chance)
        for name, content in seeds().items()
        for number in range(times)
    }


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_picture_is_decoded_or_refused_in_a_sentence(damage: str) -> None:
    for name, content in damaged(damage, 30).items():
        outcome = decoded(content, name)
        if isinstance(outcome, PictureError):
            assert re.fullmatch(rf"'{name}' .*\.", str(outcome)), outcome
            assert str(outcome).isprintable()
        else:
            assert (outcome.mode, outcome.info) == ("RGB", {}), name


def decoded(content: bytes, name: str) -> Image.Image | PictureError:
    try:
        return decode(content, name)
    except PictureError as error:
        return error


def test_no_picture_that_was_cut_short_is_taken() -> None:
    for name, content in damaged("cut", 30).items():
        # Without the second picture, a phone's is whole.
        if "phone" not in name:
            with pytest.raises(PictureError):
                decode(content, name)


def test_damaged_pictures_harm_no_process_and_leave_no_file(tmp_path: Path) -> None:
    files = {name: content for damage in DAMAGES for name, content in damaged(damage, 2).items()} | seeds()
    jobs = [Job(str(put(tmp_path / "originals" / name, content)), name) for name, content in files.items()]
    (tmp_path / "originals" / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "originals" / "pipe.jpg")
    odd = ("folder.jpg", "pipe.jpg", "gone.jpg", "a\0b.jpg", "../originals/pipe.jpg", "new\nline.jpg")
    jobs += [Job(str(tmp_path / "originals" / name), name) for name in odd]

    outcomes = list(develop_all(jobs, tmp_path / "images", 2))

    assert sorted(job.name for job, _ in outcomes) == sorted(job.name for job in jobs)
    refused = {job.name: str(result) for job, result in outcomes if isinstance(result, PictureError)}
    taken = {job.name: result for job, result in outcomes if isinstance(result, Picture)}
    assert taken.keys() >= seeds().keys()
    assert refused.keys() >= set(odd)
    faults = ("ended the process", "Keyart renders")
    assert not [reason for reason in refused.values() if any(fault in reason for fault in faults)]
    written = {name for picture in taken.values() for crop in picture.crops for name in crop.names()}
    assert {path.name for path in (tmp_path / "images").iterdir()} == written
