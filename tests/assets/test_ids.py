"""Ids that names make: those of Latin names as ever, those of other scripts by transliteration, none twice."""

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets import checks
from assets.importing.ids import CALLED, called, ids
from assets.importing.names import latin_slug, slug, tags

NAMES = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), min_size=1, max_size=90)


def nobody(*_: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("Night launch pad", "night-launch-pad"),
        ("Käse_2", "kase-2"),
        ("Schindler’s List", "schindlers-list"),
        ("A—B", "ab"),
        ("½", "12"),
        ("七人の侍", "qirennoshi"),
        ("Сталкер (1979)", "stalker-1979"),
        ("Соль", "sol"),
        ("기생충", "gisaengchung"),
        ("アキラ", "akira"),
        ("हिन्दी", "hindi"),
        ("Straße", "strasse"),
        ("Smørrebrød", "smorrebrod"),
        ("👨‍👩‍👧", ""),
        ("!!!", ""),
    ],
)
def test_a_name_makes_an_id(name: str, id_: str) -> None:
    assert slug(name) == id_
    assert slug(unicodedata.normalize("NFD", name)) == id_


@given(st.text(string.printable))
def test_a_name_in_ascii_makes_the_id_that_it_always_made(name: str) -> None:
    assert slug(name) == latin_slug(name)


@given(st.lists(NAMES, max_size=8))
def test_each_name_gets_an_id_of_its_own_and_the_same_one_whatever_comes_later(names: list[str]) -> None:
    first = ids(names[:4], {}, nobody)
    known = {id_: called(id_, name) for name, id_ in first.items()}
    both = ids(names, known, nobody)

    assert first.items() <= both.items()
    assert len(set(both.values())) == len(both)
    for id_ in both.values():
        checks.slug(id_, "id")


def test_a_file_s_name_that_is_no_text_makes_an_id_too() -> None:
    [id_] = ids([b"\xff\xfe.jpg".decode(errors="surrogateescape")], {}, nobody).values()
    assert id_ == "jpg"
    [id_] = ids([b"\xff\xfe".decode(errors="surrogateescape")], {}, nobody).values()
    checks.slug(id_, "id")


def test_a_name_in_another_script_takes_no_id_that_somebody_else_has() -> None:
    """Two names can be transliterated alike and not mean the same. A Latin name makes its id as ever."""
    for declared in ({}, {CALLED: "00000000"}):
        [id_] = ids(["Сталкер"], {"stalker": declared}, nobody).values()
        assert id_.startswith("stalker-")
        assert ids(["Stalker!"], {"stalker": declared}, nobody) == {"Stalker!": "stalker"}
    assert ids(["Сталкер"], {"stalker": {}}, lambda *_: True) == {"Сталкер": "stalker"}


def test_nothing_is_remembered_of_a_name_that_is_its_id() -> None:
    assert called("sintel", "sintel") == {}
    assert called("sintel", "Sintel").keys() == {CALLED}


def test_long_names_that_begin_alike_get_different_ids() -> None:
    first, second = ids(["a" * 70 + "b", "a" * 70 + "c"], {}, nobody).values()
    assert first != second
    assert max(len(first), len(second)) <= 64


def test_words_in_another_script_are_tags_in_latin_letters() -> None:
    assert tags("Луна и море") == ("luna", "more")
