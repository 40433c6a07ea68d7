from dataclasses import replace
from typing import Any

import pytest

from assets.artwork import Artwork
from assets.crop import Crop
from assets.importing.review import notes, warnings
from assets.looks.judging import ALIKE
from tests.assets.builders import CROPS, PLACEHOLDER, an_artwork

SMALL = (Crop("16:9", "4f0c1a00" * 4, (320, 639), PLACEHOLDER), *CROPS[1:])


def a_good_one(id_: str = "earthrise", **changes: Any) -> Artwork:
    said = {
        "tags": ("planet",),
        "features": {"sharpness": 0.5},
        "source": f"{len(id_):064x}",
        "fingerprint": "0" * 16,
    }
    return replace(an_artwork(id_), **(said | changes))


def differing_in(bits: int) -> str:
    return f"{(1 << bits) - 1:016x}"


def test_of_a_good_picture_there_is_nothing_to_say() -> None:
    artwork = a_good_one()

    assert warnings(artwork, []) == ()
    assert notes(artwork, [artwork], {"planet"}) == ()
    assert warnings(replace(artwork, crops=(replace(CROPS[0], widths=(320, 640)),)), []) == ()
    assert warnings(replace(artwork, features={"sharpness": 0.12}), []) == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"crops": SMALL}, "It is only 639 pixels wide at 16:9; give a picture of 640 pixels or more."),
        ({"features": {"sharpness": 0.09}}, "It looks blurred; give a sharper picture."),
        ({"alt": "Earthrise"}, "It has no alt text; describe what the picture shows."),
        ({"tags": ()}, "It has no tags; with tags it learns from other pictures, too."),
        ({"tags": ("planet", "plante", "erth")}, "Not in the vocabulary: plante, erth."),
    ],
)
def test_each_fault_is_one_sentence(change: dict[str, Any], sentence: str) -> None:
    [note] = notes(a_good_one(**change), [], {"planet"})
    assert note.sentence == sentence


def test_all_faults_are_named_at_once() -> None:
    artwork = a_good_one(crops=SMALL, features={"sharpness": 0.0}, alt="Earthrise", tags=())
    twin = a_good_one("moon")

    assert len(warnings(artwork, [artwork, twin])) == 5


def test_without_a_vocabulary_any_tag_will_do_and_what_was_not_measured_is_not_judged() -> None:
    assert warnings(a_good_one(tags=("anything",), features={}), []) == ()


@pytest.mark.parametrize(("bits", "alike"), [(0, True), (ALIKE, True), (ALIKE + 1, False), (64, False)])
def test_pictures_that_look_alike_are_named(bits: int, alike: bool) -> None:
    one, other = a_good_one(), a_good_one("moon", fingerprint=differing_in(bits))
    sentence = "It looks like {}; Keyart learns slower from two similar pictures than from one."

    assert warnings(one, [one, other]) == ((sentence.format("moon"),) if alike else ())
    assert warnings(other, [one, other]) == ((sentence.format("earthrise"),) if alike else ())


def test_a_file_may_stand_beside_itself_with_a_title_for_a_language() -> None:
    plain = a_good_one(source="ab" * 32, recipe="01" * 8)
    titled = [a_good_one(f"earthrise-{n}", source="ab" * 32, locales=(n,)) for n in ("de", "fr")]

    for artwork in (plain, *titled):
        assert warnings(artwork, [plain, *titled]) == ()


def test_the_same_file_twice_is_alike_however_it_was_cropped() -> None:
    one = a_good_one(source="ab" * 32, recipe="01" * 8)
    other = a_good_one("moon", source="ab" * 32, recipe="02" * 8, focus=(0.1, 0.1))

    assert warnings(one, [one, other]) != ()


def test_one_that_was_withdrawn_is_neither_judged_nor_in_the_way() -> None:
    one, withdrawn = a_good_one(), a_good_one("moon", status="withdrawn", alt="Earthrise", tags=())

    assert warnings(withdrawn, [one, withdrawn]) == ()
    assert warnings(one, [one, withdrawn]) == ()
    assert warnings(one, [one, replace(withdrawn, status="paused")]) != ()
