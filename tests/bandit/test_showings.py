"""Counts of showings: bounded, and equal to plain counting as far as they reach."""

from collections.abc import Sequence
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from bandit.showings import LATEST, MOST, by_mark, by_picture, shown, times

ENTRY_BYTES = 5


def counted(showings: bytes, pictures: Sequence[str]) -> tuple[int, ...]:
    return times(by_mark(showings), pictures)


def after(pictures: Sequence[str]) -> bytes:
    showings = b""
    for picture in pictures:
        showings = shown(showings, picture)
    return showings


def test_each_showing_counts() -> None:
    showings = after(["a/x", "a/y", "a/x", "b/x"])
    assert counted(showings, ["a/x", "a/y", "b/x", "a/z"]) == (2, 1, 1, 0)


def test_where_no_candidate_was_shown_there_are_no_counts() -> None:
    assert counted(after(["b/x"]), ["a/x", "a/y"]) == ()
    assert counted(b"", ["a/x", "a/y"]) == ()


def test_only_pictures_that_were_shown_are_named() -> None:
    assert by_picture(["a/x", "a/y"], (0, 3)) == {"a/y": 3}
    assert by_picture(["a/x", "a/y"], ()) == {}


def test_a_count_ends_at_its_bound() -> None:
    assert counted(after(["a/x"] * (MOST + 50)), ["a/x"]) == (MOST,)


def test_the_latest_pictures_stay_and_take_no_more_bytes_than_the_docs_say() -> None:
    """A picture that is shown again becomes the latest, so it stays longer than some that came after it."""
    names = [f"a/{number}" for number in range(LATEST)]
    showings = after([*names, names[0], "new/one"])
    assert len(showings) == LATEST * ENTRY_BYTES == 640
    assert counted(showings, [names[0], names[1], names[2], "new/one"]) == (2, 0, 1, 1)


def test_a_mark_that_spans_two_others_is_not_found() -> None:
    mark = crc32(b"b/x").to_bytes(4, "big")
    two = b"\x00\x00" + mark + b"\x00\x00"
    showings = two + b"\x01\x02"
    assert counted(showings, ["b/x"]) == ()
    assert counted(shown(showings, "b/x"), ["b/x"]) == (1,)
    assert counted(shown(two + mark + b"\x01\x02\x07", "b/x"), ["b/x"]) == (8,)


@given(
    st.lists(st.sampled_from([f"{title}/{artwork}" for title in "abcd" for artwork in range(50)]), max_size=400)
)
def test_they_are_what_plain_counting_of_the_latest_pictures_gives(pictures: list[str]) -> None:
    plain: dict[str, int] = {}
    for picture in pictures:
        plain[picture] = plain.pop(picture, 0) + 1
        if len(plain) > LATEST:
            del plain[next(iter(plain))]
    every = sorted(set(pictures))
    expected = tuple(min(MOST, plain.get(picture, 0)) for picture in every)
    assert counted(after(pictures), every) == (expected if any(expected) else ())
