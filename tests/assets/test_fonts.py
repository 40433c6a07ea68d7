import struct
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile

import pytest
from PIL import Image, ImageDraw, ImageFont, features

from assets.picture import PictureError
from assets.titling.fonts import PACKAGE, Typeface, typeface_for, typefaces, typefaces_in
from tests.assets.builders import put

SAMPLES = {
    "NotoSans": "Aé9ΩЖ(",
    "NotoSansArabic": "عپ؟",
    "NotoSansHebrew": "שׁ",
    "NotoSansDevanagari": "क्ष",
    "NotoSansThai": "ที่",
}


# A and B by a difference, a and c by a list that has no glyph for b, and the segment that ends all maps.
SEGMENTS = (
    struct.pack(">7H", 4, 0, 0, 6, 0, 0, 0)
    + struct.pack(">3Hxx3H", 0x42, 0x63, 0xFFFF, 0x41, 0x61, 0xFFFF)
    + struct.pack(">3H", 0x10000 - 0x40, 0, 1)
    + struct.pack(">3H", 0, 4, 0)
    + struct.pack(">3H", 5, 0, 6)
)
# Two emoji, and a run of one that stands for the missing glyph.
GROUPS = struct.pack(">HHIII", 12, 0, 40, 0, 2) + struct.pack(">6I", 0x1F600, 0x1F601, 7, 0x1F610, 0x1F610, 0)


def package() -> Path:
    spec = find_spec(PACKAGE)
    assert spec
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)))


def a_font(*maps: bytes, collection: bool) -> bytes:
    """A font file, or the first in a collection, that has nothing but character maps."""
    start = 16 if collection else 0
    starts = [4 + 8 * len(maps) + sum(map(len, maps[:index])) for index in range(len(maps))]
    table = struct.pack(">HH", 0, len(maps))
    table += b"".join(struct.pack(">HHI", 3, 10, each) for each in starts) + b"".join(maps)
    head = struct.pack(">4sIII", b"ttcf", 0x10000, 1, start) if collection else b""
    return head + struct.pack(">I4H4s3I", 0x10000, 1, 0, 0, 0, b"cmap", 0, start + 28, len(table)) + table


def noto() -> tuple[Typeface, ...]:
    return typefaces_in([package()])


def shown(typeface: Typeface, character: str) -> bytes:
    image = Image.new("L", (96, 128))
    ImageDraw.Draw(image).text((16, 96), character, 255, typeface.sized(48), "ls")
    return image.tobytes()


@pytest.mark.parametrize(("family", "characters"), SAMPLES.items())
def test_each_script_has_its_font(family: str, characters: str) -> None:
    assert typeface_for(characters, noto()).path.name.startswith(f"{family}[")


@pytest.mark.parametrize("family", SAMPLES)
def test_what_a_font_is_said_to_have_it_draws(family: str) -> None:
    typeface = next(each for each in noto() if each.path.name.startswith(f"{family}["))
    missing = shown(typeface, "\U0010fffd")
    letters = "AZaz09ÀžΩωЯё()[]!?،؟ابيאבתकखगअกขฮ๑१١"

    for letter in letters:
        assert (shown(typeface, letter) != missing) is (ord(letter) in typeface.covered), letter


def test_letters_are_bold() -> None:
    typeface = noto()[0]
    regular = ImageFont.truetype(str(typeface.path), 48)

    assert typeface.sized(48).getlength("Countdown") > 1.04 * regular.getlength("Countdown")


@pytest.mark.parametrize(
    ("character", "remedy"),
    [
        ("𓀀", r"EGYPTIAN HIEROGLYPH A001\); install keyart\[fonts\] or Debian's fonts-noto-core, or leave it out"),
        ("\U0001fae0", "install keyart"),
        ("\ue123", "a character without a name"),
        ("字", "install Debian's fonts-noto-cjk"),
    ],
)
def test_a_character_that_no_font_has_is_named_with_a_remedy(character: str, remedy: str) -> None:
    with pytest.raises(PictureError, match=rf"^No installed font has '.+' .*{remedy}.*\.$"):
        typeface_for(f"A{character}", noto())


def test_joiners_and_marks_of_direction_need_no_glyph() -> None:
    hebrew = typeface_for("ש", noto())

    assert typeface_for("ש\u200f\u200d\ufe0f", noto()) == hebrew


def test_a_machine_without_fonts_is_told_what_to_install(tmp_path: Path) -> None:
    put(tmp_path / "NotoSansNotes.txt", b"no font")
    put(tmp_path / "Comic.ttf", b"not ours")

    with pytest.raises(
        PictureError, match=r"^Keyart found no font .*; install keyart\[fonts\] or .*fonts-noto-core\.$"
    ):
        typefaces_in([tmp_path, tmp_path / "nowhere"])


def test_pillow_without_shaping_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check_feature", lambda name: name != "raqm")

    with pytest.raises(PictureError, match="no Raqm"):
        typefaces_in([package()])


def test_the_first_folder_wins_and_the_latin_font_stands_first(tmp_path: Path) -> None:
    own, machine = tmp_path / "own", tmp_path / "machine"
    own.mkdir()
    machine.mkdir()
    copyfile(package() / "NotoSansThai[wght].ttf", own / "NotoSansThai-Bold.ttf")
    copyfile(package() / "NotoSansThai[wght].ttf", machine / "NotoSansThai[wght].ttf")
    copyfile(package() / "NotoSans[wght].ttf", machine / "NotoSans[wdth,wght].ttf")
    put(machine / "NotoSansMono-Bold.ttf", b"of no use for names")
    put(machine / "DejaVuSans-Bold.ttf", b"only where there is nothing else")

    found = [typeface.path for typeface in typefaces_in([own, machine])]
    assert found == [machine / "NotoSans[wdth,wght].ttf", own / "NotoSansThai-Bold.ttf"]


@pytest.mark.parametrize("collection", [False, True])
def test_both_kinds_of_character_map_are_read(tmp_path: Path, collection: bool) -> None:
    path = put(tmp_path / "NotoSans-Bold.ttf", a_font(SEGMENTS, GROUPS, collection=collection))

    assert Typeface(path).covered == {0x41, 0x42, 0x61, 0x63, 0x1F600, 0x1F601}


@pytest.mark.parametrize("content", [b"", b"junk", b"\0\1\0\0\xff\xff" + bytes(6), b"ttcf" + b"\xff" * 40])
def test_a_damaged_font_covers_nothing(tmp_path: Path, content: bytes) -> None:
    damaged = Typeface(put(tmp_path / "NotoSans-Bold.ttf", content))

    assert damaged.covered == frozenset()


def test_a_font_cut_short_covers_nothing_it_could_not_draw(tmp_path: Path) -> None:
    content = (package() / "NotoSans[wght].ttf").read_bytes()
    (count,) = struct.unpack_from(">H", content, 4)
    entries = [struct.unpack_from(">4sIII", content, 12 + 16 * index) for index in range(count)]
    offset = next(start for tag, _sum, start, _length in entries if tag == b"cmap")

    assert Typeface(put(tmp_path / "NotoSans-Bold.ttf", content[: offset + 40])).covered == frozenset()


def test_the_extra_comes_before_the_machine() -> None:
    assert typefaces()[0].path.parent == package()
