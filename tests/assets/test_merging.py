from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from assets.artwork import Artwork
from assets.catalogue import MOST_ARTWORKS, Pin, Title
from assets.crop import Box, Canvas
from assets.importing.ids import called
from assets.importing.manifest import ArtworkEntry, TitleEntry
from assets.importing.merging import boxes, described, imported, imported_title, is_news, merged, news, where
from assets.importing.withdrawal import passed_on
from assets.picture import Picture
from assets.provenance import Consent, Provenance
from tests.assets.builders import CROPS, SOURCE, a_title, an_artwork

WITHDRAWN = Consent("Ada", withdrawn=True)


def a_picture_of(source: str = "cd") -> Picture:
    crops = tuple(replace(crop, digest=source * 16) for crop in CROPS)
    return Picture(source * 32, source * 8, source * 8, {"warmth": 0.5}, crops)


PICTURE = a_picture_of()
FOLDER = "count-down"
CALLED = called("earthrise", "earth-rise")
SAME = Picture(SOURCE, "", "0" * 16, {}, CROPS)


def take(entry: ArtworkEntry, known: Artwork | None = None, picture: Picture = PICTURE) -> Artwork:
    return imported("earth-rise", "earthrise", entry, known, picture)


def title_of(entry: TitleEntry, known: Title | None, *artworks: Artwork) -> Title:
    return imported_title("countdown", FOLDER, entry, known, artworks or (an_artwork(),))


def both(imported: Title, before: Title | None, current: Title | None) -> Title:
    title = merged(imported, before=before, current=current)
    assert title
    return title


def consent_of(artwork: Artwork | None) -> Consent | None:
    assert artwork
    return artwork.provenance.consent


# ---------------------------------------------------------------- artworks


def test_a_picture_that_nothing_is_said_of_is_described_by_its_file_s_name() -> None:
    artwork = take(ArtworkEntry())

    assert (artwork.id, artwork.name, artwork.alt, artwork.tags) == (
        "earthrise",
        "Earth rise",
        "Earth rise",
        ("earth", "rise"),
    )
    assert (artwork.source, artwork.recipe, artwork.crops) == (PICTURE.source, PICTURE.recipe, PICTURE.crops)
    assert (artwork.fingerprint, artwork.features) == (PICTURE.fingerprint, PICTURE.features)
    assert (artwork.provenance, artwork.declared) == (Provenance(), {"file": PICTURE.source[:8], **CALLED})


def test_all_that_is_said_of_a_new_picture_holds() -> None:
    entry = ArtworkEntry(
        name="Earthrise",
        alt="The Earth rises.",
        tags=("calm",),
        locales=("de",),
        placements=("hero",),
        maturity=6,
        valid_from=1,
        valid_until=2,
        focus=(0.1, 0.2),
        faces=((0.1, 0.2, 0.3, 0.4),),
        made="photographed",
        creator="NASA",
        licence="public domain",
        consent=Consent("Ada", 5),
        titled=True,
    )
    artwork = take(entry)

    shared = ("made", "creator", "licence", "consent")
    said = [each.name for each in fields(entry) if each.name not in {*shared, "titled", "crops"}]
    assert {what: getattr(artwork, what) for what in said} == {what: getattr(entry, what) for what in said}
    assert artwork.provenance == Provenance("photographed", "NASA", "public domain", Consent("Ada", 5))
    assert set(artwork.declared) == {*said, *shared, "file", "called"}


def test_a_name_alone_is_the_alt_text_too_until_there_is_one() -> None:
    artwork = take(ArtworkEntry(name="Sunrise"))
    assert (artwork.name, artwork.alt) == ("Sunrise", "Sunrise")


EDITS: list[tuple[ArtworkEntry, dict[str, Any]]] = [
    (ArtworkEntry(name="Said"), {"name": "Edited"}),
    (ArtworkEntry(alt="Said"), {"alt": "Edited"}),
    (ArtworkEntry(tags=("said",)), {"tags": ()}),
    (ArtworkEntry(locales=("de",)), {"locales": ("en",)}),
    (ArtworkEntry(placements=()), {"placements": ("row",)}),
    (ArtworkEntry(maturity=0), {"maturity": 16}),
    (ArtworkEntry(valid_until=9.0), {"valid_until": None}),
    (ArtworkEntry(focus=(0.5, 0.5)), {"focus": (0.1, 0.1)}),
    (ArtworkEntry(faces=()), {"faces": ((0.1, 0.1, 0.1, 0.1),)}),
    (ArtworkEntry(made="drawn"), {"provenance": Provenance("ai-generated")}),
    (ArtworkEntry(consent=Consent("Ada")), {"provenance": Provenance(consent=WITHDRAWN)}),
    (ArtworkEntry(consent=Consent("Ada")), {"provenance": Provenance()}),
]


@pytest.mark.parametrize(("entry", "edit"), EDITS)
@pytest.mark.parametrize("picture", [PICTURE, a_picture_of("ef")])
def test_what_a_folder_said_before_undoes_no_edit(
    entry: ArtworkEntry, edit: dict[str, Any], picture: Picture
) -> None:
    edited = replace(take(entry), **edit)
    again = take(entry, edited, picture)

    assert again.source == picture.source
    if picture is PICTURE:
        assert again == edited
    elif edit.keys() & {"focus", "faces"}:  # what is said of the new file, for the old one's is not its own
        assert (again.focus, again.faces) == (entry.focus, entry.faces or ())
    else:
        assert {what: getattr(again, what) for what in edit} == edit


def test_what_a_folder_says_anew_wins_over_edits_and_nothing_else_does() -> None:
    before = take(ArtworkEntry(name="Said", alt="Said", made="drawn", creator="Ada"))
    edited = replace(before, name="Edited", alt="Edited", status="paused", provenance=Provenance("rendered", "Bo"))
    again = take(ArtworkEntry(name="Said", alt="Anew", made="photographed", creator="Ada"), edited)

    assert (again.name, again.alt, again.status) == ("Edited", "Anew", "paused")
    assert again.provenance == Provenance("photographed", "Bo")


def test_what_a_folder_no_longer_says_stays_and_is_news_when_it_is_said_again() -> None:
    said = ArtworkEntry(alt="Said")
    silent = take(ArtworkEntry(), take(said))
    assert (silent.alt, set(silent.declared)) == ("Said", {"file", "called"})

    edited = replace(silent, alt="Edited")
    assert news(said, edited) == {"alt": "Said"}
    assert take(said, edited).alt == "Said"


def test_an_empty_list_is_said_too() -> None:
    known = replace(an_artwork(), locales=("de",), tags=("dark",))
    artwork = take(ArtworkEntry(locales=(), tags=()), known)

    assert (artwork.locales, artwork.tags) == ((), ())
    assert news(ArtworkEntry(locales=(), tags=()), artwork) == {}


def test_news_of_what_is_not_known_is_all_that_is_said() -> None:
    assert news(ArtworkEntry(alt="Said", titled=True), None) == {"alt": "Said"}
    assert news(TitleEntry(name="Said", creator="Ada"), None) == {"name": "Said"}


def test_a_picture_is_cropped_by_what_is_news_and_otherwise_by_what_is_known() -> None:
    here, there = (0.1, 0.1), (0.9, 0.9)
    face = ((0.1, 0.1, 0.1, 0.1),)
    known, file = take(ArtworkEntry(focus=here)), PICTURE.source

    assert where(ArtworkEntry(), None, file) == (None, ())
    assert where(ArtworkEntry(focus=here, faces=face), None, file) == (here, face)
    assert where(ArtworkEntry(focus=there), known, file) == (there, ())
    assert where(ArtworkEntry(), known, file) == (here, ())
    assert where(ArtworkEntry(focus=here), replace(known, focus=there, faces=face), file) == (there, face)


def test_crops_set_by_hand_are_those_of_the_folder_until_an_editor_sets_others() -> None:
    said: dict[Canvas, Box] = {"1:1": (0.1, 0.1, 0.2, 0.2)}
    edited: dict[Canvas, Box] = {"1:1": (0.3, 0.3, 0.2, 0.2)}
    entry, file = ArtworkEntry(crops=said), PICTURE.source
    known = take(entry)
    assert boxes(ArtworkEntry(), None, file) == {}
    assert boxes(entry, None, file) == said
    assert boxes(entry, known.with_boxes(edited), file) == edited
    assert boxes(ArtworkEntry(), known.with_boxes(edited), file) == edited
    assert boxes(ArtworkEntry(crops={}), known.with_boxes(edited), file) == {}
    assert boxes(entry, known.with_boxes(edited), "ef" * 32) == said


def test_another_file_is_cropped_by_what_is_said_alone() -> None:
    here, face = (0.1, 0.1), ((0.1, 0.1, 0.1, 0.1),)
    known, other = take(ArtworkEntry(focus=here, faces=face)), a_picture_of("ef")

    assert where(ArtworkEntry(focus=here), known, other.source) == (here, ())
    assert where(ArtworkEntry(), known, other.source) == (None, ())
    again = take(ArtworkEntry(focus=here), known, other)
    assert (again.focus, again.faces) == (here, ())


@pytest.mark.parametrize(("entry", "edit"), EDITS)
def test_the_artwork_s_focus_and_faces_are_those_it_was_cropped_by(
    entry: ArtworkEntry, edit: dict[str, Any]
) -> None:
    for known in (None, take(entry), replace(take(entry), **edit), replace(an_artwork(), focus=(0.3, 0.3))):
        artwork = take(entry, known)
        assert (artwork.focus, artwork.faces) == where(entry, known, PICTURE.source)


def test_a_file_is_news_until_an_import_has_seen_it() -> None:
    known = take(ArtworkEntry())
    uploaded = described("earthrise", ArtworkEntry(), known, a_picture_of("ef"))

    assert is_news(PICTURE.source, None)
    assert not is_news(PICTURE.source, known)
    assert not is_news(PICTURE.source, uploaded)
    assert is_news("ef" * 32, uploaded)
    assert is_news(PICTURE.source, an_artwork())
    assert not is_news(SOURCE, an_artwork())


def test_an_uploaded_picture_keeps_its_focus_and_its_faces_whatever_is_said_of_the_folder_s_file() -> None:
    uploaded = replace(
        described("earthrise", ArtworkEntry(), take(ArtworkEntry()), a_picture_of("ef")), focus=(0.2, 0.2)
    )
    entry = ArtworkEntry(alt="Said", focus=(0.9, 0.9), faces=((0.1, 0.1, 0.1, 0.1),))
    again = imported("earth-rise", "earthrise", entry, uploaded, a_picture_of("ef"), PICTURE.source)

    assert again == replace(uploaded, alt="Said", declared=again.declared)
    assert again.declared["file"] == PICTURE.source[:8]
    assert news(entry, again) == {}


def test_described_keeps_what_is_not_said_and_what_the_folder_declared() -> None:
    known = replace(take(ArtworkEntry(alt="Said", creator="Ada")), status="paused", tags=("red",))
    artwork = described("earthrise", ArtworkEntry(alt="Said", licence="CC0-1.0"), known, a_picture_of("ef"))

    assert artwork == replace(
        known,
        alt="Said",
        provenance=Provenance(creator="Ada", licence="CC0-1.0"),
        **{each.name: getattr(a_picture_of("ef"), each.name) for each in fields(Picture)},
    )


def test_described_takes_what_is_said_though_a_folder_said_it_before() -> None:
    entry = ArtworkEntry(alt="Said")
    edited = replace(take(entry), alt="Edited")

    assert described("earthrise", entry, edited, PICTURE).alt == "Said"
    assert described("night-launch", ArtworkEntry(), None, PICTURE).name == "Night launch"


# ---------------------------------------------------------------- consent


@pytest.mark.parametrize(
    ("entry", "then"),
    [
        (ArtworkEntry(consent=Consent("Ada")), WITHDRAWN),
        (ArtworkEntry(consent=Consent("Ada", until=9)), Consent("Ada", 9, withdrawn=True)),
        (ArtworkEntry(consent=Consent("Bo")), Consent("Bo", withdrawn=True)),
        (ArtworkEntry(), WITHDRAWN),
        (ArtworkEntry(creator="Bo", made="drawn"), WITHDRAWN),
    ],
)
@pytest.mark.parametrize("make", [imported, lambda stem, *rest: described(*rest)])
def test_a_withdrawn_consent_stays_withdrawn_whatever_is_said(
    entry: ArtworkEntry, then: Consent, make: Callable[..., Artwork]
) -> None:
    known = replace(take(ArtworkEntry(consent=Consent("Ada"))), provenance=Provenance(consent=WITHDRAWN))

    for picture in (PICTURE, a_picture_of("ef")):
        artwork = make("earth-rise", "earthrise", entry, known, picture)
        assert consent_of(artwork) == then
        assert consent_of(make("earth-rise", "earthrise", ArtworkEntry(), artwork, picture)) == then


def test_a_folder_can_withdraw_a_consent() -> None:
    known = take(ArtworkEntry(consent=Consent("Ada")))
    assert consent_of(take(ArtworkEntry(consent=WITHDRAWN), known)) == WITHDRAWN


def test_a_withdrawn_consent_holds_for_the_same_file_by_another_name() -> None:
    known = a_title(replace(an_artwork(), provenance=Provenance(consent=WITHDRAWN)))
    renamed, asked = an_artwork("renamed"), an_artwork("asked")
    asked = replace(asked, provenance=Provenance("drawn", consent=Consent("Ada", 9)))
    other = replace(an_artwork("other"), source="ef" * 32)
    title = title_of(TitleEntry(), known, *known.artworks, renamed, asked, other)

    assert consent_of(title.artwork("renamed")) == WITHDRAWN
    assert title.artworks[2].provenance == Provenance("drawn", consent=Consent("Ada", 9, withdrawn=True))
    assert title.artworks[3] == other


def test_a_withdrawal_holds_for_all_artworks_of_its_file_at_the_next_import() -> None:
    withdrawn = replace(an_artwork(), provenance=Provenance(consent=WITHDRAWN))
    asked = replace(an_artwork("asked"), provenance=Provenance("drawn", consent=Consent("Bo", 9)))
    other = replace(an_artwork("other"), source="ef" * 32)
    known = a_title(an_artwork("earthrise-de"), withdrawn, asked, other)
    title = title_of(TitleEntry(), known, *known.artworks)

    assert consent_of(title.artwork("earthrise-de")) == WITHDRAWN
    assert consent_of(title.artwork("asked")) == Consent("Bo", 9, withdrawn=True)
    assert title.artwork("other") == other
    assert title_of(TitleEntry(), title, *title.artworks) == title


def test_a_withdrawal_holds_for_a_file_that_moved_and_for_the_one_in_its_place() -> None:
    withdrawn = replace(an_artwork(), provenance=Provenance(consent=WITHDRAWN))
    title = title_of(TitleEntry(), a_title(withdrawn), with_file(withdrawn, "01"), an_artwork("moved"))

    assert [consent_of(artwork) for artwork in title.artworks] == [WITHDRAWN, WITHDRAWN]


def test_a_folder_s_withdrawal_holds_for_all_artworks_of_the_file_at_once() -> None:
    withdrawn = replace(an_artwork(), provenance=Provenance(consent=WITHDRAWN))
    title = title_of(TitleEntry(), None, an_artwork("earthrise-de"), withdrawn)

    assert [consent_of(artwork) for artwork in title.artworks] == [WITHDRAWN, WITHDRAWN]


@pytest.mark.parametrize("change", [{"licence": "CC0-1.0"}, {"consent": Consent("Ada", until=9)}])
def test_a_consent_that_is_withdrawn_during_an_import_stays_withdrawn(change: dict[str, Any]) -> None:
    asked = replace(an_artwork(), provenance=Provenance(creator="Ada", consent=Consent("Ada")))
    before = a_title(asked)
    found = a_title(replace(asked, alt="Said", provenance=replace(asked.provenance, **change)))
    current = a_title(replace(asked, provenance=replace(asked.provenance, creator="Bo", consent=WITHDRAWN)))
    artwork = both(found, before, current).artworks[0]

    expected = replace(current.artworks[0].provenance, **change)
    assert artwork.alt == "Said"
    assert artwork.provenance == replace(
        expected, consent=Consent("Ada", 9 if "consent" in change else None, withdrawn=True)
    )


def test_one_withdrawn_during_an_import_holds_for_new_artworks_of_the_file() -> None:
    before = a_title()
    current = a_title(replace(an_artwork(), provenance=Provenance(consent=WITHDRAWN)))
    title = both(a_title(an_artwork(), an_artwork("earthrise-de")), before, current)

    assert [consent_of(artwork) for artwork in title.artworks] == [WITHDRAWN, WITHDRAWN]


def test_one_withdrawn_during_an_import_holds_for_known_artworks_of_the_file() -> None:
    before = a_title(an_artwork(), an_artwork("earthrise-de"))
    withdrawn = replace(an_artwork(), provenance=Provenance(consent=WITHDRAWN))
    title = both(before, before, a_title(withdrawn, an_artwork("earthrise-de")))

    assert [consent_of(artwork) for artwork in title.artworks] == [WITHDRAWN, WITHDRAWN]


def test_a_consent_that_an_editor_withdraws_or_gives_again_is_so_for_all_of_the_file() -> None:
    given, withdrawn = Provenance(consent=Consent("Ada")), Provenance(consent=WITHDRAWN)
    other = replace(an_artwork("other"), source="ef" * 32)
    before = a_title(replace(an_artwork(), provenance=given), an_artwork("earthrise-de"), other)

    after = passed_on(before, replace(an_artwork(), provenance=withdrawn))
    assert [consent_of(artwork) for artwork in after.artworks] == [WITHDRAWN, WITHDRAWN, None]
    again = passed_on(after, replace(an_artwork(), provenance=given))
    assert [consent_of(artwork) for artwork in again.artworks] == [Consent("Ada"), Consent("Ada"), None]
    none = passed_on(after, an_artwork())
    assert [consent_of(artwork) for artwork in none.artworks] == [None, Consent("Ada"), None]


def test_a_change_of_anything_else_is_of_one_artwork_alone() -> None:
    given = Provenance(consent=Consent("Ada", 9))
    before = a_title(replace(an_artwork(), provenance=given), an_artwork("earthrise-de"))
    after = passed_on(before, replace(an_artwork(), provenance=Provenance("drawn"), alt="Edited"))

    assert after.artworks == (
        replace(an_artwork(), provenance=Provenance("drawn"), alt="Edited"),
        before.artworks[1],
    )


def test_a_picture_brings_the_consent_that_it_needs() -> None:
    found = a_title(with_file(replace(an_artwork(), provenance=Provenance(consent=Consent("Ada", 5))), "01"))
    uploaded = a_title(with_file(an_artwork(), "02"))
    artwork = both(found, None, uploaded).artworks[0]

    assert (artwork.source, consent_of(artwork)) == ("01" * 32, Consent("Ada", 5))


# ---------------------------------------------------------------- titles


def test_a_folder_without_description_becomes_a_title() -> None:
    assert title_of(TitleEntry(), None, an_artwork("b"), an_artwork("a")) == Title(
        "countdown",
        "Count Down",
        default="a",
        artworks=(an_artwork("b"), an_artwork("a")),
        declared=called("countdown", FOLDER),
    )


def test_all_that_is_said_of_a_new_title_holds() -> None:
    entry = TitleEntry(
        name="Countdown",
        names={"de": "Countdown"},
        synopsis="Sixty years.",
        genres=("documentary",),
        maturity=6,
        default="b",
        creator="NASA",
    )
    title = title_of(entry, None, an_artwork("a"), an_artwork("b"))

    said = ("name", "names", "synopsis", "genres", "maturity", "default")
    assert {what: getattr(title, what) for what in said} == {what: getattr(entry, what) for what in said}
    assert set(title.declared) == {*said, "called"}


def test_of_a_title_too_edits_survive_and_news_wins() -> None:
    entry = TitleEntry(name="Said", synopsis="Said", genres=("drama",), default="b")
    a, b = an_artwork("a"), an_artwork("b")
    known = title_of(entry, None, a, b)
    edited = replace(known, name="Edited", synopsis="Edited", maturity=16, default="a", pins=(Pin("b"),))

    assert title_of(entry, edited, a, b) == edited
    again = title_of(replace(entry, synopsis="Anew"), edited, a, b)
    assert again == replace(edited, synopsis="Anew", declared=again.declared)


def test_a_default_that_is_not_there_yet_is_taken_when_it_comes() -> None:
    entry = TitleEntry(default="b")
    a, b = an_artwork("a"), an_artwork("b")
    first = title_of(entry, None, a)
    assert first.default == "a"

    second = title_of(entry, first, a, b)
    assert second.default == "b"
    assert title_of(entry, replace(second, default="a"), a, b).default == "a"


def test_a_default_that_is_nowhere_leaves_the_one_there_was() -> None:
    known = replace(a_title(an_artwork("a"), an_artwork("b")), default="b")
    assert title_of(TitleEntry(default="missing"), known, *known.artworks).default == "b"


def test_a_title_without_artworks_gets_its_first_or_goes_on_without() -> None:
    known = Title("countdown", "Edited")

    assert imported_title("countdown", "countdown", TitleEntry(default="a"), known, ()) == known
    assert title_of(TitleEntry(), known, an_artwork("b")).default == "b"


# ---------------------------------------------------------------- beside editors


def with_file(artwork: Artwork, source: str) -> Artwork:
    crops = tuple(replace(crop, digest=source * 16) for crop in artwork.crops)
    return replace(artwork, source=source * 32, recipe=source * 8, fingerprint=source * 8, crops=crops)


def test_what_an_import_changed_is_merged_into_what_is_current_by_then() -> None:
    a, b, c = (an_artwork(name) for name in "abc")
    before = a_title(a, b)
    imported = replace(before, synopsis="Said", artworks=(replace(with_file(a, "01"), alt="Said"), b, c))
    edited = replace(a, status="withdrawn", tags=("red",), maturity=18, locales=("de",), valid_from=1)
    current = replace(
        before, name="Edited", default="b", artworks=(edited, with_file(b, "02")), pins=(Pin("b"),), maturity=6
    )

    assert both(imported, before, current) == replace(
        current, synopsis="Said", artworks=(replace(with_file(edited, "01"), alt="Said"), with_file(b, "02"), c)
    )
    assert both(imported, before, before) == imported
    assert both(before, before, current) == current


def test_a_picture_comes_with_the_focus_and_the_faces_it_was_cropped_by() -> None:
    before = a_title(replace(an_artwork(), focus=(0.5, 0.5)))
    current = a_title(replace(with_file(an_artwork(), "02"), focus=(0.9, 0.9), faces=((0.8, 0.8, 0.1, 0.1),)))
    imported = a_title(replace(with_file(an_artwork(), "01"), focus=(0.5, 0.5)))

    assert both(imported, before, current).artworks == imported.artworks
    assert both(before, before, current).artworks == current.artworks


def test_an_original_that_an_import_keeps_does_not_replace_a_picture_that_came_meanwhile() -> None:
    before, kept = a_title(), a_title(replace(an_artwork(), original="ab" * 16))
    current = a_title(with_file(an_artwork(), "02"))
    assert both(kept, before, current) == current
    described_meanwhile = a_title(replace(an_artwork(), alt="Edited"))
    assert both(kept, before, described_meanwhile).artworks == (
        replace(an_artwork(), alt="Edited", original="ab" * 16),
    )


def test_what_both_changed_is_as_the_folder_says() -> None:
    before = a_title()
    found = replace(before, name="Said", artworks=(replace(an_artwork(), alt="Said"),))
    current = replace(before, name="Edited", artworks=(replace(an_artwork(), alt="Edited"),))

    assert both(found, before, current) == found


def test_a_window_that_can_not_be_is_left_to_the_editor() -> None:
    before = a_title()
    found = a_title(replace(an_artwork(), alt="Said", valid_until=5))
    current = a_title(replace(an_artwork(), valid_from=9))

    assert both(found, before, current).artworks == (replace(an_artwork(), alt="Said", valid_from=9),)


def test_a_title_that_another_import_made_meanwhile_gets_the_artworks_of_both() -> None:
    a, b = an_artwork("a"), an_artwork("b")
    current = replace(a_title(a, an_artwork("z")), name="Edited")
    found = a_title(with_file(a, "01"), b)

    assert both(found, None, current) == replace(current, artworks=(with_file(a, "01"), an_artwork("z"), b))


def remembering(artwork: Artwork, **declared: str) -> Artwork:
    return replace(artwork, declared=declared)


def test_what_an_import_was_told_is_remembered_beside_what_another_one_was_told_meanwhile() -> None:
    before = a_title(remembering(an_artwork(), alt="0", name="0", tags="0"))
    found = a_title(remembering(an_artwork(), alt="1", name="0", file="1"))
    current = a_title(remembering(an_artwork(), alt="0", name="2", tags="0", licence="2"))

    assert both(found, before, current).artworks[0].declared == {
        "alt": "1",
        "name": "2",
        "licence": "2",
        "file": "1",
    }


def test_the_file_of_a_picture_that_was_uploaded_meanwhile_is_remembered() -> None:
    found = a_title(remembering(with_file(an_artwork(), "01"), file="01010101"))
    uploaded = a_title(with_file(an_artwork(), "02"))
    merged_title = both(found, None, uploaded)

    assert merged_title.artworks == found.artworks
    assert not is_news("01" * 32, merged_title.artworks[0])

    before = a_title(remembering(with_file(an_artwork(), "01"), file="01010101"))
    current = a_title(remembering(with_file(an_artwork(), "02"), file="01010101"))
    assert both(before, before, current) == current


def test_a_title_is_made_by_an_import_and_one_that_was_taken_out_meanwhile_stays_out() -> None:
    before, found = a_title(), a_title(with_file(an_artwork(), "01"))

    assert merged(found, before=None, current=None) is found
    assert merged(found, before=before, current=None) is None


def test_an_artwork_that_was_deleted_meanwhile_stays_deleted() -> None:
    a, b, c = (an_artwork(name) for name in "abc")
    found = a_title(with_file(a, "01"), with_file(b, "02"), c)

    assert both(found, a_title(a, b), a_title(b)).artworks == (with_file(b, "02"), c)


def test_a_default_that_was_deleted_meanwhile_leaves_the_current_one() -> None:
    a, b, c = (an_artwork(name) for name in "abc")
    before = replace(a_title(a, b, c), default="b")

    assert both(replace(before, default="c"), before, replace(a_title(a, b), default="b")).default == "b"
    assert both(replace(before, default="c"), before, before).default == "c"


def test_a_title_emptied_meanwhile_has_a_default_only_with_an_artwork() -> None:
    before = a_title()
    empty = replace(before, artworks=(), default=None)

    assert both(before, before, empty) == empty
    assert both(a_title(an_artwork(), an_artwork("new")), before, empty).default == "new"
    said = replace(a_title(an_artwork("a"), an_artwork("b")), default="b")
    assert both(said, None, empty).default == "b"


def test_uploads_meanwhile_leave_room_for_only_so_many_new_artworks() -> None:
    before = a_title(*(an_artwork(f"a{number}") for number in range(MOST_ARTWORKS - 2)))
    found = replace(before, default="n2", artworks=(*before.artworks, an_artwork("n1"), an_artwork("n2")))
    current = replace(before, artworks=(*before.artworks, an_artwork("uploaded")))
    title = both(found, before, current)

    assert [artwork.id for artwork in title.artworks[-2:]] == ["uploaded", "n1"]
    assert (len(title.artworks), title.default) == (MOST_ARTWORKS, "a0")
