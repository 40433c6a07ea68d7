import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets import revisions as documents
from assets.catalogue import CatalogueError, revision_of
from assets.codec import canonical
from assets.files import remove_older
from assets.revisions import Catalogue, DamagedRevision, Revisions, UnknownRevision
from tests.assets.builders import a_title, put


@pytest.fixture
def revisions(tmp_path: Path) -> Revisions:
    return Revisions(tmp_path)


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_put_is_found_by_another(revisions: Revisions, tmp_path: Path) -> None:
    title = a_title()
    catalogue = Catalogue({title.id: revisions.put_title(title)}, barred=("ai-generated",))
    name = revisions.put_catalogue(catalogue)

    other = Revisions(tmp_path)
    assert other.catalogue(name) == catalogue
    assert other.title(title.revision) == title


def test_putting_twice_changes_nothing(revisions: Revisions, tmp_path: Path) -> None:
    name = revisions.put_catalogue(Catalogue({"countdown": revisions.put_title(a_title())}))
    before = files(tmp_path)

    assert revisions.put_catalogue(Catalogue({"countdown": revisions.put_title(a_title())})) == name
    assert files(tmp_path) == before
    assert len(before) == 2


@pytest.mark.parametrize("name", ["0123456789abcdef", "../titles/x", "", "ABCDEF0123456789", "0" * 64])
def test_an_unknown_name_is_refused(revisions: Revisions, name: str) -> None:
    for look_up in (revisions.title, revisions.catalogue):
        with pytest.raises(UnknownRevision, match=r"revision.*\.$"):
            look_up(name)


def test_a_catalogue_names_only_titles_that_are_there(revisions: Revisions) -> None:
    with pytest.raises(UnknownRevision, match="save the title first"):
        revisions.put_catalogue(Catalogue({"countdown": "0123456789abcdef"}))
    with pytest.raises(UnknownRevision, match="is not a revision"):
        revisions.put_catalogue(Catalogue({"countdown": "../titles/x"}))
    with pytest.raises(CatalogueError, match="not a title id"):
        Catalogue({"../x": revisions.put_title(a_title())})


def test_a_title_that_was_lost_blocks_no_other_s_change(revisions: Revisions, tmp_path: Path) -> None:
    before = Catalogue({"countdown": revisions.put_title(a_title())})
    revisions.put_catalogue(before)
    (tmp_path / "titles" / f"{a_title().revision}.json").unlink()
    sintel = revisions.put_title(replace(a_title(), id="sintel"))
    after = Catalogue({**before.titles, "sintel": sintel})

    with pytest.raises(UnknownRevision, match="save the title first"):
        revisions.put_catalogue(after)
    assert revisions.catalogue(revisions.put_catalogue(after, since=before)) == after


@pytest.mark.parametrize("barred", [("dreamt",), ("drawn", "drawn")])
def test_only_ways_to_make_pictures_are_barred_each_once(barred: tuple[Any, ...]) -> None:
    with pytest.raises(CatalogueError, match=r"way to make a picture.*\.$"):
        Catalogue({}, barred)


def test_what_is_barred_is_part_of_a_catalogue_s_name(revisions: Revisions) -> None:
    names = [revisions.put_catalogue(Catalogue(barred=barred)) for barred in ((), ("drawn",), ("rendered",))]

    assert len(set(names)) == 3
    assert revisions.catalogue(names[0]) == Catalogue()


def test_a_document_of_another_kind_is_no_catalogue_and_no_title(revisions: Revisions, tmp_path: Path) -> None:
    content = canonical({"countdown": "0123456789abcdef"})
    name = revision_of(content)
    for folder in ("titles", "catalogues"):
        put(tmp_path / folder / f"{name}.json", content)

    for look_up in (revisions.title, revisions.catalogue):
        with pytest.raises(DamagedRevision, match=rf"Revision {name} does not have a valid (title|catalogue): "):
            look_up(name)


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: content + b" ", lambda _: b""])
def test_a_damaged_document_is_detected_and_put_heals_it(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    revision = Revisions(tmp_path).put_title(a_title())
    name = Revisions(tmp_path).put_catalogue(Catalogue({"countdown": revision}))
    for path, content in files(tmp_path).items():
        path.write_bytes(damage(content))

    revisions = Revisions(tmp_path)
    with pytest.raises(DamagedRevision, match="does not match its name"):
        revisions.title(revision)
    with pytest.raises(DamagedRevision, match="does not match its name"):
        revisions.catalogue(name)
    revisions.put_title(a_title())
    assert revisions.title(revision) == a_title()


def test_a_write_that_fails_leaves_no_trace(
    revisions: Revisions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        revisions.put_title(a_title())
    assert files(tmp_path) == {}


def test_pruning_spares_the_kept_the_young_and_what_they_name(revisions: Revisions, tmp_path: Path) -> None:
    old, kept, young = (replace(a_title(), name=name) for name in ("Old", "Kept", "Young"))
    names = [revisions.put_catalogue(Catalogue({t.id: revisions.put_title(t)})) for t in (old, kept, young)]
    (tmp_path / "titles" / ".half-written.tmp").write_bytes(b"{")
    for path in files(tmp_path):
        os.utime(path, (100, 100))
    for name, moment in zip(names, (100, 110, 300), strict=True):
        os.utime(tmp_path / "catalogues" / f"{name}.json", (moment, moment))

    assert revisions.prune(keep={names[1]}, older_than=200) == 2

    stems = {path.stem for path in files(tmp_path)}
    assert stems == {names[1], names[2], kept.revision, young.revision}


def test_a_catalogue_stays_as_long_as_it_was_current_after_that_moment(
    revisions: Revisions, tmp_path: Path
) -> None:
    names = [revisions.put_catalogue(Catalogue({}, barred)) for barred in ((), ("drawn",), ("rendered",))]
    for name, moment in zip(names, (100, 200, 300), strict=True):
        os.utime(tmp_path / "catalogues" / f"{name}.json", (moment, moment))

    assert revisions.prune(keep=(), older_than=200) == 0
    assert revisions.prune(keep=(), older_than=250) == 1
    assert {path.stem for path in files(tmp_path)} == set(names[1:])


def test_putting_again_makes_a_document_young(revisions: Revisions, tmp_path: Path) -> None:
    revision = revisions.put_title(a_title())
    os.utime(tmp_path / "titles" / f"{revision}.json", (100, 100))
    revisions.put_title(a_title())

    assert revisions.prune(keep=(), older_than=200) == 0


def test_pruning_keeps_a_title_by_its_own_name_and_without_a_folder_does_nothing(
    revisions: Revisions, tmp_path: Path
) -> None:
    assert revisions.prune(keep=(), older_than=1e12) == 0
    kept, old = revisions.put_title(a_title()), revisions.put_title(replace(a_title(), name="Old"))

    assert revisions.prune(keep={kept}, older_than=1e12) == 1
    assert [path.stem for path in files(tmp_path)] == [kept]
    with pytest.raises(UnknownRevision, match="import the catalogue again"):
        revisions.title(old)


def test_of_two_catalogues_that_share_a_title_the_kept_one_keeps_it(revisions: Revisions, tmp_path: Path) -> None:
    shared = {"countdown": revisions.put_title(a_title())}
    old, kept = (revisions.put_catalogue(Catalogue(shared, barred)) for barred in ((), ("drawn",)))

    assert revisions.prune(keep={kept}, older_than=1e12) == 1
    assert {path.stem for path in files(tmp_path)} == {kept, shared["countdown"]}
    assert old not in {path.stem for path in files(tmp_path)}


def test_a_document_that_is_put_again_before_it_is_pruned_stays(
    revisions: Revisions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = a_title()
    for name in ("Old", "Older"):
        revisions.put_title(replace(title, name=name))
    revision = revisions.put_title(title)
    for path in files(tmp_path):
        os.utime(path, (100, 100))

    def put_meanwhile(path: Path, moment: float) -> bool:
        revisions.put_title(title)
        return remove_older(path, moment)

    monkeypatch.setattr(documents, "remove_older", put_meanwhile)
    assert revisions.prune(keep=(), older_than=200) == 2
    assert revisions.title(revision) == title
    assert len(files(tmp_path)) == 1


def test_a_document_that_is_pruned_while_it_is_put_is_written_anew(
    revisions: Revisions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = revisions.put_title(a_title())
    read = Path.read_bytes

    def pruned_since(path: Path) -> bytes:
        content = read(path)
        path.unlink()
        return content

    monkeypatch.setattr(Path, "read_bytes", pruned_since)
    assert revisions.put_title(a_title()) == revision
    monkeypatch.undo()
    assert Revisions(tmp_path).title(revision) == a_title()
