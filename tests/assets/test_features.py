import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from assets import checks
from assets.looks.features import features
from assets.looks.judging import BLURRED
from tests.assets.samples import glance_of, sample, sample_jobs


def measured(colour: str) -> dict[str, float]:
    return features(Image.new("RGB", (320, 180), colour), ())


def halves(one: str, other: str) -> Image.Image:
    image = Image.new("RGB", (320, 180), one)
    image.paste(other, (0, 0, 160, 180))
    return image


def test_a_black_picture_has_nothing_but_neutral_warmth() -> None:
    assert measured("black") == {"warmth": 0.5}


def test_white_is_bright_and_grey_is_half_as_bright() -> None:
    assert measured("white")["brightness"] == pytest.approx(1)
    assert measured("#777777")["brightness"] == pytest.approx(0.5, abs=0.01)


def test_contrast_is_between_the_halves() -> None:
    strong = features(halves("black", "white"), ())["contrast"]
    weak = features(halves("#606060", "#909090"), ())["contrast"]
    assert strong > 0.9
    assert 0.1 < weak < 0.5


def test_colourfulness_tells_grey_from_bright_colours() -> None:
    assert "colourfulness" not in measured("grey")
    muted = features(halves("#806050", "#506080"), ())["colourfulness"]
    assert 0 < muted < features(halves("red", "blue"), ())["colourfulness"]


def test_orange_is_warm_and_blue_is_cool() -> None:
    assert measured("orange")["warmth"] > 0.8
    assert measured("grey")["warmth"] == pytest.approx(0.5, abs=0.01)
    assert measured("cadetblue")["warmth"] < 0.35


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ("red", "red"),
        ("deeppink", "red"),
        ("darkorange", "orange"),
        ("gold", "yellow"),
        ("limegreen", "green"),
        ("darkcyan", "cyan"),
        ("royalblue", "blue"),
        ("blue", "blue"),
        ("magenta", "purple"),
    ],
)
def test_the_dominant_hue_has_a_name(colour: str, name: str) -> None:
    hues = {key: value for key, value in measured(colour).items() if key.startswith("hue-")}
    assert list(hues) == [f"hue-{name}"]
    assert hues[f"hue-{name}"] > 0.5


def test_the_dominant_hue_is_that_of_what_has_colour_and_not_of_what_is_large() -> None:
    image = Image.new("RGB", (320, 180), "#7d7f82")  # a bluish grey
    image.paste("red", (0, 0, 80, 180))
    assert "hue-red" in features(image, ())


def test_blur_and_enlarging_are_seen_at_any_size() -> None:
    sharp = sample("the-question/meadow.jpg").resize((512, 288), Image.Resampling.BOX)
    blurred = sharp.filter(ImageFilter.GaussianBlur(2.5))
    enlarged = sharp.resize((128, 72), Image.Resampling.BOX).resize((512, 288), Image.Resampling.BICUBIC)
    small = sharp.resize((256, 144), Image.Resampling.BOX)

    assert features(sharp, ())["sharpness"] > 2 * BLURRED
    assert features(blurred, ()).get("sharpness", 0) < BLURRED
    assert features(enlarged, ()).get("sharpness", 0) < BLURRED
    assert features(small, ())["sharpness"] == pytest.approx(features(sharp, ())["sharpness"], abs=0.15)


def test_dimming_does_not_look_like_blur() -> None:
    bright = sample("the-question/meadow.jpg").resize((512, 288), Image.Resampling.BOX)
    dim = bright.point(lambda level: level // 3)
    assert features(dim, ())["sharpness"] == pytest.approx(features(bright, ())["sharpness"], abs=0.1)


def test_hardly_any_sample_is_taken_for_blurred() -> None:
    soft = [job.name for job in sample_jobs() if features(glance_of(job), ()).get("sharpness", 0) < BLURRED]
    assert soft == ["six-horizons/golden-tidepools.jpg"]  # a long exposure of moving water


def test_faces_are_counted_and_sized() -> None:
    image = Image.new("RGB", (320, 180), "grey")
    assert "faces" not in features(image, ())
    one = features(image, [(0.1, 0.1, 0.2, 0.2)])
    five = features(image, [(0.1, 0.1, 0.2, 0.2)] * 5)
    assert (one["faces"], one["face-share"]) == (0.25, 0.2)
    assert (five["faces"], five["face-share"]) == (1, 0.4472)


@pytest.mark.parametrize(
    "name", ["the-question/surprise.jpg", "0ad/war-elephants.jpg", "six-horizons/snow-ridge.jpg"]
)
def test_writing_on_a_picture_is_seen(name: str) -> None:
    picture = sample(name).resize((512, 288), Image.Resampling.BOX)
    written = picture.copy()
    font = ImageFont.load_default(28)
    ImageDraw.Draw(written).text(
        (30, 200), "The Long Night of", "white", font, stroke_width=1, stroke_fill="black"
    )
    before, after = (features(image, ()).get("text-area", 0) for image in (picture, written))
    assert after > before + 0.15


def test_every_number_is_a_share_under_a_slug_whatever_the_picture() -> None:
    noise = Image.effect_noise((97, 512), 120).convert("RGB")
    lines = [Image.new("RGB", size, "red") for size in ((1, 1), (512, 1), (1, 512), (3, 2))]
    for image in [noise, *lines, halves("yellow", "blue")]:
        for name, value in features(image, [(0, 0, 1, 1)] * 9).items():
            checks.slug(name, "feature name")
            checks.fraction(value, name)


def test_the_samples_use_the_range() -> None:
    found = [features(glance_of(job), job.faces) for job in sample_jobs()[::2]]
    tenth = len(found) // 10
    for name in ("brightness", "contrast", "colourfulness", "warmth", "sharpness"):
        values = sorted(each.get(name, 0) for each in found)
        assert values[-1 - tenth] - values[tenth] > 0.25, name
