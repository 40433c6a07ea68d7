import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.importing.manifest import (
    ArtworkEntry,
    Manifest,
    ManifestError,
    TitleEntry,
    manifest_of,
    parsed_manifest,
)
from assets.provenance import Consent
from tests.assets.builders import put


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock shows the time of Tokyo."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        time.tzset()
        yield
    time.tzset()


def titles(text: str) -> dict[str, TitleEntry]:
    return dict(parsed_manifest(text.encode()).titles)


def test_all_that_can_be_said_is_read() -> None:
    manifest = parsed_manifest(
        """\
barred = ["ai-generated"]
[vocabulary]
subject = ["planet", "rocket"]
tone = ["calm"]

[titles.countdown]
name = "Countdown"
synopsis = "Sixty years."
genres = ["documentary"]
maturity = 6
default = "earthrise"
made = "photographed"
creator = "NASA"
licence = "public domain"
names = { de = "Countdown", ar = "العد التنازلي" }

[titles.countdown.artworks.earthrise]
name = "Earthrise"
alt = "The Earth rises."
tags = ["planet", "calm"]
locales = ["de"]
placements = ["hero"]
maturity = 12
focus = [0.5, 1]
faces = [[0.25, 0.5, 0.125, 0.25]]
crops = { "16:9" = [0.25, 0, 0.5, 0.5] }
creator = "William Anders"
titled = true
""".encode()
    )
    title = manifest.title("countdown")

    assert manifest.barred == ("ai-generated",)
    assert manifest.tags == {"planet", "rocket", "calm"}
    assert title == TitleEntry(
        name="Countdown",
        names={"de": "Countdown", "ar": "العد التنازلي"},
        synopsis="Sixty years.",
        genres=("documentary",),
        maturity=6,
        default="earthrise",
        made="photographed",
        creator="NASA",
        licence="public domain",
        artworks=title.artworks,
    )
    assert title.artwork("earthrise") == ArtworkEntry(
        name="Earthrise",
        alt="The Earth rises.",
        tags=("planet", "calm"),
        locales=("de",),
        placements=("hero",),
        maturity=12,
        focus=(0.5, 1.0),
        faces=((0.25, 0.5, 0.125, 0.25),),
        crops={"16:9": (0.25, 0.0, 0.5, 0.5)},
        made="photographed",
        creator="William Anders",
        licence="public domain",
        titled=True,
    )


def test_what_a_title_says_of_its_pictures_holds_for_those_that_nothing_is_said_of() -> None:
    title = titles('[titles.a]\nmade = "drawn"\nconsent = { of = "Ada" }\n')["a"]

    assert title.artwork("any") == ArtworkEntry(made="drawn", consent=Consent("Ada"))
    assert Manifest().title("any").artwork("any") == ArtworkEntry()


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("1970-01-02", 86_400),
        ("1970-01-01T00:00:10", 10),
        ("1970-01-01T01:00:10+01:00", 10),
        ("1970-01-01T00:00:10.5Z", 10.5),
        ("10", 10),
        ("10.5", 10.5),
    ],
)
def test_dates_are_moments_in_utc_unless_they_name_a_zone(far_away: None, written: str, moment: float) -> None:
    text = f'[titles.a.artworks.b]\nvalid_until = {written}\nconsent = {{ of = "Ada", until = {written} }}'
    entry = titles(text)["a"].artwork("b")

    assert (entry.valid_until, entry.consent) == (moment, Consent("Ada", moment))


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parsed_manifest(b'\xef\xbb\xbfbarred = ["drawn"]').barred == ("drawn",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("barred = 1\nbarred = 2\n", "catalog.toml is not TOML: .*line 2.*; correct it and import again"),
        ('barred = ["dreamt"]', r'catalog.toml.barred\[0\] is "dreamt"; write one of undeclared, photographed'),
        ("[title.a]", "catalog.toml has no field 'title'; it has barred, titles, vocabulary"),
        ('[titles.a]\nnmae = "A"', "catalog.toml.titles.a has no field 'nmae'"),
        ("[titles.a]\nname = 2026-01-01", "catalog.toml.titles.a.name is .*; write a text"),
        ('[titles.a]\nname = ""', "catalog.toml.titles.a: The name has 0 characters"),
        ('[titles.a]\ncreator = " "', "catalog.toml.titles.a: The creator has 1 characters"),
        ('[titles.a]\nsynopsis = "a\\u0007"', "catalog.toml.titles.a: The synopsis .* control character"),
        ('[titles.a]\ngenres = ["Sci Fi"]', "catalog.toml.titles.a: 'Sci Fi' is not a genre"),
        ("[titles.a]\nmaturity = 22", "catalog.toml.titles.a: The maturity 22"),
        ("[titles.a]\nmaturity = true", "catalog.toml.titles.a.maturity is true"),
        ('[titles.a.names]\ngerman = "A"', "catalog.toml.titles.a: 'german' is not a locale"),
        ('[titles.a.names]\nde = ""', "catalog.toml.titles.a: The name in de has 0 characters"),
        ("[titles.a.consent]\nuntil = 5", "catalog.toml.titles.a.consent lacks the field 'of'"),
        ('[titles."Big Bunny"]', "catalog.toml: 'Big Bunny' is not a title id"),
        ('[titles."../up"]', r"catalog.toml: '../up' is not a title id"),
        ('[titles.a.artworks."b.jpg"]', "catalog.toml.titles.a: 'b.jpg' is not an artwork id"),
        ('[titles.a.artworks.b]\nalt = ""', "catalog.toml.titles.a.artworks.b: The alt has 0 characters"),
        ('[titles.a.artworks.b]\ntags = ["Two words"]', "artworks.b: 'Two words' is not a tag"),
        ('[titles.a.artworks.b]\ntags = ["dark", "dark"]', "artworks.b: The tag 'dark' is listed twice"),
        ('[titles.a.artworks.b]\ntags = "dark"', 'artworks.b.tags is "dark"; write a list'),
        ('[titles.a.artworks.b]\nlocales = ["Germany"]', "artworks.b: 'Germany' is not a locale"),
        ('[titles.a.artworks.b]\nplacements = ["Top Row"]', "artworks.b: 'Top Row' is not a placement"),
        ("[titles.a.artworks.b]\nmaturity = -1", "artworks.b: The maturity -1"),
        ("[titles.a.artworks.b]\nfocus = [0.5]", r"artworks.b: The focus is \[0.5\]"),
        ("[titles.a.artworks.b]\nfocus = [nan, 0.5]", r"artworks.b: The focus is \[nan, 0.5\]"),
        ("[titles.a.artworks.b]\nfocus = [50, 50]", r"artworks.b: The focus is \[50.0, 50.0\]"),
        ("[titles.a.artworks.b]\nfaces = [0.1, 0.1, 0.2, 0.2]", r"artworks.b.faces\[0\] is 0.1; write a list"),
        ("[titles.a.artworks.b]\ncrops = { wide = [0, 0, 1, 1] }", "'wide' is not a canvas; write one of 16:9"),
        ("[titles.a.artworks.b]\ncrops = { '1:1' = [0.6, 0, 0.5, 1] }", "crop 1:1 of the picture is"),
        ("[titles.a.artworks.b]\nfaces = [[0.1, 0.1, 0, 0.2]]", "artworks.b: The face is .* empty"),
        ("[titles.a.artworks.b]\nvalid_until = inf", "artworks.b: valid_until is inf"),
        ("[titles.a.artworks.b]\nvalid_from = 12:00:00", 'artworks.b.valid_from is "12:00:00"; write a number'),
        ('[titles.a.artworks.b]\nstatus = "active"', "artworks.b has no field 'status'"),
        ('[titles.a.artworks.b]\ntitled = "yes"', 'artworks.b.titled is "yes"; write true or false'),
        ('[titles.a.artworks.b.consent]\nof = "Ada"\nwithdrawn = 1', "withdrawn is 1; write true or false"),
        ("[titles.a.names]\nde = 5", "catalog.toml.titles.a.names.de is 5; write a text"),
        ('[titles.a.artworks.b]\nmade = "undeclared by me"', "artworks.b.made is .*; write one of"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ManifestError, match=rf"(?s){sentence}.*\.$"):
        parsed_manifest(text.encode())


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"a" + b".a" * 3_000 + b" = 1",
        b"a = " + b"[" * 100_000,
        b"[titles.a]\nmaturity = 0x" + b"f" * 5_000,
        b"[titles.a]\nname = 0x" + b"f" * 5_000,
        b"[titles.a]\nname = 9" + b"9" * 5_000,
        b"\x00",
    ],
)
def test_what_no_editor_would_write_is_refused_as_well(content: bytes) -> None:
    with pytest.raises(ManifestError, match=r"^catalog.toml.*\.$"):
        parsed_manifest(content)


def test_a_folder_without_one_says_nothing(tmp_path: Path) -> None:
    assert manifest_of(tmp_path) == Manifest()


def test_a_folder_s_own_is_read(tmp_path: Path) -> None:
    put(tmp_path / "catalog.toml", b'[titles.a]\nname = "A"')

    assert manifest_of(tmp_path).title("a").name == "A"


def test_one_that_is_no_file_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "catalog.toml")
    with pytest.raises(ManifestError, match="not a regular file"):
        manifest_of(tmp_path)

    (tmp_path / "folder" / "catalog.toml").mkdir(parents=True)
    with pytest.raises(ManifestError, match="not a regular file"):
        manifest_of(tmp_path / "folder")


def test_one_that_can_not_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").symlink_to(tmp_path / "catalog.toml")

    with pytest.raises(ManifestError, match=r"catalog.toml' is not readable: .*; check its permissions\.$"):
        manifest_of(tmp_path)


def test_one_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "catalog.toml").open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(ManifestError, match="larger than 16 MiB"):
        manifest_of(tmp_path)
