import re

from hypothesis import given

from bandit.encoding import word
from tests.texts import texts


@given(texts)
def test_a_word_holds_nothing_that_the_text_format_gives_a_meaning(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.%-]+", word(text))


@given(texts, texts)
def test_different_texts_are_different_words(one: str, other: str) -> None:
    assert (word(one) == word(other)) == (one == other)
