from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets.artwork import Artwork
from assets.catalogue import MOST_ARTWORKS, Title
from assets.importing.manifest import ArtworkEntry, TitleEntry
from assets.importing.merging import imported, imported_title
from assets.importing.outcome import Row
from assets.importing.plan import TITLED, PlannedArtwork, planned
from assets.importing.survey import Original, TitleFolder
from assets.picture import Picture
from assets.provenance import Consent
from assets.treatment import Treatment
from tests.assets.builders import CROPS, SOURCE, a_title, an_artwork

NAMES = {"de": "Abgehoben", "fr-CA": "Décollage"}


def a_folder(*names: str) -> TitleFolder:
    path = Path("/originals/countdown")
    originals = (Original("countdown", name, path / f"{name}.jpg", f"countdown/{name}.jpg") for name in names)
    return TitleFolder("countdown", path, tuple(originals))


def an_entry(names: dict[str, str] | None = None, **artworks: ArtworkEntry) -> TitleEntry:
    return TitleEntry(names=names, artworks={id_.replace("_", "-"): entry for id_, entry in artworks.items()})


def asked(
    entry: TitleEntry, *names: str, title: Title | None = None, refused: tuple[Row, ...] = ()
) -> dict[str, PlannedArtwork]:
    rows: list[Row] = []
    found = planned(a_folder(*(names or ("earth-rise",))), entry, title, rows)
    assert rows == list(refused)
    return {each.artwork: each for each in found}


def made(each: PlannedArtwork) -> Artwork:
    picture = Picture(SOURCE, each.job.recipe(SOURCE), "0" * 16, {}, CROPS)
    return imported(each.stem, each.artwork, each.entry, each.known, picture)


def test_each_original_is_one_artwork_by_id() -> None:
    found = asked(TitleEntry(), "night", "earth-rise")

    assert list(found) == ["earth-rise", "night"]
    earth = found["earth-rise"]
    assert (earth.title, earth.stem, earth.known, earth.entry) == ("countdown", "earth-rise", None, ArtworkEntry())
    assert (earth.job.path, earth.job.name) == ("/originals/countdown/earth-rise.jpg", "countdown/earth-rise.jpg")
    assert (earth.job.focus, earth.job.faces, earth.job.treatment) == (None, (), None)


def test_it_comes_with_what_is_known_of_it_and_with_the_focus_and_the_faces_that_are_said() -> None:
    known = a_title(replace(an_artwork("earth-rise"), focus=(0.1, 0.1)))
    entry = an_entry(night=ArtworkEntry(focus=(0.2, 0.2), faces=((0.1, 0.1, 0.2, 0.2),)))
    found = asked(entry, "earth-rise", "night", title=known)

    assert found["earth-rise"].known is known.artworks[0]
    assert found["earth-rise"].job.focus is None
    assert found["night"].known is None
    assert (found["night"].job.focus, found["night"].job.faces) == ((0.2, 0.2), ((0.1, 0.1, 0.2, 0.2),))


def test_the_title_is_set_on_it_once_more_for_each_of_its_names() -> None:
    entry = an_entry(
        NAMES,
        earth_rise=ArtworkEntry(alt="The Earth.", tags=("planet",), focus=(0.2, 0.2), titled=True, maturity=6),
    )
    found = asked(entry, "earth-rise", "night")

    assert list(found) == ["earth-rise", "earth-rise-de", "earth-rise-fr-ca", "night"]
    titled = found["earth-rise-fr-ca"]
    assert titled.job.treatment == Treatment("Décollage", "fr-CA")
    assert (titled.job.focus, titled.job.path) == ((0.2, 0.2), found["earth-rise"].job.path)
    assert "fr-CA" in titled.job.name
    artwork, plain = made(titled), made(found["earth-rise"])
    assert (artwork.name, artwork.alt) == ("Earth rise, titled (fr-CA)", "Décollage. The Earth.")
    assert (artwork.tags, artwork.locales, artwork.maturity) == (("planet", TITLED), ("fr-CA",), 6)
    assert (plain.tags, plain.locales) == (("planet",), ())
    assert len({made(each).recipe for each in found.values() if each.stem == "earth-rise"}) == 3


def test_what_is_needed_of_the_original_is_needed_with_a_title_on_it() -> None:
    entry = TitleEntry(
        names=NAMES, consent=Consent("Ada", 9), made="photographed", artworks={"a": ArtworkEntry(titled=True)}
    )
    found = asked(entry, "a")

    assert {made(each).provenance for each in found.values()} == {made(found["a"]).provenance}
    assert made(found["a-de"]).provenance.consent == Consent("Ada", 9)


def test_what_is_said_of_the_id_with_the_title_itself_wins_over_what_is_derived() -> None:
    own = ArtworkEntry(alt="Said.", tags=("calm",), consent=Consent("Translator", 9), focus=(0.9, 0.9))
    entry = an_entry(
        {"de": "A", "fr": "B"}, a=ArtworkEntry(alt="A.", tags=("sky",), creator="Ada", titled=True), a_de=own
    )
    found = asked(entry, "a")
    artwork, other = made(found["a-de"]), made(found["a-fr"])

    assert (artwork.alt, artwork.tags, artwork.locales) == ("Said.", ("calm", TITLED), ("de",))
    assert (artwork.provenance.consent, artwork.provenance.creator) == (Consent("Translator", 9), "Ada")
    assert (artwork.focus, found["a-de"].job.focus) == ((0.9, 0.9), (0.9, 0.9))
    assert (other.alt, other.tags, other.provenance.consent) == ("B. A.", ("sky", TITLED), None)


def test_a_consent_of_the_whole_title_is_not_said_of_one_id_itself() -> None:
    entry = TitleEntry(
        names={"de": "A"},
        consent=Consent("Everybody"),
        artworks={"a": ArtworkEntry(titled=True, consent=Consent("Ada")), "a-de": ArtworkEntry(alt="Said.")},
    )
    assert made(asked(entry, "a")["a-de"]).provenance.consent == Consent("Ada")


def test_an_alt_text_of_its_own_needs_no_room_for_the_title() -> None:
    entry = an_entry({"de": "A"}, a=ArtworkEntry(alt="x" * 500, titled=True), a_de=ArtworkEntry(alt="Short."))
    assert made(asked(entry, "a")["a-de"]).alt == "Short."


def test_there_are_only_as_many_as_a_title_has_room_for() -> None:
    title = a_title(*(an_artwork(f"known-{number}") for number in range(MOST_ARTWORKS - 2)))
    refused = tuple(
        Row("countdown", name, "refused", f"{file!r} is too many: a title has at most 64 artworks; remove some.")
        for name, file in (
            ("b-de", "countdown/b.jpg with its title in de"),
            ("c", "countdown/c.jpg"),
        )
    )
    entry = an_entry({"de": "A"}, b=ArtworkEntry(titled=True))
    found = asked(entry, "a", "b", "c", "known-1", title=title, refused=refused)

    assert list(found) == ["a", "b", "known-1"]


def test_without_tags_those_of_the_file_s_name_are_taken_and_titled_is_there_once() -> None:
    named = asked(an_entry({"de": "A"}, earth_rise=ArtworkEntry(titled=True)))["earth-rise-de"]
    assert made(named).tags == ("earth", "rise", TITLED)

    said = asked(an_entry({"de": "A"}, a=ArtworkEntry(titled=True, tags=(TITLED, "sky"))), "a")["a-de"]
    assert made(said).tags == (TITLED, "sky")


def test_a_title_is_set_only_in_languages_that_the_picture_is_for() -> None:
    entry = an_entry(NAMES, a=ArtworkEntry(titled=True, locales=("de-AT", "en")))
    assert list(asked(entry, "a")) == ["a", "a-de"]


def test_names_come_from_the_catalogue_when_the_folder_says_none() -> None:
    entry = an_entry(a=ArtworkEntry(titled=True))
    title = replace(a_title(), names={"de": "Edited"})

    assert asked(entry, "a", title=title)["a-de"].job.treatment == Treatment("Edited", "de")


def test_a_name_that_was_edited_is_set_as_edited_until_the_folder_says_another() -> None:
    entry = an_entry({"de": "Said"}, a=ArtworkEntry(titled=True))
    known = imported_title("countdown", "x", entry, None, [made(each) for each in asked(entry, "a").values()])
    edited = replace(known, names={"de": "Edited"})

    assert asked(entry, "a", title=edited)["a-de"].job.treatment == Treatment("Edited", "de")
    anew = replace(entry, names={"de": "Anew"})
    assert asked(anew, "a", title=edited)["a-de"].job.treatment == Treatment("Anew", "de")


def test_the_same_again_asks_for_the_same_pictures() -> None:
    entry = an_entry(NAMES, a=ArtworkEntry(titled=True, focus=(0.5, 0.5)))
    first = asked(entry, "a", "b")
    known = imported_title("countdown", "x", entry, None, [made(each) for each in first.values()])
    again = asked(entry, "a", "b", title=known)

    assert {id_: each.job for id_, each in again.items()} == {id_: each.job for id_, each in first.items()}
    assert [made(each) for each in again.values()] == list(known.artworks)


def test_without_names_nothing_can_be_set() -> None:
    reason = (
        "catalog.toml asks for the title's name on the picture, but the title has no names; list them by "
        "language under [titles.….names]."
    )
    refused = (Row("countdown", "a", "refused", reason),)
    assert list(asked(an_entry(a=ArtworkEntry(titled=True)), "a", refused=refused)) == ["a"]


def test_a_file_of_that_name_comes_first() -> None:
    reason = "Its id is taken: 'countdown/a.jpg' with the title's name on it needs the id; rename one of them."
    refused = (Row("countdown", "a-de", "refused", reason),)
    entry = an_entry({"de": "A"}, a=ArtworkEntry(titled=True))

    assert asked(entry, "a", "a-de", refused=refused)["a-de"].job.treatment is None


@pytest.mark.parametrize("last", ["x", "-"])
def test_the_longest_id_leaves_room_for_its_language(last: str) -> None:
    name = "a" * 60 + last + "aaa"
    found = asked(an_entry(NAMES, **{name: ArtworkEntry(titled=True)}), name)

    assert all(made(each).id == id_ for id_, each in found.items())
    assert sorted(len(id_) for id_ in found) == [64 if last == "x" else 63, 64, 64]
    assert not any("--" in id_ for id_ in found)


@pytest.mark.parametrize("said", [{"alt": "x" * 500}, {"name": "x" * 495, "alt": "The Earth."}])
def test_a_description_with_no_room_for_the_title_refuses_that_alone(said: dict[str, Any]) -> None:
    rows: list[Row] = []
    entry = an_entry({"de": "A"}, a=ArtworkEntry(titled=True, **said), b=ArtworkEntry(titled=True))
    found = planned(a_folder("a", "b"), entry, None, rows)

    assert [each.artwork for each in found] == ["a", "b", "b-de"]
    assert [(row.title, row.artwork, row.outcome) for row in rows] == [("countdown", "a-de", "refused")]
    assert "characters; write 1 to 500" in rows[0].reason
