import pytest
from PIL import Image, ImageDraw, ImageFont

from assets.picture import PictureError
from assets.titling.bidi import levels, right_to_left, visual
from assets.titling.breaking import tidied
from assets.titling.fonts import Typeface, typefaces
from assets.titling.lettering import Lettering, letterings

ARABIC = "العد التنازلي 2024 (الجزء ٣)"
NAMES = {
    "de": "Das Geheimnis der verschwundenen Sternwarte",
    "el": "Το μυστικό του ουρανού",  # noqa: RUF001 - Greek
    "ru": "Тайна исчезнувшей обсерватории",
    "ar": ARABIC,
    "he": "כוכב Keyart 2: השיבה",
    "hi": "क्षत्रिय की वापसी: धर्म 2",
    "th": "2: น้ำที่นี่ (ญี่ปุ่น)",
}


def ordered(text: str, *, rtl: bool) -> str:
    """The characters from left to right."""
    order = levels(text, rtl=rtl)
    runs = visual(order)
    return "".join(
        "".join(text[index] for index in (run if order[run[0]] % 2 == 0 else run[::-1])) for run in runs
    )


def one_line(text: str, locale: str) -> Lettering:
    return letterings(tidied(text), locale, typefaces())[0]


def drawn(lettering: Lettering, size: int = 48) -> Image.Image:
    wide, high = lettering.extent(size)
    mask = Image.new("L", (round(wide) + 40, round(high) + 40))
    lettering.draw(mask, (20, 20, 20 + wide, 20 + high), size)
    return mask


def unshaped(text: str, size: int = 48) -> float:
    """How wide the text would be, letter by letter."""
    length = 0.0
    for line in one_line(text, "en").lines:
        for run in line.runs:
            font = ImageFont.truetype(str(run.typeface.path), size, layout_engine=ImageFont.Layout.BASIC)
            font.set_variation_by_axes([700])
            length += font.getlength(run.text)
    return length


@pytest.mark.parametrize(
    ("text", "rtl", "shown"),
    [
        ("אבג 123 דה", True, "הד 123 גבא"),
        ("אבג abc 123 דה", True, "הד abc 123 גבא"),
        ("abc אבג 12 דה", False, "abc הד 12 גבא"),
        ("אב (Film 2) גד", True, "דג )Film 2( בא"),
        ("Film (אב) 2", False, "Film (בא) 2"),
        ("אב (2024)", True, ")2024( בא"),
        ("اب 10:30", True, "10:30 با"),
        ("اب 20% تث", True, "ثت %20 با"),
        ("אב $20", True, "$20 בא"),
        ("abc!", True, "!abc"),
        ("שָׁל", True, "ל\u05c1\u05b8ש"),
    ],
)
def test_characters_stand_in_the_order_of_the_standard(text: str, rtl: bool, shown: str) -> None:
    assert ordered(text, rtl=rtl) == shown


@pytest.mark.parametrize(
    ("text", "rtl"), [("2: אב", True), ("abc אב", False), ("اب abc", True), ("2024", None), ("", None)]
)
def test_the_first_letter_gives_the_direction(text: str, rtl: bool | None) -> None:
    assert right_to_left(text) is rtl


@pytest.mark.parametrize(
    ("text", "locale", "rtl"),
    [
        ("Keyart: השיבה", "he", True),
        ("Keyart: השיבה", "en", False),
        ("Keyart", "ar-EG", False),
        ("אב", "en", True),
    ],
)
def test_a_language_that_runs_right_to_left_sets_its_mixed_names_so(text: str, locale: str, rtl: bool) -> None:
    assert one_line(text, locale).rtl is rtl


def test_digits_and_brackets_stand_right_in_an_arabic_name() -> None:
    runs = one_line(ARABIC, "ar").lines[0].runs

    assert [(run.text.strip(), run.rtl) for run in runs] == [
        (")", True),
        ("٣", False),
        ("الجزء", True),
        ("(", True),
        ("2024", False),
        ("العد التنازلي", True),
    ]


def test_runs_give_what_shaping_the_whole_line_gives() -> None:
    arabic = next(each for each in typefaces() if each.path.name.startswith("NotoSansArabic"))
    text = "العد ١٢ الجزء"
    whole = Image.new("L", (600, 120))
    ImageDraw.Draw(whole).text((20, 80), text, 255, arabic.sized(48), "ls", direction="rtl", language="ar")
    runs = Image.new("L", (600, 120))
    letterings(text, "ar", [arabic])[0].lines[0].draw(runs, 20, 80, 48)
    difference = sum(abs(one - other) for one, other in zip(whole.tobytes(), runs.tobytes(), strict=True))

    assert whole.getbbox() == runs.getbbox()
    assert difference < 0.05 * sum(whole.tobytes())


@pytest.mark.parametrize("text", ["سلسلة", "क्षत्रिय", "धर्म"])
def test_letters_join(text: str) -> None:
    assert one_line(text, "en").extent(48)[0] < 0.85 * unshaped(text)


def test_thai_marks_are_stacked() -> None:
    plain, stacked = (one_line(text, "th").extent(64)[1] for text in ("ปี", "ปี่"))

    assert stacked > 1.1 * plain


@pytest.mark.parametrize(("locale", "text"), NAMES.items())
def test_no_name_shows_the_box_of_a_missing_letter(locale: str, text: str) -> None:
    for run in one_line(text, locale).lines[0].runs:
        for character in run.text:
            assert ord(character) in run.typeface.covered, character


@pytest.mark.parametrize(("locale", "text"), NAMES.items())
@pytest.mark.parametrize("size", [11, 48, 131])
def test_the_extent_holds_all_that_is_drawn(locale: str, text: str, size: int) -> None:
    for lettering in letterings(tidied(text), locale, typefaces(), unspaced=True):
        wide, high = lettering.extent(size)
        left, top, right, bottom = drawn(lettering, size).getbbox() or (0, 0, 0, 0)

        assert (left >= 19, top >= 20, right <= 21 + wide, bottom <= 21 + high) == (True,) * 4
        assert right - left > wide - 0.2 * size
        assert bottom - top > high - 2


def test_lines_never_touch() -> None:
    deep, tall = "ฎุ", "ปี่"
    both = letterings(f"{deep} {tall}", "th", typefaces())[1].extent(64)[1]

    assert both >= one_line(deep, "th").extent(64)[1] + one_line(tall, "th").extent(64)[1] + 0.09 * 64


def test_marks_stay_in_the_font_of_their_letter() -> None:
    runs = one_line("Aก้B", "th").lines[0].runs

    assert [run.text for run in runs] == ["A", "ก้", "B"]


def test_an_unknown_letter_is_refused() -> None:
    with pytest.raises(PictureError, match="EGYPTIAN"):
        one_line("A 𓀀", "en")


def test_a_font_is_used_as_far_as_it_reaches() -> None:
    hebrew: list[Typeface] = [each for each in typefaces() if each.path.name.startswith("NotoSansHebrew")]

    assert letterings("אב", "he", hebrew)
    with pytest.raises(PictureError, match="LATIN"):
        letterings("אב K", "he", hebrew)
