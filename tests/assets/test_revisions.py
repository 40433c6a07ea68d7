import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assets.catalogue import CatalogueError
from assets.revisions import DamagedRevision, Revisions, UnknownRevision
from tests.assets.builders import a_title


@pytest.fixture
def revisions(tmp_path: Path) -> Revisions:
    return Revisions(tmp_path)


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_put_is_found_by_another(revisions: Revisions, tmp_path: Path) -> None:
    title = a_title()
    name = revisions.put_catalogue({title.id: revisions.put_title(title)})

    other = Revisions(tmp_path)
    assert other.catalogue(name) == {title.id: title.revision}
    assert other.title(title.revision) == title


def test_putting_twice_changes_nothing(revisions: Revisions, tmp_path: Path) -> None:
    name = revisions.put_catalogue({"countdown": revisions.put_title(a_title())})
    before = files(tmp_path)

    assert revisions.put_catalogue({"countdown": revisions.put_title(a_title())}) == name
    assert files(tmp_path) == before
    assert len(before) == 2


@pytest.mark.parametrize("name", ["0123456789abcdef", "../titles/x", "", "ABCDEF0123456789", "0" * 64])
def test_an_unknown_name_is_refused(revisions: Revisions, name: str) -> None:
    for look_up in (revisions.title, revisions.catalogue):
        with pytest.raises(UnknownRevision, match=r"revision.*\.$"):
            look_up(name)


def test_a_catalogue_names_only_titles_that_are_there(revisions: Revisions) -> None:
    with pytest.raises(UnknownRevision, match="put the title first"):
        revisions.put_catalogue({"countdown": "0123456789abcdef"})
    with pytest.raises(CatalogueError, match="not a title id"):
        revisions.put_catalogue({"../x": revisions.put_title(a_title())})


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: content + b" ", lambda _: b""])
def test_a_damaged_document_is_detected_and_put_heals_it(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    revision = Revisions(tmp_path).put_title(a_title())
    name = Revisions(tmp_path).put_catalogue({"countdown": revision})
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
    names = [revisions.put_catalogue({t.id: revisions.put_title(t)}) for t in (old, kept, young)]
    (tmp_path / "titles" / ".half-written.tmp").write_bytes(b"{")
    for path in files(tmp_path):
        os.utime(path, (100, 100))
    os.utime(tmp_path / "catalogues" / f"{names[2]}.json", (300, 300))

    assert revisions.prune(keep={names[1]}, older_than=200) == 2

    stems = {path.stem for path in files(tmp_path)}
    assert stems == {names[1], names[2], kept.revision, young.revision}


def test_putting_again_makes_a_document_young(revisions: Revisions, tmp_path: Path) -> None:
    revision = revisions.put_title(a_title())
    os.utime(tmp_path / "titles" / f"{revision}.json", (100, 100))
    revisions.put_title(a_title())

    assert revisions.prune(keep=(), older_than=200) == 0
