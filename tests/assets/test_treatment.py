from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter

from assets.crop import Box
from assets.picture import PictureError
from assets.titling import placing
from assets.titling.fonts import typefaces_in
from assets.titling.placing import placed
from assets.titling.scrim import shaded
from assets.titling.treatment import set_title
from assets.treatment import Treatment

CONTRAST = 4.5
CANVASES = [(1280, 720), (480, 720), (720, 720), (213, 320)]
NAMES = {
    "en": "Countdown",
    "de": "Das Geheimnis der verschwundenen Sternwarte",
    "el": "Το μυστικό του ουρανού",  # noqa: RUF001 - Greek
    "ru": "Тайна исчезнувшей обсерватории",
    "ar": "العد التنازلي 2024 (الجزء الأول)",
    "he": "כוכב הלכת Keyart 2: השיבה",
    "hi": "क्षत्रिय की वापसी: श्री धर्म",
    "th": "ที่นี่น้ำเจ้าหญิงแห่งดวงดาว",
}
LONG_THAI = "ที่นี่น้ำเจ้าหญิงแห่งดวงดาวที่หายไปในความมืดมิดของจักรวาลอันกว้างใหญ่"

Pixels = npt.NDArray[np.uint8]


def flat(size: tuple[int, int] = (640, 360), level: int = 150) -> Image.Image:
    return Image.new("RGB", size, (level, level, level))


def noisy(size: tuple[int, int], brightest: int = 254) -> Image.Image:
    """Grain that has every level from black to nearly white, so that only letters are pure white."""
    grain = np.random.default_rng(5).integers(0, brightest + 1, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(grain)


def titled(picture: Image.Image, text: str, locale: str = "en", faces: Sequence[Box] = ()) -> Image.Image:
    return set_title(picture, Treatment(text, locale), faces)


def letters(picture: Image.Image) -> Image.Image:
    """Where a picture is pure white."""
    white = (np.asarray(picture) == 255).all(axis=2)
    return Image.fromarray((255 * white).astype(np.uint8))


def box_of(picture: Image.Image) -> tuple[int, int, int, int]:
    box = letters(picture).getbbox()
    assert box
    return box


def contrast_with_white(pixels: Pixels) -> npt.NDArray[np.float64]:
    """The contrast ratio of WCAG 2.2."""
    levels = pixels / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return np.asarray(1.05 / (linear @ np.array([0.2126, 0.7152, 0.0722]) + 0.05))


@pytest.mark.parametrize("size", CANVASES)
@pytest.mark.parametrize(("locale", "text"), NAMES.items())
def test_every_name_stands_inside_the_margins_of_every_canvas(
    size: tuple[int, int], locale: str, text: str
) -> None:
    left, top, right, bottom = box_of(titled(noisy(size), text, locale))

    assert left >= 0.05 * size[0]
    assert right <= 0.95 * size[0]
    assert top >= 0.05 * size[1]
    assert bottom <= 0.95 * size[1]


@pytest.mark.parametrize("size", CANVASES)
@pytest.mark.parametrize(("locale", "text"), NAMES.items())
def test_letters_can_be_read_where_a_picture_is_small(size: tuple[int, int], locale: str, text: str) -> None:
    place = placed(noisy(size), text, locale, [])

    assert place
    assert place.size * 0.714 >= size[0] * 10 / 320
    assert len(place.lettering.lines) <= 3


@pytest.mark.parametrize(
    "picture",
    [
        noisy((640, 360)),
        flat(level=254),
        flat(level=0),
        noisy((640, 360), 90),
        Image.new("RGB", (640, 360), "yellow"),
    ],
    ids=["noise", "white", "black", "dark", "yellow"],
)
def test_all_that_lies_under_letters_gives_them_contrast(picture: Image.Image) -> None:
    place = placed(picture, "Countdown", "en", [])
    assert place
    mask = Image.new("L", picture.size)
    place.lettering.draw(mask, place.box, place.size)
    beneath = np.asarray(shaded(picture, mask, place.box, [], place.size))
    around = np.asarray(mask.filter(ImageFilter.MaxFilter(3))) > 0

    assert contrast_with_white(beneath[around]).min() >= CONTRAST


@pytest.mark.parametrize("picture", [noisy((640, 360)), flat(level=250)], ids=["noise", "white"])
@pytest.mark.parametrize("width", [640, 320])
def test_letters_stand_off_their_surroundings_in_what_is_served(picture: Image.Image, width: int) -> None:
    result = titled(picture, "Das Geheimnis der Sternwarte", "de")
    served = result.resize((width, width * 9 // 16), Image.Resampling.LANCZOS)
    left, top, right, bottom = (round(edge * width / 640) for edge in box_of(result))
    contrast = contrast_with_white(np.asarray(served.crop((left, top, right, bottom))))

    assert contrast.min() < 1.1
    assert np.percentile(contrast, 65) >= CONTRAST


def test_a_dark_picture_is_darkened_little() -> None:
    dark, bright = (titled(flat(level=level), "Countdown").getpixel((5, 350)) for level in (60, 250))

    assert isinstance(dark, tuple)
    assert isinstance(bright, tuple)
    assert dark[0] / 60 > 1.2 * bright[0] / 250


def test_the_gradient_ends_where_the_name_is_far() -> None:
    assert titled(flat(), "Up").getpixel((635, 5)) == (150, 150, 150)


def test_the_gradient_has_no_edges() -> None:
    lines = np.asarray(titled(flat(), "Up").convert("L"), dtype=int)[:, 1]

    assert abs(np.diff(lines)).max() <= 3


@pytest.mark.parametrize(
    "faces",
    [
        [(0.05, 0.55, 0.2, 0.35)],
        [(0.3, 0.1, 0.3, 0.6)],
        [(0.0, 0.5, 0.5, 0.5), (0.6, 0.0, 0.4, 0.4)],
        [(0.1, 0.1, 0.1, 0.2), (0.8, 0.1, 0.1, 0.2), (0.1, 0.7, 0.1, 0.2)],
        [(0.05, 0.94, 0.05, 0.06), (0.9, 0.9, 0.1, 0.1)],
        [(0.4, 0.4, 0.0, 0.0)],
    ],
)
@pytest.mark.parametrize("size", CANVASES[:3])
def test_no_pixel_of_a_face_is_changed(faces: list[Box], size: tuple[int, int]) -> None:
    picture = flat(size, level=250)
    result = titled(picture, "Das Geheimnis", "de", faces)

    assert result != picture
    for x, y, wide, high in faces:
        edges = round(x * size[0]), round(y * size[1]), round((x + wide) * size[0]), round((y + high) * size[1])
        assert result.crop(edges).tobytes() == picture.crop(edges).tobytes()


@pytest.mark.parametrize(("locale", "right"), [("en", False), ("ru", False), ("he", True), ("ar", True)])
def test_a_free_picture_has_its_name_below_where_reading_begins(locale: str, right: bool) -> None:
    left, top, end, _bottom = box_of(titled(flat(), NAMES[locale], locale))

    assert top > 180
    assert (left > 640 - end) is right


def test_the_name_leaves_the_subject_alone() -> None:
    picture = flat(level=90)
    picture.paste(noisy((360, 250)), (0, 110))

    assert box_of(titled(picture, "Up"))[0] >= 360


def test_a_focus_in_the_usual_corner_sends_the_name_to_another() -> None:
    treatment = Treatment("The Question", "en")
    usual = box_of(set_title(flat(), treatment, []))
    moved = box_of(set_title(flat(), treatment, [], (0.2, 0.85)))
    assert usual[0] < 160
    assert usual[1] > 180
    assert moved[0] > 160 or moved[3] < 180


def test_a_face_below_sends_the_name_up() -> None:
    assert box_of(titled(flat(), "Countdown", faces=[(0.0, 0.5, 1.0, 0.5)]))[3] < 180


def test_the_same_is_made_of_the_same_and_the_crop_is_left_alone() -> None:
    picture = noisy((640, 360))
    before = picture.tobytes()
    results = {titled(picture, NAMES["ar"], "ar", [(0.1, 0.1, 0.2, 0.2)]).tobytes() for _ in range(2)}

    assert len(results) == 1
    assert picture.tobytes() == before


@pytest.mark.parametrize("text", ["M", "1", "?", "É", "ש", "ก"])
def test_a_name_may_be_one_letter(text: str) -> None:
    left, top, right, bottom = box_of(titled(flat(), text))

    assert 8 < max(right - left, bottom - top) < 100


def test_thai_is_cut_between_words_only_where_it_would_not_fit_at_all() -> None:
    short, long = (placed(flat((480, 720)), text, "th", []) for text in (NAMES["th"], LONG_THAI))

    assert short
    assert long
    assert [len(short.lettering.lines), len(long.lettering.lines)] == [1, 3]


@pytest.mark.parametrize(
    ("text", "size", "faces"),
    [
        ("Wort " * 60, (640, 360), []),
        ("Wort" * 15, (640, 360), []),
        ("Countdown", (30, 20), []),
        ("Countdown", (640, 360), [(0.0, 0.0, 1.0, 1.0)]),
        ("W", (1, 1), []),
    ],
)
def test_a_name_without_room_is_refused_in_a_sentence(text: str, size: tuple[int, int], faces: list[Box]) -> None:
    shown = rf"'{text.strip()[:60]}…?' is not legible on a picture of {size[0]} × {size[1]} pixels"

    with pytest.raises(PictureError, match=rf"^{shown}.*; give .*\.$"):
        titled(flat(size), text, faces=faces)


@pytest.mark.parametrize("text", ["Up \U0001f9d6\u200d♀️", "ᚠ𓀀", "A\ue000"])
def test_a_name_with_a_character_that_no_font_has_is_refused(text: str) -> None:
    with pytest.raises(PictureError, match=r"^No installed font has '.+'.*; install keyart\[fonts\].*\.$"):
        titled(flat(), text)


@pytest.mark.parametrize("text", [" ", "\u200b", "\u200e\u200f", "\u0301"])
def test_a_name_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(PictureError, match=r"has no visible character; write one\.$"):
        titled(flat(), text)


def test_without_fonts_the_name_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "typefaces", lambda: typefaces_in([tmp_path]))

    with pytest.raises(PictureError, match=r"install keyart\[fonts\]"):
        titled(flat(), "Countdown")
