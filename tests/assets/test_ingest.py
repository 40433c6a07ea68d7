import os
import re
import shutil
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from assets import SAMPLES, workers
from assets.catalogue import Artwork, Pin, Title
from assets.ingest import Ingest, Outcome, ingest, merged
from assets.names import slug
from assets.renditions import Picture, PictureError, render, write
from assets.survey import Original, survey
from tests.assets.builders import RENDITION, a_picture, a_title, an_artwork, encoded, put


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
    assert {r.name for t in result.titles.values() for a in t.artworks for r in a.renditions} == written


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
    assert new_b == replace(b, source=new_b.source, placeholder=new_b.placeholder, renditions=new_b.renditions)
    assert (new_b.source, new_b.renditions) != (b.source, b.renditions)
    assert new_b.source != b.source
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
    reasons = [row.reason for row in result.rows if row.outcome == "refused"]
    assert reasons[1] == "'one/bad.jpg' is not a JPEG, PNG or WebP picture; export it as one."


def test_what_is_no_picture_is_ignored_or_refused(folder: Path, images: Path, tmp_path: Path) -> None:
    put(folder / "one" / "a.jpg")
    for ignored in ("SOURCES.tsv", "one/notes.txt", "one/LICENSE", ".git/x.jpg", "one/.half.jpg.1.tmp"):
        put(folder / ignored)
    put(folder / "stray.jpg")
    put(folder / "one" / "clip.mp4")
    put(folder / "one" / "a.png")
    put(folder / "one" / "漢字.jpg")
    put(folder / "one" / "nested" / "x.jpg")
    put(folder / "one!" / "b.jpg")
    outside = put(tmp_path / "secret" / "x.jpg")
    (folder / "one" / "link.jpg").symlink_to(outside)
    (folder / "one" / "loop.jpg").symlink_to(folder / "one" / "loop.jpg")
    (folder / "linked").symlink_to(outside.parent)

    result = run(folder, images)

    refused = {row.reason.split("'")[1]: row.reason for row in result.rows if row.outcome == "refused"}
    assert refused == {
        "stray.jpg": "'stray.jpg' lies in no title's folder; move it into one.",
        "one!": "'one!' would get the id one, as 'one' does; rename one.",
        "linked": "'linked' is a link out of the folder; put the file itself there.",
        "one/a.png": "'one/a.png' would get the id a, as 'one/a.jpg' does; rename one.",
        "one/clip.mp4": "'one/clip.mp4' is no picture of a known kind; export it as JPEG, PNG or WebP.",
        "one/漢字.jpg": "'one/漢字.jpg' has no letter a to z and no digit in its name; rename it.",
        "one/nested": "'one/nested' is no regular file; put pictures right in the title's folder.",
        "one/link.jpg": "'one/link.jpg' is a link out of the folder; put the file itself there.",
        "one/loop.jpg": "'one/loop.jpg' is no regular file; put pictures right in the title's folder.",
    }
    assert [artwork.id for artwork in result.titles["one"].artworks] == ["a"]
    assert list(result.titles) == ["one"]


def test_a_path_in_a_name_is_only_a_name() -> None:
    assert slug("../../x") == "x"
    assert slug("..\\..\\Über uns") == "uber-uns"
    assert slug("a" * 63 + "-bc") == "a" * 63


def test_too_many_artworks_are_refused_one_by_one(folder: Path, images: Path) -> None:
    for number in range(66):
        put(folder / "one" / f"a{number:02}.jpg", encoded(a_picture((16, 9))))

    result = run(folder, images)
    assert len(result.titles["one"].artworks) == 64
    assert [row.artwork for row in result.rows if row.outcome == "refused"] == ["a64", "a65"]


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
    (images / ".0123.webp.abcd.tmp").write_bytes(b"half")

    result = run(folder, images)
    assert result.titles == run(folder, images.with_name("fresh")).titles
    assert outcomes(result) == {"one/a": "new", "one/b": "new", "one/c": "new"}


def test_a_lost_rendition_is_made_again(folder: Path, images: Path) -> None:
    put(folder / "one" / "a.jpg")
    current = run(folder, images).titles
    lost = images / current["one"].artworks[0].renditions[0].name
    lost.unlink()

    result = run(folder, images, current)
    assert lost.is_file()
    assert outcomes(result) == {"one/a": "unchanged"}
    assert result.titles == current


def test_a_missing_folder_is_named(folder: Path, images: Path) -> None:
    with pytest.raises(PictureError, match=r"artwork' can't be listed: No such file or directory"):
        run(folder, images)


def test_two_processes_do_what_one_does(folder: Path, images: Path) -> None:
    for title in ("big-buck-bunny", "sintel", "the-question"):
        shutil.copytree(SAMPLES / title, folder / title)
    seen: list[tuple[int, int]] = []

    both = ingest(
        folder, current={}, images=images, workers=2, progress=lambda done, total: seen.append((done, total))
    )

    assert seen == [(done, 10) for done in range(1, 11)]
    assert set(outcomes(both).values()) == {"new"}
    assert both.titles == run(folder, images.with_name("alone")).titles


def test_every_sample_would_be_read_and_is_attributed() -> None:
    found = survey(SAMPLES)
    attributed = re.findall(r"^\| (\S+\.jpg) \|", (SAMPLES / "ATTRIBUTION.md").read_text("utf-8"), re.MULTILINE)

    assert found.refused == ()
    assert sorted(attributed) == sorted(original.name for original in found.originals)
    assert (len(found.folders), len(attributed)) == (13, 83)


def render_or_die(original: Original, images: Path) -> Picture | PictureError:
    if original.artwork == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    picture, encoded = render(original.path.read_bytes(), original.name)
    write(images, encoded)
    return picture


def test_a_picture_that_kills_its_process_is_refused_alone(
    folder: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alive", "deadly", "well"):
        put(folder / "one" / f"{name}.jpg")
    monkeypatch.setattr(workers, "render_one", render_or_die)

    result = ingest(folder, current={}, images=images, workers=2)
    assert outcomes(result) == {"one/alive": "new", "one/deadly": "refused", "one/well": "new"}


# ---------------------------------------------------------------- beside editors


def with_file(artwork: Artwork, source: str) -> Artwork:
    return replace(artwork, source=source * 32, renditions=(replace(RENDITION, name=f"{source * 4}-640.webp"),))


def test_what_an_import_changed_is_merged_into_what_is_current_by_then() -> None:
    a, b, c = (an_artwork(name) for name in "abc")
    before = a_title(a, b)
    imported = replace(before, artworks=(with_file(a, "01"), b, c))
    edited = replace(
        a, status="withdrawn", tags=("red",), alt="Edited", maturity=18, locales=("de",), valid_from=1
    )
    current = replace(
        before, name="Other", default="b", artworks=(edited, with_file(b, "02")), pins=(Pin("b"),), maturity=6
    )

    assert merged(imported, before=before, current=current) == replace(
        current, artworks=(with_file(edited, "01"), with_file(b, "02"), c)
    )
    assert merged(imported, before=before, current=before) == imported


def test_a_title_that_another_import_made_meanwhile_gets_the_artworks_of_both() -> None:
    a, b = an_artwork("a"), an_artwork("b")
    current = replace(a_title(a), name="Edited")
    imported = a_title(with_file(a, "01"), b)
    assert merged(imported, before=None, current=current) == replace(current, artworks=imported.artworks)


def test_a_title_is_made_by_an_import_and_one_that_was_taken_out_meanwhile_stays_out() -> None:
    before, imported = a_title(), a_title(with_file(an_artwork(), "01"))
    assert merged(imported, before=None, current=None) is imported
    assert merged(imported, before=before, current=None) is None
