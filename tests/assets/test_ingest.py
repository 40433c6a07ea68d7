import re
import shutil
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest

from assets import SAMPLES
from assets.catalogue import Pin, Title
from assets.importing.ingest import Ingest, Outcome, ingest
from assets.importing.manifest import ArtworkEntry, ManifestError
from assets.importing.merging import described
from assets.importing.names import slug
from assets.picture import Job, Picture, PictureError
from assets.provenance import MADE, Consent
from assets.rendering.workers import Stop, Stopped, develop_all
from tests.assets.builders import a_picture, encoded, put


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "artwork"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return tmp_path / "images"


def outcomes(result: Ingest) -> dict[str, Outcome]:
    return {f"{row.title}/{row.artwork}": row.outcome for row in result.rows}


def run(folder: Path, images: Path, current: Mapping[str, Title] | None = None) -> Ingest:
    return ingest(folder, current=current or {}, images=images, workers=1)


def files_of(titles: Mapping[str, Title]) -> set[str]:
    crops = [crop for title in titles.values() for artwork in title.artworks for crop in artwork.crops]
    return {name for crop in crops for name in crop.names()}


def say(folder: Path, toml: str) -> None:
    (folder / "catalog.toml").write_text(toml, "utf-8")


def test_a_folder_becomes_titles(folder: Path, images: Path) -> None:
    put(folder / "big-buck-bunny" / "night-launch-pad.jpg")
    put(folder / "big-buck-bunny" / "Lightning over the Pad.png", encoded(a_picture(), "PNG"))
    put(folder / "Amélie_2" / "café.webp", encoded(a_picture(), "WEBP"))

    result = run(folder, images)

    assert set(outcomes(result).values()) == {"new"}
    bunny = result.titles["big-buck-bunny"]
    assert (bunny.name, bunny.default) == ("Big Buck Bunny", "lightning-over-the-pad")
    pad, night = bunny.artworks
    assert (pad.name, pad.tags) == ("Lightning over the Pad", ("lightning", "pad"))
    assert (night.id, night.name, night.alt) == ("night-launch-pad", "Night launch pad", "Night launch pad")
    assert result.titles["amelie-2"].name == "Amélie 2"
    written = {path.name for path in images.iterdir()}
    assert files_of(result.titles) == written


def test_the_same_folder_twice_gives_equal_titles(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    put(folder / "two" / "b.jpg")
    first = run(folder, images)
    second = run(folder, images, first.titles)

    assert second.titles == first.titles
    assert outcomes(second) == {"one/a": "unchanged", "two/b": "unchanged"}


def test_edits_survive_while_files_change_come_and_go(folder: Path, images: Path) -> None:
    for name in "abc":
        put(folder / "one" / f"{name}.jpg")
    put(folder / "other" / "x.jpg")
    current = run(folder, images).titles
    a, b, c = (replace(art, status="paused", tags=("red",), alt="!") for art in current["one"].artworks)
    current["one"] = replace(current["one"], name="The One", default="c", artworks=(a, b, c), pins=(Pin("b"),))
    (folder / "one" / "a.jpg").unlink()
    put(folder / "one" / "b.jpg", encoded(a_picture(colour="red")))
    put(folder / "one" / "d.jpg")
    (folder / "other" / "x.jpg").unlink()
    (folder / "other").rmdir()

    result = run(folder, images, current)

    assert outcomes(result) == {"one/a": "gone", "one/b": "changed", "one/c": "unchanged", "one/d": "new"}
    one = result.titles["one"]
    new_b, d = one.artworks[1], one.artworks[3]
    assert one == replace(current["one"], artworks=(a, new_b, c, d))
    file = {what: getattr(new_b, what) for what in (*(each.name for each in fields(Picture)), "declared")}
    assert new_b == replace(b, **file)
    assert (new_b.source, new_b.recipe) != (b.source, b.recipe)
    assert not {crop.digest for crop in new_b.crops} & {crop.digest for crop in b.crops}
    assert result.titles["other"] is current["other"]


def test_a_file_that_breaks_keeps_the_artwork_it_had(folder: Path, images: Path) -> None:
    path = put(folder / "one" / "a.jpg")
    current = run(folder, images).titles
    path.write_bytes(path.read_bytes()[:-200])

    result = run(folder, images, current)
    assert result.titles == current
    assert outcomes(result) == {"one/a": "refused"}


def test_a_refused_picture_stops_nothing_and_a_title_needs_one(folder: Path, images: Path) -> None:
    put(folder / "one" / "good.jpg")
    put(folder / "one" / "bad.jpg", b"not a picture")
    put(folder / "empty" / "bad.jpg", b"")

    result = run(folder, images)

    assert outcomes(result) == {"empty/bad": "refused", "one/bad": "refused", "one/good": "new"}
    assert list(result.titles) == ["one"]
    assert [artwork.id for artwork in result.titles["one"].artworks] == ["good"]
    [reason] = [row.reason for row in result.rows if row.outcome == "refused" and row.title == "one"]
    assert reason.startswith("'one/bad.jpg' is ")
    assert "export it as" in reason


def test_of_two_files_with_one_name_and_of_what_lies_elsewhere_the_table_says_why(
    folder: Path, images: Path
) -> None:
    put(folder / "one" / "a.jpg")
    put(folder / "one" / "a.png", encoded(a_picture(), "PNG"))
    put(folder / "one" / "nested" / "x.jpg")
    put(folder / "stray.jpg")

    result = run(folder, images)

    refused = {row.reason.split("'")[1]: row.reason for row in result.rows if row.outcome == "refused"}
    assert refused == {
        "stray.jpg": "'stray.jpg' is not in a title's folder; move it into one.",
        "one/a.png": "'one/a.png' has the same name as 'one/a.jpg', which Keyart imports; rename one of them.",
        "one/nested": "'one/nested' is a folder; put pictures directly into the title's folder.",
    }
    assert [artwork.id for artwork in result.titles["one"].artworks] == ["a"]


def test_what_a_file_is_decides_and_not_what_it_is_called(folder: Path, images: Path) -> None:
    """Media servers write JPEG as .tbn, browsers as .jfif, and converters leave an old suffix in place."""
    jpeg, png = encoded(a_picture()), encoded(a_picture(colour="red"), "PNG")
    taken = {"poster.jfif": jpeg, "fanart.JPE": png, "banner.tbn": jpeg, "no-suffix": png, "movie.txt": jpeg}
    for name, content in taken.items():
        put(folder / "one" / name, content)
    put(folder / "one" / "logo.gif", b"GIF89a" + bytes(100))
    put(folder / "one" / "scan", b"II*\x00" + bytes(100))
    put(folder / "one" / "bad.jfif", b"not a picture")
    others = ("movie.nfo", "Thumbs.db", "trailer.mkv", "trailer.de.mkv", "LICENSE", "BMW.md")
    for name in others:
        put(folder / "one" / name, b"\xd0\xcf\x11\xe0" if name == "Thumbs.db" else b"BMW, a text")

    result = run(folder, images)

    found = {artwork.id for artwork in result.titles["one"].artworks}
    assert found == {"poster", "fanart", "banner", "no-suffix", "movie"}
    assert {row.reason for row in result.rows if row.outcome == "refused"} == {
        "'one/logo.gif' is a GIF picture, not a JPEG, PNG or WebP picture; export it as one.",
        "'one/scan' is a TIFF picture, not a JPEG, PNG or WebP picture; export it as one.",
        "'one/bad.jfif' is not a JPEG, PNG or WebP picture; export it as one.",
    }
    [passed] = [row for row in result.rows if row.outcome == "passed over"]
    assert passed.reason == "6 files are not pictures: 2 × .mkv, .md, LICENSE, .db and 1 more."


def test_what_systems_put_there_becomes_no_title_and_takes_one_row(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    own = [
        *("#recycle", "@eaDir", ".@__thumb", "$RECYCLE.BIN", "System Volume Information", "lost+found"),
        *("#snapshot", ".AppleDouble", ".Trash-1000", "__MACOSX", "@Recycle", "one/@eaDir", ".git"),
        *("FOUND.000", "@tmp"),
    ]
    for name in own:
        put(folder / name / "poster.jpg")
    put(folder / "#Alive" / "poster.jpg")
    put(folder / "$9.99" / "poster.jpg")
    put(folder / "one" / "._a.jpg")

    result = run(folder, images)

    assert outcomes(result) == {"one/a": "new", "alive/poster": "new", "9-99/poster": "new", "/": "passed over"}
    [row] = [row for row in result.rows if row.outcome == "passed over"]
    names = "#recycle, #snapshot, $RECYCLE.BIN, .@__thumb and 11 more"
    assert row.reason == f"16 names are hidden or used by the system: {names}."


def test_links_in_a_circle_out_or_to_nothing_are_refused_and_become_no_title(
    folder: Path, images: Path, tmp_path: Path
) -> None:
    put(folder / "one" / "a.jpg")
    outside = put(tmp_path / "secret" / "x.jpg")
    links: dict[str, str | Path] = {
        "self": ".",
        "parent": "..",
        "top": "/",
        "linked": outside.parent,
        "gone": "nowhere",
        "loop": "loop",
        "one/link.jpg": outside,
        "one/gone.jpg": "nowhere.jpg",
        "one/loop.jpg": "loop.jpg",
        "one/self": ".",
        "one/up": "..",
        "alias": "one",
        "one/b.jpg": "a.jpg",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)

    result = run(folder, images)

    refused = {
        row.reason.split("'")[1]: row.reason.split("' is ")[1] for row in result.rows if row.outcome == "refused"
    }
    out = "a link out of the folder; put the file itself there."
    nothing = "a link to a file that does not exist; put the file itself there."
    above = "a link to its own folder; remove it."
    inside = "a folder; put pictures directly into the title's folder."
    assert {name: reason for name, reason in refused.items() if not name.startswith("alias/")} == {
        **dict.fromkeys(("parent", "top", "linked", "one/link.jpg"), out),
        **dict.fromkeys(("gone", "loop", "one/gone.jpg", "one/loop.jpg"), nothing),
        **dict.fromkeys(("self", "one/up"), above),
        "one/self": inside,
    }
    assert set(result.titles) == {"one", "alias"}  # a link to another title's folder is a title of its own
    assert [artwork.id for artwork in result.titles["one"].artworks] == ["a", "b"]


def test_titles_and_pictures_in_any_script_get_ids_and_keep_them(folder: Path, images: Path) -> None:
    """The issue's own examples: none is refused, and what comes later moves nothing that is there."""
    for name in ("七人の侍/海報.jpg", "Сталкер (1979)/Плакат.jpg", "Сталкер (1979)/Фон 2.jpg"):
        put(folder / name)
    first = run(folder, images).titles
    assert set(first) == {"qirennoshi", "stalker-1979"}
    assert (first["stalker-1979"].name, first["qirennoshi"].name) == ("Сталкер 1979", "七人の侍")
    assert [each.id for each in first["stalker-1979"].artworks] == ["fon-2", "plakat"]

    for name in ("Зеркало (1979)/x.jpg", "Stalker (1979)/x.jpg", "!!!/x.jpg", "Сталкер (1979)/plakat.jpg"):
        put(folder / name)
    second = run(folder, images, first)

    assert {row.outcome for row in second.rows} == {"new", "unchanged"}
    [latin] = {id_ for id_ in second.titles if id_.startswith("stalker-1979-")}
    [unnamed] = {id_ for id_ in second.titles if id_.startswith("unnamed-")}
    assert set(second.titles) == {*first, "zerkalo-1979", latin, unnamed}
    assert (second.titles[latin].name, second.titles[unnamed].name) == ("Stalker 1979", "!!!")
    assert [each.name for each in second.titles["stalker-1979"].artworks][:2] == ["Фон 2", "Плакат"]
    assert run(folder, images, second.titles).titles == second.titles


def test_of_names_that_make_the_same_id_the_one_that_is_it_gets_it(folder: Path, images: Path) -> None:
    for name in ("One/x.jpg", "one/CUDDLE.png", "one/cuddle.jpg", "one/Cuddle.webp"):
        put(folder / name)
    result = run(folder, images)
    assert {row.outcome for row in result.rows} == {"new"}
    plain, *others = sorted(artwork.id for artwork in result.titles["one"].artworks)
    assert plain == "cuddle"
    assert all(re.fullmatch("cuddle-[0-9a-f]{8}", other) for other in others)
    assert len(others) == 2


def test_what_was_imported_when_other_scripts_were_left_out_keeps_its_id(folder: Path, images: Path) -> None:
    """Such a catalogue knows no names: files that are the same tell what is what."""
    put(folder / "Сталкер (1979)" / "Плакат 2.jpg")
    put(folder / "Straße" / "a.jpg", encoded(a_picture(colour="red")))
    now = run(folder, images).titles
    [plakat] = now["stalker-1979"].artworks
    old_plakat = replace(plakat, id="2", declared={"file": plakat.source[:8]})
    before = {
        "1979": replace(now["stalker-1979"], id="1979", artworks=(old_plakat,), default="2", declared={}),
        "strae": replace(now["strasse"], id="strae", declared={}),
    }

    result = run(folder, images, before)
    assert outcomes(result) == {"1979/2": "unchanged", "strae/a": "unchanged"}

    put(folder / "Зеркало (1979)" / "x.jpg", encoded(a_picture(colour="lime")))
    put(folder / "Сталкер (1979)" / "Плакат 2.jpg", encoded(a_picture(colour="blue")))
    assert outcomes(run(folder, images, result.titles)) == {
        "1979/2": "changed",
        "strae/a": "unchanged",
        "zerkalo-1979/x": "new",
    }


def test_a_path_in_a_name_is_only_a_name() -> None:
    assert slug("../../x") == "x"
    assert slug("..\\..\\Über uns") == "uber-uns"
    assert slug("a" * 63 + "-bc") == "a" * 63


def test_too_many_artworks_are_refused_one_by_one_and_before_any_is_developed(folder: Path, images: Path) -> None:
    for number in range(66):
        put(folder / "one" / f"a{number:02}.jpg", encoded(a_picture((64, 64))))
    say(folder, '[titles.one.artworks.a65]\nalt = "One too many."')
    seen: list[tuple[int, int]] = []

    result = ingest(
        folder, current={}, images=images, workers=1, progress=lambda done, total: seen.append((done, total))
    )
    assert len(result.titles["one"].artworks) == 64
    assert [row.artwork for row in result.rows if row.outcome == "refused"] == ["a64", "a65"]
    assert seen[-1] == (64, 64)
    assert run(folder, images, result.titles).titles == result.titles


def test_killed_in_between_and_run_again_it_ends_the_same(
    folder: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, colour in {"a": "red", "b": "blue", "c": "lime"}.items():
        put(folder / "one" / f"{name}.jpg", encoded(a_picture(colour=colour)))

    def killed(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(folder, current={}, images=images, workers=1, progress=killed)
    assert not any(path.name.startswith(".") for path in images.iterdir())

    result = run(folder, images)
    assert result.titles == run(folder, images.with_name("fresh")).titles
    assert outcomes(result) == {"one/a": "new", "one/b": "new", "one/c": "new"}


def test_a_lost_rendition_is_made_again(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    current = run(folder, images).titles
    lost = images / current["one"].artworks[0].crop("2:3").name(120, "avif")
    lost.unlink()

    result = run(folder, images, current)
    assert lost.is_file()
    assert outcomes(result) == {"one/a": "unchanged"}
    assert result.titles == current


def test_a_crop_without_its_greatest_widths_is_made_whole(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    whole = run(folder, images).titles
    [artwork] = whole["one"].artworks
    crops = tuple(replace(crop, unfinished=True) for crop in artwork.crops)
    left = {"one": replace(whole["one"], artworks=(replace(artwork, crops=crops),))}
    assert run(folder, images, left).titles == whole


def test_a_missing_folder_is_named(folder: Path, images: Path) -> None:
    with pytest.raises(PictureError, match=r"Keyart cannot list the folder .*artwork': No such file or directory"):
        run(folder, images)


def test_two_processes_do_what_one_does(folder: Path, images: Path) -> None:
    for name, colour in {"a": "red", "b": "blue", "c": "lime"}.items():
        put(folder / "one" / f"{name}.jpg", encoded(a_picture(colour=colour)))
    seen: list[tuple[int, int]] = []

    both = ingest(
        folder, current={}, images=images, workers=2, progress=lambda done, total: seen.append((done, total))
    )

    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert set(outcomes(both).values()) == {"new"}
    assert both.titles == run(folder, images.with_name("alone")).titles


# ---------------------------------------------------------------- beside uploads


def uploaded(titles: Mapping[str, Title], images: Path) -> dict[str, Title]:
    """The titles with a picture uploaded in the place of one/a."""
    path = put(images.with_name("upload.jpg"), encoded(a_picture(colour="red")))
    [(_, picture)] = develop_all([Job(str(path), "upload.jpg")], images, 1)
    assert isinstance(picture, Picture)
    one = titles["one"]
    new = replace(described("a", ArtworkEntry(), one.artwork("a"), picture), focus=None, faces=())
    return {
        **titles,
        "one": replace(one, artworks=tuple(new if each.id == "a" else each for each in one.artworks)),
    }


SAID = "[titles.one.artworks.a]\nfocus = [0.2, 0.3]\nfaces = [[0.1, 0.1, 0.2, 0.2]]\n"


def test_an_upload_outlives_imports_of_the_folder_until_that_has_another_file(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    say(folder, SAID)
    current = uploaded(run(folder, images).titles, images)

    again = run(folder, images, current)
    assert (outcomes(again), again.titles) == ({"one/a": "unchanged"}, current)

    say(folder, SAID.replace("0.2, 0.3", "0.5, 0.3") + 'alt = "Said."')
    [a], [before] = (run(folder, images, current).titles["one"].artworks, current["one"].artworks)
    assert a == replace(before, alt="Said.", declared=a.declared)

    put(folder / "one" / "a.jpg", encoded(a_picture(colour="blue")))
    say(folder, "[titles.one.artworks.a]\nfaces = [[0.1, 0.1, 0.2, 0.2]]\n")
    newest = run(folder, images, current)
    [a] = newest.titles["one"].artworks
    assert outcomes(newest) == {"one/a": "changed"}
    assert a.source not in {before.source, ""}
    assert (a.focus, a.faces) == (None, ((0.1, 0.1, 0.2, 0.2),))
    assert run(folder, images, newest.titles).titles == newest.titles


def test_what_was_uploaded_before_the_folder_had_it_yields_to_the_folder_once(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    first = run(folder, images).titles
    [a] = first["one"].artworks
    current = uploaded({"one": replace(first["one"], artworks=(replace(a, declared={}),))}, images)
    [new] = run(folder, images, current).titles["one"].artworks

    assert new == a


def test_the_uploaded_file_in_the_folder_is_cropped_as_is_said_there(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    current = uploaded(run(folder, images).titles, images)
    put(folder / "one" / "a.jpg", encoded(a_picture(colour="red")))
    say(folder, SAID)
    result = run(folder, images, current)

    [a] = result.titles["one"].artworks
    assert (a.source, a.focus) == (current["one"].artworks[0].source, (0.2, 0.3))
    assert files_of(result.titles) <= {path.name for path in images.iterdir()}


def test_a_lost_rendition_of_an_uploaded_picture_is_reported(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    current = uploaded(run(folder, images).titles, images)
    (images / current["one"].artworks[0].crop("2:3").name(120, "avif")).unlink()
    result = run(folder, images, current)

    assert result.titles == current
    [row] = result.rows
    assert row.outcome == "unchanged"
    assert row.warnings[0] == (
        "Some of its renditions are lost, and the folder does not have the file that was uploaded; upload that "
        "again."
    )


def test_a_withdrawal_reaches_the_pictures_with_a_title_on_them(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    said = '[titles.one.names]\nde = "Eins"\n[titles.one.artworks.a]\ntitled = true\nconsent = {of = "Ada"}\n'
    say(folder, said + '[titles.one.artworks.a-de]\nalt = "Said of this one."')
    current = run(folder, images).titles
    a, titled = current["one"].artworks
    assert (titled.id, titled.alt, titled.allowed(now=0)) == ("a-de", "Said of this one.", True)

    withdrawn = replace(a, provenance=replace(a.provenance, consent=Consent("Ada", withdrawn=True)))
    current["one"] = replace(current["one"], artworks=(withdrawn, titled))
    result = run(folder, images, current)

    assert outcomes(result) == {"one/a": "unchanged", "one/a-de": "changed"}
    assert not any(artwork.allowed(now=0) for artwork in result.titles["one"].artworks)


def test_what_catalog_toml_says_is_taken_over(folder: Path, images: Path) -> None:
    put(folder / "one" / "night-pad.jpg")
    put(folder / "one" / "other.jpg")
    say(
        folder,
        """
        barred = ["ai-generated"]
        [titles.one]
        name = "Number One"
        synopsis = "A story."
        genres = ["drama"]
        maturity = 12
        default = "other"
        made = "drawn"
        creator = "Ada L."
        [titles.one.names]
        de = "Nummer eins"
        [titles.one.artworks.night-pad]
        alt = "A pad at night."
        tags = ["rocket", "dark"]
        focus = [0.9, 0.5]
        faces = [[0.8, 0.1, 0.1, 0.2]]
        maturity = 16
        valid_until = 2030-01-01
        made = "photographed"
        consent = {of = "Grace H.", until = 2029-06-30T12:00:00Z}
        """,
    )

    result = run(folder, images)

    one = result.titles["one"]
    assert (one.name, one.synopsis, one.genres, one.maturity) == ("Number One", "A story.", ("drama",), 12)
    assert (one.default, one.names, result.barred) == ("other", {"de": "Nummer eins"}, ("ai-generated",))
    pad, other = one.artworks
    assert (pad.name, pad.alt, pad.tags, pad.maturity) == ("Night pad", "A pad at night.", ("rocket", "dark"), 16)
    assert (pad.focus, pad.faces, pad.valid_until) == ((0.9, 0.5), ((0.8, 0.1, 0.1, 0.2),), 1_893_456_000)
    assert (pad.provenance.made, pad.provenance.creator) == ("photographed", "Ada L.")
    assert pad.provenance.consent is not None
    assert (pad.provenance.consent.of, pad.provenance.consent.until) == ("Grace H.", 1_877_515_200)
    assert (other.provenance.made, other.provenance.consent) == ("drawn", None)


def test_what_is_said_anew_wins_and_what_was_said_before_undoes_no_edit(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    say(folder, '[titles.one]\nname = "One"\n[titles.one.artworks.a]\nalt = "First."\ntags = ["moon"]')
    current = run(folder, images).titles
    [a] = current["one"].artworks
    edited = replace(a, alt="Edited.", tags=("edited",))
    current["one"] = replace(current["one"], name="Edited", artworks=(edited,))

    assert run(folder, images, current).titles == current
    say(folder, '[titles.one]\nname = "One"\n[titles.one.artworks.a]\nalt = "Second."\ntags = ["moon"]')
    result = run(folder, images, current)

    assert outcomes(result) == {"one/a": "changed"}
    [a] = result.titles["one"].artworks
    assert (result.titles["one"].name, a.alt, a.tags) == ("Edited", "Second.", ("edited",))
    assert a.crops == edited.crops


def test_a_new_focus_makes_new_crops_of_the_same_file(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg", encoded(a_picture((360, 640))))
    say(folder, "[titles.one.artworks.a]\nfocus = [0.5, 0.1]")
    first = run(folder, images).titles
    say(folder, "[titles.one.artworks.a]\nfocus = [0.5, 0.9]")
    second = run(folder, images, first).titles

    [before], [after] = first["one"].artworks, second["one"].artworks
    assert before.source == after.source
    assert before.crop("16:9").digest != after.crop("16:9").digest


def test_crops_that_catalog_toml_sets_are_cut_and_refused_by_themselves(folder: Path, images: Path) -> None:
    for name in ("a", "b"):
        put(folder / "film" / f"{name}.jpg", encoded(a_picture((960, 720))))
    say(folder, "[titles.film.artworks.a]\ncrops = { '16:9' = [0.25, 0.5, 0.5, 0.375] }\n")
    first = run(folder, images)
    cut, whole = first.titles["film"].artworks
    assert cut.boxes == {"16:9": (0.25, 0.5, 0.5, 0.375)}
    assert cut.crops[1:] == whole.crops[1:]
    assert run(folder, images, first.titles).titles == first.titles

    say(folder, "[titles.film.artworks.a]\ncrops = { '16:9' = [0.25, 0.5, 0.1, 0.075] }\n")
    [refused] = [row for row in run(folder, images, first.titles).rows if row.outcome == "refused"]
    assert "The crop for 16:9 is 96 pixels wide, which is too small" in refused.reason
    say(folder, "[titles.film.artworks.a]\ncrops = {}\n")
    assert run(folder, images, first.titles).titles["film"].artworks[0].crops == whole.crops


def test_the_same_picture_twice_a_small_one_and_a_nameless_one_are_warned_of(folder: Path, images: Path) -> None:
    picture = shutil.copy(SAMPLES / "the-question" / "meadow.jpg", put(folder / "one" / "meadow.jpg"))
    shutil.copy(picture, folder / "one" / "again.jpg")
    put(folder / "one" / "small.jpg", encoded(a_picture((300, 200))))
    say(folder, '[titles.one.artworks.meadow]\nalt = "A meadow."\n[vocabulary]\nsubject = ["meadow", "small"]')

    warned = {row.artwork: " ".join(row.warnings) for row in run(folder, images).rows}

    assert "It looks like" not in warned["again"]
    assert "no alt text" in warned["again"]
    assert "Not in the vocabulary: again" in warned["again"]
    assert "It looks like again" in warned["meadow"]  # said once, of the later one
    assert "no alt text" not in warned["meadow"]
    assert "only 300 pixels wide" in warned["small"]
    assert "It looks like" not in warned["small"]


def test_what_the_catalogue_bars_is_warned_of(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    result = ingest(folder, current={}, images=images, barred=MADE[:1])
    [row] = result.rows
    assert "It is not shown, because the catalogue bars pictures that are undeclared" in " ".join(row.warnings)
    assert result.barred == ()


def test_an_import_that_is_told_to_stop_stops(folder: Path, images: Path) -> None:
    for name in "abcdef":
        put(folder / "one" / f"{name}.jpg")
    with Stop() as stop, pytest.raises(Stopped):
        ingest(folder, current={}, images=images, workers=1, progress=lambda *_: stop.tell(), stop=stop)
    assert not any(path.name.startswith(".") for path in images.iterdir())


def test_what_is_described_and_has_no_file_is_reported(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    say(folder, '[titles.one]\ndefault = "b"\n[titles.one.artworks.b]\nalt = "B."\n[titles.two.artworks.c]')

    result = run(folder, images)

    assert result.titles["one"].default == "a"
    refused = {f"{row.title}/{row.artwork}" for row in result.rows if row.outcome == "refused"}
    assert refused == {"one/b", "two/c"}


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("titles = [", "catalog.toml is not TOML"),
        ("[titels.one]", "catalog.toml has no field 'titels'"),
        ('[titles.one]\nmade = "by hand"', "catalog.toml.titles.one.made is"),
        ('[titles.one.artworks.a]\ntags = ["Moon!"]', "catalog.toml.titles.one.artworks.a: 'Moon!' is not a tag"),
    ],
)
def test_a_catalog_toml_that_is_wrong_stops_the_import_before_it_begins(
    folder: Path, images: Path, toml: str, sentence: str
) -> None:
    put(folder / "one" / "a.jpg")
    say(folder, toml)
    with pytest.raises(ManifestError) as refused:
        run(folder, images)
    assert sentence in str(refused.value)
    assert not images.exists()


def test_a_title_is_set_on_its_picture_for_each_language_it_lists(folder: Path, images: Path) -> None:
    shutil.copy(SAMPLES / "the-question" / "meadow.jpg", put(folder / "one" / "meadow.jpg"))
    say(
        folder,
        """
        [titles.one.names]
        de = "Die Frage"
        ar = "السؤال"
        [titles.one.artworks.meadow]
        alt = "A meadow."
        tags = ["plant"]
        titled = true
        """,
    )

    result = run(folder, images)

    assert outcomes(result) == {"one/meadow": "new", "one/meadow-ar": "new", "one/meadow-de": "new"}
    plain, arabic, german = result.titles["one"].artworks
    assert (plain.locales, arabic.locales, german.locales) == ((), ("ar",), ("de",))
    assert (german.alt, german.tags) == ("Die Frage. A meadow.", ("plant", "titled"))
    assert len({each.crop("16:9").digest for each in (plain, arabic, german)}) == 3
    assert run(folder, images, result.titles).titles == result.titles
    assert not any("looks like" in warning for row in result.rows for warning in row.warnings)
