import io
from collections import defaultdict
from itertools import combinations

import pytest
from PIL import Image, ImageEnhance

from assets import checks
from assets.looks.fingerprint import fingerprint
from assets.looks.judging import ALIKE, distance
from assets.rendering.developing import glanced
from tests.assets.builders import encoded
from tests.assets.samples import glance_of, sample, sample_jobs

NAMES = [job.name for job in sample_jobs()[::9]]


def reencoded(image: Image.Image, kind: str, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(encoded(image, kind, quality=quality))).convert("RGB")


def scaled(image: Image.Image, share: float) -> Image.Image:
    size = (round(image.width * share), round(image.height * share))
    return image.resize(size, Image.Resampling.LANCZOS)


def trimmed(image: Image.Image, share: float) -> Image.Image:
    x, y = round(image.width * share), round(image.height * share)
    return image.crop((x, y, image.width - x, image.height - y))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_picture_looks_alike_however_it_was_saved(name: str) -> None:
    image = sample(name)
    original = fingerprint(glanced(image))
    for edited in (
        reencoded(image, "JPEG", 30),
        reencoded(image, "WEBP", 30),
        scaled(image, 0.5),
        scaled(image, 1.5),
        ImageEnhance.Brightness(image).enhance(1.1),
        ImageEnhance.Contrast(image).enhance(0.85),
        image.convert("L").convert("RGB"),
        trimmed(image, 0.015),
    ):
        assert distance(original, fingerprint(glanced(edited))) <= ALIKE


def test_no_two_samples_of_a_title_look_alike() -> None:
    titles = defaultdict(list)
    for job in sample_jobs():
        titles[job.name.split("/")[0]].append(fingerprint(glance_of(job)))
    distances = [distance(*pair) for prints in titles.values() for pair in combinations(prints, 2)]
    assert min(distances) > ALIKE + 2


def test_turned_and_mirrored_pictures_are_others() -> None:
    image = sample("the-question/shy-smile.jpg")
    original = fingerprint(glanced(image))
    for turned in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90):
        assert distance(original, fingerprint(glanced(image.transpose(turned)))) > ALIKE


@pytest.mark.parametrize("size", [(1, 1), (512, 1), (320, 180)])
@pytest.mark.parametrize("colour", ["black", "white", "teal"])
def test_even_pictures_have_no_bits(size: tuple[int, int], colour: str) -> None:
    assert fingerprint(Image.new("RGB", size, colour)) == "0" * 16


def test_a_fingerprint_is_what_the_catalogue_accepts() -> None:
    checks.shape(fingerprint(glanced(sample("countdown/earthrise.jpg"))), "fingerprint")


def test_the_distance_counts_bits() -> None:
    assert distance("00000000000000ff", "0000000000000f0f") == 8
