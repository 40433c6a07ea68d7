import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.sealing import DIGEST_BYTES, UnusableSnapshot, _digest, seal, unseal

heads = st.dictionaries(
    st.text(max_size=8), st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=3)
)
SEALED = seal({"learner": "some", "words": ["a\nb"]}, b"numbers\nand more")


@given(heads, st.binary(max_size=60))
def test_what_was_sealed_is_found_again(head: dict[str, object], body: bytes) -> None:
    assert unseal(seal(head, body)) == (head, body)


@pytest.mark.parametrize("length", range(len(SEALED)))
def test_what_was_cut_short_is_refused(length: int) -> None:
    with pytest.raises(UnusableSnapshot, match="digest does not match"):
        unseal(SEALED[:length])


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_what_was_changed_in_one_byte_is_refused(place: int, change: int) -> None:
    damaged = bytearray(SEALED)
    damaged[place] ^= change
    with pytest.raises(UnusableSnapshot, match="digest does not match"):
        unseal(bytes(damaged))


@given(st.binary(max_size=200))
def test_what_was_never_sealed_is_refused(content: bytes) -> None:
    with pytest.raises(UnusableSnapshot, match=f"The snapshot of {len(content)} bytes"):
        unseal(content)


@pytest.mark.parametrize("head", [b"", b"nothing", b"3", b"null", b'"text"', b"[1]", b"\xff", b'{"a":'])
def test_a_head_that_is_no_object_is_refused_under_its_own_digest_too(head: bytes) -> None:
    content = head + b"\nbody"
    with pytest.raises(UnusableSnapshot, match="bytes is not valid"):
        unseal(_digest(content) + content)


def test_the_digest_stands_first() -> None:
    assert SEALED[:DIGEST_BYTES] == _digest(SEALED[DIGEST_BYTES:])
