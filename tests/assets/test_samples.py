"""The sample catalogue is what a first run shows: complete, described and credited."""

import re
from typing import Any

import pytest

from assets import SAMPLES
from assets.importing.manifest import ArtworkEntry, Manifest, manifest_of
from assets.importing.survey import survey


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return manifest_of(SAMPLES)


def entries(manifest: Manifest) -> dict[str, ArtworkEntry]:
    return {
        f"{id_}/{artwork}": title.artwork(artwork)
        for id_, title in manifest.titles.items()
        for artwork in title.artworks
    }


def test_every_picture_is_described_and_nothing_else_is(manifest: Manifest) -> None:
    found = survey(SAMPLES)
    assert found.refused == ()
    assert sorted(entries(manifest)) == sorted(f"{each.title}/{each.artwork}" for each in found.originals)
    assert (len(manifest.titles), len(found.originals)) == (13, 83)


def test_every_picture_is_credited_as_in_the_attribution(manifest: Manifest) -> None:
    lines = (SAMPLES / "ATTRIBUTION.md").read_text("utf-8").splitlines()
    cells = [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in lines if ".jpg |" in line]
    credited = {cell[0].removesuffix(".jpg"): (cell[2].replace("\\|", "|"), cell[3]) for cell in cells}
    assert {name: (entry.creator, entry.licence) for name, entry in entries(manifest).items()} == credited


def test_every_title_says_what_it_is(manifest: Manifest) -> None:
    for id_, title in manifest.titles.items():
        assert title.name, id_
        assert title.synopsis, id_
        assert title.default in title.artworks, id_
        assert set(title.genres or ["none"]) <= set(manifest.vocabulary["genre"]), id_


FACETS = ("subject", "people", "tone", "setting", "palette", "genre")


def test_every_picture_says_what_it_shows_in_the_vocabulary_s_words(manifest: Manifest) -> None:
    facets: dict[str, Any] = dict(manifest.vocabulary)
    assert set(facets) == set(FACETS)
    for name, entry in entries(manifest).items():
        tags = set(entry.tags or ())
        assert tags <= manifest.tags, name
        assert all(tags & set(facets[facet]) for facet in FACETS), name
        assert entry.made not in {None, "undeclared"}, name
        assert entry.focus is not None, name


def test_every_alt_text_is_a_sentence_of_its_own(manifest: Manifest) -> None:
    alts = [entry.alt or "" for entry in entries(manifest).values()]
    assert len(set(alts)) == len(alts)
    assert [alt for alt in alts if not re.fullmatch(r"[A-Z0-9“].{38,139}\.", alt)] == []
